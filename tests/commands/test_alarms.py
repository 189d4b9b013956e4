"""`zjj alarms`: what needs a person now, acknowledging, the log of every alarm, how many there are (§3.6)."""

import re
from pathlib import Path

import pytest

from tests.commands.conftest import Zjj

PHONE = re.compile(r"0000\d{3,}|1\d{10}")


@pytest.fixture
def night(bare: Zjj) -> Zjj:
    """Monday 23:24: 1001 of first priority was sent at 23:00 and not acknowledged, 1002 is due soon."""
    bare.at("03-01 23:00")
    bare("do", "xj dhj zy 1")
    bare("do", "pd 1001 y1")
    bare("do", "xj dhj js 3")
    return bare.at("03-01 23:24")


def subjects(zjj: Zjj, code: int = 12) -> dict[str, dict]:
    return {a["case"] or a["subject"]: a for a in zjj.data("alarms", code=code)["alarms"]}


def test_3_6_the_worst_comes_first_in_the_shape_of_the_contract(night: Zjj) -> None:
    found = night.data("alarms", code=12)
    assert {k: found[k] for k in ("total", "unacked", "late", "soon")} == {
        "total": 2,
        "unacked": 2,
        "late": 1,
        "soon": 1,
    }
    worst, soon = found["alarms"]
    case = night.data("case", "show", "1001")
    assert worst == {
        "subject": case["id"], "grade": "urgent_late", "mark": "!!!急超", "case": "1001", "priority": 1, "clock": "ACK",
        "clock_zh": "签收", "due": "2021-03-01T23:10:00+08:00", "raised": "2021-03-01T23:20:00+08:00", "acked": None, "level": 2,
        "rung_person": "0021", "text_zh": "!!!急超 1001 签收 一级 E2", "text_en": "!!!急超 1001 acknowledge P1 E2",
    }  # fmt: skip
    assert (soon["case"], soon["grade"], soon["mark"], soon["level"], soon["rung_person"]) == (
        "1002",
        "soon",
        "!临",
        0,
        None,
    )


def test_a_quiet_desk_ends_with_0(bare: Zjj) -> None:
    assert bare.data("alarms") == {"alarms": [], "total": 0, "unacked": 0, "late": 0, "soon": 0}
    bare.at("03-01 10:00")("do", "xj dhj js 3")
    assert bare.read("alarms") == "告警 0，未确认 0，超时 0，将到 0\n"


def test_people_read_one_line_each_in_either_language(night: Zjj) -> None:
    lines = night.read("alarms", code=12).splitlines()
    assert lines[0] == "!!!急超 1001 签收 一级 E2  起 23:20"
    assert lines[-1] == "告警 2，未确认 2，超时 1，将到 1"
    left, out, _ = night.run("--lang", "en", "alarms")
    assert (left, out.splitlines()[-1]) == (12, "2 alarms, 2 not acknowledged, 1 late, 1 due soon")
    assert night.read("alarms", "--limit", "1", code=12).splitlines()[1] == lines[-1]


def test_3_6_acknowledged_is_not_solved(night: Zjj) -> None:
    assert night.data("alarms", "ack", "1001")["n"] == 1
    assert subjects(night)["1001"]["acked"] == "2021-03-01T23:24:00+08:00"
    assert night.data("alarms", "ack", "--all")["n"] == 1
    found = subjects(night, code=0)
    assert set(found) == {"1001", "1002"}


def test_3_6_an_acknowledged_alarm_waits_anew_at_the_next_rung(night: Zjj) -> None:
    night("alarms", "ack", "--all")
    assert subjects(night.at("03-01 23:29"), code=0)["1001"]["level"] == 2
    found = subjects(night.at("03-01 23:31"))["1001"]
    assert (found["level"], found["acked"], found["raised"]) == (3, None, "2021-03-01T23:30:00+08:00")


def test_what_cannot_be_acknowledged_is_said(night: Zjj) -> None:
    assert "9999" in night.error("alarms", "ack", "9999", code=6)
    night("alarms", "ack", "1001")
    assert "没有未确认" in night.error("alarms", "ack", "1001", code=8)
    for words in ([], ["1001", "--all"]):
        assert "二者取一" in night.error("alarms", "ack", *words, code=2)
    night("alarms", "ack", "--all")
    assert night("alarms", "ack", "--all")["data"]["n"] == 0  # nothing to do is no error


def test_one_bad_word_acknowledges_nothing(night: Zjj) -> None:
    night.error("alarms", "ack", "1001", "9999", code=6)
    assert subjects(night)["1001"]["acked"] is None


def test_6_4_the_same_key_acknowledges_once(night: Zjj) -> None:
    night("alarms", "ack", "1001", "--key", "k1")
    assert night.at("03-01 23:31").data("alarms", "ack", "1001", "--key", "k1")["same"] is True
    assert subjects(night)["1001"]["acked"] is None  # the new rung still waits
    night.error("alarms", "ack", "1002", "--key", "k1", code=5)


def without_deputy(folder: Path) -> Path:
    """The town whose 五站 has no deputy from 10 March on."""
    posts = folder / "posts.csv"
    rows = posts.read_text("utf-8").splitlines()
    ends = {"z5,deputy,0035,0": ",2021-03-09"}
    posts.write_text("\n".join([f"{rows[0]},until", *(row + ends.get(row, ",") for row in rows[1:])]) + "\n", "utf-8")
    return folder


