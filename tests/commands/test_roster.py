"""`zjj roster` and `zjj stationing` (§4.1-§4.5, R09, R11, R25-R27) as scripts and people meet them."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import Zjj

STATIONS = 5


# planning ---------------------------------------------------------------------------------------------------------------


def test_4_2_a_plan_is_kept_only_without_dry_run_and_tells_what_it_could_not_fill(bare: Zjj) -> None:
    tried = bare.data("roster", "plan", "--month", "2021-03", "--dry-run", code=14)
    assert tried["dry_run"] is True
    bare("roster", "publish", "--month", "2021-03", code=6)
    kept = bare.data("roster", "plan", "--month", "2021-03", code=14)
    assert kept.items() >= {"month": "2021-03", "rows": tried["rows"], "unfilled": tried["unfilled"]}.items()
    assert {row["requirement"] for row in kept["unfilled"]} == {"OFFICER-SH1", "OFFICER-SH2"}
    teams = {team["unit"]: (team["nights"], team["hours"]) for team in kept["imbalance"]["teams"]}
    assert teams == {"y1": (16, 224.0), "y2": (15, 210.0)}
    assert "16夜 224小时" in bare.read("roster", "balance", "--month", "2021-03")


def test_a_published_month_does_not_change_any_more(bare: Zjj) -> None:
    bare("roster", "plan", "--month", "2021-03", code=14)
    assert bare.data("roster", "show", "--date", "0301")["rows"] == []
    assert len(bare.data("roster", "show", "--date", "0301", "--plan")["rows"]) > 20
    assert bare.data("roster", "publish", "--month", "2021-03", "--dry-run")["dry_run"] is True
    assert bare.data("roster", "publish", "--month", "2021-03", "--key", "p")["month"] == "2021-03"
    assert bare.data("roster", "publish", "--month", "2021-03", "--key", "p")["same"] is True
    assert "swap" in bare.error("roster", "publish", "--month", "2021-03", code=5)
    bare("roster", "plan", "--month", "2021-03", code=5)


def test_only_planners_plan(bare: Zjj) -> None:
    bare("roster", "plan", "--month", "2021-03", by="0031", code=7)


# looking ----------------------------------------------------------------------------------------------------------------


def test_the_effective_roster_tells_how_everybody_stands(zjj: Zjj) -> None:
    zjj("sign", "in", "0002")
    rows = {r["work_no"]: r for r in zjj.at("03-01 08:10").data("roster", "show", "--date", "0301")["rows"]}
    assert {w: rows[w]["standing"] for w in ("0002", "0003", "2101", "0312")} == {
        "0002": "present", "0003": "absent", "2101": "due", "0312": "planned",
    }  # fmt: skip
    assert rows["0312"]["start"] == "2021-03-01T17:30:00+08:00"
    mine = zjj.data("roster", "show", "--month", "2021-03", "--person", "0312")["rows"]
    assert {r["work_no"] for r in mine} == {"0312"}
    assert len(zjj.data("roster", "show", "--week")["rows"]) > len(rows)


def test_AC_21a_a_station_without_deputy_is_named(zjj: Zjj, copied_town: Path) -> None:
    zjj("roster", "check", "--from", "0301", "--to", "0314")
    posts = (copied_town / "posts.csv").read_text("utf-8").splitlines()
    ends = {"z5,deputy,0035,0": ",2021-03-09"}
    lines = [f"{posts[0]},until", *(row + ends.get(row, ",") for row in posts[1:])]
    (copied_town / "posts.csv").write_text("\n".join(lines) + "\n", "utf-8")
    zjj.profile = str(copied_town)
    found = zjj.data("roster", "check", "--from", "0301", "--to", "0314", code=14)
    (vacant,) = found["vacancies"]
    assert "五站 副站长空缺" in vacant["message_zh"]
    assert vacant["days"] == [f"2021-03-{day}" for day in (10, 11, 12, 13, 14)]
    assert "五站 副站长空缺" in zjj.read("roster", "check", "--from", "0301", "--to", "0314", code=14)


def test_AC_25a_a_resident_who_leaves_at_noon_leaves_a_gap_to_the_end_of_his_hours(zjj: Zjj) -> None:
    zjj.at("03-01 08:28")("sign", "in", "2305", "--via", "phone")
    zjj.at("03-01 12:00")("sign", "out", "2305", "--via", "phone")
    found = zjj.at("03-01 12:05").data("roster", "gaps", "--days", "1", code=14)["gaps"]
    (gap,) = [g for g in found if (g["requirement"], g["unit"]) == ("DEPT-SC", "z5")]
    assert (gap["from"], gap["to"]) == ("2021-03-01T12:00:00+08:00", "2021-03-01T16:30:00+08:00")
    assert (gap["need"], gap["have"], gap["kind"], gap["unit_zh"]) == (1, 0, "actual", "五站")
    assert gap["clause"] and gap["mark"] == "A" and "离岗" in gap["cause_zh"] and "left" in gap["cause"]
    line = next(line for line in zjj.read("roster", "gaps", "--days", "1", code=14).splitlines() if "已离岗" in line)
    assert "12:00-16:30" in line and "五站" in line and "应1实0" in line


def test_4_5_the_two_hours_of_the_policy_are_shown_with_the_rule_that_holds_meanwhile(zjj: Zjj) -> None:
    found = zjj.data("roster", "gaps", "--from", "0301", "--days", "7", code=14)
    bare = [g for g in found["gaps"] if g["kind"] == "structure"]
    assert len(bare) == 2 * STATIONS * 7
    hours = {(g["from"][11:16], g["to"][11:16], g["rule"]) for g in bare}
    assert hours == {("07:30", "08:30", "SH-1"), ("16:30", "17:30", "SH-2")}
    assert (found["covered_hours"]["desk"], found["covered_hours"]["FORCE"]) == (24.0, 22.0)


def test_gaps_are_told_without_any_roster(bare: Zjj) -> None:
    found = bare("roster", "gaps", "--from", "0301", "--to", "0301", code=14)
    assert {"SEAT-DAY", "SEAT-NGT", "OFFICER", "FORCE"} <= {g["requirement"] for g in found["data"]["gaps"]}
    assert any("roster plan" in warning for warning in found["warnings"])


# changes ----------------------------------------------------------------------------------------------------------------


def test_substitution_and_swap_are_kept_with_who_was_planned(zjj: Zjj) -> None:
    done = zjj.data("roster", "substitute", "0002", "0009", "--date", "0301", "--reason", "就诊")
    assert (done["rows"][0]["work_no"], done["rows"][0]["planned"], done["rows"][0]["note"]) == ("0009", "0002", "就诊")
    seats = {r["work_no"] for r in zjj.data("roster", "show", "--date", "0301")["rows"] if r["post"] == "seat"}
    assert "0009" in seats and "0002" not in seats
    zjj("roster", "swap", "2101", "2102", "--date", "0302")
    rows = {r["work_no"]: r["unit"] for r in zjj.data("roster", "show", "--date", "0302")["rows"]}
    assert (rows["2101"], rows["2102"]) == ("z2", "z1")
    assert zjj.error("roster", "swap", "2101", "2601", "--date", "0303", code=6)


def test_C7_an_untrained_person_does_not_get_a_seat(zjj: Zjj) -> None:
    assert "C7" in zjj.error("roster", "substitute", "0002", "2501", "--date", "0301", code=8)


def test_a_hole_is_filled_by_one_of_those_proposed(zjj: Zjj) -> None:
    slot = ("--date", "0303", "--shift", "CEN-DAY", "--unit", "cyzx", "--post", "坐席")
    people = [p["work_no"] for p in zjj.data("roster", "propose", *slot)["proposals"]]
    rows = zjj.data("roster", "show", "--date", "0303")["rows"]
    assert people and not {r["work_no"] for r in rows if r["shift"] == "CEN-DAY"} & set(people)
    filled = zjj.data("roster", "fill", *slot, "--person", people[0])["rows"][0]
    assert (filled["work_no"], filled["seat"], filled["start"]) == (people[0], 4, "2021-03-03T07:30:00+08:00")
    assert people[0] not in [p["work_no"] for p in zjj.data("roster", "propose", *slot)["proposals"]]


@pytest.mark.parametrize(
    ("change", "field"), [({"--shift": "NOPE"}, "shift"), ({"--post": "member"}, "post"), ({"--unit": "z1"}, "unit")]
)
def test_a_slot_that_does_not_exist_says_which_do(zjj: Zjj, change: dict[str, str], field: str) -> None:
    slot = {"--date": "0303", "--shift": "CEN-DAY", "--unit": "cyzx", "--post": "seat"} | change
    words = [word for pair in slot.items() for word in pair]
    assert zjj("roster", "propose", *words, code=3)["errors"][0]["field"] == field


def test_leave_leaves_a_gap_until_somebody_stands_in_or_it_ends(zjj: Zjj) -> None:
    def gaps() -> int:
        found = zjj.data("roster", "gaps", "--from", "0303", "--to", "0303", code=14)["gaps"]
        return sum(g["requirement"] == "SEAT-DAY" and "请假" in g["cause_zh"] for g in found)

    on = next(r["work_no"] for r in zjj.data("roster", "show", "--date", "0303")["rows"] if r["post"] == "seat")
    given = zjj.data("roster", "leave", on, "--from", "0303", "--to", "0303", "--kind", "病假")
    assert [row["date"] for row in given["shifts_to_fill"]] == ["2021-03-03"]
    assert gaps() == 1
    zjj("roster", "leave", on, "--from", "0303", "--to", "0304", code=5)
    zjj("roster", "leave-end", given["id"])
    assert gaps() == 0
    zjj("roster", "leave-end", given["id"], code=6)


# stationing -------------------------------------------------------------------------------------------------------------


def test_AC_26a_a_difficult_case_as_trigger_names_the_case(zjj: Zjj) -> None:
    words = ("stationing", "request", "规保办", "四站", "--from", "2021-03-01 09:00", "--to", "2021-03-05 16:30",
             "--trigger", "疑难案件")  # fmt: skip
    assert "案号" in zjj.error(*words, code=3)
    zjj("do", "xj dhj zy 3")
    zjj(*words, "--case", "1009", code=6)
    asked = zjj.data(*words, "--case", "1001")
    assert (asked["state"], asked["dept"], asked["station"], asked["case"]) == ("REQUESTED", "gbb", "z4", "1001")
    zjj("stationing", "approve", asked["id"], by="0031", code=7)
    assert zjj.data("stationing", "approve", asked["id"], by="0005")["state"] == "APPROVED"
    arrived = zjj.at("03-01 09:00").data("stationing", "arrive", asked["id"])
    assert (arrived["state"], arrived["arrived_at"]) == ("ARRIVED", "2021-03-01T09:00:00+08:00")
    zjj("stationing", "cancel", asked["id"], code=8)
    assert zjj.at("03-05 16:30").data("stationing", "leave", asked["id"])["state"] == "LEFT"
    assert [s["state"] for s in zjj.data("stationing", "list")["stationings"]] == ["LEFT"]


def test_AC_27a_who_is_stationed_is_not_rostered_elsewhere(zjj: Zjj) -> None:
    asked = zjj.data("stationing", "request", "zzb", "z4", "--from", "03-02 09:00", "--to", "16:30", "--trigger", "1",
                     "--case", zjj.data("do", "xj dhj zy 3")["case"]["handle"], "--person", "2401")  # fmt: skip
    zjj("stationing", "approve", asked["id"], by="0005")
    slot = ("--date", "0302", "--shift", "STN-DAY", "--unit", "z1", "--post", "resident")
    assert "C1" in zjj.error("roster", "fill", *slot, "--person", "2401", code=8)
    assert "2401" not in [p["work_no"] for p in zjj.data("roster", "propose", *slot)["proposals"]]
    zjj("roster", "fill", "--date", "0303", *slot[2:], "--person", "2401")


def test_AC_11a_the_team_on_duty_is_sent_anywhere_at_night(zjj: Zjj, town) -> None:
    zjj.at("03-01 17:25")("sign", "in", "0312", by="0312")
    zjj.at("03-01 23:24")
    places = {c.grid: c.name for c in reversed(list(town.committees.values()))}
    assert len(places) == 7
    for name in places.values():
        handle = zjj.data("do", f"xj {name} zy 2", by="0312")["case"]["handle"]
        assert zjj.data("do", f"pd {handle} y1", by="0312")["case"]["lead"] == "y1"


# files ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "xlsx", "ics"])
def test_the_same_roster_gives_the_same_file(zjj: Zjj, tmp_path: Path, kind: str) -> None:
    one, two = tmp_path / f"a.{kind}", tmp_path / f"b.{kind}"
    rows = zjj.data("roster", "export", str(one), "--month", "2021-03")["rows"]
    zjj.at("03-09 10:00")("roster", "export", str(two), "--month", "2021-03")
    assert rows > 900
    assert one.read_bytes() == two.read_bytes()


def test_what_is_exported_is_imported_again(zjj: Zjj, bare: Zjj, tmp_path: Path) -> None:
    path = tmp_path / "march.csv"
    rows = zjj.data("roster", "export", str(path), "--month", "2021-03")["rows"]
    assert bare.data("roster", "import", str(path), "--month", "2021-03", "--dry-run")["new"] == rows
    assert bare.data("import", "roster", str(path))["new"] == rows
    assert bare.data("roster", "import", str(path))["same"] == rows
    bare("roster", "publish", "--month", "2021-03")
    back = tmp_path / "back.csv"
    bare("roster", "export", str(back), "--month", "2021-03")
    assert back.read_bytes() == path.read_bytes()


def test_one_persons_calendar_and_the_plan_before_it_is_published(bare: Zjj, tmp_path: Path) -> None:
    bare("roster", "plan", "--month", "2021-03", code=14)
    path = tmp_path / "mine.csv"
    done = bare("roster", "export", str(path), "--month", "2021-03", "--person", "蒋寅")
    assert any("尚未发布" in warning for warning in done["warnings"])
    with path.open(encoding="utf-8-sig", newline="") as stream:
        assert {row["工号"] for row in csv.DictReader(stream)} == {"0312"}


def test_signs_are_imported(zjj: Zjj, tmp_path: Path) -> None:
    path = tmp_path / "signs.csv"
    path.write_text("工号,时间,方向\n2301,2021-03-01 08:36,进\n2301,2021-03-01 16:31,出\n", "utf-8")
    assert zjj.at("03-01 18:00").data("import", "signs", str(path))["rejected"] == 0
    sign = next(s for s in zjj.data("sign", "list")["signs"] if s["work_no"] == "2301")
    assert (sign["late_minutes"], sign["attended_minutes"], sign["via"]) == (6, 474, "import")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("roster", "plan", "--month", "2021-3"), 2, "2021-03"),
        (("roster", "show", "--date", "3/1"), 2, "0301"),
        (("roster", "plan", "--month", "9999-12"), 2, "2100"),
        (("roster", "show", "--date", "9999-12-31"), 2, "2100"),
        (("roster", "gaps", "--to", "9999-12-31"), 2, "2100"),
        (("roster", "gaps", "--to", "2100-12-31"), 2, "366"),
        (("roster", "leave", "0002", "--from", "0001-01-01 00:00", "--to", "0303"), 2, "2100"),
        (("sign", "in", "0002", "--at", "9999-12-31 23:59"), 2, "2100"),
        (("roster", "show", "--week", "--month", "2021-03"), 2, "一种"),
        (("roster", "gaps", "--from", "0305", "--to", "0301"), 2, "早于"),
        (("roster", "export", "x.pdf"), 2, ".ics"),
        (("roster", "export", "x.csv", "--month", "2021-05"), 6, "roster plan"),
        (("roster", "export", "no/such/folder/x.csv"), 1, "不能写"),
        (("roster", "leave", "0002", "--from", "0303", "--to", "soon"), 2, "23:41"),
        (("roster", "leave", "没人", "--from", "0303", "--to", "0304"), 6, "没有人员"),
        (("stationing", "request", "gbb", "z4", "--from", "0301", "--to", "0302", "--trigger", "9"), 3, "疑难案件"),
        (("stationing", "request", "nope", "z4", "--from", "0301", "--to", "0302", "--trigger", "1"), 3, "没有单位"),
        (("stationing", "arrive", "zzz"), 6, "没有驻站"),
    ],
)
def test_every_error_says_what_to_do(zjj: Zjj, words: tuple[str, ...], code: int, says: str) -> None:
    assert says in zjj.error(*words, code=code)


def test_nobody_is_on_call_where_the_roster_names_nobody(zjj: Zjj) -> None:
    assert zjj.data("roster", "oncall")["oncall"] == []


def test_the_tree_of_commands_loads_nothing_heavy() -> None:
    code = (
        "import sys, zjj_console.commands.tree; print([m for m in ('msgspec', 'rich', 'openpyxl') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
