"""A line that drops (NV-2): the console ends with its terminal, its heart stops, and `zjj watch` says so."""

import os
import time

import pytest

from tests.e2e.conftest import PATIENCE, ZJJ, Console
from zjj_console.storage.companion import beside

pytestmark = pytest.mark.tmux


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone(pid: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not alive(pid)


@pytest.mark.parametrize(
    "console", [f"trap : HUP; {ZJJ}", f"trap '' HUP; {ZJJ}"], ids=["kept by a parent", "ignored"], indirect=True
)
def test_NV_2_a_console_whose_terminal_has_gone_ends_and_leaves_its_beat_behind(console: Console) -> None:
    """As under `make` or `sudo`: the signal of the line never reaches the console itself."""
    console.press(";xj dhj zy").see("xj dhj zy")
    console.saved("xj dhj zy")
    shell = int(console.tmux("list-panes", "-F", "#{pane_pid}"))
    pid = int(os.popen(f"pgrep -P {shell} -f zjj").read().split()[0])
    console.close()
    ended = gone(pid)
    if not ended:
        os.kill(pid, 9)
    assert ended
    assert beside(console.db, ".beat").exists(), "it was not closed: it stopped"
