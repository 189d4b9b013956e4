"""A hub in memory: the real one's chain and judge over a list instead of a database. What the consoles are held against."""

from zjj_console.domain.judge import APPLIED
from zjj_console.hub.chain import Fits, Known, Link, line_up, unpack
from zjj_console.hub.weigh import read, weigh
from zjj_console.storage import journal
from zjj_console.sync.wire import GENESIS, Ack, PullAnswer, Pulled, PushAnswer, Pushed, hub_chained


class Diverged(Exception):
    """The console's cursor is not of this order."""


class TrialHub:
    """`log` is the order; everything else is known from it. Faults are planted by replacing a method."""

    def __init__(self, name="hub-1"):
        self.name, self.now, self.log = name, 1_614_612_240_000_000, []
        self._forget()

    def _forget(self):
        self.ends, self.known, self.cases = {}, {}, {}

    @property
    def head(self):
        return len(self.log)

    @property
    def head_hash(self):
        return bytes.fromhex(self.log[-1].hub_hash) if self.log else GENESIS

    @property
    def ids(self):
        return [read(one.body.encode()).id for one in self.log]

    def push(self, events: list[Pushed]) -> PushAnswer:
        """All of it or nothing (Fork); a gap in the device's chain stops it there."""
        items = unpack(events)
        device = items[0].envelope.device
        links = {bytes.fromhex(one.hash) for one in self.log}
        lined = line_up(self.ends.get(device, {0: Link(device)}), items, self.known, {}, links)
        acks = [s.ack if isinstance(s, Known) else self.append(s) for s in lined.steps]
        return PushAnswer(acks, self.head, self.now, lined.expect)

    def append(self, step: Fits) -> Ack:
        """One more in the order, for ever, with its verdict."""
        body, digest = step.item.body, step.item.hash
        found = weigh(step.item.envelope, "console", self.cases)
        seq = self.head + 1
        chain = hub_chained(self.head_hash, seq, digest, found.verdict, found.reason)
        one = Pulled(seq, chain.hex(), body.decode(), digest.hex(), found.verdict, self.now + seq, found.reason)
        self.log.append(one)
        return self._keep(one)

    def _keep(self, one):
        e, digest = read(one.body.encode()), bytes.fromhex(one.hash)
        self.ends.setdefault(e.device, {})[e.epoch] = Link(e.device, e.epoch, e.dseq, digest)
        self.known[e.id] = Known(one.body.encode(), digest, Ack(e.id, one.hub_seq, one.verdict, one.reason))
        return self.known[e.id].ack

    def pull(self, after, chain, limit=1000) -> PullAnswer:
        if after > self.head or (after and self.log[after - 1].hub_hash != chain.hex()):
            raise Diverged
        return PullAnswer(self.name, self.log[after : after + limit], self.head, self.now)

    def restore(self, head):
        """Start anew on the first `head` events: all of them after a crash, fewer where a backup was put back."""
        self.log = self.log[:head]
        self._forget()
        for one in self.log:
            found = weigh(read(one.body.encode()), "console", self.cases)
            assert (found.verdict, found.reason) == (one.verdict, one.reason), "a verdict stands for ever"
            self._keep(one)

    def check(self):
        """Numbers without a gap, a chain that holds, each device's events whole and in its own order (I-3, I-4)."""
        chain, ends, held = GENESIS, {}, {}
        for number, one in enumerate(self.log, 1):
            e, digest = read(one.body.encode()), bytes.fromhex(one.hash)
            assert one.hub_seq == number
            chain = hub_chained(chain, number, digest, one.verdict, one.reason)
            assert chain.hex() == one.hub_hash, "the hub's chain is broken"
            dseq, last = ends.get((e.device, e.epoch), (0, None))
            assert e.dseq == dseq + 1, "a device's events are out of order"
            before = (
                [last] if last else [GENESIS, *held.get(e.device, ())]
            )  # an epoch continues any event of its device
            linked = any(journal.chained(end, one.body.encode()) == digest for end in before)
            assert linked, "a device's chain is broken"
            ends[e.device, e.epoch] = e.dseq, digest
            held.setdefault(e.device, []).append(digest)
        assert len(set(self.ids)) == self.head, "an event is in the order twice"

    def refused(self):
        """Ids of what the order holds and does not apply."""
        return {i for i, one in zip(self.ids, self.log, strict=True) if one.verdict != APPLIED}
