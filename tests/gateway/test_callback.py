"""What the messenger calls back with, against the sample that it prints, and against XML that is meant to hurt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjj_console.domain.model import DAY, SECOND
from zjj_console.geo.crs import from_wgs84
from zjj_console.sync.gateway.callback import MAX_BODY, Message, answer, fields_of, opened, outside_of
from zjj_console.sync.gateway.crypto import CallbackError, Envelope

ENVELOPE = Envelope("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
NOW = 1409659813
QUERY = {"msg_signature": "477715d11cdb4164915debcba66cb864d751f3e6", "timestamp": str(NOW), "nonce": "1372623149"}
SAMPLE = (
    "<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName><Encrypt><![CDATA["
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxa"
    "ccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5"
    "mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MB"
    "H27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
    "]]></Encrypt><AgentID><![CDATA[218]]></AgentID></xml>"
)


def test_the_published_message_is_opened_and_read():
    message = opened(ENVELOPE, QUERY, SAMPLE.encode(), NOW)
    assert (message.kind, message.sender, message.key, message.fields["Content"]) == (
        "text", "mycreate", "4561255354251345929", "hello")  # fmt: skip
    with pytest.raises(CallbackError) as refused:
        opened(ENVELOPE, {**QUERY, "nonce": "1"}, SAMPLE.encode(), NOW)
    assert refused.value.code == "signature"


HOSTILE = {
    "entities that grow": b'<!DOCTYPE x [<!ENTITY a "1234567890"><!ENTITY b "&a;&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>',
    "a file of ours": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Encrypt>&a;</Encrypt></xml>',
    "an address elsewhere": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><xml><Encrypt>a</Encrypt></xml>',
    "a bare document type": b"<!DOCTYPE xml><xml><Encrypt>a</Encrypt></xml>",
    "depth": b"<a>" * 5000 + b"</a>" * 5000,
    "many elements": b"<xml>" + b"".join(b"<e%d/>" % n for n in range(500)) + b"</xml>",
    "an unknown entity": b"<xml><Encrypt>&x;</Encrypt></xml>",
    "an unknown encoding": b'<?xml version="1.0" encoding="nonsense"?><xml/>',
    "half a document": SAMPLE.encode()[:200],
    "nothing": b"",
    "NUL": b"<xml>\0</xml>",
}


@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE)
def test_hostile_xml_is_refused_unread(document):
    with pytest.raises(CallbackError) as refused:
        fields_of(document)
    assert refused.value.code == "xml"


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode) | st.text(alphabet="<xml>/!&;[]CDAT \0", max_size=60).map(str.encode))  # fmt: skip
def test_any_bytes_are_read_or_refused(document):
    try:
        assert isinstance(fields_of(document), dict)
    except CallbackError as error:
        assert error.code == "xml"


def test_only_what_stands_right_below_the_root_is_told():
    document = "<xml><A> 甲 <B>inner</B>乙</A><C><![CDATA[<&>]]></C><D/></xml>".encode()
    assert fields_of(document) == {"A": " 甲 乙", "C": "<&>", "D": ""}


def message(kind="text", **fields):
    return Message({"MsgType": kind, "FromUserName": "zhang", "CreateTime": str(NOW), "MsgId": "77", **fields})


def test_a_text_a_place_and_a_picture_are_reports_and_nothing_else_is():
    assert [message(kind).reports for kind in ("text", "location", "image", "voice", "video", "link", "event", "")] == [
        True, True, True, False, False, False, False, False]  # fmt: skip
    now = NOW * SECOND
    text = outside_of(message(Content="路灯不亮"), {"zhang": "0001"}, now)
    assert (text.text, text.member, text.reporter, text.number, text.wechat_ref) == ("路灯不亮", "0001", "", "77", "77")
    x, y = from_wgs84("gcj02", 121.05696, 31.10757)
    place = outside_of(message("location", Location_X=str(y), Location_Y=str(x), Label="大新街"), {}, now)
    assert (round(place.lon, 5), round(place.lat, 5), place.address, place.text) == (121.05696, 31.10757, "大新街", "")
    assert place.reporter == "zhang" and place.member == ""
    picture = outside_of(message("image", PicUrl="https://p.example/1", MediaId="m"), {}, now)
    assert (picture.text, picture.attached) == ("", "图片 https://p.example/1")
    for broken in (
        {"Location_X": "x", "Location_Y": "1"},
        {"Location_X": "1"},
        {"Location_X": "nan", "Location_Y": "1"},
    ):
        assert outside_of(message("location", **broken), {}, now).lon is None


@pytest.mark.parametrize(("told", "counts"), [(NOW, True), (NOW - 60, True), (NOW + 60, False), (NOW - 2 * DAY // SECOND, False),
                                              ("9" * 5000, True), ("x", True)])  # fmt: skip
def test_the_messengers_time_counts_unless_it_is_ahead_or_old_and_one_that_is_none_is_now(told, counts):
    made = outside_of(message(CreateTime=str(told)), {}, NOW * SECOND).reported_at
    assert (made is not None) is counts


def test_doubles_are_known_by_number_and_events_by_sender_and_time():
    assert (
        message().key == "77" and message(MsgId="").key == message(MsgId="a b").key == message(MsgId="7" * 65).key == ""
    )
    event = message("event", MsgId="")
    assert event.key == f"zhang\x1f{NOW}" and message("event", CreateTime="").key == ""


def test_an_answer_opens_again_and_says_what_was_said():
    told = fields_of(answer(ENVELOPE, message(), "好]]>的", NOW, "n1"))
    query = {"msg_signature": told["MsgSignature"], "timestamp": told["TimeStamp"], "nonce": told["Nonce"]}
    document = f"<xml><Encrypt>{told['Encrypt']}</Encrypt></xml>".encode()
    inner = opened(ENVELOPE, query, document, NOW).fields
    assert (inner["ToUserName"], inner["Content"], inner["FromUserName"]) == ("zhang", "好]]>的", ENVELOPE.receiver)
    assert len(document) < MAX_BODY
