"""Text from outside passes one gate: nothing in it may steer a terminal, a parser or a reader's eye."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zjj_console.domain.safe import MAX_TEXT, neutral_cell, plain_cell, safe_text
from zjj_console.storage import audit, reads

PIECES = (
    "[/b]", "[bold red", "[link=http://示例]", "\x1b]0;改标题\x07", "\x1b]52;c;ZWNobw==\x1b\\", "\x1b[2J", "\x1b[31m", "\x1bc",
    "\x9b31m", "\x1bP1$r\x1b\\", "\u202e倒写\u202c", "\u2066隔离\u2069", "\u200f", "\u200b", "\ufeff", "👨\u200d👩\u200d👧", "🏳\ufe0f\u200d🌈",
    "\ud800", "\udfff", "\x00", "\x07", "\x08", "\r", "\n", "\t", "\x7f", "\x85", "\u2028", "\u2029", "e\u0301", "a" * 2000,
    "桥" * 2000, "=cmd|' /C calc'!A0", "'; DROP TABLE event; --", "%s%n", "{0}", "$(reboot)", "\\x1b[31m", "桥栏杆断裂", " ", "　",
    "\U000e0041\U000e007f", "\u0600", "\u3164",
)  # fmt: skip
HOSTILE = st.lists(
    st.one_of(st.sampled_from(PIECES), st.text(alphabet=st.characters(codec=None), max_size=10)), max_size=6
).map("".join)
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def steers(text):
    """Characters that a terminal or an eye could be led by."""
    return [c for c in text if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in BIDI + "\u200b\u200d\ufeff"]


@settings(max_examples=600)
@given(text=HOSTILE)
@example(text="\x1b\x1b]0;x\x07\x07")
@example(text="\x1b\u200b[31m")
@example(text="\u200b\x1b[\x1b[31m31m")
def test_safe_text_leaves_nothing_that_steers_and_is_idempotent(text):
    clean = safe_text(text)
    assert not steers(clean)
    assert safe_text(clean) == clean
    assert len(clean) <= MAX_TEXT
    assert clean == clean.strip()
    clean.encode("utf-8")


@given(text=st.text(alphabet="桥栏杆断裂约三米，ABC abc 123 ()[]{}<>'\"&%", max_size=200))
def test_safe_text_does_not_touch_ordinary_text(text):
    assert safe_text(text) == text.strip()


def test_text_of_two_thousand_characters_stays_whole():
    assert safe_text("桥" * 2000) == "桥" * 2000
    assert len(safe_text("桥" * 2001)) == 2000


@settings(max_examples=300)
@given(text=HOSTILE)
def test_exported_cells_are_no_formulas_and_come_back_as_they_were(text):
    clean = safe_text(text)
    assert not neutral_cell(clean).startswith(("=", "+", "-", "@"))
    assert plain_cell(neutral_cell(clean)) == clean


LINES = ("bz {c} {t}", "tj {c} 1 {t}", "td {c} 1 {t}", "zf {c} 2 {t}", "th {c} 2 {t}", "db {c} 2h {t}", "zb {c} {t}", "bb {c} {t}",
         "xj dhj js 3 {t}", "xj dhj js 3 110 {t}", "pd {c} sc {t}", "ss {t}", "{t}", "xj {t} js", "xj dhj {t}",
         "xj dhj js rel={t}", "pd {c} {t}", "dz {c} {t}")  # fmt: skip


@settings(max_examples=250)
@given(line=st.sampled_from(LINES), text=HOSTILE, extra=HOSTILE)
def test_whatever_argument_it_comes_in_stored_shown_and_remembered_text_is_safe(desk, clock, line, text, extra):
    clock.later(seconds=1)
    made = desk.run_line("xj dhj js 3 cg", extra={"reporter": extra, "phone": extra[:20]})
    assert made.ok, made.text
    assert desk.run_line(f"qs {made.case.handle}").ok
    full = line.format(c=made.case.handle, t=text)
    shown = desk.preview(full)
    done = desk.run_line(full, confirmed=True)
    for said in (shown.text, shown.confirm, done.text, done.preview, done.line):
        assert not steers(said)
    for choice in (*shown.choices, *done.choices):
        assert not steers(choice.label + choice.insert)
    for case in (made.case, done.case):
        for value in (case.text, case.reporter, case.phone, case.result_text, case.wechat_ref) if case else ():
            assert safe_text(value) == value
    for body, *_ in desk.reader.execute("SELECT body FROM event ORDER BY lseq DESC LIMIT 6").fetchall():
        assert not steers(body.decode())
        assert not any(f"\\u{ord(c):04x}" in body.decode() for c in ("\x1b", "\x00", "\u202e"))
    assert not any(steers(row.text + row.place) for row in reads.page(desk.reader, reads.Filter(), 5))
    assert not any(steers(remembered) for remembered in desk.history()[:3])
    bodies = desk.reader.execute("SELECT body FROM outbox ORDER BY id DESC LIMIT 3").fetchall()
    assert not any(steers(row[0]) for row in bodies)


@pytest.mark.parametrize("piece", PIECES, ids=lambda p: ascii(p)[:20])
def test_markup_is_text_and_the_journal_verifies(desk, piece):
    done = desk.run_line(f"xj dhj js 3 {piece}")
    assert done.ok, done.text
    if piece.startswith("["):
        assert done.case.text == piece
    assert audit.verify(desk.reader, desk.duty).bad is None
