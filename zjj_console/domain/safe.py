"""The one gate for text from outside: nothing in it may steer a terminal, a parser or a reader's eye."""

import re
import unicodedata

MAX_TEXT = 2000
_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC … BEL or ST
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS, SOS, PM, APC
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"  # CSI
    r"|\x1b[ -/]*[0-~]?"  # other escapes
    r"|\x9b[0-?]*[ -/]*[@-~]?"  # 8-bit CSI
)
# Bidi controls and overrides, zero-width joiners, variation selectors, word joiner, BOM, tag characters.
_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BREAKS = re.compile(r"[\t\r\n\u2028\u2029]+")
_PLAIN = re.compile(r"[ -~\u3000-\u303f\u4e00-\u9fff\uff01-\uff5e]*")


_STEERS = re.compile(f"{_CONTROL.pattern}|{_BREAKS.pattern}|{_INVISIBLE.pattern}|[\ud800-\udfff]").search


def steers(text: str) -> bool:
    """Whether anything is in it that `safe_text` takes out, wherever and by whatever Unicode it is asked."""
    return not (text.isascii() and text.isprintable()) and _STEERS(text) is not None


def safe_text(text: str, limit: int = MAX_TEXT) -> str:
    """`text` as one line without control, escape, bidi or joining characters, cut to `limit` characters.

    Idempotent. Lone surrogates become the replacement character; line breaks and tabs become one blank.
    """
    if _PLAIN.fullmatch(text):  # nearly every text: nothing to do
        return text[:limit].strip()
    text = _ESCAPES.sub("", text)
    text = _BREAKS.sub(" ", text)
    text = _CONTROL.sub("", _INVISIBLE.sub("", text))
    text = text.encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFC", text)[:limit].strip()


_FORMULA = re.compile("'*[=+@-]")  # quotes before it count, so that neutralising can be undone


def neutral_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; `plain_cell` undoes it."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain_cell(text: str) -> str:
    """What `neutral_cell` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
