"""Areas and places on the earth. Degrees, longitude first, WGS-84; a ring need not repeat its first point.

Everything here is plain arithmetic on a town's scale (tens of kilometres): a degree of longitude is taken as long as it
is at the latitude in question, which is right within a few centimetres per kilometre.
"""

import math
from collections.abc import Iterable, Sequence
from functools import cached_property

from msgspec import Struct

Point = tuple[float, float]
Ring = tuple[Point, ...]
Box = tuple[float, float, float, float]  # west, south, east, north

METRES_PER_DEGREE = 111_320.0  # of latitude; of longitude times the cosine
_BANDS = 64


class Spot(Struct, frozen=True):
    """A place with a name. `mark` as in a profile; `source` says who told."""

    code: str
    name: str
    at: Point
    mark: str = "X"
    source: str = ""


class Path(Struct, frozen=True):
    """A line with a name: a river, a canal."""

    name: str
    points: Ring


class Area(Struct, frozen=True, dict=True):
    """A region. `rings` are outlines and holes of all its parts: a point lies inside where an odd number surrounds it.

    `label` is where its name stands best.
    """

    code: str
    name: str
    rings: tuple[Ring, ...]
    label: Point

    @cached_property
    def box(self) -> Box:
        return box_of(point for ring in self.rings for point in ring)

    @cached_property
    def middle(self) -> Point:
        """The centre of gravity of the largest part: where the area lies, seen from others."""
        return max((_gravity(ring) for ring in self.rings), key=lambda found: found[0])[1]

    @cached_property
    def _bands(self) -> list[list[tuple[float, float, float, float]]]:
        """Edges by the band of latitude that they cross, so that a question looks at few of them."""
        _, south, _, north = self.box
        step = (north - south) / _BANDS or 1.0
        bands: list[list[tuple[float, float, float, float]]] = [[] for _ in range(_BANDS)]
        for x0, y0, x1, y1 in edges(self.rings):
            low, high = (y0, y1) if y0 < y1 else (y1, y0)
            first, last = int((low - south) / step), int((high - south) / step)
            for band in range(max(0, first), min(_BANDS - 1, last) + 1):
                bands[band].append((x0, y0, x1, y1))
        return bands

    def holds(self, at: Point) -> bool:
        """Whether a point lies inside (even-odd)."""
        x, y = at
        west, south, east, north = self.box
        if not (west <= x <= east and south <= y <= north):
            return False
        step = (north - south) / _BANDS or 1.0
        inside = False
        for x0, y0, x1, y1 in self._bands[min(_BANDS - 1, int((y - south) / step))]:
            if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
                inside = not inside
        return inside


def edges(rings: Iterable[Ring]) -> Iterable[tuple[float, float, float, float]]:
    """(x0, y0, x1, y1) of every edge, each ring closed."""
    for ring in rings:
        x0, y0 = ring[-1]
        for x1, y1 in ring:
            if (x0, y0) != (x1, y1):
                yield x0, y0, x1, y1
            x0, y0 = x1, y1


def _gravity(ring: Ring) -> tuple[float, Point]:
    """(area, centre) of one ring, in square degrees."""
    twice = x = y = 0.0
    origin_x, origin_y = ring[0]  # near the ring, so that no digits are lost
    for x0, y0, x1, y1 in edges((ring,)):
        cross = (x0 - origin_x) * (y1 - origin_y) - (x1 - origin_x) * (y0 - origin_y)
        twice += cross
        x += (x0 + x1 - 2 * origin_x) * cross
        y += (y0 + y1 - 2 * origin_y) * cross
    if not twice:
        return 0.0, ring[0]
    return abs(twice) / 2, (origin_x + x / (3 * twice), origin_y + y / (3 * twice))


def box_of(points: Iterable[Point]) -> Box:
    """The smallest box around points; raises ValueError for none."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def metres(a: Point, b: Point) -> float:
    """Distance between two places of a town."""
    east = (b[0] - a[0]) * math.cos(math.radians((a[1] + b[1]) / 2))
    return math.hypot(east, b[1] - a[1]) * METRES_PER_DEGREE


def far(box: Box, at: Point) -> float:
    """Metres from a place to a box; 0 inside."""
    west, south, east, north = box
    if west <= at[0] <= east and south <= at[1] <= north:
        return 0.0
    return metres((min(max(at[0], west), east), min(max(at[1], south), north)), at)


def holder(areas: Sequence[Area], at: Point) -> str:
    """The code of the first area that holds a point; empty for none."""
    return next((area.code for area in areas if area.holds(at)), "")
