"""`zjj report map`: which files it writes and when it refuses; all layers of the screen; nobody's words or number in it."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import pytest

from tests.commands.conftest import Zjj, settled
from zjj_console.commands.report_map import KEYS
from zjj_console.desk.mapping import LAYERS
from zjj_console.town.load import builtin

NIGHT = "2021-03-01 23:24"


class Page(HTMLParser):
    """Tags, attributes and text of a page, and the table cells by row."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self._cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        self._cell = self._cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._cell:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def night(template: Path, tmp_path_factory: pytest.TempPathFactory, copy_db: Any) -> Path:
    """The shipped sample night and month."""
    db = copy_db(template, tmp_path_factory.mktemp("night") / "night.db")
    zjj = Zjj(db, NIGHT)
    for name in ("night.csv", "month.csv"):
        zjj("import", "cases", str(builtin() / "samples" / name))
    return settled(db)


@pytest.fixture
def desk(night: Path, tmp_path: Path, copy_db: Any) -> Zjj:
    return Zjj(copy_db(night, tmp_path / "desk.db"), NIGHT)


@pytest.fixture(scope="module")
def page(night: Path, tmp_path_factory: pytest.TempPathFactory, copy_db: Any) -> str:
    folder = tmp_path_factory.mktemp("page")
    Zjj(copy_db(night, folder / "desk.db"), NIGHT)("report", "map", "--html", str(folder / "m.html"))
    return (folder / "m.html").read_text("utf-8")


def test_of_a_grid_with_many_cases_the_page_lists_the_first_and_counts_the_rest(
    desk: Zjj, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zjj_console.commands.map_look.LISTED", 2)
    desk("report", "map", "--html", str(tmp_path / "m.html"))
    page = (tmp_path / "m.html").read_text("utf-8")
    lists = re.findall(r'<section class="cases[^>]*id="grid-g1".*?</section>', page, re.DOTALL)
    assert [len(re.findall("<tr", one)) for one in lists] == [1 + 2], "a head and two"
    assert "另有" in lists[0]


def test_the_layers_are_those_of_the_screen() -> None:
    assert tuple(layer.key for layer in LAYERS) == KEYS


def test_the_page_and_the_picture_are_written_and_the_figures_told(desk: Zjj, tmp_path: Path) -> None:
    html, svg = tmp_path / "m.html", tmp_path / "m.svg"
    data = desk.data("report", "map", "--html", str(html), "--svg", str(svg))
    assert data["html"] == str(html) and data["svg"] == str(svg) and data["layer"] == "open"
    assert data["at"] == "2021-03-01T23:24:00+08:00" and data["map"] == "schematic"
    assert [one["grid"] for one in data["grids"]] == [f"g{n}" for n in range(1, 8)]
    for one in data["grids"]:
        assert set(one) == {"grid", "station", "open", "first_priority", "overdue", "value", "class"}
        assert one["value"] == one["open"] >= one["overdue"] and 0 <= one["class"] <= 4
    assert html.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert Tree.parse(svg).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".part") == []


