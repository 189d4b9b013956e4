"""Arrow keys on a map: to the neighbour on that side, and from every grid to every other."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zjj_console.geo.steps import ARROWS, Flat, reached, ways
from zjj_console.geo.view import fitted
from zjj_console.town.load import builtin, load_town
from zjj_console.widgets.map_tiles import places as tile_places

BOARD: dict[str, Flat] = {f"{x}{y}": (x, y) for x in range(4) for y in range(3)}


@pytest.mark.parametrize("arrow", ARROWS)
def test_on_a_chessboard_an_arrow_goes_to_the_next_square_and_stays_at_the_edge(arrow: str) -> None:
    dx, dy = ARROWS[arrow]
    for code, (x, y) in BOARD.items():
        there = f"{x + int(dx)}{y + int(dy)}"
        assert ways(BOARD)[code, arrow] == (there if there in BOARD else code)


def test_every_grid_of_the_shipped_map_is_reachable_from_every_other() -> None:
    atlas = load_town(builtin()).atlas
    assert atlas is not None
    view = fitted(atlas.box, 1000, 500)
    flat: dict[str, Flat] = {}
    for code, area in atlas.grids.items():
        x, y = view.cells((area.middle,))[0]
        flat[code] = (x, y * 2)
    way = ways(flat)
    for code in flat:
        assert reached(way, code) == set(flat)
    # what an officer expects of this picture
    assert way["g1", "up"] == "g5" and way["g5", "down"] == "g1"
    assert way["g2", "right"] == "g3" and way["g3", "right"] == "g4"
    assert way["g2", "left"] == "g7" and way["g3", "down"] == "g6"


@pytest.mark.parametrize("count", range(1, 61))
@pytest.mark.parametrize("width", (80, 120, 200))
def test_every_tile_is_reachable_from_every_other(count: int, width: int) -> None:
    places = tile_places([f"g{n}" for n in range(count)], width)
    assert reached(ways(places), "g0") == set(places)


@example([(0, 8), (1, 9), (2, 7), (4, 4), (5, 5)])  # the last but one is nobody's nearest
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=2, max_size=9, unique=True))
def test_wherever_the_grids_lie_every_one_is_reached(spots: list[tuple[int, int]]) -> None:
    places: dict[str, Flat] = {f"g{n}": spot for n, spot in enumerate(spots)}
    way = ways(places)
    for code in places:
        assert reached(way, code) == set(places)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=14, unique=True),
    st.sampled_from(list(ARROWS)),
)
def test_an_arrow_never_goes_back(spots: list[tuple[int, int]], arrow: str) -> None:
    places: dict[str, Flat] = {f"g{n}": spot for n, spot in enumerate(spots)}
    dx, dy = ARROWS[arrow]
    way = ways(places)
    for code in places:
        there = way[code, arrow]
        ahead = (places[there][0] - places[code][0]) * dx + (places[there][1] - places[code][1]) * dy
        assert ahead > 0 or there == code
