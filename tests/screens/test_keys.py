"""What an officer types (§3.2): few keys, a preview before every act, and no key that acts by surprise."""

from typing import Any

import pytest

from zjj_console.desk.desk import Desk
from zjj_console.domain.model import State
from zjj_console.verbs.table import BY_ID


def state(desk: Desk, handle: str) -> State:
    case = desk.case(handle)
    assert case is not None
    return case.state


async def test_accept_with_default_priority_takes_two_keys(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.select("1008")
        await console.verb("accept", enter=1)
        assert state(desk, "1008") is State.ACCEPTED
        assert console.message.startswith("已办: 受理 1008")


async def test_dispatch_to_the_first_candidate_takes_three_keys(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.select("1008")
        first = desk.candidates(console.queue.table.case_id)[0]
        await console.verb("dispatch", enter=1)
        assert console.typed == f"pd 1008 {first.unit}"
        assert desk.town.units[first.unit].name in console.message  # the preview names the unit before anything is done
        assert state(desk, "1008") is State.REPORTED
        await console.press("enter")
        assert state(desk, "1008") is State.DISPATCHED


async def test_a_digit_after_p_takes_that_candidate(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.select("1008")
        third = desk.candidates(console.queue.table.case_id)[2]
        await console.verb("dispatch", "3", enter=1)
        case = desk.case("1008")
        assert case is not None
        assert case.lead == third.unit


async def test_r_walks_from_acknowledgement_to_arrival_to_submission(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.select("1009")
        await console.verb("acknowledge", enter=1)
        assert state(desk, "1009") is State.HANDLING
        await console.verb("arrive", enter=1)
        case = desk.case("1009")
        assert case is not None
        assert case.arrived
        await console.verb("submit", "1", enter=1)
        assert state(desk, "1009") is State.SUBMITTED


async def test_keys_typed_faster_than_the_disk_are_done_in_order(opened: Any, desk: Desk) -> None:
    """Nothing typed is lost and no key acts on the state before its predecessor."""
    async with opened() as console:
        await console.select("1009")
        r, x = BY_ID["acknowledge"].key, BY_ID["verify"].key
        await console.pilot.press(r, "enter", r, "enter", r, "1", "enter", x, "1", "enter")
        await console.idle()
        assert state(desk, "1009") is State.CLOSED


async def test_x23_is_a_failed_verification_with_code_3(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.select("1007")
        await console.verb("verify", "23")
        assert console.typed == "hc 1007 n 3"
        await console.press("enter")
        assert state(desk, "1007") is State.HANDLING


async def test_granting_a_return_offers_the_next_dispatch(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.select("1006")
        await console.verb("return", "y", enter=1)
        assert state(desk, "1006") is State.ACCEPTED
        assert console.typed is not None
        assert console.typed.startswith("pd 1006 ")
        await console.press("enter")
        assert state(desk, "1006") is State.DISPATCHED


async def test_refusing_a_return_takes_four_keys(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.select("1006")
        await console.verb("return", "n2", enter=1)
        case = desk.case("1006")
        assert case is not None
        assert "return" not in case.requests


async def test_a_dangerous_verb_needs_the_second_enter(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.select("1002")
        await console.verb("merge", "1001", enter=1)
        assert "再按 Enter" in console.message
        assert state(desk, "1002") is State.DISPATCHED
        await console.press("enter")
        assert state(desk, "1002") is State.MERGED


async def test_editing_after_the_warning_disarms_it(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.select("1002")
        await console.verb("merge", "1001", enter=1)
        await console.press("backspace", "1", "enter")
        assert state(desk, "1002") is State.DISPATCHED
        assert "再按 Enter" in console.message


async def test_a_refused_key_says_why_and_opens_nothing(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.select("1008")
        await console.verb("verify")
        assert console.typed is None
        assert "待核查" in console.message


async def test_the_hint_line_offers_only_legal_keys(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.select("1008")
        legal = {item.verb.key for item in desk.actions(console.queue.table.case_id) if item.ok and item.verb.key}
        offered = {text for text, style in console.queue.hint() if style == "bold $accent"}
        assert BY_ID["verify"].key not in offered
        assert {key for key in offered if key in {v.key for v in BY_ID.values()}} <= legal | {BY_ID["new"].key, "v"}


async def test_escape_never_loses_a_half_typed_line(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.type(";bz 1005 水位")
        await console.press("escape")
        assert console.typed is None
        await console.type(";")
        assert console.typed == "bz 1005 水位"
        await console.press("escape", "escape")
        await console.type(";")
        assert console.typed == ""
        await console.press("up")
        assert console.typed == "bz 1005 水位"  # even the cleared one can be called back


async def test_escape_and_a_key_that_arrive_as_one_chord_are_both_taken(opened: Any) -> None:
    async with opened() as console:
        await console.type(";bz 1005 半句")
        await console.press("alt+semicolon")
        assert console.typed == "bz 1005 半句"  # left, and opened again


async def test_escape_from_an_untouched_key_line_leaves_nothing_behind(opened: Any) -> None:
    async with opened() as console:
        await console.select("1008")
        await console.verb("dispatch")
        await console.press("escape")
        await console.type(";")
        assert console.typed == ""


async def test_a_line_with_an_ambiguous_place_lists_and_never_picks(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.type(";xj sjd ")
        await console.press("enter")
        assert "盛家埭村" in console.text
        assert "沙家埭村" in console.text
        await console.type("2")
        assert console.typed is not None
        assert console.typed.endswith(" ")
        await console.type("js")
        await console.press("enter")
        case = desk.case("1013")
        assert case is not None
        assert case.place == "沙家埭村"
        assert console.selected == "1013"  # the next key is meant for the case just made


async def test_full_width_letters_are_plain_ones(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.type("；")
        assert console.typed == ""
        await console.paste("ｓｌ　1008")
        await console.press("enter")
        assert state(desk, "1008") is State.ACCEPTED


async def test_a_chinese_character_outside_a_text_field_only_says_so(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        before = console.handles, console.selected
        await console.type("派")
        assert console.message == "输入法处于中文状态，请切英文(Shift)"
        assert console.typed is None
        assert (console.handles, console.selected) == before


async def test_undo_takes_back_the_last_act_with_one_key(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.select("1008")
        await console.verb("accept", enter=1)
        await console.verb("undo")
        assert state(desk, "1008") is State.REPORTED


async def test_a_screen_that_is_not_there_yet_says_so(opened: Any) -> None:
    async with opened() as console:
        await console.press("f8")
        assert console.message == "考核，随后续功能提供"


@pytest.mark.parametrize("keys", [["f10"], ["comma", "0"]])
async def test_function_keys_have_a_twin_for_terminals_without_them(opened: Any, keys: list[str]) -> None:
    async with opened() as console:
        await console.press(*keys)
        assert type(console.app.screen).__name__ == "LogScreen"


async def test_function_keys_work_while_typing(opened: Any) -> None:
    async with opened() as console:
        await console.type(";bz 1005 半句")
        await console.press("f1")
        assert type(console.app.screen).__name__ == "HelpScreen"
        await console.press("escape")
        assert console.typed == "bz 1005 半句"


async def test_quitting_asks_once(opened: Any) -> None:
    async with opened() as console:
        await console.press("ctrl+q")
        assert "退出值守台" in console.message
        await console.press("n")
        assert console.app.is_running
        await console.press("ctrl+q", "y")
        assert console.app.return_code == 0


async def test_brackets_walk_the_queue_on_the_case_screen(opened: Any) -> None:
    async with opened() as console:
        first, second = console.handles[:2]
        await console.press("enter")
        assert f" {first} " in console.lines[3]
        await console.type("]")
        assert f" {second} " in console.lines[3]
        await console.press("escape")
        assert console.selected == second


async def test_a_number_alone_opens_the_case(opened: Any) -> None:
    async with opened() as console:
        await console.type(";1004")
        await console.press("enter")
        assert " 1004 " in console.lines[3]


async def test_the_menu_shows_refusals_with_their_reason(opened: Any, desk: Desk) -> None:
    async with opened((120, 40)) as console:
        await console.select("1008")
        await console.press("space")
        refused = [item for item in desk.actions(console.queue.table.case_id) if not item.ok]
        assert refused[0].why in console.text
        await console.type(BY_ID["accept"].key)
        assert console.typed == "sl 1008 "


async def test_filter_by_pinyin_and_back(opened: Any) -> None:
    async with opened() as console:
        await console.type("/dxj")
        assert console.handles == ["1001", "1002"]
        await console.press("enter", "escape")
        assert len(console.handles) == 12


async def test_v_leads_through_the_views(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.type("v")
        assert console.handles == ["1009"]  # 超时
        await console.type("v")
        assert all(state(desk, handle) is State.REPORTED for handle in console.handles)


async def test_help_names_every_verb_with_its_usage(opened: Any) -> None:
    from zjj_console.screens.help import pages
    from zjj_console.widgets.cells import plain

    async with opened() as console:
        text = plain(pages(console.app.session, 118))
    for verb in BY_ID.values():
        assert f"{verb.code} {verb.zh}" in text
        assert (verb.later or verb.example) in text


async def test_the_full_width_blank_is_a_blank(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.type("；ｘｊ　ｄｈｊ　ｚｙ")
        await console.press("enter")
        case = desk.case("1013")
        assert case is not None
        assert (case.place, case.category) == (desk.town.committees[case.committee].name, "zy")


async def test_the_full_width_blank_opens_the_menu_and_closes_it(opened: Any) -> None:
    async with opened() as console:
        await console.type("\u3000")
        assert type(console.app.screen).__name__ == "SpaceMenu"
        await console.type("\u3000")
        assert type(console.app.screen).__name__ == "QueueScreen"


async def test_the_full_width_blank_stays_in_free_text(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.verb("new")
        await console.press("down", "down", "down", "down", "down")
        await console.type("甲\u3000乙\u3000")
        assert console.typed == "甲\u3000乙\u3000"
        await console.press("ctrl+w")
        assert console.typed == "甲\u3000"


async def test_the_digit_chooses_exactly_where_the_message_says_so(opened: Any) -> None:
    async with opened() as console:
        await console.type(";xj sjd zy")
        assert "Enter 后按数字选" in console.message
        await console.type("1")
        assert console.typed == "xj sjd zy1"  # a digit goes on with a code
        await console.press("backspace", "enter")
        assert "Enter 后" not in console.message
        assert "按数字选" in console.message
        chosen = console.queue.command.preview.choices[0]
        await console.type("1")
        assert console.typed == chosen.insert + " "


async def test_after_a_blank_the_digit_chooses_at_once(opened: Any) -> None:
    async with opened() as console:
        await console.type(";xj sjd ")
        assert console.message.endswith(": 按数字选")
        chosen = console.queue.command.preview.choices[1]
        await console.type("2")
        assert console.typed == chosen.insert + " "


@pytest.mark.parametrize("typed", ["1010", "１０１０"])
async def test_a_number_in_the_filter_finds_exactly_that_case(opened: Any, typed: str) -> None:
    async with opened() as console:
        await console.type(f"/{typed}")
        assert console.handles == ["1010"]


async def test_a_filter_without_result_says_what_was_searched_and_where(opened: Any) -> None:
    async with opened() as console:
        await console.type("/101")
        assert console.handles == []
        assert "未结里没有案件符合: 案号或文字 101" in console.text


async def test_what_may_be_done_is_asked_once_per_verb_key(
    opened: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    actions = desk.actions
    monkeypatch.setattr(desk, "actions", lambda case_id: (asked.append(case_id), actions(case_id))[1])
    async with opened() as console:
        for screen in ("queue", "case"):
            await console.select("1009")
            if screen == "case":
                await console.press("enter")
            for key in (BY_ID["acknowledge"].key, BY_ID["verify"].key):
                asked.clear()
                await console.type(key)
                assert len(asked) == 1, (screen, key)
                await console.press("escape")
                if screen == "queue":
                    await console.select("1009")


async def test_a_verb_key_opens_the_line_that_the_hint_names(opened: Any, desk: Desk) -> None:
    async with opened((200, 50)) as console:
        for handle in console.handles:
            await console.select(handle)
            hints = [text.strip() for text, style in console.queue.hint()]
            for key, word in zip(hints[1::2], hints[2::2], strict=True):
                verb = next((v for v in BY_ID.values() if v.key == key and "case" in v.takes), None)
                if verb is None:
                    continue
                await console.type(key)
                assert console.typed is not None, (handle, key)
                code = console.typed.split(" ")[0]
                assert next(v.zh for v in BY_ID.values() if v.code == code) == word
                await console.press("escape")


@pytest.mark.parametrize("keys", [" zd 3 dh", " d d ", " d jj"])
async def test_keys_typed_ahead_of_the_menu_go_to_the_line_that_it_opens(keys: str, opened: Any) -> None:
    async with opened((120, 40)) as console:
        below = console.app.screen
        await console.type(keys)
        assert console.app.screen is below
        assert console.typed == f"db {console.selected} {keys.partition('d')[2]}"


async def test_a_long_line_of_chinese_keeps_half_of_the_room_in_sight(opened: Any) -> None:
    async with opened(size=(80, 24)) as console:
        note = "桥栏杆断裂处已围护并设警示灯水务与桥管二十分钟内到场行人改走东侧便桥请各组注意避让"
        await console.type(";bz 1001 ")
        for n, char in enumerate(note, 1):
            await console.type(char)
            shown = console.lines[-1].removeprefix(";").split("Enter")[0].rstrip()
            assert shown and f"bz 1001 {note[:n]}".endswith(shown)
            assert n < 30 or len(shown) >= 18, shown
