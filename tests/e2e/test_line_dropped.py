"""A real console in a real terminal: the line drops, the window is made tiny, five hundred cases arrive from another process."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import NIGHT, PATIENCE, Console
from tests.e2e.test_hangup import gone
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.domain.model import MINUTE, SECOND
from zjj_console.storage import setup
from zjj_console.town.load import builtin, load_town

pytestmark = pytest.mark.tmux
NOTE = "桥栏杆断裂处已围护并设警示灯水务与桥管二十分钟内到场行人改走东侧便桥请各组注意避让"  # forty characters
SCREENS = {
    "F1": "帮助",
    "F2": "队列",
    "F3": "地图",
    "F4": "值班",
    "F5": "升级",
    "F6": "交接",
    "F7": "会商",
    "F10": "日志",
}


def console_pid(console: Console) -> int:
    shell = console.tmux("list-panes", "-F", "#{pane_pid}").strip()
    return int(
        subprocess.run(["pgrep", "-P", shell, "-f", "zjj"], capture_output=True, text=True, check=True).stdout.split()[
            0
        ]
    )


def cut(console: Console) -> None:
    """As ssh does it: the terminal goes, and the kernel tells every process on it."""
    pid = console_pid(console)
    console.close()
    assert gone(pid)
    console.name += "x"
    console.start()


def body(screen: str) -> list[str]:
    """Without the clock, the message and the hints."""
    return [re.sub(r"\d\d:\d\d:\d\d", "", line) for line in screen.splitlines()[1:-2]]


def until(console: Console, true: Callable[[list[str]], bool], why: str) -> None:
    """Until the screen is as it should be: a busy machine draws late."""
    deadline = time.monotonic() + PATIENCE
    while not true(lines := console.screen().splitlines()):
        if time.monotonic() > deadline:
            raise AssertionError("\n".join([f"{why}:", *lines]))
        time.sleep(0.1)


def rested(console: Console) -> list[str]:
    """The body of the screen once it has stood for a second: the detail follows where the cursor rests."""
    same = 0
    before = body(console.screen())
    while same < 3:
        time.sleep(0.35)
        now = body(console.screen())
        same, before = (same + 1 if now == before else 0), now
    return before


def resize(console: Console, width: int, height: int) -> None:
    console.tmux("resize-window", "-x", str(width), "-y", str(height))


def three(console: Console) -> None:
    for n, line in enumerate(("xj dhj zy 2", "xj xhxc zd 3 xc", "xj zmc js 3 xc"), 1):
        console.line(line).see(f"已办: 新建 100{n}")


def on_cursor(console: Console) -> str:
    """The handle under the cursor."""
    under = next(line for line in console.screen().splitlines() if line.startswith(">"))
    return str(re.findall(r" (100\d) ", under)[0])


def stands_on(handle: str) -> Callable[[list[str]], bool]:
    return lambda lines: any(line.startswith(">") and f" {handle} " in line for line in lines)


def test_NV_1_after_the_line_dropped_the_same_case_stands_under_the_cursor_and_the_line_is_there(
    console: Console,
) -> None:
    three(console)
    console.press("k")
    console.settled()
    handle = on_cursor(console)
    assert handle == "1002"
    console.press("b", NOTE[:12]).see(NOTE[:12])  # not a second passes before the line drops
    cut(console)
    console.see("未完的命令")
    until(console, stands_on(handle), handle)
    console.press(";").see(f"bz {handle} {NOTE[:12]}")


@pytest.mark.slow
def test_NV_1_after_the_line_dropped_every_screen_is_there_again(console: Console) -> None:
    three(console)
    console.press("Enter").see("经过")
    for key in ("F3", "F4", "F5", "F6", "F7", "F10", "F1"):
        console.press(key)
        console.settled()
        before = rested(console)
        cut(console)
        until(console, lambda lines, was=before: body("\n".join(lines)) == was, key)  # type: ignore[misc]


@pytest.mark.parametrize(
    "size", [(20, 5), pytest.param((5, 2), marks=pytest.mark.slow)], ids=lambda s: f"{s[0]}x{s[1]}"
)
def test_NV_15_on_a_tiny_terminal_every_screen_lives_and_what_is_typed_is_in_sight(
    console: Console, size: tuple[int, int]
) -> None:
    three(console)
    for key, name in SCREENS.items():
        console.press(key).see(name)
        console.settled()
        before = console.screen().splitlines()[2]
        resize(console, *size)
        console.press(";abc")
        until(console, lambda lines: len(lines) <= size[1] and "ab" in lines[-1], key)
        console.press("Escape")
        resize(console, 120, 40)
        until(console, lambda lines, was=before: len(lines) > 30 and lines[2] == was, key)  # type: ignore[misc]
        if key == "F1":
            console.press("Escape")


INJECT = """
import sys, time
from pathlib import Path
from zjj_console.commands.context import Settings, instant_of
settings = Settings(db=Path(sys.argv[1]), now=instant_of(sys.argv[2]))
desk = settings.desk()
print("ready", flush=True)
sys.stdin.readline()
for n in range(500):
    done = desk.run_line(f"xj dhj zd {1 + n % 3} xc")
    assert done.ok, done.text
