"""What is near: who is at work where, and the cases around a place. Bounded by what is open, or by a number of rows."""

from typing import Any

from msgspec import Struct

from zjj_console.domain.handles import handle
from zjj_console.geo.shapes import Box
from zjj_console.storage.db import Connection
from zjj_console.storage.projections import RANK_ENDED

_PLACE = ("committee", "grid", "lon", "lat")


class Work(Struct, frozen=True, array_like=True):
    """An order that says where its person is. `at`: when it was given, or when the work was submitted (µs)."""

    unit: str
    person: str
    status: str  # ACKED | ARRIVED | DONE
    at: int
    console: str
    serial: int
    committee: str
    grid: str
    lon: int | None
    lat: int | None

    @property
    def handle(self) -> str:
        return handle(self.console, self.serial)


def under_way(db: Connection, since: int) -> list[Work]:
    """Active lead orders that somebody has acknowledged, or arrived on, given since; oldest first."""
    rows = db.execute(
        f"SELECT d.unit, d.person, d.status, d.at, c.console, c.serial, {', '.join(f'c.{name}' for name in _PLACE)}"
        " FROM dispatch d JOIN case_row c ON c.id = d.case_id"
        " WHERE d.role = 'lead' AND d.active = 1 AND d.at >= ? AND d.status IN ('ACKED', 'ARRIVED')"
        " AND c.state IN ('DISPATCHED', 'HANDLING', 'DIFF_LED') ORDER BY d.at, d.case_id",
        (since,),
    )
    return [Work(*row) for row in rows]


def submitted(db: Connection, since: int) -> list[Work]:
    """Work submitted since, still to be verified or closed meanwhile; oldest first."""
    one = f"SELECT lead, lead_person, 'DONE', submitted_at, console, serial, {', '.join(_PLACE)} FROM case_row WHERE"
    rows = db.execute(
        f"{one} is_open = 1 AND state = 'SUBMITTED' AND submitted_at >= ? UNION ALL"
        f" {one} is_open = 0 AND rank = {RANK_ENDED} AND next_due <= ? AND state = 'CLOSED' AND submitted_at >= ?",
        (since, -since, since),
    )
    return sorted((Work(*row) for row in rows if row[0]), key=lambda work: (work.at, work.serial))


COLUMNS = (
    "id", "console", "serial", "state", "category", "place", "committee", "grid", "lon", "lat", "text", "reported_at", "lead",
    "closed_at", "result", "master",
)  # fmt: skip


class Near(Struct, frozen=True, array_like=True):
    """What one may know of a case around a place: nobody's name, nobody's number."""

    id: str
    console: str
    serial: int
    state: str
    category: str
    place: str
    committee: str
    grid: str
    lon: int | None
    lat: int | None
    text: str
    reported_at: int
    lead: str
    closed_at: int | None
    result: str
    master: str

    @property
    def handle(self) -> str:
        return handle(self.console, self.serial)


_SELECT = f"SELECT {', '.join(COLUMNS)} FROM case_row WHERE"
_BESIDE, _BACK = 5_000, 50_000  # rows


def _around(committee: str, box: Box | None) -> tuple[str, list[Any]]:
    """SQL of "in this committee, or inside the box"; the latter in millionths of a degree."""
    parts: list[str] = []
    params: list[Any] = []
    if committee:
        parts.append("committee = ?")
        params.append(committee)
    if box is not None:
        west, south, east, north = (round(side * 1e6) for side in box)
        parts.append("(lon BETWEEN ? AND ? AND lat BETWEEN ? AND ?)")
        params += [west, east, south, north]
    return f"({' OR '.join(parts) or '0'})", params


def recorded_around(db: Connection, case_id: str, committee: str, box: Box | None, since: int) -> list[Near]:
    """Cases of a committee or inside a box, reported since, among those recorded shortly before and after a case.

    For one that is not there yet, among the latest. Never merged or voided ones. A single range of the primary key: a
    town records a few hundred a day, so `_BESIDE` rows are weeks; only behind a bulk import they may be less.
    """
    where, params = _around(committee, box)
    row = (
        db.execute("SELECT rid FROM case_row WHERE id = ?", (case_id,)).fetchone()
        or db.execute("SELECT max(rid) FROM case_row").fetchone()
    )
    rid = row[0] or 0
    rows = db.execute(
        f"{_SELECT} rid BETWEEN ? AND ? AND {where} AND reported_at >= ? AND state NOT IN ('MERGED', 'VOIDED', 'DRAFT')",
        (rid - _BESIDE, rid + _BESIDE, *params, since),
    )
    return [Near(*row) for row in rows]


def closed_around(db: Connection, committee: str, box: Box | None, since: int) -> list[Near]:
    """Cases closed since (never merged or voided ones), among the latest `_BACK` recorded: more than a year of a town.

    A range of the primary key reads rows as they lie; the index by time of closing would fetch each from elsewhere.
    """
    where, params = _around(committee, box)
    rows = db.execute(
        f"{_SELECT} rid > (SELECT max(rid) FROM case_row) - ? AND state = 'CLOSED' AND {where} AND closed_at >= ?",
        (_BACK, *params, since),
    )
    return [Near(*row) for row in rows]
