"""What is sent to the terminal: little, and never anything else than what is composed."""

import re
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

import pytest
from rich.cells import cell_len
from rich.console import Console as Rich
from rich.segment import Segment
from screen_driver import Console
from screen_scene import put
from textual.strip import Strip

from tests.screens.test_never import HOSTILE, many
from zjj_console.app import ConsoleApp
from zjj_console.desk.desk import Desk
from zjj_console.domain.model import Clock
from zjj_console.widgets.cells import fitted
from zjj_console.widgets.thrift import ThriftyUpdate, differs

_PIECE = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|\r?(\n)|(.)", re.DOTALL)
SECOND_ALLOWED = 1000  # bytes


class Terminal:
    """As much of a terminal as the console uses: places, styles, characters of one or two cells."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, str]] = {}
        self.x = self.y = 0
        self.style = ""
        self.got = 0

    def write(self, text: str) -> None:
        self.got += len(text.encode())
        for row, column, codes, newline, char in _PIECE.findall(text):
            if row:
                self.y, self.x = int(row) - 1, int(column) - 1
            elif newline:
                self.y, self.x = self.y + 1, 0
            elif char:
                self.put(char)
            else:
                self.style = codes.removeprefix("0;") if codes != "0" else ""

    def put(self, char: str) -> None:
        size = cell_len(char)
        for x in (self.x, self.x + size - 1):  # half of a wide character that is written over is gone
            before, after = self.cells.get((self.y, x - 1)), self.cells.get((self.y, x + 1))
            here = self.cells.get((self.y, x))
            if here and here[0] == "" and before:
                self.cells[self.y, x - 1] = (" ", before[1])
            if here and cell_len(here[0] or " ") == 2 and after:
                self.cells[self.y, x + 1] = (" ", here[1])
        self.cells[self.y, self.x] = (char, self.style)
        if size == 2:
            self.cells[self.y, self.x + 1] = ("", self.style)
        self.x += size

    def lines(self, width: int, height: int) -> list[str]:
        return ["".join(self.cells.get((y, x), (" ", ""))[0] for x in range(width)) for y in range(height)]


class Watched:
    """A console and the terminal that it writes to."""

    def __init__(self, console: Console, terminal: Terminal) -> None:
        self.console, self.terminal = console, terminal

    def same(self) -> None:
        """Text and style of every cell are those of the composed screen."""
        width, height = self.console.app.size
        assert self.terminal.lines(width, height) == [line.rstrip("\n") for line in self.console.lines]
        whole = Terminal()
        for y, strip in enumerate(self.console.app.screen._compositor.render_strips()):
            whole.write(f"\x1b[{y + 1};1H" + strip.render(self.console.app.console))
        assert {at: cell for at, cell in self.terminal.cells.items() if at[0] < height} == whole.cells


@pytest.fixture
def watched(opened: Any) -> Any:
    @asynccontextmanager
    async def start(size: tuple[int, int] = (120, 40)) -> Any:
        terminal = Terminal()

        def display(app: ConsoleApp, screen: Any, update: Any) -> None:
            if update is not None and screen is app.screen:
                terminal.write(update.render_segments(app.console))

        with patch.object(ConsoleApp, "_display", display):
            async with opened(size) as console:
                yield Watched(console, terminal)

    return start


@pytest.mark.parametrize(
    "size",
    [(80, 24), pytest.param((120, 40), marks=pytest.mark.slow), pytest.param((200, 50), marks=pytest.mark.slow)],
    ids=lambda size: f"{size[0]}x{size[1]}",
)
async def test_the_terminal_shows_what_is_composed_whatever_changes(
    size: tuple[int, int], watched: Any, desk: Desk, other_desk: Desk
) -> None:
    async with watched(size) as seen:
        console = seen.console
        cases = [c for n, evil in enumerate(HOSTILE) for c in many(desk, 1, 5000 + n, text=evil, place=evil[:9])]
        put(desk.path, desk, cases)
        for keys in (("down", "down"), ("space",), ("escape",), ("f5",), ("f3",), ("right", "down", "left"), ("v",), ("f4",), ("down",),
                     ("f2",), ("end",), ("up", "up"), ("home",), ("v",), ("v",)):  # fmt: skip
            await console.press(*keys)
            seen.same()
            await console.second(7)
            seen.same()
        for text in (";bz 1005 ", "桥边已围护", "a半", "宽字"):
            await console.type(text)
            seen.same()
            other_desk.run_line(f"bz 1008 {text} 另一台")
            await console.second(61)
            seen.same()
        await console.press("left", "left", "backspace", "escape", "escape")
        seen.same()


async def test_a_second_of_a_queue_whose_clocks_all_run_is_less_than_a_kilobyte(watched: Any, desk: Desk) -> None:
    now = desk.now()
    late = Clock("ACC", "wall", "", now - 1_800_000_000, 0, now - 700_000_000)
    put(desk.path, desk, many(desk, 40, priority=3, clocks={"ACC": late}))
    async with watched() as seen:
        await seen.console.second(5)
        before, seen.terminal.got = seen.console.text, 0
        for _ in range(10):
            await seen.console.second()
        assert seen.console.text != before
        assert 0 < seen.terminal.got < 10 * SECOND_ALLOWED
        seen.same()


@pytest.mark.parametrize(
    ("old", "new", "cells"),
    [
        ("abc", "abd", (2, 3)), ("甲乙", "甲丙", (2, 4)), ("ab", "乙", (0, 2)), ("同", "同", (4, 4)), ("受理超19:21", "受理超19:22", (10, 11)),
    ],
)  # fmt: skip
def test_what_differs_never_begins_or_ends_inside_a_character(old: str, new: str, cells: tuple[int, int]) -> None:
    before, after = (fitted(((text, "$p1"),), max(cell_len(old), 4)) for text in (old, new))
    assert differs(before, after) == cells or old == new


def test_another_style_is_a_difference() -> None:
    assert differs((("ab", "$p1"), ("c", "")), (("ab", "$p2"), ("c", ""))) == (0, 2)


@pytest.mark.parametrize(
    ("span", "sent"), [((1, 2), "\x1b[1;2H中"), ((2, 3), "\x1b[1;2H中"), ((0, 2), "\x1b[1;1Ha中"), ((3, 4), "\x1b[1;4Hb"), ((2, 4), "\x1b[1;2H中b")]
)  # fmt: skip
def test_a_box_through_a_wide_character_sends_it_whole(span: tuple[int, int], sent: str) -> None:
    update = ThriftyUpdate([{0: Strip([Segment("a中b")])}], [(0, *span)], [[4]])
    assert update.render_segments(Rich()) == sent
