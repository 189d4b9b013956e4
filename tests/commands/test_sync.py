"""`zjj sync` at two consoles and a hub on the loopback: join, exchange, status, conflicts, and each way to fail (§6.7)."""

import json

import pytest

from tests.commands.conftest import Zjj
from tests.hub.served import Hands, Served
from zjj_console.commands.context import instant_of
from zjj_console.domain.handles import set_home
from zjj_console.hub import doors, setup
from zjj_console.hub.store import Store
from zjj_console.storage import companion, confirmed
from zjj_console.storage.db import connect, meta
from zjj_console.storage.setup import create
from zjj_console.sync.link import LinkError, load

NOW = instant_of("2021-03-01T23:24:00+08:00")
HANDS = Hands(NOW)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A hub of this town, and one of another."""
    made = []
    for town in ("zjj", "elsewhere"):
        store = Store(f"sqlite:///{tmp_path_factory.mktemp(town) / 'hub.db'}")
        setup.create(store, town, NOW)
        made.append(Served(store, hands=HANDS))
    yield made
    for one in made:
        one.stop()
        one.hub.store.close()


@pytest.fixture
def own_hub(tmp_path):
    """A hub of this town in which nobody else has reported."""
    store = Store(f"sqlite:///{tmp_path / 'hub.db'}")
    setup.create(store, "zjj", NOW)
    made = Served(store, hands=HANDS)
    yield made
    made.stop()
    store.close()


@pytest.fixture
def desks(tmp_path):
    """Two consoles of this town, each on a file of its own."""
    found = []
    for name in "ab":
        create(tmp_path / f"{name}.db", "zjj")
        found.append(Zjj(tmp_path / f"{name}.db", "2021-03-01 23:24"))
    yield found
    set_home("A")


def code(served, role="console"):
    HANDS.seconds += 60  # nobody asks too often here
    return served.hub.store.writing(lambda db: doors.new_code(db, role, 1, NOW))


def joined(desks, served):
    return [desk.data("sync", "join", served.url, "--code", code(served)) for desk in desks]


def test_6_7_two_consoles_join_exchange_clash_and_agree_again(own_hub, desks):
    a, b = desks
    a.data("do", "xj dhj js 3")
    told = joined(desks, own_hub)
    assert told[0]["waiting"] == 1 and {one["console"] for one in told} == {"A", "B"}
    done = a.data("sync", "run", "--once")
    assert (done["pushed"], done["confirmed"], done["waiting"]) == (1, 1, 0)
    assert b.data("sync", "run", "--once")["taken"] == 1
    b.data("do", "xj dhj js 3")
    b.data("sync", "run", "--once")
    a.data("do", "pd A1001 cg")
    b.data("do", "pd A1001 sc")
    assert b.data("sync", "status")["waiting"] >= 2
    for desk in (a, b, a):
        desk.data("sync", "run", "--once")
    found = [desk.data("sync", "conflicts")["conflicts"] for desk in desks]
    assert [(one["id"], one["own"], one["case"]) for (one,) in found] == [
        (found[0][0]["id"], False, "1001"), (found[0][0]["id"], True, "A1001")]  # fmt: skip
    letter = told[1]["console"]
    assert f"{letter}台" in a.read("sync", "conflicts") and "本台" in b.read("sync", "conflicts")
    lead = next(field for field in found[1][0]["fields"] if field["field"] == "lead")
    assert lead["wanted"] != lead["stands"] == "城管中队" and "主办" in found[1][0]["why_zh"]
    assert "冲突 1 项" in a("sync", "run", "--once")["warnings"][0]
    events = b.data("case", "timeline", "A1001")["events"]
    assert [event["applied"] for event in events] == [True, True, True, False, False]
    short = found[0][0]["id"][-8:]
    assert "已生效" in a.read("sync", "resolve", short, "--take", "remote")
    assert a.error("sync", "resolve", short, "--take", "remote", code=8)
    for desk in (a, b):
        desk.data("sync", "run", "--once")
    assert [desk.data("sync", "conflicts")["conflicts"] for desk in desks] == [[], []]
    assert [one["choice"] for one in b.data("sync", "conflicts", "--all")["conflicts"]] == ["remote"]
    assert all(desk.data("audit", "verify")["first_bad"] is None for desk in desks)


def test_a_console_that_is_not_let_in_says_why_and_keeps_what_it_has(hub, own_hub, desks):
    a, _ = desks
    assert a.error("sync", "run", "--once", code=2).startswith("本机未接入中心")
    assert a.data("sync", "status")["state"] == "none"
    assert (
        a("sync", "join", own_hub.url, "--code", "WRONG-WRONG-WRONG-WRONG", code=7)["errors"][0]["code"]
        == "E_PERMISSION"
    )
    assert "elsewhere" in a.error("sync", "join", hub[1].url, "--code", code(hub[1]), code=5)
    assert a.error("sync", "join", "http://hub.example", "--code", "x", code=2)
    assert a.error("sync", "join", "http://127.0.0.1:1", "--code", "x", code=9)
    assert a.data("sync", "status")["hub"] is None
    a.data("sync", "join", own_hub.url, "--code", code(own_hub))
    assert a.error("sync", "join", own_hub.url, "--code", code(own_hub), code=5)
    letter = a.data("sync", "status")["console"]
    own_hub.hub.store.writing(lambda db: doors.revoke(db, letter, NOW))
    a.data("do", "xj dhj js 3")
    assert a("sync", "run", "--once", code=7)["errors"][0]["message"].startswith("本机已被中心停用")
    told = a.data("sync", "status")
    assert (told["state"], told["trouble"], told["waiting"]) == ("stopped", "revoked", 1)
    assert a.data("sync", "join", own_hub.url, "--code", code(own_hub))["waiting"] == 1, "a new code is enough"
    told = a.data("sync", "status")
    assert (told["trouble"], told["console"], told["as_of"]) == (None, letter, None), (
        "what the old one was told is over"
    )
    assert a.data("sync", "run", "--once")["confirmed"] == 1
    own_hub.hub.store.writing(lambda db: doors.revoke(db, letter, NOW))
    a.data("do", "bz 1001 示例")
    a.data("sync", "leave")
    assert a.error("sync", "leave", code=6)
    a.data("sync", "join", own_hub.url, "--code", code(own_hub))
    assert a.data("sync", "run", "--once")["confirmed"] >= 1


@pytest.mark.parametrize("wrong", ["gap", "chain", "device", "fork", "twice", "envelope"])
def test_an_order_that_does_not_hold_ends_with_5_and_takes_nothing(own_hub, desks, monkeypatch, wrong):
    a, b = desks
    joined(desks, own_hub)
    a.data("do", "xj dhj js 3")
    a.data("sync", "run", "--once")

    def found(*_):
        raise confirmed.Disorder(wrong, "示例")

    with monkeypatch.context() as patched:
        patched.setattr(confirmed, "apply", found)
        assert b("sync", "run", "--once", code=5)["errors"][0]["code"] == "E_CONFLICT"
    told = b.data("sync", "status")
    assert (told["state"], told["cursor"], told["trouble"]) == ("stopped", 0, f"disorder_{wrong}")
    assert b.data("sync", "run", "--once")["taken"] == 1


def test_a_number_that_two_cases_bear_is_said_to_be_such_with_both_places(own_hub, desks):
    a, b = desks
    a.data("do", "xj dhj js 3")
    b.data("do", "xj zmc zy 3")
    for desk, letter in ((a, "X"), (b, "Y")):
        desk.data("sync", "join", own_hub.url, "--code", code(own_hub), "--letter", letter)
        desk.data("sync", "run", "--once")
    places = {case["place"] for case in b.data("case", "list")["cases"]}
    assert len(places) == 2
    for words in (("do", "pd A1001 cg"), ("case", "show", "A1001"), ("case", "why", "A1001")):
        told = b.error(*words, code=6)
        assert told.startswith("号码 A1001 有两件，请从队列选中再办") and all(place in told for place in places), words
    assert b.error("do", "pd A1002 cg", code=6) == "没有案件 A1002"


def left_alone(desk):
    """What tells that no hub was joined."""
    db = connect(desk.db)
    try:
        return not companion.beside(desk.db, ".hub").exists() and not meta(db, "hub_log")
    finally:
        db.close()


def test_a_code_for_a_reader_lets_no_console_in_and_leaves_nothing_behind(hub, desks):
    a, _ = desks
    ended = a("sync", "join", hub[0].url, "--code", code(hub[0], "reader"), code=7)["errors"][0]
    assert ended["code"] == "E_PERMISSION" and "enroll --role console" in ended["message"]
    assert left_alone(a)


def test_a_database_of_one_log_joins_no_other_and_keeps_the_link_it_has(hub, desks, tmp_path):
    a, b = desks
    other = Store(f"sqlite:///{tmp_path / 'other.db'}")
    setup.create(other, "zjj", NOW)
    served = Served(other, hands=HANDS)
    try:
        joined([a, b], hub[0])
        link = companion.beside(a.db, ".hub").read_bytes()
        assert "已接入" in a.error("sync", "join", served.url, "--code", code(served), code=5)
        assert companion.beside(a.db, ".hub").read_bytes() == link
        b.data("sync", "leave")
        assert "另一个中心的日志" in b.error("sync", "join", served.url, "--code", code(served), code=5)
        assert not companion.beside(b.db, ".hub").exists()
    finally:
        served.stop()
        other.close()


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["http://[::1"], "url"),
        (["http://127.0.0.1:abc"], "url"),
        (["http://127.0.0.1:99999"], "url"),
        (["https://ü..de"], "url"),
        (["https://☃.de"], "address"),
        (["http://127.0.0.1:1/foo"], "url"),
        (["ftp://127.0.0.1"], "url"),
        (["http://127.0.0.1:1", "--proxy", "foo"], "proxy"),
        (["http://127.0.0.1:1", "--proxy", "socks5://127.0.0.1:1"], "proxy"),
        (["http://127.0.0.1:1", "--letter", "9"], "letter"),
        (["http://127.0.0.1:1", "--name", "\udcff"], "name"),
        (["http://127.0.0.1:1", "--ca-file", "/nope"], "ca_file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_slip_of_the_hand_is_told_with_its_field(desks, words, field):
    a, _ = desks
    told = a("sync", "join", *words, "--code", "x", code=2)["errors"][0]
    assert (told["code"] in ("E_USAGE", "E_SYNC"), told["field"]) == (True, field)
    assert left_alone(a)


def test_a_credential_that_is_none_is_told(hub, desks):
    a, _ = desks
    joined([a], hub[0])
    with pytest.raises(LinkError, match="ZJJ_HUB_TOKEN") as told:
        load(a.db, {"ZJJ_HUB_TOKEN": "凭证"})
    assert told.value.field == "token"


def test_the_line_is_down(hub, desks):
    a, _ = desks
    joined([a], hub[0])
    link = companion.beside(a.db, ".hub")
    link.write_text(json.dumps({**json.loads(link.read_text()), "url": "http://127.0.0.1:1"}))
    a.data("do", "xj dhj js 3")
    left, out, err = a.run("sync", "run", "--once")
    assert (left, out) == (9, "") and "本地数据无恙" in err
    assert a.data("sync", "status")["state"] == "cut"
    link.chmod(0o644)
    assert "0600" in a.error("sync", "run", "--once", code=2)
    a.data("db", "check")


def test_a_conflict_is_settled_by_somebody_who_answers_for_the_desk(hub, desks):
    a, _ = desks
    assert a.error("sync", "resolve", "nothing", "--take", "remote", code=6)
    assert a.error("sync", "resolve", "nothing", "--take", "mine", code=2)
    assert a("sync", "resolve", "nothing", "--take", "keep", by="2201", code=7)["errors"][0]["code"]
