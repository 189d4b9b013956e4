"""§6.3, §6.4: rows of a roster come into the unpublished plan of their month; what is published is only compared."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.conftest import Hands, actor_of
from tests.intake.conftest import Row, read_rows, text_of
from zjj_console.desk import rostering, shift_changes
from zjj_console.desk.desk import Desk
from zjj_console.domain.roster import Assignment, span_of
from zjj_console.intake.duty_files import import_roster
from zjj_console.intake.options import Options, Summary
from zjj_console.intake.table import IntakeError
from zjj_console.reports import roster_files
from zjj_console.storage import reads_duty
from zjj_console.town.models import Town

Give = Callable[..., Summary]
SEAT = {"日期": "2021-03-01", "班次": "CEN-DAY", "岗位": "坐席", "工号": "0002"}
CHIEF = {"日期": "2021-03-01", "班次": "STN-DAY", "单位": "一站", "岗位": "站长", "工号": "0021"}


@pytest.fixture
def give(desk: Desk, tmp_path: Path) -> Give:
    def run(
        content: list[Row] | str | bytes, name: str = "roster.csv", by: Desk | None = None, month: str = "", **more: Any
    ) -> Summary:
        path = tmp_path / name
        if isinstance(content, list):
            content = text_of(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return import_roster(by or desk, path, Options(**more), month=month)

    return run


def figures(done: Summary) -> tuple[int, int, int, int]:
    return done.new, done.changed, done.same, done.rejected


def codes(done: Summary) -> list[str]:
    return [reject[1] for reject in done.rejects]


def plan(desk: Desk, month: str = "2021-03") -> list[Assignment]:
    return reads_duty.plan(desk.reader, month) or []


def seats(desk: Desk, month: str = "2021-03") -> list[tuple[str, int, str]]:
    return [(a.post, a.seat, a.person) for a in plan(desk, month)]


def planned(desk: Desk) -> list[Assignment]:
    """The plan of a whole month as the town's own planner makes it."""
    made = rostering.plan(desk.reader, desk.town, desk.duty, "2021-03").assignments
    return sorted(made, key=lambda a: a.key)


def publish(desk: Desk) -> None:
    assert desk.act(rostering.keep("2021-03", planned(desk))).ok
    assert desk.act(rostering.publish("2021-03", "示例")).ok


def exported(rows: list[Assignment], desk: Desk, kind: str = "csv") -> bytes:
    table = roster_files.table(rows, desk.town, desk.duty)
    return roster_files.csv_bytes(table) if kind == "csv" else roster_files.xlsx_bytes(table, desk.now())


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_exported_month_imported_elsewhere_is_the_same_plan(
    give: Give, desk: Desk, new_db: Callable[[], Path], open_desk: Callable[..., tuple[Desk, Hands]], kind: str
) -> None:
    rows = planned(desk)
    rows[0] = replace(rows[0], note="=1+1 示例", acting=True)
    rows[1] = replace(rows[1], planned="0008", note="'=顶班(示例)")
    other, _ = open_desk(new_db())
    done = give(exported(rows, desk, kind), f"march.{kind}", by=other)
    assert (figures(done), done.code, done.warnings) == ((len(rows), 0, 0, 0), 0, [])
    assert plan(other) == rows and len(rows) > 900
    again = give(exported(rows, desk, kind), f"march.{kind}", by=other)
    assert figures(again) == (0, 0, len(rows), 0)
    assert other.act(rostering.keep("2021-03", plan(other))).ok
    other.close()


def test_an_exported_month_of_another_town_comes_back_as_well(
    give: Give, new_db: Callable[[], Path], example_town: Town
) -> None:
    who = next(p.work_no for p in example_town.people.values() if "shift_lead" in p.roles)
    desk = Desk(new_db(), example_town, actor_of(example_town, who), Hands(example_town))
    rows = planned(desk)
    assert rows and give(exported(rows, desk), by=desk).code == 0
    assert plan(desk) == rows
    desk.close()


