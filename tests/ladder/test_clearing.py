"""§2.10: the ladder clears with a reason once its clock is met; what else happens to a case on its way up."""

import pytest

from zjj_console.domain.climb import BY_HAND


@pytest.fixture
def late(urgent):
    """First priority, acknowledgement missed, deputy and chief called."""
    urgent.at("23:45:00")
    urgent.calls("E1 0031 03-01 23:34", "E2 0021 03-01 23:44")
    return urgent


def handled(night, priority, at):
    night.leap(at)
    night.line(f"xj dhj js {priority} dh")
    night.line("pd 1001 cg")
    night.line("qs 1001")
    return night


def test_a_met_clock_clears_the_ladder_and_says_by_what(late):
    late.line("qs 1001")
    assert late.cleared() == "acknowledged"
    late.at("23:53:59")
    late.calls()
    assert late.next() == "03-01 23:54", "arrival is the next clock that calls somebody"


def test_a_clock_met_before_it_ran_out_calls_nobody(urgent):
    urgent.at("23:33:59")
    urgent.line("dd 1001")
    urgent.at("02:00:00")
    urgent.calls()
    assert urgent.climb() is None


def test_another_missed_clock_takes_over_at_the_level_that_was_reached(late):
    late.at("23:55:00")  # arrival is missed since 23:54
    late.calls("E3 0011 03-01 23:54")
    late.line("qs 1001")
    assert late.cleared() == "" and late.climb().trigger == "ARR" and late.climb().level == 3
    late.at("00:23:59")
    late.calls()
    late.at("00:24:00")
    late.calls("E4 0005 03-02 00:24")  # thirty minutes after the arrival was missed
    late.line("dd 1001")
    assert late.cleared() == "arrived"


def test_a_new_miss_after_the_ladder_was_cleared_begins_at_the_first_rung(late):
    late.line("qs 1001")
    late.at("23:54:00")
    late.calls("E1 0031 03-01 23:54")
    assert late.climb().cycle == 2


def test_reassignment_starts_the_ladder_anew_with_the_new_order(late):
    late.line("gp 1001 y2 r2")
    assert late.cleared() == "reassigned"
    late.at("23:54:59")
    late.calls()
    late.at("23:55:00")
    late.calls("E1 0031 03-01 23:55")


def test_submitting_clears_and_a_failed_check_climbs_again_only_when_its_own_time_is_over(night):
    handled(night, 2, "2021-03-02 09:00")
    night.at("2021-03-03 08:50")
    night.line("tj 1001 1 已清理")
    assert night.cleared() == "submitted"
    night.heard()
    night.forward("30m")
    night.line("fg 1001 2", who="0002")
    due = night.moment(night.desk.case("1001").clocks["HDL"].due)
    assert due == "03-03 15:20"  # a quarter of the limit from the check
    night.at("15:19:59")
    night.calls()
    night.at("15:20:00")
    night.calls("E1 0031 03-03 15:20")


def test_P3_a_failed_check_raises_no_rung_at_an_instant_at_which_the_case_was_being_checked(night):
    """A week of waiting for the check used nothing of the limit: six hours from the check, 80 percent 4 h 48 min before."""
    handled(night, 3, "2021-03-01 09:00")
    night.at("2021-03-03 10:00")
    night.line("tj 1001 1 已清理")
    night.leap("2021-03-10 09:00")
    night.line("fg 1001 2", who="0002")
    night.at("2021-03-10 15:00")
    night.calls("E1 0031 03-10 10:12", "E2 0021 03-10 15:00")


def test_a_check_that_becomes_urgent_when_it_is_long_late_is_escalated_from_then(night):
    """Of third priority a late check calls nobody; of first it does, from when it became so and not in the past."""
    handled(night, 3, "2021-03-01 09:00")
    night.line("tj 1001 1 已清理")
    night.at("2021-03-03 10:00")
    night.calls()
    night.line("xj dhj zy 1 dh")
    night.line("cf 1002 1001")
    night.calls("E4 0005 03-03 10:00")


def test_an_extension_moves_the_rungs_that_are_still_to_come(night):
    handled(night, 2, "2021-03-02 09:00")
    night.line("dd 1001")
    night.line("yq 1001 2d r3")
    night.line("yq 1001 y")
    until = night.desk.case("1001").clocks["HDL"].due
    night.at("2021-03-03 10:00")
    night.calls()
    assert night.next() == night.moment(until)