@pytest.mark.parametrize(
    ("words", "layer"),
    [
        (["--layer", "overdue"], "overdue"),
        (["--layer", "heat"], "heat30"),
        (["--layer", "heat", "--days", "90"], "heat90"),
        (["--layer", "source", "--source", "110"], "source-p110"),
        (["--layer", "source", "--source", "p110"], "source-p110"),
        (["--layer", "hotspot", "--days", "30"], "hotspot30"),
        (["--layer", "key_item"], "key_item"),
    ],
)
def test_a_layer_is_chosen(desk: Zjj, tmp_path: Path, words: list[str], layer: str) -> None:
    data = desk.data("report", "map", "--svg", str(tmp_path / "m.svg"), *words)
    assert data["layer"] == layer and data["html"] is None
    assert len(Tree.parse(tmp_path / "m.svg").getroot()) > 3


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 2),
        (["--svg", "m.svg", "--layer", "weather"], 2),
        (["--svg", "m.svg", "--layer", "heat", "--days", "31"], 2),
        (["--svg", "m.svg", "--days", "30"], 2),
        (["--svg", "m.svg", "--source", "110"], 2),
        (["--svg", "m.svg", "--html", "m.svg"], 2),
        (["--svg", "m.svg", "--layer", "source", "--source", "drone"], 3),
        (["--svg", "no/such/folder/m.svg"], 1),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_nothing_is_written(
    desk: Zjj, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    desk.error("report", "map", *words, code=code)
    assert not (tmp_path / "m.svg").exists()


def test_an_existing_file_stays_unless_forced_and_neither_is_written(desk: Zjj, tmp_path: Path) -> None:
    html, svg = tmp_path / "m.html", tmp_path / "m.svg"
    svg.write_text("mine")
    assert "--force" in desk.error("report", "map", "--html", str(html), "--svg", str(svg), code=5)
    assert svg.read_text() == "mine" and not html.exists()
    desk("report", "map", "--html", str(html), "--svg", str(svg), "--force")
    assert html.exists() and svg.read_text("utf-8").startswith("<?xml")


# the page ---------------------------------------------------------------------------------------------------------------


def test_every_layer_of_the_screen_is_in_the_page(page: str, desk: Zjj) -> None:
    keys = [value for name, value in Page(page).attributes if name == "value"]
    sources = [key for key in keys if key.startswith("source-")]
    assert keys == ["open", "overdue", *sources, "heat30", "heat90", "hotspot90", "hotspot30", "key_item"]
    assert len(sources) > 3 and page.count("<svg") >= len(keys)


def test_the_tables_say_what_the_command_says(desk: Zjj, tmp_path: Path) -> None:
    html = tmp_path / "m.html"
    data = desk.data("report", "map", "--html", str(html))
    rows = Page(html.read_text("utf-8")).rows
    for one in data["grids"]:
        row = next(row for row in rows if row[0] == one["grid"].upper())
        assert row[2:5] == [
            str(one["open"]),
            str(one["first_priority"]),
            f"{'!' if one['overdue'] else ''}{one['overdue']}",
        ]
    handles = {row[1] for row in rows if len(row) == 7 and row[1].isdigit()}
    cases = desk.data("case", "list", "--open", "--limit", "500")
    assert len(handles) == sum(one["open"] for one in data["grids"]) and cases


def test_NV_19_no_text_no_reporter_and_no_number_of_anybody_leaves_the_desk(desk: Zjj, tmp_path: Path) -> None:
    desk("case", "new", "--place", "dhj", "--category", "zd", "--text", "柳树下三轮车挡门", "--reporter", "示例阿婆",
         "--phone", "00001234567", "--source", "dh")  # fmt: skip
    desk("report", "map", "--html", str(tmp_path / "m.html"), "--svg", str(tmp_path / "m.svg"))
    for name in ("m.html", "m.svg"):
        text = (tmp_path / name).read_text("utf-8")
        seen = Page(text).text
        assert "柳树" not in text and "示例阿婆" not in text and "示例巡查员" not in text
        assert "1234567" not in text
        without_script = re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL)
        plain = re.sub(r"(\d{4}-)?\d\d-\d\d \d\d:\d\d", "", re.sub("<[^>]*>", "\n", without_script))
        plain = re.sub(r"(?<!\S)\d{1,2}(?: \d{1,2})*(?!\S)", "", plain)  # the weeks of hot spots, read aloud
        assert not re.search(r"\d(?:[ -]?\d){6,}", plain), "a telephone number"
        assert "示例" in seen or name == "m.svg"  # of the key items, which are invented


def test_R37_hot_spots_stand_in_the_table_and_on_the_map_under_the_same_rank(desk: Zjj, tmp_path: Path) -> None:
    spots = desk.data("report", "hotspot", "--days", "90")["hotspots"]
    assert spots
    desk("report", "map", "--html", str(tmp_path / "m.html"), "--svg", str(tmp_path / "m.svg"), "--layer", "hotspot")
    rows = [row for row in Page((tmp_path / "m.html").read_text("utf-8")).rows if len(row) == 7 and row[0].isdigit()]
    assert [(row[0], row[1], row[2], row[3]) for row in rows] == [
        (str(one["rank"]), one["committee_zh"], one["category_zh"], str(one["closed"])) for one in spots
    ]
    drawn = (tmp_path / "m.svg").read_text("utf-8")
    assert all(f">#{one['rank']}<" in drawn for one in spots)


