"""What the roster screen shows (§4.7): who is planned and who is there by half hours, and what is wrong with what fix.

Pure: facts in, shapes out. Words are the screen's; a duty day runs from the centre's opening to the next.
"""

import calendar
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.desk.rostering import Check, check
from zjj_console.domain.conflicts import OFFICERS, Finding, Vacancy
from zjj_console.domain.coverage import day_kind, joined, midnight, team_of
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.gaps import SEVERITIES, Absence, Gap, absences, gaps, proof
from zjj_console.domain.model import DAY, MINUTE
from zjj_console.domain.planning import Proposal, propose
from zjj_console.domain.roster import Assignment, Book, Interval, Key, span_of, stays
from zjj_console.domain.rotation import teams_of, teams_on
from zjj_console.town.calendar import day_type
from zjj_console.town.models import Boundary, Requirement, Town

SIGNED, PLANNED, ABSENT, NOBODY, COVERED, GAP = "=-x.#!"
State = Literal["published", "draft", "none"]
RowKind = Literal["desk", "officer", "resident", "night_desk", "team", "on_call"]
IssueKind = Literal[
    "structure", "plan", "actual", "late", "absent", "left", "leave", "substituted", "conflict", "vacancy"
]
_DESK_POSTS = ("seat", "shift_lead")


class Row(Struct, frozen=True):
    """A post group of one duty day. `unit` is "" where the officers of all stations share the row."""

    kind: RowKind
    unit: str
    people: tuple[Assignment, ...]
    bar: str  # one mark per step of the duty day
    present: int | None  # who was or is there; None before the row begins
    rests: bool = False  # a response team that has no duty on this night


class Cover(Struct, frozen=True):
    """A round-the-clock requirement over the duty day. `requirement` is None for the command desk."""

    requirement: Requirement | None
    bar: str
    minutes: int  # covered
    holes: tuple[Interval, ...]


class Issue(Struct, frozen=True):
    """One thing that is wrong. `holes`: the assignments somebody else could do, an empty person where nobody is planned."""

    severity: str
    kind: IssueKind
    at: Interval
    units: tuple[str, ...]
    holes: tuple[Assignment, ...] = ()
    gap: Gap | None = None
    absence: Absence | None = None
    finding: Finding | None = None
    vacancy: Vacancy | None = None


class Night(Struct, frozen=True):
    """One duty date in the views of a week and a month. `essential`: gaps with which a month is not published."""

    day: date
    kind: str  # workday | rest | holiday
    known: bool
    guarantee: bool
    teams: tuple[str, ...]
    published: bool
    people: int
    essential: tuple[Gap, ...]
    other: int
    conflicts: int


def duty_day(town: Town, duty: DutyTime, now: int) -> date:
    """The duty date of an instant: before the centre opens it is still the day before."""
    local = duty.local(now)
    early = local.hour * 60 + local.minute < _opens(town)
    return local.date() - timedelta(days=1) if early else local.date()


def day_span(town: Town, duty: DutyTime, day: date) -> Interval:
    start = midnight(town, duty, day) + _opens(town) * MINUTE
    return start, start + DAY


def _opens(town: Town) -> int:
    hours = town.hours_of(town.centre.code)
    return 0 if hours.start == hours.end else hours.start


def next_change(town: Town, duty: DutyTime, now: int) -> tuple[int, Boundary] | None:
    """The next boundary of the day after `now`; None in a town without any."""
    today = duty.local(now).date()
    found = [
        (midnight(town, duty, today + timedelta(days=n)) + b.at * MINUTE, b)
        for n in (0, 1)
        for b in town.boundaries.values()
    ]
    return min(((at, b) for at, b in found if at > now), key=lambda one: one[0], default=None)


# rows -----------------------------------------------------------------------------------------------------------------


def rows(book: Book, town: Town, duty: DutyTime, day: date, now: int, step: int, *, apart: bool) -> list[Row]:
    """The day's rows in the order of the town: desk, stations, night. `step` minutes a mark; `apart`: officers by station."""
    span = day_span(town, duty, day)
    bad = _bad(book, town, duty, span, now)
    groups: dict[tuple[RowKind, str], list[Assignment]] = {key: [] for key in _always(town, apart)}
    for a in book.assignments:
        if a.day == day:
            for key in _groups(a, town, apart):
                groups.setdefault(key, []).append(a)
    found = []
    for (kind, unit), people in groups.items():
        bar = "".join(_mark(book, town, people, at, now, bad) for at in _instants(span, step, now))
        began = any(a.start <= now for a in people)
        present = len({a.person for a in people if _was_there(book, a, now)}) if began else None
        rests = kind == "team" and not people
        found.append(Row(kind, unit, tuple(sorted(people, key=_by_post)), bar, present, rests))
    return found


