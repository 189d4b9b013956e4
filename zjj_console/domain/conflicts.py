"""The roster rules C1-C10 (§4.3) and posts that nobody holds (AC-21a). Facts in, findings out; nothing is changed.

C1, C4-C7 and C9 look at one person's assignments, C2 and C3 at the posts held, C8 at a team's night, C10 at a station.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import combinations, groupby, pairwise
from types import MappingProxyType
from typing import Literal

from msgspec import Struct

from zjj_console.domain.conflict_words import WORDS, Pair, post_name
from zjj_console.domain.custody import TRAINED
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import DAY, HOUR, MINUTE
from zjj_console.domain.roster import Assignment, Book, Interval, Key, Leave, Stationing, without
from zjj_console.domain.rotation import DAY_MINUTES
from zjj_console.town.models import Hours, Post, Town

Reasons = Mapping[Key, str]
NO_REASONS: Reasons = MappingProxyType({})

OFFICERS = ("commander", "chief", "deputy")
FIELD_POSTS = frozenset({"resident", "team_leader", "member", "patrol"})
_ROLES = {  # C6: any of these roles makes a person eligible for the post
    "seat": {"dispatcher", "shift_lead", "team_leader"},
    "shift_lead": {"shift_lead", "team_leader"},
    "team_leader": {"team_leader"},
    "patrol": {"patrol", "handler"},
}
_WHOLE_DAY = Hours("", "", 0, DAY_MINUTES, "A")


class Finding(Struct, frozen=True):
    """One breach. `needs_reason`: a reason recorded under `key` is asked for; with it a refusal becomes a warning."""

    code: str
    effect: Literal["refuse", "warn"]
    person: str  # work number; "" where the rule is not about one person
    key: Key | None  # the assignment to change, or the key under which a reason is kept
    at: Interval
    zh: str
    en: str
    fix_zh: str
    fix_en: str
    needs_reason: bool = False


class Vacancy(Struct, frozen=True):
    """A post of a station that fewer people hold than the town asks for, on these dates."""

    unit: str
    post: str
    days: tuple[date, ...]
    zh: str
    en: str


class _Span(Struct, frozen=True):
    """One claim on a person's time."""

    start: int
    end: int
    of: Assignment | Leave | Stationing
    kind: Literal["there", "on_call", "leave"]


def check(book: Book, town: Town, duty: DutyTime, reasons: Reasons = NO_REASONS) -> list[Finding]:
    """Every breach of C1-C10 in a book, by time. `reasons` are those recorded under keys (C4, C6, C10)."""
    rules = _Checker(book, town, duty, reasons)
    people = sorted({*book.by_person, *rules.away})
    found = [finding for who in people for finding in rules.person(who, book.by_person.get(who, []))]
    found += [*rules.posts(), *rules.teams(), *rules.shoulders()]
    return sorted(found, key=lambda finding: (finding.at, finding.code, finding.person))


def check_one(
    book: Book, candidate: Assignment, town: Town, duty: DutyTime, reasons: Reasons = NO_REASONS
) -> list[Finding]:
    """What one new assignment or substitution would breach (C1-C7, C9); it replaces the assignment of the same key."""
    rules, who = _Checker(book, town, duty, reasons), candidate.person
    near = [
        a for a in book.by_person.get(who, []) if a.key != candidate.key and abs(a.start - candidate.start) <= 9 * DAY
    ]
    found = list(rules.person(who, sorted([*near, candidate], key=lambda a: a.start), candidate))
    if candidate.post in OFFICERS:
        day = duty.window(candidate.day, _WHOLE_DAY)
        found += [f for f in rules.posts() if f.person == who and f.at[0] < day[1] and day[0] < f.at[1]]
    return found


def vacancies(town: Town, start: date, days: int) -> list[Vacancy]:
    """Posts that the town wants at every station and nobody holds on some of `days` dates; acting holders fill them."""
    dates = [start + timedelta(days=n) for n in range(days)]
    found = []
    for station in town.of_kind("station"):
        for role, wanted in town.posts_per_station.items():
            held = [p for p in town.posts if (p.unit, p.role) == (station.code, role) and p.work_no in town.people]
            empty = tuple(day for day in dates if sum(p.held_on(day) for p in held) < wanted)
            if station.enabled and empty:
                zh, en = post_name(town, role)
                runs = ", ".join(_run_text(run) for run in _runs(empty))
                english = f"{station.name_en or station.name}: no {en} {runs}"
                found.append(Vacancy(station.code, role, empty, f"{station.name} {zh}空缺 {runs}", english))
    return found


