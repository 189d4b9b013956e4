"""The client against a real server on the loopback: token, forms, bytes, codes, and what never stands in an error."""

import datetime
import ipaddress
import logging
import ssl

import pytest

from tests.gateway.server import SECRET, Messenger
from zjj_console.sync.gateway import codes, forms
from zjj_console.sync.gateway.client import Client
from zjj_console.sync.gateway.codes import Ask
from zjj_console.sync.gateway.forms import Note
from zjj_console.sync.gateway.setup import Setup, SetupError, load, secret_of, users_of

NOTE = Note("d-ZJJ2021-A-01001-1-cg", "派单 1001", "【1001】二级 主办 东湖街 示例", "https://desk.example/1001")
CARDS = {"features": ("template_card", "textcard", "text"), "card_url": "https://desk.example/{case}"}


# token ------------------------------------------------------------------------------------------------------------------


def test_a_token_is_fetched_once_and_again_before_it_ends(messenger, client_for, clock):
    client = client_for()
    for _ in range(3):
        assert client.send(["2201"], NOTE).ok
    assert messenger.calls["gettoken"] == 1
    clock.later(seconds=7200 - 200)
    assert client.send(["2201"], NOTE).ok
    assert messenger.calls["gettoken"] == 2


@pytest.mark.parametrize("code", [40014, 42001])
def test_a_token_that_is_not_taken_is_fetched_again_once(messenger, client_for, code):
    client = client_for()
    assert client.check().ok
    messenger.faults.append(code)
    assert client.send(["2201"], NOTE).ok
    assert messenger.calls["gettoken"] == 2
    messenger.faults.extend([code, code])
    assert client.send(["2201"], NOTE).ask is Ask.HOLD
    assert messenger.calls["gettoken"] == 3


def test_a_revoked_token_is_replaced(messenger, client_for):
    client = client_for()
    assert client.send(["2201"], NOTE).ok
    messenger.revoke()
    assert client.send(["0051"], NOTE).ok
    assert len(messenger.inbox) == 2


def test_tokens_are_fetched_three_times_a_minute_at_most(messenger, client_for, clock):
    client = client_for()
    messenger.faults.extend([40014] * 20)
    for _ in range(6):
        client.send(["2201"], NOTE)
    assert messenger.calls["gettoken"] == 3
    messenger.faults.clear()
    clock.later(seconds=61)
    assert client.send(["2201"], NOTE).ok


# forms and bytes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", ["template_card", "textcard", "text"])
def test_a_form_that_the_server_does_not_know_falls_to_the_next_and_is_not_tried_again(messenger, client_for, known):
    client = client_for(**CARDS)
    order = list(CARDS["features"])
    messenger.forms = set(order[order.index(known) :])
    assert client.send(["2201"], NOTE).ok
    assert client.send(["0051"], NOTE).ok
    assert [body["msgtype"] for body in messenger.bodies] == [*order[: order.index(known)], known, known]
    assert NOTE.key in messenger.contents("2201")[0] and "东湖街" in messenger.contents("2201")[0]


def test_a_server_that_takes_no_form_at_all_is_a_defect_and_no_delivery(messenger, client_for):
    messenger.forms = set()
    assert client_for(**CARDS).send(["2201"], NOTE).ask is Ask.BUG


def test_a_bad_parameter_falls_to_the_next_form_but_is_tried_again(messenger, client_for):
    client = client_for(**CARDS)
    messenger.faults.append(40058)
    assert client.send(["2201"], NOTE).ok and client.send(["0051"], NOTE).ok
    assert [body["msgtype"] for body in messenger.bodies] == ["textcard", "template_card"]


@pytest.mark.parametrize("n", range(9))
def test_a_text_is_cut_between_characters(n):
    said = forms.cut("镇" * 5, n)
    assert len(said.encode()) <= n and said.encode().decode() == said
    assert forms.cut("镇" * 3, 9) == "镇镇镇"
    assert forms.cut("镇" * 4, 9) == "镇镇..."


