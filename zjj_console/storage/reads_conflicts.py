"""Acts that the common order does not apply, as lists show them (§6.7)."""

from typing import Any

import msgspec
from msgspec import Struct

from zjj_console.storage.db import Connection


class ConflictLine(Struct, frozen=True, array_like=True):
    """`reason` names the fields in which the act found something else; `handle` is empty where no case is meant."""

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
    handle: str


_SELECT = (
    "SELECT f.event_id, f.stream, f.kind, f.actor, f.device = (SELECT v FROM meta WHERE k = 'device'), f.at, f.verdict,"
    " f.reason, f.provisional, f.resolved_by, f.choice, coalesce(c.console || c.serial, '')"
    " FROM conflict f LEFT JOIN case_row c ON c.id = f.stream"
)


def unresolved(db: Connection, limit: int = 200) -> list[ConflictLine]:
    """What still waits for a person, the oldest first."""
    rows = db.execute(f"{_SELECT} WHERE f.resolved_by = '' ORDER BY f.at, f.event_id LIMIT ?", (limit,))
    return [_line(row) for row in rows]


def count(db: Connection) -> int:
    return int(db.execute("SELECT count(*) FROM conflict WHERE resolved_by = ''").fetchone()[0])


def find(db: Connection, event_id: str) -> list[ConflictLine]:
    """Conflicts whose event id ends or begins so: what a person copies from a list need not be whole."""
    rows = db.execute(f"{_SELECT} WHERE f.event_id LIKE ? OR f.event_id LIKE ?", (f"{event_id}%", f"%{event_id}"))
    return [_line(row) for row in rows]


def _line(row: Any) -> ConflictLine:
    return msgspec.convert(row, ConflictLine, strict=False)
