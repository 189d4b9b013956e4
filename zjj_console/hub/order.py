"""The one order: pushes become rows of the log, each in its place for ever, with its verdict and the hub's chain.

All of it happens with the head row locked from the first statement to the commit. So numbers have no gaps, whoever reads
a number has been able to read every smaller one, and it does not matter how many processes serve one database.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from zjj_console.domain.ids import uuid7
from zjj_console.domain.judge import INVALID
from zjj_console.domain.model import Case
from zjj_console.hub.chain import Fits, Fork, Item, Known, Lined, Link, line_up
from zjj_console.hub.doors import Visitor, admit, visitors
from zjj_console.hub.problems import Refused
from zjj_console.hub.reading import lock_head
from zjj_console.hub.reports import Landed, Reported, own_device
from zjj_console.hub.store import Store
from zjj_console.hub.tables import DEVICE, EVENT, HEAD, INBOUND, ORIGIN, QUARANTINE
from zjj_console.hub.weigh import Memory, concerns, read, weigh
from zjj_console.storage.journal import chained
from zjj_console.sync import wire

UNREADABLE, FORK = "unreadable", "fork"
_PARAMETERS = 500  # of one query


class Offer(Struct, frozen=True):
    """A push that waits: whose credential (its hash) brought it, for which log, and its events."""

    token: bytes
    log: str
    items: list[Item]


Answer = wire.PushAnswer | Landed | Refused


def append(store: Store, memory: Memory, offers: Sequence[Offer | Reported], clock: Callable[[], int]) -> list[Answer]:
    """Take the offers in their order, in one transaction; one answer each. Raises Refused where the database cannot."""

    def work(db: Connection) -> tuple[list[Answer], _Group]:
        group = _Group(db, memory, offers, clock())
        answers = [group.take(offer) for offer in offers]
        group.write()
        return answers, group

    answers, group = store.writing(work)
    memory.keep(group.seq, group.chain, group.cases)
    return answers


class _Group:
    """The offers of one transaction, on what the database held when the head was locked."""

    def __init__(self, db: Connection, memory: Memory, offers: Sequence[Offer | Reported], now: int) -> None:
        self.db, self.now = db, now
        head = lock_head(db)
        self.log, self.seq, self.chain = head.log, int(head.seq), bytes(head.hash)
        pushes = [offer for offer in offers if isinstance(offer, Offer)]
        reports = [offer for offer in offers if isinstance(offer, Reported)]
        items = [item for offer in pushes for item in offer.items]
        self.visitors = _visitors(
            db, {push.token for push in pushes} | {r.token for r in reports if r.token is not None}
        )
        self.own: Visitor | None = None
        self.ends = {v.device: {v.end.epoch: v.end} for v in self.visitors.values()}  # by device and epoch
        self.known = _known(db, {i.envelope.id for i in items if i.envelope} | {r.event for r in reports})
        self.unreadable = _unreadable(db, [item for item in items if item.envelope is None])
        self.links = _links(db, items)
        wanted = {case for item in items if item.envelope for case in concerns(item.envelope)} | {
            r.case for r in reports
        }
        self.cases = memory.standing(db, self.seq, self.chain, wanted)
        self.events: list[dict[str, Any]] = []
        self.origins: list[dict[str, Any]] = []
        self.evidence: dict[bytes, dict[str, Any]] = {}
        self.moved: set[str] = set()
        self.inbound: list[dict[str, Any]] = []

    def take(self, offer: Offer | Reported) -> Answer:
        try:
            if isinstance(offer, Reported):
                return self._report(offer)
            visitor = admit(self.visitors.get(offer.token), "push", self.now)
            if offer.log != self.log:
                raise Refused("other_log", log=self.log)
            lined = self._lined(visitor.device, offer.items)
        except Refused as refused:
            return refused
        acks = [self._step(visitor, step) for step in lined.steps]
        self.ends[visitor.device] = lined.ends
        self.moved.add(visitor.device)
        return wire.PushAnswer(acks, self.seq, self.now, lined.expect, visitor.renews(self.now))

    def _report(self, reported: Reported) -> Landed:
        """The report as the next event of the hub's own chain, or what it became when it came in before."""
        brought = (
            admit(self.visitors.get(reported.token), "report", self.now).device if reported.token is not None else ""
        )
        before = self.known.get(reported.event)
        if before is not None:
            return self._landed(before.ack, reported)
        if self.own is None:
            self.own = own_device(self.db, self.log, self.now)
            self.ends[self.own.device] = {max(self.own.end.epoch, 1): self.own.end}  # it never begins another epoch
        ((epoch, end),) = self.ends[self.own.device].items()
        place = Link(end.device, epoch, end.dseq + 1, end.hash)
        body = reported.body(self.log, place, self.own.console, self.now)
        item = Item(body, chained(end.hash, body), None, read(body))
        place = replace(place, hash=item.hash)
        ack = self._step(self.own, Fits(item, place, end.hash))
        self.ends[place.device] = {epoch: place}
        self.moved.add(place.device)
        self.inbound.append({"source": reported.source, "number": reported.number, "case_id": reported.case,
                             "device": brought, "at": self.now})  # fmt: skip
        return self._landed(ack, reported)

    def _landed(self, ack: wire.Ack, reported: Reported) -> Landed:
        case = self.cases.get(reported.case)
        if case is None:
            raise Refused("unexpected")
        typed = msgspec.convert(msgspec.to_builtins(case), Case)  # folded cases hold what JSON has
        return Landed(ack, self.seq, typed)

    def _lined(self, device: str, items: list[Item]) -> Lined:
        ends = self.ends[device]
        for epoch in {i.envelope.epoch for i in items if i.envelope and i.envelope.id not in self.known} - ends.keys():
            if epoch < max(ends):
                ends |= _end(self.db, device, epoch)
        try:
            return line_up(ends, items, self.known, self.unreadable, self.links)
        except Fork as fork:
            for item in items:
                if item.envelope is None or item.envelope.id not in self.known or self._differs(item):
                    self._evidence(FORK, device, item)
            raise Refused("fork", dseq=fork.dseq) from fork

    def _differs(self, item: Item) -> bool:
        assert item.envelope is not None
        before = self.known[item.envelope.id]
        return (before.body, before.hash) != (item.body, item.hash)

    def _step(self, visitor: Visitor, step: Known | Fits) -> wire.Ack:
        if isinstance(step, Known):
            return step.ack
        item, place, event = step.item, step.place, step.item.envelope
        if event is None:
            self._evidence(UNREADABLE, place.device, item, place)
            ack = wire.Ack("", 0, INVALID, UNREADABLE)
            self.unreadable[item.hash] = Known(item.body, item.hash, ack)
            return ack
        found = weigh(event, visitor.role, self.cases, visitor.console)
        self.seq += 1
        self.chain = wire.hub_chained(self.chain, self.seq, item.hash, found.verdict, found.reason)
        self.events.append({
            "hub_seq": self.seq, "id": event.id, "stream": event.stream, "kind": event.kind, "device": place.device,
            "epoch": place.epoch, "dseq": place.dseq, "at": event.at, "received_at": self.now, "body": item.body,
            "previous": step.previous if place.dseq == 1 else None, "hash": item.hash, "hub_hash": self.chain,
            "verdict": found.verdict, "reason": found.reason,
        })  # fmt: skip
        self.origins += ({"case_id": case, "hub_seq": self.seq, "row": row} for case, row in found.began)
        ack = wire.Ack(event.id, self.seq, found.verdict, found.reason)
        self.known[event.id] = Known(item.body, item.hash, ack)
        return ack

    def _evidence(self, reason: str, device: str, item: Item, place: Link | None = None) -> None:
        event = item.envelope
        digest = hashlib.sha256(reason.encode() + device.encode() + item.hash + item.body).digest()
        self.evidence[digest] = {
            "id": uuid7(self.now), "device": device, "received_at": self.now, "reason": reason, "digest": digest,
            "epoch": place.epoch if place else event.epoch if event else 0,
            "dseq": place.dseq if place else event.dseq if event else 0, "body": item.body, "hash": item.hash,
        }  # fmt: skip

    def write(self) -> None:
        """Everything at once: the rows, the ends of the devices' chains, and last the head."""
        for target, rows in (
            (EVENT, self.events),
            (ORIGIN, self.origins),
            (QUARANTINE, self._new_evidence()),
            (INBOUND, self.inbound),
        ):
            if rows:
                self.db.execute(insert(target), rows)
        newest = [(device, ends[max(ends)]) for device, ends in sorted(self.ends.items()) if device in self.moved]
        ends = [
            {"which": device, "epoch": end.epoch, "dseq": end.dseq, "hash": end.hash, "last_seen": self.now}
            for device, end in newest
        ]
        if ends:
            self.db.execute(update(DEVICE).where(DEVICE.c.id == bindparam("which")), ends)
        if self.events:
            self.db.execute(update(HEAD).values(seq=self.seq, hash=self.chain))

    def _new_evidence(self) -> list[dict[str, Any]]:
        if not self.evidence:
            return []
        there = _rows(self.db, select(QUARANTINE.c.digest), QUARANTINE.c.digest, list(self.evidence))
        kept = {bytes(row.digest) for row in there}
        return [row for digest, row in self.evidence.items() if digest not in kept]