def shoulders(town: Town) -> list[tuple[int, int]]:
    """Minutes of the day in which no shift of a field force runs, worked out from the shifts."""
    hours = [town.hours[s.hours] for s in town.shifts.values() if s.presence and FIELD_POSTS.intersection(s.posts)]
    if not hours:
        return []
    edges = sorted({0, DAY_MINUTES, *(h.start for h in hours), *(h.end for h in hours)})
    bare = [(a, b) for a, b in pairwise(edges) if not any(h.covers(a) for h in hours)]
    merged: list[tuple[int, int]] = []
    for a, b in bare:
        merged = [*merged[:-1], (merged[-1][0], b)] if merged and merged[-1][1] == a else [*merged, (a, b)]
    return merged


def shoulder_key(day: date, station: str, minute: int) -> Key:
    """Under which the reason for an empty shoulder hour (C10) is kept; `minute` of the day at which the hour begins."""
    return day, "", station, "deputy", minute


class _Checker:
    """The rules over one book. Each method yields the breaches of one rule or of a few that share a walk."""

    def __init__(self, book: Book, town: Town, duty: DutyTime, reasons: Reasons) -> None:
        self.book, self.town, self.duty, self.reasons = book, town, duty, reasons
        self.away: dict[str, list[_Span]] = {}
        for leave in book.leaves:
            self.away.setdefault(leave.person, []).append(_Span(leave.start, leave.end, leave, "leave"))
        for s in book.stationings:
            if s.person and s.state in ("APPROVED", "ARRIVED"):
                self.away.setdefault(s.person, []).append(_Span(s.start, s.end, s, "there"))

    def person(self, who: str, own: list[Assignment], only: Assignment | None = None) -> Iterator[Finding]:
        """C1, C4-C7, C9 of one person's assignments by start; with `only`, no more than touches that one."""
        there = [a for a in own if self.town.shift_of(a.shift).presence]
        yield from self._overlaps(who, own, only)
        yield from self._rest(who, there, only)
        yield from self._nights(who, there, only)
        yield from self._week(who, there, only)
        for a in [only] if only else own:
            yield from self._fit(a)

    def _overlaps(self, who: str, own: list[Assignment], only: Assignment | None) -> Iterator[Finding]:
        spans = [_Span(a.start, a.end, a, "there" if self.town.shift_of(a.shift).presence else "on_call") for a in own]
        spans = sorted([*spans, *self.away.get(who, ())], key=lambda span: (span.start, span.end))
        for n, one in enumerate(spans):
            for two in spans[n + 1 :]:
                if two.start >= one.end:
                    break
                if _clash(one, two) and (only is None or only in (one.of, two.of)):
                    shift = next((s.of for s in (two, one) if isinstance(s.of, Assignment)), None)
                    at = (two.start, min(one.end, two.end))
                    names = {"one": self._claim(one), "two": self._claim(two)}
                    yield self._say("C1", "refuse", who, shift.key if shift else None, at, names)

    def _rest(self, who: str, there: list[Assignment], only: Assignment | None) -> Iterator[Finding]:
        rules = self.town.duty_rules
        for one, two in pairwise(there):
            rest = two.start - one.end
            if 0 <= rest < rules.rest_hours * HOUR and (only is None or only in (one, two)):
                short = rest < rules.rest_refused_hours * HOUR
                excused = bool(self.reasons.get(two.key))
                yield self._say(
                    "C4", "refuse" if short and not excused else "warn", who, two.key, (two.start, two.end),
                    {"hours": _hours(rest // MINUTE)}, needs_reason=short and not excused,
                )  # fmt: skip

    def _nights(self, who: str, there: list[Assignment], only: Assignment | None) -> Iterator[Finding]:
        nights = {a.day: a for a in there if self.town.hours[self.town.shift_of(a.shift).hours].wall}
        for run in _runs(sorted(nights)):
            if len(run) > self.town.duty_rules.nights_in_row and (
                only is None or (only.day in run and only in nights.values())
            ):
                last = nights[run[self.town.duty_rules.nights_in_row]]
                at = (nights[run[0]].start, nights[run[-1]].end)
                yield self._say("C5", "warn", who, (only or last).key, at, {"count": str(len(run))}, words="C5n")

    def _week(self, who: str, there: list[Assignment], only: Assignment | None) -> Iterator[Finding]:
        """Hours of seven duty dates in a row; a stretch of weeks that are all too long is said once."""
        days = [(day, list(shifts)) for day, shifts in groupby(there, key=lambda a: a.day)]
        stretch: list[Assignment] = []
        peak = 0
        for n, (day, shifts) in enumerate(days):
            week = [a for d, some in days[max(0, n - 6) : n + 1] if (day - d).days < 7 for a in some]
            worked = sum(a.end - a.start for a in week) // MINUTE
            if worked > self.town.duty_rules.week_hours * 60 and (only is None or only in week):
                stretch, peak = [*(stretch or week), *shifts], max(peak, worked)
            elif stretch:
                yield self._long(who, stretch, peak, only)
                stretch, peak = [], 0
        if stretch:
            yield self._long(who, stretch, peak, only)

    def _long(self, who: str, stretch: list[Assignment], peak: int, only: Assignment | None) -> Finding:
        at = (stretch[0].start, stretch[-1].end)
        return self._say("C5", "warn", who, (only or stretch[-1]).key, at, {"hours": _hours(peak)}, words="C5h")

    def _fit(self, a: Assignment) -> Iterator[Finding]:
        known = self.town.people.get(a.person)
        roles = set(known.roles) if known else set()
        where = {"unit": self._unit(a.unit), "post": post_name(self.town, a.post)}
        at = (a.start, a.end)
        if not eligible(self.town, a):
            ask = not self.reasons.get(a.key)
            yield self._say("C6", "warn", a.person, a.key, at, where, needs_reason=ask)
        if a.post in ("seat", "shift_lead") and not roles & TRAINED:
            yield self._say("C7", "refuse", a.person, a.key, at, where)
        unit = self.town.units.get(a.unit)
        if "inspector" in roles and known and known.unit == a.unit and unit and unit.kind == "station":
            yield self._say("C9", "refuse", a.person, a.key, at, where)

    def posts(self) -> Iterator[Finding]:
        """C2 and C3 on the dates of the book."""
        held: dict[str, list[Post]] = {}
        for post in self.town.posts:
            if post.role in OFFICERS:
                held.setdefault(post.work_no, []).append(post)
        for who, posts in held.items():
            for one, two in combinations(posts, 2):
                at = self._common(one, two)
                if at is None:
                    continue
                if one.unit == two.unit and one.role != two.role:
                    names = {"one": post_name(self.town, one.role), "two": post_name(self.town, two.role)}
                    yield self._say("C2", "refuse", who, None, at, {"unit": self._unit(one.unit), **names})
                if one.unit != two.unit and one.role == two.role == "commander":
                    names = {"one": self._unit(one.unit), "two": self._unit(two.unit)}
                    yield self._say("C3", "warn", who, None, at, {"post": post_name(self.town, one.role), **names})

    def _common(self, one: Post, two: Post) -> Interval | None:
        """The part of the book in which both posts are held."""
        begins = [self.duty.window(p.since, _WHOLE_DAY)[0] for p in (one, two) if p.since]
        ends = [self.duty.window(p.until, _WHOLE_DAY)[1] for p in (one, two) if p.until]
        begin, end = max([self.book.start, *begins]), min([self.book.end, *ends])
        return (begin, end) if begin < end else None

    def teams(self) -> Iterator[Finding]:
        """C8 for every night on which somebody of a team is planned; an empty night is a gap, not this rule's."""
        nights: dict[tuple[date, str], list[Assignment]] = {}
        teams = {unit.code for unit in self.town.of_kind("response_team")}
        for a in self.book.assignments:
            if a.unit in teams and self.town.shift_of(a.shift).presence:
                nights.setdefault((a.day, a.unit), []).append(a)
        for (_, team), on in nights.items():
            missing = [] if any(a.post == "team_leader" for a in on) else [post_name(self.town, "team_leader")]
            forces = {self.town.people[a.person].force for a in on if a.person in self.town.people}
            missing += [(f"{f}力量", f) for f in self.town.term("forces", "").split() if f not in forces]
            if missing:
                what = ("、".join(zh for zh, _ in missing), ", ".join(en for _, en in missing))
                at = (min(a.start for a in on), max(a.end for a in on))
                yield self._say("C8", "warn", "", None, at, {"unit": self._unit(team), "what": what})

    def shoulders(self) -> Iterator[Finding]:
        """C10 for every whole date of the book that has a plan."""
        here: dict[tuple[str, date], list[Interval]] = {}
        for a in self.book.assignments:
            officer = a.post in ("deputy", "chief") or a.unit == self.town.centre.code
            if officer and self.town.shift_of(a.shift).presence:
                here.setdefault((a.unit, a.day), []).append((a.start, a.end))
        planned = {a.day for a in self.book.assignments}
        hours = shoulders(self.town)
        names = {post: post_name(self.town, post) for post in ("deputy", "chief")}
        names["centre"] = self._unit(self.town.centre.code)
        for day in self._dates() if hours else ():
            if day not in planned and not self.book.has_plan(day):
                continue
            near = (day - timedelta(days=1), day)
            centre = [span for d in near for span in here.get((self.town.centre.code, d), ())]
            for station in (unit for unit in self.town.of_kind("station") if unit.enabled):
                there = [*centre, *(span for d in near for span in here.get((station.code, d), ()))]
                for begin, end in hours:
                    whole = self.duty.window(day, Hours("", "", begin, end, "A"))
                    key = shoulder_key(day, station.code, begin)
                    excused = bool(self.reasons.get(key))
                    for part in without([whole], there):
                        yield self._say(
                            "C10", "warn" if excused else "refuse", "", key, part,
                            {**names, "unit": self._unit(station.code)}, needs_reason=not excused,
                        )  # fmt: skip

    def _dates(self) -> Iterator[date]:
        day = self.duty.local(self.book.start).date()
        while self.duty.window(day, _WHOLE_DAY)[1] <= self.book.end:
            if self.duty.window(day, _WHOLE_DAY)[0] >= self.book.start:
                yield day
            day += timedelta(days=1)

    def _unit(self, code: str) -> Pair:
        unit = self.town.units.get(code)
        return (unit.name, unit.name_en or unit.name) if unit else (code, code)

    def _claim(self, span: _Span) -> Pair:
        if isinstance(span.of, Leave):
            return "请假", "leave"
        if isinstance(span.of, Stationing):
            zh, en = self._unit(span.of.station)
            return f"{zh}按需驻站", f"stationing at {en}"
        zh, en = self._unit(span.of.unit)
        post = post_name(self.town, span.of.post)
        return f"{zh}{post[0]}", f"{en} ({post[1]})"

    def _when(self, at: Interval) -> str:
        begin, end = (self.duty.local(moment) for moment in at)
        if begin.date() == end.date():
            return f"{begin:%m-%d %H:%M}-{end:%H:%M}"
        return f"{begin:%m-%d %H:%M} - {end:%m-%d %H:%M}"

    def _say(
        self, code: str, effect: Literal["refuse", "warn"], who: str, key: Key | None, at: Interval,
        fields: Mapping[str, str | Pair], *, words: str = "", needs_reason: bool = False,
    ) -> Finding:  # fmt: skip
        known = self.town.people.get(who)
        own: dict[str, str | Pair] = {"who": known.name if known else who, "when": self._when(at), **fields}
        zh, en = ({k: v if isinstance(v, str) else v[n] for k, v in own.items()} for n in (0, 1))
        wrong, mend = WORDS[words or code]
        return Finding(code, effect, who, key, at, wrong[0].format(**zh), wrong[1].format(**en), *mend, needs_reason)


def eligible(town: Town, a: Assignment) -> bool:
    """C6: the role, post or unit that a post asks for. An acting officer is eligible: the plan says so itself."""
    person = town.people.get(a.person)
    if person is None:
        return False
    if a.post in OFFICERS:
        return a.acting or _holds(town, a)
    if a.post == "resident":
        unit = town.units.get(person.unit)
        return unit is not None and unit.kind == "resident"  # on-demand departments come by stationing (R26)
    if a.post in ("team_leader", "member") and person.unit != a.unit:
        return False
    return a.post not in _ROLES or bool(_ROLES[a.post].intersection(person.roles)) or _holds(town, a)


def _holds(town: Town, a: Assignment) -> bool:
    return any((p.unit, p.role, p.work_no) == (a.unit, a.post, a.person) and p.held_on(a.day) for p in town.posts)


def _clash(one: _Span, two: _Span) -> bool:
    """Two claims that cannot both be met: presence with presence, leave with any duty. On call is no presence."""
    kinds = {one.kind, two.kind}
    return kinds == {"there"} or ("leave" in kinds and len(kinds) == 2)


def _runs(days: Iterable[date]) -> list[list[date]]:
    """Dates in order, cut wherever a day is missing."""
    runs: list[list[date]] = []
    for day in days:
        if runs and (day - runs[-1][-1]).days == 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _run_text(run: list[date]) -> str:
    return f"{run[0]:%m-%d}" if len(run) == 1 else f"{run[0]:%m-%d}..{run[-1]:%m-%d}"


def _hours(minutes: int) -> str:
    return f"{minutes / 60:.1f}".removesuffix(".0")
