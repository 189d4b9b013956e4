"""Read queries: frozen rows by keyset windows, never entities, never OFFSET. The order of the queue is stored.

`rank` puts first priority before the rest, running before suspended, open before ended; within a rank the earliest
deadline comes first (ended cases: the latest closed). Time alone never reorders the queue.
"""

from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zjj_console.domain.climb import stream
from zjj_console.domain.handles import handle
from zjj_console.domain.model import Case
from zjj_console.storage import order, search
from zjj_console.storage.db import Connection
from zjj_console.storage.projections import RANK_RUNNING, RANK_URGENT

QUEUE_COLUMNS = (
    "rid", "id", "serial", "console", "version", "state", "flow", "priority", "category", "place", "committee", "grid",
    "station", "text", "source", "reported_at", "lead", "lead_person", "rank", "next_kind", "next_due", "next_warn",
    "next_mode", "next_unit", "marks", "return_count", "rework_count", "due_final", "closed_at", "lon", "lat",
)  # fmt: skip
_COLUMNS = ", ".join(QUEUE_COLUMNS)
_SELECT = f"SELECT {_COLUMNS} FROM case_row"
_ORDER = "rank, next_due, rid"
_REVERSED = "rank DESC, next_due DESC, rid DESC"
PRESSING = (RANK_URGENT, RANK_RUNNING)
_PRESSING = f"is_open = 1 AND rank IN {PRESSING}"  # SQL of the same


class QueueRow(Struct, frozen=True, array_like=True):
    """What a list shows of a case. `next_due` is µs UTC while `next_kind` is set; `marks` are codes parted by blanks."""

    rid: int
    id: str
    serial: int
    console: str
    version: int
    state: str
    flow: str
    priority: int
    category: str
    place: str
    committee: str
    grid: str
    station: str
    text: str
    source: str
    reported_at: int
    lead: str
    lead_person: str
    rank: int
    next_kind: str
    next_due: int
    next_warn: int
    next_mode: str
    next_unit: str
    marks: str
    return_count: int
    rework_count: int
    due_final: int | None
    closed_at: int | None
    lon: int | None = None  # millionths of a degree, WGS-84
    lat: int | None = None

    @property
    def handle(self) -> str:
        return handle(self.console, self.serial)

    @property
    def presses(self) -> bool:
        """A deadline presses while the case runs: of a suspended or ended one nobody is late (§3.6)."""
        return self.rank in PRESSING

    @property
    def cursor(self) -> "Cursor":
        return (self.rank, self.next_due, self.rid)

    def overdue(self, now: int) -> bool:
        return self.presses and bool(self.next_kind) and self.next_due <= now

    def due_soon(self, now: int) -> bool:
        return self.presses and bool(self.next_kind) and self.next_warn <= now < self.next_due


Cursor = tuple[int, int, int]


class Filter(Struct, frozen=True):
    """What to show. Empty means any. `before` (µs) keeps only cases whose next deadline has passed by then."""

    open: bool | None = True
    states: tuple[str, ...] = ()
    priority: tuple[int, ...] = ()
    grid: str = ""
    station: str = ""
    committees: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    units: tuple[str, ...] = ()  # lead or assist
    person: str = ""  # lead person, or followed by the desk where `followed`
    source: str = ""
    flow: str = ""
    text: str = ""  # anywhere in the words, or exactly the handle
    overdue_at: int | None = None
    since: int | None = None
    until: int | None = None
    followed: bool = False
    custodian: str = ""

    def where(self) -> tuple[str, list[Any]]:
        """SQL condition and its parameters. Only bound values, only known columns."""
        parts: list[str] = []
        params: list[Any] = []

        def add(sql: str, *values: Any) -> None:
            parts.append(sql)
            params.extend(values)

        if self.open is not None:
            add("is_open = ?", int(self.open))
        for column, values in (
            ("state", self.states),
            ("priority", self.priority),
            ("committee", self.committees),
            ("category", self.categories),
            ("lead", self.units),
        ):
            if values:
                add(f"{column} IN ({','.join('?' * len(values))})", *values)
        for column, value in (
            ("grid", self.grid),
            ("station", self.station),
            ("source", self.source),
            ("flow", self.flow),
            ("lead_person", self.person),
            ("custodian", self.custodian),
        ):
            if value:
                add(f"{column} = ?", value)
        if self.text:
            anywhere = "instr(text, ?) OR instr(place, ?) OR instr(external_id, ?)"
            if search.may_be_handle(self.text):
                add(f"({anywhere} OR CAST(serial AS TEXT) = ? OR console || serial = upper(?))", *[self.text] * 5)
            else:
                add(f"({anywhere})", *[self.text] * 3)
        if self.overdue_at is not None:
            add(f"{_PRESSING} AND next_kind <> '' AND next_due <= ?", self.overdue_at)
        if self.since is not None:
            add("reported_at >= ?", self.since)
        if self.until is not None:
            add("reported_at < ?", self.until)
        if self.followed:
            add("followed = 1")
        return (" AND ".join(parts) or "1"), params


