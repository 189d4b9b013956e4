"""What only geometry can tell of a town's map: whether outlines are whole, overlap, leave gaps, and lie in their zones.

Distances and areas are reckoned in metres around the middle of the map. Shapely is loaded here and nowhere else, and
only when a map is taken in.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from zjj_console.geo.geojson import KIND_ZH, Candidate, Finding
from zjj_console.geo.shapes import METRES_PER_DEGREE, Point, Ring, box_of

MAX_VERTICES = 20_000  # of a stored map: the console reads it at every start
TOLERANCES = (1.0, 2.0, 5.0, 10.0, 20.0)  # metres, tried in this order
HECTARE = 10_000.0
TRIFLE = 1.0  # m2 below which nothing is said: rounding
WIDEST = 2.0  # degrees: no town is wider
NEAR = 5.0  # metres within which two grids touch
MENDED = 0.01  # share of the area that mending may change
_NAMED = 5
_DIGITS = 7  # decimals of a stored degree, about a centimetre
Shape = Any  # shapely's types stay in here


class Expected(Struct, frozen=True):
    """What the profile says: the zone of every grid, and the grid of every committee."""

    grids: dict[str, str]
    committees: dict[str, str]


class Drawn(Struct, frozen=True):
    """A feature as it is to be stored; `label` and `area` (m2) of polygons only."""

    kind: str
    code: str
    name: str
    parts: tuple[tuple[Ring, ...], ...]
    label: Point | None = None
    area: float = 0.0


class Checked(Struct):
    drawn: list[Drawn] = []
    findings: list[Finding] = []
    vertices: int = 0
    tolerance: float = 0.0  # metres of simplification, 0 for none


def check(found: list[Candidate], expected: Expected, *, grids_wanted: bool = True) -> Checked:
    """Judge candidates and draw the map from them. Without `grids_wanted` a file may hold other layers alone."""
    done = Checked(findings=list(_counted(found, expected, grids_wanted)))
    if _too_wide(found, done) or any(f.error for f in done.findings):
        return done
    plane = _Plane(found)
    areas = {c.where: plane.shape(c) for c in found if c.kind in ("grid", "zone", "water")}
    for c in found:
        if c.where in areas:
            areas[c.where] = _mended(c, areas[c.where], plane, done.findings)
    if any(f.error for f in done.findings):
        return done
    lines = {c.where: plane.shape(c) for c in found if c.kind == "river"}
    if not _simplified(found, areas, lines, done):
        return done
    grids = {c.code: areas[c.where] for c in found if c.kind == "grid"}
    zones = {c.code: areas[c.where] for c in found if c.kind == "zone"}
    waters = [areas[c.where] for c in found if c.kind == "water"]
    done.findings += [
        *_overlaps(grids),
        *_gaps(grids, waters, plane),
        *_zones(grids, zones, expected),
        *_apart(grids, expected),
    ]
    done.findings += _misplaced(found, grids, expected, plane)
    done.drawn = [_drawn(c, areas.get(c.where) or lines.get(c.where), plane) for c in found if c.kind != "zone"]
    return done


# what needs no geometry ----------------------------------------------------------------------------------------------


def _counted(found: list[Candidate], expected: Expected, grids_wanted: bool) -> Iterator[Finding]:
    first: dict[tuple[str, str], str] = {}
    for c in found:
        if c.code and first.setdefault((c.kind, c.code), c.where) != c.where:
            zh = f"{KIND_ZH[c.kind]} {c.code} 与 {first[c.kind, c.code]} 重复；多块请合成一个 MultiPolygon"
            yield Finding(True, c.where, "code", zh, f"{c.kind} {c.code} twice; join its parts into one MultiPolygon")
    if all(c.kind == "zone" for c in found):
        yield Finding(
            True,
            "",
            "features",
            "只有责任区，没有可存的图层；责任区只用来核对，请连同网格一起导入",
            "it holds zones only, which are for checking; bring them with the grids",
        )
        return
    lacking = [code for code in expected.grids if ("grid", code) not in first]
    if lacking and (grids_wanted or len(lacking) < len(expected.grids)):
        some = " ".join(lacking)
        yield Finding(True, "", "features", f"缺网格 {some}；每个网格须有一个面，其代码或名称与 grids.csv 一致",
                      f"no polygon for the grids {some}; each needs one, named as in grids.csv")  # fmt: skip


def _too_wide(found: list[Candidate], done: Checked) -> bool:
    west, south, east, north = box_of(at for c in found for part in c.parts for ring in part for at in ring)
    wide = east - west > WIDEST or north - south > WIDEST
    if wide:
        done.findings.append(
            Finding(True, "", "coordinates", f"各要素相距超过 {WIDEST:g} 度，不会是一个镇；请核对坐标与 --crs",
                    f"features lie more than {WIDEST:g} degrees apart, which is no town; check coordinates and --crs")
        )  # fmt: skip
    return wide


# shapes --------------------------------------------------------------------------------------------------------------


class _Plane:
    """Metres around the middle of a map."""

    def __init__(self, found: list[Candidate]) -> None:
        west, south, east, north = box_of(at for c in found for part in c.parts for ring in part for at in ring)
        self.origin = ((west + east) / 2, (south + north) / 2)
        self.scale = (METRES_PER_DEGREE * math.cos(math.radians(self.origin[1])), METRES_PER_DEGREE)

    def shape(self, c: Candidate) -> Shape:
        import shapely

        parts = [[[self.inward(at) for at in ring] for ring in part] for part in c.parts]
        if c.kind == "river":
            return shapely.MultiLineString([part[0] for part in parts])
        return shapely.MultiPolygon([(part[0], part[1:]) for part in parts])

    def inward(self, at: Point) -> Point:
        return (at[0] - self.origin[0]) * self.scale[0], (at[1] - self.origin[1]) * self.scale[1]

    def outward(self, at: Iterable[float]) -> Point:
        x, y, *_ = at
        return (
            round(float(x) / self.scale[0] + self.origin[0], _DIGITS),
            round(float(y) / self.scale[1] + self.origin[1], _DIGITS),
        )

    def said(self, shape: Shape) -> str:
        lon, lat = self.outward(shape.representative_point().coords[0])
        return f"{lon:.5f},{lat:.5f}"


def _polygons(shape: Shape) -> Shape:
    """Only what has an area."""
    import shapely

    parts = [p for p in shapely.get_parts(shapely.get_parts(shape)) if p.geom_type == "Polygon" and p.area > 0]
    return shapely.MultiPolygon(parts)


def _mended(c: Candidate, shape: Shape, plane: _Plane, findings: list[Finding]) -> Shape:
    """A valid shape, or a finding why there is none."""
    import shapely

    before = shape.area
    if shape.is_valid:
        after = shape
    else:
        after = _polygons(shapely.make_valid(shape))
        change = abs(after.area - before) / max(after.area, before, TRIFLE)
        if change > MENDED:
            zh = f"边界自相交或各圈相叠，修补会改变面积 {change:.0%}；请在 GIS 软件里修正图形"
            findings.append(Finding(True, c.where, "coordinates", zh, f"it crosses itself, and mending would change its area by {change:.0%}; mend it in your GIS program"))  # fmt: skip
            return after
        if after.area >= TRIFLE:
            findings.append(
                Finding(
                    False,
                    c.where,
                    "coordinates",
                    "边界自相交，已修补，面积几乎不变",
                    "it crossed itself and was mended",
                )
            )
    if after.area < TRIFLE:
        findings.append(
            Finding(
                True, c.where, "coordinates", "面积为零；请补画或删去", "it has no area; draw it anew or leave it out"
            )
        )
    return after


def _simplified(found: list[Candidate], areas: dict[str, Shape], lines: dict[str, Shape], done: Checked) -> bool:
    """Drop vertices where there are too many, shared borders staying shared. False where even that is not enough."""
    import shapely

    def count() -> int:
        stored = [areas[c.where] if c.where in areas else lines.get(c.where) for c in found if c.kind != "zone"]
        return sum(int(shapely.get_num_coordinates(shape)) for shape in stored if shape is not None)

    before = done.vertices = count()
    whole = dict(areas), dict(lines)
    grids = [c.where for c in found if c.kind == "grid"]
    for tolerance in TOLERANCES:
        if done.vertices <= MAX_VERTICES:
            break
        areas.update({key: _polygons(shapely.simplify(shape, tolerance)) for key, shape in whole[0].items()})
        lines.update({key: shapely.simplify(shape, tolerance) for key, shape in whole[1].items()})
        if grids:
            simple = shapely.coverage_simplify([whole[0][key] for key in grids], tolerance)
            areas.update(zip(grids, map(_polygons, simple), strict=True))
        done.vertices, done.tolerance = count(), tolerance
    if done.vertices > MAX_VERTICES:
        zh = f"简化到 {TOLERANCES[-1]:g} 米仍有 {done.vertices} 个顶点，上限 {MAX_VERTICES}；请先在 GIS 软件里简化"
        done.findings.append(Finding(True, "", "coordinates", zh, f"{done.vertices} vertices even after simplification, limit {MAX_VERTICES}; simplify it first"))  # fmt: skip
        return False
    if done.tolerance:
        zh = f"顶点 {before} 个，已按 {done.tolerance:g} 米简化为 {done.vertices} 个，共用边界仍共用"
        done.findings.append(Finding(False, "", "coordinates", zh, f"{before} vertices were simplified to {done.vertices} at {done.tolerance:g} m"))  # fmt: skip
    return True


# grids against each other --------------------------------------------------------------------------------------------


def _sized(area: float, where: str, zh: str, en: str, way: tuple[str, str]) -> Iterator[Finding]:
    """An error above a hectare, a warning below, nothing for a trifle."""
    if area > TRIFLE:
        size = area / HECTARE
        told = f"{size:.1f}" if size >= 0.1 else f"{size:.4f}"
        large = area > HECTARE
        yield Finding(large, where, "coordinates", f"{zh} {told} 公顷" + (f"；{way[0]}" if large else ""),
                      f"{en} {told} ha" + (f"; {way[1]}" if large else ""))  # fmt: skip


def _overlaps(grids: Mapping[str, Shape]) -> Iterator[Finding]:
    for (a, one), (b, other) in itertools.combinations(grids.items(), 2):
        if one.intersects(other):
            yield from _sized(one.intersection(other).area, f"{a} {b}", f"{a} 与 {b} 重叠", f"{a} and {b} overlap by",
                              ("请让两格共用一条边界", "let them share one border"))  # fmt: skip


def _gaps(grids: Mapping[str, Shape], waters: list[Shape], plane: _Plane) -> Iterator[Finding]:
    """Holes in the union of the grids that no water fills."""
    import shapely

    if not grids:
        return
    whole = shapely.union_all(list(grids.values()))
    wet = shapely.union_all(waters) if waters else None
    for part in shapely.get_parts(whole):
        for ring in part.interiors:
            hole = shapely.Polygon(ring)
            dry = hole if wet is None else hole.difference(wet)
            if dry.area > TRIFLE:
                at = plane.said(dry)
                beside = [code for code, shape in grids.items() if shape.distance(hole) < NEAR]
                yield from _sized(dry.area, " ".join(beside), f"网格之间在 {at} 有空隙", f"there is a gap at {at} of",
                                  ("请补入某一网格；水面请加 kind=water 的面", "give it to a grid, or add a polygon with kind=water"))  # fmt: skip


def _zones(grids: Mapping[str, Shape], zones: Mapping[str, Shape], expected: Expected) -> Iterator[Finding]:
    for code, grid in grids.items():
        zone = expected.grids[code]
        if zone in zones:
            yield from _sized(grid.difference(zones[zone]).area, code, f"{code} 超出所属责任区 {zone} 的面",
                              f"{code} reaches beyond its zone {zone} by",
                              ("请核对 grids.csv 的 zone 或改图", "check the zone in grids.csv, or the outlines"))  # fmt: skip


def _apart(grids: Mapping[str, Shape], expected: Expected) -> Iterator[Finding]:
    """Zones whose grids do not hang together."""
    for zone in dict.fromkeys(expected.grids[code] for code in grids):
        codes = [code for code in grids if expected.grids[code] == zone]
        reached, waiting = codes[:1], codes[1:]
        while near := [c for c in waiting if any(grids[c].distance(grids[r]) <= NEAR for r in reached)]:
            reached += near
            waiting = [c for c in waiting if c not in near]
        if waiting:
            zh = f"责任区 {zone} 的网格互不相接: {' '.join(codes)}；请核对 grids.csv 的 zone"
            yield Finding(False, " ".join(codes), "coordinates", zh, f"the grids of zone {zone} do not touch; check the zone in grids.csv")  # fmt: skip


def _misplaced(
    found: list[Candidate], grids: Mapping[str, Shape], expected: Expected, plane: _Plane
) -> Iterator[Finding]:
    """Committees whose point lies in another grid than their profile says."""
    import shapely

    wrong = []
    for c in found:
        if c.kind == "committee" and grids:
            dot = shapely.Point(plane.inward(c.parts[0][0][0]))
            inside = [code for code, shape in grids.items() if shape.intersects(dot)]
            if expected.committees[c.code] not in inside:
                wrong.append(f"{c.name}({expected.committees[c.code] or '-'} -> {' '.join(inside) or '-'})")
    if wrong:
        some = "、".join(wrong[:_NAMED]) + " 等" * (len(wrong) > _NAMED)
        yield Finding(False, "", "committees", f"{len(wrong)} 个村居点不在 committees.csv 所写的网格里: {some}",
                      f"{len(wrong)} committees lie in another grid than committees.csv says: {some}")  # fmt: skip


# back to degrees -----------------------------------------------------------------------------------------------------


def _drawn(c: Candidate, shape: Shape | None, plane: _Plane) -> Drawn:
    import shapely

    if shape is None:
        parts = tuple(tuple(tuple(_rounded(at) for at in ring) for ring in part) for part in c.parts)
        return Drawn(c.kind, c.code, c.name, parts)
    if c.kind == "river":
        return Drawn(c.kind, c.code, c.name, tuple((_ring(line, plane.outward),) for line in shapely.get_parts(shape)))
    parts = tuple(
        tuple(_ring(ring, plane.outward)[:-1] for ring in (part.exterior, *part.interiors)) for part in shape.geoms
    )
    centre = shapely.maximum_inscribed_circle(shape, NEAR).coords[0]
    return Drawn(c.kind, c.code, c.name, parts, plane.outward(centre), shape.area)


def _ring(ring: Shape, outward: Callable[[Iterable[float]], Point]) -> Ring:
    return tuple(outward(at) for at in ring.coords)


def _rounded(at: Point) -> Point:
    return round(at[0], _DIGITS), round(at[1], _DIGITS)
