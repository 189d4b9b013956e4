"""Screens of several lists that are turned like pages: what a page is, the steps of a cursor, and keeping its line in sight."""

from typing import NamedTuple

from zjj_console.widgets.panel import Panel

STEPS = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": 10, "pageup": -10, "home": -100_000, "end": 100_000}


class Page(NamedTuple):
    """One list. `empty` is what it says when nothing is on it."""

    key: str
    zh: str
    empty: str


def moved(at: int, key: str, many: int) -> int:
    """Where the cursor of a list of `many` lines stands after a key of `STEPS`."""
    return max(0, min(many - 1, at + STEPS[key]))


def refound(subject: str, at: int, found: list[str]) -> int:
    """The cursor stays on what it was on, wherever that stands now; else near where it was."""
    return found.index(subject) if subject in found else min(at, max(0, len(found) - 1))


def keep_in_sight(panel: Panel, line: int) -> None:
    height = max(1, panel.size.height)
    if not panel.scroll_y <= line < panel.scroll_y + height:
        panel.scroll_to_line(max(0, line - height // 2))