def test_P3_an_extension_in_time_takes_back_the_warning_at_80_percent(night):
    handled(night, 3, "2021-03-01 09:00")
    night.at("2021-03-03 14:00")
    night.calls("E1 0031 03-03 12:12")
    night.line("yq 1001 4d r3")
    night.line("yq 1001 y")
    assert night.cleared() == "extended"
    assert night.next() > "03-03 14:00"


def test_suspension_clears_and_the_ladder_waits_for_what_is_left_of_the_limit(night):
    """§2.5: due 03-04 15:00, suspended 03-02 12:00, resumed 03-09 09:00 with 19 h left: 03-11 12:00."""
    handled(night, 3, "2021-03-01 15:00")
    night.leap("2021-03-02 12:00")
    night.line("gz 1001 0320 r1")
    night.line("gz 1001 y")
    assert night.next() == ""
    night.at("2021-03-09 09:00")
    night.calls()
    night.line("hf 1001")
    night.at("2021-03-11 12:00")
    night.calls("E1 0031 03-10 15:12", "E2 0021 03-11 12:00")


def test_NV_8_a_wish_parks_no_clock_the_ladder_climbs_while_a_return_waits(night):
    night.leap("2021-03-02 09:00")
    night.line("xj dhj zy 1 dh")
    night.line("pd 1001 cg")
    night.line("td 1001 1")
    night.at("2021-03-02 09:30")
    night.calls("E1 0031 03-02 09:30")


def test_a_nominated_difficult_case_has_a_clock_of_its_own_that_calls(night):
    handled(night, 2, "2021-03-02 09:00")
    night.line("yn 1001 n1")
    assert {c.code for c in night.desk.case("1001").clocks.values() if c.running} >= {"DIF"}
    night.at("09:29:59")
    night.calls()
    night.at("09:30:00")
    night.calls("E1 0031 03-02 09:30")
    night.line("yn 1001 z1")
    assert night.cleared() == "difficult_led"


def test_the_leading_station_of_a_difficult_case_is_called_when_its_limit_is_over(night):
    handled(night, 2, "2021-03-02 09:00")
    night.line("yn 1001 n1")
    night.line("yn 1001 z1")
    due = night.moment(night.desk.case("1001").clocks["LED"].due)
    assert night.next() == due == "03-05 09:00"
    night.at("2021-03-05 09:00")
    night.calls("E1 0031 03-05 09:00")


def test_R51_support_that_nobody_answers_and_support_that_does_not_come_call(night):
    night.leap("2021-03-02 09:00")
    night.line("xj dhj js 3 dh")
    night.line("pd 1001 cg")
    night.line("qs 1001")
    night.line("zb 1001 请派员到场")
    night.at("2021-03-02 09:08")
    night.calls("E1 0031 03-02 09:08")  # third priority: at 80 percent of ten minutes
    night.line("zb 1001 已派")
    assert night.cleared() == "support_accepted"
    night.at("2021-03-02 09:24")
    night.calls("E1 0031 03-02 09:24")


def test_R51_a_refused_support_goes_to_the_chief_at_once_and_a_new_request_ends_that(night):
    night.leap("2021-03-02 09:00")
    night.line("xj dhj js 3 dh")
    night.line("pd 1001 cg")
    night.line("qs 1001")
    night.line("zb 1001 请派员到场")
    night.at("2021-03-02 09:03")
    night.line("zb 1001 n 1 另有任务")
    night.calls("E1 0031 03-02 09:03", "E2 0021 03-02 09:03")
    night.line("zb 1001 再请派员")
    assert night.cleared() == "support_asked"


def test_a_supervision_that_is_missed_calls(night):
    handled(night, 1, "2021-03-02 09:00")
    night.line("dd 1001")
    night.line("db 1001 2h 限时答复")
    night.at("2021-03-02 10:59")
    night.calls()
    night.at("2021-03-02 11:00")
    night.calls("E1 0031 03-02 11:00")
    night.line("db 1001 n")
    assert night.cleared() == "supervision_released"


def test_a_case_that_ends_calls_nobody_any_more(late):
    late.line("zf 1001 2")
    late.line("zf 1001 y", who="0005")
    assert late.cleared() == "voided"
    late.at("2021-03-02 12:00")
    late.calls()


def test_a_case_that_is_merged_calls_nobody_and_its_master_climbs_for_both(late):
    late.line("xj dhj js 4 dh")
    late.line("cf 1001 1002")
    assert late.cleared() == "merged"
    late.at("2021-03-02 00:20")
    late.calls()
    assert late.desk.case("1002").priority == 1
    late.at("2021-03-02 02:00")
    late.calls("1002 E4 0005 03-02 01:15", "1002 E5 - 03-02 01:45")  # its own clock, at the pace of the first priority


