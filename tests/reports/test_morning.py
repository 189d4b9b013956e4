"""The morning report: what the night leaves, and how little time is left of it."""

from datetime import date

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from tests.conftest import Hands
from tests.reports import records
from tests.reports.test_sheet import Tags, after, flat
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.handover import Balance, Code, Forced, Handover, Line
from zjj_console.reports import morning


@pytest.fixture
def night(hands: Hands, duty: DutyTime) -> Handover:
    """H1 with a first-priority case, two returned ones (one almost due) and one that the night goes on with."""
    at = hands.at("2021-03-02 07:30")
    station = duty.town.of_kind("station")[0].code
    opens = duty.window(date(2021, 3, 2), duty.town.hours_of(station))[0]
    cases = (
        records.item(2001, priority=1, group="running", must=("p1",), gist="示例 围挡倒塌", next="3", code="R3"),
        records.item(2002, priority=2, group="running", due=opens + 40 * 60_000_000, next="4", code="N2"),
        records.item(2003, due=opens - 10 * 60_000_000, overdue=True, code="R2"),
    )
    package = records.package(
        hands, number="JJ-0302-H1", boundary="H1", boundary_zh="夜班->白班", day=date(2021, 3, 2),
        at=hands.at("2021-03-02 07:20"), items=cases,
        balance=Balance(opening=2, new=4, closed=3, open=3, since=hands.at("2021-03-01 17:36")),
    )  # fmt: skip
    return Handover(
        id="H1-2021-03-02", boundary="H1", day=date(2021, 3, 2), at=at, frm="night", to="day", state="PREPARED",
        package=package, digest="4c1e" * 16, codes={c.id: Code("R2", records.OUT, at, station) for c in cases[1:]},
    )  # fmt: skip


def test_the_night_in_numbers(night: Handover, duty: DutyTime) -> None:
    text = morning.text(night, duty)
    assert "收 4  结 3  未结 3  自 03-01 17:36" in text and "2021-03-02 周二" in text
    assert all(cell_len(line) <= 80 for page in text.split("\f") for line in page.split("\n"))
    assert "夜队承办" not in text


def test_first_and_second_priority_are_told_in_full(night: Handover, duty: DutyTime) -> None:
    told = after(morning.text(night, duty), "2 一级二级在办")
    assert "2001  一级" in told and "示例 围挡倒塌" in told and "2002  二级" in told and "2003" not in told


def test_R2_names_how_little_time_is_left_when_the_station_opens(night: Handover, duty: DutyTime) -> None:
    table = flat(after(morning.text(night, duty), "3 交回原承办"))
    assert "余0:40" in table and "超0:10" in table
    assert table.index("2003") < table.index("2002")
    assert flat(duty.town.of_kind("station")[0].name) in table


def test_absences_gaps_forced_handovers_and_extras_are_there(night: Handover, hands: Hands, duty: DutyTime) -> None:
    reason = Forced(records.IN, records.CHIEF, "示例站长", "示例理由", night.at)
    forced = replace(night, forced=reason)
    text = morning.text(forced, duty, [Line("重点事项未巡", hands.at("2021-03-02 00:30"))])
    assert "示例许" in after(text, "6 缺岗") and "示例陈" not in after(text, "6 缺岗")
    assert "示例站 执法力量 缺1" in after(text, "7 未覆盖时段 1 段")
    assert "带病交接: 示例理由" in after(text, "8 带病交接与异常")
    assert "03-02 00:30 重点事项未巡" in after(text, "9 其他")


def test_markdown_and_page_say_the_same_and_obey_no_text(hands: Hands, duty: DutyTime) -> None:
    h = records.hostile(hands)
    page, marked = morning.html(h, duty), morning.markdown(h, duty)
    assert "script" not in Tags(page).tags and "<script" not in marked and "\x1b" not in marked
    assert marked.startswith("# 示例镇 城运值守晨报\n")
    assert len([line for line in marked.splitlines() if line.startswith("## ")]) == 9
    assert "<" not in marked and "&lt;script&gt;" in marked
