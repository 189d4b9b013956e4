"""Projections: the rows that screens and sweeps read, each a pure function of one folded case."""

from operator import attrgetter
from typing import Any

import msgspec
from msgspec.structs import fields

from zjj_console.domain.climb import TIMER, Climb, wake
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.marks import marks
from zjj_console.domain.model import Case, Dispatch, State
from zjj_console.storage.db import Connection, meta, set_meta

_PARTS = ("assists", "returned_by", "clocks", "dispatches", "requests", "aid", "consult", "raised", "missing")
SCALARS = tuple(f.name for f in fields(Case) if f.name not in _PARTS)
_scalars = attrgetter(*SCALARS)
_DERIVED = ("parts", "is_open", "rank", "next_kind", "next_due", "next_warn", "next_mode", "next_unit", "marks")
COLUMNS = (*SCALARS, *_DERIVED)
RANK_URGENT, RANK_RUNNING, RANK_PAUSED, RANK_ENDED = 0, 1, 2, 9
NO_DEADLINE = 1 << 60
FIRST_SERIAL = 1001  # handles on a fresh database begin here

_encode = msgspec.json.Encoder(order="sorted").encode
_names = ", ".join(COLUMNS)
_marks = ", ".join("?" * len(COLUMNS))
INSERT_CASE = f"INSERT INTO case_row({_names}, origin_lseq, origin_off) VALUES ({_marks}, ?, ?)"
_INSERT = f"INSERT INTO case_row({_names}) VALUES ({_marks})"
_REPLACE = f"UPDATE case_row SET {', '.join(f'{name} = ?' for name in COLUMNS)} WHERE id = ?"
INSERT_TIMER = "INSERT INTO timer(rid, code, due_at, warn_at, priority) VALUES (?, ?, ?, ?, ?)"
TIMERS_OF = "timer WHERE rid = (SELECT rid FROM case_row WHERE id = ?)"
INSERT_DISPATCH = (
    "INSERT INTO dispatch(case_id, n, role, unit, person, at, status, active) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(case_id, n) DO UPDATE SET status = excluded.status, active = excluded.active"
)
SELECT_CASE = f"SELECT {', '.join(SCALARS)}, parts FROM case_row"


def case_values(case: Case, duty: DutyTime) -> tuple[Any, ...]:
    """The row of a case, in the order of COLUMNS."""
    clock = case.next_clock()
    if not case.is_open:
        rank = RANK_ENDED
    elif case.state is State.SUSPENDED:
        rank = RANK_PAUSED
    else:
        rank = RANK_URGENT if case.priority == 1 else RANK_RUNNING
    if rank == RANK_ENDED:
        next_due, next_warn = -(case.closed_at or case.since), 0  # the latest ended comes first
    else:
        next_due = clock.due if clock and clock.due is not None else NO_DEADLINE
        next_warn = (duty.warn_at(clock) if clock else None) or next_due
    return (
        *_scalars(case),
        _encode({name: getattr(case, name) for name in _PARTS if getattr(case, name)}),
        int(case.is_open),
        rank,
        clock.code if clock and rank != RANK_ENDED else "",
        next_due,
        next_warn,
        clock.kind if clock else "",
        clock.unit if clock else "",
        " ".join(marks(case)),
    )


def timer_values(case: Case, duty: DutyTime, climb: Climb | None = None) -> list[tuple[Any, ...]]:
    """(code, due, warning, priority) of each running clock, and of when its climb up the ladder goes on."""
    rows = [(c.code, c.due, duty.warn_at(c) or c.due, case.priority) for c in case.clocks.values() if c.running]
    at = wake(case, climb, duty)
    return rows if at is None else [*rows, (TIMER, at, at, case.priority)]


def write(db: Connection, before: Case | None, case: Case, duty: DutyTime) -> None:
    """Bring the rows of one case up to its folded state; its timers stand apart, for they depend on its climb too."""
    if before is None:
        put(db, case, duty)
    else:
        _update(db, before, case_values(case, duty))
    known = before.dispatches if before else ()
    if known != case.dispatches:
        write_dispatches(db, known, case)


def put(db: Connection, case: Case, duty: DutyTime) -> None:
    """The row of a case, whether there is one or not. No upsert: during a first import the index that it wants is away."""
    values = case_values(case, duty)
    if not db.execute(_REPLACE, (*values, case.id)).rowcount:
        db.execute(_INSERT, values)


