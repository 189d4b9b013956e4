"""Acts that the common order does not apply, as lists show them (§6.7)."""

from itertools import groupby
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zjj_console.domain.handles import handle
from zjj_console.storage.db import Connection


class ConflictLine(Struct, frozen=True, array_like=True):
    """One event. `reason` names the fields in which it found something else; `handle` is empty where it is about no case."""

    event_id: str
    stream: str
    kind: str
    actor: str
    own: bool
    at: int
    verdict: int
    reason: str
    provisional: bool
    resolved_by: str
    choice: str
    console: str
    serial: int
    cmd: str
    device: str
    desk: str = ""  # the letter of that device's case numbers; empty where it numbered none lately

    @property
    def handle(self) -> str:
        return handle(self.console, self.serial) if self.serial else ""


class Clash(Struct, frozen=True):
    """What somebody did in one go and what did not apply of it: it is settled in one go too."""

    events: tuple[ConflictLine, ...]

    @property
    def first(self) -> ConflictLine:
        return self.events[0]

    @property
    def id(self) -> str:
        return self.first.event_id

    @property
    def settled(self) -> bool:
        return all(one.resolved_by for one in self.events)

    @property
    def provisional(self) -> bool:
        return any(one.provisional for one in self.events)


_FROM = "FROM conflict f JOIN event e ON e.id = f.event_id"
_SELECT = (
    "SELECT f.event_id, f.stream, f.kind, f.actor, f.device = (SELECT v FROM meta WHERE k = 'device'), f.at, f.verdict,"
    " f.reason, f.provisional, f.resolved_by, f.choice, coalesce(c.console, ''), coalesce(c.serial, 0), e.cmd, f.device"
    f" {_FROM} LEFT JOIN case_row c ON c.id = f.stream"
)
_WAITS = "f.resolved_by = '' AND f.actor <> 'system'"  # what time alone decided is decided anew on what stands
_LATEST = 2000  # events of a device among which its letter is looked for
_ORDER = "ORDER BY f.at, e.device, e.cmd, f.stream, e.dseq"


def listed(db: Connection, limit: int = 200, *, everything: bool = False) -> list[Clash]:
    """What still waits for a person, the oldest first; with `everything` what has been settled too."""
    return _clashes(db, "1" if everything else _WAITS)[:limit]


def count(db: Connection) -> int:
    """How many wait for a person."""
    row = db.execute(f"SELECT count(*) FROM (SELECT DISTINCT e.cmd, f.stream {_FROM} WHERE {_WAITS})").fetchone()
    return int(row[0])


def find(db: Connection, event_id: str) -> list[Clash]:
    """Those one of whose event ids ends or begins so: what a person copies from a list need not be whole."""
    meant = f"SELECT e.cmd, f.stream {_FROM} WHERE substr(f.event_id, 1, ?1) = ?2 OR substr(f.event_id, -?1) = ?2"
    return _clashes(db, f"(e.cmd, f.stream) IN ({meant})", (len(event_id), event_id)) if event_id else []


def of_case(db: Connection, case_id: str) -> list[Clash]:
    """Those of one case that wait for a person."""
    return _clashes(db, f"f.stream = ? AND {_WAITS}", (case_id,))


def _clashes(db: Connection, which: str, params: tuple[Any, ...] = ()) -> list[Clash]:
    rows = db.execute(f"{_SELECT} WHERE {which} {_ORDER}", params).fetchall()
    found = [msgspec.convert(row, ConflictLine, strict=False) for row in rows]
    letters = {device: _letter(db, device) for device in {line.device for line in found}}
    lettered = (replace(line, desk=letters[line.device]) for line in found)
    return [Clash(tuple(ones)) for _, ones in groupby(lettered, lambda line: (line.cmd, line.stream))]


def _letter(db: Connection, device: str) -> str:
    """The letter under which a device numbered a case last, told by its latest events."""
    row = db.execute(
        "SELECT c.console FROM (SELECT stream, kind, epoch, dseq FROM event WHERE device = ? ORDER BY epoch DESC, dseq DESC"
        " LIMIT ?) e JOIN case_row c ON c.id = e.stream WHERE e.kind = 'reported' ORDER BY e.epoch DESC, e.dseq DESC LIMIT 1",
        (device, _LATEST),
    ).fetchone()
    return str(row[0]) if row else ""
