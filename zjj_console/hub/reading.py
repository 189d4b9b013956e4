"""The head of the order, and what pullers see: the order after their cursor, never with a gap, bounded in count and bytes."""

from typing import Any

from sqlalchemy import Connection, Row, func, select

from zjj_console.hub.problems import Refused
from zjj_console.hub.tables import EVENT, HEAD
from zjj_console.sync import wire

_ROOM = wire.MAX_BODY  # bytes of bodies in one answer; one event always fits


def head_of(db: Connection) -> tuple[str, str, int, bytes]:
    """(log, town, seq, hash)."""
    row = db.execute(select(HEAD.c.log, HEAD.c.town, HEAD.c.seq, HEAD.c.hash)).first()
    if row is None:
        raise Refused("not_ready", 30)
    return row.log, row.town, int(row.seq), bytes(row.hash)


def lock_head(db: Connection) -> Row[Any]:
    """The head row, locked until the transaction ends. Raises Refused where there is none."""
    head = db.execute(select(HEAD).with_for_update()).first()
    if head is None:
        raise Refused("not_ready", 30)
    return head


def pull(db: Connection, after: int, digest: str, limit: int, now: int) -> wire.PullAnswer:
    """At most `limit` events after the cursor. Raises Refused `diverged` unless the chain there is `digest` (hex)."""
    log, _, seq, chain = head_of(db)
    if after > seq or _chain_at(db, after, seq, chain).hex() != (digest or ("" if after else wire.GENESIS.hex())):
        raise Refused("diverged")
    if after == seq:
        return wire.PullAnswer(log, [], seq, now)
    sizes = db.execute(
        select(EVENT.c.hub_seq, func.length(EVENT.c.body))
        .where(EVENT.c.hub_seq > after)
        .order_by(EVENT.c.hub_seq)
        .limit(limit)
    )
    last, room = after + 1, _ROOM
    for hub_seq, size in sizes:
        room -= size
        if room < 0 and hub_seq > last:
            break
        last = hub_seq
    columns = (EVENT.c.hub_seq, EVENT.c.hub_hash, EVENT.c.body, EVENT.c.hash, EVENT.c.verdict, EVENT.c.received_at,
               EVENT.c.reason)  # fmt: skip
    rows = db.execute(
        select(*columns).where(EVENT.c.hub_seq > after, EVENT.c.hub_seq <= last).order_by(EVENT.c.hub_seq)
    )
    events = [
        wire.Pulled(n, bytes(chained).hex(), bytes(body).decode(), bytes(own).hex(), verdict, received, reason)
        for n, chained, body, own, verdict, received, reason in rows
    ]
    return wire.PullAnswer(log, events, max(seq, events[-1].hub_seq if events else seq), now)


def _chain_at(db: Connection, after: int, seq: int, chain: bytes) -> bytes:
    if after in (0, seq):
        return chain if after else wire.GENESIS
    return bytes(db.execute(select(EVENT.c.hub_hash).where(EVENT.c.hub_seq == after)).scalar() or b"")
