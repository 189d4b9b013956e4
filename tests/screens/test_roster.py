"""The roster screen (§4.7): who is there, what is missing with its fix, and no key without an answer."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from screen_driver import Console
from screen_scene import TOWN, Clock, lay_roster, open_desk
from test_pictures import tidy

from tests.conftest import fresh
from zjj_console.desk import roster_view, session, signing
from zjj_console.desk.desk import Desk
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.roster import Assignment
from zjj_console.i18n import set_lang
from zjj_console.screens.roster import RosterScreen
from zjj_console.screens.session import FIRST_RUN
from zjj_console.storage import reads_duty
from zjj_console.storage.setup import create

MARCH = "2021-03"
FIRST = date(2021, 3, 1)
SIZES = [(80, 24), (120, 40), (200, 50)]


def instant(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=TOWN.tz).timestamp() * 1_000_000)


@pytest.fixture(scope="session")
def laid_roster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """March planned and published; one who left at noon, one who never signed out, one who did not come at night."""
    path, clock = tmp_path_factory.mktemp("roster") / "roster.db", Clock(instant("2021-02-25 09:00"))
    create(path, "zjj")
    desk = open_desk(path, clock)
    refused = lay_roster(desk, clock, instant)
    desk.save_draft(FIRST_RUN, {"seen": 1})
    desk.close()
    assert refused == []
    return path


@pytest.fixture
def clock() -> Clock:
    return Clock(instant("2021-03-01 23:41"))


@pytest.fixture
def desk(laid_roster: Path, clock: Clock, tmp_path: Path) -> Iterator[Desk]:
    path = tmp_path / "roster.db"
    fresh(laid_roster, path)
    desk = open_desk(path, clock)
    yield desk
    desk.close()


def screen(console: Console) -> RosterScreen:
    found = console.app.screen
    assert isinstance(found, RosterScreen)
    return found


def rows_of(desk: Desk, day: date) -> list[Assignment]:
    return [a for a in reads_duty.assignments_of(desk.reader, MARCH) if a.day == day]


def line_with(console: Console, text: str) -> str:
    return next(line for line in console.lines if text in line)


# pictures -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_NV_15_the_roster_is_usable_at_its_size(size: tuple[int, int], opened: Any, screen_text: Any) -> None:
    async with opened(size) as console:
        await console.press("f4")
        assert tidy(console) == screen_text(name="day")
        await console.press("tab", "b")
        assert tidy(console) == screen_text(name="proposals")
        await console.press("escape", "escape", "w")
        assert tidy(console) == screen_text(name="week")
        await console.press("m")
        assert tidy(console) == screen_text(name="month")


async def test_below_80x24_the_roster_is_cut_and_stands(opened: Any) -> None:
    async with opened((60, 16)) as console:
        await console.press("f4", "enter", "escape", "m", "w", "s")
        console.check_widths()
        assert "值班日 03-01" in console.text


async def test_the_english_roster(opened: Any, screen_text: Any) -> None:
    set_lang("en")
    async with opened((120, 40)) as console:
        await console.press("f4", "tab")
        assert tidy(console) == screen_text(name="day-en")


async def test_without_a_roster_the_screen_says_what_makes_one(opened: Any, empty_desk: Desk) -> None:
    async with opened((80, 24), on=empty_desk) as console:
        await console.press("f4")
        assert "n 编制本月计划" in console.text
        assert "zjj roster plan --month 2021-03" in console.text
        console.check_widths()
        for key in ("c", "e", "t", "b", "p"):
            await console.press(key)
            assert console.message, key
            await console.press("escape")


async def test_NV_10_without_colour_every_mark_has_its_own_shape_and_the_legend_names_it(opened: Any) -> None:
    async with opened((80, 24), theme="ansi") as console:
        await console.press("f4")
        for mark in ("=已签到", "-未到", "x缺岗", ".无班", "#覆盖", "!缺口"):
            assert mark in console.text
        assert "!   缺岗" in console.text


# the day --------------------------------------------------------------------------------------------------------------


async def test_R43_the_two_hours_that_no_shift_reaches_are_marked_and_named(opened: Any) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4", ">", ">")  # a day that nobody has signed in for yet
        assert "!!################!!############################ 22h" in line_with(console, "覆盖 处置力量")
        assert "07:30-08:30" in line_with(console, "结构缺口")
        assert "24h 无缺口" in line_with(console, "覆盖 指挥席")


async def test_who_leaves_at_noon_is_absent_until_the_end_of_the_shift(opened: Any) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4")
        assert "..=======xxxxxxxxx...." in line_with(console, "五站 常驻")
        assert "早退1 苏酉" in line_with(console, "五站 常驻")
        assert "漏签退1" in line_with(console, "三站 常驻")


async def test_the_rotation_says_that_it_is_our_own_default(opened: Any) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4")
        assert "当夜 应急一队 次夜 应急二队 (逐夜轮换 配置值)" in console.text
        assert "下一交接 07:30" in console.text


async def test_A20_after_midnight_the_night_is_still_of_the_day_before(opened: Any, clock: Clock) -> None:
    clock.now = instant("2021-03-02 02:15")
    async with opened((80, 24)) as console:
        await console.press("f4")
        assert "值班日 03-01" in console.text


async def test_days_turn_with_the_angle_keys_and_an_unknown_calendar_is_said(opened: Any, desk: Desk) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4", ">")
        assert "值班日 03-02" in console.text
        await console.press("w", ">", "<", "w", "<", "<")
        assert "02-28 周日 休息日" in console.text
        shown = screen(console)
        shown.day = date(2090, 3, 1)
        shown.reload()
        shown.draw()
        assert "节假日未公布" in console.text


# signing --------------------------------------------------------------------------------------------------------------


async def test_k_signs_out_and_up_moves(opened: Any, desk: Desk) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4", "j", "j", "up")
        assert screen(console).at["rows"] == 1
        await console.press("k")
        assert "没有未签退的签到" in console.message
        assert screen(console).at["rows"] == 1


async def test_another_persons_sign_in_is_asked_back_in_trial(opened: Any, desk: Desk) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4", "tab", "i")
        assert "签到 许寅(0425)?" in console.message
        await console.press("n")
        assert reads_duty.find_sign(desk.reader, "0425", FIRST, "QRT-NGT") is None
        await console.press("i", "y")
        assert "已办: 签到 许寅" in console.message
        assert reads_duty.find_sign(desk.reader, "0425", FIRST, "QRT-NGT") is not None


async def test_after_trial_a_person_signs_with_his_own_pin(opened: Any, desk: Desk, clock: Clock) -> None:
    for who, pin in (("0001", "000111"), ("0425", "042500")):
        session.set_pin(desk._writer, TOWN, who, pin, clock.now)
    desk.actor = session.actor_of(TOWN, "0001")
    async with opened((80, 24)) as console:
        await console.press("f4", "tab", "i")
        await console.type("999999")
        assert "999999" not in console.text
        await console.press("enter")
        assert "口令不符" in console.message
        await console.press("i")
        await console.type("042500")
        await console.press("enter")
        assert "已办: 签到 许寅" in console.message


# gaps and changes -------------------------------------------------------------------------------------------------------


async def test_b_proposes_by_hours_and_a_digit_stands_in_after_y(opened: Any, desk: Desk) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4", "tab", "b")
        found = screen(console).found
        assert found
        assert [p.month for p in found] == sorted(p.month for p in found)
        assert {TOWN.people[p.person].unit for p in found} == {"y2"}  # everybody of his own team is on duty
        assert "C4 两班间隔仅 10 小时" in console.text
        await console.press("9" if len(found) < 9 else "0")
        assert "没有第" in console.message
        await console.press("1")
        assert "y 确认" in console.message
        await console.press("y")
        assert "已办: 顶班 许寅" in console.message
        assert [a.person for a in rows_of(desk, FIRST) if a.planned == "0425"] == [found[0].person]


async def test_nobody_of_another_department_is_proposed_for_a_resident_on_leave(opened: Any, desk: Desk) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4", "x")
        await console.type("2201 03-02 03-02")
        await console.press("enter")
        assert "已办: 请假 戚子" in console.message
        await console.press(">", "b")  # all the others of his department have a station of their own that day
        assert screen(console).found == []
        assert "没有符合 C1-C7 的人" in console.message


async def test_a_gap_that_is_over_says_so(opened: Any) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4", "tab", "j", "b")
        assert "已过" in console.message


async def test_an_hour_that_no_shift_reaches_answers_with_its_rule(opened: Any) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4", ">", ">", "tab", "b")
        assert "SH-1" in console.message


async def test_t_opens_the_line_with_whoever_is_missing(opened: Any) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4", "tab", "t")
        assert console.typed == "tb 0425 "


async def test_enter_on_a_row_lists_its_people_and_escape_goes_back(opened: Any) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4", "enter")
        assert "人员 指挥席" in console.text
        assert "0002" in line_with(console, "何卯 ")
        await console.press("escape")
        assert "人员 指挥席" not in console.text
        await console.press("escape", "escape")
        assert not isinstance(console.app.screen, RosterScreen)


async def test_a_leave_that_cannot_be_read_says_how_it_is_written(opened: Any) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4", "x")
        await console.type("0425 soon")
        await console.press("enter")
        assert "写作 工号 起 止" in console.message


# planning ---------------------------------------------------------------------------------------------------------------


async def test_a_month_is_planned_looked_at_and_published(opened: Any, empty_desk: Desk) -> None:
    async with opened((80, 24), on=empty_desk) as console:
        await console.press("f4", "n")
        assert "草稿未发布" in console.text
        assert "应到 3" in line_with(console, "指挥席(3)")
        await console.press("n")
        assert "已有草稿" in console.message
        await console.press("x")
        await console.press("p")
        assert "y 发布" in console.message
        await console.press("y")
        assert [v.month for v in reads_duty.versions(empty_desk.reader)] == [MARCH]
        await console.press("n")
        assert "已发布" in console.message


async def test_publishing_shows_what_would_be_refused_before_it_asks(opened: Any, empty_desk: Desk) -> None:
    async with opened((80, 24), on=empty_desk) as console:
        await console.press("f4", "n")
        draft = [a for a in reads_duty.plan(empty_desk.reader, MARCH) or [] if (a.day, a.post) != (FIRST, "seat")]
        from zjj_console.desk import rostering

        assert empty_desk.act(rostering.keep(MARCH, draft)).ok
        await console.second()
        await console.press("p")
        assert "不能发布" in console.message
        await console.press("b")
        assert screen(console).found
        await console.press("1", "y")
        assert len(reads_duty.plan(empty_desk.reader, MARCH) or []) == len(draft) + 1


async def test_the_check_says_what_it_found(opened: Any) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4", "c")
        assert "已检查 03-01 起7日" in console.message


async def test_the_week_and_the_month_lead_to_a_day(opened: Any) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4", "w", "j", "enter")
        assert "值班日 03-02" in console.text
        await console.press("m", "down", "enter")
        assert "值班日 03-09" in console.text


async def test_a_stationing_is_approved_and_arrives(opened: Any, desk: Desk) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4", "s", "a")
        assert "待到" in console.message
        await console.press("r")
        assert "在站" in console.message
        await console.press("r")
        assert "未办" in console.message


async def test_the_month_is_exported_and_nothing_is_overwritten_unasked(
    opened: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened((80, 24)) as console:
        await console.press("f4")

        async def export(name: str) -> None:
            await console.press("e", "ctrl+u")
            await console.type(name)
            await console.press("enter")

        for name in ("r.csv", "r.xlsx", "r.ics"):
            await export(name)
            assert (tmp_path / name).stat().st_size > 1000
        (tmp_path / "r.csv").write_text("mine")
        await export("r.csv")
        assert "已存在" in console.message
        await console.press("n")
        assert (tmp_path / "r.csv").read_text() == "mine"
        await export("r.pdf")
        assert "须以 .csv .xlsx 或 .ics 结尾" in console.message
        await export("nowhere/r.csv")
        assert "写不了" in console.message


# words ------------------------------------------------------------------------------------------------------------------


def test_leave_takes_whole_days_or_hours_and_refuses_the_rest() -> None:
    duty, now = DutyTime(TOWN, lambda _: True), instant("2021-03-01 12:00")
    whole = roster_view.leave_words("0425 03-02 03-03", duty, now)
    assert whole == ("0425", instant("2021-03-02 00:00"), instant("2021-03-04 00:00"), "事假")
    hours = roster_view.leave_words("0425 03-02T08:30 03-02T12:00 病假", duty, now)
    assert hours == ("0425", instant("2021-03-02 08:30"), instant("2021-03-02 12:00"), "病假")
    january = roster_view.leave_words("0425 01-02 01-03", duty, instant("2021-12-30 12:00"))
    assert january is not None
    assert january[1] == instant("2022-01-02 00:00")
    for wrong in ("0425", "0425 02-30 03-01", "0425 a b", "0425 03-02 03-03 病假 更多"):
        assert roster_view.leave_words(wrong, duty, now) is None


async def test_a_sign_in_of_another_console_shows_with_the_next_second(
    opened: Any, desk: Desk, other_desk: Desk
) -> None:
    async with opened((80, 24)) as console:
        await console.press("f4")
        assert "缺1 许寅" in line_with(console, "应急一队(10)")
        assert other_desk.act(signing.sign_in("0425")).ok
        await console.second()
        assert "在岗 10/10" in line_with(console, "应急一队(10)")
