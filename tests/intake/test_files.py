"""Formats, encodings, separators, headers and maps."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from tests.intake.conftest import GOOD, Load, cases_of, read_rows, row, text_of
from zjj_console.desk.desk import Desk
from zjj_console.intake.files import detect, open_table
from zjj_console.intake.table import IntakeError

ENGLISH = {
    "编号": "external_id",
    "上报时间": "reported_at",
    "地点": "place",
    "类别": "category",
    "描述": "text",
    "来源": "source",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_6_3_encoding_and_separator_are_found_out(load: Load, desk: Desk, encoding: str, delimiter: str) -> None:
    done = load(text_of([row(), row(编号="WX-2", 描述="桥，栏杆;断裂,有行人")], delimiter).encode(encoding))
    assert (done.new, done.code) == (2, 0)
    assert [case.text for case in cases_of(desk)] == [GOOD["描述"], "桥，栏杆;断裂,有行人"]


def test_6_3_headers_come_in_any_order_and_either_language(load: Load, desk: Desk) -> None:
    english = {ENGLISH[name]: cell for name, cell in reversed(GOOD.items())}
    assert load([english]).new == 1
    assert load([row()], "zh.csv").same == 1
    mixed = {
        " 编号 *": "WX-3",
        "Reported At": "2021-03-01 23:00",
        "村居": "东湖街",
        "CATEGORY": "zy",
        "问题描述": "示例",
        "source": "dh",
    }
    assert load([mixed], "mixed.csv").new == 1


@pytest.mark.parametrize("header", list(ENGLISH))
def test_6_3_a_missing_required_header_stops_before_any_row_and_is_named(load: Load, desk: Desk, header: str) -> None:
    with pytest.raises(IntakeError) as stopped:
        load([{name: cell for name, cell in GOOD.items() if name != header}])
    assert stopped.value.code == 3
    assert header in stopped.value.zh and stopped.value.field == ENGLISH[header]
    assert desk.reader.execute("SELECT count(*) FROM import_batch").fetchone() == (0,)


def test_a_missing_header_says_what_helps_and_what_the_file_says_is_clean_and_short(load: Load) -> None:
    theirs = {"\x1b[2J工单\n号": "1", **{f"很长的列名{n}" * 9: "x" for n in range(40)}}
    with pytest.raises(IntakeError) as stopped:
        load([theirs])
    assert "--map" in stopped.value.zh and "docs/users/import.md" in stopped.value.zh and "工单" in stopped.value.zh
    assert len(stopped.value.zh) <= 200 and stopped.value.zh.isprintable()
    with pytest.raises(IntakeError) as stopped:
        load("", "长" * 60 + "\x1b[2J.csv")
    assert stopped.value.error == "E_HEADER" and stopped.value.zh.isprintable()


def test_the_words_of_the_case_list_are_known(load: Load, desk: Desk) -> None:
    listed = {name: cell for name, cell in GOOD.items() if name != "描述"}
    over = {"处置时间": "2021-03-01 23:20", "结果": "已清理"}
    done = load([{**listed, **over, "级": "2", "事项": "路灯不亮(示例)", "单位": "城管中队", "上报单位": "一站"}])
    case = cases_of(desk)[0]
    assert (case.priority, case.text, case.lead, case.reporter) == (2, "路灯不亮(示例)", "cg", "z1")
    assert (done.code, done.warnings) == (0, [])


def test_the_words_of_the_case_list_yield_to_any_other_name(load: Load, desk: Desk) -> None:
    done = load([{"事项": "垃圾", "级": "1", **row(级别="2")}])
    assert (cases_of(desk)[0].text, cases_of(desk)[0].priority) == (GOOD["描述"], 2)
    assert done.warnings == ["未用的列: 事项、级"]


def test_every_column_that_is_not_used_is_named_once(load: Load) -> None:
    their = {**row(), "热线\x1b[2J工号": "1", "村居": "沙家埭村", "_row": "2", "": "x"}
    assert load([their, {**their, "编号": "WX-2"}]).warnings == ["未用的列: 热线工号、村居"]
    assert load([{**their, "编号": "WX-3"}], "dry.csv", dry_run=True).warnings[0].startswith("未用的列: ")


def test_a_text_that_is_cut_is_counted(load: Load, desk: Desk) -> None:
    texts = ["长" * 2001, "\u200b" + "长" * 2000, "a\u0301" * 2001, "长" * 2000 + " "]
    done = load([row(编号=f"WX-{n}", 描述=text) for n, text in enumerate(texts)])
    assert done.warnings == ["2 行文字过长，已截短"]
    assert {len(case.text) for case in cases_of(desk)} == {2000}
    assert load([row(编号="WX-3", 描述="短" * 2002)], "b.csv").warnings == ["1 行文字过长，已截短"]


def test_broken_bytes_refuse_their_row_only(load: Load, desk: Desk) -> None:
    content = text_of([row(), row(编号="WX-2"), row(编号="WX-3")]).encode().replace(b"WX-2,", b"WX-2\xff\xfe,")
    done = load(content)
    assert (done.new, done.rejected) == (2, 1)
    assert done.rejects[0][:2] == (3, "E_ENCODING")
    assert b"WX-2\xff\xfe" in Path(done.rejects_path).read_bytes()


def test_a_wrong_stated_encoding_refuses_rows_instead_of_storing_nonsense(load: Load) -> None:
    done = load(
        text_of([row()]).encode("gb18030").replace("编号,".encode("gb18030"), "编号,".encode("gb18030")),
        encoding="gb18030",
    )
    assert done.new == 1
    with pytest.raises(IntakeError) as stopped:
        load(text_of([row()]), encoding="latin-9000")
    assert stopped.value.code == 2


def test_a_few_broken_bytes_do_not_turn_utf_8_into_gb18030(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(text_of([row(编号=f"WX-{i}") for i in range(50)]).encode() + b"\xe4\xb8\n")
    assert detect(path) == ("utf-8", True)


def test_a_quote_that_is_never_closed_costs_one_row(load: Load, desk: Desk) -> None:
    lines = text_of([row(编号=f"WX-{i}") for i in range(1, 6)]).splitlines()
    lines[3] = lines[3].replace("东湖街桥头", '"东湖街桥头', 1)
    done = load("\n".join(lines))
    assert (done.new, done.rejected) == (4, 1)
    assert done.rejects[0][:2] == (4, "E_ROW")


def test_a_cell_of_several_lines_is_one_cell(load: Load, desk: Desk) -> None:
    load([row(描述="第一行\n第二行\r\n第三行"), row(编号="WX-2")])
    assert [case.text for case in cases_of(desk)] == ["第一行 第二行 第三行", GOOD["描述"]]


def test_short_rows_are_filled_and_blank_rows_passed_over(load: Load) -> None:
    text = text_of([{**row(), "备注": "x"}]) + "\r\n,,,,,,\r\n" + "WX-2,2021-03-01 23:00,东湖街,blj,示例,电话\r\n"
    done = load(text)
    assert (done.rows, done.new, done.rejected) == (2, 2, 0)


def test_a_row_with_a_separator_too_many_is_refused(load: Load) -> None:
    done = load(text_of([row()]) + "WX-2,2021-03-01 23:00,东湖街,blj,描述,有逗号,电话\r\n")
    assert (done.new, done.rejects[0][1]) == (1, "E_ROW")


@pytest.mark.parametrize("shape", ["array", "lines", "pretty"])
def test_json_in_every_shape(load: Load, desk: Desk, shape: str) -> None:
    rows = [row(), row(编号="WX-2", 级别="2")]
    content = {
        "array": json.dumps(rows, ensure_ascii=False),
        "lines": "\n".join(json.dumps(one, ensure_ascii=False) for one in rows) + "\n",
        "pretty": json.dumps(rows, indent=2),
    }[shape]
    assert load(content, "cases.json").new == 2
    assert [case.priority for case in cases_of(desk)] == [3, 2]


def test_json_damage_is_a_refused_row_and_numbers_are_text(load: Load, desk: Desk) -> None:
    good = {**row(), "编号": 7, "级别": 2}
    content = json.dumps(good) + "\n{不是\n[1, 2]\n" + json.dumps({**row(), "编号": "\ud800"}) + "\n"
    done = load(content, "cases.jsonl")
    assert (done.new, [reject[1] for reject in done.rejects]) == (1, ["E_ROW", "E_ROW", "E_ENCODING"])
    assert cases_of(desk)[0].external_id == "7"
    cut = load(json.dumps([row(编号="A"), row(编号="B")])[:-9], "cut.json")
    assert (cut.new, cut.rejected) == (1, 1)


def test_large_json_arrays_are_read_piece_by_piece(load: Load) -> None:
    rows = [row(编号=f"J-{i}", 描述="长" * 900) for i in range(400)]
    assert load(json.dumps(rows), "big.json").new == 400


def workbook(path: Path, rows: list[list[object]], sheet: str = "cases") -> Path:
    book = Workbook()
    page = book.active
    page.title = "说明"
    page = book.create_sheet(sheet, 0)
    for one in rows:
        page.append(one)
        for cell in page[page.max_row]:
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
    book.save(path)
    return path


def test_xlsx_dates_numbers_and_leading_zeros(load: Load, desk: Desk, tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "source.xlsx",
        [
            [*GOOD, "承办", "承办人", "状态", "级别"],
            ["007", datetime(2021, 3, 1, 23, 10), "东湖街", "blj", "=1+1是文字", 110, "pcs", "2101", "处置中", 2.0],
        ],
    )
    page_text = path.read_bytes()
    done = load(page_text, "cases.xlsx")
    assert done.rejected == 0, done.rejects
    case = cases_of(desk)[0]
    assert (case.external_id, case.source, case.lead_person, case.priority) == ("007", "p110", "2101", 2)
    assert case.text == "=1+1是文字"


def test_xlsx_sheet_is_chosen_by_name(load: Load, tmp_path: Path) -> None:
    content = workbook(tmp_path / "two.xlsx", [list(GOOD), list(GOOD.values())], "二月").read_bytes()
    assert load(content, "a.xlsx", sheet="二月").new == 1
    with pytest.raises(IntakeError) as stopped:
        load(content, "a.xlsx", sheet="三月")
    assert stopped.value.code == 2 and "二月" in stopped.value.zh
    with pytest.raises(IntakeError) as stopped:
        load(b"PK\x03\x04 broken", "b.xlsx")
    assert stopped.value.code == 3


def test_map_file_renames_headers_and_values(load: Load, desk: Desk, tmp_path: Path) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text(
        '[headers]\n"单号" = "external_id"\n"事发地" = "地点"\n[values.source]\n"热线" = "电话"\n[values.category]\n"垃圾" = "blj"\n',
        "utf-8",
    )
    their = {
        "单号": "Q1",
        "上报时间": "2021-03-01 23:10",
        "事发地": "东湖街",
        "类别": "垃圾",
        "描述": "示例",
        "来源": "热线",
    }
    done = load([their], map=mapping)
    assert done.new == 1
    assert (cases_of(desk)[0].external_id, cases_of(desk)[0].category) == ("Q1", "blj")
    mapping.write_text("[headers\n", "utf-8")
    with pytest.raises(IntakeError) as stopped:
        load([their], map=mapping)
    assert stopped.value.code == 2


def test_unknown_columns_are_kept_in_the_reject_file(load: Load) -> None:
    done = load([{**row(地点="火星"), "热线工号": "0042"}])
    assert read_rows(done.rejects_path)[0]["热线工号"] == "0042"


def test_format_is_taken_from_the_content_where_the_name_says_nothing(load: Load) -> None:
    assert load(json.dumps([row()]), "cases").new == 1
    assert load(text_of([row(编号="WX-2")]), "cases2").new == 1


def test_no_file_is_not_found_and_an_empty_one_has_no_header(load: Load, desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(IntakeError) as stopped:
        open_table(tmp_path / "none.csv")
    assert stopped.value.code == 6
    for name in ("empty.csv", "empty.json", "empty.jsonl"):
        with pytest.raises(IntakeError) as stopped:
            load(b"", name)
        assert stopped.value.code == 3


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Rows are handed out one by one: the reader has read little of a large file when its first row is there."""
    path = tmp_path / "large.csv"
    line = ",".join(GOOD.values()) + "\n"
    path.write_text(",".join(GOOD) + "\n" + line * 60_000, "utf-8")
    table = open_table(path)
    next(table.rows)
    assert table.share() < 0.1
    assert sum(1 for _ in table.rows) == 59_999
    assert table.share() == 1.0
    table.close()
