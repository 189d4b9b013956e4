"""A month's roster from rotation, requirements and people (§4.1-§4.3), and who could fill a hole.

The plan is greedy and repeatable. Nobody is made up: what cannot be filled within the rules is listed. The nights of the
response teams follow their rotation past C5: the rule of the town decides those, and the findings say it.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.domain.conflict_words import Pair
from zjj_console.domain.conflicts import OFFICERS, Finding, check, check_one, eligible
from zjj_console.domain.coverage import day_kind, midnight, tiles
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import MINUTE
from zjj_console.domain.planner import Planner
from zjj_console.domain.roster import Assignment, Book, Interval, span_of
from zjj_console.domain.rotation import Balance, balance
from zjj_console.town.calendar import day_type
from zjj_console.town.models import Person, Town

_RULES = frozenset({"C1", "C2", "C3", "C4", "C5", "C6", "C7", "C9"})  # what a proposal must not breach


class Unfilled(Struct, frozen=True):
    """A requirement that the plan does not meet on a duty date; `units` are the stations that share it, if several."""

    requirement: str
    units: tuple[str, ...]
    day: date
    need: int
    have: int
    at: Interval


class Plan(Struct, frozen=True):
    """`imbalance`: the month alone; `running`: since the year began, or the rotation if later (holidays even out there)."""

    assignments: tuple[Assignment, ...]
    findings: tuple[Finding, ...]
    unfilled: tuple[Unfilled, ...]
    imbalance: Balance
    running: Balance


class Proposal(Struct, frozen=True):
    """Somebody who could do a shift. `why`: why he is not the first, Chinese and English; empty for the first."""

    person: str
    week: int  # planned minutes of the seven days around
    month: int
    acting: bool
    findings: tuple[Finding, ...]
    why: Pair


def plan_month(town: Town, duty: DutyTime, year: int, month: int, book: Book) -> Plan:
    """Plan all duty dates of a month anew. `book` gives leaves, stationings and the months beside; its own is ignored."""
    first = date(year, month, 1)
    days = [first + timedelta(days=n) for n in range(31) if (first + timedelta(days=n)).month == month]
    others = tuple(a for a in book.assignments if a.day not in days)
    planner = Planner(town, duty, replace(book, assignments=others))
    for day in days:
        planner.plan(day)
    spans = [span_of(town, duty, shift, days[-1]) for shift in town.shifts.values()]
    start, end = (
        midnight(town, duty, first),
        max([midnight(town, duty, days[-1] + timedelta(days=1)), *(s[1] for s in spans)]),
    )
    whole = replace(book, start=start, end=end, assignments=(*others, *planner.made))
    findings = [f for f in check(whole, town, duty) if f.at[0] < end and f.at[1] > start]
    since = date(year, 1, 1)
    if town.rotation and since < town.rotation.anchor <= days[-1]:
        since = town.rotation.anchor
    return Plan(
        tuple(planner.made),
        (*_unknown_calendar(town, duty, days), *findings),
        tuple(_unfilled(town, duty, whole, days)),
        balance(town, first, len(days)),
        balance(town, since, (days[-1] - since).days + 1),
    )


def propose(
    book: Book, hole: Assignment, town: Town, duty: DutyTime, now: int, *, warned: bool = False
) -> list[Proposal]:
    """Who could do the shift of `hole` (its `person` is whoever does not come, or ""), by hours of the month, then work number.

    Nobody with a finding of C1-C7 or C9; with `warned`, people with mere warnings follow after. Acting officers come last.
    Of a shift that has begun only the rest from `now` on counts.
    """
    slot = replace(hole, start=min(max(hole.start, now), hole.end - 1))
    found = []
    for person in _stand_ins(town, hole):
        acting = hole.post in OFFICERS and not eligible(town, replace(hole, person=person.work_no, acting=False))
        candidate = replace(slot, person=person.work_no, acting=acting)
        findings = tuple(f for f in check_one(book, candidate, town, duty) if f.code in _RULES)
        if not findings or (warned and all(f.effect == "warn" for f in findings)):
            week, month = _load(book, town, hole, person.work_no)
            found.append(Proposal(person.work_no, week, month, acting, findings, ("", "")))
    found.sort(key=lambda p: (bool(p.findings), p.acting, p.month, p.person))
    return [replace(p, why=_why(p, found[0])) if n else p for n, p in enumerate(found)]


def _stand_ins(town: Town, hole: Assignment) -> Iterator[Person]:
    """People of the right kind for a post, without looking at their time.

    A resident's stand-in is of his department where the day asks for that department.
    """
    gone, kind = town.people.get(hole.planned or hole.person), day_kind(town, hole.day)
    asked = {r.dept for r in town.coverage if hole.post in r.posts and r.least.get(kind, 0)}
    officers = {p.work_no for p in town.posts if p.role in ("chief", "deputy") and p.held_on(hole.day)}
    for person in town.people.values():
        if person.work_no == hole.person:
            continue
        if hole.post in OFFICERS:
            fits = person.work_no in officers
        elif hole.post == "resident":
            fits = gone is None or person.unit == gone.unit or gone.unit not in asked
        else:
            fits = hole.post != "on_call" or person.unit == hole.unit
        if fits:
            yield person


def _load(book: Book, town: Town, hole: Assignment, who: str) -> tuple[int, int]:
    """Planned minutes of presence in the seven days around a shift, and in its month."""
    week = month = 0
    for a in book.by_person.get(who, []):
        if a.key != hole.key and town.shift_of(a.shift).presence:
            minutes = (a.end - a.start) // MINUTE
            week += minutes if abs((a.day - hole.day).days) <= 3 else 0
            month += minutes if (a.day.year, a.day.month) == (hole.day.year, hole.day.month) else 0
    return week, month


def _why(one: Proposal, best: Proposal) -> Pair:
    if one.findings and not best.findings:
        return one.findings[0].zh, one.findings[0].en
    if one.acting and not best.acting:
        return "代理", "would be acting"
    if one.month > best.month:
        more = f"{(one.month - best.month) / 60:.1f}".removesuffix(".0")
        return f"本月多 {more} 小时", f"{more} h more this month"
    return "工时相同，工号靠后", "same hours, later work number"


def _unknown_calendar(town: Town, duty: DutyTime, days: list[date]) -> list[Finding]:
    unknown = [day for day in days if not day_type(town, day)[1]]
    if not unknown:
        return []
    year, at = (
        unknown[0].year,
        (midnight(town, duty, unknown[0]), midnight(town, duty, unknown[-1] + timedelta(days=1))),
    )
    zh, en = (
        f"{year} 年节假日未公布，按周一至周五为工作日排班",
        f"the holidays of {year} are not known: Monday to Friday count as workdays",
    )
    return [
        Finding(
            "CAL",
            "warn",
            "",
            None,
            at,
            zh,
            en,
            "公布后在 calendar.csv 补充并重排",
            "add them to calendar.csv and plan again",
        )
    ]


def _unfilled(town: Town, duty: DutyTime, book: Book, days: list[date]) -> Iterator[Unfilled]:
    """Requirements that the plan leaves short, once per duty date; hours that no shift reaches are structural, not these."""
    begins = [span_of(town, duty, shift, days[0])[0] for shift in town.shifts.values()]
    found: dict[tuple[str, tuple[str, ...], date], Unfilled] = {}
    for tile in tiles(book, town, duty, book.start, book.end, book.start - 1, None):
        if not tile.short or not tile.reached or tile.day not in days or tile.start < min(begins):
            continue
        key = (tile.requirement.code, tile.shared or (tile.unit,), tile.day)
        so_far = found.get(key)
        have, at = (
            (min(so_far.have, tile.have), (so_far.at[0], tile.end)) if so_far else (tile.have, (tile.start, tile.end))
        )
        found[key] = Unfilled(*key, tile.need, have, at)
    return iter(found.values())
