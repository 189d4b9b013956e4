"""Fills one duty date after the other: whoever has the fewest planned hours, then the lowest work number.

Kept: C1, C4 (refused rest), C5, C6, C7 and C9. Only the nights of the response teams follow their rotation past C5.
"""

from datetime import date, timedelta
from itertools import pairwise

from zjj_console.domain.conflicts import OFFICERS, eligible
from zjj_console.domain.coverage import day_kind
from zjj_console.domain.custody import TRAINED
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import HOUR, MINUTE
from zjj_console.domain.roster import Assignment, Book, Interval, span_of
from zjj_console.domain.rotation import DAY_MINUTES, TeamNight, night_span, teams_of, teams_on
from zjj_console.town.models import Person, Requirement, Shift, Town


class Planner:
    """What is planned so far, and everybody's load."""

    def __init__(self, town: Town, duty: DutyTime, book: Book) -> None:
        self.town, self.duty, self.rules = town, duty, town.duty_rules
        self.made: list[Assignment] = []
        self.minutes: dict[str, int] = {}  # of this plan
        self.desk: dict[str, int] = {}  # nights at the desk in this plan
        self.days: dict[str, dict[date, int]] = {}  # minutes by duty date, neighbours included
        self.nights: dict[str, set[date]] = {}
        self.shifts: dict[str, dict[date, list[Interval]]] = {}
        self.away: dict[str, list[Interval]] = {}
        self.today: list[tuple[Assignment, int, int]] = []  # with start and end in minutes of the duty date
        for leave in book.leaves:
            self.away.setdefault(leave.person, []).append((leave.start, leave.end))
        for s in book.stationings:
            if s.person and s.state in ("APPROVED", "ARRIVED"):
                self.away.setdefault(s.person, []).append((s.start, s.end))
        for a in book.assignments:
            self._remember(a)
        self.stations = sorted(
            (u.code for u in town.of_kind("station") if u.enabled), key=lambda code: (len(code), code)
        )
        self.resident = {p.work_no for p in town.posts if p.role == "resident"}
        self.needs = sorted(town.coverage, key=lambda r: len(self._options(r, *_window(r))) or len(town.shifts) + 1)

    def plan(self, day: date) -> None:
        self.today = []
        kind = day_kind(self.town, day)
        for night in self._nights_of(day, kind):
            self._team(day, night, kind)
        for required in self.needs:
            least = required.least.get(kind, 0)
            for units in self._groups(required, kind) if least else ():
                for begin, end in self._segments(required):
                    self._fill(day, required, units, (begin, end), least)

    def _groups(self, required: Requirement, kind: str) -> list[list[str]]:
        """Units that meet a requirement together; neighbours in code order where they share it."""
        if required.scope == "centre":
            return [[self.town.centre.code]]
        size = required.share.get(kind, 1)
        return (
            [self.stations[n : n + size] for n in range(0, len(self.stations), size)]
            if required.scope == "station"
            else []
        )

    def _segments(self, required: Requirement) -> list[tuple[int, int]]:
        """The parts of a requirement's window that day shifts reach, cut at their edges."""
        begin, end = _window(required)
        edges = {begin, end}
        for shift in self._day_shifts(required):
            edges |= {edge for edge in _minutes(self.town, shift) if begin < edge < end}
        cuts = sorted(edges)
        return [(a, b) for a, b in pairwise(cuts) if self._options(required, a, b)]

    def _day_shifts(self, required: Requirement) -> list[Shift]:
        """Shifts that serve a requirement and are not the response team's: those follow the rotation."""
        return [
            s for s in self.town.shifts.values() if required.scope in s.units and set(s.posts) & set(required.posts)
        ]

    def _options(self, required: Requirement, begin: int, end: int) -> list[tuple[str, Shift]]:
        return [
            (post, shift)
            for post in required.posts
            for shift in self._day_shifts(required)
            if post in shift.posts and _minutes(self.town, shift)[0] <= begin and end <= _minutes(self.town, shift)[1]
        ]

    def _fill(self, day: date, required: Requirement, units: list[str], part: tuple[int, int], least: int) -> None:
        for _ in range(least - self._have(required, units, part)):
            tries = [
                (spare, self.minutes.get(who, 0), who, unit, post, shift, acting)
                for post, shift in self._options(required, *part)
                for unit in units
                for who, acting, spare in self._people(required, unit, post, day)
            ]
            for _, _, who, unit, post, shift, acting in sorted(tries, key=lambda row: row[:3]):
                span = span_of(self.town, self.duty, shift, day)
                if not self._blocked(who, span, day, shift):
                    self._place(day, shift, unit, post, who, span, _minutes(self.town, shift), acting)
                    break
            else:
                return

    def _have(self, required: Requirement, units: list[str], part: tuple[int, int]) -> int:
        return sum(
            a.unit in units and a.post in required.posts and begin <= part[0] and part[1] <= end
            and (not required.dept or _unit_of(self.town, a.person) == required.dept)
            for a, begin, end in self.today
        )  # fmt: skip

    def _people(self, required: Requirement, unit: str, post: str, day: date) -> list[tuple[str, bool, bool]]:
        """(work number, acting, spare) of those who may take a post at a unit that day: its holders, else the unit's staff.

        For a resident that is not there, people of the department who belong to no station are spare: asked last.
        """
        town = self.town
        held = {p.work_no: p.acting for p in town.posts if (p.unit, p.role) == (unit, post) and p.held_on(day)}
        if post == "resident":
            own = [who for who in held if not required.dept or _unit_of(town, who) == required.dept]
            others = [p.work_no for p in town.staff(required.dept) if p.work_no not in self.resident]
            pool = [(who, False, who not in own) for who in (*own, *others)]
        elif post in OFFICERS:
            pool = [(who, acting, False) for who, acting in held.items()]
        else:
            pool = [(p.work_no, False, False) for p in town.staff(unit)]
        return [row for row in pool if self._suits(row[0], unit, post, day)]

    def _suits(self, who: str, unit: str, post: str, day: date) -> bool:
        """C6, C7 and C9."""
        person = self.town.people.get(who)
        if person is None:
            return False
        if post in ("seat", "shift_lead") and not TRAINED.intersection(person.roles):
            return False
        if "inspector" in person.roles and person.unit == unit and unit in self.stations:
            return False
        return post in OFFICERS or eligible(self.town, Assignment(day, "", unit, post, 0, who, 0, 0))

    def _nights_of(self, day: date, kind: str) -> list[TeamNight]:
        """The teams of the rotation, and further ones where a night needs more people than those teams have."""
        nights, staff = list(teams_on(self.town, day)), self.town.staff
        need = max((r.least.get(kind, 0) for r in self.town.coverage if r.scope == "team"), default=0)
        for team in teams_of(self.town) if nights else ():
            if sum(len(staff(unit)) for unit in {n.unit for n in nights}) < need and all(
                n.unit != team for n in nights
            ):
                whole = (min(n.start for n in nights), max(n.end for n in nights))
                nights.append(TeamNight(team, *whole))
        return nights

    def _team(self, day: date, night: TeamNight, kind: str) -> None:
        """Everybody of a team who can come: the leader, the trained at the desk as far as it needs them, the others."""
        town = self.town
        shift = next((s for s in town.shifts.values() if "response_team" in s.units and "member" in s.posts), None)
        if shift is None:
            return
        span, part = night_span(self.duty, day, night), (night.start, night.end)
        free = [p for p in town.staff(night.unit) if not self._blocked(p.work_no, span, day, None)]
        free.sort(key=lambda p: (self.desk.get(p.work_no, 0), p.work_no))
        leads = {role: [p.work_no for p in town.posts if (p.unit, p.role) == (night.unit, role) and p.held_on(day)]
                 for role in ("team_leader", "shift_lead")}  # fmt: skip

        def put(person: Person, post: str) -> None:
            free.remove(person)
            self._place(day, shift, night.unit, post, person.work_no, span, part, False)

        leaders = [p for p in free if p.work_no in leads["team_leader"]] or [
            p for p in free if "team_leader" in p.roles
        ]
        if leaders:
            put(leaders[0], "team_leader")
        desk = [r for r in town.coverage if r.scope == "centre" and _overlap(_window(r), part)]
        for required in sorted(desk, key=lambda r: len(r.posts)):
            post = next((p for p in required.posts if p in shift.posts and p in ("seat", "shift_lead")), "")
            inside = (max(_window(required)[0], night.start), min(_window(required)[1], night.end))
            have = sum(a.post in required.posts and b <= inside[0] and inside[1] <= e for a, b, e in self.today)
            able = [p for p in free if post and self._suits(p.work_no, night.unit, post, day)]
            able.sort(key=lambda p: (p.work_no in leads["shift_lead"]) != (post == "shift_lead"))
            for person in able[: max(0, required.least.get(kind, 0) - have)]:
                put(person, post)
        spare = [p for p in free if p.work_no in leads["shift_lead"] and TRAINED.intersection(p.roles)]
        for person in spare[: int(bool(desk) and "shift_lead" in shift.posts)]:
            put(person, "shift_lead")
        for person in list(free):
            put(person, "member")

    def _blocked(self, who: str, span: Interval, day: date, shift: Shift | None) -> bool:
        """C1, C4 (refused rest) and C5; without a shift, as for the rotation's own nights, C5 is left out."""
        there = shift is None or shift.presence
        if any(begin < span[1] and span[0] < end for begin, end in self.away.get(who, ())):
            return True
        if not there:
            return False
        rest = self.rules.rest_refused_hours * HOUR
        own = self.shifts.get(who, {})
        near = (shift for n in range(-2, 3) for shift in own.get(day + timedelta(days=n), ()))
        if any(begin < span[1] + rest and span[0] < end + rest for begin, end in near):
            return True
        return shift is not None and self._too_much(who, (span[1] - span[0]) // MINUTE, day, shift)

    def _too_much(self, who: str, minutes: int, day: date, shift: Shift) -> bool:
        worked, limit = self.days.get(who, {}), self.rules.week_hours * 60
        around = [worked.get(day + timedelta(days=n), 0) for n in range(-6, 7)]
        if sum(around) + minutes > limit and max(sum(around[n : n + 7]) for n in range(7)) + minutes > limit:
            return True
        if not self.town.hours[shift.hours].wall:
            return False
        nights, run = self.nights.get(who, set()), 1
        for step in (-1, 1):
            at = day + timedelta(days=step)
            while at in nights:
                run, at = run + 1, at + timedelta(days=step)
        return run > self.rules.nights_in_row

    def _place(
        self,
        day: date,
        shift: Shift,
        unit: str,
        post: str,
        who: str,
        span: Interval,
        part: tuple[int, int],
        acting: bool,
    ) -> None:
        seat = 1 + sum((a.shift, a.unit, a.post) == (shift.code, unit, post) for a, _, _ in self.today)
        a = Assignment(day, shift.code, unit, post, seat, who, span[0], span[1], acting=acting)
        self.made.append(a)
        self.today.append((a, *part))
        self._remember(a)
        if shift.presence:
            self.minutes[who] = self.minutes.get(who, 0) + (a.end - a.start) // MINUTE
        if shift.desk == "night" and post in ("seat", "shift_lead"):
            self.desk[who] = self.desk.get(who, 0) + 1

    def _remember(self, a: Assignment) -> None:
        shift = self.town.shift_of(a.shift)
        if not shift.presence:
            return
        worked = self.days.setdefault(a.person, {})
        worked[a.day] = worked.get(a.day, 0) + (a.end - a.start) // MINUTE
        self.shifts.setdefault(a.person, {}).setdefault(a.day, []).append((a.start, a.end))
        if self.town.hours[shift.hours].wall:
            self.nights.setdefault(a.person, set()).add(a.day)


def _unit_of(town: Town, who: str) -> str:
    return town.people[who].unit if who in town.people else ""


def _minutes(town: Town, shift: Shift) -> tuple[int, int]:
    hours = town.hours[shift.hours]
    return hours.start, hours.end + (DAY_MINUTES if hours.wall else 0)


def _window(required: Requirement) -> tuple[int, int]:
    return required.start, required.end + (DAY_MINUTES if required.end <= required.start else 0)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
