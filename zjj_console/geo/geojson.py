"""A town's own GeoJSON as candidates for its map: which feature is what, and its coordinates in WGS-84.

Nothing here trusts the file: whatever it holds ends as candidates or as findings, each naming the feature, the field
and the way out. What only geometry can tell (areas, overlaps, gaps) is left to `checks`.
"""

import itertools
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from zjj_console.geo.crs import SYSTEMS, ZONE, in_china
from zjj_console.geo.shapes import Point, Ring

MAX_BYTES = 32 * 1024 * 1024
SHOWN = 20  # findings that a report lists
_ALIKE = 3  # features with the same fault that are named
_HUGE = 1e9  # no system here has such values; false for NaN
_NAMED = 5  # names that a message lists
KINDS = {
    **dict.fromkeys(("grid", "网格"), "grid"), **dict.fromkeys(("zone", "责任区", "警务责任区"), "zone"),
    **dict.fromkeys(("committee", "村居", "村居委", "居委", "村委"), "committee"),
    **dict.fromkeys(("station", "工作站", "联勤联动工作站"), "station"),
    **dict.fromkeys(("water", "水面", "水域", "湖泊"), "water"), **dict.fromkeys(("river", "河道", "河流"), "river"),
}  # fmt: skip
_KIND_KEYS = ("kind", "类型", "图层")
_CODE_KEYS = ("code", "代码", "编码", "编号")
_NAME_KEYS = ("name", "名称", "名字")
_PARTS = {  # geometry -> (kind of part, how many lists lie around a position of one part, whether there are several parts)
    "Point": ("point", 0, False), "MultiPoint": ("point", 0, True), "LineString": ("line", 1, False),
    "MultiLineString": ("line", 1, True), "Polygon": ("polygon", 2, False), "MultiPolygon": ("polygon", 2, True),
}  # fmt: skip
_DRAWN = {
    "grid": "polygon",
    "zone": "polygon",
    "water": "polygon",
    "committee": "point",
    "station": "point",
    "river": "line",
}
_FREE = frozenset({"water", "river"})  # kinds whose names no profile knows
_NATIONAL = ("4490", "4549", "4528")  # EPSG numbers of CGCS2000
KIND_ZH = {"grid": "网格", "zone": "责任区", "committee": "村居", "station": "工作站", "water": "水面", "river": "河道"}


class Finding(Struct, frozen=True):
    """One thing that is wrong (`error`) or worth saying, where, and what to do. An empty `feature` is the file as a whole."""

    error: bool
    feature: str
    field: str
    zh: str
    en: str


SKETCH = "X"  # the mark of what settles nothing, as a map of this program has it


class Candidate(Struct, frozen=True):
    """A feature that is something of this town. `parts`: polygons of rings, lines, or single positions, in WGS-84."""

    where: str  # what messages call it
    kind: str
    code: str
    name: str
    parts: tuple[tuple[Ring, ...], ...]


class Reading(Struct):
    candidates: list[Candidate] = []
    findings: list[Finding] = []
    ignored: list[str] = []
    same: dict[str, int] = {}  # how many features have the same fault of coordinates

    def wrong(self, feature: str, field: str, zh: str, en: str) -> None:
        self.findings.append(Finding(True, feature, field, zh, en))

    def note(self, feature: str, field: str, zh: str, en: str) -> None:
        self.findings.append(Finding(False, feature, field, zh, en))


class Names(Struct, frozen=True):
    """What a profile knows: folded code or name -> (kind, code) of each thing that it may mean; and its own names."""

    meant: dict[str, list[tuple[str, str]]]
    own: dict[tuple[str, str], str]

    def known(self, kind: str) -> str:
        return "、".join(f"{code}({name})" for (of, code), name in self.own.items() if of == kind)


def names(known: Iterable[tuple[str, str, str]]) -> Names:
    """From (kind, code, name) of everything that a feature may be."""
    found = Names({}, {})
    for kind, code, name in known:
        found.own[kind, code] = name
        for word in {fold(code), fold(name)}:
            found.meant.setdefault(word, []).append((kind, code))
    return found


