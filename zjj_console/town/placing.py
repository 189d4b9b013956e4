"""Where something stands, and how far two things are apart, said no more exactly than the map of the town allows."""

from msgspec import Struct

from zjj_console.geo.shapes import METRES_PER_DEGREE, Box, Point, metres
from zjj_console.town.atlas import SETTLES
from zjj_console.town.models import Town


class Placed(Struct, frozen=True):
    """A place. `exact`: a measured position, not the middle of a committee; `schematic`: read off a map that settles nothing."""

    at: Point
    exact: bool
    schematic: bool


class Apart(Struct, frozen=True):
    metres: int
    exact: bool
    schematic: bool


def placed(town: Town, committee: str, grid: str, lon: int | None, lat: int | None) -> Placed | None:
    """Where a case stands on the map, by its position (millionths of a degree), committee or grid; None for nowhere (R01)."""
    atlas = town.atlas
    if atlas is None:
        return None
    own = point(lon, lat)
    at = atlas.place_of(committee, grid, own)
    if at is None or at == own:
        return None if at is None else Placed(at, exact=True, schematic=False)
    spot = atlas.committees.get(committee)
    return Placed(at, exact=False, schematic=(spot.mark if spot else atlas.mark) not in SETTLES)


def of_station(town: Town, unit: str) -> Placed | None:
    spot = town.atlas.stations.get(unit) if town.atlas else None
    return Placed(spot.at, exact=True, schematic=spot.mark not in SETTLES) if spot else None


def apart(a: Placed | None, b: Placed | None) -> Apart | None:
    """The distance between two places; None where one of them is unknown."""
    if a is None or b is None:
        return None
    return Apart(round(metres(a.at, b.at)), a.exact and b.exact, a.schematic or b.schematic)


def point(lon: int | None, lat: int | None) -> Point | None:
    """Degrees of a stored position; None without one."""
    return None if lon is None or lat is None else (lon / 1e6, lat / 1e6)


def box_around(at: Point, radius: int) -> Box:
    """A box in degrees that holds every place within `radius` metres, and some more: a sieve for a query.

    Twice as wide as high, which covers every latitude up to 60 degrees.
    """
    high = radius / METRES_PER_DEGREE
    return at[0] - 2 * high, at[1] - high, at[0] + 2 * high, at[1] + high
