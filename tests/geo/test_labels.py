"""Names on the map: inside their own area, whole, never one over another."""

from hypothesis import given, settings
from hypothesis import strategies as st
from squares import board
from test_raster import view_of

from zjj_console.geo.labels import Ask, Room, Words, place
from zjj_console.geo.raster import fill


def words(*lines: str) -> Words:
    return Words(lines, tuple(map(len, lines)))


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(10, 120), st.integers(4, 40), st.integers(1, 14))
def test_labels_lie_inside_their_area_and_apart(across: int, up: int, width: int, height: int, long: int) -> None:
    areas = board(across, up)
    view = view_of(areas, width, height)
    rows = fill(view, [area.rings for area in areas])
    asks = [
        Ask(n, view.cell_of(area.label), (words("x" * long, "y" * 3), words("x" * long), words("zz"), words("z")))
        for n, area in enumerate(areas)
    ]
    taken: set[tuple[int, int]] = set()
    for one in place(asks, Room(rows, width)):
        assert len(one.text) == one.width
        cells = {(one.x + n, one.y) for n in range(one.width)}
        assert all(rows.at(x, y) == one.index for x, y in cells)
        assert not cells & taken
        taken |= cells


def test_the_longest_wording_that_fits_is_taken_and_none_is_cut() -> None:
    areas = board(2, 1)
    view = view_of(areas, 24, 6)
    rows = fill(view, [area.rings for area in areas])
    asks = [Ask(0, view.cell_of(areas[0].label), (words("a" * 40), words("abc"), words("a")))]
    assert [one.text for one in place(asks, Room(rows, 24))] == ["abc"]


def test_what_stands_there_already_is_walked_around_and_no_room_is_no_label() -> None:
    areas = board(1, 1)
    view = view_of(areas, 20, 8)
    rows = fill(view, [area.rings for area in areas])
    room = Room(rows, 20)
    first = place([Ask(0, view.cell_of(areas[0].label), (words("one"),))], room)
    second = place([Ask(0, view.cell_of(areas[0].label), (words("two"),))], room)
    assert (first[0].x, first[0].y) != (second[0].x, second[0].y)
    for y in range(8):
        room.take(0, y, 20)
    assert place([Ask(0, (10, 4), (words("three"),))], room) == []
