"""§6.3 row rules: what is refused, with which code, and what is not."""

from pathlib import Path

import pytest

from tests.conftest import Hands
from tests.intake.conftest import Load, assert_whole, cases_of, read_rows, row
from zjj_console.desk.desk import Desk
from zjj_console.domain.model import State
from zjj_console.intake.table import IntakeError

REFUSED = [
    ({"上报时间": "昨天晚上"}, "E_TIME", "reported_at"),
    ({"上报时间": "2021-02-30 10:00"}, "E_TIME", "reported_at"),
    ({"上报时间": "2021-03-01 23:30"}, "E_TIME_FUTURE", "reported_at"),
    ({"上报时间": "2021-03-02 08:00"}, "E_TIME_FUTURE", "reported_at"),
    ({"上报时间": ""}, "E_REQUIRED", "reported_at"),
    ({"地点": "沙加埭"}, "E_PLACE_UNKNOWN", "place"),
    ({"地点": "sjd"}, "E_PLACE_AMBIGUOUS", "place"),
    ({"类别": "外星人"}, "E_CATEGORY", "category"),
    ({"类别": ""}, "E_REQUIRED", "category"),
    ({"来源": "飞鸽"}, "E_SOURCE", "source"),
    ({"来源": " "}, "E_REQUIRED", "source"),
    ({"描述": "\u200b"}, "E_REQUIRED", "text"),
    ({"级别": "五级"}, "E_PRIORITY", "priority"),
    ({"承办": "不存在的科", "状态": "处置中"}, "E_REF", "unit"),
    ({"承办": "城管中队", "承办人": "9999", "状态": "处置中"}, "E_REF", "person"),
    ({"协办": "派出所、不存在的科"}, "E_REF", "assists"),
    ({"状态": "睡着了"}, "E_STATE", "status"),
    ({"状态": "草稿"}, "E_STATE", "status"),
    ({"状态": "已并案"}, "E_STATE", "status"),
    ({"流程": "随便"}, "E_STATE", "flow"),
    ({"流程": "疑难案件"}, "E_STATE", "status"),
    ({"处置时间": "2021-03-01 23:20", "结果": "已整改"}, "E_STATE", "unit"),
    ({"处置时间": "2021-03-01 23:20", "承办": "城管中队"}, "E_STATE", "result"),
    ({"结果": "已整改", "承办": "城管中队"}, "E_STATE", "handled_at"),
    ({"状态": "待签收"}, "E_STATE", "unit"),
    ({"状态": "待核查", "结果": "已整改", "处置时间": "2021-03-01 23:20"}, "E_STATE", "unit"),
    ({"状态": "待受理", "结果": "已整改", "处置时间": "2021-03-01 23:20"}, "E_STATE", "status"),
    ({"状态": "疑难牵头", "承办": "城管中队"}, "E_STATE", "status"),
    ({"状态": "待签收", "承办": "v03"}, "E_STATE", "status"),
    ({"状态": "待补充", "级别": "1"}, "E_STATE", "status"),
    ({"状态": "挂账", "承办": "城管中队", "级别": "2"}, "E_STATE", "status"),
    ({"状态": "自处中", "级别": "1"}, "E_STATE", "status"),
    ({"状态": "待签收", "承办": "城管中队", "地点": "待定"}, "E_STATE", "status"),
    ({"处置时间": "2021-03-01 22:00", "结果": "已整改", "承办": "城管中队"}, "E_STATE", "handled_at"),
    ({"处置时间": "2021-03-02 22:00", "结果": "已整改", "承办": "城管中队"}, "E_TIME_FUTURE", "handled_at"),
    ({"退单次数": "很多"}, "E_STATE", "return_count"),
]


