"""Proof that nothing was touched: the hash chain, the columns beside each envelope, and the projections."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from zjj_console.domain.duty import DutyTime
from zjj_console.domain.lifecycle import evolve
from zjj_console.domain.model import Case
from zjj_console.storage import duty_rows, journal, projections
from zjj_console.storage.db import Connection, blank, meta

_COLUMNS = ("id", "stream", "kind", "actor", "device", "epoch", "dseq", "at", "cmd")


class Report(Struct, frozen=True):
    """`bad` is the local sequence number of the first bad event (0 for a projection or the chain's end), None if whole."""

    events: int
    cases: int
    bad: int | None = None
    message: str = ""
    message_zh: str = ""


class _Columns(Struct):
    id: str
    stream: str
    kind: str
    actor: str
    device: str
    epoch: int
    dseq: int
    at: int
    cmd: str


_decode = msgspec.json.Decoder(_Columns).decode


def verify(db: Connection, duty: DutyTime | None = None) -> Report:
    """Walk the journal from its first event; with `duty`, also refold every case and compare its rows."""
    count, previous, following = 0, journal.GENESIS, 1
    epoch, dseq = 0, 0
    rows = db.execute(f"SELECT lseq, {', '.join(_COLUMNS)}, body, hash FROM event ORDER BY lseq")
    for lseq, *columns, body, digest in rows:
        if lseq != following:
            return _bad(count, following, f"event {following} is missing", f"缺少事件 {following}")
        if journal.chained(previous, body) != digest:
            return _bad(count, lseq, f"event {lseq}: content does not match its hash", f"事件 {lseq} 内容与哈希不符")
        try:
            envelope = _decode(body)
        except msgspec.MsgspecError:
            return _bad(count, lseq, f"event {lseq}: unreadable envelope", f"事件 {lseq} 无法读取")
        for name, value in zip(_COLUMNS, columns, strict=True):
            if getattr(envelope, name) != value:
                return _bad(count, lseq, f"event {lseq}: column {name} was changed", f"事件 {lseq} 的 {name} 被改动")
        if (envelope.epoch == epoch and envelope.dseq != dseq + 1) or envelope.epoch < epoch:
            return _bad(count, lseq, f"event {lseq}: out of order", f"事件 {lseq} 次序不对")
        epoch, dseq, previous = envelope.epoch, envelope.dseq, digest
        count, following = count + 1, lseq + 1
    if meta(db, "head") != previous.hex():
        return _bad(
            count, following, f"event {following}: the end of the journal is missing", f"事件 {following} 起缺失"
        )
    if duty is None:
        return Report(count, 0)
    return _compare(db, duty, count)


def whole_after(db: Connection, lseq: int, digest: bytes) -> bool:
    """Whether the chain holds from one known event to its end: what a handover checks without walking all history."""
    for body, found in db.execute("SELECT body, hash FROM event WHERE lseq > ? ORDER BY lseq", (lseq,)):
        if journal.chained(digest, body) != found:
            return False
        digest = found
    return meta(db, "head") == digest.hex()


def _bad(count: int, lseq: int, en: str, zh: str) -> Report:
    return Report(count, 0, lseq, en, zh)


def folded(db: Connection) -> Iterator[tuple[Case, int | None, int | None]]:
    """Every case folded from the journal, with the chunk event and offset that brought an imported one."""
    cases: dict[str, Case] = {}
    origin: dict[str, tuple[int, int]] = {}
    for lseq, kind, body in db.execute("SELECT lseq, kind, body FROM event ORDER BY lseq"):
        for offset, event in enumerate(journal.case_events(body)):
            cases[event.case] = evolve(cases.get(event.case), event)
            if kind == "cases_imported":
                origin.setdefault(event.case, (lseq, offset))
    for case_id, case in cases.items():
        yield case, *origin.get(case_id, (None, None))


def _compare(db: Connection, duty: DutyTime, count: int) -> Report:
    """Rows must equal what the journal folds to, in every column, with nothing more and nothing less."""
    table = _changed_table(db)  # before the cases: their timers ask how far each has climbed
    if table:
        return Report(count, 0, 0, f"table {table} differs from the journal", f"{table} 与日志不符")
    names = ", ".join(projections.COLUMNS)
    cases = 0
    for case, lseq, offset in folded(db):
        want: tuple[Any, ...] = (*projections.case_values(case, duty), lseq, offset)
        row = db.execute(f"SELECT {names}, origin_lseq, origin_off FROM case_row WHERE id = ?", (case.id,)).fetchone()
        if row is None:
            return Report(count, cases, 0, f"case {case.number}: row is missing", f"案件 {case.number} 的投影缺失")
        for name, found, wanted in zip((*projections.COLUMNS, "origin_lseq", "origin_off"), row, want, strict=True):
            if found != wanted:
                return Report(
                    count, cases, 0, f"case {case.number}: projection {name} was changed",
                    f"案件 {case.number} 的投影 {name} 被改动",
                )  # fmt: skip
        for table, zh, columns, wanted_rows in (
            (
                "timer",
                "时限",
                "case_id, code, due_at, warn_at, priority",
                projections.timer_values(case, duty, duty_rows.load_climb(db, case.id)),
            ),
            ("dispatch", "派单", "case_id, n, role, unit, person, at, status, active", _orders(case)),
        ):
            rows = db.execute(f"SELECT {columns} FROM {table} WHERE case_id = ?", (case.id,))
            if sorted(rows) != sorted(wanted_rows):
                return Report(
                    count, cases, 0, f"case {case.number}: table {table} was changed",
                    f"案件 {case.number} 的{zh}被改动",
                )  # fmt: skip
        cases += 1
    for table, condition in (("case_row", "1"), ("timer", _ORPHAN), ("dispatch", _ORPHAN)):
        found = db.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()[0]
        extra = found - cases if table == "case_row" else found
        if extra:
            return Report(count, cases, 0, f"{extra} rows of {table} have no event", f"{table} 有 {extra} 行没有事件")
    return Report(count, cases)


def _changed_table(db: Connection) -> str:
    """The first table of roster, custody and handover that is not what its events fold to."""
    again = blank(db)
    try:
        _replay(db, again)
        return next((t for t in duty_rows.TABLES if duty_rows.contents(db, t) != duty_rows.contents(again, t)), "")
    finally:
        again.close()


def _replay(db: Connection, into: Connection) -> None:
    marks = ",".join("?" * len(duty_rows.KINDS))
    streams = " OR ".join(f"stream GLOB '{name}:*'" for name in duty_rows.STREAMS)
    rows = db.execute(
        f"SELECT body FROM event WHERE {streams} OR kind IN ({marks}) ORDER BY lseq", duty_rows.KINDS
    ).fetchall()
    for (body,) in rows:
        duty_rows.apply(into, journal.decode(body))


_ORPHAN = "case_id NOT IN (SELECT id FROM case_row)"


def _orders(case: Case) -> list[tuple[Any, ...]]:
    return [(case.id, d.n, d.role, d.unit, d.person, d.at, d.status, int(d.active)) for d in case.dispatches]


def rebuild(db: Connection, duty: DutyTime) -> int:
    """Fold the whole journal into fresh projections; the caller's transaction swaps old for new. Returns the cases."""
    duty_rows.clear(db)
    _replay(db, db)  # before the cases: their timers ask how far each has climbed
    db.execute("DELETE FROM timer")
    db.execute("DELETE FROM dispatch")
    order = {row[0]: row[1] for row in db.execute("SELECT id, rid FROM case_row")}
    db.execute("DELETE FROM case_row")
    cases = sorted(folded(db), key=lambda item: order.get(item[0].id, 1 << 60))
    for case, lseq, offset in cases:
        db.execute(projections.INSERT_CASE, (*projections.case_values(case, duty), lseq, offset))
        timers = projections.timer_values(case, duty, duty_rows.load_climb(db, case.id))
        db.executemany(projections.INSERT_TIMER, timers)
        projections.write_dispatches(db, (), case)
    return len(cases)
