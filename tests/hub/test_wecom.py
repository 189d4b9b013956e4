"""The 政务微信 door of the hub: proof of the address, messages that become cases once, and everything that is none of it."""

import json
import time

import httpx
import pytest
from sqlalchemy import func, select

from tests.hub.consoles import NOW, Bench
from tests.hub.reports import Town, case_of, rules
from tests.hub.served import Process, free_port
from zjj_console.domain.ids import named, outside_key
from zjj_console.hub import inbound_setup, limits
from zjj_console.hub.inbound_setup import Callback, Inbound
from zjj_console.hub.store import Store
from zjj_console.hub.tables import EVENT, INBOUND
from zjj_console.hub.verify import verify
from zjj_console.sync.gateway.callback import MAX_BODY, fields_of
from zjj_console.sync.gateway.crypto import Envelope, signature
from zjj_console.sync.gateway.setup import SetupError

TOKEN, KEY, CORP = "示例token", "A" * 42 + "E", "ww0000000000000000"
ENVELOPE = Envelope(TOKEN, KEY, CORP)
PATH = "/wecom/callback"
STAMP = NOW // 1_000_000


class Messenger:
    """Calls back as the messenger does."""

    def __init__(self, http: httpx.Client, envelope: Envelope = ENVELOPE, now: int = STAMP) -> None:
        self.http, self.envelope, self.now = http, envelope, now

    def signed(self, encrypted: str, **over: str) -> dict[str, str]:
        stamp = over.get("timestamp", str(self.now))
        return {
            "msg_signature": signature(self.envelope.token, stamp, "n", encrypted),
            "timestamp": stamp,
            "nonce": "n",
            **over,
        }

    def message(self, kind: str = "text", msg_id: str = "1001", sender: str = "zhang", **fields: str) -> httpx.Response:
        told = {
            "ToUserName": CORP,
            "FromUserName": sender,
            "CreateTime": str(self.now),
            "MsgType": kind,
            "MsgId": msg_id,
            **fields,
        }
        return self.post("".join(f"<{k}><![CDATA[{v}]]></{k}>" for k, v in told.items()).join(("<xml>", "</xml>")))

    def post(self, inner: str, **over: str) -> httpx.Response:
        encrypted = self.envelope.encrypt(inner.encode())
        outer = f"<xml><ToUserName>{CORP}</ToUserName><Encrypt>{encrypted}</Encrypt></xml>"
        return self.http.post(PATH, params=self.signed(encrypted, **over), content=outer.encode())

    def said(self, answer: httpx.Response) -> str:
        """What the sender reads; empty for nothing."""
        assert answer.status_code == 200, answer.text
        if not answer.content:
            return ""
        told = fields_of(answer.content)
        return fields_of(
            self.envelope.open(told["MsgSignature"], told["TimeStamp"], told["Nonce"], told["Encrypt"], self.now)
        )["Content"]


@pytest.fixture(params=["sqlite", "postgres"])
def town(request, tmp_path):
    url = f"sqlite:///{tmp_path / 'hub.db'}" if request.param == "sqlite" else request.getfixturevalue("pg").database()
    made = Town(url, Inbound(wecom=Callback(ENVELOPE, {"zhang": "0001", "ghost": "nobody"})))
    yield made
    made.close()


@pytest.fixture
def small(tmp_path):
    made = Town(f"sqlite:///{tmp_path / 'hub.db'}", Inbound(wecom=Callback(ENVELOPE, {})))
    yield made
    made.close()


def case(bench, msg_id):
    return case_of(bench, named(outside_key("wechat", msg_id)))