@pytest.mark.parametrize(("cells", "code", "field"), REFUSED, ids=lambda value: str(value)[:40])
def test_6_3_a_bad_row_is_refused_by_code_field_and_suggestion(
    load: Load, desk: Desk, cells: dict[str, str], code: str, field: str
) -> None:
    done = load([row(**cells), row(编号="WX-0002")])
    assert (done.rows, done.new, done.rejected, done.code) == (2, 1, 1, 4)
    number, found, at, message, suggestion = done.rejects[0]
    assert (number, found, at) == (2, code, field)
    assert message and suggestion
    kept = desk.reader.execute("SELECT row, code, message, suggestion FROM import_reject").fetchall()
    assert kept == [(2, code, message, suggestion)]
    assert_whole(desk)


def test_6_3_unknown_place_names_the_nearest_and_guesses_nothing(load: Load) -> None:
    done = load([row(地点="沙加埭")])
    assert "沙家埭村" in done.rejects[0][4]
    assert done.new == 0


def test_6_3_ambiguous_place_names_all_that_it_may_be(load: Load, desk: Desk) -> None:
    done = load([row(地点="sjd")])
    assert done.rejects[0][4].count("、") >= 1


def test_every_fault_of_a_row_is_told_at_once(load: Load) -> None:
    done = load([row(地点="火星", 类别="外星人", 级别="9")])
    _, code, _, message, _ = done.rejects[0]
    assert code == "E_PLACE_UNKNOWN"
    assert "外星人" in message and "9" in message


def test_6_3_older_than_sixty_days_is_a_warning_only(load: Load) -> None:
    done = load([row(上报时间="2020-11-01 10:00")])
    assert (done.new, done.code) == (1, 0)
    assert any("60" in warning for warning in done.warnings)


@pytest.mark.parametrize("cell", ["东湖街", "东湖街居委会", "东湖街居民委员会", "310118102003", "dhj", "DHJ", "ｄｈｊ"])
def test_a_place_may_be_written_as_name_office_code_or_pinyin(load: Load, desk: Desk, cell: str) -> None:
    assert load([row(地点=cell)]).new == 1
    case = cases_of(desk)[0]
    assert (case.place, case.committee, case.grid) == ("东湖街", "310118102003", "g1")


@pytest.mark.parametrize("cell", ["", "待定", "地点待定", "-"])
def test_a_case_may_come_without_a_place(load: Load, desk: Desk, cell: str) -> None:
    assert load([row(地点=cell)]).new == 1
    assert cases_of(desk)[0].committee == ""


@pytest.mark.parametrize("cell", ["blj", "BLJ", "暴露垃圾"])
def test_a_category_may_be_written_as_token_or_name(load: Load, desk: Desk, cell: str) -> None:
    assert load([row(类别=cell)]).new == 1
    assert (cases_of(desk)[0].category, cases_of(desk)[0].priority) == ("blj", 3)


@pytest.mark.parametrize("cell", ["110", "p110", "110非警情分流", "１１０"])
def test_a_source_may_be_written_as_token_code_or_name(load: Load, desk: Desk, cell: str) -> None:
    assert load([row(来源=cell)]).new == 1
    assert cases_of(desk)[0].source == "p110"


@pytest.mark.parametrize(
    "cell",
    [
        "2021-03-01 23:10", "2021-03-01 23:10:00", "2021-03-01T23:10:00+08:00", "2021-03-01T15:10:00Z", "2021/3/1 23:10",
        "2021.03.01 23:10", "2021年3月1日23时10分", "２０２１-０３-０１ ２３：１０", "2021-03-01T23:10:00.000+0800",
    ],
)  # fmt: skip
def test_times_of_every_usual_writing_are_one_instant(load: Load, desk: Desk, clock: Hands, cell: str) -> None:
    assert load([row(上报时间=cell)]).new == 1
    assert clock.text(cases_of(desk)[0].reported_at) == "2021-03-01 23:10"


def test_text_from_outside_cannot_steer_a_terminal(load: Load, desk: Desk) -> None:
    load([row(描述="\x1b]0;hacked\x07桥\u202e栏杆\x1b[2J断裂", 上报人="甲\x00乙")])
    case = cases_of(desk)[0]
    assert (case.text, case.reporter) == ("桥栏杆断裂", "甲乙")


