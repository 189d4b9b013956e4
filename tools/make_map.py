"""Write the schematic map of the shipped town: `python tools/make_map.py`. The same input, the same bytes.

Known and carried over: the outline of Dianshan Lake (OpenStreetMap, generalised), the position of Dadian Lake, of the town
centre and of Zhangma village. Everything else is ours: seven areas drawn so that one can tell them apart, with the committees
of the profile's own sample assignment scattered inside. It is marked `X` and shown as 示意; it settles nothing.
"""

import json
import math
import random
from typing import Any

from shapely import Point as Dot
from shapely import Polygon, maximum_inscribed_circle

from zjj_console.town.load import builtin, load_town

SEED = 20210301
OSM = "OpenStreetMap 贡献者(ODbL)，概化"
OURS = "示意，非测绘"
LAKE = (
    (120.8993, 31.1601), (120.9375, 31.1541), (120.9595, 31.1489), (121.0202, 31.1627), (121.0137, 31.1282),
    (120.9856, 31.0906), (120.9621, 31.0906), (120.9375, 31.0717), (120.8936, 31.0726), (120.8936, 31.0906),
    (120.9375, 31.0906), (120.9065, 31.1282),
)  # fmt: skip
SMALL_LAKE = (121.0571, 31.1177, 121.0749, 31.1282)  # west, south, east, north
NODES = {
    "shore-n": LAKE[3], "shore-m": LAKE[4], "shore-s": LAKE[5], "sw": (120.9920, 31.0580), "s-67": (121.0050, 31.0470),
    "s-w": (121.0350, 31.0220), "s-e": (121.1180, 31.0220), "e-46": (121.1380, 31.0620), "e-n": (121.1280, 31.1250),
    "n-45": (121.0980, 31.1400), "n": (121.0620, 31.1660), "n-57": (121.0360, 31.1650), "k": (121.0360, 31.1330),
    "l": (121.0900, 31.1330), "m": (121.0290, 31.0980), "mid": (121.0600, 31.1060), "o": (121.0900, 31.1050),
    "q": (121.0290, 31.0770), "r": (121.0600, 31.0800), "t": (121.0920, 31.0780),
}  # fmt: skip
GRIDS = {
    "g1": ("k", "l", "o", "mid", "m"),
    "g2": ("m", "mid", "r", "q"),
    "g3": ("mid", "o", "t", "r"),
    "g4": ("l", "n-45", "e-n", "e-46", "t", "o"),
    "g5": ("n-57", "n", "n-45", "l", "k"),
    "g6": ("q", "r", "t", "e-46", "s-e", "s-w", "s-67"),
    "g7": ("shore-n", "n-57", "k", "m", "q", "s-67", "sw", "shore-s", "shore-m"),
}
STRAIGHT = {frozenset(pair) for pair in (("shore-n", "shore-m"), ("shore-m", "shore-s"))}  # the lake's own outline
RIVERS = {
    "漕港河": ((121.0040, 31.1150), (121.0330, 31.1090), (121.0550, 31.1085), (121.0900, 31.1160), (121.1290, 31.1180)),
    "拦路港": ((120.9856, 31.0906), (120.9980, 31.0700), (121.0130, 31.0510), (121.0350, 31.0220)),
    "朱泖河": ((121.0560, 31.1085), (121.0640, 31.0850), (121.0760, 31.0550), (121.0800, 31.0220)),
}
ITEMS = (  # grid, what: invented, as everything that says 示例
    ("g1", "古镇桥梁栏杆(示例)"), ("g1", "码头夜间滞留(示例)"), ("g2", "沿街早市占道(示例)"), ("g3", "地铁站周边停车(示例)"),
    ("g4", "工地围挡(示例)"), ("g5", "河道水位(示例)"), ("g6", "田间焚烧(示例)"), ("g7", "湖岸垂钓(示例)"),
)  # fmt: skip
Coordinate = tuple[float, float]


def rounded(at: Coordinate) -> Coordinate:
    return round(at[0], 6), round(at[1], 6)


def bent(a: Coordinate, b: Coordinate, dice: random.Random, depth: int) -> list[Coordinate]:
    """The points after `a` up to and with `b`, the middles pushed aside: a border that looks like one."""
    if not depth:
        return [b]
    push = dice.uniform(-0.09, 0.09)
    middle = rounded(((a[0] + b[0]) / 2 - (b[1] - a[1]) * push, (a[1] + b[1]) / 2 + (b[0] - a[0]) * push))
    return [*bent(a, middle, dice, depth - 1), *bent(middle, b, dice, depth - 1)]


