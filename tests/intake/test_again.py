"""§6.4: importing again is harmless, whatever has happened in between."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Hands
from tests.intake.conftest import Load, Row, assert_whole, cases_of, row, tables, text_of
from zjj_console.desk.desk import Desk
from zjj_console.desk.outcome import Outcome
from zjj_console.domain.model import State
from zjj_console.intake.engine import import_cases
from zjj_console.intake.table import IntakeError
from zjj_console.storage.db import StorageError, connect
from zjj_console.town.models import Town


def fifteen() -> tuple[list[Row], list[Row]]:
    """Nine rows of an earlier file, and the file of fifteen: those, four new ones, two bad ones."""
    old = [row(编号=f"WX-{n}") for n in range(9)]
    new = [row(编号=f"WX-{n}") for n in range(20, 24)]
    bad = [row(编号="WX-30", 地点="沙加埭"), row(编号="WX-31", 上报时间="2021-03-02 08:00")]
    return old, [*old[:5], bad[0], *old[5:], *new[:3], bad[1], *new[3:]]


def test_6_5_fifteen_rows_imported_by_two_runs(load: Load, desk: Desk) -> None:
    old, file = fifteen()
    load(old, "old.csv")
    first = load(file)
    assert first.line.startswith("批次 I-0002 行15 新4 改0 同9 拒2 用时")
    assert first.code == 4
    before = tables(desk)
    second = load(file)
    assert second.line.startswith("批次 I-0003 行15 新0 改0 同13 拒2 用时")
    assert second.code == 4
    assert tables(desk) == before
    assert_whole(desk)


def test_6_5_atomic_refuses_the_whole_file(load: Load, desk: Desk) -> None:
    done = load(fifteen()[1], atomic=True)
    assert (done.code, done.rejected) == (3, 2)
    assert cases_of(desk) == [] and desk.reader.execute("SELECT count(*) FROM event").fetchone() == (0,)
    assert load(fifteen()[0], atomic=True).code == 0
    assert len(cases_of(desk)) == 9


def test_dry_run_says_the_same_and_writes_nothing(load: Load, desk: Desk, tmp_path: Path) -> None:
    file = fifteen()[1]
    dry = load(file, dry_run=True)
    assert (dry.new, dry.rejected, dry.code, dry.rejects_path) == (13, 2, 4, "")
    assert desk.reader.execute(
        "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM import_batch)"
    ).fetchone() == (0,)
    assert not list(tmp_path.glob("*rejects*"))
    wet = load(file)
    assert (wet.new, wet.rejected, wet.code) == (dry.new, dry.rejected, dry.code)


def test_too_many_rejects_stop_the_reading(load: Load, desk: Desk) -> None:
    bad = [row(编号=f"B-{n}", 地点="火星") for n in range(10)]
    assert load(bad, max_rejects=3).code == 3
    done = load([row(), *bad, row(编号="WX-2")], "b.csv", max_rejects=3)
    assert (done.code, done.new, done.rejected, done.rows) == (4, 1, 4, 5)


def test_6_4_of_two_rows_with_one_number_in_a_file_the_first_wins_at_every_import(load: Load, desk: Desk) -> None:
    file = [row(), row(), row(描述="改过的描述(示例)"), row(编号="WX-2")]
    first = load(file)
    assert (first.new, first.same, first.changed, first.rejected) == (2, 1, 0, 1)
    assert first.rejects[0][:3] == (4, "E_CONFLICT", "external_id")
    for _ in range(2):
        again = load(file)
        assert (again.new, again.same, again.changed, again.rejected) == (0, 3, 0, 1)
        assert again.rejects == first.rejects
    assert cases_of(desk)[0].text == row()["描述"]
    assert_whole(desk)


def test_6_4_the_first_of_two_rows_wins_across_batches_and_over_an_earlier_file(
    load: Load, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zjj_console.intake.engine.BATCH", 1)
    load([row(描述="第二种说法(示例)")])
    file = [row(), row(描述="第二种说法(示例)")]
    done = load(file)
    assert (done.changed, done.rejected) == (1, 1)
    again = load(file)
    assert (again.same, again.changed, again.rejected) == (1, 0, 1)
    assert cases_of(desk)[0].text == row()["描述"]


def test_a_masked_number_is_not_said_and_overwrites_nothing(load: Load, desk: Desk) -> None:
    load([row(电话="00000001234")])
    for n, cell in enumerate(("0** **** 1234", "****", "000****1234", "０００＊＊＊＊１２３４")):
        assert load([row(电话=cell)], f"{n}.csv").same == 1
    assert cases_of(desk)[0].phone == "00000001234"
    done = load([row(编号="WX-2", 电话="0** **** 1234", 来源="110")], "new.csv")
    assert done.warnings == ["1 行电话已隐去，未采用"]
    assert cases_of(desk)[1].phone == "" and "FC" not in cases_of(desk)[1].clocks


def test_a_row_without_number_is_known_by_what_it_says(load: Load, desk: Desk) -> None:
    nameless = row(编号="")
    assert load([nameless]).new == 1
    again = {**nameless, "上报时间": "2021-03-01 23:10:30", "描述": " 东湖街 桥头暴露垃圾(示例)"}
    assert load([{**nameless}], "b.csv").same == 1
    assert load([again], "c.csv").new == 0
    assert load([{**nameless, "上报时间": "2021-03-01 23:11"}], "d.csv").new == 1
    assert len(cases_of(desk)) == 2


def test_a_changed_row_changes_the_case_while_it_is_REPORTED(load: Load, desk: Desk, clock: Hands) -> None:
    load([row(级别="3")])
    done = load([row(级别="1", 地点="沙家埭村", 电话="0000-0001")])
    assert (done.changed, done.code) == (1, 0)
    case = cases_of(desk)[0]
    assert (case.priority, case.place, case.phone, case.version) == (1, "沙家埭村", "0000-0001", 2)
    assert case.grid == desk.town.whereabouts(case.committee)[0]
    assert clock.text(case.clocks["ACC"].due) == "2021-03-01 23:15"
    kinds = [found[0] for found in desk.reader.execute("SELECT kind FROM event ORDER BY lseq")]
    assert kinds == ["cases_imported", "corrected"]
    assert load([row(级别="1", 地点="沙家埭村", 电话="0000-0001")]).same == 1
    assert_whole(desk)


def test_a_changed_row_conflicts_once_officers_have_acted(load: Load, desk: Desk, do: Callable[..., Outcome]) -> None:
    load([row()])
    do("sl 1001")
    done = load([row(描述="别的说法(示例)")])
    assert (done.rejected, done.code, done.rejects[0][1]) == (1, 4, "E_CONFLICT")
    assert "1001" in done.rejects[0][3]


def test_the_same_file_is_the_same_after_officers_have_worked(
    load: Load, desk: Desk, do: Callable[..., Outcome]
) -> None:
    rows = [row(地点="待定"), row(编号="WX-2", 级别="3"), row(编号="WX-3")]
    load(rows)
    do("dz 1001 dhj")
    do("sl 1002 1")
    do("pd 1002 pcs")
    do("zc 1003 2")
    before = tables(desk)
    assert load(rows).same == 3
    assert tables(desk) == before


def test_an_officers_place_is_not_undone_by_another_change_of_the_row(
    load: Load, desk: Desk, do: Callable[..., Outcome]
) -> None:
    load([row(地点="待定")])
    do("dz 1001 dhj")
    assert load([row(地点="待定", 上报人="示例居民")]).changed == 1
    case = cases_of(desk)[0]
    assert (case.place, case.reporter) == ("东湖街", "示例居民")


def test_a_clock_that_was_met_stays_met_when_the_row_changes(
    load: Load, desk: Desk, do: Callable[..., Outcome]
) -> None:
    load([row(来源="110", 电话="0000-0001")])
    do("xl 1001 1")
    assert load([row(来源="110", 电话="0000-0001", 级别="2")]).changed == 1
    clocks = cases_of(desk)[0].clocks
    assert not clocks["FC"].running and clocks["ACC"].running


def test_the_other_system_may_finish_a_case_that_nobody_here_has_touched(load: Load, desk: Desk) -> None:
    load([row()])
    over = row(处置时间="2021-03-01 23:20", 结果="已清理", 承办="城管中队")
    assert load([over]).changed == 1
    case = cases_of(desk)[0]
    assert (case.state, case.lead, case.result, case.serial) == (State.CLOSED, "cg", "cleaned", 1001)
    assert load([over]).same == 1
    assert_whole(desk)


def test_a_case_typed_at_the_desk_with_that_number_is_the_same_case(
    load: Load, desk: Desk, do: Callable[..., Outcome]
) -> None:
    do("xj dhj blj 3 dh", extra={"external_id": "WX-0001", "text": "东湖街桥头暴露垃圾(示例)"})
    done = load([row(上报时间="2021-03-01 23:24:00")])
    assert (done.new, done.same) == (0, 1)


def test_serials_continue_behind_the_highest(load: Load, desk: Desk, do: Callable[..., Outcome]) -> None:
    do("xj dhj blj")
    load([row(), row(编号="WX-2")])
    do("xj dhj blj")
    assert [case.serial for case in cases_of(desk)] == [1001, 1002, 1003, 1004]


def test_two_consoles_make_the_same_case_of_a_row(
    load: Load, desk: Desk, new_db: Callable[[], Path], open_desk: Callable[..., tuple[Desk, Hands]]
) -> None:
    other, _ = open_desk(new_db(), "0002")
    load([row(), row(编号="")])
    load([row(编号=""), row()], "b.csv", by=other)
    assert {case.id for case in cases_of(desk)} == {case.id for case in cases_of(other)}
    other.close()


def test_a_key_answers_again_and_refuses_another_content(load: Load, desk: Desk) -> None:
    first = load([row()], key="cron-1")
    again = load([row()], key="cron-1")
    assert (first.new, again.new, again.same, again.repeated, again.batch) == (1, 0, 1, True, "I-0001")
    with pytest.raises(IntakeError) as stopped:
        load([row(), row(编号="WX-2")], key="cron-1")
    assert stopped.value.code == 5


def test_every_import_is_kept_with_its_figures(load: Load, desk: Desk) -> None:
    load(fifteen()[1])
    batch = desk.reader.execute(
        "SELECT kind, file, actor, rows, new, same, rejected, code, done FROM import_batch"
    ).fetchone()
    assert batch == ("cases", "cases.csv", "0001", 15, 13, 0, 2, 4, 1)


def test_who_may_not_report_may_not_import(load: Load, desk: Desk, town: Town) -> None:
    desk.actor = type(desk.actor)("x", "x", "", frozenset({"assessor"}))
    with pytest.raises(IntakeError) as stopped:
        load([row()])
    assert stopped.value.code == 7


def test_a_busy_database_is_exit_10_and_nothing_is_lost(
    load: Load, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zjj_console.storage.db.BUSY_SECONDS", 0.05)
    other = connect(desk.path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError) as stopped:
        load([row()])
    assert stopped.value.code == 10
    other.execute("ROLLBACK")
    other.close()
    assert load([row()]).new == 1


_CHILD = """
import sys
from pathlib import Path
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.intake import engine
from zjj_console.town.load import builtin, load_town
engine.BATCH = 1000
town = load_town(builtin())
desk = Desk(Path(sys.argv[1]), town, actor_of(town, "0001"), lambda: int(sys.argv[3]))
engine.import_cases(desk, Path(sys.argv[2]), None, lambda rows, share: print(rows, flush=True))
"""


def test_6_5_killed_in_the_middle_of_ten_thousand_rows_a_second_run_completes(
    desk: Desk, clock: Hands, tmp_path: Path
) -> None:
    path = tmp_path / "many.csv"
    path.write_text(text_of([row(编号=f"WX-{n}") for n in range(10_000)]), "utf-8")
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(desk.path), str(path), str(clock.now)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) >= 3000:
            break
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    kept = len(cases_of(desk))
    assert 3000 <= kept < 10_000
    assert desk.reader.execute("SELECT done FROM import_batch").fetchone() == (0,)
    done = import_cases(desk, path)
    assert (done.rows, done.new, done.same, done.rejected) == (10_000, 10_000 - kept, kept, 0)
    assert len({case.external_id for case in cases_of(desk)}) == len(cases_of(desk)) == 10_000
    assert_whole(desk)


def test_between_two_batches_another_process_may_write(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zjj_console.intake.engine.BATCH", 1000)
    path = tmp_path / "many.csv"
    path.write_text(text_of([row(编号=f"WX-{n}") for n in range(3000)]), "utf-8")
    seen: list[float] = []

    def between(rows: int, share: float) -> None:
        other = connect(desk.path)
        begun = time.perf_counter()
        other.execute("BEGIN IMMEDIATE")
        seen.append(time.perf_counter() - begun)
        other.execute("ROLLBACK")
        other.close()

    import_cases(desk, path, None, between)
    assert len(seen) >= 3 and max(seen) < 1


def test_I_8_a_file_cannot_renumber_a_known_case_nor_give_its_outside_number_to_another(load: Load, desk: Desk) -> None:
    load([row(编号="WX-1"), row(编号="WX-2")])
    taken = cases_of(desk)[0].number
    again = load([row(编号="WX-1"), row(编号="WX-1", 案件标识="00000000-0000-4000-8000-000000000001"),
                  row(编号="WX-2", 案号=taken)])  # fmt: skip
    assert [(code, field) for _, code, field, _, _ in again.rejects] == [
        ("E_CONFLICT", "external_id"), ("E_CONFLICT", "number"),
    ]  # fmt: skip
    assert (again.same, again.new, again.changed) == (1, 0, 0)
    assert_whole(desk)


@pytest.mark.parametrize("text", ["示例描述", "'=有一撇的示例描述"], ids=["plain", "unusual"])
@pytest.mark.parametrize("ours_first", [True, False])
def test_I_8_of_two_rows_with_one_outside_number_one_of_them_with_an_id_of_ours_the_first_is_the_case(
    load: Load, desk: Desk, text: str, ours_first: bool
) -> None:
    ours = row(编号="WX-1", 案件标识="00000000-0000-4000-8000-000000000001")
    other = {**row(编号="WX-1", 描述=text), "案件标识": ""}
    pair = [ours, other] if ours_first else [other, ours]
    done = load([row(编号="WX-0") | {"案件标识": ""}, *pair])
    assert (done.new, done.rejected) == (2, 1)
    assert done.rejects[0][:3] == (4, "E_CONFLICT", "external_id")
    assert_whole(desk)


def test_6_4_rows_that_come_twice_in_turns_are_the_same(load: Load, desk: Desk) -> None:
    first, second = row(), row(编号="WX-2")
    done = load([first, second, first, second, row(编号="WX-3"), second, row(编号="WX-3", 描述="另一内容")])
    assert (done.new, done.same, done.rejected) == (3, 3, 1)
    assert_whole(desk)


def test_6_4_words_of_a_result_without_a_result_are_kept_and_come_back_as_the_same(load: Load, desk: Desk) -> None:
    told = [row(结果说明="已看过"), row(编号="WX-2")]
    assert load(told).new == 2
    assert cases_of(desk)[0].result_text == "已看过"
    assert (load(told).same, load(told).changed) == (2, 0)
