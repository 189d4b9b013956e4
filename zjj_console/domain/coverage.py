"""Who is there for each coverage requirement, minute by minute (§4.1, §4.5, R09).

Each requirement is swept window by window: edges are those of the window, of the plan, of what signs say, of the shift
templates, and `now`. A window belongs to the local date on which it begins, so a night is judged by that date's kind.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import DAY, HOUR
from zjj_console.domain.roster import Assignment, Book, Interval, span_of, stays
from zjj_console.town.calendar import day_type
from zjj_console.town.models import Hours, Requirement, Town

KindOf = Callable[[date], str]

# A response team works for the centre and for every station, so its people count there too.
_PLACES = {
    "centre": frozenset({"centre", "response_team"}),
    "station": frozenset({"station", "response_team"}),
    "team": frozenset({"response_team"}),
}


class Tile(Struct, frozen=True):
    """A stretch [start, end) of one requirement at one unit in which the same people are there."""

    requirement: Requirement
    unit: str  # "" for the team on duty and for the whole town
    day: date  # the date to which the window belongs
    start: int  # µs UTC
    end: int
    need: int
    there: tuple[Assignment, ...]
    missing: tuple[Assignment, ...]  # planned, yet not there
    reached: bool  # some shift template has people here
    shared: tuple[str, ...] = ()  # neighbouring stations that need so many together

    @property
    def people(self) -> frozenset[str]:
        return frozenset(a.person for a in self.there)

    @property
    def have(self) -> int:
        return len(self.people)

    @property
    def short(self) -> bool:
        return self.have < self.need


def day_kind(town: Town, day: date) -> str:
    """Kind of day for coverage: guarantee before all, else workday or rest (holidays alike)."""
    if any(period.start <= day <= period.end for period in town.guarantees):
        return "guarantee"
    return "workday" if day_type(town, day)[0] == "workday" else "rest"


def coverage_hours(town: Town, duty: DutyTime, day: date) -> dict[str, float]:
    """Hours of a local day in which the shift templates have people for each requirement (AC-09b: field force 22)."""
    whole = midnight(town, duty, day), midnight(town, duty, day + timedelta(days=1))
    return {
        required.code: _hours(
            _common(_common(whole, window), span)
            for window in _windows(required, duty, *whole).values()
            for span in joined(_reach(town, duty, required, *whole))
        )
        for required in town.coverage
    }


def desk_hours(town: Town, duty: DutyTime, day: date) -> float:
    """Hours of a local day in which the shift templates man a desk (AC-09b: 24)."""
    begin, end = midnight(town, duty, day), midnight(town, duty, day + timedelta(days=1))
    shifts = [shift for shift in town.shifts.values() if shift.desk and shift.presence]
    spans = [span_of(town, duty, shift, day - timedelta(days=n)) for shift in shifts for n in (0, 1)]
    return _hours(_common((begin, end), span) for span in joined(spans))


def midnight(town: Town, duty: DutyTime, day: date) -> int:
    return duty.instant(datetime.combine(day, time(), town.tz))


_Stay = tuple[int, int, bool, int, Assignment]  # begin, end, really there (or only planned), number, whose


def tiles(
    book: Book, town: Town, duty: DutyTime, start: int, end: int, now: int, kind_of: KindOf | None
) -> Iterator[Tile]:
    """Tiles of all windows that touch [start, end), not yet joined; windows are cut only where the book ends."""
    kind_of = kind_of or (lambda day: day_kind(town, day))
    stations = sorted((u.code for u in town.of_kind("station") if u.enabled), key=lambda code: (len(code), code))
    known = _known(book, town, start, end, now)
    for required in town.coverage:
        pool = _pool(required, town, stations, known)
        units = stations if required.scope == "station" else [town.centre.code if required.scope == "centre" else ""]
        for day, whole in _windows(required, duty, start, end).items():
            window, kind = _common(whole, (book.start, book.end)), kind_of(day)
            need, reach = required.least.get(kind, 0), _reach(town, duty, required, *window)
            inner = {edge for edge in (now, *(e for span in reach for e in span)) if window[0] < edge < window[1]}
            for unit in units:
                shared = _neighbours(required.share.get(kind, 1), unit, units)
                near = _near(pool, shared or (unit,), window)
                for begin, finish, there, missing in _sweep(window, inner, near):
                    reached = any(span[0] <= begin < span[1] for span in reach)
                    yield Tile(required, unit, day, begin, finish, need, there, missing, reached, shared)


def _known(book: Book, town: Town, start: int, end: int, now: int) -> list[_Stay]:
    """Both accounts of each assignment: as planned, and as the effective roster has it."""
    leaves: dict[str, list[Interval]] = {}
    for leave in book.leaves:
        leaves.setdefault(leave.person, []).append((leave.start, leave.end))
    # Leave is looked up per person: `stays` would read all leaves of the book for each assignment.
    freed = replace(book, leaves=())
    found: list[_Stay] = []
    for number, a in enumerate(book.assignments):
        if a.end + DAY <= start or a.start - DAY >= end:
            continue
        found.append((a.start, a.end, False, number, a))
        if town.shift_of(a.shift).presence:
            source = book if a.person in leaves else freed
            found += [(*span, True, number, a) for span in stays(source, a, now, town.duty_rules)]
        elif a.post == "on_call":
            found.append((a.start, a.end, True, number, a))
    return found


def _pool(
    required: Requirement, town: Town, stations: Sequence[str], known: list[_Stay]
) -> dict[tuple[str, int], list[_Stay]]:
    """Stays that count for a requirement, by unit and day number (UTC)."""
    pool: dict[tuple[str, int], list[_Stay]] = {}
    for stay in known:
        a = stay[4]
        if a.post not in required.posts or (required.dept and home_of(town, a) != required.dept):
            continue
        for unit in _counts_for(required, town, stations, a):
            for number in range(stay[0] // DAY, (stay[1] - 1) // DAY + 1):
                pool.setdefault((unit, number), []).append(stay)
    return pool


def home_of(town: Town, a: Assignment) -> str:
    person = town.people.get(a.person)
    return person.unit if person else ""


def team_of(town: Town, a: Assignment) -> str:
    """The response team of an assignment, also where its night seat is at the centre; "" if none."""
    at_night = "response_team" in town.shift_of(a.shift).units  # one of the team may stand in for somebody by day
    for code in (a.unit, home_of(town, a) if at_night else ""):
        if code in town.units and town.units[code].kind == "response_team":
            return code
    return ""


def _counts_for(required: Requirement, town: Town, stations: Sequence[str], a: Assignment) -> Sequence[str]:
    if required.scope == "town":
        return ("",)
    if required.scope == "team":
        return ("",) if team_of(town, a) else ()
    kind = town.units[a.unit].kind if a.unit in town.units else ""
    if kind not in _PLACES[required.scope]:
        return ()
    if required.scope == "centre":
        return (town.centre.code,)
    return stations if kind == "response_team" else (a.unit,)


def _near(pool: dict[tuple[str, int], list[_Stay]], units: Sequence[str], window: Interval) -> list[_Stay]:
    keys = [(unit, n) for unit in units for n in range(window[0] // DAY, (window[1] - 1) // DAY + 1)]
    found = {stay[:4]: stay for key in keys for stay in pool.get(key, ())}
    return [stay for stay in found.values() if stay[0] < window[1] and stay[1] > window[0]]


def _sweep(
    window: Interval, inner: set[int], near: list[_Stay]
) -> Iterator[tuple[int, int, tuple[Assignment, ...], tuple[Assignment, ...]]]:
    """(begin, end, who is there, who is planned but not there) of each elementary interval."""
    comes: dict[int, list[_Stay]] = {}
    goes: dict[int, list[_Stay]] = {}
    for stay in near:
        comes.setdefault(max(stay[0], window[0]), []).append(stay)
        goes.setdefault(min(stay[1], window[1]), []).append(stay)
    there: dict[int, Assignment] = {}
    planned: dict[int, Assignment] = {}
    for begin, end in pairwise(sorted({*window, *inner, *comes, *goes})):
        for stay in goes.get(begin, ()):
            (there if stay[2] else planned).pop(stay[3])
        for stay in comes.get(begin, ()):
            (there if stay[2] else planned)[stay[3]] = stay[4]
        missing = tuple(a for number, a in planned.items() if number not in there)
        yield begin, end, tuple(there.values()), missing


def _neighbours(size: int, unit: str, units: Sequence[str]) -> tuple[str, ...]:
    """The stations in code order that share a minimum with `unit`; none where each has its own."""
    first = units.index(unit) // size * size
    group = tuple(units[first : first + size])
    return group if len(group) > 1 else ()


def _windows(required: Requirement, duty: DutyTime, start: int, end: int) -> dict[date, Interval]:
    """The windows of a requirement that touch [start, end), by the date to which they belong."""
    hours = Hours("", "", required.start, required.end, "A")
    day, last = duty.local(start).date() - timedelta(days=1), duty.local(end).date()
    found = {}
    while day <= last:
        window = duty.span(day, hours)
        if window[0] < end and window[1] > start:
            found[day] = window
        day += timedelta(days=1)
    return found


def _reach(town: Town, duty: DutyTime, required: Requirement, start: int, end: int) -> list[Interval]:
    """When any shift template has somebody for a requirement, around [start, end)."""
    places = _PLACES.get(required.scope)
    shifts = [
        shift
        for shift in town.shifts.values()
        if set(shift.posts) & set(required.posts)
        and (places is None or places & set(shift.units))
        and (shift.presence or "on_call" in required.posts)
    ]
    first, last = duty.local(start).date() - timedelta(days=1), duty.local(end).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [span_of(town, duty, shift, day) for shift in shifts for day in days]


def joined(spans: Iterable[Interval]) -> list[Interval]:
    found: list[Interval] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _common(one: Interval, other: Interval) -> Interval:
    begin, end = max(one[0], other[0]), min(one[1], other[1])
    return begin, max(begin, end)


def _hours(spans: Iterable[Interval]) -> float:
    return sum(end - begin for begin, end in spans) / HOUR
