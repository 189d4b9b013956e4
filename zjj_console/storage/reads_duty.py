"""Read queries of roster, sign-in, custody and handover: whole `Book`s of a window, and small look-ups."""

from datetime import date
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from zjj_console.domain.handover import Handover
from zjj_console.domain.roster import Assignment, Book, Leave, Sign, Stationing
from zjj_console.storage.db import Connection
from zjj_console.storage.duty_rows import load_handover

_ASSIGNMENT = "day, shift, unit, post, seat, person, start_at, end_at, planned, acting, note"
_ASSIGNMENT_FIELDS = tuple(f.name for f in fields(Assignment))
_SIGN = "person, day, shift, in_at, in_via, in_by, out_at, out_via, out_by, note, auto_out, fix"
_SIGN_FIELDS = tuple(f.name for f in fields(Sign))
_PROVEN = "in_via <> ''"  # a fix that is only asked for, or was refused, is no sign
_LEAVE = 'id, person, start_at, end_at, kind, "by", note'
_STATIONING = (
    'id, dept, station, start_at, end_at, "trigger", state, asked_by, person, case_id, arrived_at, left_at, text'
)


class Custody(Struct, frozen=True, array_like=True):
    """From when which desk holds every open case. `handover` is empty for the first: nobody has signed yet."""

    seq: int
    start: int
    desk: str
    handover: str
    person: str


class Version(Struct, frozen=True, array_like=True):
    month: str
    at: int
    actor: str
    reason: str
    digest: str
    rows: int


def _assignment(row: tuple[Any, ...]) -> Assignment:
    values = dict(zip(_ASSIGNMENT_FIELDS, row, strict=True))
    return Assignment(**{**values, "day": date.fromisoformat(row[0]), "acting": bool(values["acting"])})


def _sign(row: tuple[Any, ...]) -> Sign:
    values = dict(zip(_SIGN_FIELDS, row, strict=True))
    return Sign(**{**values, "day": date.fromisoformat(row[1]), "auto_out": bool(values["auto_out"])})


def book(db: Connection, start: int, end: int) -> Book:
    """All facts of the roster that touch [start, end)."""
    within = "start_at < ? AND end_at > ?"
    found = db.execute(f"SELECT {_ASSIGNMENT} FROM assignment WHERE {within} ORDER BY start_at, unit, post, seat",
                       (end, start)).fetchall()  # fmt: skip
    leaves = db.execute(f"SELECT {_LEAVE} FROM leave WHERE {within} ORDER BY start_at", (end, start)).fetchall()
    posted = db.execute(
        f"SELECT {_STATIONING} FROM stationing WHERE {within} ORDER BY start_at", (end, start)
    ).fetchall()
    signs = db.execute(
        f"SELECT {_SIGN} FROM sign WHERE in_at < ? AND (out_at IS NULL OR out_at > ?) AND {_PROVEN} ORDER BY in_at",
        (end, start),
    ).fetchall()
    return Book(
        start,
        end,
        tuple(map(_assignment, found)),
        tuple(Leave(*row) for row in leaves),
        tuple(Stationing(*row) for row in posted),
        tuple(map(_sign, signs)),
        frozenset(row[0] for row in db.execute("SELECT month FROM roster_version")),
    )


def assignments_of(db: Connection, month: str) -> list[Assignment]:
    """The published rows of a month (`2021-03`), substitutions included."""
    rows = db.execute(
        f"SELECT {_ASSIGNMENT} FROM assignment WHERE day >= ? AND day < ? ORDER BY day, shift, unit, post, seat",
        (f"{month}-01", f"{month}-99"),
    )
    return [_assignment(row) for row in rows]


def signs_of(db: Connection, day: date) -> list[Sign]:
    rows = db.execute(f"SELECT {_SIGN} FROM sign WHERE day = ? AND {_PROVEN} ORDER BY in_at", (day.isoformat(),))
    return [_sign(row) for row in rows]


def find_sign(db: Connection, person: str, day: date, shift: str) -> tuple[Sign, str] | None:
    """A sign, proven or not, and the fix that waits for approval, as JSON."""
    row = db.execute(f"SELECT {_SIGN}, wish FROM sign WHERE person = ? AND day = ? AND shift = ?",
                     (person, day.isoformat(), shift)).fetchone()  # fmt: skip
    return (_sign(row[:-1]), row[-1]) if row else None


def wishes(db: Connection) -> list[tuple[Sign, dict[str, Any]]]:
    """Sign fixes that wait for somebody else's approval."""
    rows = db.execute(f"SELECT {_SIGN}, wish FROM sign WHERE fix = 'asked' ORDER BY day").fetchall()
    return [(_sign(row[:-1]), msgspec.json.decode(row[-1])) for row in rows]


def open_signs(db: Connection) -> list[Sign]:
    rows = db.execute(f"SELECT {_SIGN} FROM sign WHERE out_at IS NULL AND {_PROVEN} ORDER BY in_at").fetchall()
    return [_sign(row) for row in rows]


def stationings(db: Connection) -> list[Stationing]:
    rows = db.execute(f"SELECT {_STATIONING} FROM stationing ORDER BY start_at DESC").fetchall()
    return [Stationing(*row) for row in rows]


def leaves(db: Connection, start: int, end: int) -> list[Leave]:
    rows = db.execute(f"SELECT {_LEAVE} FROM leave WHERE start_at < ? AND end_at > ? ORDER BY start_at", (end, start))
    return [Leave(*row) for row in rows]


def versions(db: Connection) -> list[Version]:
    rows = db.execute("SELECT month, at, actor, reason, digest, rows FROM roster_version ORDER BY month").fetchall()
    return [Version(*row) for row in rows]


def plan(db: Connection, month: str) -> list[Assignment] | None:
    """The unpublished plan of a month; None if there is none."""
    row = db.execute("SELECT body FROM roster_plan WHERE month = ?", (month,)).fetchone()
    return msgspec.json.decode(row[0], type=list[Assignment]) if row else None


def save_plan(db: Connection, month: str, rows: list[Assignment], now: int) -> None:
    body = msgspec.json.encode(rows).decode()
    db.execute("INSERT OR REPLACE INTO roster_plan(month, body, updated_at) VALUES (?, ?, ?)", (month, body, now))


def drop_plan(db: Connection, month: str) -> None:
    db.execute("DELETE FROM roster_plan WHERE month = ?", (month,))


def custody(db: Connection) -> Custody | None:
    """Who holds the open cases now; None on a database on which nothing was done yet."""
    row = db.execute("SELECT seq, from_at, desk, handover, person FROM custody ORDER BY seq DESC LIMIT 1").fetchone()
    return Custody(*row) if row else None


def custodies(db: Connection) -> list[Custody]:
    """All intervals, oldest first; each ends where the next begins."""
    rows = db.execute("SELECT seq, from_at, desk, handover, person FROM custody ORDER BY seq").fetchall()
    return [Custody(*row) for row in rows]


def handover(db: Connection, handover_id: str) -> Handover | None:
    return load_handover(db, handover_id)


class Brief(Struct, frozen=True, array_like=True):
    """One line of the history of handovers."""

    id: str
    boundary: str
    day: str
    at: int
    state: str
    forced: int


def handovers(db: Connection, since: str = "", until: str = "9") -> list[Brief]:
    """Handovers of the dates [since, until), the newest first."""
    rows = db.execute(
        "SELECT id, boundary, day, at, state, forced FROM handover WHERE day >= ? AND day < ? ORDER BY at DESC, id",
        (since, until),
    ).fetchall()
    return [Brief(*row) for row in rows]
