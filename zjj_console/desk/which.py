"""Which handover is meant: by name, by what is due, or one that does not exist yet."""

from datetime import date, datetime, time, timedelta

from zjj_console.desk import viewing
from zjj_console.domain import handover as ho
from zjj_console.domain.facts import Facts
from zjj_console.domain.handover import Handover
from zjj_console.domain.model import Refusal
from zjj_console.storage import reads_duty
from zjj_console.storage.db import Connection

YEARS = range(2000, 2101)  # of a date that a handover can have


def _no(zh: str, en: str, code: int = 8, rule: str = "4.6") -> Refusal:
    return Refusal(code, rule, zh, en)


def instant(facts: Facts, boundary: str, day: date) -> int:
    at = facts.town.boundaries[boundary].at
    return facts.duty.instant(datetime.combine(day, time(), facts.town.tz) + timedelta(minutes=at))


def blank(facts: Facts, boundary: str, day: date) -> Handover:
    b = facts.town.boundaries[boundary]
    return Handover(ho.handover_id(boundary, day), boundary, day, instant(facts, boundary, day), b.frm, b.to)


def find(db: Connection, facts: Facts, name: str) -> Handover | Refusal:
    """`H4` (the one nearest in time), `H4-2021-03-01`, `JJ-0301-H4`, `auto`, `HX` (the latest extra one) or a stored id.

    Exit 6 for what does not exist, 3 for a date that cannot be and for a number that several years have.
    """
    word = name.strip().upper()
    if word == "AUTO":
        return due(db, facts)
    if word.startswith("JJ-"):
        return _numbered(db, word)
    boundary, _, rest = word.partition("-")
    if boundary == ho.EXTRA:
        return _extra(db, word)
    if boundary not in facts.town.boundaries:
        known_ones = " ".join(facts.town.boundaries)
        return _no(f"没有交接 {name}；有 {known_ones} HX", f"no handover {name}; there are {known_ones} HX", 6)
    try:
        day = date.fromisoformat(rest) if rest else _nearest(facts, boundary)
    except ValueError:
        return _no(f"日期写法应如 {boundary}-2021-03-01", "a date like 2021-03-01", 3)
    if day.year not in YEARS:
        zh = f"年份须在 {YEARS[0]} 至 {YEARS[-1]}，如 {boundary}-2021-03-01: {name}"
        return _no(zh, f"a year from {YEARS[0]} to {YEARS[-1]}: {name}", 3)
    return reads_duty.handover(db, ho.handover_id(boundary, day)) or blank(facts, boundary, day)


def _numbered(db: Connection, number: str) -> Handover | Refusal:
    """JJ-0301-H4: the number has no year."""
    hits = [b.id for b in reads_duty.handovers(db) if viewing.number_of(b) == number]
    if len(hits) > 1:
        return _no(f"{number} 可指 {'、'.join(hits)}；请写全", f"{number} may be {', '.join(hits)}; write it whole", 3)
    known = reads_duty.handover(db, hits[0]) if hits else None
    return known or _no(f"没有交接 {number}", f"no handover {number}", 6)


def _extra(db: Connection, word: str) -> Handover | Refusal:
    """`HX-2021-03-01@2200`, or `HX`: the latest that is unsigned, else the latest."""
    if word != ho.EXTRA:
        known = reads_duty.handover(db, word)
        return known or _no(f"没有临时交接 {word}；新建用 prepare HX", f"no extra handover {word}; prepare HX", 6)
    extra = [b for b in reads_duty.handovers(db) if b.boundary == ho.EXTRA]
    row = next((b for b in extra if b.state not in ho.DONE), extra[0] if extra else None)
    known = reads_duty.handover(db, row.id) if row else None
    return known or _no("没有临时交接，先 prepare HX", "no extra handover", 6)


def _nearest(facts: Facts, boundary: str) -> date:
    today = facts.duty.local(facts.now).date()
    days = [today + timedelta(days=n) for n in (-1, 0, 1)]
    return min(days, key=lambda day: abs(instant(facts, boundary, day) - facts.now))


def due(db: Connection, facts: Facts) -> Handover | Refusal:
    """The handover that the desk with custody owes: the latest of its boundaries that has come, if unsigned; else its next.

    Before the first signature custody is claimed by nobody: one that was prepared and has come, else the nearest in time.
    """
    desks = [b.code for b in facts.town.boundaries.values() if b.kind == "desk"]
    if not desks:
        return _no("配置没有交接界", "the profile has no boundaries", 6)
    today = facts.duty.local(facts.now).date()
    found = [
        reads_duty.handover(db, ho.handover_id(code, day)) or blank(facts, code, day)
        for code in desks
        for day in (today + timedelta(days=n) for n in (-1, 0, 1, 2))
    ]
    open_ = [h for h in found if h.state not in ho.DONE]
    holding = facts.holding
    if holding is None or not holding.claimed:
        late = [h for h in open_ if h.at <= facts.now and h.state != "OPEN"]
        return max(late, key=lambda h: h.at) if late else min(open_, key=lambda h: abs(h.at - facts.now))
    last = max((h for h in found if h.frm == holding.desk and h.at <= facts.now), key=lambda h: h.at, default=None)
    if last is not None and last in open_ and last.at > _taken_with(db):
        return last
    coming = [h for h in open_ if h.at > facts.now]
    return min([h for h in coming if h.frm == holding.desk] or coming, key=lambda h: h.at)


def _taken_with(db: Connection) -> int:
    """The boundary with which the desk took custody, however early or late it was signed. A relief of a seat is none."""
    for row in reversed(reads_duty.custodies(db)):
        h = reads_duty.handover(db, row.handover)
        if h is not None and h.boundary != ho.EXTRA:
            return h.at
    return 0


def own(db: Connection, facts: Facts, name: str, *, built: bool = True, open_: bool = False) -> Handover | Refusal:
    """The handover that is meant; with `open_` only as long as nobody has signed for taking over."""
    h = find(db, facts, name)
    if isinstance(h, Refusal):
        return h
    if open_ and h.state in ho.DONE:
        return _no(f"{h.number} {ho.STATE_ZH[h.state]}，不能再改；补充用便签", f"{h.number} is signed; add a note")
    if built and h.package is None:
        return _no(f"{h.number} 还没有交接包，先 prepare {h.id}", f"prepare {h.id} first")
    return h
