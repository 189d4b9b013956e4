"""Every screen at the three sizes, as text (§3.8). A difference is read in review, not waved through."""

import unicodedata
from typing import Any

import pytest
from screen_driver import Console

from zjj_console.desk.desk import Desk
from zjj_console.i18n import set_lang

SIZES = [(80, 24), (120, 40), (200, 50)]


def tidy(console: Console) -> str:
    console.check_widths()
    ambiguous = {char for char in console.text if unicodedata.east_asian_width(char) == "A"}
    assert not ambiguous, f"glyphs of ambiguous width: {ambiguous}"
    return console.text


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_NV_15_every_screen_is_usable_at_its_size(size: tuple[int, int], opened: Any, screen_text: Any) -> None:
    async with opened(size) as console:
        assert tidy(console) == screen_text(name="queue")
        await console.select("1011")
        await console.verb("dispatch")
        assert tidy(console) == screen_text(name="queue-dispatch")
        await console.press("enter")
        assert tidy(console) == screen_text(name="queue-preview")
        await console.press("escape", "escape")
        await console.press("space")
        assert tidy(console) == screen_text(name="menu")
        await console.press("escape", "enter")
        assert tidy(console) == screen_text(name="case")
        await console.press("f10")
        assert tidy(console) == screen_text(name="log")
        await console.press("f1")
        assert tidy(console) == screen_text(name="help")
        await console.press("f2")
        await console.verb("new", "zmc")
        assert tidy(console) == screen_text(name="form")


async def test_the_english_screens(opened: Any, screen_text: Any) -> None:
    set_lang("en")
    async with opened((120, 40)) as console:
        assert tidy(console) == screen_text(name="queue-en")
        await console.press("f1")
        assert tidy(console) == screen_text(name="help-en")


async def test_an_empty_desk_says_why_it_is_empty(opened: Any, empty_desk: Desk, screen_text: Any) -> None:
    async with opened((80, 24), on=empty_desk) as console:
        assert tidy(console) == screen_text(name="empty")


async def test_below_80x24_the_queue_stays_and_says_so(opened: Any) -> None:
    async with opened((60, 16)) as console:
        assert "窗口小于80x24" in console.text
        assert "1009" in console.text
        console.check_widths()


async def test_NO_COLOR_uses_the_terminals_own_two_colours(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened((80, 24), theme="night") as console:
        styles = [s.style for strip in console.app.screen._compositor.render_strips() for s in strip if s.style]
        for line_filter in console.app._filters:
            assert type(line_filter).__name__ != "Monochrome"
        assert console.app.theme == "ansi"
        assert any(style.reverse for style in styles)  # the worst stands out without colour
        assert "!!!急超" in console.text


async def test_NV_10_without_colour_every_severity_still_has_shape_and_word(opened: Any) -> None:
    async with opened((80, 24), theme="ansi") as console:
        assert "!!!急超" in console.row("1009")
        assert "签收超" in console.row("1009")
        assert "!!!急新" in console.row("1011")
        assert "!  临" in console.row("1005")
        assert "退" in console.row("1006")
