"""A town's own map taken in: read, checked against the profile and known positions, and written where a profile keeps it."""

import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from zjj_console.domain.safe import safe_text
from zjj_console.geo import checks, geojson
from zjj_console.geo.checks import Drawn, Expected
from zjj_console.geo.crs import SYSTEMS
from zjj_console.geo.geojson import Finding
from zjj_console.geo.suspicion import Known, suspect
from zjj_console.intake.table import IntakeError, unwritable
from zjj_console.storage.disk import put_whole
from zjj_console.town.atlas import FILE, Collection, atlas
from zjj_console.town.models import Town

PREVIOUS = f"{FILE}.previous"
MARK = "T"  # the town's own paper
_SQUARE_KM = 1_000_000.0
_TEXT = 200
_SINGLE = {"polygon": "Polygon", "line": "LineString", "point": "Point"}


class Taken(Struct, frozen=True):
    """What came of a file. `content` is the map to store, None where an error forbids it."""

    findings: list[Finding]
    content: bytes | None = None
    counts: dict[str, int] = {}
    vertices: int = 0
    tolerance: float = 0.0
    area_km2: dict[str, float] = {}

    @property
    def errors(self) -> list[Finding]:
        return [f for f in self.findings if f.error]

    @property
    def warnings(self) -> list[Finding]:
        return [f for f in self.findings if not f.error]


def content_of(path: Path) -> bytes:
    """The bytes of a file. Raises IntakeError: 6 for none, 3 for one that is too large or cannot be read."""
    if not path.is_file():
        raise IntakeError(6, "E_NOT_FOUND", f"没有这个文件: {path}", f"no such file: {path}", "file")
    try:
        if path.stat().st_size > geojson.MAX_BYTES:
            most = geojson.MAX_BYTES // (1024 * 1024)
            zh = f"{path.name} 大于 {most} MB；请先在 GIS 软件里简化边界再导出"
            raise IntakeError(3, "E_MAP", zh, f"{path.name} is larger than {most} MB; simplify it first", "file")
        return path.read_bytes()
    except OSError as error:
        zh = f"读不了 {path}: {error.strerror}"
        raise IntakeError(3, "E_INPUT", zh, f"cannot read {path}: {error.strerror}", "file") from error


def take(town: Town, content: bytes, crs: str, source: str, known: Iterable[Known], present: bytes | None) -> Taken:
    """Judge a file and make the map of it. `present` is the map of the profile, whose other layers stay."""
    reading = geojson.read(content, crs, geojson.names(_named(town)), safe_text)
    findings = [*reading.findings, *_wide(reading.candidates, source)]
    if any(f.error for f in findings):
        return Taken(findings)
    old, complaint = _features(present)
    findings += complaint
    has_grids = any(f["properties"].get("kind") == "grid" for f in old)
    done = checks.check(reading.candidates, _expected(town), grids_wanted=not has_grids)
    findings += done.findings
    if any(f.error for f in findings):
        return Taken(findings, vertices=done.vertices)
    system = SYSTEMS[crs]
    if system.approximate:
        findings.append(
            Finding(
                False,
                "",
                "crs",
                f"{system.zh}: 换算参数未公开，位置只作近似",
                f"{system.en}: its parameters are not public",
            )
        )
        source += f"；由{system.zh}换算"
    made, layers = _collection(done.drawn, old, present, crs, source)
    findings += _kept(old, layers)
    grids = atlas(msgspec.json.decode(made, type=Collection)).grids  # reads back what will be stored
    doubt = suspect(crs, grids, [*_homes(town), *known]) if "grid" in layers else None
    findings += [doubt] if doubt else []
    counts = {kind: sum(1 for d in done.drawn if d.kind == kind) for kind in geojson.KIND_ZH if kind != "zone"}
    areas = {d.code: round(d.area / _SQUARE_KM, 3) for d in done.drawn if d.kind == "grid"}
    return Taken(findings, made, counts, done.vertices, done.tolerance, dict(sorted(areas.items())))


def store(folder: Path, content: bytes) -> Path:
    """Put the map in its place; the one before is kept beside it. Killed at any point, one of the two is there whole.

    Raises IntakeError where the folder cannot be written: 3, or 1 for a full disk.
    """
    path = folder / FILE
    try:
        if path.exists():
            put_whole(folder / PREVIOUS, path.read_bytes())
        put_whole(path, content)
    except OSError as error:
        raise unwritable(path, error, "profile") from error
    return path


# what the profile knows ----------------------------------------------------------------------------------------------