def _rows(db: Connection, query: Any, column: Any, values: list[Any]) -> Iterable[Row[Any]]:
    for first in range(0, len(values), _PARAMETERS):
        yield from db.execute(query.where(column.in_(values[first : first + _PARAMETERS])))


def _visitors(db: Connection, tokens: set[bytes]) -> dict[bytes, Visitor]:
    """By the hash of their credential. Read behind the lock, so that a revocation counts from its commit."""
    found: dict[bytes, Visitor] = {}
    wanted = sorted(tokens)
    for first in range(0, len(wanted), _PARAMETERS):
        found |= visitors(db, wanted[first : first + _PARAMETERS])
    return found


def _known(db: Connection, wanted: set[str]) -> dict[str, Known]:
    ids = sorted(wanted)
    columns = (EVENT.c.id, EVENT.c.hub_seq, EVENT.c.verdict, EVENT.c.reason, EVENT.c.body, EVENT.c.hash)
    return {
        row.id: Known(bytes(row.body), bytes(row.hash), wire.Ack(row.id, row.hub_seq, row.verdict, row.reason))
        for row in _rows(db, select(*columns), EVENT.c.id, ids)
    }


def _places(held: Any, device: str) -> Any:
    """The rows of a table that hold places in a device's chains: what is in the order, what could not be read."""
    query = select(held.c.dseq, held.c.hash).where(held.c.device == device)
    return query.where(held.c.reason == UNREADABLE) if held is QUARANTINE else query