def fold(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def read(content: bytes, crs: str, known: Names, tidy: Callable[[str], str] = str) -> Reading:
    """The candidates of a file in a system of coordinates. `tidy` cleans every text that comes from it."""
    reading = Reading()
    found = _document(content, reading)
    if found is None:
        return reading
    _stated(found, crs, reading)
    for number, feature in enumerate(found["features"], 1):
        _feature(number, feature, crs, known, tidy, reading)
    if not reading.candidates and not any(f.error for f in reading.findings):
        reading.wrong("", "features", "没有一个要素是本镇的网格、村居、工作站、水面或河道；请核对代码/名称",
                      "no feature is a grid, committee, station, water or river of this town; check code and name")  # fmt: skip
    for reason, times in reading.same.items():
        if times > _ALIKE:
            reading.wrong(
                "",
                "coordinates",
                f"另有 {times - _ALIKE} 个要素同样: {reason}",
                f"{times - _ALIKE} more features with one of these faults",
            )
    if reading.ignored:
        some = "、".join(reading.ignored[:_NAMED])
        reading.note("", "features", f"{len(reading.ignored)} 个要素未采用: {some}{' 等' * (len(reading.ignored) > _NAMED)}",
                     f"{len(reading.ignored)} features are not used: {some}")  # fmt: skip
    return reading


# the document --------------------------------------------------------------------------------------------------------


def _document(content: bytes, reading: Reading) -> dict[str, Any] | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reading.wrong("", "编码", f"不是 UTF-8 (第{error.start + 1}字节)；请另存为 UTF-8 的 GeoJSON",
                      f"not UTF-8 (byte {error.start + 1}); save it as UTF-8")  # fmt: skip
        return None
    try:
        found = msgspec.json.decode(text)
    except RecursionError:
        reading.wrong(
            "",
            "features",
            "嵌套太深，不是 GeoJSON；请从 GIS 软件重新导出",
            "nested too deep for GeoJSON; export it again",
        )
        return None
    except (msgspec.DecodeError, ValueError) as error:
        cut = "；文件可能没有传完" if not text.rstrip().endswith("}") else ""
        nan = "；坐标里有 NaN 或 Infinity" if "NaN" in text or "Infinity" in text else ""
        reading.wrong("", "JSON", f"不是有效的 JSON ({error}){nan}{cut}；请从 GIS 软件重新导出为 GeoJSON",
                      f"not JSON ({error}); export it again as GeoJSON")  # fmt: skip
        return None
    if isinstance(found, dict) and found.get("type") == "Feature":
        found = {"type": "FeatureCollection", "features": [found]}
    if (
        not isinstance(found, dict)
        or found.get("type") != "FeatureCollection"
        or not isinstance(found.get("features"), list)
    ):
        reading.wrong("", "type", "不是 GeoJSON 的 FeatureCollection；Shapefile、KML、DWG 请先在 GIS 软件里另存为 GeoJSON",
                      "no GeoJSON FeatureCollection; save it as one from your GIS program")  # fmt: skip
        return None
    if not found["features"]:
        reading.wrong(
            "", "features", "一个要素也没有；导出时请选中网格图层", "it holds no feature; export the layer of the grids"
        )
        return None
    return found


def _stated(found: Mapping[str, Any], crs: str, reading: Reading) -> None:
    """An older GeoJSON may name its system; one that is not the chosen one is worth a word."""
    member = found.get("crs")
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(name, str) and name.endswith(_NATIONAL) and crs != "cgcs2000":
        reading.note("", "crs", f"文件自称 {name[-40:]}(CGCS2000)，--crs 却是 {crs}；请核对",
                     f"the file says {name[-40:]} (CGCS2000) and --crs {crs}; check which is right")  # fmt: skip


# one feature ---------------------------------------------------------------------------------------------------------


def _feature(number: int, feature: Any, crs: str, known: Names, tidy: Callable[[str], str], reading: Reading) -> None:
    where = f"#{number}"
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(feature, dict) or not isinstance(properties, dict | None):
        reading.wrong(where, "properties", "不是 Feature；请从 GIS 软件重新导出", "not a Feature; export it again")
        return
    texts = {key: _text(properties or {}, keys, tidy) for key, keys in _KEYS.items()}
    code, name = texts["code"], texts["name"]
    where = " ".join(filter(None, (where, code, name if name != code else "")))
    geometry = feature.get("geometry")
    kind_of = geometry.get("type") if isinstance(geometry, dict) else None
    shape = _PARTS.get(kind_of) if isinstance(kind_of, str) else None
    kind = KINDS.get(fold(texts["kind"]), "") if texts["kind"] else ""
    if texts["kind"] and not kind:
        reading.ignored.append(where)
        return
    if shape is None or not isinstance(geometry, dict):
        reading.wrong(where, "geometry", "没有可用的图形；须为 Polygon、MultiPolygon、Point 或 LineString",
                      "no usable geometry; it must be Polygon, MultiPolygon, Point or LineString")  # fmt: skip
        return
    meant = _meaning(where, kind, code, name, shape[0], known, reading)
    if meant is None:
        return
    try:
        parts = _convert(geometry.get("coordinates"), shape, crs)
    except _Wrong as wrong:
        reading.same[wrong.zh] = reading.same.get(wrong.zh, 0) + 1
        if reading.same[wrong.zh] <= _ALIKE:
            reading.wrong(where, "coordinates", wrong.at + wrong.zh, wrong.at + wrong.en)
        return
    kind, code = meant
    if kind in ("committee", "station") and len(parts) != 1:
        reading.wrong(where, "coordinates", "须为一个点", "it must be one point")
        return
    if kind == "grid" and (properties or {}).get("mark") == SKETCH:
        reading.wrong(where, "mark", "自称示意 (mark X)，不能当作本镇边界；请用镇里的边界文件",
                      "calls itself a sketch (mark X): bring the town's own outlines")  # fmt: skip
        return
    reading.candidates.append(Candidate(where, kind, code, known.own.get((kind, code), name), parts))


_KEYS = {"kind": _KIND_KEYS, "code": _CODE_KEYS, "name": _NAME_KEYS}


def _text(properties: Mapping[str, Any], keys: tuple[str, ...], tidy: Callable[[str], str]) -> str:
    folded = {fold(key): value for key, value in properties.items()}
    for key in keys:
        value = folded.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool):
            text = tidy(str(value))[:40].strip()
            if text:
                return text
    return ""


