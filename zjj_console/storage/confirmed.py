"""What passes between this journal and the hub's order: the outbox, what was pulled, and the way back after a restore.

Only what was pulled is confirmed; that a push was answered confirms nothing. Events, rows, cursor and the hub's hash move
in one transaction, the caller's.
"""

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zjj_console.domain import registers
from zjj_console.domain.chain import GENESIS, hub_chained
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.judge import judge
from zjj_console.storage import audit, journal, order, refold
from zjj_console.storage.db import Connection, NotUnique, meta, set_meta

_CONFIRM = "UPDATE event SET hub_seq = ?, hub_hash = ?, verdict = ?, reason = ?, received_at = ? WHERE id = ? AND hub_seq IS NULL"
_INSERT = (
    "INSERT INTO event(id, stream, kind, actor, device, epoch, dseq, at, cmd, body, hash, hub_seq, hub_hash, verdict,"
    " reason, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_BATCH = 400  # ids asked for at once
_FEW = 2000  # events whose streams are folded again one by one; more are quicker folded all at once


class Disorder(Exception):
    """The hub's answer cannot be taken; nothing was written. `code`: gap | chain | device | fork | envelope | twice."""

    def __init__(self, code: str, en: str) -> None:
        super().__init__(en)
        self.code = code


class Sent(Struct, frozen=True):
    """An own event on its way to the hub: exact bytes, and the hash that chains them.

    `previous` is what that hash continues; it is given with the first event of a later epoch, empty otherwise.
    """

    id: str
    epoch: int
    dseq: int
    body: bytes
    hash: bytes
    previous: bytes = b""


class Received(Struct, frozen=True):
    """One event of the hub's order. `received_at` in µs UTC at the hub."""

    hub_seq: int
    hub_hash: bytes
    body: bytes
    hash: bytes
    verdict: int
    received_at: int
    reason: str = ""


class Taken(Struct, frozen=True):
    """What a pull brought: own events confirmed, foreign ones new here, and how many of all did not apply."""

    own: int = 0
    foreign: int = 0
    refused: int = 0


def outbox_events(db: Connection, limit: int, max_bytes: int = 1 << 62, after: tuple[int, int] = (0, 0)) -> list[Sent]:
    """Own events that are not in the hub's order yet, as their chain goes; at least one, at most about `max_bytes`.

    `after` is the (epoch, dseq) behind which to look: what was sent and is not confirmed yet need not be sent twice.
    """
    device = meta(db, "device")
    rows = db.execute(
        "SELECT id, epoch, dseq, body, hash FROM event WHERE hub_seq IS NULL AND device = ? AND (epoch, dseq) > (?, ?)"
        " ORDER BY epoch, dseq LIMIT ?",
        (device, *after, limit),
    )
    found: list[Sent] = []
    size = 0
    for row in rows:
        size += len(row[3])
        if found and size > max_bytes:
            break
        event_id, epoch, dseq, body, digest = row
        begins = epoch > 1 and dseq == 1
        previous = audit.continued(db, device, epoch, body, digest) if begins else b""
        found.append(Sent(event_id, epoch, dseq, body, digest, previous))
    return found


def waiting(db: Connection, most: int = 1 << 62) -> tuple[int, int | None]:
    """(own events not confirmed yet, counted up to `most`; when the oldest was recorded in µs UTC)."""
    device = meta(db, "device")
    own = "FROM event WHERE hub_seq IS NULL AND device = ?"
    count = db.execute(f"SELECT count(*) FROM (SELECT 1 {own} LIMIT ?)", (device, most)).fetchone()[0]
    oldest = db.execute(f"SELECT at {own} ORDER BY epoch, dseq LIMIT 1", (device,)).fetchone()
    return int(count), int(oldest[0]) if oldest else None


def position(db: Connection) -> tuple[int, bytes]:
    """How far this console has followed the common order: (cursor, the hub's chain there)."""
    return int(meta(db, "hub_seq", "0")), bytes.fromhex(meta(db, "hub_hash")) or GENESIS


def hash_at(db: Connection, hub_seq: int) -> bytes:
    """The hub's chain at a place that this console has seen."""
    row = db.execute("SELECT hub_hash FROM event WHERE hub_seq = ?", (hub_seq,)).fetchone()
    return bytes(row[0]) if row else GENESIS


class _News(Struct, frozen=True):
    """A pulled event as it was taken: `known` was in this journal already. `epoch`: 0 of one that is pending again."""

    entry: order.Entry
    known: bool
    epoch: int = 0


def apply(db: Connection, duty: DutyTime, received: list[Received]) -> Taken:
    """Take a piece of the common order: confirm, insert, fold what it touches, move the cursor. Raises Disorder."""
    assert db.in_transaction, "the caller's transaction makes it one thing"
    cursor, chain = position(db)
    if not received:
        return Taken()
    news: list[_News] = []
    for one in received:
        if one.hub_seq != cursor + 1:
            raise Disorder("gap", f"the hub sent {one.hub_seq}, wanted was {cursor + 1}")
        chain = hub_chained(chain, one.hub_seq, one.hash, one.verdict, one.reason)
        if chain != one.hub_hash:
            raise Disorder("chain", f"the hub's chain does not hold at {one.hub_seq}")
        news.append(_take(db, one))
        cursor += 1
    _settle(db, duty, news)
    set_meta(db, hub_seq=str(cursor), hub_hash=chain.hex())
    own = meta(db, "device")
    mine = sum(n.entry.device == own for n in news)
    return Taken(mine, len(news) - mine, sum(bool(n.entry.verdict) for n in news))


def _take(db: Connection, one: Received) -> _News:
    told = (one.hub_seq, one.hub_hash, one.verdict, one.reason, one.received_at)
    try:
        e = journal.columns(one.body)
    except msgspec.MsgspecError as error:
        raise Disorder("envelope", f"unreadable envelope at {one.hub_seq}") from error
    known = db.execute("SELECT lseq, body, hash FROM event WHERE id = ?", (e.id,)).fetchone()
    if known is None:
        lseq = _insert(db, e, one, told)
    else:
        lseq = int(known[0])
        if (known[1], known[2]) != (one.body, one.hash):
            raise Disorder("fork", f"event {e.id} has other bytes at the hub")
        if db.execute(_CONFIRM, (*told, e.id)).rowcount != 1:
            raise Disorder("twice", f"event {e.id} is in the order twice")
    entry = order.Entry(
        lseq, one.hub_seq, one.verdict, one.reason, e.id, e.stream, e.kind, e.actor, e.device, e.at, one.body
    )
    return _News(entry, known is not None, e.epoch)


def _insert(db: Connection, e: journal.Columns, one: Received, told: tuple[object, ...]) -> int:
    if not audit.follows(db, e.device, e.epoch, e.dseq, one.body, one.hash):
        raise Disorder("device", f"the chain of device {e.device} does not hold at {one.hub_seq}")
    try:
        done = db.execute(
            _INSERT,
            (e.id, e.stream, e.kind, e.actor, e.device, e.epoch, e.dseq, e.at, e.cmd, one.body, one.hash, *told),
        )
    except NotUnique as error:  # its place in the device's chain is taken here by another event
        raise Disorder("fork", f"number {e.dseq} of device {e.device} is another event at the hub") from error
    here = (int(meta(db, "epoch")), int(meta(db, "dseq"))) if e.device == meta(db, "device") else None
    if here is not None and (e.epoch, e.dseq) > here:
        # The hub knows more of this device than the file does: an older copy was put in its place, unseen. It goes on apart.
        set_meta(db, epoch=str(e.epoch), dseq=str(e.dseq), head=one.hash.hex(), file="older")
    return int(done.lastrowid)


# what was touched -----------------------------------------------------------------------------------------------------


def _settle(db: Connection, duty: DutyTime, news: list[_News]) -> None:
    """Duty before cases, for the timers of a case ask how far it has climbed; chunks before what was done to their cases."""
    if any(n.entry.kind == "cases_imported" and n.entry.verdict for n in news):
        audit.rebuild(db, duty)  # which chunk brings a case now, only the whole order tells; seldom
        return
    own = _in_order(db, news)
    climbed = _duty(db, news, own)
    mixed = _imports_mixed(db, news, own)
    by_stream: dict[str, list[_News]] = {}
    touched: dict[str, tuple[int, int] | None] = {}
    for one in news:
        if one.entry.kind == "cases_imported":
            if mixed or not one.known or one.entry.device != own:  # else it stays where it was among the others
                touched |= _chunk(db, duty, one.entry, touched)
        else:
            by_stream.setdefault(one.entry.stream, []).append(one)
    for stream, ones in by_stream.items():
        if not _echo(db, stream, ones, own) and (_clashes(db, stream, ones) or not all(_folds_duty(n) for n in ones)):
            touched.setdefault(stream, None)  # of rows of duty only what clashes is folded here
    for stream, origin in touched.items():
        refold.case(db, duty, stream, origin)
    for case_id in climbed - touched.keys():
        refold.timers(db, duty, case_id)


def _in_order(db: Connection, news: list[_News]) -> str:
    """This device, whose acts come back as they were done; empty where it wrote in several epochs that still wait.

    After restores on both sides the hub may take a later epoch before an earlier one: then every row is folded anew.
    """
    own = meta(db, "device")
    epochs = {n.epoch for n in news if n.epoch and n.entry.device == own}
    for way in ("ASC", "DESC"):
        waiting = f"SELECT epoch FROM event WHERE hub_seq IS NULL AND device = ? ORDER BY epoch {way} LIMIT 1"
        epochs |= {row[0] for row in db.execute(waiting, (own,)).fetchall()}
    return own if len(epochs) <= 1 else ""


def _imports_mixed(db: Connection, news: list[_News], own: str) -> bool:
    """Whether imports of other desks were or are pending here, after a restore of the hub: own ones may change places."""
    if any(n.known and n.entry.device != own and n.entry.kind == "cases_imported" for n in news):
        return True
    foreign = "SELECT 1 FROM event WHERE hub_seq IS NULL AND device {} ? AND kind = 'cases_imported' LIMIT 1"
    return any(db.execute(foreign.format(side), (own,)).fetchone() for side in "<>")  # not <>: own ones may be many


def _clashes(db: Connection, stream: str, ones: list[_News]) -> bool:
    """Whether what stands apart in a stream may be something else now."""
    told = any(n.entry.verdict or n.entry.kind == registers.RESOLVED for n in ones)
    return told or _apart(db, stream) or refold.pending(db, "stream = ?", (stream,))


def _apart(db: Connection, stream: str) -> bool:
    return db.execute("SELECT 1 FROM conflict WHERE stream = ? LIMIT 1", (stream,)).fetchone() is not None


def _folds_duty(one: _News) -> bool:
    return bool(refold.scopes(one.entry.stream, one.entry.kind, one.entry.body))


def _own(ones: list[_News], own: str) -> bool:
    """Own acts that come back as they were done."""
    return all(n.known and not n.entry.verdict and n.entry.device == own for n in ones)


def _echo(db: Connection, stream: str, ones: list[_News], own: str) -> bool:
    """Nothing but own acts, nobody else's between them: every row stands as it is."""
    if not _own(ones, own):
        return False
    return not _apart(db, stream) and not refold.pending(db, "stream = ?", (stream,), but=own)


def _duty(db: Connection, news: list[_News], own: str) -> set[str]:
    """Rows of duty: one more event behind settled ones is added, anything else folds its scope anew. Cases that climbed."""
    by_scope: dict[refold.Scope, list[_News]] = {}
    for one in news:
        for scope in refold.scopes(one.entry.stream, one.entry.kind, one.entry.body):
            by_scope.setdefault(scope, []).append(one)
    for scope, ones in by_scope.items():
        condition = refold.condition(scope)
        if _own(ones, own) and not refold.pending(db, *condition, but=own):
            continue
        if any(n.known for n in ones) or refold.pending(db, *condition):
            refold.rows_of(db, scope)
        else:
            for one in ones:
                refold.add(db, one.entry, scope.day)
    return {scope.key.partition(":")[2] for scope in by_scope if scope.key.startswith("ladder:")}


def _chunk(
    db: Connection, duty: DutyTime, entry: order.Entry, touched: dict[str, tuple[int, int] | None]
) -> dict[str, tuple[int, int] | None]:
    """An import. Cases new to this console get their rows; the answer is those that must be folded, with origin."""
    events = order.events_of(entry.body) or []
    ids = [event.case for event in events]
    standing, streams = _standing(db, ids)
    later: dict[str, tuple[int, int] | None] = {}
    for offset, event in enumerate(events):
        origin = (entry.lseq, offset)
        if event.case in later or touched.get(event.case) is not None:
            continue  # an earlier row of the order brings it
        if event.case in standing:
            place = standing[event.case]
            if place is None or place > (entry.hub_seq or 0):
                later[event.case] = origin  # another import of the same case comes behind this one now
        elif event.case in streams:
            later[event.case] = origin
        else:
            judged = judge(None, event)
            if not judged.verdict:
                refold.write(db, duty, judged.case, origin)
                standing[event.case] = entry.hub_seq
    return later


def _standing(db: Connection, ids: list[str]) -> tuple[dict[str, int | None], set[str]]:
    """Cases that have a row, with the place of the chunk that brought it (None: pending, or no chunk); ids with events."""
    standing: dict[str, int | None] = {}
    streams: set[str] = set()
    for n in range(0, len(ids), _BATCH):
        some = ids[n : n + _BATCH]
        marks = ",".join("?" * len(some))
        standing |= dict(
            db.execute(
                "SELECT c.id, e.hub_seq FROM case_row c LEFT JOIN event e ON e.lseq = c.origin_lseq"
                f" WHERE c.id IN ({marks})",
                some,
            ).fetchall()
        )
        streams |= {row[0] for row in db.execute(f"SELECT DISTINCT stream FROM event WHERE stream IN ({marks})", some)}
    return standing, streams


# coming and going back ------------------------------------------------------------------------------------------------


def join(db: Connection, duty: DutyTime, log: str, console: str) -> None:
    """From now on the order is that of a hub's log. What is here already is pending, and judged from now on."""
    assert db.in_transaction
    set_meta(db, hub_log=log, hub_seq="0", hub_hash="", **({"console": console} if console else {}))
    audit.rebuild(db, duty)


def rewind(db: Connection, duty: DutyTime, hub_seq: int) -> int:
    """A hub was restored from a backup: what it confirmed behind `hub_seq` is pending again. Nothing is dropped.

    Own events are pushed again; foreign ones wait here, applied provisionally, until their console pushes them again.
    Returns how many were taken back.
    """
    assert db.in_transaction
    set_meta(db, hub_rewind="1")
    taken = order.where(db, "hub_seq > ?", (hub_seq,))
    db.execute(
        "UPDATE event SET hub_seq = NULL, hub_hash = NULL, verdict = NULL, reason = NULL, received_at = NULL"
        " WHERE hub_seq > ?",
        (hub_seq,),
    )
    db.execute("DELETE FROM meta WHERE k = 'hub_rewind'")
    set_meta(db, hub_seq=str(hub_seq), hub_hash=hash_at(db, hub_seq).hex())
    if len(taken) > _FEW or any(entry.kind == "cases_imported" for entry in taken):
        audit.rebuild(db, duty)
    else:  # the desk is not to wait for its whole history
        _settle(
            db, duty, [_News(replace(entry, hub_seq=None, verdict=None, reason=None), known=True) for entry in taken]
        )
    return len(taken)
