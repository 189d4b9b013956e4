"""The sign of life of a console: a small file beside the database, so that `zjj watch` knows whether somebody is told.

No table: a beat a second would fill the write-ahead log, and a database that is stuck must not look like a dead console.
"""

import contextlib
import os
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from zjj_console.domain.model import SECOND
from zjj_console.storage.companion import beside, put

State = Literal["alive", "stopped", "none"]


class Beat(Struct, frozen=True):
    """The last beat: which console (a random token, no person) and when by its own clock (µs)."""

    console: str
    at: int


class Pulse(Struct, frozen=True):
    """What the file tells at an instant. `stopped`: it went silent without having been closed; `since`: its last beat."""

    state: State
    since: int = 0
    console: str = ""

    @property
    def alive(self) -> bool:
        return self.state == "alive"


class Heart:
    """The beating side. A folder that cannot be written costs the console nothing but the beat."""

    def __init__(self, database: Path) -> None:
        self.path = beside(database, ".beat")
        self.console = os.urandom(8).hex()
        self._beaten = False

    def beat(self, now: int) -> None:
        self._beaten = put(self.path, msgspec.json.encode(Beat(self.console, now)), self.console) or self._beaten

    def left(self) -> int:
        """The beat of a console that was not closed (µs), 0 if there is none."""
        found = last(self.path)
        return found.at if found is not None else 0

    def stop(self) -> None:
        """A clean end. The beat of another console that has come meanwhile stays."""
        found = last(self.path) if self._beaten else None
        if found is not None and found.console == self.console:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)


def last(path: Path) -> Beat | None:
    """The last beat; None if there is none or the file is no beat."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Beat)
    except (OSError, msgspec.MsgspecError):
        return None


def pulse(database: Path, now: int, stale: int) -> Pulse:
    """Whether a console is alive. `stale` in seconds; a beat that far ahead of `now` is that of a wrong clock and no life."""
    found = last(beside(database, ".beat"))
    if found is None:
        return Pulse("none")
    return Pulse("alive" if abs(now - found.at) <= stale * SECOND else "stopped", found.at, found.console)
