"""Whom to send (§2.8), as a list with reasons. Shown, never sent by itself. Who is there says the effective roster.

The order of the groups is the policy's and never moves; inside a group the nearest comes first.
"""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from zjj_console.desk.seats import Seat, Seats, seat_of
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Case
from zjj_console.town.models import Unit
from zjj_console.town.placing import Apart, Placed, apart, placed

LISTED = 9  # one digit each


class Candidate(Struct, frozen=True):
    """A unit that may take the case, the person who would get the order, and why it stands here, in codes.

    `candidate_words` says them. `here`: how many of the unit are there by the roster, None where none tells.
    """

    unit: str
    person: str
    person_name: str
    busy: int = 0  # lead orders in hand
    why: tuple[str, ...] = ()
    here: int | None = None
    seat: Seat | None = None
    apart: Apart | None = None  # from the case


class Group(NamedTuple):
    """Units of equal right. `free_first`: who has something in hand comes after who has not, however near."""

    units: list[Unit]
    why: str
    free_first: bool = False


def candidates(case: Case, facts: Facts, load: dict[str, int], seats: Seats | None = None) -> list[Candidate]:
    """Candidates in the order of the present window. `load` = active lead orders per unit; `seats` = where they are."""
    place = placed(facts.town, case.committee, case.grid, case.lon, case.lat) if seats else None
    found: dict[str, Candidate] = {}
    for group in _ordered(case, facts):
        made = [_made(unit, group.why, case, facts, load, seats or {}, place) for unit in group.units
                if unit.enabled and unit.code not in found and unit.code not in (case.lead, *case.assists)]  # fmt: skip
        there = [one for one in made if one is not None]
        found |= {one.unit: one for one in sorted(there, key=_nearest_free if group.free_first else _nearest)}
    return list(found.values())[:LISTED]


def _made(
    unit: Unit, why: str, case: Case, facts: Facts, load: dict[str, int], seats: Seats, place: Placed | None
) -> Candidate | None:
    """None for a unit that has nobody."""
    person = facts.person_of(unit.code, case.station)
    if not person:
        return None
    rostered = facts.rostered(unit.code)
    here = None if rostered is None or not facts.on_duty(unit.code) else len(rostered)
    seat = seat_of(seats, unit.code, person)
    distance = apart(place, seat.place) if seat else None
    return Candidate(
        unit.code, person, facts.town.people[person].name, load.get(unit.code, 0), (why,), here, seat, distance
    )


def _nearest(one: Candidate) -> tuple[bool, int]:
    """Nearest first; whose place is not known last, in the order of the profile."""
    return one.apart is None, one.apart.metres if one.apart else 0


def _nearest_free(one: Candidate) -> tuple[bool, bool, int]:
    return one.busy > 0, *_nearest(one)


def _ordered(case: Case, facts: Facts) -> Iterator[Group]:
    town = facts.town
    known = town.units.get(town.categories[case.category].lead) if case.category in town.categories else None
    wanted = [known] if known else []
    teams, residents = town.of_kind("response_team"), town.of_kind("resident")
    area = town.units.get(case.station)
    station = [area] if area else []
    local = facts.duty.local(facts.now)
    if facts.night:
        resting = [team for team in teams if facts.resting(team.code)]
        yield Group([team for team in teams if team not in resting], "night", free_first=True)
        yield Group(wanted, "lead_phone")
        yield Group(residents, "night_room")
        yield Group(station, "on_call")
        yield Group(resting, "resting")
        return
    if area is not None and town.hours[area.hours].covers(local.hour * 60 + local.minute):
        yield Group(wanted, "lead")
        yield Group(residents, "resident")
        yield Group(station, "area")
    else:
        yield Group(station, "shoulder")
        yield Group([team for team in teams if facts.rostered(team.code)], "team_early")  # or not gone yet
        yield Group(wanted, "lead_on_call")
        yield Group(residents, "on_call")
    yield Group(town.of_kind("on_demand"), "on_demand")
    yield Group(teams, "by_day")
