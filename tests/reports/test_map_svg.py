"""The map as a picture: words never on each other, nothing by colour alone, whose map it is; hostile names stay words."""

import ast
import re
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree as Tree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from zjj_console.reports import map_page, map_svg
from zjj_console.reports.map_pen import COLOURS, HUES, SHADES
from zjj_console.reports.map_room import touch, width
from zjj_console.reports.map_sheet import LATE, URGENT, CaseLine, GridRow, HotSpot, Layer, MapSheet, Mark
from zjj_console.reports.map_words import ENGLISH
from zjj_console.town.atlas import Atlas
from zjj_console.town.load import builtin, load_town
from zjj_console.town.models import Town

NS = "{http://www.w3.org/2000/svg}"
REPORTS = Path(map_svg.__file__).parent
HOSTILE = "</script><img src=x onerror=alert(1)>"
KINDS = ("open", "overdue", "source", "heat", "hotspot", "key_item")


def layer_of(town: Town, kind: str = "open", marks: tuple[Mark, ...] = ()) -> Layer:
    values = {code: n * 3 for n, code in enumerate(town.grids)}
    classes = {code: min(4, n) for n, code in enumerate(town.grids)}
    return Layer(kind, kind, f"图层{kind}", values, classes, ("0", "1-3", "4-6", "7-9", "10+"), marks, kind == "open")


def sheet_of(town: Town, /, *layers: Layer, **more: object) -> MapSheet:
    rows = tuple(GridRow(code, grid.name, "示例站", 3, 1, 2, 1) for code, grid in town.grids.items())
    kind = "none" if town.atlas is None else "schematic"
    stations = {code: unit.name for code, unit in town.units.items() if unit.kind == "station"}
    fields = {"town": town.name, "at": "2021-03-01 23:24", "kind": kind, "stations": stations, "layers": layers,
              "source": town.atlas.source if town.atlas else "", "grids": rows, **more}  # fmt: skip
    return MapSheet(**fields)  # type: ignore[arg-type]


def atlas_of(town: Town) -> Atlas:
    assert town.atlas is not None
    return town.atlas


def everywhere(town: Town, kind: str) -> tuple[Mark, ...]:
    """A mark at every committee: as crowded as a layer becomes."""
    atlas, grades = atlas_of(town), (0, LATE, URGENT)
    return tuple(
        Mark(spot.at, town.committees[code].grid, 10 + n, 0 if kind != "open" else grades[n % 3], spot.name,
             str(n + 1) if kind == "hotspot" else f"Z{n:02}" if kind == "key_item" else "")
        for n, (code, spot) in enumerate(atlas.committees.items())
    )  # fmt: skip


def words(text: str) -> list[str]:
    return [one.text or "" for one in Tree.fromstring(text).iter(f"{NS}text")]


@cache
def shipped() -> Town:
    """The shipped town for made-up examples, which a fixture would print whole."""
    return load_town(builtin())


def drawn(town: Town, kind: str = "open", marks: tuple[Mark, ...] = (), /, **more: object) -> str:
    layer = layer_of(town, kind, marks)
    return map_svg.svg(sheet_of(town, layer, **more), town.atlas, layer)


# room -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("crowded", [False, True])
def test_no_word_or_mark_of_the_shipped_map_stands_on_another(town: Town, kind: str, crowded: bool, lang: str) -> None:
    layer = layer_of(town, kind, everywhere(town, kind) if crowded else ())
    made = map_svg.draw(sheet_of(town, layer, lang=lang), town.atlas, layer)
    assert len(made.boxes) > 40
    assert [pair for pair in combinations(made.boxes, 2) if touch(*pair)] == []
    assert all(0 <= left < right <= map_svg.WIDE and top < bottom for left, top, right, bottom in made.boxes)


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(1, 999), st.sampled_from([0, LATE, URGENT])),
        max_size=60,
    )
)
def test_marks_anywhere_never_stand_on_each_other_and_their_counts_are_all_there(
    found: list[tuple[float, float, int, int]],
) -> None:
    town = shipped()
    atlas = atlas_of(town)
    west, south, east, north = atlas.box
    places = [((west + x * (east - west), south + y * (north - south)), n, grade) for x, y, n, grade in found]
    marks = tuple(Mark(at, atlas.grid_at(at), n, grade) for at, n, grade in places)
    layer = layer_of(town, "open", marks)
    made = map_svg.draw(sheet_of(town, layer), atlas, layer)
    assert [pair for pair in combinations(made.boxes, 2) if touch(*pair)] == []
    counts = [
        int(text.lstrip("急!"))
        for text in words(Tree.tostring(made.root, encoding="unicode"))
        if re.fullmatch(r"[急!]?\d+", text)
    ]
    assert sum(counts) == sum(n for _, n, _ in places) + 2 + 2  # and the two samples in the legend


def test_every_grid_has_its_name_number_and_class_inside_its_outline(town: Town) -> None:
    said = words(drawn(town, "heat", everywhere(town, "heat")))
    for n, grid in enumerate(town.grids.values()):
        number = f"{n * 3} [{min(4, n)}]"
        assert (grid.name in said and number in said) or f"{grid.name} {number}" in said


def test_a_text_is_never_measured_too_short() -> None:
    assert width("朱家角", 10) >= 30
    assert width("G1", 10) > width("11", 10) > 10


# what it says -----------------------------------------------------------------------------------------------------------


def test_a_schematic_says_so_and_names_its_sources_in_the_picture(town: Town) -> None:
    said = " ".join(words(drawn(town)))
    assert "示意，非测绘" in said and "OpenStreetMap" in said and "ODbL" in said
    assert "2公里" in said and "北" in said and "数据截至 2021-03-01 23:24" in said and town.name in said


