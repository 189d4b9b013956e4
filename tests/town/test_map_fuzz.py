"""Whatever a file holds beside or instead of a good map: an answer, never an exception, and nothing stored but a map that loads."""

import copy
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.geo.conftest import outlines
from tests.geo.test_geojson import anything, feature, number
from zjj_console.intake.map_file import take
from zjj_console.town.atlas import Collection, atlas
from zjj_console.town.load import builtin, load_town

TOWN = load_town(builtin())
GOOD = outlines(TOWN)
KEPT = (builtin() / "map.geojson").read_bytes()
systems = st.sampled_from(["wgs84", "gcj02", "bd09", "cgcs2000", "shanghai"])


def judged(features: Any, crs: str, present: bytes | None) -> bool:
    """Whether something would be stored; what is, is a map of all grids."""
    content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    taken = take(TOWN, content, crs, "试", [], present)
    assert (taken.content is None) == bool(taken.errors)
    assert all(f.zh and f.en and f.field for f in taken.findings)
    if taken.content is None:
        return False
    stored = atlas(msgspec.json.decode(taken.content, type=Collection))
    assert stored.grids.keys() == TOWN.grids.keys()
    assert all(area.holds(area.label) for area in stored.grids.values())
    return True


@given(st.lists(feature, max_size=4), systems, st.sampled_from([None, KEPT]))
def test_hostile_features_alone(features: list[Any], crs: str, present: bytes | None) -> None:
    judged(features, crs, present)


@given(st.lists(feature, max_size=2))
def test_hostile_features_beside_a_good_map(features: list[Any]) -> None:
    judged([*GOOD, *features], "wgs84", None)


@given(st.integers(0, 6), st.integers(0, 20), st.one_of(anything, st.lists(number, min_size=2, max_size=2)), systems)
def test_one_vertex_of_a_good_map_is_anything(grid: int, vertex: int, at: Any, crs: str) -> None:
    features = copy.deepcopy(GOOD)
    features[grid]["geometry"]["coordinates"][0][vertex + 1] = at
    judged(features, crs, None)


@settings(max_examples=40)
@given(st.integers(0, 6), st.integers(1, 20), st.floats(-0.01, 0.01), st.floats(-0.01, 0.01))
def test_one_vertex_of_a_good_map_is_moved(grid: int, vertex: int, east: float, north: float) -> None:
    features = copy.deepcopy(GOOD)
    ring = features[grid]["geometry"]["coordinates"][0]
    ring[vertex] = [ring[vertex][0] + east, ring[vertex][1] + north]
    judged(features, "wgs84", None)


@pytest.mark.parametrize(
    "present",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b'{"features":[{"geometry":{"type":"Point","coordinates":[1]},"properties":{"kind":"station"}}]}',
    ],
)
def test_a_present_map_that_is_anything_is_replaced(present: bytes) -> None:
    assert judged(GOOD, "wgs84", present)
