"""A real console in a real terminal: the line drops, the window is made tiny, five hundred cases arrive from another process."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import NIGHT, ZJJ, Console
from tests.e2e.test_hangup import gone

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


def resized(console: Console, width: int, height: int) -> str:
    console.tmux("resize-window", "-x", str(width), "-y", str(height))
    console.settled()
    return console.screen()


def three(console: Console) -> None:
    for line in ("xj dhj zy 2", "xj xhxc zd 3 xc", "xj zmc js 3 xc"):
        console.cli("do", line)
    console.press("F2").see("1003")
    console.settled()


def test_NV_1_after_the_line_dropped_the_same_case_stands_under_the_cursor_and_the_line_is_there(
    console: Console,
) -> None:
    three(console)
    console.press("j", "j")
    console.settled()
    under = next(line for line in console.screen().splitlines() if line.startswith(">"))
    handle = re.findall(r" (100\d) ", under)[0]
    console.press("b", NOTE[:12]).see(NOTE[:12])  # not a second passes before the line drops
    cut(console)
    console.see("未完的命令")
    assert any(line.startswith(">") and f" {handle} " in line for line in console.screen().splitlines())
    console.press(";").see(f"bz {handle} {NOTE[:12]}")


def test_NV_1_after_the_line_dropped_every_screen_is_there_again(console: Console) -> None:
    three(console)
    console.press("j", "Enter").see("经过")
    for key in ("F3", "F4", "F5", "F6", "F7", "F10", "F1"):
        console.press(key)
        console.settled()
        before = console.screen()
        cut(console)
        console.settled()
        assert body(console.screen()) == body(before), key


@pytest.mark.parametrize("size", [(20, 5), (30, 8), (5, 2)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_NV_15_on_a_tiny_terminal_every_screen_lives_and_what_is_typed_is_in_sight(
    console: Console, size: tuple[int, int]
) -> None:
    three(console)
    for key, name in SCREENS.items():
        console.press(key)
        console.settled()
        before = console.screen()
        tiny = resized(console, *size)
        assert len(tiny.splitlines()) <= size[1]
        console.press(";bz 1001 abc")
        console.settled()
        assert "abc"[-max(1, min(3, size[0] - 4)) :] in console.screen().splitlines()[-1], (key, console.screen())
        console.press("Escape", "Escape", "Escape")
        console.settled()
        resized(console, 120, 40)
        console.see(name)
        assert console.screen().splitlines()[2] == before.splitlines()[2], key
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


def test_NV_4_NV_5_five_hundred_cases_from_another_process_while_a_note_is_typed(
    console: Console, tmp_path: Path
) -> None:
    three(console)
    console.press("j")
    console.settled()
    under = next(line for line in console.screen().splitlines() if line.startswith(">"))
    handle = re.findall(r" (100\d) ", under)[0]
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
    assert any(line.startswith(">") and f" {handle} " in line for line in console.screen().splitlines())
    console.press("Enter").see(f"已办: 备注 {handle}")
    assert console.case(handle)["version"] == 2
    assert ZJJ
