"""Journal and hub, without the network: what to push next, what an answer means, a pulled piece into the database.

Its own connection; every write is one short transaction, so that a dispatch never waits long for it.
"""

import time
from collections.abc import Iterator

from msgspec import Struct

from zjj_console.domain.duty import DutyTime
from zjj_console.storage import confirmed
from zjj_console.storage.confirmed import Received, Taken
from zjj_console.storage.db import Connection, writing
from zjj_console.sync import wire

PIECE = (10, 100)  # events of one transaction: at first, at most
SHORT = 0.015  # seconds that one may hold the write lock; pieces grow and shrink with it
ROOM = wire.MAX_BODY * 3 // 4  # bytes of bodies in one push: quoting makes them longer


class Counted(Struct):
    """What an exchange did: events sent, own ones confirmed, foreign ones taken, and how many of these do not apply."""

    pushed: int = 0
    own: int = 0
    foreign: int = 0
    refused: int = 0

    def add(self, taken: Taken) -> None:
        self.own += taken.own
        self.foreign += taken.foreign
        self.refused += taken.refused


class Exchange:
    """The database's side of one exchange. Not for several threads at once."""

    def __init__(self, db: Connection, duty: DutyTime) -> None:
        self.db, self.duty = db, duty
        self.counted = Counted()
        self.sent = (0, 0)  # (epoch, dseq) up to which the hub has answered in this exchange
        self._most = wire.MAX_EVENTS
        self._piece = PIECE[0]

    # out ------------------------------------------------------------------------------------------------------------

    def offer(self) -> list[confirmed.Sent]:
        """What to push next; empty where everything has been answered."""
        return confirmed.outbox_events(self.db, self._most, ROOM, self.sent)

    def answered(self, sent: list[confirmed.Sent], answer: wire.PushAnswer) -> None:
        """The hub has the events that it acknowledges; after a gap it says where to go on. Confirms nothing."""
        took = len(answer.acks)
        self.counted.pushed += took
        if took:
            self.sent = sent[took - 1].epoch, sent[took - 1].dseq
        if answer.expect is not None and took < len(sent):
            self.sent = sent[took].epoch, answer.expect - 1

    def smaller(self) -> bool:
        """Push less at a time from now on; False where one event alone is too large."""
        smaller, self._most = self._most > 1, max(1, self._most // 2)
        return smaller

    def anew(self) -> None:
        """The line was down: what was sent may not have arrived."""
        self.sent, self._most = (0, 0), wire.MAX_EVENTS

    def missed(self, sent: tuple[int, int]) -> None:
        """All is pulled, and what the hub had acknowledged before, up to `sent`, was not in it: it has lost them again."""
        waiting = confirmed.outbox_events(self.db, 1)
        if waiting and (waiting[0].epoch, waiting[0].dseq) <= sent:
            self.anew()

    # in -------------------------------------------------------------------------------------------------------------

    def position(self) -> tuple[int, bytes]:
        return confirmed.position(self.db)

    def take(self, events: list[wire.Pulled]) -> Iterator[float]:
        """Take pulled events piece by piece; yields after each how long it held the lock, in seconds. Raises Disorder.

        Pieces that are in stay in: the cursor moves with them.
        """
        received = [_received(event) for event in events]
        while received:
            piece, received = received[: self._piece], received[self._piece :]
            begun = time.perf_counter()
            with writing(self.db):
                self.counted.add(confirmed.apply(self.db, self.duty, piece))
            took = time.perf_counter() - begun
            self._piece = max(1, self._piece // 2) if took > SHORT else min(PIECE[1], self._piece * 2)
            yield took

    def rewind(self, hub_seq: int) -> int:
        """Go back to where this history and the hub's agree; how many events are pending again."""
        with writing(self.db):
            taken = confirmed.rewind(self.db, self.duty, hub_seq)
        self.anew()
        return taken

    def chain_at(self, hub_seq: int) -> bytes:
        return confirmed.hash_at(self.db, hub_seq)


def _received(event: wire.Pulled) -> Received:
    """Raises Disorder where a hash is none: then it is no order of a hub."""
    try:
        chained, own = bytes.fromhex(event.hub_hash), bytes.fromhex(event.hash)
    except ValueError as error:
        raise confirmed.Disorder("chain", f"no hash at {event.hub_seq}") from error
    return Received(event.hub_seq, chained, event.body.encode(), own, event.verdict, event.received_at, event.reason)


def offered(sent: list[confirmed.Sent]) -> list[wire.Pushed]:
    """Own events in the words of the wire."""
    return [wire.Pushed(one.body.decode(), one.hash.hex(), one.previous.hex()) for one in sent]