def test_what_is_no_case_is_acknowledged_by_its_subject(bare: Zjj, copied_town: Path) -> None:
    bare.profile = str(without_deputy(copied_town))
    bare.at("03-11 12:00")
    (found,) = bare.data("alarms", code=12)["alarms"]
    assert (found["subject"], found["grade"], found["case"], found["clock"]) == ("post:z5:deputy", "note", None, None)
    assert found["text_zh"] == "!注 五站 副站长空缺，升级时直接找下一级"
    bare("alarms", "ack", "post:z5:deputy")
    assert bare.data("alarms")["unacked"] == 0


# the log ------------------------------------------------------------------------------------------------------------------


def entries(zjj: Zjj, *words: str) -> list[tuple]:
    rows = zjj.data("alarms", "log", *(words or ("--month", "2021-03")))["log"]
    return [
        (r["case"], r["clock"] if not r["rung"] else f"E{r['rung']}", *(r[k] and r[k][8:16] for k in
         ("raised", "acked", "answered", "cleared"))) for r in rows
    ]  # fmt: skip


def test_3_6_the_log_tells_raised_acknowledged_answered_and_cleared(night: Zjj) -> None:
    night("alarms", "ack", "1001")
    night.at("03-01 23:26")("escalation", "call", "1001", "接通", "--text", "已知悉")
    night.at("03-01 23:28")("do", "qs 1001")
    first = entries(night.at("03-02 09:00"), "--until", "03-01 23:29")
    assert first == [
        ("1001", "ACK", "01T23:10", "01T23:24", None, "01T23:28"),
        ("1001", "E1", "01T23:10", "01T23:24", None, "01T23:28"),
        ("1001", "E2", "01T23:20", "01T23:24", "01T23:26", "01T23:28"),
    ]
    row = night.data("alarms", "log", "--until", "03-01 23:29")["log"][0]
    assert (row["cleared_by"], row["due"], row["priority"]) == ("acknowledged", "2021-03-01T23:10:00+08:00", 1)


def test_the_log_knows_what_was_late_while_nobody_looked(night: Zjj) -> None:
    found = entries(night.at("03-02 09:00"))
    assert ("1002", "ACC", "01T23:30", None, None, None) in found


def test_undone_is_late_again(night: Zjj) -> None:
    night.at("03-01 23:26")("do", "qs 1001")
    assert dict.fromkeys(e[5] for e in entries(night) if e[1] == "ACK") == {"01T23:26": None}
    night("do", "cx")
    assert [e[5] for e in entries(night) if e[1] == "ACK"] == [None]


def test_a_case_that_comes_late_was_raised_when_it_came(bare: Zjj, tmp_path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text(
        "编号,上报时间,地点,类别,级别,描述,来源\nWX-1,2021-03-01 08:00,东湖街,暴露垃圾,3,示例,电话\n", "utf-8"
    )
    bare.at("03-01 12:00")
    bare("import", "cases", str(file))
    found = [e for e in entries(bare.at("03-01 13:00")) if e[1] == "ACC"]
    assert [e[2] for e in found] == ["01T12:00"]  # its limit ended at 08:30, before anybody here knew of it


def test_NV_19_nobody_is_named_in_the_log(night: Zjj) -> None:
    night("escalation", "call", "1001", "2", "--to", "0021", "--text", "示例李某 00005551234")
    night("alarms", "ack", "--all")
    for words in (("--json", "alarms", "log"), ("alarms", "log"), ("--json", "alarms", "rate"), ("alarms", "rate")):
        _, out, _ = night.run(*words)
        assert "1001" in out or "rate" in words
        assert not PHONE.search(out.replace("1001", "")), out
        assert not any(name in out for name in ("钱未", "周丁", "0021", "李某")), out


def test_a_window_is_a_month_or_two_instants(night: Zjj) -> None:
    assert night.data("alarms", "log", "--month", "2021-02")["log"] == []
    assert len(entries(night, "--since", "03-01 23:15", "--until", "03-01 23:24")) == 1
    assert len(entries(night, "--case", "1001")) == 3
    night.error("alarms", "log", "--month", "2021-03", "--since", "0301", code=2)
    night.error("alarms", "log", "--since", "0302", "--until", "0301", code=2)
    night.error("alarms", "log", "--case", "9999", code=6)


def test_3_6_the_monthly_rate_is_told_against_the_budget(night: Zjj) -> None:
    found = night.at("03-02 00:00").data("alarms", "rate", "--month", "2021-03")
    assert found["budget_per_hour"] == 6
    assert (found["alarms"], found["hours"], found["per_hour"]) == (7, 24.0, round(7 / 24, 3))
    assert found["busiest_hour"] == {"from": "2021-03-01T23:00:00+08:00", "alarms": 7}
    assert (found["hours_over_budget"], found["within_budget"]) == (1, True)
    assert sum(one["alarms"] for one in found["by_cause"]) == 7
    assert {"cause": "ACK", "cause_zh": "签收", "alarms": 1} in found["by_cause"]
    assert night.data("alarms", "rate", "--month", "2021-01")["alarms"] == 0
    assert "每小时 0.29 (上限 6)" in night.read("alarms", "rate")


def test_a_vacancy_of_which_nobody_knows_the_beginning_has_no_time(bare: Zjj, copied_town: Path) -> None:
    posts = copied_town / "posts.csv"
    posts.write_text(posts.read_text("utf-8").replace("z5,deputy,0035,0\n", ""), "utf-8")
    bare.profile = str(copied_town)
    (found,) = bare.data("alarms", code=12)["alarms"]
    assert found["raised"] is None
    assert bare.read("alarms", code=12).splitlines()[0] == "!注 五站 副站长空缺，升级时直接找下一级"
    assert bare.read("watch", "--once", code=12) == "2021-02-25 09:00:00 !注 五站 副站长空缺，升级时直接找下一级\n"
