"""Validation of the map (P-170 to P-173): it shows this town and no other. A profile without a map has no fault."""

from collections.abc import Iterator

from zjj_console.geo.shapes import Spot
from zjj_console.town.atlas import FILE, Atlas
from zjj_console.town.models import Town
from zjj_console.town.validate_finding import Finding, warn

_NAMED = 5


def atlas(town: Town) -> Iterator[Finding]:
    if town.atlas is not None:
        yield from _grids(town, town.atlas)
        yield from _spots(town, town.atlas)
        yield from _labels(town.atlas)
        yield from _misplaced(town, town.atlas)


def _grids(town: Town, found: Atlas) -> Iterator[Finding]:
    """P-170: the map has the grids of the profile, all of them and no others."""
    for code in sorted(town.grids.keys() - found.grids.keys()):
        yield Finding("P-170", f"地图缺网格 {code}，请用 profile import-geo 重新导入", f"{FILE} {code}")
    for code in sorted(found.grids.keys() - town.grids.keys()):
        yield Finding("P-170", f"地图的网格 {code or '(空)'} 不在 grids.csv", f"{FILE} {code}")


def _spots(town: Town, found: Atlas) -> Iterator[Finding]:
    """P-171: what has a place on the map exists."""
    stations = {unit.code for unit in town.of_kind("station")}
    tables: tuple[tuple[str, dict[str, Spot], set[str], str], ...] = (
        ("村居", found.committees, set(town.committees), "committees.csv"),
        ("工作站", found.stations, stations, "units.csv"),
    )
    for kind, spots, known, file in tables:
        for code in sorted(spots.keys() - known):
            yield Finding("P-171", f"地图的{kind} {code or '(空)'} 不在 {file}", f"{FILE} {code}")


def _labels(found: Atlas) -> Iterator[Finding]:
    """P-172: a name stands inside what it names."""
    for code, area in found.grids.items():
        if not area.holds(area.label):
            yield Finding("P-172", f"网格 {code} 的名称位置在网格外，请改 label 或重新导入", f"{FILE} {code}")


def _misplaced(town: Town, found: Atlas) -> Iterator[Finding]:
    """P-173: on a map of the town's own, a committee stands in the grid that its profile says."""
    if not found.settles:
        return
    wrong = [
        f"{spot.name}({town.committees[code].grid} -> {found.grid_at(spot.at) or '-'})"
        for code, spot in found.committees.items()
        if code in town.committees and found.grid_at(spot.at) != town.committees[code].grid
    ]
    if wrong:
        some = "、".join(wrong[:_NAMED]) + " 等" * (len(wrong) > _NAMED)
        yield warn("P-173", f"{len(wrong)} 个村居点不在 committees.csv 所写的网格里: {some}", f"{FILE} committee")
