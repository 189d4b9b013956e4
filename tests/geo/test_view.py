"""From the earth to cells and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from squares import board

from zjj_console.geo.shapes import box_of
from zjj_console.geo.view import CLOSEST, fitted

BOX = box_of(point for area in board(3, 3) for ring in area.rings for point in ring)


@given(st.integers(1, 300), st.integers(1, 120))
def test_a_fitted_view_shows_the_whole_box(width: int, height: int) -> None:
    view = fitted(BOX, width, height)
    for x, y in view.cells(((BOX[0], BOX[1]), (BOX[2], BOX[3]))):
        assert 0 <= x <= width and 0 <= y <= height


def test_north_is_up_and_a_cell_is_twice_as_high_as_wide() -> None:
    view = fitted(BOX, 100, 50)
    (x0, y0), (x1, _), (_, y2) = view.cells(((121.0, 31.0), (121.001, 31.0), (121.0, 31.001)))
    assert x1 > x0 and y2 < y0
    east, north = (x1 - x0) / 0.857, (y0 - y2) * 2  # a degree of longitude is shorter by the cosine of 31 degrees
    assert east == pytest.approx(north, rel=0.01)


def test_zoom_keeps_what_it_is_about_in_the_middle_and_ends_at_a_few_metres() -> None:
    view = fitted(BOX, 80, 30)
    near = view.zoomed(4, (121.01, 31.01))
    assert near.cell_of((121.01, 31.01)) == (40, 15)
    assert near.cell == pytest.approx(view.cell / 4)
    assert view.zoomed(1e9, (121.0, 31.0)).cell == CLOSEST


def test_a_push_moves_the_picture_by_so_many_cells() -> None:
    view = fitted(BOX, 80, 30)
    at = (121.012, 31.012)
    (x0, y0), (x1, y1) = view.cells((at,))[0], view.moved(7, 3).cells((at,))[0]
    assert (x0 - x1, y0 - y1) == pytest.approx((7, 3), abs=0.01)
