"""A drill in a real terminal two hundred times as fast: its watermark, whom to call, and the report at the end."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import ZJJ, Console

pytestmark = pytest.mark.tmux


class Drilled(Console):
    """A console in a drill of its own, whatever database the environment names."""

    def start(self, size: tuple[int, int] = (120, 40)) -> None:
        command = f"{ZJJ} demo drill ladder-p1 --speed 200 --show; echo LEFT-$?; sleep 60"
        self.tmux("new-session", "-d", "-x", str(size[0]), "-y", str(size[1]), command)
        self.see("演练 x200")


@pytest.fixture
def drilled(tmp_path: Path) -> Iterator[Drilled]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    found = Drilled(tmp_path / "real.db")
    yield found
    found.close()


def test_a_drill_shows_its_watermark_the_call_and_the_report(drilled: Drilled) -> None:
    drilled.see("请呼叫", "E1副站长 周丁")
    drilled.see("演练 x200", "E2站长 钱未 已应答", "应有结果 23/23")
    drilled.press("Escape").see("23:50:00")
    for key in ("F4", "F6", "F10", "F1"):
        drilled.press(key).settled()
        drilled.see("演练 x200")
    assert not drilled.db.exists(), "the database of the desk is not touched"
