"""What a row with a status becomes: the case as the life cycle would have made it, clocks and all."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Hands
from tests.intake.conftest import Load, assert_whole, cases_of, row
from zjj_console.desk.desk import Desk
from zjj_console.desk.outcome import Outcome
from zjj_console.domain.lifecycle import STATE_ZH
from zjj_console.domain.model import State

SENT = {"承办": "派出所", "派单时间": "2021-03-01 22:30", "上报时间": "2021-03-01 22:00", "级别": "2"}
DONE = {**SENT, "处置时间": "2021-03-01 23:00", "结果": "已劝离"}
ROWS: dict[State, tuple[dict[str, str], set[str]]] = {
    State.REPORTED: ({}, {"ACC"}),
    State.INFO_NEEDED: ({"级别": "3"}, {"INFO"}),
    State.ACCEPTED: ({"派单时间": "2021-03-01 23:20"}, {"DSP"}),
    State.SELF_HANDLING: ({"流程": "自发自处"}, {"SELF"}),
    State.STATION_COORD: ({"流程": "自发自处"}, {"COORD"}),
    State.DISPATCHED: (SENT, {"ACK", "ARR", "HDL"}),
    State.HANDLING: (SENT, {"ARR", "HDL"}),
    State.SUBMITTED: (DONE, {"VER"}),
    State.DIFF_REVIEW: (SENT, {"HDL", "DIF"}),
    State.DIFF_LED: ({**SENT, "承办": "一站", "流程": "疑难案件"}, {"LED"}),
    State.SUSPENDED: ({**SENT, "级别": "4", "复查日期": "2021-03-20 09:00"}, {"REV"}),
    State.CLOSED: (DONE, set()),
    State.VOIDED: ({}, set()),
}


@pytest.mark.parametrize("state", ROWS, ids=str)
@pytest.mark.parametrize("written", ["zh", "code"])
def test_2_1_every_state_comes_in_with_its_clocks(load: Load, desk: Desk, state: State, written: str) -> None:
    cells, clocks = ROWS[state]
    rows = [row(**cells, 状态=STATE_ZH[state] if written == "zh" else state.value)]
    done = load(rows)
    assert done.rejected == 0, done.rejects
    case = cases_of(desk)[0]
    assert case.state is state
    assert {code for code, clock in case.clocks.items() if clock.running} == clocks
    assert load(rows).same == 1
    assert_whole(desk)


def test_a_dispatched_row_has_a_lead_order_and_limits_from_its_dispatch(load: Load, desk: Desk, clock: Hands) -> None:
    load([row(**SENT, 状态="待签收", 协办="城管中队")])
    case = cases_of(desk)[0]
    order = case.active_lead
    assert order is not None
    assert (order.unit, order.person, clock.text(order.at)) == ("pcs", "2101", "2021-03-01 22:30")
    assert (case.lead, case.assists) == ("pcs", ("cg",))
    assert {c.code: clock.text(c.due) for c in case.clocks.values() if c.running} == {
        "ACK": "2021-03-01 22:50", "ARR": "2021-03-01 23:30", "HDL": "2021-03-02 22:30",
    }  # fmt: skip
    assert clock.text(case.due_final) == "2021-03-02 22:30"
    stored = desk.reader.execute("SELECT role, unit, active FROM dispatch ORDER BY n").fetchall()
    assert stored == [("lead", "pcs", 1), ("assist", "cg", 1)]


LINES: dict[State, tuple[str, ...]] = {
    State.REPORTED: ("sl {h}", "pd {h} pcs"),
    State.INFO_NEEDED: ("bz {h} 三号楼", "sl {h}"),
    State.ACCEPTED: ("pd {h} pcs",),
    State.SELF_HANDLING: ("zc {h} 2",),
    State.STATION_COORD: ("zc {h} 2",),
    State.DISPATCHED: ("qs {h}", "dd {h}", "tj {h} 1", "hc {h} y"),
    State.HANDLING: ("dd {h}", "td {h} r1", "td {h} y 1"),
    State.SUBMITTED: ("hc {h} n 2", "tj {h} 1", "hc {h} y"),
    State.DIFF_REVIEW: ("yn {h} z1",),
    State.DIFF_LED: ("bz {h} 已会同",),
    State.SUSPENDED: ("hf {h}",),
    State.CLOSED: ("ck {h} 1",),
    State.VOIDED: ("ck {h} 3",),
}


@pytest.mark.parametrize("state", LINES, ids=str)
def test_an_imported_case_goes_on_like_any_other(
    load: Load, desk: Desk, clock: Hands, do: Callable[..., Outcome], state: State
) -> None:
    load([row(**ROWS[state][0], 状态=state.value)])
    for line in LINES[state]:
        clock.later(minutes=1)
        do(line.format(h="1001"))
    assert_whole(desk)


def test_a_unit_without_order_is_a_wish_and_said_so(load: Load, desk: Desk) -> None:
    done = load([row(承办="派出所")])
    case = cases_of(desk)[0]
    assert (case.state, case.lead, done.code) == (State.REPORTED, "", 0)
    assert any("承办" in warning for warning in done.warnings)


def test_I_1_an_open_case_is_held_by_the_desk_that_has_custody_not_by_the_file(load: Load, desk: Desk) -> None:
    assert load([row(经管="日班")]).new == 1
    assert cases_of(desk)[0].custodian == desk.facts().custodian == "night"


@pytest.mark.parametrize(
    ("cells", "field", "value"),
    [
        ({"退单次数": "1"}, "return_count", 1), ({"返工次数": "2"}, "rework_count", 2), ({"经管": "日班", "状态": "已结案", "结果": "已整改", "流程": "自发自处", "处置时间": "2021-03-01 23:20"}, "custodian", "day"),
        ({"登记时间": "2021-02-01 08:00"}, "recorded_at", "2021-02-01 08:00"), ({"案号": "ZJJ2021-B-00042"}, "serial", 42),
        ({"案号": "ZJJ2021-B-00042"}, "console", "B"), ({"案件标识": "0190aaaa-0000-7000-8000-000000000001"}, "id",
         "0190aaaa-0000-7000-8000-000000000001"), ({"案件标识": "别人的号"}, "number", "ZJJ2021-A-01001"),
        ({"经度": "121.05", "纬度": "31.1"}, "lon", 121_050_000), ({"经度": "nan", "纬度": "31.1"}, "lon", None),
    ],
)  # fmt: skip
def test_columns_that_an_export_adds_are_honoured(
    load: Load, desk: Desk, clock: Hands, cells: dict[str, str], field: str, value: Any
) -> None:
    assert load([row(**cells)]).new == 1
    found = getattr(cases_of(desk)[0], field)
    assert (clock.text(found) if field.endswith("_at") else found) == value
    assert_whole(desk)


def test_a_number_that_is_taken_is_a_conflict(load: Load, desk: Desk) -> None:
    load([row()])
    taken = row(编号="WX-2", 案号="ZJJ2021-A-01001")
    done = load([taken, row(编号="WX-3", 案号="ZJJ2021-A-02000"), row(编号="WX-4")], "b.csv")
    assert (done.new, done.rejects[0][1:3]) == (2, ("E_CONFLICT", "number"))
    assert [case.serial for case in cases_of(desk)] == [1001, 2000, 2001]
