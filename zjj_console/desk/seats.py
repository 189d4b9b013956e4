"""Where a unit is, as far as its work tells: nobody carries a receiver of positions, so an acknowledged order says it.

On the scene of a case, on the way there, at the place of what was submitted a while ago, or at its station.
"""

from typing import Literal

from msgspec import Struct

from zjj_console.domain.facts import Facts
from zjj_console.domain.model import HOUR
from zjj_console.storage import reads_near
from zjj_console.storage.db import Connection
from zjj_console.storage.reads_near import Work
from zjj_console.town.placing import Placed, of_station, placed

SeatKind = Literal["scene", "way", "last", "station"]
BELIEVED = 12 * HOUR  # an order older than a shift says nothing of where its person is now
AFTERWARDS = 2 * HOUR  # how long somebody is taken to be where he submitted his work
_KIND: dict[str, SeatKind] = {"ARRIVED": "scene", "ACKED": "way", "DONE": "last"}
_WORTH = {"last": 0, "way": 1, "scene": 2}
_SEVERAL = frozenset({"resident", "on_demand", "centre"})  # their people are at several places at once


class Seat(Struct, frozen=True):
    """`case` is the handle that the place is known from, `until` (µs) when it was left; both only where they apply."""

    kind: SeatKind
    place: Placed
    case: str = ""
    until: int | None = None


Seats = dict[tuple[str, str], Seat]  # (unit, person); no person: whoever of a unit that goes as one


def seats(db: Connection, facts: Facts) -> Seats:
    """Every place that is known at this instant; empty for a town without a map."""
    if facts.town.atlas is None:
        return {}
    work = [*reads_near.submitted(db, facts.now - AFTERWARDS), *reads_near.under_way(db, facts.now - BELIEVED)]
    last: dict[tuple[str, str], Work] = {}
    for one in sorted(
        work, key=lambda one: (_WORTH[_KIND[one.status]], one.at)
    ):  # what tells most comes last and stays
        last |= dict.fromkeys(_keys(one, facts), one)
    found = _at_home(facts)
    for key, one in last.items():
        place = placed(facts.town, one.committee, one.grid, one.lon, one.lat)
        found.pop(key, None)  # who is out is not at his station, known place or not
        if place is not None:
            found[key] = _seat(one, place)
    return found


def seat_of(found: Seats, unit: str, person: str) -> Seat | None:
    return found.get((unit, person)) or found.get((unit, ""))


def _seat(one: Work, place: Placed) -> Seat:
    kind = _KIND[one.status]
    return Seat(kind, place, one.handle, one.at if kind == "last" else None)


def _keys(one: Work, facts: Facts) -> list[tuple[str, str]]:
    known = facts.town.units.get(one.unit)
    alone = known is None or known.kind in _SEVERAL
    return [(one.unit, one.person)] if alone else [(one.unit, one.person), (one.unit, "")]


def _at_home(facts: Facts) -> Seats:
    """Stations that are open, and the people of departments who are resident at one, by roster or by post."""
    town = facts.town
    found: Seats = {}
    for station in town.of_kind("station"):
        place = of_station(town, station.code)
        if place is None or not (facts.in_hours(station.code) or facts.rostered(station.code)):
            continue
        seat = Seat("station", place)
        found[station.code, ""] = seat
        people = [p.work_no for p in town.holders(station.code, "resident")]
        people += [a.person for a in facts.rostered(station.code) or () if a.unit == station.code]
        for known in filter(None, (town.people.get(work_no) for work_no in people)):
            if known.unit != station.code and facts.in_hours(known.unit):
                found[known.unit, known.work_no] = seat
    return found