def _end(db: Connection, device: str, epoch: int) -> dict[int, Link]:
    """Where an earlier epoch of a device ends; nothing if it never began."""
    found: list[Row[Any]] = []
    for held in (EVENT, QUARANTINE):
        query = _places(held, device).where(held.c.epoch == epoch).order_by(held.c.dseq.desc()).limit(1)
        found += db.execute(query).all()
    ends = [Link(device, epoch, row.dseq, bytes(row.hash)) for row in found]
    return {epoch: max(ends, key=lambda end: end.dseq)} if ends else {}


def _links(db: Connection, items: list[Item]) -> set[bytes]:
    """Of what later epochs continue, the hashes that are here; read in their device's own rows, and seldom at all."""
    found: set[bytes] = set()
    for device, previous in {(i.envelope.device, i.previous) for i in items if i.envelope and i.previous}:
        for held in (EVENT, QUARANTINE):
            row = db.execute(_places(held, device).where(held.c.hash == previous).limit(1)).first()
            found |= {bytes(row.hash)} if row else set()
    return found


def _unreadable(db: Connection, items: list[Item]) -> dict[bytes, Known]:
    if not items:
        return {}
    query = select(QUARANTINE.c.body, QUARANTINE.c.hash).where(QUARANTINE.c.reason == UNREADABLE)
    return {
        bytes(row.hash): Known(bytes(row.body), bytes(row.hash), wire.Ack("", 0, INVALID, UNREADABLE))
        for row in _rows(db, query, QUARANTINE.c.hash, sorted({item.hash for item in items}))
    }
