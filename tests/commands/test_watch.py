"""`zjj watch`: the ladder climbs and the bell rings with no console open (NV-2, §3.6)."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Zjj
from zjj_console.commands.context import instant_of
from zjj_console.desk.heartbeat import Heart
from zjj_console.storage.companion import beside
from zjj_console.storage.db import connect

NAMES = ("周丁", "钱未", "赵午", "李乙", "0031", "0021")


class Bell:
    """A bell that writes down what it was told; `rang` since the last time it was asked."""

    def __init__(self, folder: Path) -> None:
        self.file, self.read = folder / "bell", 0
        self.command = f'printf "%s|" "$ZJJ_ALARM" >> "{self.file}"'

    def rang(self) -> list[str]:
        told = self.file.read_text("utf-8").split("|")[:-1] if self.file.exists() else []
        new, self.read = told[self.read :], len(told)
        return new


@pytest.fixture
def bell(tmp_path: Path) -> Bell:
    return Bell(tmp_path)


@pytest.fixture
def urgent(bare: Zjj) -> Zjj:
    """Monday 23:15: 1001 of first priority was sent at 23:00 and is not acknowledged."""
    bare.at("03-01 23:00")
    bare("do", "xj dhj zy 1")
    bare("do", "pd 1001 y1")
    return bare.at("03-01 23:15")


def look(zjj: Zjj, bell: Bell, code: int = 12, *more: str) -> dict[str, Any]:
    return dict(zjj.data("watch", "--once", "--exec", bell.command, *more, code=code))


def beat(zjj: Zjj, at: str = "") -> Heart:
    heart = Heart(zjj.db)
    heart.beat(instant_of(at or zjj.now))
    return heart


# one look -----------------------------------------------------------------------------------------------------------------


def test_NV_2_rungs_climb_with_no_console_open(urgent: Zjj, bell: Bell) -> None:
    look(urgent.at("03-01 23:31"), bell)
    (climb,) = urgent.data("escalation", "list")["climbs"]
    assert [(r["rung"], r["raised"][11:16]) for r in climb["rungs"]] == [(1, "23:10"), (2, "23:20"), (3, "23:30")]
    tail = urgent.data("audit", "tail")["events"]
    assert {e["actor"] for e in tail if e["kind"] == "escalated"} == {"system"}


def test_3_6_first_priority_rings_again_at_each_run_until_it_is_acknowledged(urgent: Zjj, bell: Bell) -> None:
    look(urgent, bell)
    assert bell.rang() == ["!!!急超 1001 签收 一级 E1"]
    look(urgent.at("03-01 23:16"), bell)
    assert bell.rang() == ["!!!急超 1001 签收 一级 E1"]
    urgent("alarms", "ack", "1001")
    assert look(urgent.at("03-01 23:17"), bell, 0)["unacked"] == 0
    assert bell.rang() == []
    look(urgent.at("03-01 23:20"), bell)
    assert bell.rang() == ["!!!急超 1001 签收 一级 E2"]  # the next rung


def test_3_6_other_late_ones_ring_once_and_what_is_only_soon_is_silent(bare: Zjj, bell: Bell) -> None:
    bare.at("03-01 10:00")("do", "xj dhj js 3")
    found = look(bare.at("03-01 10:27"), bell)
    assert ([a["grade"] for a in found["fresh"]], found["rang"], bell.rang()) == (["soon"], False, [])
    assert look(bare.at("03-01 10:30"), bell)["rang"] is True
    assert bell.rang() == ["!!超 1001 受理 三级"]
    assert look(bare.at("03-01 10:31"), bell)["rang"] is False
    assert bell.rang() == []


def test_NV_2_asleep_over_three_deadlines_it_rings_once_and_names_all_three(bare: Zjj, bell: Bell) -> None:
    for n in range(3):
        bare.at(f"03-01 10:0{n}")("do", "xj dhj js 3")
    look(bare.at("03-01 10:10"), bell, 0)
    found = look(bare.at("03-01 11:00"), bell)
    (told,) = bell.rang()
    assert told.splitlines() == [f"!!超 {handle} 受理 三级" for handle in (1001, 1002, 1003)]
    assert len(found["fresh"]) == 3


def test_a_case_that_came_late_rings_although_its_deadline_lies_before_the_last_look(bare, bell, tmp_path) -> None:
    look(bare.at("03-01 12:00"), bell, 0)
    file = tmp_path / "cases.csv"
    file.write_text(
        "编号,上报时间,地点,类别,级别,描述,来源\nWX-1,2021-03-01 08:00,东湖街,暴露垃圾,3,示例,电话\n", "utf-8"
    )
    bare.at("03-01 12:01")("import", "cases", str(file))
    look(bare, bell)
    assert bell.rang() == ["!!超 1001 受理 三级"]
    look(bare.at("03-01 12:02"), bell)
    assert bell.rang() == []


def test_a_quiet_desk_ends_with_0_and_says_nothing(bare: Zjj, bell: Bell) -> None:
    assert bare.run("watch", "--once", "--exec", bell.command) == (0, "", "")
    assert bell.rang() == []


def test_each_new_alarm_is_a_line_with_its_times_printed_and_logged_once(urgent: Zjj, tmp_path: Path) -> None:
    log = tmp_path / "alarms.log"
    line = "2021-03-01 23:15:00 !!!急超 1001 签收 一级 E1 起 2021-03-01 23:10:00\n"
    assert urgent.read("watch", "--once", "--log", str(log), code=12) == line
    assert urgent.at("03-01 23:16").read("watch", "--once", "--log", str(log), code=12) == ""
    assert log.read_text("utf-8") == line
    urgent.at("03-01 23:21").read("--quiet", "watch", "--once", "--log", str(log), code=12)
    assert log.read_text("utf-8").splitlines()[1].endswith("E2 起 2021-03-01 23:20:00")


def test_NV_19_no_name_and_no_number_leaves_the_house(urgent: Zjj, bell: Bell, tmp_path: Path) -> None:
    log = tmp_path / "alarms.log"
    out = urgent.read("watch", "--once", "--log", str(log), "--exec", bell.command, code=12)
    left = "".join([out, log.read_text("utf-8"), *bell.rang()])
    assert "1001" in left and not [name for name in NAMES if name in left]


# a console is open --------------------------------------------------------------------------------------------------------


def test_3_6_while_a_console_beats_nothing_rings_and_the_log_is_kept(urgent: Zjj, bell: Bell, tmp_path: Path) -> None:
    beat(urgent)
    found = look(urgent, bell, 0, "--log", str(tmp_path / "log"))
    assert (found["console"]["state"], found["rang"], found["unacked"]) == ("alive", False, 1)
    assert bell.rang() == []
    assert "1001" in (tmp_path / "log").read_text("utf-8")


def test_NV_2_a_console_that_stopped_is_an_alarm_and_the_bell_is_taken_over(bare: Zjj, bell: Bell) -> None:
    bare.at("03-01 10:00")
    heart = beat(bare)
    found = look(bare.at("03-01 10:02"), bell)
    (alarm,) = found["fresh"]
    assert (alarm["subject"], alarm["grade"], alarm["raised"]) == ("console", "desk", "2021-03-01T10:01:00+08:00")
    assert bell.rang() == ["!!台 值守台心跳停 03-01 10:00:00，未正常退出；请看值守台，或重新打开"]
    look(bare.at("03-01 10:03"), bell)
    assert bell.rang() == []
    assert [a["subject"] for a in bare.data("alarms", code=12)["alarms"]] == ["console"]
    bare("alarms", "ack", "console")
    assert look(bare.at("03-01 10:04"), bell, 0)["total"] == 1
    heart.stop()
    assert look(bare.at("03-01 10:05"), bell, 0)["total"] == 0


def test_a_console_that_was_closed_is_no_alarm(bare: Zjj, bell: Bell) -> None:
    beat(bare.at("03-01 10:00")).stop()
    assert look(bare.at("03-01 10:05"), bell, 0)["console"] == {"state": "none", "beat": None}


# what goes wrong ----------------------------------------------------------------------------------------------------------


def test_a_busy_database_is_looked_at_and_rung_for(urgent: Zjj, bell: Bell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zjj_console.storage.db.BUSY_SECONDS", 0.05)
    urgent.data("escalation", "list")
    other = connect(urgent.db)
    other.execute("BEGIN IMMEDIATE")
    found = urgent.at("03-01 23:21")("watch", "--once", "--exec", bell.command, code=12)
    assert bell.rang() == ["!!!急超 1001 签收 一级 E1"] and "忙" in found["warnings"][0]
    other.execute("ROLLBACK")
    other.close()


def test_a_bell_that_fails_is_told_and_the_look_goes_on(urgent: Zjj) -> None:
    left, _, err = urgent.run("watch", "--once", "--exec", "exit 3")
    assert left == 12 and "以 3 结束" in err


def test_a_log_that_cannot_be_written_is_told_and_the_bell_rings(urgent: Zjj, bell: Bell, tmp_path: Path) -> None:
    left, _, err = urgent.run("watch", "--once", "--log", str(tmp_path), "--exec", bell.command)
    assert (left, len(bell.rang())) == (12, 1) and str(tmp_path) in err


@pytest.mark.parametrize("body", ["", "{", '{"once": 1}', '{"once": {"at": 99999999999999999, "alarms": []}}'])
def test_a_memory_that_is_lost_or_from_the_future_rings_rather_than_not(urgent: Zjj, bell: Bell, body: str) -> None:
    beside(urgent.db, ".watch").write_text(body)
    look(urgent, bell)
    assert len(bell.rang()) == 1


def test_a_memory_from_the_future_that_knows_the_alarm_does_not_silence_first_priority(urgent: Zjj, bell: Bell) -> None:
    look(urgent, bell)
    file = beside(urgent.db, ".watch")
    file.write_text(re.sub(r'"at":\d+', '"at":99999999999999999', file.read_text()))
    bell.rang()
    look(urgent.at("03-01 23:16"), bell)
    assert len(bell.rang()) == 1


def test_it_needs_no_operator_where_there_are_operators(urgent: Zjj, bell: Bell, pin_file: Any) -> None:
    urgent("operator", "add", "0312", "--new-pin-file", pin_file())
    urgent.error("alarms", code=7)
    look(urgent.at("03-01 23:21"), bell)
    assert bell.rang() == ["!!!急超 1001 签收 一级 E2"]


def test_one_json_object_only_with_once(urgent: Zjj) -> None:
    urgent.error("watch", code=2)
    urgent.error("watch", "--once", "--interval", "0", code=2)


# a real process -----------------------------------------------------------------------------------------------------------


def start(zjj: Zjj, *words: str) -> "subprocess.Popen[str]":
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ZJJ_")}
    env = {**kept, "ZJJ_TEST": "1", "ZJJ_NOW": zjj.now, "ZJJ_DB": str(zjj.db), "PYTHONPATH": str(Path.cwd())}
    return subprocess.Popen([sys.executable, "-m", "zjj_console.cli", "watch", *words], env=env, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip


def until(found: Any, seconds: float = 30) -> Any:
    """The first true answer; polls, for another process does the work."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(0.05)
    raise AssertionError("it did not come to be")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_NV_2_a_process_in_the_background_climbs_rings_and_ends_when_told(urgent, bell, number, code) -> None:
    process = start(urgent, "--interval", "1", "--exec", bell.command)
    try:
        assert until(bell.rang) == ["!!!急超 1001 签收 一级 E1"]
        assert urgent.data("escalation", "show", "1001")["rung"] == 1
        urgent("do", "xj dhj zy 1")  # a console and the watch write to one file
        assert until(bell.rang) == ["!!!急新 1002 受理 一级"]
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == code, err
    assert [line.split()[3] for line in out.splitlines()] == ["1001", "1002"]


