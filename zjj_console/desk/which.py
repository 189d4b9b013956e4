"""Which handover is meant: by name, by what is due, or one that does not exist yet."""

from datetime import date, datetime, time, timedelta

from zjj_console.desk import viewing
from zjj_console.domain import handover as ho
from zjj_console.domain.facts import Facts
from zjj_console.domain.handover import Handover
from zjj_console.domain.model import MINUTE, Refusal
from zjj_console.storage import reads_duty
from zjj_console.storage.db import Connection


def _no(zh: str, en: str, code: int = 8, rule: str = "4.6") -> Refusal:
    return Refusal(code, rule, zh, en)


def instant(facts: Facts, boundary: str, day: date) -> int:
    at = facts.town.boundaries[boundary].at
    return facts.duty.instant(datetime.combine(day, time(), facts.town.tz) + timedelta(minutes=at))


def blank(facts: Facts, boundary: str, day: date) -> Handover:
    b = facts.town.boundaries[boundary]
    return Handover(ho.handover_id(boundary, day), boundary, day, instant(facts, boundary, day), b.frm, b.to)


def find(db: Connection, facts: Facts, name: str) -> Handover | Refusal:
    """`H4` (the one nearest in time), `H4-2021-03-01`, `JJ-0301-H4`, `auto`, or `HX` (the latest extra one)."""
    word = name.strip().upper()
    if word == "AUTO":
        return due(db, facts)
    if word.startswith("JJ-"):
        row = next((b for b in reads_duty.handovers(db) if viewing.number_of(b) == word), None)
        known = reads_duty.handover(db, row.id) if row else None
        return known or _no(f"没有交接 {name}", f"no handover {name}", 6)
    boundary, _, rest = word.partition("-")
    if boundary == ho.EXTRA:
        extra = [b for b in reads_duty.handovers(db) if b.boundary == ho.EXTRA]
        row = next((b for b in extra if b.state not in ho.DONE), extra[0] if extra else None)
        known = reads_duty.handover(db, row.id) if row else None
        return known or _no("没有临时交接，先 prepare HX", "no extra handover", 6)
    if boundary not in facts.town.boundaries:
        known_ones = " ".join(facts.town.boundaries)
        return _no(f"没有交接 {name}；有 {known_ones} HX", f"no handover {name}; there are {known_ones} HX", 6)
    try:
        day = date.fromisoformat(rest) if rest else _nearest(facts, boundary)
    except ValueError:
        return _no(f"日期写法应如 {boundary}-2021-03-01", "a date like 2021-03-01", 3)
    return reads_duty.handover(db, ho.handover_id(boundary, day)) or blank(facts, boundary, day)


def _nearest(facts: Facts, boundary: str) -> date:
    today = facts.duty.local(facts.now).date()
    days = [today + timedelta(days=n) for n in (-1, 0, 1)]
    return min(days, key=lambda day: abs(instant(facts, boundary, day) - facts.now))


def due(db: Connection, facts: Facts) -> Handover | Refusal:
    """The handover that is due now: an unsigned one whose time has come, else the next between the desks."""
    holding = facts.holding
    desks = [b.code for b in facts.town.boundaries.values() if b.kind == "desk"]
    if not desks:
        return _no("配置没有交接界", "the profile has no boundaries", 6)
    today = facts.duty.local(facts.now).date()
    found = [
        reads_duty.handover(db, ho.handover_id(code, day)) or blank(facts, code, day)
        for code in desks
        for day in (today - timedelta(days=1), today, today + timedelta(days=1))
    ]
    open_ = [h for h in found if h.state not in ho.DONE]
    if holding is not None and holding.claimed:
        open_ = [h for h in open_ if h.frm == holding.desk and h.at > holding.since - 8 * 60 * MINUTE] or open_
    late = [h for h in open_ if h.at <= facts.now and h.state != "OPEN"]
    if late:
        return max(late, key=lambda h: h.at)
    return min(open_, key=lambda h: abs(h.at - facts.now))


def own(db: Connection, facts: Facts, name: str, *, built: bool = True, open_: bool = False) -> Handover | Refusal:
    """The handover that is meant; with `open_` only as long as nobody has signed for taking over."""
    h = find(db, facts, name)
    if isinstance(h, Refusal):
        return h
    if open_ and h.state in ho.DONE:
        return _no(f"{h.number} {ho.STATE_ZH[h.state]}，不能再改；补充用便签", f"{h.number} is signed; add a note")
    if built and h.package is None:
        return _no(f"{h.number} 还没有交接包，先 prepare {h.boundary}", f"prepare {h.boundary} first")
    return h