def test_start_and_end_are_those_of_the_shift(give: Give, desk: Desk, town: Town, clock: Hands) -> None:
    night = {**SEAT, "班次": "应急队夜班", "岗位": "队员", "工号": "0425"}
    assert give([night, SEAT]).new == 2
    found = {a.person: (a.unit, clock.text(a.start), clock.text(a.end)) for a in plan(desk)}
    assert found == {
        "0425": ("y1", "2021-03-01 17:30", "2021-03-02 07:30"), "0002": ("cyzx", "2021-03-01 07:30", "2021-03-01 17:30"),
    }  # fmt: skip


def test_6_4_a_row_is_new_then_the_same_then_changed(give: Give, desk: Desk) -> None:
    rows = [{**SEAT, "座次": "1"}, {**CHIEF, "座次": "1"}]
    assert figures(give(rows)) == (2, 0, 0, 0)
    assert figures(give(rows)) == (0, 0, 2, 0)
    assert figures(give([{**SEAT, "座次": "1", "工号": "0003"}])) == (0, 1, 0, 0)
    assert sorted(seats(desk)) == [("chief", 1, "0021"), ("seat", 1, "0003")]
    assert desk.reader.execute("SELECT count(*) FROM event").fetchone() == (0,)  # a plan is not history


def test_rows_replace_those_of_the_same_key_and_the_others_stay(give: Give, desk: Desk) -> None:
    rows = planned(desk)
    assert desk.act(rostering.keep("2021-03", rows)).ok
    one = next(a for a in rows if a.shift == "CEN-DAY" and a.post == "seat")
    other = next(no for no in ("0002", "0003", "0008") if no != one.person)
    changed = {**SEAT, "日期": one.day.isoformat(), "座次": str(one.seat), "工号": other}
    assert figures(give([changed])) == (0, 1, 0, 0)
    assert plan(desk) == sorted([*(a for a in rows if a != one), replace(one, person=other)], key=lambda a: a.key)


def test_a_seat_not_named_is_the_persons_own_or_the_next_free_one(give: Give, desk: Desk) -> None:
    three = [SEAT, {**SEAT, "工号": "0003"}, {**SEAT, "工号": "0008", "座次": "1"}]
    assert figures(give(three)) == (3, 0, 0, 0)
    assert sorted(seats(desk)) == [("seat", 1, "0008"), ("seat", 2, "0002"), ("seat", 3, "0003")]
    assert figures(give(three, "b.csv")) == (0, 0, 3, 0)
    assert figures(give([{**SEAT, "工号": "0003"}, {**SEAT, "工号": "0009"}], "c.csv")) == (1, 0, 1, 0)
    assert ("seat", 4, "0009") in seats(desk)


def test_of_two_rows_with_one_key_in_a_file_the_first_wins_at_every_import(give: Give, desk: Desk) -> None:
    rows = [{**SEAT, "座次": "1"}, {**SEAT, "座次": "1"}, {**SEAT, "座次": "1", "工号": "0003"}]
    for name, expected in (("a.csv", (1, 0, 1, 1)), ("b.csv", (0, 0, 2, 1))):
        done = give(rows, name)
        assert (figures(done), codes(done)) == (expected, ["E_CONFLICT"])
    assert seats(desk) == [("seat", 1, "0002")]


@pytest.mark.parametrize(
    "cells",
    [
        {"班次": "驻站白班"}, {"班次": "stn-day"}, {"单位": "z1"}, {"岗位": "chief"}, {"岗位": "Chief"}, {"日期": "2021/3/1"},
        {"日期": "2021年3月1日 周一"}, {"起": "08:30", "止": "2021-03-01 16:30"}, {"姓名": "钱未"}, {"座次": "１"},
    ],
)  # fmt: skip
def test_units_posts_and_shifts_by_code_or_name(give: Give, desk: Desk, cells: Row) -> None:
    assert figures(give([{**CHIEF, **cells}])) == (1, 0, 0, 0)
    [a] = plan(desk)
    assert (a.key, a.person, a.acting) == ((date(2021, 3, 1), "STN-DAY", "z1", "chief", 1), "0021", False)


