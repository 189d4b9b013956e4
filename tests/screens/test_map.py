"""The grid map (F3; R13, R19, R20, R37): read at a glance, driven by keys, honest about what it is."""

import re
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from map_driver import BRAILLE, SIZES, screen
from msgspec.structs import replace
from screen_driver import Console
from screen_scene import Clock, like, put
from textual.color import Color

from zjj_console.desk.desk import Desk
from zjj_console.desk.mapping import CLASSES, LAYERS
from zjj_console.desk.session import actor_of
from zjj_console.i18n import set_lang
from zjj_console.screens.map_board import bare
from zjj_console.storage.setup import create
from zjj_console.town.load import builtin, load_town
from zjj_console.widgets.map_picture import COLOURS, SHADES
from zjj_console.widgets.theme import palette


def colours(console: Console) -> str:
    """The backgrounds of the picture, a letter for each, so that a snapshot holds what colour says."""
    letters: dict[str, str] = {}
    rows = []
    for strip in console.app.screen._compositor.render_strips():
        row = ""
        for segment in strip:
            back = segment.style.bgcolor.name if segment.style and segment.style.bgcolor else "-"
            letters.setdefault(back, chr(ord("a") + len(letters)))
            row += letters[back] * segment.cell_length
        rows.append(row)
    return "\n".join(rows) + "\n" + " ".join(f"{letter}={back}" for back, letter in letters.items()) + "\n"


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_NV_15_the_map_is_usable_at_its_size(size: tuple[int, int], opened: Any, screen_text: Any) -> None:
    async with opened(size) as console:
        await console.press("f3")
        for layer in LAYERS:
            console.check_widths()
            assert console.text == screen_text(name=layer.key)
            await console.type("v")
        assert colours(console) == screen_text(name="colours")


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_NV_10_without_colours_classes_have_a_digit_and_a_texture(
    size: tuple[int, int], opened: Any, screen_text: Any
) -> None:
    async with opened(size, theme="ansi") as console:
        await console.press("f3")
        console.check_widths()
        assert console.text == screen_text(name="monochrome")
        picture = screen(console).board.picture
        for grid, value in picture.by_grid.items():
            name = grid.upper()
            assert any(name in line for line in console.lines)
            assert f"{value} [{picture.class_of(grid)}]" in console.text


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_a_terminal_without_braille_gets_tiles(
    size: tuple[int, int], opened: Any, screen_text: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZJJ_ASCII", "1")
    async with opened(size) as console:
        await console.press("f3")
        assert console.text == screen_text(name="ascii")
        assert not BRAILLE.search(console.text)
        assert all(char.isascii() or unicodedata.east_asian_width(char) in "WF" for char in console.text)
        await console.type("i")
        assert "只用方块" in console.message


def test_which_terminals_draw_no_braille() -> None:
    assert bare({"TERM": "linux"}) and bare({"TERM": "vt100"}) and bare({"TERM": "xterm", "ZJJ_ASCII": "1"})
    assert not bare({"TERM": "xterm-256color"}) and not bare({"TERM": "xterm", "ZJJ_ASCII": "0"})


async def test_the_english_map(opened: Any, screen_text: Any) -> None:
    set_lang("en")
    async with opened((120, 40)) as console:
        await console.press("f3")
        assert console.text == screen_text(name="map-en")


# what it shows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(100, 30), (120, 40), (160, 45), (200, 50), (240, 70)], ids=str)
async def test_every_grid_has_its_whole_name_and_nothing_overlaps(size: tuple[int, int], opened: Any) -> None:
    async with opened(size) as console:
        await console.press("f3")
        for _ in LAYERS:
            drawn = screen(console).drawn
            assert drawn is not None
            cells: set[tuple[int, int]] = set()
            shown = [(one.x, one.y, one.width) for one in drawn.placed]
            shown += [(x, y, width) for y, row in drawn.overlays.items() for x, _, width, _ in row]
            for x, y, width in shown:
                taken = {(x + n, y) for n in range(width)}
                assert not taken & cells
                cells |= taken
            names = {drawn.ground.codes[one.index] for one in drawn.placed if not one.line}
            assert names == set(drawn.ground.codes)
            console.check_widths()
            await console.type("v")


@pytest.mark.parametrize("size", [(100, 30), (120, 40), (200, 50)], ids=str)
async def test_the_marks_add_up_to_what_is_open(size: tuple[int, int], opened: Any, desk: Desk) -> None:
    """However marks crowd and merge, no case falls off the map."""
    model = desk.case("1009")
    assert model is not None
    crowd = [
        like(model, id=f"{n:08}-0000-7000-8000-000000000000", serial=5000 + n, number=f"ZJJ-{n}", priority=3,
             committee=place.code, grid=place.grid)
        for n, place in enumerate(desk.town.committees.values())
    ]  # fmt: skip
    put(desk.path, desk, crowd)
    async with opened(size) as console:
        await console.press("f3")
        board = screen(console).board
        placed = [row for row in board.scene.rows if row.grid]
        assert sum(dot.count for dot in board.picture.dots) == len(placed) == sum(board.picture.by_grid.values())
        drawn = screen(console).drawn
        assert drawn is not None
        marks = [text for row in drawn.overlays.values() for _, text, _, _ in row]
        counts = [int(found[1]) for found in (re.fullmatch(r"(?:急|!)?(\d+)", text) for text in marks) if found]
        assert sum(counts) == len(placed)


async def test_the_overdue_layer_counts_only_what_is_late(opened: Any) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        await console.type("v")
        board = screen(console).board
        assert sum(board.picture.by_grid.values()) == sum(s.late for s in board.standings.values()) > 0
        assert all(row.overdue(board.scene.now) for row in board.rows())


async def test_a_schematic_says_so_and_a_town_s_own_map_does_not(opened: Any, desk: Desk) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        assert "示意，非测绘" in console.lines[3]
    assert desk.town.atlas is not None
    own = replace(desk.town.atlas, mark="T")
    desk.town = replace(desk.town, atlas=own)
    async with opened((120, 40)) as console:
        await console.press("f3")
        assert "村居位置示意" in console.lines[3] and "非测绘" not in console.lines[3]
    spots = {code: replace(spot, mark="T") for code, spot in own.committees.items()}
    desk.town = replace(desk.town, atlas=replace(own, committees=spots))
    async with opened((120, 40)) as console:
        await console.press("f3")
        assert "示意" not in console.lines[3]


async def test_R19_the_zone_and_its_grids_are_told(opened: Any) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        assert "第一警务责任区 一对一" in console.text
        await console.type("5")
        await console.press("down", "up")
        await console.type("5")
        assert "第四警务责任区 一对二(G4+G5)" in console.text


@pytest.mark.parametrize("theme", ["night", "day"])
def test_names_are_readable_on_every_shade(theme: str) -> None:
    roles = palette(theme)
    ground, text = Color.parse(roles["background"]), Color.parse(roles["foreground"])
    for role in COLOURS.values():
        for shade in SHADES[1:]:
            back = ground.blend(Color.parse(roles[role[1:]]), int(shade[:-1]) / 100)
            assert text.get_contrast_text(1) is not None
            assert contrast(text, back) >= 4.5, (role, shade)
    assert len(SHADES) == CLASSES


def contrast(one: Color, other: Color) -> float:
    def light(colour: Color) -> float:
        parts = [v / 255 for v in (colour.r, colour.g, colour.b)]
        r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


# another town ---------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def example(tmp_path: Path, size: tuple[int, int]) -> AsyncIterator[Console]:
    town = load_town(builtin("example_town"))
    path, clock = tmp_path / "other.db", Clock()
    create(path, town.code)
    desk = Desk(path, town, actor_of(town, next(iter(town.people)), trial=True), clock, "zh")
    for place in ("qssq", "bys", "lxc"):
        desk.run_line(f"xj {place} zd 3 xc 占道")
    try:
        async with Console.start(desk, clock, size) as console:
            yield console
    finally:
        desk.close()


async def test_a_town_without_a_map_is_shown_in_tiles_and_says_what_is_missing(tmp_path: Path) -> None:
    async with example(tmp_path, (120, 40)) as console:
        await console.press("f3")
        assert "本镇地图未提供" in console.lines[3]
        assert ">A1 东片" in console.text and "B2 西片" in console.text
        await console.type("i")
        assert "import-geo" in console.message
        await console.press("right", "right")
        assert ">B1" in console.text
        await console.type("vvvvv")
        assert "未提供" in console.text
