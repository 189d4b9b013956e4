"""The intake form: pinyin instead of an input method, a preview, and a draft from the first letter on."""

from typing import Any

from zjj_console.desk.desk import Desk
from zjj_console.domain.model import State


async def test_a_case_with_reporter_is_made_and_selected(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.verb("new", "zmc")
        await console.press("enter")
        await console.type("js")
        await console.press("enter")
        await console.type("1")
        await console.press("enter", "enter")
        await console.type("y1")
        await console.press("enter")
        await console.paste("y2 门口积水 pcs 三十厘米")  # words that look like codes stay words
        await console.press("enter")
        await console.paste("示例甲")
        await console.press("enter")
        await console.type("0000-0009")
        await console.press("enter")
        case = desk.case("1013")
        assert case is not None
        assert (case.place, case.priority, case.lead, case.state) == ("张马村", 1, "y1", State.DISPATCHED)
        assert (case.text, case.reporter, case.phone) == ("y2 门口积水 pcs 三十厘米", "示例甲", "0000-0009")
        assert console.selected == "1013"
        assert desk.drafts().get("intake-form") is None


async def test_an_ambiguous_place_is_listed_under_its_field_and_chosen_by_digit(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.verb("new", "sjd")
        assert "1 盛家埭村" in console.text
        await console.type("2")
        assert "沙家埭村" in console.text
        assert console.typed == ""  # already at the next field


async def test_leaving_keeps_the_draft_and_n_goes_on(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.verb("new", "zmc")
        await console.press("escape")
        assert "草稿已留" in console.message
        await console.verb("new")
        assert console.typed == "zmc"


async def test_NV_1_a_crash_in_the_form_loses_nothing_older_than_a_second(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.verb("new", "zmc")
        await console.second()
    async with opened() as console:
        await console.verb("new")
        assert console.typed == "zmc"


async def test_the_form_does_not_send_what_it_does_not_understand(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.verb("new", "zmc")
        await console.press("enter")
        await console.type("qqqq")
        await console.press("f12")
        assert "还缺 类别" in console.message
        assert desk.case("1013") is None


async def test_the_command_line_opens_over_the_form_and_closes_onto_it(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.verb("new", "zmc")
        await console.type(";sl 1008")
        await console.press("enter")
        case = desk.case("1008")
        assert case is not None
        assert case.state is State.ACCEPTED
        assert console.typed == "zmc"
