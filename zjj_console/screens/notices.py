"""What the console tells beyond its own screen: bell, window title, desktop notice. Never a name or a number of anybody.

`ZJJ_NOTICE` lists what is wanted of: bell title osc9 osc777; the default is bell and title, `off` is nothing.
"""

import os
from collections.abc import Callable

from zjj_console.screens.session import Session
from zjj_console.widgets import alarm_lines

WAYS = ("bell", "title", "osc9", "osc777")
_DEFAULT = "bell title"
_KEEP_TITLE, _OLD_TITLE = "\x1b[22;0t", "\x1b[23;0t"


class Notices:
    """`put` writes control characters to the terminal. The title changes only when its words do."""

    def __init__(self, put: Callable[[str], None]) -> None:
        wanted = os.environ.get("ZJJ_NOTICE", _DEFAULT).replace(",", " ").split()
        self.ways = frozenset(wanted) & set(WAYS)
        self._put, self._title = put, ""

    def tell(self, session: Session, *, rings: bool) -> None:
        """Once a second: the title as it should be, and the bell with its notice if it rings."""
        counted = alarm_lines.counted(session.look)
        title = f"{counted} {session.desk.town.name}".strip()
        if "title" in self.ways and title != self._title:
            self._put(("" if self._title else _KEEP_TITLE) + f"\x1b]0;{title}\x07")
            self._title = title
        if not rings:
            return
        text = alarm_lines.worst(session.waiting())
        self._put("\x07" if "bell" in self.ways else "")
        if "osc9" in self.ways:
            self._put(f"\x1b]9;{text}\x07")
        if "osc777" in self.ways:
            self._put(f"\x1b]777;notify;{session.desk.town.name};{text}\x07")

    def close(self) -> None:
        """The title that was there before."""
        if self._title:
            self._put(_OLD_TITLE)
