"""Proof that nothing was touched: the hash chain, the columns beside each envelope, and the projections."""

import itertools
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from zjj_console.domain.chain import GENESIS, hub_chained
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import Case
from zjj_console.storage import duty_rows, journal, order, projections, refold, search
from zjj_console.storage.db import BUSY, Connection, SqliteError, blank, meta, translated

_UNREADABLE = (*journal.MALFORMED, SqliteError)
_COLUMNS = ("id", "stream", "kind", "actor", "device", "epoch", "dseq", "at", "cmd")


class Report(Struct, frozen=True):
    """`bad` is the local sequence number of the first bad event (0 for a projection or the chain's end), None if whole.

    `folds`: the journal is whole and only rows that follow from it are not: a rebuild mends them.
    """

    events: int
    cases: int
    bad: int | None = None
    message: str = ""
    message_zh: str = ""
    folds: bool = False


def verify(db: Connection, duty: DutyTime | None = None) -> Report:
    """Walk the journal from its first event, every device's chain and the hub's; with `duty`, refold and compare all rows.

    What cannot be read at all is a finding like any other.
    """
    try:
        report = _verify_chains(db)
    except _UNREADABLE as error:
        return _bad(0, 0, *_unreadable("the journal", "日志", error))
    if report.bad is not None or duty is None:
        return report
    try:
        return _compare(db, duty, report.events)
    except _UNREADABLE as error:
        return Report(report.events, 0, 0, *_unreadable("a table", "清单", error), folds=True)


def _unreadable(en: str, zh: str, error: Exception) -> tuple[str, str]:
    """Both sentences. Raises StorageError where the database is only busy."""
    if isinstance(error, SqliteError):
        said = translated(error, None)
        if said.code == BUSY:
            raise said from error
    what = str(error) if isinstance(error, SqliteError) else type(error).__name__
    return f"{en} cannot be read: {what}", f"{zh}读不出: {what}"


def _verify_chains(db: Connection) -> Report:
    count, following, own = 0, 1, meta(db, "device")
    ends: dict[tuple[str, int], tuple[int, bytes]] = {}  # (device, epoch): its last number and hash
    rows = db.execute(f"SELECT lseq, {', '.join(_COLUMNS)}, body, hash FROM event ORDER BY lseq")
    for lseq, *columns, body, digest in rows:
        if lseq != following:
            return _bad(count, following, f"event {following} is missing", f"缺少事件 {following}")
        found = dict(zip(_COLUMNS, columns, strict=True))
        end = ends.get((found["device"], found["epoch"]))
        before = end if end is not None and found["dseq"] == end[0] + 1 else None
        if not _linked(db, own, before, (found["device"], found["epoch"], found["dseq"]), body, digest):
            return _bad(count, lseq, f"event {lseq}: content does not match its hash", f"事件 {lseq} 内容与哈希不符")
        try:
            envelope = journal.columns(body)
        except msgspec.MsgspecError:
            return _bad(count, lseq, f"event {lseq}: unreadable envelope", f"事件 {lseq} 无法读取")
        for name, value in found.items():
            if getattr(envelope, name) != value:
                return _bad(count, lseq, f"event {lseq}: column {name} was changed", f"事件 {lseq} 的 {name} 被改动")
        last = end[0] if end else 0
        if envelope.dseq <= last or (envelope.dseq > last + 1 and envelope.device == own):
            return _bad(count, lseq, f"event {lseq}: out of order", f"事件 {lseq} 次序不对")
        ends[envelope.device, envelope.epoch] = envelope.dseq, digest
        count, following = count + 1, lseq + 1
    if not _ends_at_head(db, ends):
        return _bad(
            count, following, f"event {following}: the end of the journal is missing", f"事件 {following} 起缺失"
        )
    report = _verify_order(db, count) if order.joined(db) else None
    return report or Report(count, 0)


def follows(db: Connection, device: str, epoch: int, dseq: int, body: bytes, digest: bytes) -> bool:
    """Whether an event is the next one of its device's chain, as far as this journal knows it."""
    row = db.execute(
        "SELECT dseq, hash FROM event WHERE device = ? AND epoch = ? AND dseq = ?", (device, epoch, dseq - 1)
    ).fetchone()
    return _linked(db, meta(db, "device"), row, (device, epoch, dseq), body, digest)


def _linked(
    db: Connection, own: str, before: tuple[int, bytes] | None, place: tuple[str, int, int], body: bytes, digest: bytes
) -> bool:
    """Whether an event continues the one `before` it, or its epoch some earlier one.

    What the hub could not read it keeps aside, and the place in that device's chain stays empty here: what comes behind
    stands on the hub's word, whose own chain covers it. An own event is never missing.
    """
    device, epoch, dseq = place
    if before is not None:
        return journal.chained(before[1], body) == digest
    if dseq == 1 and (epoch == 1 or device == own):
        return bool(continued(db, device, epoch, body, digest))
    return device != own