print("done", flush=True)
"""


@pytest.mark.slow
def test_NV_4_NV_5_five_hundred_cases_from_another_process_while_a_note_is_typed(
    console: Console, tmp_path: Path
) -> None:
    three(console)
    console.press("k")
    console.settled()
    handle = on_cursor(console)
    console.press("b")
    other = subprocess.Popen(
        [sys.executable, "-c", INJECT, str(console.db), NIGHT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**console.env, "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
    )  # fmt: skip
    assert other.stdin and other.stdout
    assert other.stdout.readline() == "ready\n"
    other.stdin.write("\n")
    other.stdin.flush()
    typed = 0
    while other.poll() is None or typed < len(NOTE):
        if typed < len(NOTE):
            console.press(NOTE[typed])
            typed += 1
        elif other.stdout.readline() == "done\n":
            break
    other.communicate(timeout=30)
    assert other.returncode == 0
    console.see(f"bz {handle} {NOTE}", "+5")
    console.settled()
    assert stands_on(handle)(console.screen().splitlines())
    console.press("Enter").see(f"已办: 备注 {handle}")
    assert console.case(handle)["version"] == 2


@pytest.mark.slow
def test_NV_2_stopped_over_three_deadlines_it_tells_them_in_one_line_when_it_goes_on(tmp_path: Path) -> None:
    """SIGSTOP as a host that sleeps; the clock is the machine's own, the three deadlines fall half a minute from now."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    db, town = tmp_path / "desk.db", load_town(builtin())
    setup.create(db, town.code)
    limit = 15  # minutes to accept a second priority; the assertion below says so if the profile changes
    then = time.time_ns() // 1000 - limit * MINUTE + 40 * SECOND
    desk = Desk(db, town, actor_of(town, "0001", trial=True), lambda: then)
    for _ in range(3):
        assert desk.run_line("xj dhj zy 2 110").ok
    assert {row[0] for row in desk.reader.execute("SELECT next_due FROM case_row")} == {then + limit * MINUTE}
    desk.close()
    console = Console(db, now="")
    try:
        console.see("1001", "1002", "1003")
        console.press(";bz 1001 abc").see("abc")
        pid = console_pid(console)
        assert "超时0" in console.screen()
        os.kill(pid, signal.SIGSTOP)
        time.sleep(90)
        os.kill(pid, signal.SIGCONT)
        console.see("bz 1001 abc")
        console.press("Escape")
        screen = console.see("停顿", "超时3")
        told = next((line for line in screen.splitlines() if "停顿" in line), "")
        assert "期间到期" in told, screen
        assert all(handle in told for handle in ("1001", "1002", "1003"))
        assert "拨快" not in screen and "拨慢" not in screen
    finally:
        console.close()
