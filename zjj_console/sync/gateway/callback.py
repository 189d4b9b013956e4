"""What the messenger calls back with: its XML read without any of XML's traps, and what of it is a report. Pure.

The outer document holds the closed envelope (`Encrypt`); the inner one is a message (MsgId) or an event. Answers go back the same way.
"""

import re
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from msgspec import Struct

from zjj_console.domain.model import DAY, SECOND
from zjj_console.domain.outside import Outside
from zjj_console.geo.crs import to_wgs84
from zjj_console.sync.gateway.crypto import CallbackError, Envelope, signature

SOURCE = "wechat"  # code of the profile's source
MAX_BODY = 64 * 1024  # bytes; a text has 2,048 at most
_MAX_DEPTH, _MAX_FIELDS = 6, 100
_REPORTS = frozenset({"text", "location", "image"})


class Message(Struct, frozen=True):
    """One message or event; `fields` are the elements below the root, by name."""

    fields: dict[str, str]

    @property
    def kind(self) -> str:
        return self.fields.get("MsgType", "")

    @property
    def sender(self) -> str:
        return self.fields.get("FromUserName", "")

    @property
    def key(self) -> str:
        """By what the messenger wants doubles known: MsgId, of an event its sender and time. Empty where it has neither."""
        if self.kind != "event":
            number = self.fields.get("MsgId", "").strip()
            return number if re.fullmatch("[0-9A-Za-z_-]{1,64}", number) else ""
        at = self.fields.get("CreateTime", "")
        return f"{self.sender}\x1f{at}" if self.sender and at else ""

    @property
    def reports(self) -> bool:
        return self.kind in _REPORTS


def fields_of(document: bytes) -> dict[str, str]:
    """Texts of the elements right below the root. Raises CallbackError for what is no XML, has a DTD or is nested too deep."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.declared  # no DTD, so no entity, no expansion, nothing fetched
    parser.EntityDeclHandler = reader.declared
    parser.StartElementHandler, parser.EndElementHandler = reader.opened, reader.closed
    parser.CharacterDataHandler = reader.said
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise CallbackError("xml", "this is no XML") from error
    return reader.found


class _Reader:
    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._path: list[str] = []

    def declared(self, *_: Any) -> None:
        raise CallbackError("xml", "a document type is not taken")

    def opened(self, name: str, _: dict[str, str]) -> None:
        self._path.append(name)
        if len(self._path) > _MAX_DEPTH or len(self.found) > _MAX_FIELDS:
            raise CallbackError("xml", "nested too deep, or too many elements")
        if len(self._path) == 2:
            self.found.setdefault(name, "")

    def closed(self, _: str) -> None:
        self._path.pop()

    def said(self, text: str) -> None:
        if len(self._path) == 2:
            self.found[self._path[1]] += text


def opened(envelope: Envelope, query: Mapping[str, str], body: bytes, now: int) -> Message:
    """The message in a callback; `now` in seconds. Raises CallbackError; nothing is decrypted before the signature is right."""
    encrypted = fields_of(body).get("Encrypt", "")
    plain = envelope.open(
        query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", ""), encrypted, now
    )
    return Message(fields_of(plain))


def outside_of(message: Message, members: Mapping[str, str], now: int) -> Outside:
    """The report in a message of text, place or picture; `now` in µs. `members`: user id -> work number.

    Places come in GCJ-02 and leave in WGS-84. A time that the messenger gives counts, unless it is ahead or a day old.
    """
    told = message.fields
    lon, lat = _position(told) if message.kind == "location" else (None, None)
    at = int(told["CreateTime"]) * SECOND if re.fullmatch("[0-9]{1,12}", told.get("CreateTime", "")) else now
    member = members.get(message.sender, "")
    picture = told.get("PicUrl", "")
    return Outside(
        SOURCE, message.key, told.get("Content", "") if message.kind == "text" else "",
        f"图片 {picture}".strip() if message.kind == "image" else "",
        told.get("Label", "") if message.kind == "location" else "",
        lon=lon, lat=lat, member=member, reporter="" if member else message.sender, wechat_ref=message.key,
        reported_at=at if now - DAY < at <= now else None,
    )  # fmt: skip


def _position(told: Mapping[str, str]) -> tuple[float, float] | tuple[None, None]:
    try:
        return to_wgs84("gcj02", float(told["Location_Y"]), float(told["Location_X"]))
    except (KeyError, ValueError):
        return None, None


def answer(envelope: Envelope, message: Message, text: str, now: int, nonce: str) -> bytes:
    """The closed answer that the messenger shows to the sender; `now` in seconds."""
    inner = (f"<xml><ToUserName>{_cdata(message.sender)}</ToUserName><FromUserName>{_cdata(envelope.receiver)}</FromUserName>"
             f"<CreateTime>{now}</CreateTime><MsgType>text</MsgType><Content>{_cdata(text)}</Content></xml>")  # fmt: skip
    closed = envelope.encrypt(inner.encode())
    signed = signature(envelope.token, str(now), nonce, closed)
    return (f"<xml><Encrypt>{_cdata(closed)}</Encrypt><MsgSignature>{signed}</MsgSignature>"
            f"<TimeStamp>{now}</TimeStamp><Nonce>{nonce}</Nonce></xml>").encode()  # fmt: skip


def _cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
