"""No value of the right type that our programs never write gets into a case: it would stop every console that reads it."""

from typing import Any, get_args

import pytest
from msgspec.structs import fields

from zjj_console.domain.bounds import LAST_INSTANT, MAX_LENGTH, RANGES
from zjj_console.domain.judge import APPLIED, INVALID, judge
from zjj_console.domain.model import Aid, Case, Clock, Dispatch, Event, Request
from zjj_console.domain.safe import safe_text, steers
from zjj_console.domain.support import SUPPORT_ZH

CASE = "00000000-0000-7000-8000-000000000001"
CLOCK = ["ACC", "wall", "y1", 1, 30, 100]
AID: dict[str, Any] = {"n": 1, "at": 1, "asked_by": "y1", "body": "y1", "unit": "y1", "person": "", "window": "day"}
REQUEST: dict[str, Any] = {"kind": "extend", "asked_by": "0001", "at": 1, "reason": "2"}
ORDER: dict[str, Any] = {"n": 1, "role": "lead", "unit": "y1", "person": "0001", "at": 1}
OUT: dict[str, Any] = {
    "serial": 10**30, "priority": 77, "reported_at": 2**61, "due_final": 2**61, "lon": 2**40, "lat": -(2**40), "cycle": -1,
    "console": "aa", "text": "甲\n乙", "place": "\u202eabc", "phone": "\x1b[31m", "result": "长" * (MAX_LENGTH + 1),
    "support": "LOST", "previous": "NOWHERE", "assists": ["y1\u2066"], "missing": ["text\x00"],
    "clocks": {"ACC": [*CLOCK[:5], 2**61]}, "dispatches": [{**ORDER, "at": 2**61}], "requests": {"extend": {**REQUEST, "until": 2**63}},
    "aid": {**AID, "window": "noon"},
}  # fmt: skip
IN: dict[str, Any] = {
    "serial": 9_999_999, "priority": 4, "reported_at": LAST_INSTANT, "due_final": None, "lon": -180_000_000, "console": "",
    "text": "桥 𠮷 é", "result": "长" * MAX_LENGTH, "support": "REFUSED", "previous": "SUSPENDED DIFF_LED", "clocks": {"ACC": CLOCK},
    "dispatches": [ORDER], "requests": {"extend": REQUEST}, "aid": AID, "on_time": True,
}  # fmt: skip


@pytest.mark.parametrize("name", OUT)
def test_a_value_out_of_bounds_is_invalid_and_leaves_the_case_as_it_was(name):
    judged = judge(None, Event("reported", CASE, {"set": {name: OUT[name]}}))
    assert (judged.verdict, judged.reason, judged.case) == (INVALID, "bounds", Case(CASE))
    later = judge(Case(CASE), Event("corrected", CASE, {"set": {name: OUT[name]}, "was": {name: None}}))
    assert later.verdict != APPLIED


@pytest.mark.parametrize("name", IN)
def test_the_last_value_within_bounds_stands(name):
    assert judge(None, Event("reported", CASE, {"set": {name: IN[name]}})).verdict == APPLIED


def test_every_number_of_a_case_has_a_range_and_every_word_of_support_is_known():
    numbers = {
        f.name for of in (Case, Clock, Dispatch, Request, Aid) for f in fields(of)
        if int in (f.type, *get_args(f.type))
    }  # fmt: skip
    assert numbers == RANGES.keys()
    assert all(judge(None, Event("reported", CASE, {"set": {"support": s}})).verdict == APPLIED for s in SUPPORT_ZH)


def test_nothing_steers_in_what_the_gate_let_through():
    text = "".join(map(chr, range(0x3100))) + "\ufe0f\ufeff\U000e0001\ud800"
    assert not steers(safe_text(text, 20_000))
    assert all(steers(one) for one in "\n\t\x00\x7f\x9b\u2028\u202e\u200d\ufe0f\ud800\U000e0041")


def test_what_nobody_foresaw_is_a_verdict_and_no_error(monkeypatch):
    def breaks(*_):
        raise KeyError("strange")

    monkeypatch.setattr("zjj_console.domain.judge.within", breaks)
    judged = judge(None, Event("reported", CASE, {"set": {"text": "桥"}}))
    assert (judged.verdict, judged.reason) == (INVALID, "data")