def _meaning(
    where: str, kind: str, code: str, name: str, shape: str, known: Names, reading: Reading
) -> tuple[str, str] | None:
    """(kind, code) of what a feature is; None where that is an error or it is of no use here."""
    if kind in _FREE:
        if shape == _DRAWN[kind]:
            return kind, ""
        reading.ignored.append(where)
        return None
    said = [
        {m for m in known.meant.get(fold(word), ()) if kind in ("", m[0]) and _DRAWN[m[0]] == shape}
        for word in (code, name)
        if word
    ]
    found = [meant for meant in said if meant]
    both = set.intersection(*found) if found else set()
    if len(both) == 1:
        return both.pop()
    if found:
        zh = "代码与名称说的不是同一处" if not both else "代码/名称可指多处"
        reading.wrong(
            where, "code", f"{zh}；请只写其一，或加 kind", "code and name mean different things; give one, or a kind"
        )
    elif (shape == "polygon" and kind != "committee") or kind in ("grid", "zone"):
        what = kind or "grid"
        reading.wrong(where, "code", f"不认识的{KIND_ZH.get(kind, '')}面；请用配置里的代码或名称，已知{KIND_ZH[what]}: {known.known(what)}；"
                      "水面请加 kind=water", f"an unknown polygon; known are {known.known(what)}; water needs kind=water")  # fmt: skip
    else:
        reading.ignored.append(where)
    return None


# coordinates ---------------------------------------------------------------------------------------------------------


class _Wrong(Exception):
    """`at` is the position that is wrong, where it is about one."""

    def __init__(self, zh: str, en: str, at: str = "") -> None:
        super().__init__(zh)
        self.zh, self.en, self.at = zh, en, at