def test_whatever_is_long_fits_and_keeps_its_key(messenger, client_for):
    messenger.strict = True
    long = Note(NOTE.key, "派单" * 100, "长" * 5000, NOTE.url)
    for features in (("text",), ("textcard",)):
        assert client_for(features=features, card_url=NOTE.url).send(["2201"], long).ok
    text, card = (body[body["msgtype"]] for body in messenger.bodies)
    assert 2040 < len(text["content"].encode()) <= 2048 and text["content"].endswith(NOTE.key)
    assert len(card["title"].encode()) <= 128 and 500 < len(card["description"].encode()) <= 512
    assert card["description"].endswith(NOTE.key)


def test_45002_is_answered_with_half_of_it(messenger, client_for):
    messenger.faults.append(45002)
    assert client_for().send(["2201"], Note("k", "t", "长" * 5000)).ok
    assert len(messenger.contents("2201")[0].encode()) <= 1024


def test_every_message_asks_for_the_check_of_doubles(messenger, client_for):
    client_for(duplicate_seconds=600).send(["2201"], NOTE)
    (body,) = messenger.bodies
    assert (body["enable_duplicate_check"], body["duplicate_check_interval"]) == (1, 600)


# answers ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(set(codes.CODES) - {0}))
def test_no_code_but_zero_is_a_delivery(messenger, client_for, code):
    messenger.faults.extend([code] * 4)
    answer = client_for().send(["2201"], NOTE)
    assert not answer.ok and answer.zh and answer.en and messenger.inbox == []


def test_an_unknown_code_is_a_defect_and_no_delivery(messenger, client_for):
    messenger.faults.append(99999)
    assert client_for().send(["2201"], NOTE).ask is Ask.BUG


def test_partly_invalid_receivers_are_named_as_we_wrote_them(messenger, client_for):
    answer = client_for().send(["2201", "Li.Si", "Wang.Wu"], NOTE)
    assert answer.ok and answer.refused == ("Li.Si",)
    assert messenger.contents("wang.wu") and messenger.contents("2201")


def test_receivers_all_invalid_is_no_delivery(messenger, client_for):
    answer = client_for().send(["nobody"], NOTE)
    assert (answer.ask, answer.code) == (Ask.RECEIVER, 81013)


def test_errcode_zero_with_our_only_receiver_listed_is_no_delivery(client_for):
    sent = {"errcode": 0, "invaliduser": "li.si", "msgid": "m"}
    client = client_for()
    client._post = lambda *_: type("Sent", (), {**sent, "unlicenseduser": ""})()
    assert client.send(["Li.Si"], NOTE).ask is Ask.RECEIVER


@pytest.mark.parametrize(
    ("fault", "unsure"), [("reset", True), ("500", True), ("page", True), ("silent", True), ("taken-reset", True)]
)
def test_whatever_may_have_arrived_is_in_doubt(messenger, client_for, fault, unsure):
    client = client_for()
    assert client.check().ok
    messenger.faults.append(fault)
    answer = client.send(["2201"], NOTE)
    assert (answer.ask, answer.unsure, answer.unreachable) == (Ask.RETRY, unsure, True)


def test_a_server_that_is_not_there_took_nothing(messenger, client_for):
    client = client_for()
    messenger.close()
    answer = client.send(["2201"], NOTE)
    assert (answer.ask, answer.unsure) == (Ask.RETRY, False)


def test_a_message_is_taken_back_by_its_receipt(messenger, client_for):
    client = client_for()
    sent = client.send(["2201"], NOTE)
    assert client.recall(sent.msgid).ok and messenger.recalled == [sent.msgid]


# secrets and certificates -------------------------------------------------------------------------------------------------


def test_neither_secret_nor_token_stands_in_an_answer_or_a_log(messenger, client_for, caplog):
    caplog.set_level(logging.DEBUG)
    client = client_for()
    said = []
    for fault in (None, "reset", "500", "page", 40014, 45009, 40001):
        if fault is not None:
            messenger.faults.append(fault)
        said.append(repr(client.send(["2201"], NOTE)))
    wrong = client_for(secret="another-secret")
    said.append(repr(wrong.check()))
    assert wrong.check().ask is Ask.CONFIG
    messenger.close()
    said.append(repr(client_for().check()))
    everything = "\n".join([*said, caplog.text, repr(client), str(client)])
    for word in (SECRET, "another-secret", "token-", "access_token="):
        assert word not in everything


