"""`zjj escalation`: who is on the ladder, calls and answers, what comes next, and whether every post can be reached (§2.10)."""

from pathlib import Path

import pytest

from tests.commands.conftest import Zjj
from tests.commands.test_alarms import without_deputy

DEPUTY, CHIEF, COMMANDER = "0031", "0021", "0011"


@pytest.fixture
def night(bare: Zjj) -> Zjj:
    """Monday 23:15: 1001 of first priority was sent at 23:00 and is not acknowledged; its deputy is to be called since 23:10."""
    bare.at("03-01 23:00")
    bare("do", "xj dhj zy 1")
    bare("do", "pd 1001 y1")
    return bare.at("03-01 23:15")


def climb(zjj: Zjj) -> dict:
    return dict(zjj.data("escalation", "show", "1001"))


def test_2_10_the_list_tells_trigger_rung_person_and_what_comes_next(night: Zjj) -> None:
    found = night.data("escalation", "list")
    (one,) = found["climbs"]
    assert found["total"] == 1
    assert (one["case"], one["trigger"], one["missed"], one["rung"], one["person"], one["calls"]) == (
        "1001", "ACK", "2021-03-01T23:10:00+08:00", 1, DEPUTY, 0,
    )  # fmt: skip
    assert one["next"] == {
        "rung": 2, "post": "chief", "post_zh": "站长", "at": "2021-03-01T23:20:00+08:00", "why": "due", "why_zh": "到时",
    }  # fmt: skip
    line = night.read("escalation", "list").splitlines()[1]
    assert "1001" in line and "E1副站长" in line and "E2站长 03-01 23:20:00 到时" in line


def test_nobody_on_the_ladder(bare: Zjj) -> None:
    assert bare.data("escalation", "list") == {"climbs": [], "total": 0}
    bare.at("03-01 10:00")("do", "xj dhj js 3")
    assert bare.data("escalation", "show", "1001")["rungs"] == []
    bare.error("escalation", "show", "9", code=6)


def test_2_10_two_failed_calls_raise_the_next_rung_at_once(night: Zjj) -> None:
    first = night.data("escalation", "call", "1001", "2", "--text", "无人接")
    assert (first["climb"]["rung"], first["climb"]["calls"], first["line"]) == (1, 1, "th 1001 2")
    second = night.at("03-01 23:16").data("escalation", "call", "1001", "占线", "--to", DEPUTY)
    rungs = second["climb"]["rungs"]
    assert [(r["rung"], r["why"], r["raised"][11:16]) for r in rungs] == [(1, "due", "23:10"), (2, "failed", "23:16")]
    assert [c["result"] for c in rungs[0]["calls"]] == ["no_answer", "busy"]
    assert rungs[0]["calls"][0]["text"] == "无人接"


def test_a_call_says_what_it_does_not_understand(night: Zjj) -> None:
    assert "可用" in night.error("escalation", "call", "1001", "也许", code=3)
    night.error("escalation", "call", "9999", "2", code=6)
    night.error("escalation", "call", "1001", "2", "--to", "9999", code=6)


def test_2_10_an_answer_holds_the_climb_and_not_the_clock(night: Zjj) -> None:
    done = night.data("escalation", "answer", "1001", "--text", "已在路上")
    assert (done["rungs"][0]["answer"], done["next"]["at"][11:16], done["next"]["why"]) == ("已在路上", "23:25", "hold")
    assert night.data("case", "show", "1001")["overdue"] is True
    assert climb(night.at("03-01 23:26"))["rung"] == 2


def test_6_4_the_same_key_answers_once(night: Zjj) -> None:
    night("escalation", "answer", "1001", "--key", "a")
    again = night.at("03-01 23:18").data("escalation", "answer", "1001", "--key", "a")
    assert again["same"] is True
    assert climb(night)["rungs"][0]["answered_at"] == "2021-03-01T23:15:00+08:00"
    night.error("escalation", "answer", "1001", "--text", "x", "--key", "a", code=5)


def test_2_10_raised_by_hand_it_goes_to_the_wanted_rung_and_no_higher_than_the_top(night: Zjj) -> None:
    done = night.data("escalation", "raise", "1001", "--to", "e3", "--text", "现场扩大")
    assert [(r["rung"], r["why"]) for r in done["rungs"]] == [(1, "due"), (2, "hand"), (3, "hand")]
    assert done["person"] == COMMANDER
    assert "第4至5级" in night.error("escalation", "raise", "1001", "--to", "2", code=8)
    night.error("escalation", "raise", "1001", "--to", "上", code=2)
    assert night.data("escalation", "raise", "1001")["rung"] == 4


