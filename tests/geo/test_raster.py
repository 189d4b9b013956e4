"""Areas as cells, borders as dots."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from squares import board, square

from zjj_console.geo.raster import Dots, fill
from zjj_console.geo.shapes import Area, box_of
from zjj_console.geo.view import View, fitted


def view_of(areas: list[Area], width: int, height: int) -> View:
    return fitted(box_of(point for area in areas for ring in area.rings for point in ring), width, height)


@settings(deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(4, 90), st.integers(3, 40))
def test_a_cell_belongs_to_the_area_that_holds_its_middle(across: int, up: int, width: int, height: int) -> None:
    areas = board(across, up)
    view = view_of(areas, width, height)
    rows = fill(view, [area.rings for area in areas])
    degree = (view.cells(((122.0, 31.0),))[0][0] - view.cells(((121.0, 31.0),))[0][0], 0)
    for y in range(height):
        for x in range(width):
            lon = view.centre[0] + (x + 0.5 - width / 2) / degree[0]
            lat = view.centre[1] - (y + 0.5 - height / 2) / (
                view.cells(((121.0, 31.0),))[0][1] - view.cells(((121.0, 32.0),))[0][1]
            )
            index = rows.at(x, y)
            shown = areas[index].code if index is not None else ""
            inside = [a.code for a in areas if a.holds((lon, lat))]
            edge = any(abs(lon - p[0]) < 1e-9 or abs(lat - p[1]) < 1e-9 for a in areas for p in a.rings[0])
            assert edge or shown == (inside[0] if inside else "")


def test_runs_of_a_row_lie_apart_even_where_areas_overlap() -> None:
    areas = [square("a", 0, 0, 3, 3), square("b", 1, 1, 3, 3)]
    rows = fill(view_of(areas, 60, 30), [area.rings for area in areas])
    for spans in rows.spans:
        assert all(first[1] <= second[0] for first, second in pairwise(spans))
    assert rows.at(30, 15) == 0  # where both would be, the earlier one is drawn


@settings(deadline=None)
@given(st.lists(st.tuples(*(st.integers(0, 6),) * 2, *(st.integers(1, 6),) * 2), min_size=2, max_size=5))
def test_where_areas_overlap_the_earlier_one_has_the_cell(boxes: list[tuple[int, int, int, int]]) -> None:
    areas = [square(str(n), *box) for n, box in enumerate(boxes)]
    view = view_of(areas, 61, 23)
    rings = [area.rings for area in areas]
    alone, rows = [fill(view, [ring]) for ring in rings], fill(view, rings)
    for y in range(view.height):
        for x in range(view.width):
            assert rows.at(x, y) == next((n for n, one in enumerate(alone) if one.at(x, y) == 0), None)


def test_a_hole_is_left_free() -> None:
    outer, hole = square("x", 0, 0, 6, 6), square("x", 2, 2, 2, 2)
    rows = fill(view_of([outer], 60, 30), [(*outer.rings, *hole.rings)])
    assert rows.at(30, 15) is None
    assert rows.at(10, 15) == 0


def test_a_shared_border_is_the_same_dots_from_both_sides() -> None:
    left, right = board(2, 1)
    view = view_of([left, right], 40, 20)
    both, one = Dots(view), Dots(view)
    both.outline((*left.rings, *right.rings))
    one.outline(left.rings)
    before = sum(row.count(0) for row in both.rows)
    both.outline(tuple(ring[::-1] for ring in left.rings))
    assert sum(row.count(0) for row in both.rows) == before


def test_borders_are_braille_and_exactly_as_wide_as_the_picture() -> None:
    areas = board(2, 2)
    dots = Dots(view_of(areas, 40, 20))
    dots.outline(areas[0].rings)
    text = [dots.text(y) for y in range(20)]
    assert all(len(row) == 40 for row in text)
    assert {char for row in text for char in row if char != " "} <= {chr(c) for c in range(0x2801, 0x2900)}
    assert any(char != " " for row in text for char in row)


def test_a_line_far_outside_the_window_costs_nothing_and_one_through_it_is_drawn() -> None:
    view = View((121.0, 31.0), 8.0, 40, 20)  # a window of a few hundred metres
    dots = Dots(view)
    dots.path(((100.0, 10.0), (110.0, 20.0)))
    assert not any(any(row) for row in dots.rows)
    dots.path(((20.0, 31.0), (179.0, 31.0)))  # straight through, from one end of the world to the other
    assert all(char != " " for char in dots.text(10)) or all(char != " " for char in dots.text(9))


def test_an_area_outside_the_window_is_seen_in_no_row() -> None:
    rows = fill(View((100.0, 10.0), 8.0, 40, 20), [square("a", 0, 0).rings])
    assert list(rows.extent(0)) == []