def _convert(coordinates: Any, shape: tuple[str, int, bool], crs: str) -> tuple[tuple[Ring, ...], ...]:
    """The parts of a geometry, each a tuple of rings, in WGS-84. Raises _Wrong."""
    kind, depth, several = shape
    parts = _listed(coordinates) if several else [coordinates]
    if not parts:
        raise _Wrong("没有坐标；请删去该要素或补上图形", "no coordinates; draw it, or leave the feature out")
    found = []
    for part in parts:
        lists = {0: lambda p: [[p]], 1: lambda p: [_listed(p)], 2: lambda p: [_listed(ring) for ring in _listed(p)]}[
            depth
        ](part)
        if not lists:
            raise _Wrong("没有坐标；请删去该要素或补上图形", "no coordinates; draw it, or leave the feature out")
        found.append(tuple(_ring([_position(at) for at in ring], kind, crs) for ring in lists))
    return tuple(found)


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _Wrong(
            "坐标的嵌套层次与图形类型不符；请从 GIS 软件重新导出",
            "coordinates are not nested as their type says; export it again",
        )
    return value


def _position(value: Any) -> Point:
    if not isinstance(value, list) or not 2 <= len(value) <= 4:
        raise _Wrong(
            "坐标须为 [经度, 纬度]；有空值或多套了一层，请重新导出",
            "a position must be [longitude, latitude]; export it again",
        )
    x, y = value[0], value[1]
    for number in (x, y):
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) < _HUGE:
            raise _Wrong(
                "坐标里有空值、文字或过大的数；请改为数字", "a coordinate is empty, text or too large; write numbers"
            )
    return float(x), float(y)


def _ring(points: list[Point], kind: str, crs: str) -> Ring:
    """One ring, line or point in WGS-84: only what can be in the system, and lies in China."""
    system = SYSTEMS[crs]
    if kind == "polygon" and len(set(points)) < 3:
        raise _Wrong(
            "一圈不足三个不同的点；请补画或删去", "a ring has fewer than three points; draw it anew or leave it out"
        )
    if kind == "line" and len(set(points)) < 2:
        raise _Wrong(
            "一条线不足两个不同的点；请补画或删去", "a line has fewer than two points; draw it anew or leave it out"
        )
    if not system.plane and any(abs(a[0] - b[0]) > 180 and abs(a[0]) <= 180 for a, b in itertools.pairwise(points)):
        raise _Wrong("跨越180°经线，不会是本镇；请核对坐标", "it crosses the antimeridian, which no town here does")
    found = []
    for x, y in points:
        if not system.fits(x, y):
            raise _unfit(x, y, crs)
        lon, lat = system.to(x, y)
        if not in_china(lon, lat):
            raise _unfit(x, y, crs)
        found.append((lon, lat))
    return tuple(found[:-1] if kind == "polygon" and found[0] == found[-1] else found)


def _unfit(x: float, y: float, crs: str) -> _Wrong:
    """Why a position cannot be of this system, as closely as numbers alone tell: the first reason that holds."""
    gauss, degrees = SYSTEMS["cgcs2000"].fits, not SYSTEMS[crs].plane
    metres = "另一坐标系" if crs in ("cgcs2000", "shanghai") else "cgcs2000 或 shanghai"
    reasons = (
        (degrees and in_china(y, x), "经纬度次序反了；GeoJSON 先经度后纬度，请对调后再导",
         "latitude stands first; longitude comes first in GeoJSON"),
        (in_china(x, y), "像经纬度，不是平面米；请换 --crs", "it looks like degrees, not metres; choose another --crs"),
        (crs == "cgcs2000" and gauss(y, x) and abs(y) > 180, "东北次序反了；先东(约50万)后北(约340万)，请对调后再导",
         "the northing stands first; the easting comes first"),
        (crs == "cgcs2000" and 25e6 <= x <= 46e6 and not ZONE <= x < ZONE + 1e6, "带号不是40；只认中央经线120°的三度带，请先换带",
         "it is of another zone; only zone 40 is read"),
        (max(abs(x), abs(y)) > 180, f"超出 {crs} 的范围；若是平面米，请用 --crs {metres}",
         f"out of range for {crs}; metres want --crs cgcs2000 or shanghai"),
        (True, "不在中国境内；请核对坐标与 --crs", "it lies outside China; check the coordinates and --crs"),
    )  # fmt: skip
    zh, en = next((zh, en) for holds, zh, en in reasons if holds)
    return _Wrong(zh, en, f"({x:.10g}, {y:.10g}) ")
