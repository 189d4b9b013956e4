"""Points, areas, distances."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point as Dot
from shapely import Polygon
from squares import SIDE, board, square

from zjj_console.geo.shapes import Area, holder, metres

TOWN = (st.floats(120.95, 121.15), st.floats(31.0, 31.2))


def test_a_place_belongs_to_the_area_that_holds_it_and_to_none_outside() -> None:
    areas = board(2, 2)
    assert [holder(areas, area.label) for area in areas] == ["g1", "g2", "g3", "g4"]
    assert holder(areas, (120.9, 31.0)) == ""


def test_a_hole_is_outside_and_an_island_in_it_inside() -> None:
    outer, hole, island = (square("x", n, n, 6 - 2 * n, 6 - 2 * n).rings[0] for n in range(3))
    area = Area("x", "X", (outer, hole, island), (0, 0))
    at = [(121 + (n + 0.5) * SIDE, 31 + (n + 0.5) * SIDE) for n in range(3)]
    assert [area.holds(point) for point in at] == [True, False, True]


@given(st.lists(st.tuples(st.floats(0.2, 1), st.floats(0.05, 0.4)), min_size=3, max_size=30), *TOWN)
def test_inside_is_what_geometry_says(spokes: list[tuple[float, float]], x: float, y: float) -> None:
    turn, ring = 0.0, []
    for radius, step in spokes:
        turn += step
        ring.append((121.05 + math.cos(turn) * radius * 0.08, 31.1 + math.sin(turn) * radius * 0.08))
    polygon = Polygon(ring)
    if not polygon.is_valid or polygon.boundary.distance(Dot(x, y)) < 1e-9:
        return
    assert Area("a", "A", (tuple(ring),), (x, y)).holds((x, y)) == polygon.contains(Dot(x, y))


def test_distances_of_a_town_are_right_within_a_few_metres() -> None:
    # a tenth of a degree of latitude, and of longitude at 31 degrees
    assert metres((121.0, 31.0), (121.0, 31.1)) == pytest.approx(11_132, abs=5)
    assert metres((121.0, 31.0), (121.1, 31.0)) == pytest.approx(11_132 * math.cos(math.radians(31)), abs=5)
    assert metres((121.0, 31.0), (121.0, 31.0)) == 0


@given(*TOWN, *TOWN)
def test_a_distance_is_the_same_both_ways(x: float, y: float, u: float, v: float) -> None:
    assert metres((x, y), (u, v)) == pytest.approx(metres((u, v), (x, y)))


def test_the_middle_of_an_area_is_that_of_its_largest_part() -> None:
    large, small = square("a", 0, 0, 4, 4), square("a", 40, 40)
    assert Area("a", "A", (*small.rings, *large.rings), (0, 0)).middle == pytest.approx(large.label)