def borders(dice: random.Random) -> dict[tuple[str, str], list[Coordinate]]:
    """Each border once, for both grids that share it: no gap, no overlap."""
    found: dict[tuple[str, str], list[Coordinate]] = {}
    for corners in GRIDS.values():
        for a, b in zip(corners, (*corners[1:], corners[0]), strict=True):
            if (a, b) not in found:
                depth = 0 if frozenset((a, b)) in STRAIGHT else 3
                way = bent(NODES[a], NODES[b], dice, depth)
                found[a, b] = way
                found[b, a] = [*way[:-1][::-1], NODES[a]]
    return found


def scattered(area: Polygon, count: int, taken: list[Coordinate], dice: random.Random) -> list[Coordinate]:
    """So many points inside, away from the border and from each other as far as they go."""
    west, south, east, north = area.bounds
    found: list[Coordinate] = list(taken)
    apart = math.sqrt(area.area / (count + 1)) * 0.9
    inner = area.buffer(-0.0022)
    while len(found) < count:
        for _ in range(400):
            at = rounded((dice.uniform(west, east), dice.uniform(south, north)))
            if inner.contains(Dot(at)) and all(math.dist(at, other) > apart for other in found):
                found.append(at)
                break
        else:
            apart *= 0.9
    return found


def feature(kind: str, geometry: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"kind": kind, **properties},
            "geometry": {"type": geometry, "coordinates": coordinates}}  # fmt: skip


def make() -> dict[str, Any]:
    town, dice = load_town(builtin()), random.Random(SEED)
    ways = borders(dice)
    features, areas = [], {}
    for code, corners in GRIDS.items():
        ring = [p for a, b in zip(corners, (*corners[1:], corners[0]), strict=True) for p in ways[a, b]]
        areas[code] = Polygon(ring)
        assert areas[code].is_valid, code
        centre = maximum_inscribed_circle(areas[code], 0.0005).coords[0]
        features.append(feature("grid", "Polygon", [[*ring, ring[0]]], code=code, name=town.grids[code].name, mark="X",
                                label=rounded(centre), source=OURS))  # fmt: skip
    for code, area in areas.items():
        people = [c for c in town.committees.values() if c.grid == code]
        people.sort(key=lambda c: c.lon is None)
        known = [(c.lon, c.lat) for c in people if c.lon is not None and c.lat is not None]
        for committee, at in zip(people, scattered(area, len(people), known, dice), strict=True):
            mark, source = ("R", "公开资料，坐标系未注明，约1公里") if at in known else ("X", OURS)
            features.append(
                feature("committee", "Point", at, code=committee.code, name=committee.name, mark=mark, source=source)
            )
    for zone in town.zones.values():
        first = next(grid.code for grid in town.grids.values() if grid.zone == zone.code)
        label = maximum_inscribed_circle(areas[first], 0.0005).coords[0]
        at = rounded((label[0] + 0.004, label[1] - 0.004))
        features.append(
            feature(
                "station", "Point", at, code=zone.station, name=town.units[zone.station].name, mark="X", source=OURS
            )
        )
    features.append(feature("water", "Polygon", [[*LAKE, LAKE[0]]], name="淀山湖", mark="R", source=OSM,
                            label=(120.962, 31.122)))  # fmt: skip
    west, south, east, north = SMALL_LAKE
    oval = [rounded(((west + east) / 2 + math.cos(n * math.pi / 8) * (east - west) / 2,
                     (south + north) / 2 + math.sin(n * math.pi / 8) * (north - south) / 2)) for n in range(16)]  # fmt: skip
    features.append(
        feature("water", "Polygon", [[*oval, oval[0]]], name="大淀湖", mark="X", source="位置按公开资料，外形示意")
    )
    features += [feature("river", "LineString", way, name=name, mark="X", source=OURS) for name, way in RIVERS.items()]
    for n, (grid, name) in enumerate(ITEMS, 1):
        at = scattered(areas[grid], 1, [], dice)[0]
        features.append(feature("key_item", "Point", at, code=f"z{n:02}", name=name, mark="X", source="示例"))
    return {
        "type": "FeatureCollection",
        "mark": "X",
        "source": f"{OURS}；湖面 {OSM}",
        "original_crs": "wgs84",
        "features": features,
    }


def main() -> None:
    path = builtin() / "map.geojson"
    made = make()
    head = {key: value for key, value in made.items() if key != "features"}
    lines = ",\n".join(json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in made["features"])
    path.write_text(
        json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [\n' + lines + "\n]}\n", encoding="utf-8"
    )
    print(f"{path.name} {len(made['features'])}")


if __name__ == "__main__":
    main()