def authority(folder):
    """An authority's own certificate for 127.0.0.1: (certificate, key)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "example")])
    now = datetime.datetime.now(datetime.UTC)
    alt = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(alt, critical=False).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    cert, private = folder / "ca.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert, private


def test_an_unknown_certificate_is_refused_and_one_of_our_own_authority_taken(tmp_path, clock, setup_of):
    from msgspec.structs import replace

    server = Messenger(clock, {"2201"}, authority(tmp_path))
    setup = replace(setup_of, base_url=server.url)
    stranger, known = Client(setup, SECRET, clock), Client(replace(setup, ca_file="ca.pem"), SECRET, clock, tmp_path)
    assert stranger.check().zh == "证书不符"
    assert known.check().ok
    assert known._http._transport._pool._ssl_context.verify_mode is ssl.CERT_REQUIRED
    for one in (stranger, known):
        one.close()
    server.close()


# configuration ------------------------------------------------------------------------------------------------------------

PLAIN = 'base_url = "https://qyapi.weixin.qq.com"\ncorp_id = "wx0"\nagent_id = 1\n'


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ("verify = false", "verify"),  # there is no such switch
        ("secret = 'x'", "secret"),  # nor a place for the secret itself
        ("features = ['markdown']", "markdown"),
        ("features = ['textcard']", "card_url"),
        ("features = []", "features"),
        ("per_minute = 31", "per_minute"),
        ("duplicate_seconds = 99999", "duplicate_seconds"),
        ("corp_id = ", "gateway.toml"),
    ],
)
def test_a_configuration_that_is_wrong_names_its_key(tmp_path, more, word):
    path = tmp_path / "gateway.toml"
    path.write_text(PLAIN + more + "\n", "utf-8")
    with pytest.raises(SetupError, match=word):
        load(path)


@pytest.mark.parametrize("url", ["http://10.0.0.1", "ftp://a", "https://u:p@a", "https://a?x=1", "qyapi"])
def test_an_address_without_encryption_or_with_a_password_is_refused(tmp_path, url):
    path = tmp_path / "gateway.toml"
    path.write_text(PLAIN.replace("https://qyapi.weixin.qq.com", url), "utf-8")
    with pytest.raises(SetupError, match="base_url"):
        load(path)


def test_a_closed_network_may_do_without_encryption_where_it_says_so(tmp_path):
    path = tmp_path / "gateway.toml"
    path.write_text(
        PLAIN.replace("https://qyapi.weixin.qq.com", "http://10.0.0.1:8080") + "plain_http = true\n", "utf-8"
    )
    assert load(path).base_url == "http://10.0.0.1:8080"


def test_the_secret_is_read_from_a_file_of_its_owner_or_from_the_environment(tmp_path):
    file = tmp_path / "secret"
    file.write_text("abc\n")
    setup = Setup("https://a", "c", 1, secret_file="secret")
    file.chmod(0o644)
    with pytest.raises(SetupError, match="0600"):
        secret_of(setup, tmp_path, {})
    file.chmod(0o600)
    assert secret_of(setup, tmp_path, {}) == "abc"
    bare = Setup("https://a", "c", 1)
    assert secret_of(bare, tmp_path, {"ZJJ_GATEWAY_SECRET": "env"}) == "env"
    with pytest.raises(SetupError, match="ZJJ_GATEWAY_SECRET"):
        secret_of(bare, tmp_path, {})


def test_people_are_mapped_by_a_file_and_otherwise_are_their_work_number(tmp_path):
    (tmp_path / "users.csv").write_text("work_no,userid\n2201,Wang.Wu\n", "utf-8")
    setup = Setup("https://a", "c", 1, users_file="users.csv")
    users = users_of(setup, tmp_path)
    assert [setup.member(users, who) for who in ("2201", "0051")] == ["Wang.Wu", "0051"]
    (tmp_path / "users.csv").write_text("who,id\n2201,x\n", "utf-8")
    with pytest.raises(SetupError, match="work_no,userid"):
        users_of(setup, tmp_path)
