"""`zjj consult` and `zjj visit` (§6.2) as scripts and people meet them: envelopes, keys, exit codes."""

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Zjj

CENTRE, DESK, CHIEF = "0005", "0002", "0021"


@pytest.fixture
def hall(db_path: Path) -> Zjj:
    """Monday, 10:00: two cases whose responsibility is unclear."""
    zjj = Zjj(db_path, "03-01 10:00")
    for handle in ("1001", "1002"):
        zjj("do", "xj dhj js 3 dh cg")
        zjj("do", f"qs {handle}")
        zjj("do", f"yn {handle} n1")
    return zjj


def test_a_week_from_collection_to_follow_up(hall: Zjj, tmp_path: Path) -> None:
    zjj = hall
    assert len(zjj.data("consult", "collect", "--missing", code=14)["missing"]) == 5
    done = zjj.data("consult", "collect", "z1", "--items", "1001=1 1002=跨区域,3", "--text", "明确主责", by=CHIEF)
    assert (done["cases"], done["waiting"]) == (["1001", "1002"], ["z2", "z3", "z4", "z5"])
    assert zjj.data("consult", "collect", "--remind", code=14)["messages"] == 8
    zjj("consult", "item", "1001", "--propose", "cg", "--invite", "gbb", "--missing", "照片")
    assert any("缺材料: 照片" in w for w in zjj("consult", "agenda", "--lock")["warnings"])
    shown = zjj.data("consult", "agenda")
    assert [(i["case"], i["proposed"], i["cross"], i["missing"]) for i in shown["items"]] == [
        ("1001", "cg", ["departments"], "照片"), ("1002", None, ["areas"], None)]  # fmt: skip
    assert {c["station_zh"]: c["reported"] for c in shown["collections"]}["三站"] is False
    zjj.at("03-05 09:30")
    zjj("consult", "open", by=DESK, code=7)
    zjj("consult", "open", by=CENTRE)
    zjj("consult", "attend", "cg", "z1")
    assert zjj.data("consult", "decide", "1", "1", "cg", "gbb", "--due", "5d", by=CENTRE)["state"] == "DISPATCHED"
    assert "议题2 无结果" in zjj.error("consult", "close", by=CENTRE, code=8)
    decided = zjj.data("consult", "decide", "1002", "2", "z1", "--due", "2021-03-12", by=CENTRE)
    assert (decided["due"], decided["undecided"]) == ("2021-03-12T23:59:00+08:00", 0)
    zjj("consult", "close", by=CENTRE)
    case = zjj.data("case", "show", "1001")
    assert (case["state"], case["lead"], case["due_final"]) == ("DISPATCHED", "cg", "2021-03-10T09:30:00+08:00")
    text = zjj.data("consult", "minutes", "W09")
    page = tmp_path / "minutes.html"
    wrote = zjj.data("consult", "minutes", "--format", "html", "--output", str(page))
    zjj.at("03-09 09:00")
    assert zjj.data("consult", "minutes", "2021-W09") == text and "1001" in page.read_text("utf-8")
    assert zjj.data("consult", "minutes", "--format", "html")["sha256"] == wrote["sha256"]
    followups = zjj.data("consult", "followup")["followups"]
    assert [(f["case"], f["owner"], f["state"]) for f in followups] == [
        ("1001", "cg", "running"),
        ("1002", "z1", "running"),
    ]
    zjj.at("03-11 09:00")
    assert [f["case"] for f in zjj.data("consult", "followup", "--overdue")["followups"]] == ["1001"]
    zjj("consult", "done", "HS-2021-W09", "1001", "--text", "已清除")
    assert zjj.data("consult", "followup", "--overdue")["followups"] == []
    zjj("audit", "verify")


def test_6_4_the_same_key_is_the_same_act(hall: Zjj) -> None:
    first = hall("consult", "collect", "z2", "--nil", "--key", "w9z2")
    again = hall("consult", "collect", "z2", "--nil", "--key", "w9z2")
    assert again["data"]["same"] and "same" not in first["data"]
    hall("consult", "collect", "z3", "--nil", "--key", "w9z2", code=5)
    hall("consult", "add", "1001", "--reason", "x", "--key", "a1")
    assert hall.data("consult", "add", "1001", "--reason", "x", "--key", "a1")["same"]


def test_AC_59b_a_missing_week_ends_with_14_until_a_reason_is_recorded(hall: Zjj) -> None:
    hall.at("03-06 09:00")
    gaps = hall.data("consult", "list", "--missing", code=14)["missing"]
    assert [(g["kind"], g["ref"]) for g in gaps if g["kind"] == "meeting"] == [("meeting", "2021-W09")]
    assert hall.data("consult", "list")["weeks"][0] == {
        "week": "2021-W09",
        "mark": "X",
        "state": "PLANNED",
        "reason": None,
    }
    hall("consult", "skip", "2021-W09", "--reason", "示例节日", by=CENTRE)
    assert hall.data("consult", "list", "--missing")["missing"] == []
    assert hall.data("consult", "list")["weeks"][0]["mark"] == "S"
    assert "W09S(示例节日)" in hall.read("consult", "list")