def _always(town: Town, apart: bool) -> list[tuple[RowKind, str]]:
    """Rows that are there even when nobody is planned: nothing jumps, and an empty post is seen."""
    stations = [u.code for u in town.of_kind("station") if u.enabled]
    found: list[tuple[RowKind, str]] = [("desk", town.centre.code)]
    found += [] if apart else [("officer", "")]
    for code in stations:
        found += [("officer", code), ("resident", code)] if apart else [("resident", code)]
    return [*found, ("night_desk", ""), *(("team", team) for team in sorted(teams_of(town)))]


def _groups(a: Assignment, town: Town, apart: bool) -> list[tuple[RowKind, str]]:
    """The rows that an assignment is in: the night's desk people are shown as such and in their team."""
    if a.post == "on_call":
        return [("on_call", "")]
    team = team_of(town, a)
    if team:
        return [("night_desk", ""), ("team", team)] if a.post in _DESK_POSTS else [("team", team)]
    if a.unit == town.centre.code:
        return [("desk", a.unit)]
    return [("officer", a.unit if apart else "")] if a.post in OFFICERS else [("resident", a.unit)]


def _by_post(a: Assignment) -> tuple[bool, str, int]:
    return a.post not in ("team_leader", *_DESK_POSTS), a.unit, a.seat


def _was_there(book: Book, a: Assignment, now: int) -> bool:
    """Signed in by `now`, whether or not he has left again."""
    sign = book.sign_of.get((a.person, a.day, a.shift))
    return sign is not None and sign.in_at <= now