def test_a_row_that_is_over_keeps_lead_result_times_and_whether_it_was_on_time(
    load: Load, desk: Desk, clock: Hands
) -> None:
    over = row(上报时间="2021-02-22 09:00", 处置时间="2021-02-22 15:00", 结果="已清理", 承办="城管中队", 级别="2")
    late = row(**{**over, "编号": "WX-2", "处置时间": "2021-02-24 15:00"})
    own = row(**{**over, "编号": "WX-3", "流程": "自发自处", "承办": ""})
    assert load([over, late, own]).new == 3
    one, two, three = cases_of(desk)
    assert (one.state, one.flow, one.lead, one.result, one.on_time) == (State.CLOSED, "general", "cg", "cleaned", True)
    assert clock.text(one.closed_at) == "2021-02-22 15:00"
    assert clock.text(one.due_final) == "2021-02-23 09:00"
    assert two.on_time is False
    assert (three.state, three.flow, three.on_time) == (State.CLOSED, "self", None)
    assert_whole(desk)


def test_a_wording_that_is_no_result_of_the_list_is_kept_as_text(load: Load, desk: Desk) -> None:
    load([row(处置时间="2021-03-01 23:20", 结果="已通知物业更换灯泡", 承办="城管中队")])
    case = cases_of(desk)[0]
    assert (case.result, case.result_text) == ("other", "已通知物业更换灯泡")


def test_T03_a_row_without_status_waits_from_its_report_and_may_be_late_at_once(
    load: Load, desk: Desk, clock: Hands
) -> None:
    load([row(上报时间="2021-03-01 22:00", 级别="2", 来源="110", 电话="0000-0001")])
    case = cases_of(desk)[0]
    assert case.state is State.REPORTED
    assert {code: clock.text(c.due) for code, c in case.clocks.items()} == {
        "ACC": "2021-03-01 22:15", "P110": "2021-03-01 22:15", "FC": "2021-03-01 22:03",
    }  # fmt: skip


def test_reject_file_holds_the_cells_as_they_came_and_what_to_mend(load: Load, tmp_path: Path) -> None:
    done = load([row(地点="沙加埭", 备注="=1+1", 责任田="原样")])
    found = read_rows(done.rejects_path)
    assert Path(done.rejects_path).read_bytes().startswith(b"\xef\xbb\xbf")
    assert found[0]["地点"] == "沙加埭" and found[0]["责任田"] == "原样" and found[0]["备注"] == "'=1+1"
    assert (found[0]["_row"], found[0]["_code"], found[0]["_field"]) == ("2", "E_PLACE_UNKNOWN", "地点")
    assert list(found[0])[-5:] == ["_row", "_code", "_field", "_message", "_suggestion"]
    assert not list(tmp_path.glob(".*part"))


def test_the_mended_reject_file_can_be_imported_itself(load: Load, desk: Desk) -> None:
    done = load([row(), row(编号="WX-2", 地点="沙加埭"), row(编号="WX-3", 类别="外星人")])
    path = Path(done.rejects_path)
    mended = path.read_text("utf-8-sig").replace("沙加埭,", "沙家埭村,", 1)
    again = load("\ufeff" + mended, path.name)
    assert (again.rows, again.new, again.rejected) == (2, 1, 1)
    assert {case.place for case in cases_of(desk)} == {"东湖街", "沙家埭村"}
    assert [r["_code"] for r in read_rows(again.rejects_path)] == ["E_CATEGORY"]
    assert list(read_rows(again.rejects_path)[0]).count("_row") == 1


def test_nothing_refused_leaves_no_reject_file(load: Load, tmp_path: Path) -> None:
    done = load([row()])
    assert done.rejects_path == "" and not list(tmp_path.glob("*.rejects.csv"))


def test_a_reject_file_that_cannot_be_written_stops_the_import_whole(load: Load, desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(IntakeError) as stopped:
        load([row(), row(编号="WX-2", 地点="火星")], rejects=tmp_path / "none" / "bad.csv")
    assert stopped.value.code == 3 and "--rejects" in stopped.value.zh
    assert cases_of(desk) == []
