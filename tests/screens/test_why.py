"""`wh` in the console: the answer is a page to read, and Esc leads back to the queue."""

from typing import Any

from zjj_console.screens.reader import ReaderScreen


async def test_wh_opens_the_reasons_of_the_selected_case(opened: Any) -> None:
    async with opened() as console:
        await console.select("1008")
        await console.type(";wh")
        await console.press("enter")
        assert isinstance(console.app.screen, ReaderScreen)
        assert any(line.strip().startswith("1008 ") for line in console.lines)
        assert any("止于" in line for line in console.lines)
        await console.press("escape")
        assert console.app.screen is console.queue
        assert "1008" in console.selected
