"""Outlines against each other: what is mended, what is refused, and what of it is stored."""

import json
import math
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.geo.conftest import box, check, errors, grids, outlines, point, polygon, read, warnings, written
from zjj_console.geo import checks
from zjj_console.geo.checks import MAX_VERTICES, Expected
from zjj_console.geo.crs import SYSTEMS
from zjj_console.geo.shapes import METRES_PER_DEGREE, edges, metres
from zjj_console.town.load import builtin, load_town
from zjj_console.town.models import Town

Feature = dict[str, Any]
TOWN = load_town(builtin())
# A town of two grids side by side in one zone; about 950 m by 1100 m each.
LEFT, RIGHT = box(121.00, 31.10, 121.01, 31.11), box(121.01, 31.10, 121.02, 31.11)
PAIR = Expected({"g1": "p1", "g2": "p1"}, {"310118102003": "g1"})


def side_of(area: float) -> float:
    """Degrees: the side of what looks like a square in degrees and has that area (m2) at this latitude."""
    return math.sqrt(area / math.cos(math.radians(31.105))) / METRES_PER_DEGREE


def two(*features: Feature, expected: Expected = PAIR) -> checks.Checked:
    reading = read(TOWN, written(list(features)))
    assert [f for f in reading.findings if f.error] == []
    return checks.check(reading.candidates, expected)


def g1(*rings: Any) -> Feature:
    return polygon(rings or [LEFT], code="g1")


def g2(*rings: Any) -> Feature:
    return polygon(rings or [RIGHT], code="g2")


@pytest.mark.parametrize("crs", [*SYSTEMS, "gauss"])
def test_a_file_in_any_system_comes_out_where_it_is_within_a_metre(town: Town, crs: str) -> None:
    found = check(town, outlines(town, crs), "cgcs2000" if crs == "gauss" else crs)
    assert errors(found) == [] and warnings(found) == []
    assert town.atlas is not None
    for code, area in grids(found).items():
        true = town.atlas.grids[code]
        for ring, of in zip(area.rings, true.rings, strict=True):
            assert len(ring) == len(of)
            assert max(min(metres(a, b) for b in ring) for a in of) < 1


def test_what_is_missing_or_there_twice_is_refused(town: Town) -> None:
    assert (
        "缺网格 g3 g7"
        in errors(check(town, [f for f in outlines(town) if f["properties"]["code"] not in ("g3", "g7")]))[0]
    )
    (error,) = errors(check(town, [*outlines(town), outlines(town)[1]]))
    assert "g2" in error and "重复" in error and "MultiPolygon" in error


def test_zones_alone_are_nothing_to_store(town: Town) -> None:
    assert "只有责任区" in errors(check(town, [polygon([LEFT], code="p1")]))[0]


def test_a_bow_tie_is_refused(town: Town) -> None:
    (west, south), (east, _), (_, north), _ = LEFT
    (error,) = errors(two(g1(((west, south), (east, north), (east, south), (west, north))), g2()))
    assert error.startswith("#1 g1") and "自相交" in error


def test_a_ring_that_hardly_crosses_itself_is_mended_and_said() -> None:
    tick = 0.00002
    ring = (
        *LEFT[:3],
        (121.005, 31.11),
        (121.005 + tick, 31.11 + tick),
        (121.005 + tick, 31.11),
        (121.005, 31.11 + tick),
        LEFT[3],
    )
    found = two(g1(ring), g2())
    assert errors(found) == [] and any("已修补" in w for w in warnings(found))


def test_a_flat_outline_has_no_area() -> None:
    assert "面积为零" in errors(two(g1(((121.0, 31.1), (121.005, 31.1), (121.01, 31.1))), g2()))[0]


def test_a_hole_may_be_an_enclave_of_another_grid() -> None:
    hole = box(121.004, 31.104, 121.006, 31.106)
    enclave = {"type": "Feature", "properties": {"code": "g2"}, "geometry": {"type": "MultiPolygon", "coordinates": [
        [[list(at) for at in (*ring, ring[0])]] for ring in (RIGHT, hole)]}}  # fmt: skip
    found = two(g1(LEFT, hole), enclave)
    assert errors(found) == [] and warnings(found) == []
    of = grids(found)
    assert (
        of["g2"].holds((121.005, 31.105))
        and not of["g1"].holds((121.005, 31.105))
        and of["g1"].holds((121.002, 31.102))
    )


def test_a_hole_may_be_water() -> None:
    hole = box(121.004, 31.104, 121.006, 31.106)
    assert errors(two(g1(LEFT, hole), g2(), polygon([hole], kind="water", name="塘"))) == []
    (error,) = errors(two(g1(LEFT, hole), g2()))
    assert "g1" in error and "空隙" in error and "121.00500,31.10500" in error and "公顷" in error