def continued(db: Connection, device: str, epoch: int, body: bytes, digest: bytes) -> bytes:
    """The hash that an epoch's first event continues, empty if none is found.

    An epoch goes on from where the file was copied: any event of an earlier one, mostly its last.
    """
    earlier = db.execute(
        "SELECT hash FROM event WHERE device = ? AND epoch < ? ORDER BY epoch DESC, dseq DESC", (device, epoch)
    )
    ends = (bytes(row[0]) for row in earlier)
    return next((end for end in itertools.chain(ends, (journal.GENESIS,)) if journal.chained(end, body) == digest), b"")


def _ends_at_head(db: Connection, ends: dict[tuple[str, int], tuple[int, bytes]]) -> bool:
    """The head in `meta` is the end of this device's chain; before the first event of an epoch, some event of it.

    An epoch may go on from a copy without any event, and what that had forgotten come back from the hub.
    """
    device, epoch, dseq = meta(db, "device"), int(meta(db, "epoch")), int(meta(db, "dseq"))
    head = bytes.fromhex(meta(db, "head"))
    if any(of == device and later > epoch for of, later in ends):
        return False
    if dseq:
        return ends.get((device, epoch)) == (dseq, head)
    own = "SELECT 1 FROM event WHERE device = ? AND hash = ?"
    return (device, epoch) not in ends and (
        head == journal.GENESIS or db.execute(own, (device, head)).fetchone() is not None
    )


def _verify_order(db: Connection, count: int) -> Report | None:
    """The hub's chain from its first event to the cursor, without a gap; None if it holds."""
    chain, place = GENESIS, 0
    rows = db.execute(
        "SELECT lseq, hub_seq, hash, verdict, reason, hub_hash FROM event WHERE hub_seq IS NOT NULL ORDER BY hub_seq"
    )
    for lseq, hub_seq, digest, verdict, reason, found in rows:
        place += 1
        if hub_seq != place:
            return _bad(count, lseq, f"place {place} of the common order is missing", f"共同次序缺第 {place} 位")
        chain = hub_chained(chain, hub_seq, digest, verdict, reason)
        if chain != found:
            return _bad(
                count, lseq, f"event {lseq}: its place or verdict was changed", f"事件 {lseq} 的次序或裁定被改动"
            )
    if (place, chain) != (int(meta(db, "hub_seq", "0")), bytes.fromhex(meta(db, "hub_hash")) or GENESIS):
        return _bad(count, 0, "the end of the common order is missing", "共同次序的末尾缺失")
    return None


def whole_after(db: Connection, lseq: int, digest: bytes) -> bool:
    """Whether the chain holds from one known event to its end: what a handover checks without walking all history.

    With a hub several chains run side by side, and the position may be another console's: each event behind it is asked.
    """
    if order.joined(db):
        rows = db.execute("SELECT device, epoch, dseq, body, hash FROM event WHERE lseq > ?", (lseq,))
        return all(follows(db, *row) for row in rows)
    for body, found in db.execute("SELECT body, hash FROM event WHERE lseq > ? ORDER BY lseq", (lseq,)):
        if journal.chained(digest, body) != found:
            return False
        digest = found
    return meta(db, "head") == digest.hex()


def stood_at(db: Connection, lseq: int, digest: bytes) -> bool:
    """Whether a position that was written down is one of this journal: here, or in the chain of the console that wrote it."""
    if _own_end(db, lseq)[1] == digest:
        return True
    known = "SELECT 1 FROM event WHERE hash = ?"
    return order.joined(db) and db.execute(known, (digest,)).fetchone() is not None


def _own_end(db: Connection, lseq: int) -> tuple[int, bytes]:
    """The last event of this device up to a place in the file: its place and hash."""
    row = db.execute(
        "SELECT lseq, hash FROM event WHERE lseq <= ? AND device = ? ORDER BY lseq DESC LIMIT 1",
        (lseq, meta(db, "device")),
    ).fetchone()
    return (int(row[0]), bytes(row[1])) if row else (0, journal.GENESIS)


def _bad(count: int, lseq: int, en: str, zh: str) -> Report:
    return Report(count, 0, lseq, en, zh)


def folded(db: Connection) -> Iterator[tuple[Case, int | None, int | None]]:
    """Every case folded from the journal, with the chunk event and offset that brought an imported one."""
    fold = _fold(db)
    for case_id, case in fold.cases.items():
        yield case, *fold.origin.get(case_id, (None, None))


def _fold(db: Connection) -> order.Fold:
    return order.Fold(judging=order.joined(db)).add_all(order.walk(db))


