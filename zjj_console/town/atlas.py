"""The map of a town: `map.geojson` of its profile, GeoJSON in WGS-84. A profile without one has no map, which is no fault.

Each feature says its `kind`, its `code` (of a grid, committee, station) or `name`, and a `mark`: `X` is a schematic that
settles nothing, `D` and `T` are the town's own. `zjj profile import-geo` writes the file, `tools/make_map.py` the shipped one.
"""

from functools import cached_property
from pathlib import Path as File
from typing import Any, Literal

import msgspec
from msgspec import Struct

from zjj_console.geo.shapes import Area, Box, Path, Point, Spot, box_of, holder

FILE = "map.geojson"
Kind = Literal["grid", "committee", "station", "water", "river", "key_item"]
SETTLES = frozenset({"D", "T"})  # marks of a map that decides in which grid a place lies


class Atlas(Struct, frozen=True, dict=True):
    grids: dict[str, Area]
    committees: dict[str, Spot] = {}
    stations: dict[str, Spot] = {}
    waters: tuple[Area, ...] = ()
    rivers: tuple[Path, ...] = ()
    key_items: tuple[Spot, ...] = ()
    mark: str = "X"  # of the grids
    source: str = ""

    @property
    def settles(self) -> bool:
        """Whether the outlines are the town's own: then a position decides the grid. A schematic never does."""
        return self.mark in SETTLES

    @cached_property
    def box(self) -> Box:
        return box_of(point for area in self.grids.values() for ring in area.rings for point in ring)

    @cached_property
    def _areas(self) -> tuple[Area, ...]:
        return tuple(self.grids.values())

    def grid_at(self, at: Point) -> str:
        """The grid whose outline holds a position; empty outside all."""
        return holder(self._areas, at)

    def place_of(self, committee: str, grid: str, at: Point | None = None) -> Point | None:
        """Where something stands on the map: its own position, else its committee's, else its grid's; None for nowhere.

        On a schematic a measured position may fall into another grid than the true one: then the committee is drawn.
        """
        if at is not None and (self.settles or self.grid_at(at) == grid):
            return at
        spot = self.committees.get(committee)
        if spot is not None:
            return spot.at
        area = self.grids.get(grid)
        return area.label if area else None


class _Geometry(Struct):
    type: str
    coordinates: Any


class _Properties(Struct):
    kind: Kind
    code: str = ""
    name: str = ""
    mark: str = "X"
    source: str = ""
    label: Point | None = None


class _Feature(Struct):
    geometry: _Geometry
    properties: _Properties


class Collection(Struct):
    features: list[_Feature]
    type: str = "FeatureCollection"
    mark: str = "X"
    source: str = ""


_POLYGON = tuple[tuple[Point, ...], ...]


def load_atlas(folder: File) -> Atlas | None:
    """The map of a profile folder, None without one. Raises `msgspec.ValidationError`, `msgspec.DecodeError`, OSError."""
    try:
        content = (folder / FILE).read_bytes()
    except FileNotFoundError:
        return None
    return atlas(msgspec.json.decode(content, type=Collection))


def atlas(read: Collection) -> Atlas:
    """A map from its features, in their order."""
    grids: dict[str, Area] = {}
    spots: dict[str, dict[str, Spot]] = {"committee": {}, "station": {}}
    waters: list[Area] = []
    rivers: list[Path] = []
    items: list[Spot] = []
    for feature in read.features:
        p, geometry = feature.properties, feature.geometry
        if p.kind in ("grid", "water"):
            area = _area(p, geometry)
            if p.kind == "grid":
                grids[p.code] = area
            else:
                waters.append(area)
        elif p.kind == "river":
            rivers.append(Path(p.name, msgspec.convert(geometry.coordinates, tuple[Point, ...])))
        else:
            spot = Spot(p.code, p.name, msgspec.convert(geometry.coordinates, Point), p.mark, p.source)
            if p.kind == "key_item":
                items.append(spot)
            else:
                spots[p.kind][p.code] = spot
    if not grids:
        raise msgspec.ValidationError("a map without a grid")
    return Atlas(
        grids, spots["committee"], spots["station"], tuple(waters), tuple(rivers), tuple(items), read.mark, read.source
    )


def _area(p: _Properties, geometry: _Geometry) -> Area:
    several = geometry.type == "MultiPolygon"
    parts = msgspec.convert(geometry.coordinates if several else [geometry.coordinates], tuple[_POLYGON, ...])
    rings = tuple(_open(ring) for part in parts for ring in part)
    if not rings or any(len(ring) < 3 for ring in rings):
        raise msgspec.ValidationError(f"{p.kind} {p.code or p.name} has a ring of fewer than three points")
    west, south, east, north = box_of(point for ring in rings for point in ring)
    return Area(p.code, p.name, rings, p.label or ((west + east) / 2, (south + north) / 2))


def _open(ring: tuple[Point, ...]) -> tuple[Point, ...]:
    return ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring
