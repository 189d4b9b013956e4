"""A clock that never goes back (NV-9): what was late stays late when somebody sets the machine's clock back.

It follows the wall clock. Where that falls behind what the machine's own counter says, or behind the last event of the
journal, time goes on from there by the counter; either way the jump is told.
"""

import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from zjj_console.domain.model import HOUR, SECOND

_BELIEVED = 6 * HOUR  # a journal farther ahead than this was written under a wrong clock: then the wall clock is right


class Jump(Struct, frozen=True):
    """When the wall clock was found to have moved by itself, and by how much (µs; below zero: back)."""

    at: int
    by: int


def counter() -> int:
    """µs since the machine was started, sleep included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


class Steady:
    """Callable like any clock. `floor`: an instant that has certainly passed, such as that of the last event."""

    def __init__(
        self, wall: Callable[[], int], tolerance: int, floor: int = 0, tick: Callable[[], int] = counter
    ) -> None:
        """`tolerance` in seconds: smaller differences are the drift of clocks."""
        self._wall, self._tick, self._tolerance, self._floor = wall, tick, tolerance * SECOND, floor
        now = wall()
        behind = floor - now
        self._at, self._counted = (floor if self._tolerance < behind < _BELIEVED else now), tick()
        self.jump = Jump(self._at, -behind) if behind > self._tolerance else None

    def __call__(self) -> int:
        wall, counted = self._wall(), self._tick()
        expected = self._at + counted - self._counted
        off = wall - expected
        set_back = self.jump is not None and self.jump.by < 0
        if abs(off) <= self._tolerance:
            now = wall
            right = set_back and wall >= self._floor - self._tolerance
            self.jump = None if right else self.jump  # it was set right again, or has caught up with the journal
        elif off > 0:
            now, self.jump = wall, Jump(wall, off)
        else:
            now, self.jump = expected, self.jump if set_back else Jump(expected, off)
        self._at, self._counted = max(now, self._at), counted
        return self._at

    @classmethod
    def over(cls, wall: Callable[[], int], path: Path, tolerance: int) -> "Steady":
        """A clock for the desk on this database."""
        from zjj_console.storage.db import connect
        from zjj_console.storage.journal import last_own

        db = connect(path, readonly=True)
        try:
            return cls(wall, tolerance, last_own(db) or 0)
        finally:
            db.close()
