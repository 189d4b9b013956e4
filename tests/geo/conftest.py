"""A town's map as a file: the shipped outlines, in any system, as somebody else's program would write them."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from zjj_console.geo import checks, geojson
from zjj_console.geo.crs import GAUSS, from_wgs84
from zjj_console.geo.shapes import Area
from zjj_console.intake.map_file import _expected, _named
from zjj_console.town.load import builtin, load_town
from zjj_console.town.models import Town

sys.path.insert(0, str(Path(__file__).parent))  # for squares.py

Feature = dict[str, Any]


def moved(at: tuple[float, float], crs: str) -> list[float]:
    """A WGS-84 position in a system; `gauss` is the plane of cgcs2000."""
    if crs == "wgs84":
        return list(at)  # whatever it is
    return list(GAUSS.forward(*at) if crs == "gauss" else from_wgs84(crs, *at))


def polygon(rings: Any, crs: str = "wgs84", **properties: Any) -> Feature:
    closed = [[moved(at, crs) for at in (*ring, ring[0])] for ring in rings]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": closed}}


def point(at: tuple[float, float], crs: str = "wgs84", **properties: Any) -> Feature:
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": moved(at, crs)}}


def outlines(town: Town, crs: str = "wgs84") -> list[Feature]:
    """The grids of the shipped map, named by their code only."""
    assert town.atlas is not None
    return [polygon(area.rings, crs, code=code) for code, area in town.atlas.grids.items()]


def written(features: list[Any], **more: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features, **more}, ensure_ascii=False).encode()


def box(west: float, south: float, east: float, north: float) -> tuple[tuple[float, float], ...]:
    return (west, south), (east, south), (east, north), (west, north)


def read(town: Town, content: bytes, crs: str = "wgs84") -> geojson.Reading:
    return geojson.read(content, crs, geojson.names(_named(town)))


def check(town: Town, features: list[Feature], crs: str = "wgs84") -> checks.Checked:
    """The whole way of a file that can be read."""
    reading = read(town, written(features), crs)
    assert [f for f in reading.findings if f.error] == []
    return checks.check(reading.candidates, _expected(town))


def errors(found: checks.Checked | geojson.Reading) -> list[str]:
    return [f"{f.feature} {f.field} {f.zh}" for f in found.findings if f.error]


def warnings(found: checks.Checked | geojson.Reading) -> list[str]:
    return [f"{f.feature} {f.field} {f.zh}" for f in found.findings if not f.error]


def grids(found: checks.Checked) -> dict[str, Area]:
    return {
        d.code: Area(d.code, d.name, tuple(ring for part in d.parts for ring in part), d.label or (0, 0))
        for d in found.drawn
        if d.kind == "grid"
    }


@pytest.fixture(scope="session")
def town() -> Town:
    return load_town(builtin())
