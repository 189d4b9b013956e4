"""The keys of the grid map (F3; R13, R19, R37), and what they do while the world goes on (NV-4, NV-6)."""

import re
from typing import Any

import pytest
from map_driver import BRAILLE, SIZES, screen
from screen_scene import like, put

from zjj_console.desk import mapping
from zjj_console.desk.desk import Desk


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
async def test_arrows_and_digits_choose_a_grid(size: tuple[int, int], opened: Any) -> None:
    async with opened(size) as console:
        await console.press("f3")
        board = screen(console).board
        for n, grid in enumerate(board.town.grids, 1):
            await console.type(str(n))
            assert board.grid == grid
            assert any(f">{grid.upper()}" in line for line in console.lines)
        await console.type("1")
        seen = {board.grid}
        for key in ("right", "right", "down", "left", "left", "up", "up", "right", "down", "right"):
            await console.press(key)
            seen.add(board.grid)
        assert len(seen) > 3
        await console.type("99")  # no such grid: nothing happens
        assert board.grid in seen


async def test_enter_opens_the_queue_of_the_grid(opened: Any) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        await console.type("2")
        await console.press("enter")
        assert console.app.screen is console.queue
        assert console.handles and "网格 G2" in console.lines[3]
        rows = console.queue.table.visible_rows()
        assert {row.grid for row in rows} == {"g2"}


async def test_enter_in_the_overdue_layer_opens_what_is_late_there(opened: Any) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        await console.type("v2")
        await console.press("enter")
        assert "超时" in console.lines[3] and "网格 G2" in console.lines[3]
        now = console.clock.now
        assert all(row.overdue(now) and row.grid == "g2" for row in console.queue.table.visible_rows())


async def test_a_place_is_found_by_pinyin_and_enter_opens_its_cases(opened: Any) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        await console.type("/dhj")
        await console.press("enter")
        assert screen(console).board.grid == "g1"
        assert " 东湖街 " in console.text
        await console.press("enter")
        assert console.handles == ["1009"]


@pytest.mark.parametrize("keys", ["+++/qfc\n", "/qfc\n+++"], ids=["zoomed already", "zoomed afterwards"])
async def test_zoomed_in_the_place_that_was_looked_for_is_in_the_window(keys: str, opened: Any) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        for part in re.split("(\n)", keys):
            await (console.press("enter") if part == "\n" else console.type(part))
        assert any(" 庆丰村 " in line[:66] for line in console.lines)


async def test_another_grid_lets_the_place_go_that_was_looked_for(opened: Any) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        await console.type("/dhj")
        await console.press("enter")
        await console.type("2")
        assert screen(console).board.found == "" and not any(" 东湖街 " in line[:66] for line in console.lines[4:])
        await console.press("enter")
        assert "网格 G2" in console.lines[3]


async def test_a_map_that_shows_only_the_most_urgent_says_so(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "MANY", 3)
    async with opened((120, 40)) as console:
        await console.press("f3")
        assert "只画最急的 3 件" in console.lines[3]


async def test_NV_6_a_place_that_could_be_two_is_never_picked(opened: Any) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        await console.type("3/sjd")
        await console.press("enter")
        assert screen(console).board.grid == "g3"
        assert "沙家埭村" in console.message and "盛家埭村" in console.message
        await console.type("/qqqq")
        await console.press("enter")
        assert "没有地点" in console.message


async def test_p_dispatches_the_case_under_the_cursor_nearest_first(opened: Any, desk: Desk) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        await console.type("1")
        handle = next(line for line in console.lines if re.search(r">.*\d{4} ", line) and "G1" not in line)
        wanted = re.search(r"\b(10\d\d)\b", handle[60:])
        assert wanted is not None
        case = desk.case(wanted[1])
        assert case is not None and screen(console).selected_case() == case.id
        await console.type("j")
        case = desk.case(screen(console).selected_case())
        assert case is not None
        await console.type("p")
        assert console.typed is not None and console.typed.startswith(f"pd {case.handle} ")


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_whom_a_digit_sends_can_be_read_beside_the_map(size: tuple[int, int], opened: Any) -> None:
    async with opened(size) as console:
        await console.press("f3")
        await console.type("1jp")
        choices = screen(console).command.preview.choices
        assert len(choices) > 2
        for choice in choices:
            assert f" {choice.digit} {choice.label[:18]}" in console.text and choice.label[-6:] in console.text
        console.check_widths()
        await console.press("escape", "escape")
        assert f" 1 {choices[0].label[:18]}" not in console.text


async def test_a_key_never_acts_on_a_case_that_is_not_seen(opened: Any) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        await console.type("1vvvv")
        assert screen(console).board.layer.key == "hotspot"
        await console.type("p")
        assert console.typed is None and "没有选中的案件" in console.message


async def test_zoom_pan_and_back(opened: Any) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        whole = console.text
        await console.type("3++")
        assert "放大2" in console.lines[3]
        near = console.text
        await console.press("shift+right")
        assert console.text != near
        await console.press("shift+left")
        assert console.text == near
        await console.press("right")  # the window goes along with the choice
        assert screen(console).board.grid == "g4" and any(">G4" in line for line in console.lines)
        await console.press("escape")
        await console.type("1")
        assert console.text == whole
        await console.press("escape")
        assert console.app.screen is console.queue


async def test_map_and_tiles_are_two_pictures_of_the_same(opened: Any) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        assert BRAILLE.search(console.text)
        await console.type("i")
        assert not BRAILLE.search(console.text)
        assert ">G1 一站" in console.text
        await console.type("i")
        assert BRAILLE.search(console.text)


# while the world goes on ----------------------------------------------------------------------------------------------


async def test_NV_4_news_never_moves_the_cursor_and_shows_once_the_keys_rest(opened: Any, desk: Desk) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        await console.type("2")
        board = screen(console).board
        held, before = board.case_id, board.standings["g2"].open
        model = next(case for row in board.rows() if (case := desk.case(row.id)))
        news = [
            like(model, id=f"{n:08}-0000-7000-8000-000000000000", serial=5000 + n, number=f"ZJJ-{n}", priority=1)
            for n in range(40)
        ]
        put(desk.path, desk, news)
        await console.second(0.5)
        assert board.case_id == held and board.standings["g2"].open == before  # the keys have not rested yet
        await console.second(4)
        assert board.standings["g2"].open == before + 40
        assert board.case_id == held


async def test_what_becomes_late_turns_late_on_the_map_without_a_commit(opened: Any) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        late = sum(s.late for s in screen(console).board.standings.values())
        await console.second(600)
        await console.second(11)
        assert sum(s.late for s in screen(console).board.standings.values()) > late


async def test_the_window_may_change_its_size(opened: Any) -> None:
    async with opened((120, 40)) as console:
        await console.press("f3")
        await console.pilot.resize_terminal(80, 24)
        await console.idle()
        assert not BRAILLE.search(console.text) and ">G1" in console.text
        await console.pilot.resize_terminal(150, 45)
        await console.idle()
        assert BRAILLE.search(console.text)
        console.check_widths()
        await console.pilot.resize_terminal(20, 5)
        await console.idle()
