"""`zjj gateway` and `zjj outbox` as scripts and people use them: exit codes, sentences, and no secret in any of them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Zjj
from tests.gateway.server import AGENT, CORP, SECRET, Messenger

KEY = "d-ZJJ2021-A-01001-1-y1"


class Machine:
    """The clock of the server, which is that of the command."""

    def __init__(self) -> None:
        self.zjj: Zjj | None = None

    def __call__(self) -> int:
        from zjj_console.commands.context import instant_of

        assert self.zjj is not None
        return instant_of(self.zjj.now)


@pytest.fixture
def zjj(db_path: Path) -> Zjj:
    return Zjj(db_path, "2021-03-01 23:00")


@pytest.fixture
def messenger(town: Any, zjj: Zjj) -> Any:
    machine = Machine()
    machine.zjj = zjj
    found = Messenger(machine, set(town.people))
    yield found
    found.close()


@pytest.fixture
def config(zjj: Zjj, messenger: Messenger) -> Path:
    secret = zjj.db.with_name("gateway.secret")
    secret.write_text(SECRET)
    secret.chmod(0o600)
    path = zjj.db.with_name("gateway.toml")
    path.write_text(
        f'base_url = "{messenger.url}"\ncorp_id = "{CORP}"\nagent_id = {AGENT}\nsecret_file = "gateway.secret"\n'
        "connect_seconds = 1\nread_seconds = 1\n",
        "utf-8",
    )
    return path


@pytest.fixture
def sent(zjj: Zjj, config: Path) -> Zjj:
    """The gateway runs since 23:00; at 23:01 an order of first priority was queued."""
    zjj("gateway", "run", "--once")
    zjj.at("03-01 23:01")
    zjj("do", "xj dhj zy 1")
    zjj("do", "pd 1001 y1")
    return zjj


def test_without_a_configuration_it_says_so_and_ends_with_2(zjj: Zjj) -> None:
    for words in (("gateway", "run", "--once"), ("gateway", "test", "--to", "0051")):
        assert zjj.error(*words, code=2).startswith("未配置政务微信网关: 没有 ")
    status = zjj.data("gateway", "status")
    assert (status["configured"], status["since"]) == (False, None)


def test_a_round_delivers_and_says_what_it_did(sent: Zjj, messenger: Messenger) -> None:
    assert sent.data("gateway", "run", "--once") == {"confirmed": 1, "retry": 0, "failed": 0, "dead": 0, "waiting": 0}
    assert sent.read("gateway", "run", "--once") == "没有到时的消息\n"
    (message,) = sent.data("outbox", "list")["messages"]
    assert (message["key"], message["status"], message["msgid"], message["case"]) == (KEY, "CONFIRMED", "msg-1", "1001")
    assert len(messenger.contents("0051")) == 1
    assert sent.read("outbox", "list").splitlines()[1].split()[:5] == ["23:01", "已送达", "1", "李乙(0051)", KEY]
    assert sent.data("gateway", "status")["counts"] == {"CONFIRMED": 1}


def test_without_a_network_it_ends_with_9_and_nothing_is_lost(sent: Zjj, messenger: Messenger, config: Path) -> None:
    messenger.close()
    assert sent.error("gateway", "run", "--once", code=9) == "网关不通: 连不上；本地数据无恙，稍后自动再发"
    (message,) = sent.data("outbox", "list", "--waiting")["messages"]
    assert (message["status"], message["error"], message["doubt_at"]) == ("RETRY", "连不上", None)
    sent.at("03-01 23:03")
    alarms = sent.data("alarms", code=12)["alarms"]
    assert any("改用电话" in json.dumps(alarm, ensure_ascii=False) for alarm in alarms)
    sent("do", "th 1001 1")
    assert sent.data("outbox", "list")["messages"][0]["status"] == "DELIVERED"


def test_a_wrong_secret_ends_with_2_and_is_told_nowhere(sent: Zjj, config: Path) -> None:
    config.with_name("gateway.secret").write_text("an-old-secret")
    left, out, err = sent.run("gateway", "run", "--once")
    assert left == 2 and "应用密钥不对" in err
    left, out2, err2 = sent.run("--json", "gateway", "status")
    assert "an-old-secret" not in out + err + out2 + err2
    assert json.loads(out2)["data"]["held_until"]


def test_a_secret_that_others_can_read_is_refused(zjj: Zjj, config: Path) -> None:
    config.with_name("gateway.secret").chmod(0o640)
    assert "0600" in zjj.error("gateway", "run", "--once", code=2)


def test_who_cannot_be_reached_makes_it_end_with_4(sent: Zjj, messenger: Messenger) -> None:
    messenger.members.discard("0051")
    assert sent.error("gateway", "run", "--once", code=4) == "有消息送不到，改用电话: zjj outbox list --failed"
    assert [m["status"] for m in sent.data("outbox", "list", "--failed")["messages"]] == ["FAILED"]
    messenger.members.add("0051")
    assert sent.data("outbox", "retry", "--failed")["keys"] == [KEY]
    sent("gateway", "run", "--once")
    assert len(messenger.contents("0051")) == 1


def test_a_test_message_goes_to_one_person_and_through_no_outbox(zjj: Zjj, config: Path, messenger: Messenger) -> None:
    assert zjj.read("gateway", "test", "--to", "李乙") == "已送达 李乙(0051)\n"
    assert "无须处置" in messenger.contents("0051")[0]
    assert zjj.data("outbox", "list")["messages"] == []
    messenger.members.clear()
    zjj.error("gateway", "test", "--to", "0051", code=6)


def test_a_message_is_dropped_with_a_second_persons_pin(sent: Zjj, messenger: Messenger, pin_of: Any) -> None:
    messenger.members.discard("0051")
    sent("gateway", "run", "--once", code=4)
    sent.pin = pin_of("2468")
    for who in ("0001", "0005"):
        sent("operator", "add", who, "--new-pin-file", sent.pin, by="0001" if who == "0005" else "")
    drop = ("outbox", "drop", KEY, "--reason", "人已到场", "--second", "0005")
    sent.error(*drop, by="0001", code=7)
    sent.error(*drop, "--second-pin-file", pin_of("9999", "wrong"), by="0001", code=7)
    sent(*drop, "--second-pin-file", sent.pin, by="0001")
    (message,) = sent.data("outbox", "list", by="0001")["messages"]
    assert (message["status"], message["error"]) == ("DROPPED", "人已到场 (0001、0005)")
    assert sent.data("audit", "tail", by="0001")["events"][-1]["kind"] == "message_dropped"
    sent("audit", "verify", by="0001")


@pytest.fixture
def pin_of(tmp_path: Path) -> Any:
    def make(pin: str, name: str = "pin") -> str:
        path = tmp_path / name
        path.write_text(pin)
        path.chmod(0o600)
        return str(path)

    return make


def test_a_delivered_message_is_taken_back(sent: Zjj, messenger: Messenger) -> None:
    sent.error("outbox", "recall", KEY, code=8)
    sent("gateway", "run", "--once")
    sent("outbox", "recall", KEY)
    assert messenger.recalled == ["msg-1"]
    assert sent.data("outbox", "list")["messages"][0]["status"] == "RECALLED"
    sent.error("outbox", "recall", "nothing", code=6)


def test_switched_off_the_desk_is_told_nothing_any_more(sent: Zjj, messenger: Messenger) -> None:
    messenger.close()
    sent("gateway", "off")
    sent.at("03-01 23:20")
    assert "改用电话" not in json.dumps(sent.data("alarms", code=12), ensure_ascii=False)
    assert sent.data("gateway", "status")["since"] is None


def test_a_drill_is_never_sent(sent: Zjj, messenger: Messenger) -> None:
    from zjj_console.storage.db import connect, set_meta

    db = connect(sent.db)
    set_meta(db, drill="ladder-p1")
    db.close()
    sent("gateway", "run", "--once", code=5)
    assert messenger.inbox == []


def test_the_service_goes_on_until_it_is_told_to_end(sent: Zjj, messenger: Messenger) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith("ZJJ_")}
    env |= {"ZJJ_DB": str(sent.db), "ZJJ_TEST": "1", "ZJJ_NOW": sent.now}
    command = [sys.executable, "-c", "from zjj_console import cli; cli.main()", "gateway", "run", "--interval", "1"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 20
    while not messenger.inbox and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "送达 1\n"), err
    assert len(messenger.contents("0051")) == 1
