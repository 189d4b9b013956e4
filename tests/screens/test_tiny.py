"""Below 80x24: every screen lives, and what is being typed is never out of sight (NV-15)."""

from typing import Any

import pytest
from screen_driver import Console

from zjj_console.widgets.edit_line import EditLine

SCREENS = (*((f"f{n}",) for n in (1, 2, 3, 4, 5, 6, 7, 10)), ("f2", "enter"), ("f2", "n"), ("f2", "space"))


async def resized(console: Console, width: int, height: int) -> None:
    await console.pilot.resize_terminal(width, height)
    await console.idle()
    await console.second(0)


async def type_in(console: Console, width: int, height: int) -> None:
    """A line at the bottom, with its cursor and, where there is room, what it means above it."""
    await console.type(";abc")
    region = console.app.screen.query_one("#line", EditLine).region
    assert (region.y, region.height, region.width) == (height - 1, 1, width)
    assert console.app.cursor_position.y == height - 1
    assert width < 5 or "abc" in console.lines[-1]
    assert height < 4 or console.lines[-2].strip()
    await console.press("escape")
    console.app.session.half_typed = ""
    console.app.session.say("")


@pytest.mark.parametrize(
    "size",
    [(20, 5), pytest.param((40, 12), marks=pytest.mark.slow), pytest.param((3, 1), marks=pytest.mark.slow)],
    ids=lambda size: f"{size[0]}x{size[1]}",
)
async def test_NV_15_made_tiny_and_back_the_same_screen_stands_and_the_prompt_never_left(
    size: tuple[int, int], opened: Any
) -> None:
    async with opened((120, 40)) as console:
        await console.select("1005")
        for keys in SCREENS:
            await console.press(*keys)
            await console.second(0)
            before, screen = console.lines, console.app.screen
            await resized(console, *size)
            console.check_widths()
            assert len(console.lines) == size[1]
            if keys == ("f2", "n"):
                assert screen.query_one("#line", EditLine).region.bottom == size[1]
            elif keys != ("f2", "space"):
                await type_in(console, *size)
            await resized(console, 120, 40)
            assert console.app.screen is screen
            assert console.lines[:-2] == before[:-2], keys
            await console.press("escape")
        await console.press("f2")
        assert console.selected == "1005"