def test_wrong_words_are_told_with_what_there_is(hall: Zjj) -> None:
    assert "跨部门" in hall.error("consult", "collect", "z1", "--items", "1001=9", code=3)
    assert "1001=1" in hall.error("consult", "collect", "z1", "--items", "1001", code=3)
    hall("consult", "collect", code=2)
    hall("consult", "collect", "z1", "--missing", code=2)
    hall("consult", "agenda", "--lock", "--fill", code=2)
    hall("consult", "item", "1001", code=2)
    hall("consult", "show", "W99", code=3)
    hall("consult", "show", "LS-2021-03-01-0000", code=6)
    hall("consult", "minutes", code=6)
    hall("consult", "minutes", "W09", code=6)
    hall("consult", "withdraw", "1001", "--reason", "x", code=6)
    hall("consult", "done", "HS-2021-W09", "1001", code=6)
    hall("consult", "decide", "1", "1", "cg", by=CENTRE, code=6)


def test_pool_station_and_urgent(hall: Zjj) -> None:
    hall.at("03-03 15:00")
    rows = hall.data("consult", "pool")["pool"]
    assert [(r["case"]["handle"], r["why"][0]["code"], r["listed"]) for r in rows] == [
        ("1001", "led", None),
        ("1002", "led", None),
    ]
    assert "疑难已用牵头时限" in hall.read("consult", "pool")
    assert hall.data("consult", "agenda", "--fill")["added"] == ["1001", "1002"]
    hall("do", "xj dhj js 1 dh cg")
    hall("do", "xj dhj js 3 dh cg")
    done = hall.data(
        "consult", "station", "z1", "1004", "--outcome", "2", "--attend", "cg", "--text", "权属不清", by=CHIEF
    )
    assert (done["attempts"], done["outcome"]) == (2, "none")
    hall("consult", "urgent", "1004", "--reason", "x", code=8)
    name = hall.data("consult", "urgent", "1003", "--reason", "两队推诿")["meeting"]
    assert name == "LS-2021-03-03-1500"
    hall("consult", "decide", "1", "1", "pcs", by=CENTRE)
    assert hall.data("consult", "close", by=CENTRE)["meeting"] == name
    assert "临时会商纪要" in hall.read("consult", "minutes")


def test_people_read_tables_in_80_columns_or_less_of_chrome(hall: Zjj) -> None:
    hall("do", "hs 1001 两部门互推")
    shown = hall.read("consult", "show")
    assert "HS-2021-W09 镇级周会" in shown and "待议" in shown and "三站 未报" in shown
    assert "没有未办决议" in hall.read("consult", "followup")
    assert json.loads(hall.run("--json", "consult", "show")[1])["data"]["items"][0]["state_zh"] == "待议"


def test_AC_60a_visits_by_script(hall: Zjj) -> None:
    zjj = hall
    zjj("visit", "plan", "z2", "2021-03-15")
    assert "1001" in zjj.error(
        "visit", "record", "z1", "--by", "0011", "--briefing", "平稳", "--problems", "无", code=8
    )
    done = zjj.data("visit", "record", "z1", "--by", "赵午", "--at", "now", "--briefing", "平稳", "--problems", "停车难",
                    "--case", "1001=三日内拆除", "--noted", "all", "--due", "3d", "--key", "v1")  # fmt: skip
    assert (done["commanded"], done["noted"]) == (["1001"], ["1002"])
    words = ("visit", "record", "z1", "--by", "赵午", "--at", "now", "--briefing", "平稳", "--problems", "停车难",
             "--case", "1001=三日内拆除", "--noted", "all", "--due", "3d", "--key", "v1")  # fmt: skip
    assert zjj.data(*words)["same"]
    listed = {s["station"]: s for s in zjj.data("visit", "list")["stations"]}
    assert listed["z1"]["state"] == "done" and listed["z2"]["planned_at"] == "2021-03-15T08:30:00+08:00"
    assert zjj.data("visit", "list", "--missing")["missing"] == [], "nothing is late on the first of the month"
    zjj.at("03-25 09:00")
    missing = zjj.data("visit", "list", "--month", "current", "--missing", code=14)["missing"]
    assert [(m["station"], m["state"]) for m in missing] == [(z, "warned") for z in ("z2", "z3", "z4", "z5")]
    zjj.at("04-01 09:00")
    late = zjj.data("visit", "list", "--month", "previous", "--missing", code=14)["missing"]
    assert [m["state"] for m in late] == ["overdue"] * 4
    zjj("visit", "record", "z2", "--by", "0011", "--briefing", "平稳", "--problems", "无", code=8)
    zjj("visit", "record", "z2", "--by", "0012", "--briefing", "平稳", "--problems", "无", by=DESK, code=7)
    assert "一站" in zjj.read("visit", "list", "--month", "2021-03")


def test_the_second_town_meets_fortnightly_and_is_visited_by_its_centre(tmp_path: Path) -> None:
    zjj = Zjj(tmp_path / "second.db", "03-01 10:00", profile="example_town")
    assert "不是会商周" in zjj.error("consult", "show", "W10", code=3)
    assert zjj.data("consult", "show")["at"] == "2021-03-04T14:00:00+08:00"
    zjj("visit", "record", "z1", "--by", "0005", "--briefing", "平稳", "--problems", "无", by=CENTRE)
    assert [s["state"] for s in zjj.data("visit", "list")["stations"]] == ["done", "due", "due"]
    assert "指挥长" not in zjj.read("visit", "list")
