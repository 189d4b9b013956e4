"""Rows brought up to the common order again, stream by stream: cost goes with what was touched, not with the history."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import Case
from zjj_console.storage import delivery, duty_rows, journal, order, projections
from zjj_console.storage.db import Connection, SqliteError


def case(db: Connection, duty: DutyTime, case_id: str, origin: tuple[int, int] | None = None) -> None:
    """The rows of one case as the common order folds it now. `origin`: the chunk that brings it from now on."""
    before = db.execute(
        "SELECT origin_lseq, origin_off, console, serial FROM case_row WHERE id = ?", (case_id,)
    ).fetchone()
    brought = origin or (before[:2] if before and before[0] is not None else None)
    entries = order.where(db, "stream = ? OR lseq = ?", (case_id, brought[0] if brought else -1))
    fold = order.Fold(judging=True, only=case_id).add_all(entries)
    _conflicts(db, case_id, [c for c in fold.conflicts.values() if c.stream == case_id])
    db.execute("DELETE FROM dispatch WHERE case_id = ?", (case_id,))
    folded = fold.cases.get(case_id)
    if before and (folded is None or (folded.console, folded.serial) != before[2:]):
        projections.keep_number(db, *before[2:])
    if folded is None:
        db.execute(f"DELETE FROM {projections.TIMERS_OF}", (case_id,))
        db.execute("DELETE FROM case_row WHERE id = ?", (case_id,))
    else:
        write(db, duty, folded, fold.origin.get(case_id))
    delivery.recall_overtaken(db, case_id)


def write(db: Connection, duty: DutyTime, folded: Case, origin: tuple[int, int] | None) -> None:
    """All rows of a case of which only its line in the queue and its timers may be there already."""
    projections.put(db, folded, duty)
    if origin is not None:
        db.execute("UPDATE case_row SET origin_lseq = ?, origin_off = ? WHERE id = ?", (*origin, folded.id))
    projections.write_timers(db, folded, duty, duty_rows.load_climb(db, folded.id))
    projections.write_dispatches(db, (), folded)


def timers(db: Connection, duty: DutyTime, case_id: str) -> None:
    """The climb of a case has changed: when it goes on is a timer as well."""
    folded = projections.load(db, case_id)
    if folded is not None:
        projections.write_timers(db, folded, duty, duty_rows.load_climb(db, case_id))


def _conflicts(db: Connection, stream: str, found: Iterable[order.Conflict]) -> None:
    db.execute("DELETE FROM conflict WHERE stream = ?", (stream,))
    db.executemany(order.INSERT_CONFLICT, [c.row() for c in found])


# rows of duty ---------------------------------------------------------------------------------------------------------


class Scope(Struct, frozen=True):
    """Rows that are folded together, because events of one touch rows of another: `key` names them.

    A stream is a scope of its own, but changes of shift reach into other months (all rosters are one scope) and an
    imported chunk of signs holds several days (a day is a scope, and reads the chunks besides).
    """

    key: str
    day: str = ""


def scopes(stream: str, kind: str, body: bytes) -> set[Scope]:
    """What an event touches; nothing where it folds into no rows of duty."""
    family = stream.partition(":")[0]
    if family == "roster":
        return {Scope("roster")}
    if family == "duty":
        return {Scope(f"duty:{day}", day) for day in _days(body) | {stream[5:]}}
    return {Scope(stream)} if family in duty_rows.STREAMS or kind in duty_rows.KINDS else set()


def _days(body: bytes) -> set[str]:
    try:
        return {row["day"] for row in journal.decode(body).data["signs"]}
    except journal.MALFORMED:
        return set()


def condition(scope: Scope) -> tuple[str, tuple[str | bytes, ...]]:
    """Which events fold into a scope's rows: SQL and its values."""
    if scope.day:
        return (
            "lseq IN (SELECT lseq FROM event WHERE stream = ? UNION ALL"  # an OR would read the whole journal
            " SELECT lseq FROM event WHERE kind = 'signs_imported' AND instr(body, ?) > 0)",
            (scope.key, scope.day.encode()),
        )
    if scope.key == "roster":
        return "stream >= 'roster:' AND stream < 'roster;'", ()
    return "stream = ?", (scope.key,)


def pending(db: Connection, sql: str, params: tuple[str | bytes, ...], but: str = "") -> bool:
    """Whether any of these events waits for the hub's order; those of device `but` are passed over."""
    wanted = f"SELECT 1 FROM event WHERE hub_seq IS NULL AND device <> ? AND {sql} LIMIT 1"
    return db.execute(wanted, (but, *params)).fetchone() is not None


def rows_of(db: Connection, scope: Scope) -> None:
    """Fold a scope's rows anew."""
    duty_rows.forget(db, scope.key)
    for entry in order.standing(order.where(db, *condition(scope))):
        add(db, entry, scope.day)


def add(db: Connection, entry: order.Entry, day: str = "") -> None:
    """Fold one more event into its rows (of one day only, where `day` says so); what cannot be folded changes nothing."""
    if entry.verdict:
        return
    db.execute("SAVEPOINT folding")
    try:
        stored = journal.decode(entry.body)
        if day and "signs" in stored.data:
            stored = replace(stored, data={"signs": [row for row in stored.data["signs"] if row["day"] == day]})
        duty_rows.apply(db, stored)
    except (*journal.MALFORMED, SqliteError):
        db.execute("ROLLBACK TO folding")
    db.execute("RELEASE folding")