def test_2_10_what_was_raised_by_hand_is_stood_down_and_a_missed_deadline_is_not(bare: Zjj) -> None:
    bare.at("03-01 10:00")("do", "xj dhj js 3")
    bare("escalation", "raise", "1001")
    assert bare.data("escalation", "stand-down", "1001")["open"] is False
    bare.error("escalation", "stand-down", "1001", code=8)
    bare.at("03-01 23:00")("do", "xj dhj zy 1")
    bare("do", "pd 1002 y1")
    assert "不能解除" in bare.at("03-01 23:15").error("escalation", "stand-down", "1002", code=8)


def test_who_may_not_may_not(night: Zjj) -> None:
    night.error("escalation", "raise", "1001", by="2201", code=7)


def test_the_forecast_names_deadlines_and_who_would_be_called(night: Zjj) -> None:
    found = night.data("escalation", "forecast", "--hours", "12")
    told = [(i["at"][11:16], i["kind"], i["rung"], i["person"]) for i in found["items"]]
    assert told[:4] == [
        ("23:20", "rung", 2, CHIEF), ("23:30", "deadline", None, found["items"][1]["person"]), ("23:30", "rung", 3, COMMANDER),
        ("23:40", "rung", 4, "0005"),
    ]  # fmt: skip
    assert found["items"][4]["post"] == "meeting"  # E5 is no person
    assert (found["within_60m"], found["total"]) == (5, 6)
    assert "一小时内 5，12 小时内 6" in night.read("escalation", "forecast")
    assert len(night.data("escalation", "forecast", "--hours", "1")["items"]) == 5
    before = night.data("audit", "tail")["events"]
    night("escalation", "forecast")
    assert night.data("audit", "tail")["events"] == before  # asked, not stored


def test_a_forecast_comes_true(night: Zjj) -> None:
    told = [(i["at"], i["rung"], i["person"]) for i in night.data("escalation", "forecast")["items"] if i["rung"]]
    rungs = climb(night.at("03-02 01:00"))["rungs"][1:]
    assert [(r["raised"], r["rung"], r["person"]) for r in rungs] == told


def test_the_history_has_every_step(night: Zjj) -> None:
    night("escalation", "call", "1001", "2")
    night.at("03-01 23:17")("do", "qs 1001")
    found = night.data("escalation", "history")["steps"]
    assert [s["kind"] for s in found] == ["escalated", "rung_called", "ladder_cleared"]
    assert (found[-1]["cleared_by"], found[0]["rung"]["person"]) == ("acknowledged", DEPUTY)
    assert night.data("escalation", "history", "--since", "03-01 23:16")["total"] == 1
    assert night.data("escalation", "history", "--case", "1001")["total"] == 3
    assert "升级解除" in night.read("escalation", "history")


# before the night ---------------------------------------------------------------------------------------------------------


def test_2_10_the_check_prints_the_chain_of_every_post(zjj: Zjj) -> None:
    found = zjj.at("03-01 09:00").data("escalation", "check")
    assert (len(found["posts"]), found["reachable"], found["missing"], found["recorded"]) == (16, 16, 0, None)
    stations = [p for p in found["posts"] if p["unit"] != "cyzx"]
    assert len(stations) == 15 and {p["post"] for p in stations} == {"deputy", "chief", "commander"}
    zjj("do", "xj dhj js 3")
    recorded = zjj.at("03-01 17:30").data("escalation", "check")["recorded"]
    assert (recorded["night"], recorded["posts"], recorded["missing"]) == ("2021-03-01", 16, 0)


def test_AC_21a_a_vacant_post_ends_the_check_with_14(bare: Zjj, copied_town: Path) -> None:
    bare.profile = str(without_deputy(copied_town))
    assert bare.at("03-09 17:30").data("escalation", "check")["missing"] == 0
    found = bare.at("03-10 17:30").data("escalation", "check", code=14)
    (gone,) = [p for p in found["posts"] if p["missing"]]
    assert (gone["unit"], gone["post"], gone["missing"], gone["missing_zh"]) == ("z5", "deputy", "vacant", "空缺")
    assert "!空缺" in bare.read("escalation", "check", code=14)
    assert bare.data("escalation", "check", "--at", "2021-03-09 12:00")["missing"] == 0


def test_2_10_whoever_is_on_leave_is_passed_over(bare: Zjj) -> None:
    bare.at("03-01 08:00")("roster", "leave", CHIEF, "--from", "0301", "--to", "0302")
    (gone,) = [p for p in bare.at("03-01 17:30").data("escalation", "check", code=14)["posts"] if p["missing"]]
    assert (gone["unit"], gone["post"], gone["person"], gone["missing_zh"]) == ("z1", "chief", None, "请假")
    found = bare.data("alarms", code=12)["alarms"]
    assert [a["text_zh"] for a in found] == ["!注 17:30核对 一站 站长请假，升级直接找下一级"]