def page(
    db: Connection, where: Filter, limit: int, after: Cursor | None = None, *, backward: bool = False
) -> list[QueueRow]:
    """Up to `limit` rows after (or, backward, before) a cursor, always in queue order."""
    if where.open is None:  # open ones stand before ended ones, and each kind has its part of the index
        first, second = (replace(where, open=kind) for kind in ((False, True) if backward else (True, False)))
        found = page(db, first, limit, after, backward=backward)
        rest = page(db, second, limit - len(found), after, backward=backward) if len(found) < limit else []
        return [*rest, *found] if backward else [*found, *rest]
    source, params = _from(db, where, first=True)
    if after is not None:
        source += f" AND (rank, next_due, rid) {'<' if backward else '>'} (?, ?, ?)"
        params += after
    sql = f"SELECT {_COLUMNS} FROM {source} ORDER BY {_REVERSED if backward else _ORDER} LIMIT ?"
    found = [QueueRow(*row) for row in db.execute(sql, (*params, limit)).fetchall()]
    return found[::-1] if backward else found


def count(db: Connection, where: Filter) -> int:
    source, params = _from(db, where)
    return int(db.execute(f"SELECT count(*) FROM {source}", params).fetchone()[0])


def position(db: Connection, where: Filter, cursor: Cursor) -> int:
    """How many rows stand before a cursor."""
    source, params = _from(db, where)
    sql = f"SELECT count(*) FROM {source} AND (rank, next_due, rid) < (?, ?, ?)"
    return int(db.execute(sql, (*params, *cursor)).fetchone()[0])


def _from(db: Connection, where: Filter, *, first: bool = False) -> tuple[str, list[Any]]:
    """Table and condition of a filter. `first`: only the first rows of the queue's order are wanted."""
    condition, params = where.where()
    if not where.text:
        return f"case_row WHERE {condition}", params
    near = search.narrow(db, where.text, first=first)
    return f"{near.table} WHERE {near.condition} AND {condition}", [*near.params, *params]


def by_state(db: Connection) -> dict[str, int]:
    """How many cases are open in each state."""
    rows = db.execute("SELECT state, count(*) FROM case_row WHERE is_open = 1 GROUP BY state")
    return {str(state): int(n) for state, n in rows}


def pressing(db: Connection, now: int) -> tuple[int, int]:
    """How many cases are overdue, and how many due soon."""
    # Both ranges lie inside the queue index; a case without a deadline has one beyond all time.
    counted = f"SELECT count(*) FROM case_row WHERE {_PRESSING} AND next_due"
    overdue = db.execute(f"{counted} <= ?", (now,)).fetchone()[0]
    soon = db.execute(f"{counted} > ? AND next_warn <= ?", (now, now)).fetchone()[0]
    return int(overdue), int(soon)


def worst(db: Connection, now: int, limit: int = 3) -> list[QueueRow]:
    """Overdue and soon due, first priority first: what the alarm strip shows."""
    rows = db.execute(
        f"{_SELECT} WHERE {_PRESSING} AND next_warn <= ? ORDER BY {_ORDER} LIMIT ?",
        (now, limit),
    ).fetchall()
    return [QueueRow(*row) for row in rows]


class Moment(Struct, frozen=True):
    """One line of a case's history. `data` is the event's own (§2.4)."""

    lseq: int
    kind: str
    actor: str
    at: int
    happened_at: int | None
    trial: bool
    data: dict[str, Any]
    apart: bool = False  # kept and not applied: it clashed with another desk (§6.7)


class _Envelope(Struct):
    kind: str
    at: int
    data: dict[str, Any]
    actor: str = ""
    happened: int | None = None
    trial: bool = False


_envelope = msgspec.json.Decoder(_Envelope).decode


def timeline(db: Connection, case: Case) -> list[Moment]:
    """All events of a case in the common order; the first of an imported one lies in its batch's chunk event."""
    return [*_imported(db, case), *stream_of(db, case.id)]


def stream_of(db: Connection, stream: str) -> list[Moment]:
    """The events of one stream in the common order."""
    return _moments(db, stream)


def story(db: Connection, case: Case) -> list[Moment]:
    """The timeline with the climb beside it: each rung at its own instant, however late it was written down."""
    moments = [_as_called(m) for m in _moments(db, case.id, stream(case.id))]
    return [*_imported(db, case), *sorted(moments, key=lambda m: m.at)]


def _imported(db: Connection, case: Case) -> list[Moment]:
    origin = db.execute("SELECT origin_lseq, origin_off FROM case_row WHERE id = ?", (case.id,)).fetchone()
    if origin is None or origin[0] is None:
        return []
    e = _envelope(db.execute("SELECT body FROM event WHERE lseq = ?", (origin[0],)).fetchone()[0])
    values = e.data["rows"][origin[1]][1]
    return [Moment(origin[0], "imported", e.actor, e.at, None, e.trial, {"set": values, "args": {}})]


def _moments(db: Connection, *streams: str) -> list[Moment]:
    marks = ", ".join("?" * len(streams))
    apart = order.apart(db, *streams)
    found = []
    for entry in order.where(db, f"stream IN ({marks})", streams):
        e = _envelope(entry.body)
        found.append(Moment(entry.lseq, e.kind, e.actor, e.at, e.happened, e.trial, e.data, entry.id in apart))
    return found


def _as_called(m: Moment) -> Moment:
    """A step of the ladder at the instant of its rung, and by whom it was done."""
    if m.kind == "escalated":
        return replace(m, at=m.data["climb"]["rungs"][-1]["at"])
    return replace(m, actor=_who(m)) if m.kind in ("rung_called", "rung_answered") else m


def _who(m: Moment) -> str:
    """Who called or recorded an answer: the ladder wrote it down in the same act."""
    rungs = m.data["climb"]["rungs"]
    told = [(call["at"], call["by"]) for rung in rungs for call in rung["calls"]]
    told += [(rung["answered_at"], rung["answered_by"]) for rung in rungs if rung["answered_at"] is not None]
    return max(told)[1] if told else m.actor
