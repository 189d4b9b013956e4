"""A hub in memory: the order, its chain and the judge, as the protocol tells them. What the tests hold the consoles against."""

import msgspec

from zjj_console.domain.judge import APPLIED, CONFLICT, INVALID, judge
from zjj_console.domain.registers import EMPTY, REASON, overtaken, register
from zjj_console.storage import journal, order
from zjj_console.sync.wire import GENESIS, Ack, PullAnswer, Pulled, PushAnswer, Pushed, hub_chained


class Envelope(msgspec.Struct):
    id: str
    device: str
    epoch: int
    dseq: int
    kind: str


class Diverged(Exception):
    """The console's cursor is not of this order."""


class Fork(Exception):
    """The same id, or the same place of a device's chain, with other bytes."""


class TrialHub:
    """`log` is the order. Faults are planted by overriding a method."""

    def __init__(self, log="hub-1"):
        self.name, self.now = log, 1_614_612_240_000_000
        self.log, self.ids, self.ends, self.cases, self.registers = [], {}, {}, {}, {}

    @property
    def head(self):
        return len(self.log)

    @property
    def head_hash(self):
        return bytes.fromhex(self.log[-1].hub_hash) if self.log else GENESIS

    def restore(self, head):
        """Put back a backup: what came later is unknown again."""
        kept = self.log[:head]
        self.log, self.ids, self.ends, self.cases, self.registers = [], {}, {}, {}, {}
        for one in kept:
            self.append(one.body.encode(), bytes.fromhex(one.hash))

    def known(self, body, digest):
        return self.ids.get(msgspec.json.decode(body, type=Envelope).id)

    def push(self, events: list[Pushed]) -> PushAnswer:
        acks = []
        for pushed in events:
            body, digest = pushed.body.encode(), bytes.fromhex(pushed.hash)
            found = self.known(body, digest)
            if found is not None:
                old = self.log[found - 1]
                if old.body != pushed.body:
                    raise Fork
            else:
                e = msgspec.json.decode(body, type=Envelope)
                dseq, last = self.ends.get((e.device, e.epoch), (0, None))
                if e.dseq <= dseq:
                    raise Fork
                if e.dseq != dseq + 1 or (last and journal.chained(last, body) != digest):
                    return PushAnswer(acks, self.head, self.now, expect=dseq + 1)
                old = self.append(body, digest)
            acks.append(Ack(msgspec.json.decode(body, type=Envelope).id, old.hub_seq, old.verdict, old.reason))
        return PushAnswer(acks, self.head, self.now)

    def append(self, body, digest):
        e = msgspec.json.decode(body, type=Envelope)
        verdict, reason = self.judged(body)
        seq = self.head + 1
        chain = hub_chained(self.head_hash, seq, digest, verdict, reason)
        one = Pulled(seq, chain.hex(), body.decode(), digest.hex(), verdict, self.now + seq, reason)
        self.log.append(one)
        self.ids[e.id] = seq
        self.ends[e.device, e.epoch] = e.dseq, digest
        return one

    def judged(self, body):
        events = order.events_of(body)
        if events is None:
            return INVALID, "data"
        stored = journal.decode(body)
        of = register(stored.stream, stored.kind)
        if of[0]:
            last = self.registers.get(of, EMPTY)
            if overtaken(last, stored.seen, stored.data):
                return CONFLICT, REASON
            self.registers[of] = last.then(msgspec.json.decode(body, type=Envelope).id, stored.data)
        chunk = len(events) > 1 or b'"cases_imported"' in body
        for event in events:
            judged = judge(self.cases.get(event.case), event)
            if judged.verdict == APPLIED:
                self.cases[event.case] = judged.case
            elif not chunk:
                return judged.verdict, judged.reason
        return APPLIED, ""

    def pull(self, after, chain, limit=1000) -> PullAnswer:
        if after > self.head or (after and self.log[after - 1].hub_hash != chain.hex()):
            raise Diverged
        return PullAnswer(self.name, self.log[after : after + limit], self.head, self.now)
