"""What is near, on the screens: the hint above a preview, the lines in the form and on the page of a case."""

from typing import Any

import pytest
from screen_driver import Console
from screen_scene import Clock

from zjj_console.desk.desk import Desk
from zjj_console.i18n import set_lang
from zjj_console.widgets.panel import Panel


def message_lines(console: Console) -> list[str]:
    panel = console.app.screen.query_one("#message", Panel)
    return ["".join(text for text, _ in line).strip() for line in panel.lines]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_R71_the_hint_stands_above_the_preview_and_one_enter_is_enough(
    opened: Any, desk: Desk, size: tuple[int, int]
) -> None:
    async with opened(size) as console:
        await console.type(";xj zmc js 2")
        above, preview = message_lines(console)
        assert above.startswith("疑似重复: 1005 道路积水 张马村 同村居 ")
        assert preview.startswith("预览: 新建 1013 张马村")
        assert "Enter 执行" in console.text
        console.check_widths()
        await console.press("enter")
        assert desk.case("1013") is not None
        assert console.message.endswith("；疑似重复 1005")
        assert len(message_lines(console)) == 1


async def test_R71_the_message_takes_a_second_line_only_for_a_hint(opened: Any) -> None:
    async with opened() as console:
        for keys in (";xj zmc js 2", ";xj dxj js 2"):
            await console.type(keys)
            assert console.app.screen.query_one("#message", Panel).size.height == len(message_lines(console))
            await console.press("escape")
            assert console.app.screen.query_one("#message", Panel).size.height == 1


async def test_R71_a_report_from_elsewhere_meanwhile_becomes_the_hint(
    opened: Any, desk: Desk, other_desk: Desk
) -> None:
    async with opened() as console:
        await console.type(";xj dxj js 2")
        assert other_desk.run_line("xj dxj js 2 dh").ok
        await console.app.second()
        await console.idle()
        first, _ = message_lines(console)
        assert first.startswith("疑似重复: 1013")


async def test_R71_the_form_lists_up_to_three_as_soon_as_place_and_category_are_known(
    opened: Any, desk: Desk, clock: Clock
) -> None:
    for _ in range(4):
        assert desk.run_line("xj zmc js 2 dh").ok
    async with opened() as console:
        await console.verb("new", "zmc")
        assert "疑似重复" not in console.text
        await console.press("enter")
        await console.type("js")
        listed = [line for line in console.lines if "道路积水 张马村 同村居" in line]
        assert len(listed) == 3
        assert "另有2件" in console.text
        await console.press("f12")  # it holds nothing up
        assert desk.case("1017") is not None


async def test_R71_the_page_of_a_case_names_its_duplicates_and_the_way_out(opened: Any, desk: Desk) -> None:
    assert desk.run_line("xj zmc js 2 dh").ok
    async with opened() as console:
        await console.select("1013")
        await console.press("enter")
        head = next(line for line in console.lines if "疑似重复" in line)
        assert "m 并案" in head
        assert any("1005 道路积水 张马村" in line for line in console.lines)
        console.check_widths()
        await console.verb("merge", "1005")
        assert console.typed == "cf 1013 1005"


async def test_R37_a_wide_page_shows_what_happened_at_the_place_before(opened: Any, desk: Desk) -> None:
    for line in ("xj zmc zd 3 xc", "zc 1013 1"):
        assert desk.run_line(line).ok
    async with opened((200, 50)) as console:
        await console.select("1005")
        await console.press("enter")
        assert "此地往事" in console.text
        assert "近90天 1件: 占道经营1" in console.text
        assert any("1013 占道经营" in line for line in console.lines)
        console.check_widths()
    set_lang("en")
    async with opened((200, 50)) as console:
        await console.select("1005")
        await console.press("enter")
        assert "1 in 90 days" in console.text


async def test_2_8_the_english_picker_and_panes_show_no_chinese_reason(opened: Any, desk: Desk) -> None:
    set_lang("en")
    desk.lang = "en"
    async with opened() as console:
        await console.select("1008")
        await console.verb("dispatch")
        assert "Response team" in console.text
        assert not any(word in console.text for word in ("空闲", "在办", "夜间当值", "听班", "应急"))
