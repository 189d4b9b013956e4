"""Who works when (§4): the facts of a roster, and the one answer to who is there at an instant.

Every surface asks `Book`: candidates, roster screen, gaps, handover and scripts never work it out for themselves.
A duty date is the local date on which a shift begins: the night of the 1st ends on the 2nd and is still the 1st.
"""

from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import Literal

from msgspec import Struct

from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import MINUTE
from zjj_console.town.models import DutyRules, Shift, Town

Key = tuple[date, str, str, str, int]
Standing = Literal["present", "due", "late", "absent", "left", "leave", "on_call", "planned", "over"]


class Assignment(Struct, frozen=True):
    """One person at one post in one shift. `person` is who does it now, `planned` who was to, where somebody stands in."""

    day: date  # duty date
    shift: str
    unit: str  # where: a station for its residents, whatever department they come from
    post: str
    seat: int
    person: str
    start: int  # µs UTC
    end: int
    planned: str = ""
    acting: bool = False
    note: str = ""

    @property
    def key(self) -> Key:
        return self.day, self.shift, self.unit, self.post, self.seat


class Leave(Struct, frozen=True):
    id: str
    person: str
    start: int
    end: int
    kind: str
    by: str  # who approved it
    note: str = ""


class Stationing(Struct, frozen=True):
    """An on-demand department at a station (R26). `state`: REQUESTED APPROVED ARRIVED LEFT REFUSED CANCELLED NO_SHOW."""

    id: str
    dept: str
    station: str
    start: int
    end: int
    trigger: str  # one of the three of the policy
    state: str
    asked_by: str
    person: str = ""
    case: str = ""
    arrived_at: int | None = None
    left_at: int | None = None
    text: str = ""


class Sign(Struct, frozen=True):
    """One person's sign-in and sign-out for one shift of one duty date (§4.4). `in_by` is who recorded it."""

    person: str
    day: date
    shift: str
    in_at: int
    in_via: str  # console | wechat | import | phone | radio; "" where a fix is only asked for: no Book holds such a one
    in_by: str
    out_at: int | None = None
    out_via: str = ""
    out_by: str = ""
    note: str = ""
    auto_out: bool = False  # 漏签退: closed at the planned end
    fix: str = ""  # "" | asked | approved | refused


class Book(Struct, frozen=True, dict=True):
    """All roster facts that touch the window [start, end). `published`: months as `2021-03`."""

    start: int
    end: int
    assignments: tuple[Assignment, ...] = ()
    leaves: tuple[Leave, ...] = ()
    stationings: tuple[Stationing, ...] = ()
    signs: tuple[Sign, ...] = ()
    published: frozenset[str] = frozenset()

    @cached_property
    def sign_of(self) -> dict[tuple[str, date, str], Sign]:
        return {(s.person, s.day, s.shift): s for s in self.signs}

    @cached_property
    def by_person(self) -> dict[str, list[Assignment]]:
        found: dict[str, list[Assignment]] = {}
        for a in sorted(self.assignments, key=lambda a: a.start):
            found.setdefault(a.person, []).append(a)
        return found

    def has_plan(self, day: date) -> bool:
        return f"{day:%Y-%m}" in self.published


Interval = tuple[int, int]


def stays(book: Book, a: Assignment, now: int, rules: DutyRules) -> list[Interval]:
    """When the person of an assignment is there, as known at `now`: signs for the past, the plan for the rest.

    Nobody signed: he counts until he is declared absent, then not at all. A small lateness within the grace is none.
    Leave is cut out. A person who has not signed out stays there after the end, as long as `now` runs or until he
    signs in again.
    """
    sign = book.sign_of.get((a.person, a.day, a.shift))
    if sign is None:
        span = (a.start, a.end) if now < a.start + rules.absent_after * MINUTE else None
    else:
        begin = a.start if sign.in_at <= a.start + rules.grace * MINUTE else sign.in_at
        end = sign.out_at if sign.out_at is not None else max(a.end, min(now + 1, _next_sign(book, sign)))
        span = (min(begin, sign.in_at), end) if begin < end else None
    spans = [span] if span else []
    return without(spans, ((leave.start, leave.end) for leave in book.leaves if leave.person == a.person))


def _next_sign(book: Book, sign: Sign) -> int:
    """When somebody who forgot to sign out signed in again: from then on he is there and not here."""
    later = (s.in_at for s in book.signs if s.person == sign.person and s.in_at > sign.in_at)
    return min(later, default=1 << 62)


def without(spans: list[Interval], holes: Iterable[Interval]) -> list[Interval]:
    """What is left of spans when holes are cut out."""
    for hole in holes:
        cut = [((begin, min(end, hole[0])), (max(begin, hole[1]), end)) for begin, end in spans]
        spans = [part for pair in cut for part in pair if part[0] < part[1]]
    return spans


def there(book: Book, at: int, now: int, town: Town) -> list[Assignment]:
    """Assignments whose person is there at `at`. On-call people are not there; they are reachable."""
    return [
        a
        for a in book.assignments
        if town.shift_of(a.shift).presence
        and any(begin <= at < end for begin, end in stays(book, a, now, town.duty_rules))
    ]


def on_call(book: Book, at: int, town: Town) -> list[Assignment]:
    return [a for a in book.assignments if not town.shift_of(a.shift).presence and a.start <= at < a.end]


def standing(book: Book, a: Assignment, now: int, town: Town) -> Standing:
    """Where the person of an assignment stands now, in one word."""
    sign, rules = book.sign_of.get((a.person, a.day, a.shift)), town.duty_rules
    at = min(max(now, a.start), a.end - 1)  # of a shift that is over or to come: as it was, or will be
    if any(leave.person == a.person and leave.start <= at < leave.end for leave in book.leaves):
        return "leave"
    if sign is not None:
        return "left" if sign.out_at is not None and sign.out_at <= now else "present"
    if now >= a.end:
        return "over"
    if not town.shift_of(a.shift).presence:
        return "on_call" if now >= a.start else "planned"
    if now < a.start:
        return "due" if now >= a.start - rules.sign_opens * MINUTE else "planned"
    if now < a.start + rules.grace * MINUTE:
        return "due"
    return "late" if now < a.start + rules.absent_after * MINUTE else "absent"


def signed_in(book: Book, person: str, now: int) -> Sign | None:
    """His sign that is open now, if any: the latest, should he have forgotten to sign out of one before."""
    signs = (s for s in book.signs if s.person == person and s.in_at <= now and s.out_at is None)
    return max(signs, key=lambda s: s.in_at, default=None)


def desk_of(book: Book | None, town: Town, person: str, now: int) -> str:
    """The desk that a person stands at: that of the shift he has signed in for, else that of his unit."""
    sign = signed_in(book, person, now) if book else None
    if sign is not None and town.shift_of(sign.shift).desk:
        return town.shift_of(sign.shift).desk
    known = town.people.get(person)
    unit = town.units.get(known.unit) if known else None
    return "night" if unit is not None and unit.kind == "response_team" else "day"


def span_of(town: Town, duty: DutyTime, shift: Shift, day: date) -> Interval:
    """Start and end of a shift on a duty date."""
    return duty.span(day, town.hours[shift.hours])