def _update(db: Connection, before: Case, values: tuple[Any, ...]) -> None:
    """Only the columns that differ: naming a column rewrites every index that holds it, changed or not."""
    known = zip(SCALARS, _scalars(before), values, strict=False)
    changed = {name: value for name, was, value in known if value != was}
    changed |= zip(_DERIVED, values[len(SCALARS) :], strict=True)
    columns = ", ".join(f"{name} = ?" for name in changed)
    db.execute(f"UPDATE case_row SET {columns} WHERE id = ?", (*changed.values(), before.id))


def write_timers(db: Connection, case: Case, duty: DutyTime, climb: Climb | None) -> None:
    """The timers of a case whose row stands already; those that run on as they did are left alone."""
    rid = db.execute("SELECT rid FROM case_row WHERE id = ?", (case.id,)).fetchone()[0]
    wanted = set(timer_values(case, duty, climb))
    standing = set(db.execute("SELECT code, due_at, warn_at, priority FROM timer WHERE rid = ?", (rid,)))
    db.executemany("DELETE FROM timer WHERE rid = ? AND code = ?", [(rid, code) for code, *_ in standing - wanted])
    db.executemany(INSERT_TIMER, [(rid, *timer) for timer in sorted(wanted - standing)])


def write_dispatches(db: Connection, known: tuple[Dispatch, ...], case: Case) -> None:
    """Ended orders before standing ones, so that there is never a moment with two leads (I-2)."""
    gone = [(case.id, d.n) for d in known if d.n > len(case.dispatches)]
    db.executemany("DELETE FROM dispatch WHERE case_id = ? AND n = ?", gone)
    changed = [d for d in case.dispatches if d not in known]
    for d in sorted(changed, key=lambda d: d.active):
        db.execute(INSERT_DISPATCH, (case.id, d.n, d.role, d.unit, d.person, d.at, d.status, int(d.active)))


def case_from(row: tuple[Any, ...]) -> Case:
    """The case of a SELECT_CASE row."""
    values = dict(zip(SCALARS, row[:-1], strict=True))
    return msgspec.convert({**values, **msgspec.json.decode(row[-1] or b"{}")}, Case, strict=False)


def load(db: Connection, case_id: str) -> Case | None:
    row = db.execute(f"{SELECT_CASE} WHERE id = ?", (case_id,)).fetchone()
    return case_from(row) if row else None


def find(db: Connection, ref: str, console: str) -> Case | None:
    """A case by handle (`1042`, `B1042`), full number, `@` + platform number, or UUID. Exact match only (§2)."""
    found = bearing(db, ref, console)
    return found[0] if len(found) == 1 else None  # two consoles gave one number apart: neither is guessed


def bearing(db: Connection, ref: str, console: str) -> list[Case]:
    """The cases that bear a handle, number or id, at most two: none, the one, or that it is not one."""
    text = ref.strip()
    params: tuple[Any, ...]
    if text.startswith("@"):
        condition, params = "external_id = ?", (text[1:],)
    elif text.isdigit():
        condition, params = "console = ? AND serial = ?", (console, int(text))
    elif len(text) > 1 and text[0].isalpha() and text[1:].isdigit():
        condition, params = "console = ? AND serial = ?", (text[0].upper(), int(text[1:]))
    elif len(text) == 36 and text.count("-") == 4:
        condition, params = "id = ?", (text.lower(),)
    else:
        condition, params = "number = ?", (text.upper(),)
    return [case_from(row) for row in db.execute(f"{SELECT_CASE} WHERE {condition} ORDER BY id LIMIT 2", params)]


def last_number(db: Connection, console: str) -> int:
    """The highest number given on this console; before the first one, the number before it."""
    row = db.execute("SELECT max(serial) FROM case_row WHERE console = ?", (console,)).fetchone()
    return max(FIRST_SERIAL - 1, row[0] or 0, int(meta(db, "serial_floor", "0")))


def keep_number(db: Connection, console: str, serial: int) -> None:
    """A number was given here and its case has another now: it is never given again (I-8)."""
    if console == meta(db, "console", "A") and serial > int(meta(db, "serial_floor", "0")):
        set_meta(db, serial_floor=str(serial))


def in_order(db: Connection, ids: list[str]) -> list[Case]:
    """Whole cases of a page of ids, in that order."""
    marks = ",".join("?" * len(ids))
    rows = db.execute(f"{SELECT_CASE} WHERE id IN ({marks})", ids).fetchall()
    by_id = {case.id: case for case in map(case_from, rows)}
    return [by_id[case_id] for case_id in ids if case_id in by_id]
