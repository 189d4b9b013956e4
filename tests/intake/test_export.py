"""Export writes what import reads back to the same cases."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Hands, actor_of
from tests.intake.conftest import Load, assert_whole, cases_of, read_rows, row, tables
from tests.intake.test_states import ROWS
from zjj_console.desk.desk import Desk
from zjj_console.domain.climb import TIMER
from zjj_console.domain.model import State
from zjj_console.domain.safe import safe_text
from zjj_console.intake.demo import seed_demo
from zjj_console.intake.engine import import_cases
from zjj_console.intake.export import export_cases
from zjj_console.intake.table import IntakeError
from zjj_console.storage.reads import Filter


@pytest.fixture
def other(new_db: Callable[[], Path], open_desk: Callable[..., tuple[Desk, Hands]], clock: Hands) -> Iterator[Desk]:
    desk, _ = open_desk(new_db(), "0001", clock)
    yield desk
    desk.close()


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "xlsx"])
def test_a_whole_night_comes_back_as_it_was(desk: Desk, other: Desk, tmp_path: Path, suffix: str) -> None:
    seed_demo(desk, 3)
    file = tmp_path / f"all.{suffix}"
    assert export_cases(desk, file).rows == 66
    again = import_cases(desk, file)
    assert (again.same, again.changed, again.rejected) == (66, 0, 0), again.rejects
    done = import_cases(other, file)
    assert (done.new, done.rejected, done.warnings) == (66, 0, []), done.rejects

    def whole(case):  # type: ignore[no-untyped-def]
        return type(case).__name__, {f: getattr(case, f) for f in case.__struct_fields__ if f != "version"}

    assert [whole(case) for case in cases_of(other)] == [whole(case) for case in cases_of(desk)]

    def running(one):  # type: ignore[no-untyped-def]
        return [timer for timer in tables(one)["timer"] if timer[1] != TIMER]  # who was called is not in the file

    assert running(other) == running(desk)
    assert_whole(other)


def test_a_row_edited_by_hand_is_believed_over_the_hidden_column(
    load: Load, desk: Desk, other: Desk, tmp_path: Path
) -> None:
    load([row(**ROWS[State.DISPATCHED][0], 状态="待签收")])
    file = tmp_path / "out.csv"
    export_cases(desk, file)
    rows = read_rows(file)
    rows[0]["状态"], rows[0]["承办"], rows[0]["承办人"] = "处置中", "城管中队", ""
    done = load(rows, "edited.csv", by=other)
    case = cases_of(other)[0]
    assert (done.new, case.state, case.lead, case.lead_person) == (1, State.HANDLING, "cg", "2201")


@pytest.mark.parametrize(
    "hidden",
    ["{", "[]", '{"clocks": {"ACC": ["ACC", "wall", "nobody", 1, 1, 1, null, null]}}', '{"serial": 99999999999999999999}',
     '{"dispatches": [[1]]}', '{"state": "CLOSED"}', '{"reported_at": 1.5}', '{"text": "\\u001b]0;x\\u0007"}',
     '{"dispatches": [[7, "lead", "pcs", "2101", 1, "wechat", "QUEUED", true, ""]]}'],
)  # fmt: skip
def test_a_hidden_column_that_lies_does_no_harm(load: Load, desk: Desk, hidden: str) -> None:
    done = load([row(机内数据=hidden)])
    assert (done.new, done.rejected) == (1, 0)
    case = cases_of(desk)[0]
    assert case.state is State.REPORTED and case.text == "东湖街桥头暴露垃圾(示例)" and case.serial == 1001
    assert_whole(desk)


def test_formulas_are_neutralised_and_come_back_as_they_were(
    load: Load, desk: Desk, other: Desk, tmp_path: Path
) -> None:
    evil = ["=1+1", "+2", "-3", "@SUM(A1)", "'=x", '=HYPERLINK("x")']
    load([row(编号=f"WX-{n}", 描述=text) for n, text in enumerate(evil)])
    assert [case.text for case in cases_of(desk)] == ["=1+1", "+2", "-3", "@SUM(A1)", "=x", '=HYPERLINK("x")']
    file = tmp_path / "out.csv"
    export_cases(desk, file)
    for one in read_rows(file):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in one.values())
    assert import_cases(other, file).new == len(evil)
    assert [case.text for case in cases_of(other)] == [case.text for case in cases_of(desk)]


def test_csv_opens_in_a_spreadsheet_and_jsonl_in_a_program(load: Load, desk: Desk, tmp_path: Path) -> None:
    load([row(**ROWS[State.CLOSED][0])])
    export_cases(desk, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    shown = read_rows(tmp_path / "a.csv")[0]
    assert (shown["类别"], shown["状态"], shown["承办"], shown["结果"]) == ("暴露垃圾", "已结案", "派出所", "已劝离")
    export_cases(desk, tmp_path / "a.jsonl")
    plain = json.loads((tmp_path / "a.jsonl").read_text("utf-8"))
    assert (plain["category"], plain["status"], plain["unit"]) == ("blj", "CLOSED", "pcs")
    assert plain["reported_at"] == "2021-03-01T22:00:00+08:00"


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize(
    ("who", "whole"), [("0001", {"WX-0001", "WX-2"}), ("2101", {"WX-0001"}), ("2201", set()), ("0006", set())]
)
def test_NV_19_a_number_leaves_whole_only_for_the_desk_and_the_lead_unit(
    load: Load, desk: Desk, tmp_path: Path, suffix: str, who: str, whole: set[str]
) -> None:
    numbers = {"WX-0001": "00000001234", "WX-2": "00000005678"}
    load(
        [
            row(**ROWS[State.DISPATCHED][0], 状态="待签收", 电话=numbers["WX-0001"]),
            row(编号="WX-2", 来源="110", 电话=numbers["WX-2"]),
        ]
    )
    officer, desk.actor = desk.actor, actor_of(desk.town, who)
    file = tmp_path / f"out.{suffix}"
    export_cases(desk, file)
    text = file.read_text("utf-8-sig")
    assert {name for name, number in numbers.items() if number in text} == whole
    assert all(number[-4:] in text for number in numbers.values())
    desk.actor = officer
    again = import_cases(desk, file)
    assert (again.same, again.changed, again.rejected) == (2, 0, 0)
    assert [case.phone for case in cases_of(desk)] == list(numbers.values())


def test_filters_choose_what_is_written(load: Load, desk: Desk, tmp_path: Path) -> None:
    load([row(), row(编号="WX-2", 级别="1"), row(编号="WX-3", **ROWS[State.VOIDED][0], 状态="已作废")])
    assert export_cases(desk, tmp_path / "a.csv", Filter(open=True)).rows == 2
    assert export_cases(desk, tmp_path / "a.csv", Filter(open=None, priority=(1,))).rows == 1
    with pytest.raises(IntakeError) as stopped:
        export_cases(desk, tmp_path / "a.pdf")
    assert stopped.value.code == 2
    with pytest.raises(IntakeError) as stopped:
        export_cases(desk, tmp_path / "no" / "a.csv")
    assert stopped.value.code == 3


def test_a_failed_export_leaves_the_old_file(
    load: Load, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load([row()])
    (tmp_path / "a.csv").write_text("old")

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("zjj_console.intake.export._machine", fail)
    with pytest.raises(KeyboardInterrupt):
        export_cases(desk, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "old"
    assert not list(tmp_path.glob(".*part"))


@given(texts=st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=8))
def test_any_text_survives_the_round_trip(
    texts: list[str], new_db: Callable[[], Path], open_desk: Callable[..., tuple[Desk, Hands]], tmp_path: Path
) -> None:
    one, clock = open_desk(new_db())
    two, _ = open_desk(new_db(), "0001", clock)
    try:
        file = tmp_path / "in.jsonl"
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        file.write_text(
            "\n".join(json.dumps(row(编号=f"WX-{n}", 描述=text, 上报人=text)) for n, text in enumerate(clean))
        )
        import_cases(one, file)
        export_cases(one, tmp_path / "out.csv")
        import_cases(two, tmp_path / "out.csv")
        assert [(c.text, c.reporter) for c in cases_of(two)] == [(c.text, c.reporter) for c in cases_of(one)]
        assert all(c.text == safe_text(c.text) for c in cases_of(two))
    finally:
        one.close()
        two.close()