@pytest.mark.parametrize("post", ["站长(代)", "站长（代）", "chief (代)"])
def test_a_post_held_for_another_is_marked(give: Give, desk: Desk, post: str) -> None:
    assert give([{**CHIEF, "岗位": post}]).new == 1 and plan(desk)[0].acting


@pytest.mark.parametrize(
    ("cells", "code", "word"),
    [
        ({"日期": ""}, "E_REQUIRED", "日期"),
        ({"日期": "三月一日"}, "E_TIME", "日期"),
        ({"日期": "2021-02-29"}, "E_TIME", "日期"),
        ({"班次": "夜里"}, "E_REF", "QRT-NGT"),
        ({"班次": ""}, "E_REQUIRED", "班次"),
        ({"单位": "九站"}, "E_REF", "九站"),
        ({"单位": "城管中队"}, "E_STATE", "驻站白班"),
        ({"岗位": "船长"}, "E_REF", "站长"),
        ({"岗位": "队员"}, "E_STATE", "不设队员"),
        ({"工号": "0922"}, "E_REF", "0022"),
        ({"姓名": "冯壬"}, "E_REF", "钱未"),
        ({"座次": "甲"}, "E_STATE", "座次"),
        ({"座次": "0"}, "E_STATE", "座次"),
        ({"座次": "1000000000000"}, "E_STATE", "座次"),
        ({"起": "09:00"}, "E_STATE", "08:30"),
        ({"止": "晚上"}, "E_TIME", "止"),
        ({"顶": "9999"}, "E_REF", "9999"),
        ({"岗位": "驻站", "工号": "2101", "单位": ""}, "E_REQUIRED", "单位"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_reason(
    give: Give, desk: Desk, cells: Row, code: str, word: str
) -> None:
    done = give([{**CHIEF, **cells}])
    assert (codes(done), done.code) == ([code], 4)
    assert word in done.rejects[0][3] + done.rejects[0][4]
    assert reads_duty.plan(desk.reader, "2021-03") is None


def test_a_published_month_is_compared_and_never_changed(give: Give, desk: Desk) -> None:
    publish(desk)
    rows = reads_duty.assignments_of(desk.reader, "2021-03")
    assert figures(give(exported(rows, desk))) == (0, 0, len(rows), 0)
    one = next(a for a in rows if a.shift == "CEN-DAY" and a.post == "seat")
    taken = {a.person for a in rows if a.day == one.day and a.shift == one.shift}
    free = next(no for no in ("0002", "0003", "0008", "0009", "0010", "0016") if no not in taken)
    base = {**SEAT, "日期": one.day.isoformat(), "工号": free}
    done = give([{**base, "座次": str(one.seat)}, {**base, "座次": "9"}, base, {**base, "工号": one.person}], "b.csv")
    assert (figures(done), codes(done)) == ((0, 0, 1, 3), ["E_CONFLICT"] * 3)
    assert "已发布" in done.rejects[0][3] and "顶班" in done.rejects[0][4]
    assert reads_duty.assignments_of(desk.reader, "2021-03") == rows and plan(desk) == []


def test_a_substitution_does_not_turn_the_published_file_into_another(give: Give, desk: Desk, clock: Hands) -> None:
    publish(desk)
    rows = reads_duty.assignments_of(desk.reader, "2021-03")
    file = exported(rows, desk)
    one = next(a for a in rows if a.day == date(2021, 3, 9) and a.shift == "CEN-DAY" and a.post == "seat")
    outcomes = (
        desk.act(shift_changes.substitute(one.person, no, one.day, "示例")) for no in ("0002", "0003", "0008", "0009")
    )
    assert any(done.ok for done in outcomes)
    assert figures(give(file)) == (0, 0, len(rows), 0)
    assert figures(give(exported(reads_duty.assignments_of(desk.reader, "2021-03"), desk), "b.csv"))[2] == len(rows)


def test_a_file_over_the_end_of_a_year_fills_two_plans(give: Give, desk: Desk, clock: Hands) -> None:
    night = {**SEAT, "班次": "QRT-NGT", "岗位": "队员", "工号": "0425"}
    rows = [{**night, "日期": "2020-12-31"}, {**night, "日期": "2021-01-01"}]
    assert figures(give(rows)) == (2, 0, 0, 0)
    [last], [first] = plan(desk, "2020-12"), plan(desk, "2021-01")
    assert (clock.text(last.end), clock.text(first.start)) == ("2021-01-01 07:30", "2021-01-01 17:30")
    only = give(rows, "b.csv", month="2021-01")
    assert (figures(only), codes(only)) == ((0, 0, 1, 1), ["E_STATE"])


@pytest.mark.parametrize("month", ["2021-13", "三月", "2021-03-01"])
def test_a_month_that_is_none_stops_before_any_row(give: Give, month: str) -> None:
    with pytest.raises(IntakeError) as stopped:
        give([SEAT], month=month)
    assert (stopped.value.code, stopped.value.field) == (2, "month")


def test_the_reject_file_mended_is_imported_itself(give: Give, desk: Desk) -> None:
    done = give([SEAT, {**SEAT, "工号": "9999", "座次": "2"}])
    assert read_rows(done.rejects_path)[0]["_field"] == "工号"
    mended = Path(done.rejects_path).read_text("utf-8-sig").replace("9999", "0003")
    assert figures(give(mended, "roster.rejects.csv")) == (1, 0, 0, 0)
    assert seats(desk) == [("seat", 1, "0002"), ("seat", 2, "0003")]


def test_GB18030_is_found_out(give: Give, desk: Desk) -> None:
    assert give(text_of([CHIEF]).encode("gb18030")).new == 1 and plan(desk)[0].unit == "z1"


def test_dry_run_and_atomic_write_nothing_of_a_file_with_a_bad_row(give: Give, desk: Desk, tmp_path: Path) -> None:
    rows = [SEAT, {**SEAT, "工号": "9999"}]
    dry, whole = give(rows, dry_run=True), give(rows, atomic=True)
    assert (figures(dry), dry.code, whole.code) == ((1, 0, 0, 1), 4, 3)
    assert figures(give([SEAT], dry_run=True)) == (1, 0, 0, 0)
    assert reads_duty.plan(desk.reader, "2021-03") is None
    assert desk.reader.execute("SELECT count(*) FROM import_batch").fetchone() == (0,)
    assert not list(tmp_path.glob("*rejects*"))


def test_every_import_is_kept_and_a_key_is_for_one_file_and_month(give: Give, desk: Desk) -> None:
    give([SEAT], key="k")
    assert give([SEAT], key="k").repeated
    with pytest.raises(IntakeError) as stopped:
        give([SEAT], key="k", month="2021-03")
    assert stopped.value.code == 5
    assert desk.reader.execute("SELECT kind, rows, new, code FROM import_batch").fetchall() == [("roster", 1, 1, 0)]


def test_only_who_plans_may_import(give: Give, desk_as: Callable[[str], Desk]) -> None:
    with pytest.raises(IntakeError) as stopped:
        give([SEAT], by=desk_as("0002"))
    assert (stopped.value.code, stopped.value.error) == (7, "E_PERMISSION")


def test_hostile_cells_are_one_harmless_line(give: Give, desk: Desk) -> None:
    assert give([{**SEAT, "备注": "'=HYPERLINK(1)\x1b[2J\u202e\n下一行"}]).new == 1
    assert plan(desk)[0].note == "=HYPERLINK(1) 下一行"
    done = give([{**SEAT, "班次": "\x1b]0;x\x07=cmd", "岗位": "\u202e坐席坐席"}], "b.csv")
    assert done.rejected == 1 and not set("\x1b\u202e") & set("".join(map(str, done.rejects)))


def test_the_shifts_span_is_asked_not_guessed(give: Give, desk: Desk, town: Town) -> None:
    give([CHIEF])
    [a] = plan(desk)
    assert (a.start, a.end) == span_of(town, desk.duty, town.shifts["STN-DAY"], a.day)
