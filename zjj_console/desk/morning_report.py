"""The record that the morning report is taken from: which morning is meant, as stored or as it would be now."""

from datetime import date, timedelta

from zjj_console.desk import packing, which
from zjj_console.desk.acts import Act, Done
from zjj_console.domain import handover as ho
from zjj_console.domain.facts import Facts
from zjj_console.domain.handover import Handover
from zjj_console.domain.model import MINUTE, Refusal
from zjj_console.reports import morning
from zjj_console.storage import reads_duty
from zjj_console.storage.db import Connection
from zjj_console.town.models import Boundary

AHEAD = 120  # minutes before the boundary from which on the coming morning is meant


def into_day(facts: Facts) -> Boundary | None:
    """The handover from the night to the day, if the town has one."""
    return next((b for b in facts.town.boundaries.values() if b.kind == "desk" and b.to == "day"), None)


def meant(facts: Facts, boundary: Boundary) -> date:
    """The morning whose boundary has come last, or comes within two hours."""
    today = facts.duty.local(facts.now).date()
    near = which.instant(facts, boundary.code, today) - AHEAD * MINUTE <= facts.now
    return today if near else today - timedelta(days=1)


def record(db: Connection, facts: Facts, day: date | None = None) -> tuple[Handover, bool] | Refusal:
    """(the handover into that or the meant morning, whether it is stored). What is not stored is built for today only."""
    boundary = into_day(facts)
    if boundary is None:
        return Refusal(6, "4.6", "配置没有夜班交白班的交接界", "the profile has no handover into the day")
    blank = which.blank(facts, boundary.code, day or meant(facts, boundary))
    h = reads_duty.handover(db, blank.id) or blank
    if h.package is not None:
        return h, True
    if h.day != facts.duty.local(facts.now).date():
        zh = f"{h.number} 没有交接记录，不能补编；用 handover list 查有哪些"
        return Refusal(6, "4.6", zh, f"no record of {h.number}; see handover list")
    return with_package(db, h, facts), False


def with_package(db: Connection, h: Handover, facts: Facts) -> Handover:
    """The record as if it were prepared now; nothing is stored."""
    package = packing.package(db, h, facts)
    event = ho.event_of(
        "handover_prepared", h, {}, package=package, digest=packing.digest_of(package), state="PREPARED"
    )
    return ho.evolve(h, event.case, event.data)


def tell() -> Act:
    """`jr`: the report as text; nothing is written."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        found = record(db, facts)
        if isinstance(found, Refusal):
            return found
        h, stored = found
        zh = f"晨报 {h.day:%m-%d}{'' if stored else '(按此刻试编，未存)'}；打印: zjj report morning"
        en = f"morning report of {h.day:%m-%d}{'' if stored else ' (as of now, not stored)'}"
        data = {"text": morning.text(h, facts.duty), "handover": h.id, "stored": stored}
        return Done([], zh, f"{en}; to print: zjj report morning", data)

    return act