def test_the_page_fetches_nothing_and_only_its_own_script_may_run(page: str) -> None:
    assert "default-src 'none'" in page and "script-src 'sha256-" in page
    found = Page(page)
    assert not set(found.tags) & {"link", "img", "iframe", "object", "form", "image", "use", "foreignobject"}
    assert not [name for name, _ in found.attributes if name.startswith("on") or name in ("src", "style")]
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) == {"http://www.w3.org/2000/svg"}
    assert all(value.startswith("#grid-") for name, value in found.attributes if name == "href")
    assert "url(" not in page and "@import" not in page


def test_the_page_can_be_read_by_ear_and_without_its_script(page: str) -> None:
    found = Page(page)
    ids = [value for name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    named = [value for name, value in found.attributes if name in ("aria-labelledby", "for")]
    assert set(named) <= set(ids)
    assert {f"grid-g{n}" for n in range(1, 8)} <= set(ids)
    assert found.tags.count("h1") == 1 and {"main", "header", "footer", "caption", "legend"} - {"caption"} <= set(
        found.tags
    )
    assert page.count(" checked>") == 1 and 'value="open" checked' in page
    assert ".scripted .cases { display: none; }" in page  # hidden only where the script can show them again


def test_our_own_figures_are_marked_as_such_and_the_source_is_told(page: str) -> None:
    seen = Page(page).text
    assert seen.count("(配置值)") >= 3 and "OpenStreetMap" in seen and "示意，非测绘" in seen
    assert "试用: 不作正式依据" in seen


def test_a_hostile_profile_writes_no_markup(copied_town: Path, db_path: Path, tmp_path: Path) -> None:
    """A committee and a category called `</script><img onerror=...>` stay text."""
    hostile = "</script><img src=x onerror=alert(1)>"
    for name, old in (("committees.csv", "东湖街"), ("categories.csv", "占道经营"), ("map.geojson", "东湖街")):
        file = copied_town / name
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, hostile), "utf-8")
    zjj = Zjj(db_path, NIGHT, str(copied_town))
    zjj("case", "new", "--place", "dhj", "--category", "zd", "--source", "dh")
    zjj("report", "map", "--html", str(tmp_path / "m.html"), "--svg", str(tmp_path / "m.svg"))
    for name in ("m.html", "m.svg"):
        text = (tmp_path / name).read_text("utf-8")
        assert "<img" not in text and "&lt;img src=x onerror=alert(1)&gt;" in text
        assert text.count("</script>") == (name == "m.html")


def test_a_town_without_a_map_has_tiles_and_says_so(tmp_path: Path) -> None:
    zjj = Zjj(tmp_path / "other.db", NIGHT, "example_town")
    data = zjj.data("report", "map", "--html", str(tmp_path / "m.html"), "--svg", str(tmp_path / "m.svg"))
    assert data["map"] == "none" and data["grids"]
    assert "本镇地图未提供" in (tmp_path / "m.svg").read_text("utf-8")
    assert "本镇地图未提供" in Page((tmp_path / "m.html").read_text("utf-8")).text
    assert "来源" in zjj.error("report", "map", "--svg", str(tmp_path / "n.svg"), "--layer", "source", code=6)


def test_in_english_no_word_of_the_page_is_chinese_but_names(desk: Zjj, tmp_path: Path) -> None:
    code, out, err = desk.run("--lang", "en", "report", "map", "--html", str(tmp_path / "m.html"))
    assert code == 0 and out == f"Map written: {tmp_path / 'm.html'}\n", err
    text = (tmp_path / "m.html").read_text("utf-8")
    seen = Page(re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL)).rows
    # a hot spot begins with its rank and names its place next; of a case the sixth cell is the committee
    names = {row[1 if row[0].isdigit() else 5] for row in seen if len(row) == 7} | {
        cell for row in seen if len(row) == 3 for cell in row
    }
    rest = [cell for row in seen for cell in row if cell not in names and re.search("[\u4e00-\u9fff]", cell)]
    assert rest == []
    assert "Overdue" in text and "Data as of 2021-03-01 23:24" in text and "Schematic, not surveyed" in text
