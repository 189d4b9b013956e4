"""§2.10: taking notice stops the climb for a window, never the clock of the case; after the window it goes on."""

import pytest

from zjj_console.domain.alarms import Grade


@pytest.fixture
def answered(urgent):
    urgent.at("23:34:00")
    urgent.calls("E1 0031 03-01 23:34")
    urgent.at("23:40:00")
    urgent.line("th 1001 1")
    return urgent


def test_P1_an_answer_holds_the_climb_for_ten_minutes_from_the_answer(answered):
    answered.at("23:49:59")
    answered.calls()
    answered.at("23:50:00")
    answered.calls("E2 0021 03-01 23:50")


def test_after_the_window_the_next_one_again_has_his_time(answered):
    answered.at("23:50:00")
    answered.calls("E2 0021 03-01 23:50")
    answered.at("23:59:59")
    answered.calls()
    answered.at("00:00:00")
    answered.calls("E3 0011 03-02 00:00")


def test_complaint_17_taking_notice_stops_no_clock_and_the_case_stays_late(answered):
    case = answered.desk.case("1001")
    assert answered.moment(case.clocks["ACK"].due) == "03-01 23:34" and case.clocks["ACK"].running
    assert [alarm.grade for alarm in answered.alarms() if alarm.row] == [Grade.URGENT_LATE]
    assert answered.cleared() == ""


def test_a_rung_answers_once_so_that_nobody_holds_a_climb_for_ever(answered):
    answered.at("23:45:00")
    assert "已应答" in answered.refused("sj 1001 y 仍在路上")
    answered.line("th 1001 1 仍在路上")  # the call is kept, the hold is not renewed
    answered.at("23:50:00")
    answered.calls("E2 0021 03-01 23:50")


def test_an_answer_by_other_means_counts_as_a_call_does(urgent):
    urgent.at("23:35:00")
    urgent.line("sj 1001 y 政务微信已阅")
    urgent.at("23:44:59")
    assert len(urgent.called()) == 1
    climb = urgent.climb()
    assert (climb.rungs[0].answer, climb.rungs[0].answered_by) == ("政务微信已阅", "0001")
    urgent.at("23:45:00")
    assert len(urgent.called()) == 2


def test_P2_an_answer_holds_for_thirty_minutes(second):
    second.at("23:44:00")
    second.calls("E1 0031 03-01 23:44")
    second.at("00:00:00")
    second.line("th 1001 1")
    second.at("00:29:59")
    second.calls()
    second.at("00:30:00")
    second.calls("E2 0021 03-02 00:30")


def test_an_answer_early_in_a_long_step_lets_it_go_on_at_its_planned_time(second):
    second.at("00:14:00")
    second.calls("E1 0031 03-01 23:44", "E2 0021 03-02 00:14")
    second.leap("00:15:00")
    second.line("th 1001 1")
    assert second.next() == "03-02 06:00"


def test_nobody_answers_where_nobody_was_called(urgent):
    assert "没有" in urgent.refused("sj 1001 y 已知悉")
