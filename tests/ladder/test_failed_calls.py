"""§2.10: 未接 and 占线 notify nobody; after two the first priority calls the next rung at once."""

import pytest


@pytest.fixture
def ringing(urgent):
    urgent.at("23:34:00")
    urgent.calls("E1 0031 03-01 23:34")
    return urgent


@pytest.mark.parametrize(("first", "then"), [("2", "2"), ("3", "3"), ("2", "3")])
def test_P1_the_second_failed_call_raises_the_next_rung_at_once(ringing, first, then):
    ringing.at("23:35:00")
    ringing.line(f"th 1001 {first}")
    ringing.at("23:36:00")
    ringing.calls()
    ringing.line(f"th 1001 {then}")
    ringing.calls("E2 0021 03-01 23:36")
    ringing.at("23:53:59")
    ringing.calls()
    ringing.at("23:54:00")
    ringing.calls("E3 0011 03-01 23:54")


def test_P1_a_short_message_is_neither_notice_nor_a_failed_call(ringing):
    for _ in range(3):
        ringing.forward("30s")
        ringing.line("th 1001 4")
    ringing.calls()
    ringing.at("23:44:00")
    ringing.calls("E2 0021 03-01 23:44")


def test_P1_each_rung_has_two_calls_of_its_own(ringing):
    ringing.forward("10s")
    for _ in range(3):
        ringing.line("th 1001 2")
        ringing.forward("10s")
    ringing.calls("E2 0021 03-01 23:34:20")
    ringing.line("th 1001 3")
    ringing.calls("E3 0011 03-01 23:34:40")


def test_P1_calls_that_name_somebody_else_count_for_his_rung(ringing):
    ringing.at("23:44:00")
    ringing.calls("E2 0021 03-01 23:44")
    ringing.line("th 1001 2 0031")
    ringing.line("th 1001 2 0031")
    ringing.calls()
    ringing.line("th 1001 2 0021")
    ringing.line("th 1001 2 0021")
    ringing.calls("E3 0011 03-01 23:44")


def test_P2_waits_for_its_time_however_often_nobody_answers(second):
    second.at("23:44:00")
    for _ in range(4):
        second.line("th 1001 2")
    second.calls("E1 0031 03-01 23:44")
    second.at("00:13:59")
    second.calls()
    second.at("00:14:00")
    second.calls("E2 0021 03-02 00:14")


def test_a_call_that_was_answered_before_the_second_failed_one_holds(ringing):
    ringing.at("23:35:00")
    ringing.line("th 1001 2")
    ringing.line("th 1001 1")
    ringing.line("th 1001 2")
    ringing.calls()
    ringing.at("23:44:59")
    ringing.calls()
    ringing.at("23:45:00")
    ringing.calls("E2 0021 03-01 23:45")


def test_a_call_before_anybody_was_to_be_called_is_a_note_and_no_more(urgent):
    urgent.line("th 1001 2")
    urgent.line("th 1001 2")
    urgent.at("23:34:00")
    urgent.calls("E1 0031 03-01 23:34")
    urgent.forward("1m")
    urgent.calls()
