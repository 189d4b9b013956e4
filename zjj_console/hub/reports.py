"""Reports that come in at the hub itself: each becomes one ordinary `reported` event of the hub's own chain.

The event is made by the rule that a desk uses, at its place in that chain and so with the head locked; ids come from the key
of the report (source and outside number), so that the same report, however often and wherever it comes in, is one case.
"""

import secrets
import string
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, insert, select

from zjj_console.desk.session import actor_of
from zjj_console.desk.sweeping import SYSTEM
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.facts import Facts
from zjj_console.domain.ids import named, outside_key
from zjj_console.domain.model import DAY, Actor, Case, Refusal
from zjj_console.domain.outside import Outside, told
from zjj_console.domain.permits import PERMITS
from zjj_console.domain.report import report
from zjj_console.hub.chain import Link
from zjj_console.hub.doors import OWN, Visitor, digest
from zjj_console.hub.problems import Refused
from zjj_console.hub.tables import DEVICE
from zjj_console.storage.journal import Head, envelope
from zjj_console.storage.projections import FIRST_SERIAL
from zjj_console.sync import wire
from zjj_console.town.calendar import workdays
from zjj_console.town.models import Town

_FOREVER = 36_500 * DAY  # nobody holds that credential, so it need not end


class Reported(Struct, frozen=True):
    """A report that waits for its place. `body` makes the envelope of (log, place, letter, µs UTC)."""

    source: str
    number: str
    case: str
    event: str
    token: bytes | None  # the hash of the credential that brought it; None for the messenger
    body: Callable[[str, Link, str, int], bytes]


class Landed(Struct, frozen=True):
    """What became of a report: its acknowledgement, the head behind it, the case as it stands there."""

    ack: wire.Ack
    head: int
    case: Case


def reported_as(source: str, number: str) -> str:
    """The id of the event that a report becomes."""
    return named(f"event\x1f{outside_key(source, number)}")


class Rules:
    """What makes events of reports: a town and its calendar."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.duty = DutyTime(town, workdays(town))

    def actor(self, member: str) -> Actor:
        """Who reports: somebody of the profile by his work number, else nobody in person."""
        if member not in self.town.people:
            return SYSTEM
        found = actor_of(self.town, member)
        return found if found.roles & PERMITS["report"].keys() else SYSTEM

    def reported(self, outside: Outside, actor: Actor = SYSTEM, token: bytes | None = None) -> Reported:
        key = outside_key(outside.source, outside.number)
        case, event = named(key), reported_as(outside.source, outside.number)
        args = told(outside, self.town)

        def body(log: str, place: Link, letter: str, now: int) -> bytes:
            numbers: dict[str, Any] = {"console": letter, "serial": FIRST_SERIAL - 1 + place.dseq}
            made = report(case, {**args, **numbers}, Facts(now, actor, self.town, self.duty))
            if isinstance(made, Refusal):  # the rule lets everybody report; one that did not would be a fault of ours
                raise AssertionError(made.rule)
            head = Head(place.device, place.epoch, place.dseq, place.hash, log)
            return envelope(made[0], actor, head, now, event, event, happened=args.get("reported_at"))

        return Reported(outside.source, outside.number, case, event, token, body)


def own_device(db: Connection, log: str, now: int) -> Visitor:
    """The hub as a device among the others, made on first use. The head must be locked, so that it is made once."""
    row = _own(db, log)
    if row is None:
        taken = set(db.execute(select(DEVICE.c.console).where(DEVICE.c.console.is_not(None))).scalars())
        free = [letter for letter in reversed(string.ascii_uppercase) if letter not in taken]  # desks begin at A
        if not free:
            raise Refused("letters_gone")
        nobody = digest(secrets.token_urlsafe(32))  # a credential that is told to nobody
        db.execute(insert(DEVICE).values(
            id=f"{OWN}{log}", name="中心收报", console=free[0], role="gateway", token_hash=nobody, expires=now + _FOREVER, created=now,
            last_seen=now, epoch=0, dseq=0, hash=wire.GENESIS,
        ))  # fmt: skip
        row = _own(db, log)
        assert row is not None
    return Visitor.of(row)


def _own(db: Connection, log: str) -> Row[Any] | None:
    return db.execute(select(DEVICE).where(DEVICE.c.id == f"{OWN}{log}")).first()