def _named(town: Town) -> list[tuple[str, str, str]]:
    return [
        *(("grid", g.code, g.name) for g in town.grids.values()),
        *(("zone", z.code, z.name) for z in town.zones.values()),
        *(("committee", c.code, c.name) for c in town.committees.values()),
        *(("station", u.code, u.name) for u in town.of_kind("station")),
    ]


def _expected(town: Town) -> Expected:
    return Expected({g.code: g.zone for g in town.grids.values()}, {c.code: c.grid for c in town.committees.values()})


def _homes(town: Town) -> list[Known]:
    """Committees whose position the profile knows."""
    return [Known((c.lon, c.lat), c.grid) for c in town.committees.values() if c.lon is not None and c.lat is not None]


def _wide(found: list[geojson.Candidate], source: str) -> list[Finding]:
    """Names that are taken over must be of characters whose width every terminal agrees about."""
    texts = [("", "--source", source), *((c.where, "name", c.name) for c in found if not c.code)]
    return [
        Finding(
            True,
            where,
            field,
            f"含宽度不定的字符 {signs}；请改用全角标点或 ASCII",
            f"characters of unsure width {signs}; use others",
        )
        for where, field, text in texts
        if (signs := " ".join(sorted({f"U+{ord(c):04X}" for c in text if unicodedata.east_asian_width(c) == "A"})))
    ]


# what is stored ------------------------------------------------------------------------------------------------------


def _features(present: bytes | None) -> tuple[list[dict[str, Any]], list[Finding]]:
    """The features of the present map; a map that cannot be read is replaced as a whole, and that is said."""
    if present is None:
        return [], []
    try:
        atlas(msgspec.json.decode(present, type=Collection))
        return msgspec.json.decode(present)["features"], []
    except (msgspec.DecodeError, ValueError, RecursionError):
        zh, en = f"原 {FILE} 读不了，整份换新", f"the present {FILE} cannot be read and is replaced as a whole"
        return [], [Finding(False, "", FILE, zh, en)]


def _collection(
    drawn: list[Drawn], old: list[dict[str, Any]], present: bytes | None, crs: str, source: str
) -> tuple[bytes, set[str]]:
    """The map as bytes, one feature a line, and the layers that it has from the file."""
    layers = {d.kind for d in drawn}
    kept = [f for f in old if f["properties"]["kind"] not in layers]
    head: dict[str, Any] = {"type": "FeatureCollection", "mark": MARK, "source": source, "original_crs": crs}
    if "grid" not in layers and present is not None:  # then the outlines are those of before, and so is their mark
        before = msgspec.json.decode(present)
        head |= {key: before[key] for key in ("mark", "source", "original_crs") if key in before}
    features = [feature for d in drawn for feature in _feature(d, source)] + kept
    lines = ",\n".join(json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features)
    return (json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [\n' + lines + "\n]}\n").encode(), layers


def _feature(d: Drawn, source: str) -> list[dict[str, Any]]:
    properties = {
        "kind": d.kind,
        **({"code": d.code} if d.code else {}),
        "name": d.name,
        "mark": MARK,
        "source": source,
    }
    if d.label is not None:
        rings = [[[*ring, ring[0]] for ring in part] for part in d.parts]
        several = len(rings) > 1
        geometry = {"type": "MultiPolygon" if several else "Polygon", "coordinates": rings if several else rings[0]}
        return [_as_feature({**properties, "label": d.label}, geometry)]
    if d.kind == "river":
        return [_as_feature(properties, {"type": "LineString", "coordinates": part[0]}) for part in d.parts]
    return [_as_feature(properties, {"type": "Point", "coordinates": d.parts[0][0][0]})]


def _as_feature(properties: dict[str, Any], geometry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _kept(old: list[dict[str, Any]], layers: set[str]) -> list[Finding]:
    """Layers of the present map that the file does not bring, where they are only a sketch."""
    sketched = {f["properties"]["kind"] for f in old if f["properties"].get("mark", "X") == "X"} - layers
    if not sketched or "grid" not in layers:
        return []
    zh = "、".join(_KIND_ZH.get(kind, kind) for kind in sorted(sketched))
    return [
        Finding(
            False,
            "",
            "kind",
            f"文件没有 {zh}，保留原图的示意位置",
            f"the sketched layers stay: {', '.join(sorted(sketched))}",
        )
    ]


_KIND_ZH = {**geojson.KIND_ZH, "key_item": "重点事项"}


def source_of(path: Path, text: str) -> str:
    """What a map says of its origin."""
    return safe_text(text, _TEXT) or safe_text(path.name, _TEXT)
