"""The consultation on the screen (F7, §2.9, R57-R60): from collection to minutes by keys, and what happens beside it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from screen_scene import Clock, open_desk

from tests.conftest import fresh
from zjj_console.desk import agenda, consult_view
from zjj_console.desk.desk import Desk
from zjj_console.domain.consult import Meeting
from zjj_console.domain.model import MINUTE, State
from zjj_console.i18n import set_lang
from zjj_console.intake.demo import seed_demo
from zjj_console.screens.consult_board import PAGES
from zjj_console.screens.session import FIRST_RUN
from zjj_console.storage import reads_meeting
from zjj_console.storage.setup import create

SIZES = [(80, 24), (120, 40), (200, 50)]
MONDAY = 1_614_612_240_000_000  # 2021-03-01 23:24 +08:00
THIS, LAST = "HS-2021-W09", "HS-2021-W08"
MORE = ("1007", "1022", "1032", "1004")  # cases that somebody has tried to solve and that are on no agenda


@pytest.fixture(scope="module")
def demo_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("consult") / "night.db"
    create(path, "zjj")
    desk = open_desk(path, Clock(MONDAY))
    seed_demo(desk, 1)
    desk.save_draft(FIRST_RUN, {"seen": 1})
    desk.sweep()
    desk.close()
    return path


@pytest.fixture
def clock() -> Clock:
    return Clock(MONDAY)


@pytest.fixture
def desk(demo_night: Path, clock: Clock, tmp_path: Path) -> Iterator[Desk]:
    path = tmp_path / "night.db"
    fresh(demo_night, path)
    desk = open_desk(path, clock)
    yield desk
    desk.close()


def meeting(desk: Desk, name: str = THIS) -> Meeting:
    found = reads_meeting.meeting(desk.reader, name)
    assert found is not None
    return found


def outcomes(desk: Desk, name: str = THIS) -> dict[str, str]:
    return {i.handle: i.outcome.code if i.outcome else "" for i in meeting(desk, name).agenda}


def cursor(console: Any) -> str:
    """What the line under the cursor is about, as drawn."""
    return next(line for line in console.lines[6:] if line.startswith(">"))


async def page(console: Any, key: str) -> None:
    screen: Any = console.app.screen
    while screen.listed != key:
        await console.press("tab")


async def ask(console: Any, keys: str, line: str = "", *, clear: bool = False, sure: bool = False) -> None:
    """A key, the line that it asks for, Enter; `sure`: y to the sentence that is shown."""
    await console.type(keys)
    if clear:
        await console.press("ctrl+u")
    await console.type(line)
    await console.press("enter")
    if sure:
        await console.type("y")


async def open_meeting(console: Any) -> None:
    await console.press("f7")
    await console.type("sy")


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_NV_15_the_consultation_is_usable_at_its_size(
    size: tuple[int, int], opened: Any, screen_text: Any
) -> None:
    async with opened(size) as console:
        await console.press("f7")
        for one in PAGES:
            await page(console, one.key)
            console.check_widths()
            assert console.text == screen_text(name=one.key)
        await page(console, "agenda")
        await console.type("sy")
        await console.type("1")
        console.check_widths()
        assert console.text == screen_text(name="deciding")


async def test_the_english_consultation(opened: Any, screen_text: Any) -> None:
    set_lang("en")
    async with opened((120, 40)) as console:
        await console.press("f7")
        assert console.text == screen_text(name="agenda-en")
        await page(console, "visits")
        assert console.text == screen_text(name="visits-en")


async def test_one_look_says_who_is_silent_what_is_late_and_who_has_been_visited(opened: Any) -> None:
    async with opened((80, 24)) as console:
        await console.press("f7")
        text = console.text
        assert f"{THIS} 03-05 周五 09:30" in text
        assert "收集 3/5站  未报 一站 二站" in text
        assert "1001 镇城运中心 逾期2天" in text
        assert "一站已03-01" in text
        assert "二站约03-09" in text


async def test_AC_59a_a_whole_meeting_by_keys_from_collection_to_minutes(
    opened: Any, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened((120, 40)) as console:
        await console.press("f7")
        for handle in MORE:
            await ask(console, "n", f"{handle} 1,2 请协调")
        assert [i.handle for i in meeting(desk).agenda] == ["1003", "1006", "1005", *MORE]
        await console.type("l")
        assert "议程已定" in console.text
        await console.type("y")
        assert meeting(desk).state == "LOCKED"
        await console.type("1")
        assert console.typed is None
        assert "先 consult open" in console.message  # the refusal of the rule itself
        await console.type("s")
        assert "一站 未报" in console.text  # told before it is done
        await console.type("y")
        assert meeting(desk).state == "OPEN"
        await ask(console, "p", "z5 z4 cg 王庚等", clear=True)
        await ask(console, "p", "-fgs 同意由我所牵头", clear=True)
        came = meeting(desk).attendance
        assert came["z5"].people == "王庚等"
        assert came["fgs"].absent
        assert came["fgs"].opinion == "同意由我所牵头"

        # 1003: joint, its station leads; the sentence is shown before anything happens
        await ask(console, "2", "z5 cg 7d 分头清理")
        assert "联合处置" in console.text
        assert outcomes(desk)["1003"] == ""
        await console.type("n")
        assert outcomes(desk)["1003"] == ""
        await ask(console, "2", "z5 cg 7d 分头清理", sure=True)
        await console.press("down")
        # 1006: responsibility; what is missing is asked again with what was typed
        await ask(console, "1", "5d 清除")
        assert "定主责须给单位" in console.message
        assert console.typed == "5d 清除"
        await console.press("home")
        await console.type("cg gbb ")
        await console.press("enter")
        await console.type("y")
        await console.press("down")
        await ask(console, "6", "材料不齐", sure=True)  # 1005: next time
        await console.press("down")
        await ask(console, "5", "14d r1 围挡", sure=True)  # 1007: suspended
        await console.press("down")
        await ask(console, "3", "z5 10d", sure=True)  # 1022: to the commander
        await console.type("s")
        assert "议题6、议题7 无结果: 1032 1004" in console.message
        await console.press("down")
        await ask(console, "4", "20d 报区", sure=False)  # 1032: no level
        assert "提请哪一级" in console.message
        await console.press("ctrl+u")
        await console.type("2 20d 报区")
        await console.press("enter")
        await console.type("y")
        await console.press("down")
        await ask(console, "7", "")
        assert "终止须写理由" in console.message
        await console.type("已无违法事实")
        await console.press("enter")
        await console.type("y")
        assert outcomes(desk) == {
            "1003": "joint", "1006": "assign", "1005": "defer", "1007": "suspend", "1022": "commander",
            "1032": "raise", "1004": "end",
        }  # fmt: skip
        decided = {i.handle: i.outcome for i in meeting(desk).agenda}
        assert decided["1006"].assists == ("gbb",)
        assert decided["1032"].level == "district"
        assert decided["1022"].owner == "z5"
        assert desk.case("1007").state is State.SUSPENDED  # type: ignore[union-attr]
        assert desk.case("1004").state is State.SUBMITTED  # type: ignore[union-attr]
        assert [i.handle for i in meeting(desk, "HS-2021-W10").agenda] == ["1005"]
        await console.type("1")
        assert "已有结果" in console.message

        await console.type("s")
        assert "散会" in console.text
        await console.type("y")
        assert meeting(desk).state == "MINUTED"
        assert THIS in console.lines[3]  # what was held stays in sight
        await console.type("g")
        assert "镇级周会纪要" in console.text
        await console.type("e")
        await console.press("enter")
        assert (tmp_path / f"{THIS}.txt").read_text(encoding="utf-8") == meeting(desk).sheets["text"]
        await console.type("e")
        await console.press("enter")
        assert "已存在" in console.message


async def test_a_case_of_the_pool_goes_on_the_agenda_with_one_key(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.press("f7")
        await page(console, "pool")
        assert "1002" in cursor(console)
        await console.type("n")
        assert "上会 1002" in console.message
        assert "1002" in [i.handle for i in meeting(desk).agenda]
        assert "没有到条件的案件" in console.text
        await page(console, "agenda")
        await console.press("end")
        await ask(console, "x", "")
        assert "撤题须写理由" in console.message
        await console.type("材料不齐")
        await console.press("enter")
        assert "1002" not in [i.handle for i in meeting(desk).agenda]


async def test_AC_58a_a_station_reports_nothing_and_is_no_longer_named(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.press("f7")
        await page(console, "stations")
        await console.press("down")
        await ask(console, "r", "0")
        assert meeting(desk).collections["z2"].nil
        assert "未报 一站 (" in console.lines[4]
        await console.press("up")
        await ask(console, "r", "0")
        assert "该站已有议题 1005" in console.message
        await ask(console, "r", "1005")
        assert "每件须写跨类" in console.message
        await console.type("=1,3 协调")
        await console.press("enter")
        assert meeting(desk).items[desk.case("1005").id].cross == ("departments", "areas")  # type: ignore[union-attr]
        assert "未报" not in console.lines[4]


async def test_what_an_item_lacks_is_completed_field_by_field(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.press("f7")
        await ask(console, "m6", "", clear=True)
        await ask(console, "m2", "gbb", clear=True)
        await ask(console, "m3", "gbb 司法所", clear=True)
        await ask(console, "m4", "9", clear=True)
        assert "没有跨类 9" in console.message
        await console.press("escape")
        item = meeting(desk).agenda[0]
        assert (item.missing, item.proposed, item.invited, item.cross) == ("", "gbb", ("gbb", "sfs"), ("departments",))


async def test_AC_60a_a_visit_says_something_about_each_difficult_case_and_the_missing_become_fewer(
    opened: Any, desk: Desk
) -> None:
    def missing() -> list[str]:
        return [d.station for d in consult_view.visits_due(desk.reader, desk.facts())]

    async with opened() as console:
        await console.press("f7")
        assert missing() == ["z2", "z3", "z4", "z5"]
        await page(console, "visits")
        await console.press("down", "down", "down")
        await console.type("v平稳 | 停车难")
        assert "疑难案件 1006 未表态" in console.message
        await console.type(" | 1006=三日内清理")
        await console.press("enter")
        assert missing() == ["z2", "z3", "z5"]
        (made,) = [v for v in reads_meeting.visits(desk.reader, "2021-03") if v.station == "z4"]
        assert made.cases[desk.case("1006").id].text == "三日内清理"  # type: ignore[union-attr]
        assert "已进站" in cursor(console)
        assert "三日内清理" in console.text
        await console.press("up", "up")
        await console.type("xy")
        assert "已取消" in console.message
        await console.type("v0315")
        await console.press("enter")
        assert "约03-15" in cursor(console)


async def test_a_decision_of_last_week_is_marked_as_carried_out(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.press("f7")
        await console.type("f")
        assert "1001" in cursor(console)
        await ask(console, "f", "镇里已定经费")
        outcome = meeting(desk, LAST).agenda[0].outcome
        assert outcome is not None
        assert outcome.done_text == "镇里已定经费"
        assert "决议都已办" in console.text


async def test_the_cursor_stays_on_its_item_and_a_prompt_stays_open_when_another_console_works(
    opened: Any, desk: Desk, other_desk: Desk
) -> None:
    async with opened() as console:
        await console.press("f7", "down", "down")
        assert "1005" in cursor(console)
        await console.type("x不再需要")
        assert other_desk.act(agenda.put("1004", "另一台列入")).ok
        assert other_desk.act(agenda.withdraw("1003", "另一台撤题")).ok
        await console.second()
        assert "1004" in console.text
        assert "1005" in cursor(console)
        assert console.typed == "不再需要"
        await console.press("enter")
        assert [i.handle for i in meeting(desk).agenda] == ["1006", "1004"]


async def test_a_meeting_closed_elsewhere_stays_in_sight_as_what_it_became(
    opened: Any, desk: Desk, other_desk: Desk, clock: Clock
) -> None:
    async with opened() as console:
        await console.press("f7")
        assert other_desk.act(agenda.skip(THIS, "防汛")).ok
        await console.second()
        assert THIS in console.lines[3]
        assert "本周不开" in console.lines[3]
        await console.type("]")
        assert "HS-2021-W10" in console.lines[3]
        await console.type("[[")
        assert LAST in console.lines[3]
        await console.press("escape")
        assert "HS-2021-W10" in console.lines[3]  # the present one


async def test_an_urgent_consultation_begins_at_once_with_its_own_minutes(
    opened: Any, desk: Desk, clock: Clock
) -> None:
    async with opened() as console:
        await console.press("f7")
        await ask(console, "w", "有蔓延")
        assert "临时会商限2级以上" in console.message
        await console.press("down", "down")
        await ask(console, "w", "有蔓延", sure=True)
        name = "LS-2021-03-01-2324"
        assert name in console.lines[3]
        assert meeting(desk, name).state == "OPEN"
        await ask(console, "1", "fgs 2h 立即处置", clear=True, sure=True)
        await console.type("sy")
        assert meeting(desk, name).state == "MINUTED"
        clock.now += MINUTE
        await page(console, "past")
        assert any(name in line and "已出纪要" in line for line in console.lines)


async def test_R57_a_stations_own_consultation_without_result_counts_as_an_attempt(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.press("f7", "down", "down")
        before = desk.case("1005").attempts  # type: ignore[union-attr]
        await ask(console, "z", "2 两家均称非本部门 | fgs zzb", sure=True)
        assert desk.case("1005").attempts == before + 1  # type: ignore[union-attr]
        (held,) = reads_meeting.meetings(desk.reader, MONDAY - 1, level="station")
        assert held.came("zzb")
        assert "1005未果" in console.text


async def test_a_week_is_not_held_only_for_a_reason(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.press("f7")
        await ask(console, "b", "")
        assert "不开会须写理由" in console.message
        await console.type("防汛")
        await console.press("enter")
        await console.type("y")
        assert meeting(desk).state == "SKIPPED"


async def test_who_may_not_hold_a_meeting_is_told_who_may(opened: Any, desk: Desk) -> None:
    from zjj_console.desk.session import actor_of

    desk.actor = actor_of(desk.town, "0002", trial=True)
    async with opened() as console:
        await console.press("f7")
        await console.type("s")
        assert "无此权限" in console.message
        assert meeting(desk).state == "COLLECTING"


async def test_every_key_of_the_screen_is_in_sight_on_the_smallest_one(opened: Any) -> None:
    async with opened((80, 24)) as console:
        await console.press("f7")
        words = "".join(console.lines[-2:])
        for key, word in (("n", "加题"), ("m", "补题"), ("x", "撤题"), ("s", "开会"), ("r", "站报"), ("c", "催报"),
                          ("l", "锁议程"), ("g", "纪要"), ("v", "进站"), ("f", "记已办"), ("w", "临时会商"), ("z", "站级会商"),
                          ("b", "记不开")):  # fmt: skip
            assert f"{key}{word}" in words


async def test_enter_opens_the_case_and_escape_comes_back_to_the_agenda(opened: Any, desk: Desk) -> None:
    async with opened() as console:
        await console.press("f7", "down", "enter")
        assert "1006" in console.text
        await console.press("escape")
        assert "1006" in cursor(console)
        await page(console, "past")
        await console.press("down", "enter")
        assert LAST in console.lines[3]
