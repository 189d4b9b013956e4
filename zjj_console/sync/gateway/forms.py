"""A message in the messenger's forms: template card, text card, text; cut to bytes on the boundary of a character. Pure."""

import hashlib
import re
from typing import Any

from msgspec import Struct

TEXT, TITLE, DESCRIPTION = 2048, 128, 512  # bytes of UTF-8
_TASK = re.compile(r"[0-9A-Za-z_@-]{1,128}")
_CARD_TITLE, _CARD_TEXT = 26 * 3, 112 * 3  # bytes; the template card counts characters: 26 and 112


class Note(Struct, frozen=True):
    """What is to be told. `key` is part of every form: two orders are never the same message, one order always is."""

    key: str
    title: str
    body: str
    url: str = ""


def cut(text: str, size: int) -> str:
    """At most `size` bytes of UTF-8, no character torn; what was cut off is shown by three dots."""
    raw = text.encode()
    if len(raw) <= size:
        return text
    return raw[: max(0, size - 3)].decode(errors="ignore") + "..."[:size]


def _text(note: Note, share: int) -> dict[str, Any]:
    tail = f"\n编号 {note.key}"
    return {"text": {"content": cut(note.body, TEXT // share - len(tail.encode())) + tail}}


def _textcard(note: Note, share: int) -> dict[str, Any]:
    tail = f"\n编号 {note.key}"
    return {
        "textcard": {
            "title": cut(note.title, TITLE),
            "description": cut(note.body, DESCRIPTION // share - len(tail.encode())) + tail,
            "url": note.url,
            "btntxt": "详情",
        }
    }


def _template_card(note: Note, share: int) -> dict[str, Any]:
    task = note.key if _TASK.fullmatch(note.key) else hashlib.sha256(note.key.encode()).hexdigest()
    return {
        "template_card": {
            "card_type": "text_notice",
            "main_title": {"title": cut(note.title, _CARD_TITLE), "desc": f"编号 {note.key}"},
            "sub_title_text": cut(note.body, _CARD_TEXT // share),
            "card_action": {"type": 1, "url": note.url},
            "task_id": task,
        }
    }


_MAKERS = {"text": _text, "textcard": _textcard, "template_card": _template_card}


def payload(form: str, note: Note, share: int = 1) -> dict[str, Any]:
    """The part of a request that is the message itself; `share` 2 takes half of the room."""
    return {"msgtype": form, **_MAKERS[form](note, share)}
