"""A file from outside: what its features are, and every way in which it can be no map. Nothing in it raises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.geo.conftest import box, errors, outlines, point, polygon, read, warnings, written
from zjj_console.town.load import builtin, load_town
from zjj_console.town.models import Town

TOWN = load_town(builtin())
SQUARE = box(121.0, 31.1, 121.01, 31.11)


def test_a_grid_is_known_by_code_or_name_in_english_or_chinese(town: Town) -> None:
    for properties in (
        {"code": "g1"},
        {"代码": "G1"},
        {"name": "Ｇ１"},
        {"名称": " G1 "},
        {"code": "G1", "kind": "网格"},
        {"CODE": "g1", "Kind": "Grid"},
    ):
        found = read(town, written([polygon([SQUARE], **properties)]))
        assert [(c.kind, c.code, c.name) for c in found.candidates] == [("grid", "g1", "G1")], properties


def test_committees_and_stations_are_points_known_by_number_or_name(town: Town) -> None:
    features = [point((121, 31.1), code=310118102001), point((121, 31.1), 名称="东湖街"), point((121, 31.1), code="z1")]
    found = read(town, written(features))
    assert [(c.kind, c.code) for c in found.candidates] == [
        ("committee", "310118102001"), ("committee", "310118102003"), ("station", "z1"),
    ]  # fmt: skip


def test_zones_are_polygons_and_waters_and_rivers_need_a_kind(town: Town) -> None:
    line = {"type": "Feature", "properties": {"kind": "river", "name": "某河"},
            "geometry": {"type": "MultiLineString", "coordinates": [[[121, 31], [121.1, 31]], [[121.2, 31], [121.3, 31]]]}}  # fmt: skip
    found = read(town, written([polygon([SQUARE], code="p1"), polygon([SQUARE], kind="水面", name="某湖"), line]))
    assert [(c.kind, c.name, len(c.parts)) for c in found.candidates] == [
        ("zone", "第一警务责任区", 1), ("water", "某湖", 1), ("river", "某河", 2),
    ]  # fmt: skip


def test_an_unknown_polygon_is_an_error_that_lists_what_is_known(town: Town) -> None:
    (error,) = errors(read(town, written([polygon([SQUARE], code="g9", name="第九网格")])))
    assert "#1 g9 第九网格" in error and "g1(G1)" in error and "g7(G7)" in error and "kind=water" in error


def test_an_unknown_point_or_line_is_left_out_and_said(town: Town) -> None:
    found = read(
        town, written([*outlines(town), point((121, 31.1), name="某学校"), point((121, 31), kind="路灯", name="某灯")])
    )
    assert errors(found) == [] and len(found.candidates) == 7
    (warning,) = warnings(found)
    assert "2 个要素未采用" in warning and "某学校" in warning


def test_code_and_name_that_contradict_each_other_are_an_error(town: Town) -> None:
    assert "不是同一处" in errors(read(town, written([polygon([SQUARE], code="g1", name="G2")])))[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "不是有效的 JSON"), (b"not json", "不是有效的 JSON"), (b"[]", "FeatureCollection"), (b"{}", "FeatureCollection"),
        (b"null", "FeatureCollection"), (b'{"type":"Topology"}', "FeatureCollection"), (b"\xff\xfe{\x00}\x00", "不是 UTF-8"),
        ('{"type":"FeatureCollection","名":"网格"}'.encode("gb18030"), "不是 UTF-8"),
        (written([polygon([SQUARE], code="g1")])[:-40], "可能没有传完"), (b"[" * 100_000, "嵌套太深"),
        (b'{"type":"FeatureCollection","features":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "嵌套太深"),
        (b'{"type":"FeatureCollection","features":[]}', "一个要素也没有"), (b'{"type":"FeatureCollection","features":{}}', "FeatureCollection"),
        (b'{"type":"FeatureCollection","features":[NaN]}', "NaN"), (b'{"a":1e400}', "JSON"), (b"PK\x03\x04shp", "JSON"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_geojson_says_what_it_is(town: Town, content: bytes, said: str) -> None:
    found = read(town, content)
    assert found.candidates == [] and said in errors(found)[0]


def whole(coordinates: object, kind: str = "Polygon", **properties: object) -> bytes:
    geometry = {"type": kind, "coordinates": coordinates}
    return written([{"type": "Feature", "properties": {"code": "g1", **properties}, "geometry": geometry}])


RING = [list(at) for at in (*SQUARE, SQUARE[0])]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (whole([[[31.1, 121.0], [31.1, 121.1], [31.2, 121.1]]]), "次序反了"), (whole([RING, [[None, 31], [121, 31], [121, 32]]]), "空值"),
        (whole([[["121", "31"], [121, 31], [121, 32]]]), "文字"), (whole([[[True, 31], [121, 31], [121, 32]]]), "空值"),
        (whole([[[1e300, 31], [121, 31], [121, 32]]]), "过大"), (whole([[[10**40, 31], [121, 31], [121, 32]]]), "过大"),
        (whole([[[121, 31], [121, 31.1], [121, 31]]]), "不足三个"), (whole([[]]), "不足三个"), (whole([]), "没有坐标"),
        (whole(None), "嵌套层次"), (whole([RING], "MultiPolygon"), "须为 [经度, 纬度]"), (whole({"a": 1}), "嵌套层次"),
        (whole([[[[121, 31]]]]), "须为 [经度, 纬度]"), (whole([[[121], [121, 31], [121, 32]]]), "须为 [经度, 纬度]"),
        (whole([[[179.9, 31], [-179.9, 31], [-179.9, 32]]]), "180"), (whole([[[2, 48], [2.1, 48], [2.1, 48.1]]]), "不在中国"),
        (whole([[[600833, 3443381], [601833, 3443381], [601833, 3444381]]]), "平面米"), (whole([RING], "Circle"), "没有可用的图形"),
        (written([{"type": "Feature", "properties": {"code": "g1"}, "geometry": None}]), "没有可用的图形"), (written([7]), "不是 Feature"),
        (written([{"type": "Feature", "properties": [1], "geometry": None}]), "不是 Feature"),
        (whole([RING], ["Polygon"]), "没有可用的图形"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_coordinates_that_can_be_none_of_the_town_name_feature_field_and_way_out(
    town: Town, content: bytes, said: str
) -> None:
    found = read(town, content)
    (error,) = [f for f in found.findings if f.error]
    assert found.candidates == [] and said in error.zh
    assert error.feature.startswith("#1") and error.field and "；" in error.zh


@pytest.mark.parametrize(
    ("crs", "x", "y", "said"),
    [
        ("cgcs2000", 3443381, 600833, "先东"), ("cgcs2000", 39600833, 3443381, "带号"), ("cgcs2000", 41600833, 3443381, "带号"),
        ("shanghai", 121.05, 31.1, "像经纬度"), ("shanghai", 600833, 3443381, "范围"), ("gcj02", 31.1, 121.05, "次序反了"),
    ],
)  # fmt: skip
def test_values_of_another_system_are_told_apart(town: Town, crs: str, x: float, y: float, said: str) -> None:
    ring = [[x, y], [x + 0.1, y], [x + 0.1, y + 0.1]]
    assert said in errors(read(town, whole([ring]), crs))[0]


def test_a_fault_of_every_feature_is_told_a_few_times_only(town: Town) -> None:
    flat = [{**f, "geometry": {**f["geometry"], "coordinates": [[at[::-1] for at in ring] for ring in f["geometry"]["coordinates"]]}}
            for f in outlines(town)]  # fmt: skip
    said = errors(read(town, written(flat)))
    assert len(said) == 4 and "另有 4 个要素同样" in said[-1] and "次序反了" in said[-1]


def test_an_older_file_that_names_another_system_is_doubted(town: Town) -> None:
    member = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}
    assert "CGCS2000" in warnings(read(town, written(outlines(town), crs=member), "gcj02"))[0]
    assert warnings(read(town, written(outlines(town), crs=member), "cgcs2000")) == []


def test_text_of_a_file_is_cleaned_before_it_is_shown(town: Town) -> None:
    from zjj_console.domain.safe import safe_text
    from zjj_console.geo import geojson

    content = written([polygon([SQUARE], code="\x1b[31mg9\u202e", name="x" * 5000)])
    (error,) = [f for f in geojson.read(content, "wgs84", geojson.names([]), safe_text).findings if f.error]
    assert "\x1b" not in error.feature and "\u202e" not in error.feature and len(error.feature) < 100


# whatever comes --------------------------------------------------------------------------------------------------------

number = st.one_of(st.floats(), st.integers(), st.floats(120.9, 121.2), st.floats(31.0, 31.2))
scalar = st.one_of(
    st.none(), st.booleans(), number, st.text(max_size=5), st.sampled_from(["g1", "G2", "网格", "Polygon", "Point"])
)
anything = st.recursive(scalar, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=3)), max_leaves=12)  # fmt: skip
position = st.one_of(st.lists(number, min_size=2, max_size=3), anything)
geometry = st.one_of(
    anything,
    st.fixed_dictionaries({
        "type": st.one_of(st.sampled_from(["Polygon", "MultiPolygon", "Point", "LineString", "MultiPoint", "MultiLineString"]), anything),
        "coordinates": st.one_of(position, st.lists(position), st.lists(st.lists(position, max_size=5), max_size=3), anything),
    }),
)  # fmt: skip
feature = st.one_of(
    anything,
    st.fixed_dictionaries({
        "type": st.just("Feature"), "geometry": geometry,
        "properties": st.one_of(anything, st.dictionaries(st.sampled_from(["kind", "code", "name", "名称"]), scalar)),
    }),
)  # fmt: skip


@given(st.lists(feature, max_size=4), st.sampled_from(["wgs84", "gcj02", "cgcs2000", "shanghai"]))
def test_wrong_types_everywhere_end_as_findings(features: list[object], crs: str) -> None:
    content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    found = read(TOWN, content, crs)
    assert found.candidates or errors(found) or found.ignored


@given(st.binary(max_size=200))
def test_any_bytes_end_as_findings(content: bytes) -> None:
    assert errors(read(TOWN, content))