def _compare(db: Connection, duty: DutyTime, count: int) -> Report:
    """Rows must equal what the journal folds to, in every column, with nothing more and nothing less."""
    table = _changed_table(db)  # before the cases: their timers ask how far each has climbed
    if table:
        return Report(count, 0, 0, f"table {table} differs from the journal", f"{table} 与日志不符", True)
    names = ", ".join(projections.COLUMNS)
    cases = 0
    fold = _fold(db)
    if sorted(db.execute("SELECT * FROM conflict").fetchall()) != sorted(c.row() for c in fold.conflicts.values()):
        return Report(count, 0, 0, "table conflict differs from the journal", "conflict 与日志不符", True)
    for case in fold.cases.values():
        lseq, offset = fold.origin.get(case.id, (None, None))
        want: tuple[Any, ...] = (*projections.case_values(case, duty), lseq, offset)
        row = db.execute(f"SELECT {names}, origin_lseq, origin_off FROM case_row WHERE id = ?", (case.id,)).fetchone()
        if row is None:
            return Report(
                count, cases, 0, f"case {case.number}: row is missing", f"案件 {case.number} 的投影缺失", True
            )
        for name, found, wanted in zip((*projections.COLUMNS, "origin_lseq", "origin_off"), row, want, strict=True):
            if found != wanted:
                return Report(
                    count, cases, 0, f"case {case.number}: projection {name} was changed",
                    f"案件 {case.number} 的投影 {name} 被改动", True,
                )  # fmt: skip
        for table, zh, held, wanted_rows in (
            (
                "timer",
                "时限",
                f"code, due_at, warn_at, priority FROM {projections.TIMERS_OF}",
                projections.timer_values(case, duty, duty_rows.load_climb(db, case.id)),
            ),
            (
                "dispatch",
                "派单",
                "case_id, n, role, unit, person, at, status, active FROM dispatch WHERE case_id = ?",
                _orders(case),
            ),
        ):
            rows = db.execute(f"SELECT {held}", (case.id,))
            if sorted(rows) != sorted(wanted_rows):
                return Report(
                    count, cases, 0, f"case {case.number}: table {table} was changed",
                    f"案件 {case.number} 的{zh}被改动", True,
                )  # fmt: skip
        cases += 1
    for table, condition in (("case_row", "1"), *_ORPHANS):
        found = db.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()[0]
        extra = found - cases if table == "case_row" else found
        if extra:
            return Report(
                count, cases, 0, f"{extra} rows of {table} have no event", f"{table} 有 {extra} 行没有事件", True
            )
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
    wanted = f"({streams} OR kind IN ({marks}))"
    if not order.joined(db):
        for (body,) in db.execute(f"SELECT body FROM event WHERE {wanted} ORDER BY lseq", duty_rows.KINDS).fetchall():
            duty_rows.apply(into, journal.decode(body))
        return
    for entry in order.standing(order.where(db, wanted, duty_rows.KINDS)):
        refold.add(into, entry)


_ORPHANS = (
    ("timer", "rid NOT IN (SELECT rid FROM case_row)"),
    ("dispatch", "case_id NOT IN (SELECT id FROM case_row)"),
)


def _orders(case: Case) -> list[tuple[Any, ...]]:
    return [(case.id, d.n, d.role, d.unit, d.person, d.at, d.status, int(d.active)) for d in case.dispatches]


def rebuild(db: Connection, duty: DutyTime) -> int:
    """Fold the whole journal into fresh projections; the caller's transaction swaps old for new. Returns the cases."""
    if order.joined(db):
        console = meta(db, "console", "A")
        given = db.execute("SELECT max(serial) FROM case_row WHERE console = ?", (console,)).fetchone()[0]
        projections.keep_number(db, console, given or 0)
    duty_rows.clear(db)
    _replay(db, db)  # before the cases: their timers ask how far each has climbed
    db.execute("DELETE FROM timer")
    db.execute("DELETE FROM dispatch")
    places = {row[0]: row[1] for row in db.execute("SELECT id, rid FROM case_row")}
    db.execute("DELETE FROM case_row")
    search.forget(db)  # rows may get other numbers
    db.execute("DELETE FROM conflict")
    fold = _fold(db)
    db.executemany(order.INSERT_CONFLICT, [c.row() for c in fold.conflicts.values()])
    cases = sorted(fold.cases.values(), key=lambda case: places.get(case.id, 1 << 60))
    for case in cases:
        origin = fold.origin.get(case.id, (None, None))
        db.execute(projections.INSERT_CASE, (*projections.case_values(case, duty), *origin))
        projections.write_timers(db, case, duty, duty_rows.load_climb(db, case.id))
        projections.write_dispatches(db, (), case)
    return len(cases)