def test_a_gap_or_an_overlap_above_a_hectare_is_refused_and_one_below_is_said() -> None:
    for side, refused in ((side_of(9_900), False), (side_of(10_100), True)):
        middle = 31.105
        notch = (
            (121.01, middle - side / 2),
            (121.01 - side, middle - side / 2),
            (121.01 - side, middle + side / 2),
            (121.01, middle + side / 2),
        )
        out = tuple((2 * 121.01 - x, y) for x, y in notch)
        gap = two(g1((LEFT[0], LEFT[1], *notch, *LEFT[2:])), g2())
        overlap = two(g1((LEFT[0], LEFT[1], *out, *LEFT[2:])), g2())
        for found, word in ((gap, "空隙"), (overlap, "重叠")):
            said = errors(found) if refused else warnings(found)
            assert len(said) == 1 and word in said[0] and "g1" in said[0] and "g2" in said[0], (side, said)
            assert bool(errors(found)) == refused


def test_a_grid_beyond_its_zone_is_refused() -> None:
    zone = polygon([(*LEFT[:1], RIGHT[1], RIGHT[2], LEFT[3])], code="p1")
    assert errors(two(g1(), g2(), zone)) == []
    short = polygon([box(121.0, 31.1, 121.015, 31.11)], code="p1")
    (error,) = errors(two(g1(), g2(), short))
    assert error.startswith("g2 ") and "p1" in error


def test_grids_of_one_zone_that_do_not_touch_are_said() -> None:
    far = g2(box(121.03, 31.10, 121.04, 31.11))
    assert "互不相接" in warnings(two(g1(), far))[0]
    assert warnings(two(g1(), far, expected=Expected({"g1": "p1", "g2": "p2"}, {}))) == []


def test_committees_that_stand_in_another_grid_are_named() -> None:
    east = point((121.015, 31.105), name="东湖街")
    (warning,) = warnings(two(g1(), g2(), east))
    assert "东湖街(g1 -> g2)" in warning
    assert warnings(two(g1(), g2(), point((121.005, 31.105), name="东湖街"))) == []


def test_outlines_wider_than_any_town_are_refused() -> None:
    assert "不会是一个镇" in errors(two(g1(), g2(box(116.0, 39.0, 116.1, 39.1))))[0]


def test_a_label_stands_inside_even_where_the_middle_does_not() -> None:
    hook = ((121.0, 31.1), (121.01, 31.1), (121.01, 31.101), (121.001, 31.101), (121.001, 31.11), (121.0, 31.11))
    found = two(g1(hook), g2())
    area = grids(found)["g1"]
    west, south, east, north = area.box
    assert area.holds(area.label) and not area.holds(((west + east) / 2, (south + north) / 2))


def wavy(vertices: int) -> list[Feature]:
    """Two grids whose shared border has that many vertices and waves by a metre."""
    border = [(121.01 + 1e-5 * math.sin(n), 31.10 + 0.01 * n / vertices) for n in range(vertices + 1)]
    return [g1((LEFT[0], *border, LEFT[3])), g2((*border[::-1], RIGHT[1], RIGHT[2]))]


def test_too_many_vertices_are_simplified_and_borders_stay_shared() -> None:
    found = two(*wavy(30_000))
    assert errors(found) == [] and found.vertices <= MAX_VERTICES and found.tolerance > 0
    assert len(warnings(found)) == 1 and "简化" in warnings(found)[0]
    left, right = ({frozenset((e[:2], e[2:])) for e in edges(grids(found)[code].rings)} for code in ("g1", "g2"))
    assert len(left & right) == len(right) - 3  # all but the three outer sides


def test_few_vertices_stay_as_they_are() -> None:
    found = two(*wavy(3000))
    assert found.tolerance == 0 and found.vertices == 6008


def test_what_simplification_cannot_tame_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "MAX_VERTICES", 5)
    assert "请先在 GIS 软件里简化" in errors(two(g1(), g2()))[0]


def test_a_file_at_the_limit_of_its_size_takes_its_time_but_not_for_ever() -> None:
    begun = time.perf_counter()
    assert errors(two(*wavy(100_000))) == []
    assert time.perf_counter() - begun < 30


def test_shapely_is_loaded_by_nothing_but_a_check() -> None:
    """The console and every other command start without it."""
    code = (
        "import sys, zjj_console.commands.tree, zjj_console.app, zjj_console.geo.checks, zjj_console.intake.map_file\n"
    )
    code += "assert not {'shapely', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


spot = st.tuples(st.floats(120.95, 121.1), st.floats(31.0, 31.15))


@settings(max_examples=60)
@given(st.lists(st.lists(st.lists(spot, min_size=3, max_size=7), min_size=1, max_size=2), min_size=2, max_size=2))
def test_random_polygons_end_as_a_map_or_as_findings(rings: list[Any]) -> None:
    reading = read(TOWN, json.dumps(json.loads(written([g1(*rings[0]), g2(*rings[1])]))).encode())
    if any(f.error for f in reading.findings):
        return
    found = checks.check(reading.candidates, PAIR)
    assert bool(found.drawn) or errors(found)
    if not errors(found):
        assert all(area.holds(area.label) for area in grids(found).values())