def test_two_watches_and_a_database_that_is_restored_under_them(urgent: Zjj, bell: Bell, new_db: Any, tmp_path) -> None:
    other = Zjj(new_db(), "2021-03-01 23:15")
    other("do", "xj dhj zy 1")
    saved = other.data("db", "backup", "--to", str(tmp_path / "saved"))["file"]
    pair = [start(urgent, "--interval", "1", "--exec", bell.command) for _ in range(2)]
    try:
        until(bell.file.exists)
        time.sleep(2)  # both have looked
        assert set(bell.rang()) == {"!!!急超 1001 签收 一级 E1"}
        assert len(urgent.data("escalation", "show", "1001")["rungs"]) == 1  # what one raised the other raised no more
        urgent("db", "restore", saved)
        assert until(bell.rang)[0] == "!!!急新 1001 受理 一级"
    finally:
        for process in pair:
            process.terminate()
            _, err = process.communicate(timeout=20)
            assert process.returncode == 0, err
    assert urgent.data("db", "check")["cases"] == 1


def test_3_6_a_terminal_hears_the_bell(urgent: Zjj) -> None:
    """On a pseudo terminal, as an operator sits before it."""
    import pty

    ours, theirs = pty.openpty()
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ZJJ_")}
    env = {**kept, "ZJJ_TEST": "1", "ZJJ_NOW": urgent.now, "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-m", "zjj_console.cli", "--db", str(urgent.db), "--json", "watch", "--once"]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=theirs, text=True, timeout=30)
    os.close(theirs)
    heard = os.read(ours, 1000)
    os.close(ours)
    assert done.returncode == 12
    assert heard.count(b"\a") == 1
    assert json.loads(done.stdout)["data"]["rang"] is True
    assert not re.search("[\x07]", done.stdout)