def test_cx_of_an_acknowledgement_puts_the_climb_back_with_its_rungs(late):
    before = late.climb()
    late.line("qs 1001")
    late.forward("5s")
    late.line("cx")
    climb = late.climb()
    assert (climb.rungs, climb.trigger, climb.miss, climb.cycle) == (before.rungs, "ACK", before.miss, 1)
    assert climb.open
    late.at("23:54:00")
    late.calls("E3 0011 03-01 23:54")


def test_cx_of_a_wrongly_typed_call_takes_the_answer_back(late):
    late.line("th 1001 1")
    assert late.next() == "03-01 23:55"
    late.forward("5s")
    late.line("cx")
    assert late.next() == "03-01 23:54"
    assert [rung.answered_at for rung in late.climb().rungs] == [None, None]


def test_cx_takes_back_one_call_and_not_the_one_before(late):
    late.line("th 1001 1")
    late.forward("1m")
    late.line("th 1001 2 0031")
    late.line("cx")
    climb = late.climb()
    assert climb.rungs[1].answered_at is not None and climb.rungs[0].calls == ()


def test_cx_of_a_call_that_counted_for_nobody_leaves_the_answers_as_they_are(late):
    late.line("th 1001 1")
    late.forward("1m")
    late.line("qs 1001")
    late.forward("1m")
    late.line("th 1001 2")
    late.line("cx")
    assert late.climb().rungs[1].answered_at is not None


def test_by_hand_ends_by_hand_unless_a_deadline_was_missed_meanwhile(urgent):
    urgent.line("sj 1001")
    urgent.calls("E1 0031 03-01 23:24")
    urgent.line("sj 1001 n 已协调")
    assert urgent.cleared() == "stand_down"
    urgent.at("23:30:00")
    urgent.line("sj 1001")
    urgent.calls("E1 0031 03-01 23:30")
    urgent.at("23:36:00")
    done = urgent.line("sj 1001 n")
    assert "时限已过" in done.text
    assert (urgent.cleared(), urgent.climb().trigger, urgent.climb().level) == ("", "ACK", 1)
    assert "不能解除" in urgent.refused("sj 1001 n")
    urgent.at("23:44:00")
    urgent.calls("E2 0021 03-01 23:44")


def test_what_was_raised_by_hand_climbs_on_and_none_is_called_twice(urgent):
    urgent.line("sj 1001 e2")
    urgent.calls("E1 0031 03-01 23:24", "E2 0021 03-01 23:24")
    assert urgent.climb().trigger == BY_HAND
    assert "只能" in urgent.refused("sj 1001 e2")
    urgent.at("23:43:59")
    urgent.calls()
    urgent.at("23:44:00")
    urgent.calls("E3 0011 03-01 23:44")


@pytest.mark.parametrize("line", ["sj 1001", "sj 1001 e3"])
def test_a_case_that_waits_for_its_check_or_is_over_goes_up_no_more(night, line):
    handled(night, 3, "2021-03-02 09:00")
    night.line("tj 1001 1 已清理")
    night.refused(line)


@pytest.mark.parametrize("hand", ["2021-03-01 23:56", "2021-03-02 00:05", "2021-03-02 00:24"])
def test_raised_by_hand_does_not_put_off_the_deadlines_own_rung(night, hand):
    """A P1 that nobody accepts calls the centre half an hour after the miss, whoever was called and answered before."""
    night.leap("2021-03-01 23:50")
    night.line("xj dhj zy 1 110")
    assert night.next() == "03-02 00:25"
    night.leap(hand)
    night.line("sj 1001")
    night.line("sj 1001 y 在路上")
    night.at("2021-03-02 00:24:59")
    assert night.climb().level < 4
    night.at("00:25:00")
    assert night.heard()[-1] == "E4 0005 03-02 00:25" and night.climb().trigger == "ACC"
    night.at("00:55:00")
    night.calls("E5 - 03-02 00:55")


def test_P2_the_centres_rung_after_a_climb_by_hand_still_waits_for_the_end_of_the_quiet_hours(night):
    night.leap("2021-03-01 23:50")
    night.line("xj dhj zy 2 110")
    night.line("sj 1001")
    night.at("2021-03-02 06:00")
    assert night.heard()[-1] == "E4 0005 03-02 06:00"