def problem(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_the_address_is_proved_by_the_echo_in_the_clear(small):
    encrypted = ENVELOPE.encrypt(b"1616140317555161061")
    messenger = Messenger(small.http)
    told = small.http.get(PATH, params={**messenger.signed(encrypted), "echostr": encrypted})
    assert (told.status_code, told.content) == (200, b"1616140317555161061")
    problem(
        small.http.get(PATH, params={**messenger.signed(encrypted, msg_signature="0" * 40), "echostr": encrypted}),
        403,
        "not_messenger",
    )
    problem(small.http.get(PATH), 403, "not_messenger")
    old = messenger.signed(encrypted, timestamp=str(STAMP - 301))
    problem(small.http.get(PATH, params={**old, "echostr": encrypted}), 403, "not_messenger")


def test_a_text_becomes_a_case_with_its_words_whole_and_its_sender_is_told_the_number(town):
    messenger = Messenger(town.http)
    told = messenger.said(messenger.message(Content="大新街路灯不亮，㙟字在此，请\n来人"))
    made = case(town.bench, "1001")
    assert told == f"已登记，案号 {made.number}" and made.text == "大新街路灯不亮，㙟字在此，请 来人"
    assert (made.source, made.external_id, made.wechat_ref, made.reporter) == ("wechat", "1001", "1001", "0001")
    assert (made.committee, made.category, made.missing, made.lead) == ("310118102001", "ldbl", (), "")
    assert "BB" not in made.clocks, "it carries its own 政务微信 number"
    body = json.loads(town.bench.rows(select(EVENT.c.body))[0][0])
    assert (body["actor"], body["happened"], made.reported_at) == ("0001", STAMP * 1_000_000, STAMP * 1_000_000)
    with town.bench.store.reading() as db:
        assert verify(db).bad is None


def test_a_place_and_a_picture_become_cases_that_say_what_is_missing(town):
    messenger = Messenger(town.http)
    x, y = "31.105630", "121.061515"
    messenger.said(messenger.message("location", "1002", Location_X=x, Location_Y=y, Label="某路口"))
    messenger.said(messenger.message("image", "1003", sender="stranger", PicUrl="https://p.example/1.jpg", MediaId="m"))
    place, picture = case(town.bench, "1002"), case(town.bench, "1003")
    assert abs(place.lon - 121_056_960) < 20 and abs(place.lat - 31_107_570) < 20 and place.place == "某路口"
    assert place.missing == picture.missing == ("committee", "category", "text") and place.category == "qtsj"
    assert picture.text.endswith("图片 https://p.example/1.jpg") and picture.reporter == "stranger"


def test_the_same_message_again_is_200_the_same_words_and_one_case_whichever_process_takes_it(town):
    other = Town.__new__(Town)
    from tests.hub.served import Served

    store = Store(town.bench.url)
    other.served = Served(store, hands=town.hands, rules=rules(), inbound=Inbound(wecom=Callback(ENVELOPE, {})))
    here, there = Messenger(town.http), Messenger(other.served.http)
    words = [one.said(one.message(Content="路灯不亮")) for one in (here, there, here)]
    events = [one.said(one.message("event", msg_id="", Event="enter_agent")) for one in (here, there)]
    voices = [one.said(one.message("voice", "1009", MediaId="m")) for one in (here, there)]
    other.served.stop()
    store.close()
    assert len(set(words)) == 1 and words[0].startswith("已登记") and events == ["", ""]
    assert len(set(voices)) == 1 and "文字" in voices[0]
    assert town.bench.rows(select(func.count()).select_from(EVENT)) == [(1,)]
    numbers = sorted(row[0].partition(":")[0] for row in town.bench.rows(select(INBOUND.c.number)))
    assert numbers == ["1001", "event", "other"]
    assert "zhang" not in str(town.bench.rows(select(INBOUND)))


def test_what_is_not_the_messengers_is_refused_before_it_is_read(small):
    right = Messenger(small.http)
    encrypted = ENVELOPE.encrypt(b"<xml/>")
    for over in ({"msg_signature": "0" * 40}, {"msg_signature": ""}, {"timestamp": "soon"}, {"nonce": "m"},
                 {"timestamp": str(STAMP - 301)}, {"timestamp": str(STAMP + 301)}):  # fmt: skip
        problem(right.post("<xml><MsgId>1</MsgId></xml>", **over), 403, "not_messenger")
    problem(Messenger(small.http, Envelope("other", KEY, CORP)).message(Content="x"), 403, "not_messenger")
    problem(Messenger(small.http, Envelope(TOKEN, KEY, "ww-another")).message(Content="x"), 403, "not_messenger")
    problem(Messenger(small.http, Envelope(TOKEN, "B" * 42 + "E", CORP)).message(Content="x"), 400, "bad_request")
    tampered = encrypted[:20] + ("A" if encrypted[20] != "A" else "B") + encrypted[21:]
    outer = f"<xml><Encrypt>{tampered}</Encrypt></xml>"
    problem(small.http.post(PATH, params=right.signed(encrypted), content=outer), 403, "not_messenger")
    assert small.http.post(PATH, params=right.signed(tampered), content=outer).status_code in (400, 403)
    assert small.bench.rows(select(INBOUND)) == [] == small.bench.rows(select(EVENT.c.hub_seq))


def test_hostile_oversized_and_senseless_bodies_are_refused(small):
    right = Messenger(small.http)
    bomb = '<!DOCTYPE x [<!ENTITY a "1">]><xml><MsgType>text</MsgType><MsgId>1</MsgId><Content>&a;</Content></xml>'
    for body in (b"", b"{}", b"\xff\xfe", bomb.encode(), b"<xml/>"):
        answer = small.http.post(PATH, params=right.signed(""), content=body)
        assert answer.status_code in (400, 403), answer.text
    problem(right.post(bomb), 400, "bad_request")
    problem(small.http.post(PATH, content=b"x" * (MAX_BODY + 1)), 413, "too_large")
    problem(small.http.put(PATH), 405, "method")
    for inner in ("<xml/>", "<xml><MsgType>text</MsgType></xml>", "<xml><MsgType>event</MsgType></xml>"):
        assert right.said(right.post(inner)) == "", "no number, so nothing to keep"
    assert small.bench.rows(select(INBOUND)) == []


def test_nobody_stands_in_diary_or_figures(small):
    right = Messenger(small.http)
    right.said(right.message(Content="我的电话 13800001234", sender="wang"))
    told = small.served.told('"path": "/wecom/callback"') + small.http.get("/metrics").text
    for hidden in ("13800001234", "wang", TOKEN, KEY, "msg_signature"):
        assert hidden not in told
    assert 'zjj_hub_reports_total{source="wechat"} 1' in told and '"path": "/wecom/callback"' in told


def test_a_hub_that_cannot_write_in_time_says_so_and_the_next_try_finds_the_case(small, monkeypatch):
    monkeypatch.setattr("zjj_console.hub.wecom.SECONDS", 0.2)
    right = Messenger(small.http)
    held = small.bench.store.engine.connect().execution_options(zjj_writes=True)
    with held, held.begin():
        held.execute(select(INBOUND.c.at)).all()
        problem(right.message(Content="路灯不亮"), 503, "busy")
    end = time.monotonic() + 10
    while (answer := right.message(Content="路灯不亮")).status_code != 200:
        assert time.monotonic() < end
    assert right.said(answer) and small.bench.rows(select(func.count()).select_from(EVENT)) == [(1,)]


def test_whoever_calls_too_often_is_told_so(small):
    small.served.hub.device_rate.rate = limits.Rate(1, 2)
    assert [small.http.get(PATH).status_code for _ in range(3)] == [403, 403, 429]


# configuration --------------------------------------------------------------------------------------------------------
def test_the_door_is_set_up_from_a_file_and_secrets_beside_it(tmp_path):
    file = tmp_path / "inbound.toml"
    for name, text, mode in (
        ("token", TOKEN, 0o600),
        ("key", KEY, 0o600),
        ("users.csv", "work_no,userid\n0002,li\n", 0o644),
    ):
        (tmp_path / name).write_text(text + "\n", "utf-8")
        (tmp_path / name).chmod(mode)
    whole = f'[wecom]\ncorp_id = "{CORP}"\ntoken_file = "token"\naes_key_file = "key"\nusers_file = "users.csv"\n'

    def wrong(text: str, field: str, environ: dict[str, str] | None = None) -> None:
        file.write_text(text, "utf-8")
        with pytest.raises(SetupError) as refused:
            inbound_setup.load(file, environ or {})
        said = f"{refused.value} {refused.value.en}"
        assert refused.value.field == field and TOKEN not in said and KEY not in said

    file.write_text(whole, "utf-8")
    door = inbound_setup.load(file, {}).wecom
    members = door.members(rules().town)
    assert members["li"] == "0002" and members["0001"] == "0001" and "0002" not in members
    wrong(whole.replace(CORP, ""), "wecom.corp_id")
    wrong(whole.replace('"key"', '"gone"'), "wecom.aes_key_file")
    wrong(whole.replace('"users.csv"', '"gone"'), "wecom.users_file")
    wrong(whole + "secret = 1\n", "")
    wrong("[open311]\n", "") and wrong('[open311]\ncontact = "x"\nurl = "ftp://x"\n', "open311.url")
    bare = f'[wecom]\ncorp_id = "{CORP}"\n'
    wrong(bare, "wecom.token_file")
    wrong(bare, "wecom.aes_key_file", {"ZJJ_WECOM_TOKEN": TOKEN})
    wrong(bare, "wecom.aes_key_file", {"ZJJ_WECOM_TOKEN": TOKEN, "ZJJ_WECOM_AES_KEY": KEY[1:]})
    (tmp_path / "token").chmod(0o640)
    wrong(whole, "wecom.token_file")
    file.write_text(bare, "utf-8")
    assert (
        inbound_setup.load(file, {"ZJJ_WECOM_TOKEN": TOKEN, "ZJJ_WECOM_AES_KEY": KEY}).wecom.envelope.receiver == CORP
    )
    file.write_text("", "utf-8")
    assert inbound_setup.load(file, {}) == Inbound()


def test_without_its_table_there_is_no_door_and_a_wrong_file_stops_the_start(tmp_path, monkeypatch):
    from tests.hub.test_commands import zjj

    shut = Town(f"sqlite:///{tmp_path / 'a.db'}")
    assert shut.http.get(PATH).status_code == 404 == shut.http.post(PATH).status_code
    shut.close()
    url = f"sqlite:///{tmp_path / 'b.db'}"
    Bench(url).store.close()
    file = tmp_path / "inbound.toml"
    file.write_text('[wecom]\ncorp_id = "x"\n', "utf-8")
    assert "wecom.token_file" in zjj("hub", "serve", "--inbound", str(file), database=url, code=2)
    file.write_text('[open311]\ncontact = "x"\n', "utf-8")
    assert "--profile" in zjj("--profile", "example_town", "hub", "serve", "--inbound", str(file), database=url, code=5)
    monkeypatch.setenv("ZJJ_WECOM_TOKEN", TOKEN)
    monkeypatch.setenv("ZJJ_WECOM_AES_KEY", KEY)
    file.write_text(f'[wecom]\ncorp_id = "{CORP}"\n', "utf-8")
    process = Process(url, free_port(), "--inbound", str(file)).ready()
    try:
        with httpx.Client(base_url=process.url, trust_env=False) as http:
            messenger = Messenger(http, now=int(time.time()))
            assert messenger.said(messenger.message(Content="路灯不亮")).startswith("已登记")
    finally:
        process.end()
    assert KEY not in process.said() and TOKEN not in process.said()