def _instants(span: Interval, step: int, now: int) -> list[int]:
    """One instant per mark: the middle of its stretch, but the part already over where `now` is inside."""
    length = step * MINUTE
    starts = range(span[0], span[1], length)
    return [start if start <= now < start + length // 2 else start + length // 2 for start in starts]


Bad = list[tuple[int, int, frozenset[Key]]]


def _bad(book: Book, town: Town, duty: DutyTime, span: Interval, now: int) -> Bad:
    """When a requirement is not met because these planned people are not there."""
    return [
        (tile.start, tile.end, frozenset(a.key for a in tile.missing))
        for line in proof(book, town, duty, *span, now).values()
        for tile in line
        if tile.short and tile.missing
    ]


def _mark(book: Book, town: Town, people: Sequence[Assignment], at: int, now: int, bad: Bad) -> str:
    """Absent only where the minimum is not there any more; who is missing beyond that stands in the list."""
    due = [a for a in people if a.start <= at < a.end]
    here = [a for a in people if any(begin <= at < end for begin, end in stays(book, a, now, town.duty_rules))]
    if at > now:
        return PLANNED if set(here) & set(due) else ABSENT if due else NOBODY
    signed = [a for a in here if (a.person, a.day, a.shift) in book.sign_of]
    if not due:
        return SIGNED if signed else NOBODY
    gone = {a.key for a in due if a not in here}
    if any(begin <= at < end and keys & gone for begin, end, keys in bad):
        return ABSENT
    return SIGNED if signed else PLANNED if here else ABSENT


def covers(book: Book, town: Town, duty: DutyTime, day: date, now: int, step: int) -> list[Cover]:
    """The command desk, then every requirement that runs round the clock (R43: the hours that nobody covers are seen)."""
    span = day_span(town, duty, day)
    lines = proof(book, town, duty, *span, now)
    desk = {r.code for r in town.coverage if r.scope == "centre" and "seat" in r.posts}
    wanted: list[tuple[Requirement | None, set[str]]] = [(None, desk)]
    wanted += [(r, {r.code}) for r in town.coverage if r.start == r.end and r.scope in ("station", "town")]
    found = []
    for required, codes in wanted:
        short = [(t.start, t.end) for key, line in lines.items() if key[0] in codes for t in line if t.short]
        holes = joined(short)
        bar = "".join(
            GAP if any(b <= at < e for b, e in holes) else COVERED for at in _instants(span, step, span[0] - 1)
        )
        found.append(Cover(required, bar, (DAY - sum(e - b for b, e in holes)) // MINUTE, tuple(holes)))
    return found


# what is wrong --------------------------------------------------------------------------------------------------------


def issues(
    book: Book, town: Town, duty: DutyTime, span: Interval, now: int, found: Check, away: Iterable[Absence]
) -> list[Issue]:
    """Gaps, absences, conflicts and vacant posts of a window: what can still be mended first, the gravest first.

    Equal gaps of several stations are one line. An absence that makes a gap is told by the gap, which names the person.
    """
    lines = proof(book, town, duty, *span, now)
    merged: list[list[Gap]] = []
    for g in found.gaps:
        if g.start < span[1] and g.end > span[0]:
            same = next((m for m in merged if _alike(m[0], g)), None)
            if same is None:
                merged.append([g])
            else:
                same.append(g)
    listed = []
    for same in merged:
        first = same[0]
        holes = [
            a
            for g in same
            for tile in lines.get((g.requirement, g.unit)) or lines.get((g.requirement, ""), [])
            if tile.short and tile.start < g.end and tile.end > g.start
            for a in tile.missing
        ]
        if not holes and first.kind != "structure":
            holes = [slot for g in same if (slot := vacant_slot(town, duty, g)) is not None]
        units = tuple(g.unit for g in same)
        listed.append(
            Issue(
                first.severity,
                first.kind,
                (min(g.start for g in same), max(g.end for g in same)),
                units,
                _once(holes),
                first,
            )
        )
    for one in away:
        mine = [
            a for a in book.assignments if (a.day, a.shift, a.unit, a.post) == (one.day, one.shift, one.unit, one.post)
        ]
        holes = [a for a in mine if a.person == one.person and one.state != "substituted"]
        end = max((a.end for a in mine), default=one.since)
        if one.enough and one.since < span[1] and end > span[0]:
            listed.append(Issue(one.severity, one.state, (one.since, end), (one.unit,), tuple(holes), absence=one))
    listed += [
        Issue("!!" if f.effect == "refuse" else "!", "conflict", f.at, (f.key[2],) if f.key else (), finding=f,
              holes=tuple(a for a in book.assignments if a.key == f.key and f.person))
        for f in found.findings
    ]  # fmt: skip
    listed += [Issue("!", "vacancy", span, (v.unit,), vacancy=v) for v in found.vacancies]
    return sorted(listed, key=lambda i: (i.at[1] <= now, SEVERITIES.index(i.severity), i.at))


def _alike(one: Gap, other: Gap) -> bool:
    """Told in one line: the same at several stations; early comers do not split an hour that no shift reaches."""
    if (one.requirement, one.kind, one.rule) != (other.requirement, other.kind, other.rule) or one.unit == other.unit:
        return False
    return (one.start, one.end) == (other.start, other.end) or (
        one.kind == "structure" and one.start < other.end and other.start < one.end
    )


def _once(found: Sequence[Assignment]) -> tuple[Assignment, ...]:
    return tuple({a.key: a for a in found}.values())


def vacant_slot(town: Town, duty: DutyTime, g: Gap) -> Assignment | None:
    """The assignment that would fill a gap for which nobody is planned; None where no shift reaches it."""
    required = next(r for r in town.coverage if r.code == g.requirement)
    today = duty.local(g.start).date()
    best: tuple[int, Assignment] | None = None
    for day in (today, today - timedelta(days=1)):
        for shift in town.shifts.values():
            unit = _unit_for(town, shift.units, g, required, day)
            posts = [post for post in required.posts if post in shift.posts]
            start, end = span_of(town, duty, shift, day)
            reach = min(end, g.end) - max(start, g.start)
            if shift.presence and unit and posts and reach > 0 and (best is None or reach > best[0]):
                best = reach, Assignment(day, shift.code, unit, posts[0], 1, "", start, end)
    return best[1] if best else None


def _unit_for(town: Town, kinds: Sequence[str], g: Gap, required: Requirement, day: date) -> str:
    known = town.units.get(g.unit)
    if known is not None and known.kind in kinds:
        return g.unit
    teams = teams_on(town, day) if "response_team" in kinds and required.scope in ("centre", "team") else ()
    return teams[0].unit if teams else ""


def proposals(book: Book, issue: Issue, hole: Assignment, town: Town, duty: DutyTime, now: int) -> list[Proposal]:
    """Who could do it, fewest hours of the month first (at most nine: one digit each).

    Nobody who breaches C1-C7; only where there is none, people of the same kind of unit of whom a rule merely warns.
    """
    required = next((r for r in town.coverage if issue.gap and r.code == issue.gap.requirement), None)
    dept = required.dept if required is not None else ""
    found = [p for p in propose(book, hole, town, duty, now) if dept in ("", town.people[p.person].unit)]
    if not found:
        gone = town.people.get(hole.person)
        kind = town.units[gone.unit if gone else hole.unit].kind
        warned = [
            p
            for p in propose(book, hole, town, duty, now, warned=True)
            if town.units[town.people[p.person].unit].kind == kind
        ]
        found = [p for p in warned if dept in ("", town.people[p.person].unit)]
    return found[:9]


def with_slot(rows: Sequence[Assignment], hole: Assignment, slot: Assignment) -> list[Assignment]:
    """A draft with `slot` in place of `hole`, or beside the others where nobody was planned."""
    kept = [a for a in rows if not hole.person or a.key != hole.key]
    taken = {a.seat for a in kept if a.key[:4] == slot.key[:4]}
    return [*kept, replace(slot, seat=next(n for n in range(1, len(taken) + 2) if n not in taken))]


# week and month -------------------------------------------------------------------------------------------------------


def nights(
    book: Book, town: Town, duty: DutyTime, first: date, days: int, now: int, findings: Iterable[Finding]
) -> list[Night]:
    """So many duty dates with their teams, their gaps by weight (hours no shift reaches are not counted) and conflicts."""
    start, end = day_span(town, duty, first)[0], day_span(town, duty, first + timedelta(days=days - 1))[1]
    by_day: dict[date, list[Gap]] = {}
    for g in gaps(book, town, duty, start, end, now):
        if g.kind != "structure":
            by_day.setdefault(duty_day(town, duty, max(g.start, start)), []).append(g)
    wrong = [duty_day(town, duty, f.at[0]) for f in findings]
    found = []
    for day in (first + timedelta(days=n) for n in range(days)):
        kind, known = day_type(town, day)
        mine = by_day.get(day, [])
        essential = tuple(g for g in mine if g.severity in ("!!!", "!!"))
        found.append(
            Night(day, kind, known, day_kind(town, day) == "guarantee", tuple(n.unit for n in teams_on(town, day)),
                  book.has_plan(day), len({a.person for a in book.assignments if a.day == day}), essential,
                  len(mine) - len(essential), wrong.count(day))
        )  # fmt: skip
    return found


def month_days(day: date) -> tuple[date, int]:
    """The first date of its month and how many there are."""
    return day.replace(day=1), calendar.monthrange(day.year, day.month)[1]


class Board(Struct, frozen=True):
    """All of the screen's day: `now` is the instant against which it is drawn (before its beginning for a draft)."""

    day: date
    state: State
    book: Book
    now: int
    rows: tuple[Row, ...] = ()
    covers: tuple[Cover, ...] = ()
    issues: tuple[Issue, ...] = ()


def board(
    book: Book, state: State, town: Town, duty: DutyTime, day: date, now: int, step: int, *, apart: bool
) -> Board:
    """Read a duty day. A draft has no past: nobody can have come or stayed away by it."""
    span = day_span(town, duty, day)
    at = min(now, span[0] - 1) if state == "draft" else now
    if state == "none":
        return Board(day, state, book, at)
    running = span[0] <= at < span[1]
    away = absences(book, town, duty, at) if running else []
    found = check(town, duty, book, *span, at)
    return Board(
        day, state, book, at,
        tuple(rows(book, town, duty, day, at, step, apart=apart)),
        tuple(covers(book, town, duty, day, at, step)),
        tuple(issues(book, town, duty, span, at, found, away)),
    )  # fmt: skip


_MOMENT = re.compile(r"(?:(\d{4})-)?(\d{1,2})-(\d{1,2})(?:T(\d{1,2}):(\d{2}))?")


def leave_words(text: str, duty: DutyTime, now: int) -> tuple[str, int, int, str] | None:
    """`0425 03-02 03-03 病假` as (work number, start, end, kind); `03-02T09:00` for an hour. None if it is not that.

    A date alone is the whole day; without a year it is the next such date, at most a month back.
    """
    parts = text.split()
    if len(parts) not in (3, 4):
        return None
    start, end = _moment(parts[1], duty, now, last=False), _moment(parts[2], duty, now, last=True)
    return (parts[0], start, end, parts[3] if len(parts) == 4 else "事假") if start and end else None


def _moment(text: str, duty: DutyTime, now: int, *, last: bool) -> int | None:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute = match.groups()
    today = duty.local(now)
    try:
        then = datetime(
            int(year or today.year), int(month), int(day), int(hour or 0), int(minute or 0), tzinfo=today.tzinfo
        )
        if year is None and today - then > timedelta(days=31):
            then = then.replace(year=then.year + 1)
    except ValueError:
        return None
    return duty.instant(then + timedelta(days=1) if last and hour is None else then)
