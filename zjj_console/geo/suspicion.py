"""Whether outlines were given in another system than they were said to be: known positions would fall elsewhere."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from zjj_console.geo.crs import SYSTEMS, from_wgs84, in_china, to_wgs84
from zjj_console.geo.geojson import Finding
from zjj_console.geo.shapes import Area, Point

_CLEARLY = 0.05  # share of the known positions that another system must explain better
_AT_LEAST = 3


class Known(Struct, frozen=True):
    """A position (WGS-84) whose grid is known."""

    at: Point
    grid: str


def suspect(crs: str, grids: Mapping[str, Area], known: Sequence[Known]) -> Finding | None:
    """A warning where most known positions fall outside their grid, or another system explains clearly more of them."""
    asked = [place for place in known if place.grid in grids and in_china(*place.at)]
    if not asked:
        return None
    inside = _inside(crs, crs, grids, asked)
    others = {
        code: _inside(crs, code, grids, asked)
        for code, system in SYSTEMS.items()
        if not _alike(crs, code, system.plane)
    }
    best = max(others, key=lambda code: others[code], default=crs)
    better = others.get(best, 0) - inside
    clearly = better >= max(_AT_LEAST, _CLEARLY * len(asked))
    if 2 * inside >= len(asked) and not clearly:
        return None
    zh = f"已知位置 {len(asked)} 处，按 {crs} 只有 {inside} 处落在所属网格内"
    en = f"of {len(asked)} known positions only {inside} lie in their grid under {crs}"
    if better > 0:
        zh, en = (
            f"{zh}，按 {best} 有 {others[best]} 处；坐标系可能是 {best}",
            f"{en}, and {others[best]} under {best}; it may be {best}",
        )
    else:
        zh, en = f"{zh}；请核对 --crs 与网格代码", f"{en}; check --crs and the codes of the grids"
    return Finding(False, "", "crs", zh, en)


def _alike(crs: str, other: str, plane: bool) -> bool:
    """Systems that could not be taken for each other: planes for degrees; or that are one in degrees."""
    return plane or SYSTEMS[crs].plane or other == crs or {crs, other} == {"wgs84", "cgcs2000"} or other == "cgcs2000"


def _inside(crs: str, other: str, grids: Mapping[str, Area], known: Sequence[Known]) -> int:
    """How many lie in their grid if the file, read as `crs`, was `other`: the points are moved instead of the outlines."""
    moved = (p.at if crs == other else to_wgs84(crs, *from_wgs84(other, *p.at)) for p in known)
    return sum(grids[place.grid].holds(at) for place, at in zip(known, moved, strict=True))
