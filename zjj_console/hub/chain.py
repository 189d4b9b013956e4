"""Where an offered event belongs in its device's chain. Pure; the database has been asked before.

The whole push is looked at before anything of it is taken: a push that forks leaves nothing behind but the evidence.
"""

import re
from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from zjj_console.hub.problems import Refused
from zjj_console.hub.weigh import Envelope, read
from zjj_console.storage.journal import GENESIS, chained
from zjj_console.sync import wire

_HASH = re.compile("[0-9a-f]{64}")


class Item(Struct, frozen=True):
    """One pushed event as bytes, with its envelope where that can be read."""

    body: bytes
    hash: bytes
    previous: bytes | None
    envelope: Envelope | None


class Link(Struct, frozen=True):
    """The end of a device's chain."""

    device: str
    epoch: int = 0
    dseq: int = 0
    hash: bytes = GENESIS


class Known(Struct, frozen=True):
    """An event that the hub has already: in its order, or (hub_seq 0) as an unreadable one beside it."""

    body: bytes
    hash: bytes
    ack: wire.Ack


class Fits(Struct, frozen=True):
    """A new event with its place; `previous` is what its hash continues."""

    item: Item
    place: Link
    previous: bytes


class Lined(Struct, frozen=True):
    """What a push comes to, in its order: events known already or new ones; and the number wanted next after a gap."""

    steps: list[Known | Fits]
    ends: dict[int, Link]
    expect: int | None = None


class Fork(Exception):
    """The device's chain and the hub's differ, or an id came again with other bytes. `dseq` says where."""

    def __init__(self, dseq: int) -> None:
        super().__init__(dseq)
        self.dseq = dseq


def unpack(events: Iterable[wire.Pushed]) -> list[Item]:
    """The events as bytes. Raises Refused where a hash is none or a body is no text."""
    items = []
    for event in events:
        if not _HASH.fullmatch(event.hash) or (event.previous and not _HASH.fullmatch(event.previous)):
            raise Refused("bad_request", what="hash")
        try:
            body = event.body.encode()
        except UnicodeEncodeError as error:
            raise Refused("bad_request", what="body") from error
        previous = bytes.fromhex(event.previous) if event.previous else None
        items.append(Item(body, bytes.fromhex(event.hash), previous, read(body)))
    return items


def line_up(
    ends: Mapping[int, Link],
    items: Iterable[Item],
    known: Mapping[str, Known],
    unreadable: Mapping[bytes, Known],
    links: Collection[bytes] = (),
) -> Lined:
    """Each event's place behind the ends of its device. Raises Fork or Refused; changes nothing.

    `ends` are the device's epochs, the newest among them; each is a chain of its own and may go on: two copies of one
    journal lose nothing. `known` is by id, `unreadable` by hash. `links`: of the hashes that epochs say to continue, those
    that the hub holds. One that it has not, it wants first: it may have been put back to a backup.
    """
    steps: list[Known | Fits] = []
    here: dict[str, Item] = {}  # of this very push
    ends = dict(ends)
    device = ends[max(ends)].device
    held = {GENESIS, *links, *(end.hash for end in ends.values())}
    for item in items:
        envelope = item.envelope
        before = unreadable.get(item.hash) if envelope is None else known.get(envelope.id)
        if before is not None:
            if (before.body, before.hash) != (item.body, item.hash):
                raise Fork(envelope.dseq if envelope else 0)
            steps.append(before)
            held.add(item.hash)
            continue
        if envelope is None:
            place = _behind(ends, item)
        else:
            if envelope.device != device:
                raise Refused("other_device")
            place = Link(device, envelope.epoch, envelope.dseq, item.hash)
            if envelope.id in here:
                raise Fork(envelope.dseq)
            here[envelope.id] = item
        end = ends.get(place.epoch)
        if end is not None and place.dseq <= end.dseq:
            raise Fork(place.dseq)  # the place is taken by another event
        wanted = end.dseq + 1 if end else 1
        if place.dseq != wanted or (end is None and item.previous and item.previous not in held):
            return Lined(steps, ends, wanted)
        steps.append(Fits(item, place, _continued(ends, item, place)))
        held.add(item.hash)
        ends[place.epoch] = place
    return Lined(steps, ends)


def _behind(ends: Mapping[int, Link], item: Item) -> Link:
    """The place of what cannot be read is told by its hash alone: behind the chain that it continues."""
    newest = ends[max(ends)]
    end = next((one for one in ends.values() if chained(one.hash, item.body) == item.hash), newest)
    return Link(newest.device, max(end.epoch, 1), end.dseq + 1, item.hash)


def _continued(ends: Mapping[int, Link], item: Item, place: Link) -> bytes:
    """The hash before this event. An epoch may continue any event of an earlier one, so its first event states it."""
    end, newest = ends.get(place.epoch), ends[max(ends)]
    stated = [item.previous] if item.previous and item.envelope else []
    for previous in [end.hash] if end else [newest.hash, GENESIS, *stated]:
        if chained(previous, item.body) == item.hash:
            return previous
    if end is None and item.previous is None and newest.epoch > 0:
        raise Refused("unlinked")
    raise Fork(place.dseq)
