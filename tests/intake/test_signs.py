"""§4.4, §6.3, §6.4: sign-ins that 政务微信 exports are paired, belong to their duty date, and count once."""

from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from tests.conftest import Hands, actor_of
from tests.intake.conftest import Row, read_rows, text_of
from zjj_console.desk import rostering, signing
from zjj_console.desk.desk import Desk
from zjj_console.domain import attendance
from zjj_console.domain.roster import Sign
from zjj_console.intake.duty_files import import_signs
from zjj_console.intake.options import Options, Summary
from zjj_console.intake.table import IntakeError
from zjj_console.storage import audit, reads_duty
from zjj_console.storage.db import connect
from zjj_console.town.models import Town

Give = Callable[..., Summary]
FIRST = date(2021, 3, 1)
IN = {"工号": "0312", "时间": "2021-03-01 17:21", "方向": "进"}
OUT = {"工号": "0312", "时间": "2021-03-02 07:58", "方向": "出"}
BOTH = {"日期": "2021-03-01", "姓名": "蒋寅", "工号": "0312", "签到时间": "17:21", "签退时间": "07:58"}


@pytest.fixture
def give(desk: Desk, clock: Hands, tmp_path: Path) -> Iterator[Give]:
    """Import rows, a text or bytes as a file of signs, by default at noon of 2021-03-02."""
    clock.set("2021-03-02 12:00")

    def run(content: list[Row] | str | bytes, name: str = "signs.csv", by: Desk | None = None, **more: Any) -> Summary:
        path = tmp_path / name
        if isinstance(content, list):
            content = text_of(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return import_signs(by or desk, path, Options(**more))

    yield run
    db = connect(desk.path)
    report = audit.verify(db, desk.duty)
    db.close()
    assert report.bad is None, report.message


def figures(done: Summary) -> tuple[int, int, int, int]:
    return done.new, done.changed, done.same, done.rejected


def codes(done: Summary) -> list[str]:
    return [reject[1] for reject in done.rejects]


def signs(desk: Desk, day: date = FIRST) -> list[Sign]:
    return reads_duty.signs_of(desk.reader, day)


def times(desk: Desk, clock: Hands, day: date = FIRST) -> list[tuple[str, str, str, str]]:
    return [(s.person, s.shift, clock.text(s.in_at)[5:], clock.text(s.out_at)[5:]) for s in signs(desk, day)]


NIGHT = [("0312", "QRT-NGT", "03-01 17:21", "03-02 07:58")]


@pytest.mark.parametrize(
    "rows",
    [
        [IN, OUT],
        [OUT, IN],
        [BOTH],
        [{**BOTH, "签退时间": "次日07:58"}],
        [{**BOTH, "签到时间": "2021/3/1 17:21:40", "签退时间": "2021-03-02T07:58"}],
        [{**BOTH, "日期": "2021/03/01 星期一"}],
        [{**BOTH, "签退时间": ""}, {**BOTH, "签到时间": "--"}],
        [{**BOTH, "签到时间": "未打卡"}, {**BOTH, "签退时间": "缺卡"}],
        [{"日期": "2021-03-02", "工号": "0312", "时间": "07:58", "方向": "签退"}, {**IN, "方向": "签到"}],
    ],
)
def test_4_4_an_overnight_pair_belongs_to_the_date_on_which_it_begins(
    give: Give, desk: Desk, clock: Hands, rows: list[Row]
) -> None:
    done = give(rows)
    assert (figures(done), done.code) == ((len(rows), 0, 0, 0), 0)
    assert times(desk, clock) == NIGHT
    assert signs(desk, date(2021, 3, 2)) == []


def test_4_4_worked_14_h_37_overtime_28_and_all_of_it_by_import(give: Give, desk: Desk, town: Town) -> None:
    act = desk.act(rostering.keep("2021-03", rostering.plan(desk.reader, town, desk.duty, "2021-03").assignments))
    assert act.ok and desk.act(rostering.publish("2021-03", "示例")).ok
    give([BOTH])
    sign = signs(desk)[0]
    mine = next(a for a in reads_duty.assignments_of(desk.reader, "2021-03") if (a.day, a.person) == (FIRST, "0312"))
    worth = attendance.judge(mine, sign, town, desk.now())
    assert (worth.planned, worth.worked, worth.overtime, worth.on_time) == (840, 877, 28, True)
    assert (sign.in_via, sign.in_by, sign.out_via, sign.out_by) == ("import", "0001", "import", "0001")


def test_one_event_carries_the_signs_of_a_file_and_folds_again(give: Give, desk: Desk) -> None:
    give([BOTH, {**BOTH, "工号": "0051", "姓名": "李乙"}])
    assert desk.reader.execute("SELECT kind FROM event").fetchall() == [("signs_imported",)]
    before = signs(desk)
    desk.rebuild()
    assert signs(desk) == before and len(before) == 2


@pytest.mark.parametrize("rows", [[IN, OUT], [BOTH]])
def test_6_4_the_same_signs_again_are_the_same(give: Give, desk: Desk, rows: list[Row]) -> None:
    give(rows)
    before, events = signs(desk), desk.reader.execute("SELECT count(*) FROM event").fetchone()
    again = give([*rows, *rows], "again.csv")
    assert (figures(again), again.code) == ((0, 0, 2 * len(rows), 0), 0)
    assert again.line.startswith(f"批次 I-0002 行{2 * len(rows)} 新0 改0 同{2 * len(rows)} 拒0 用时")
    assert (signs(desk), desk.reader.execute("SELECT count(*) FROM event").fetchone()) == (before, events)


def test_6_4_the_minute_is_the_key(give: Give) -> None:
    give([{**IN, "时间": "2021-03-01 17:21:10"}])
    assert figures(give([{**IN, "时间": "2021-03-01 17:21:55"}], "b.csv")) == (0, 0, 1, 0)


def test_the_first_in_and_the_last_out_of_a_shift_count(give: Give, desk: Desk, clock: Hands) -> None:
    rows = [IN, {**IN, "时间": "2021-03-01 17:25"}, {**OUT, "时间": "2021-03-02 07:31"}, OUT]
    assert figures(give(rows)) == (2, 1, 1, 0)
    assert times(desk, clock) == NIGHT
    assert figures(give(rows, "b.csv")) == (0, 0, 4, 0)
    assert figures(give([{**IN, "时间": "2021-03-01 17:10"}], "c.csv")) == (0, 1, 0, 0)
    assert times(desk, clock)[0][2] == "03-01 17:10"
    assert codes(give([{**IN, "时间": "2021-03-01 12:10"}], "d.csv")) == ["E_STATE"]  # not within his shift's window


def test_who_left_and_came_back_is_not_counted_as_present_all_the_time(give: Give, desk: Desk, clock: Hands) -> None:
    rows = [IN, {**OUT, "时间": "2021-03-01 20:00"}, {**IN, "时间": "2021-03-02 01:00"}, OUT]
    for name in ("a.csv", "b.csv"):
        done = give(rows, name)
        assert (codes(done), done.rejected) == (["E_CONFLICT", "E_CONFLICT"], 2)
        assert times(desk, clock)[0][2:] == ("03-01 17:21", "03-01 20:00")


def test_what_the_desk_has_recorded_stands_over_a_file(give: Give, desk: Desk, clock: Hands) -> None:
    clock.set("2021-03-01 17:25")
    assert desk.act(signing.sign_in("0312")).ok
    clock.set("2021-03-02 12:00")
    assert figures(give([{**IN, "时间": "2021-03-01 17:25"}])) == (0, 0, 1, 0)
    assert figures(give([{**IN, "时间": "2021-03-01 17:26"}], "b.csv")) == (0, 0, 1, 0)
    done = give([IN], "c.csv")
    assert codes(done) == ["E_CONFLICT"] and "03-01 17:25" in done.rejects[0][3]
    assert figures(give([OUT], "d.csv")) == (1, 0, 0, 0)  # the desk has no sign-out: the file brings it
    assert times(desk, clock) == [("0312", "QRT-NGT", "03-01 17:25", "03-02 07:58")]
    assert signs(desk)[0].in_via == "console"


def test_what_a_fix_has_settled_stands_and_the_file_stays_the_same(give: Give, desk: Desk, clock: Hands) -> None:
    give([BOTH])
    begin, end = clock.at("2021-03-01 17:00"), clock.at("2021-03-02 07:30")
    assert desk.act(signing.ask_fix("0312", FIRST, "QRT-NGT", begin, end, "示例")).ok
    done = give([BOTH], "b.csv")
    assert figures(done) == (0, 0, 1, 0) and done.warnings == ["1 行已由补录更正，以补录为准"]
    assert signs(desk)[0].in_at == begin


def test_a_fix_that_waits_is_not_overwritten(give: Give, desk_as: Callable[[str], Desk], desk: Desk) -> None:
    give([IN])
    begin = signs(desk)[0].in_at - 60_000_000
    assert desk_as("0312").act(signing.ask_fix("0312", FIRST, "QRT-NGT", begin, None, "示例")).ok
    assert codes(give([OUT], "b.csv")) == ["E_CONFLICT"]
    assert len(reads_duty.wishes(desk.reader)) == 1


def test_a_late_file_brings_the_sign_out_that_time_had_closed(give: Give, desk: Desk, clock: Hands) -> None:
    give([IN])
    closed = signing.forgotten(desk.reader, desk.facts())
    assert [s.auto_out for s in closed] == [True]
    from zjj_console.desk.acts import Done

    desk.act(lambda db, facts: Done([signing.event("signed_out", closed)], "", ""))
    assert figures(give([OUT], "b.csv")) == (0, 1, 0, 0)
    assert (times(desk, clock), signs(desk)[0].auto_out) == (NIGHT, False)
    assert figures(give([IN, OUT], "c.csv")) == (0, 0, 2, 0)


@pytest.mark.parametrize(
    ("cells", "code", "word"),
    [
        ({"时间": "2021-03-02 12:06"}, "E_TIME_FUTURE", "晚于当前"),
        ({"时间": "2021-03-01"}, "E_TIME", "读不懂"),
        ({"时间": "7点刻"}, "E_TIME", "读不懂"),
        ({"时间": "17:21"}, "E_REQUIRED", "日期"),
        ({"时间": ""}, "E_REQUIRED", "时间"),
        ({"方向": ""}, "E_REQUIRED", "方向"),
        ({"方向": "横"}, "E_STATE", "方向"),
        ({"工号": "0313"}, "E_REF", "0312 蒋寅"),
        ({"工号": "312", "姓名": "蒋寅"}, "E_REF", "0312 蒋寅"),
        ({"姓名": "李乙"}, "E_REF", "蒋寅"),
        ({"工号": "312"}, "E_REF", "0312 蒋寅"),
        ({"工号": ""}, "E_REQUIRED", "工号"),
        ({"时间": "2021-03-01 12:00"}, "E_STATE", "17:00"),
        ({"工号": "2601"}, "E_STATE", "没有班次"),
        ({"方向": "出"}, "E_STATE", "没有签到"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_reason(
    give: Give, desk: Desk, cells: Row, code: str, word: str
) -> None:
    done = give([{**IN, "姓名": "", **cells}])
    assert (codes(done), done.code, done.new) == ([code], 4, 0)
    assert word in done.rejects[0][3] + done.rejects[0][4]
    assert signs(desk) == [] and desk.reader.execute("SELECT count(*) FROM event").fetchone() == (0,)


def test_a_sign_out_is_never_given_to_a_shift_that_was_over_long_ago(give: Give, desk: Desk, clock: Hands) -> None:
    clock.set("2021-03-06 12:00")
    give([IN])
    done = give([{**OUT, "时间": "2021-03-04 07:31"}, {**BOTH, "签退时间": "2021-03-04 07:31"}], "b.csv")
    assert codes(done) == ["E_STATE", "E_STATE"]
    give([OUT], "c.csv")
    done = give([{**OUT, "时间": "2021-03-02 16:00"}], "d.csv")
    assert codes(done) == ["E_STATE"] and times(desk, clock) == NIGHT


def test_a_row_with_both_times_is_taken_whole_or_not_at_all(give: Give, desk: Desk) -> None:
    done = give([{**BOTH, "签退时间": "2021-03-01 17:00"}, {**BOTH, "工号": "0051", "姓名": ""}])
    assert (codes(done), done.new) == (["E_STATE"], 1)
    assert [s.person for s in signs(desk)] == ["0051"]


def test_a_row_without_any_sign_says_nothing(give: Give, desk: Desk) -> None:
    done = give([{**BOTH, "签到时间": "未打卡", "签退时间": ""}])
    assert (figures(done), done.code, done.warnings) == ((0, 0, 1, 0), 0, ["1 行没有签到也没有签退"])
    assert signs(desk) == []


def test_the_reject_file_mended_is_imported_itself(give: Give, desk: Desk, tmp_path: Path) -> None:
    done = give([OUT, {**IN, "工号": "0313"}, {**IN, "工号": "0051"}])
    assert (figures(done), codes(done)) == ((1, 0, 0, 2), ["E_STATE", "E_REF"])
    rejected = read_rows(done.rejects_path)
    assert [(r["_row"], r["_code"], r["_field"]) for r in rejected] == [
        ("2", "E_STATE", "签退时间"), ("3", "E_REF", "工号"),
    ]  # fmt: skip
    text = Path(done.rejects_path).read_text("utf-8-sig").replace("0313", "0312")
    again = give(text, "signs.rejects.csv")
    assert (figures(again), again.code) == ((2, 0, 0, 0), 0)
    assert figures(give([OUT, IN, {**IN, "工号": "0051"}], "all.csv")) == (0, 0, 3, 0)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_6_3_every_encoding_and_separator(give: Give, desk: Desk, clock: Hands, encoding: str, mark: str) -> None:
    assert figures(give(text_of([BOTH], mark).encode(encoding))) == (1, 0, 0, 0)
    assert times(desk, clock) == NIGHT


def test_6_3_a_workbook_with_real_dates_and_times(give: Give, desk: Desk, clock: Hands) -> None:
    from datetime import datetime, time

    book = Workbook()
    page = book.active
    assert page is not None
    page.append(list(BOTH))
    page.append([FIRST, "蒋寅", "0312", time(17, 21), time(7, 58)])
    page.append([datetime(2021, 3, 1), "李乙", "0051", datetime(2021, 3, 1, 17, 6), datetime(2021, 3, 2, 7, 31)])
    stream = BytesIO()
    book.save(stream)
    assert figures(give(stream.getvalue(), "signs.xlsx")) == (2, 0, 0, 0)
    assert times(desk, clock) == [("0051", "QRT-NGT", "03-01 17:06", "03-02 07:31"), *NIGHT]


def test_6_3_json_lines_and_other_headers_by_a_map(give: Give, desk: Desk, tmp_path: Path) -> None:
    assert give('{"work_no": "0312", "at": "2021-03-01T17:21:00+08:00", "direction": "in"}', "a.jsonl").new == 1
    (tmp_path / "map.toml").write_text(
        '[headers]\n"账户" = "work_no"\n"类" = "direction"\n[values.direction]\n"收工" = "出"\n'
    )
    done = give("账户,时间,类\n0312,2021-03-02 07:58,收工\n", "b.csv", map=tmp_path / "map.toml")
    assert figures(done) == (1, 0, 0, 0)


def test_dry_run_says_the_same_and_writes_nothing(give: Give, desk: Desk, tmp_path: Path) -> None:
    rows = [BOTH, {**BOTH, "工号": "9999"}]
    dry = give(rows, dry_run=True)
    count = "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM import_batch) + (SELECT count(*) FROM sign)"
    assert desk.reader.execute(count).fetchone() == (0,)
    assert not list(tmp_path.glob("*rejects*")) and "试运行，未写入" in dry.warnings
    wet = give(rows)
    assert figures(wet) == figures(dry) == (1, 0, 0, 1)


def test_atomic_refuses_the_whole_file(give: Give, desk: Desk) -> None:
    done = give([BOTH, {**BOTH, "工号": "9999"}], atomic=True)
    assert (done.code, signs(desk)) == (3, [])
    assert give([BOTH], atomic=True).code == 0 and len(signs(desk)) == 1


def test_too_many_rejects_stop_the_import(give: Give) -> None:
    bad = [{**OUT, "时间": f"2021-03-01 1{n}:00"} for n in range(5)]
    assert give(bad, max_rejects=2).code == 3
    done = give([{**IN, "工号": "0051"}, *bad[:2], {**OUT, "工号": "0051"}], max_rejects=1)
    assert (done.rejected, done.rows) == (2, 2) and "拒收超过 1 行" in done.warnings[-1]


def test_a_key_answers_again(give: Give) -> None:
    assert (give([BOTH], key="k").new, give([BOTH], key="k").repeated) == (1, True)
    with pytest.raises(IntakeError) as stopped:
        give([IN], key="k")
    assert stopped.value.code == 5


def test_every_import_is_kept_with_its_figures(give: Give, desk: Desk) -> None:
    give([BOTH, {**BOTH, "工号": "9999"}])
    batch = desk.reader.execute(
        "SELECT kind, file, actor, rows, new, rejected, code, done FROM import_batch"
    ).fetchone()
    assert batch == ("signs", "signs.csv", "0001", 2, 1, 1, 4, 1)
    assert desk.reader.execute("SELECT code, field FROM import_reject").fetchall() == [("E_REF", "工号")]


def test_hostile_cells_are_one_harmless_line(give: Give, desk: Desk) -> None:
    evil = "'=HYPERLINK(1)\x1b[2J\u202e" + "长" * 500
    done = give([{**IN, "地点": evil}])
    assert (done.new, done.warnings) == (1, ["1 行文字过长，已截短"])
    note = signs(desk)[0].note
    assert note.startswith("=HYPERLINK(1)长") and len(note) == 200
    bad = give([{**IN, "工号": "\x1b[2J=1"}, {**IN, "姓名": "\x1b]0;x\x07甲"}], "b.csv")
    assert bad.rejected == 2 and "\x1b" not in "".join(map(str, bad.rejects))
    damaged = give(text_of([{**IN, "地点": "东湖街桥头"}]).encode()[:-8] + b"\xff\xfe\r\n", "c.csv", encoding="utf-8")
    assert codes(damaged) == ["E_ENCODING"]


def test_headers_that_say_neither_form_stop_before_any_row(give: Give) -> None:
    for text, field in (("工号,时间\n0312,2021-03-01 17:21\n", "at"), ("时间,方向\n2021-03-01 17:21,进\n", "work_no")):
        with pytest.raises(IntakeError) as stopped:
            give(text)
        assert (stopped.value.code, stopped.value.error, stopped.value.field) == (3, "E_HEADER", field)


def test_only_who_may_record_for_others_may_import(give: Give, desk_as: Callable[[str], Desk]) -> None:
    with pytest.raises(IntakeError) as stopped:
        give([BOTH], by=desk_as("0426"))
    assert (stopped.value.code, stopped.value.error) == (7, "E_PERMISSION")
    assert give([BOTH], by=desk_as("0051")).new == 1  # a team leader


@pytest.mark.parametrize(
    ("begin", "end", "day"),
    [
        ("2020-12-31 17:21", "2021-01-01 07:58", date(2020, 12, 31)),
        ("2021-02-28 17:21", "2021-03-01 07:58", date(2021, 2, 28)),
        ("2020-02-29 17:21", "2020-03-01 07:58", date(2020, 2, 29)),
    ],
)
def test_the_last_night_of_a_month_or_year_belongs_to_it(
    give: Give, desk: Desk, begin: str, end: str, day: date
) -> None:
    done = give([{**IN, "时间": begin}, {**OUT, "时间": end}])
    assert done.new == 2 and [s.day for s in signs(desk, day)] == [day]
    clock_only = {**BOTH, "日期": day.isoformat()}
    assert figures(give([clock_only], "b.csv")) == (0, 0, 1, 0)
    assert [w for w in done.warnings if "60天" in w] == (["2 行早于60天前，已照收"] if day.year == 2020 else [])


def test_4_4_nobody_leaves_the_desk_without_relief_by_a_file_either(
    give: Give, desk: Desk, town: Town, clock: Hands
) -> None:
    clock.set("2021-03-01 17:21")
    night = Desk(desk.path, town, actor_of(town, "0312"), clock)
    assert night.act(signing.sign_in("0312")).ok
    _take_custody(night)
    clock.set("2021-03-02 07:40")
    done = give([{**OUT, "时间": "2021-03-02 07:35"}])
    assert codes(done) == ["E_STATE"] and "看护权" in done.rejects[0][3]
    clock.set("2021-03-04 12:00")  # long over: the file only completes the history
    assert give([{**OUT, "时间": "2021-03-02 07:35"}], "b.csv").new == 1
    night.close()


def _take_custody(night: Desk) -> None:
    from zjj_console.desk.acts import Done
    from zjj_console.domain.model import Event

    data = {"from": night.now(), "desk": "night"}
    assert night.act(lambda db, facts: Done([Event("custody_taken", "duty:custody", data)], "", "")).ok


def test_the_shipped_sample_is_taken_whole(desk: Desk, town: Town) -> None:
    done = import_signs(desk, town.path / "samples" / "signs.csv")
    assert (done.new, done.same, done.rejected) == (13, 1, 0)
    assert {s.shift for s in signs(desk)} == {"CEN-DAY", "DEP-DAY", "STN-DAY", "QRT-NGT"}
    assert len(signs(desk, date(2021, 2, 28))) == 4