def test_what_presses_has_a_shape_and_a_word_beside_its_colour(town: Town) -> None:
    atlas = atlas_of(town)
    at = [spot.at for spot in atlas.committees.values()][:3]
    marks = tuple(
        Mark(place, atlas.grid_at(place), 7, grade) for place, grade in zip(at, (0, LATE, URGENT), strict=True)
    )
    text = drawn(town, "open", marks)
    assert {"急7", "!7", "7", "含一级待办", "含超时", "件数"} <= set(words(text))
    assert len(re.findall("<polygon[^>]*#b3261e", text)) == 2  # the mark and its sample in the legend


def test_a_number_stands_beside_every_colour_and_words_can_be_read_on_all_of_them() -> None:
    for hue in HUES.values():
        for shade in SHADES:
            ground = [255 + (int(COLOURS[hue][i : i + 2], 16) - 255) * shade for i in (1, 3, 5)]
            ink = [int(COLOURS["ink"][i : i + 2], 16) for i in (1, 3, 5)]
            assert contrast(ground, ink) > 4.5


def contrast(a: list[float], b: list[int]) -> float:
    def light(rgb: list[float] | list[int]) -> float:
        parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_a_hot_spot_at_a_committee_says_its_name_once(town: Town) -> None:
    spot = next(iter(atlas_of(town).committees.values()))
    said = words(drawn(town, "hotspot", (Mark(spot.at, "g1", 5, 0, spot.name, "1"),)))
    assert said.count(spot.name) == 1 and "热点序号" in said


def test_grey_on_paper_tells_the_classes_apart() -> None:
    assert list(SHADES) == sorted(SHADES) and min(b - a for a, b in pairwise(SHADES)) >= 0.08


def test_a_town_without_a_map_gets_tiles_and_says_so(example_town: Town) -> None:
    text = drawn(example_town)
    said = words(text)
    assert "本镇地图未提供" in said and not any("公里" in word for word in said)
    assert all(grid.name in said for grid in example_town.grids.values())
    assert "3 [1]" in said and "[1] 1-3" in said


def test_the_picture_is_named_for_those_who_cannot_see_it(town: Town) -> None:
    root = Tree.fromstring(drawn(town))
    title = root.find(f"{NS}title")
    assert title is not None and title.text == f"{town.name} 图层open 地图"
    assert root.get("role") == "img" and root.get("aria-labelledby") == title.get("id")
    assert root.find(f"{NS}desc") is not None
    tips = [one.text for one in root.iter(f"{NS}title")]
    assert "G1 示例站 3 件未结，一级 1，超时 2" in tips


def test_the_same_sheet_gives_the_same_bytes(town: Town) -> None:
    assert drawn(town, "open", everywhere(town, "open")) == drawn(town, "open", everywhere(town, "open"))


# hostile words ----------------------------------------------------------------------------------------------------------


def test_hostile_names_stay_words_in_picture_and_page(town: Town) -> None:
    atlas = atlas_of(town)
    code, spot = next(iter(atlas.committees.items()))
    atlas = replace(atlas, committees={**atlas.committees, code: replace(spot, name=HOSTILE)}, source=HOSTILE)
    case = CaseLine("1001", "!! 超", 2, "处置中", HOSTILE, HOSTILE, "到场 23:41")
    layer = layer_of(town, "key_item", (Mark(spot.at, "g1", 1, 0, HOSTILE, "Z01"),))
    spots = (HotSpot(1, HOSTILE, HOSTILE, "g1", spot.at, 3, 1, (0, 1, 3), HOSTILE),)
    rows = (GridRow("g1", HOSTILE, HOSTILE, 1, 0, 1, 0, (case,)),)
    sheet = sheet_of(town, replace(layer, title=HOSTILE), town=HOSTILE, hotspots=spots, grids=rows, source=HOSTILE,
                     rules=(HOSTILE,), stations={"z1": HOSTILE})  # fmt: skip
    page = map_page.render(sheet, atlas, "key_item")
    assert "<img" not in page and page.count("</script>") == 1 and page.count("<script>") == 1
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    picture = map_svg.svg(sheet, atlas, sheet.layers[0])
    assert "<img" not in picture and "<script" not in picture
    assert HOSTILE in " ".join(words(picture))


def test_what_steers_a_terminal_or_breaks_a_picture_is_left_out(town: Town) -> None:
    text = drawn(town, town="镇\x00\x1b[31m\u202e\ud800名")
    Tree.fromstring(text)
    layer = layer_of(town)
    page = map_page.render(sheet_of(town, layer, rules=("规\x07则\u202e",)), town.atlas, "open")
    assert not re.search("[\x00-\x08\x1b\u202e]", text + page)


# words ------------------------------------------------------------------------------------------------------------------

CJK = re.compile("[\u4e00-\u9fff]")


def test_every_chinese_word_of_the_paper_has_its_english() -> None:
    wanted: set[str] = set()
    for name in ("map_svg", "map_pen", "map_ground", "map_page"):
        tree = ast.parse((REPORTS / f"{name}.py").read_text("utf-8"))
        wanted |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CJK.search(node.value)
        }
    wanted |= set(re.findall(r"""\bt\(["']([^"']+)["']""", (REPORTS / "templates" / "map.html").read_text("utf-8")))
    assert wanted - set(ENGLISH) == set()
    assert not [text for text in ENGLISH.values() if CJK.search(text)]
    holes = re.compile(r"\{(\w+)\}")
    assert [zh for zh, en in ENGLISH.items() if set(holes.findall(zh)) != set(holes.findall(en))] == []


def test_the_template_holds_no_chinese_that_is_not_asked_for() -> None:
    text = (REPORTS / "templates" / "map.html").read_text("utf-8")
    assert not CJK.search(re.sub(r"""\bt\(["'][^"']+["']""", "", text))
