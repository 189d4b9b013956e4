"""§2.10, rows P3 and P4: a share of the limit, the deadline, then working days; by message, at night with the report.

2021-02-11 to 02-17 is the holiday; Saturday 02-20 makes up for it (§2.5). Complaint 15: deadlines over holidays.
"""

import pytest


@pytest.fixture
def third(night):
    """Handling from Wednesday 2021-02-10 15:00: 24 duty hours end on Saturday 02-20 at 15:00 (verified in §2.5)."""
    night.leap("2021-02-10 15:00")
    night.line("xj dhj js 3 dh")
    night.line("pd 1001 cg")
    night.line("qs 1001")
    return night


def test_complaint_15_P3_at_80_percent_at_the_deadline_and_1_2_3_working_days_after_it_over_a_holiday(third):
    third.at("2021-03-01 00:00")
    third.calls(
        "E1 0031 02-20 10:12",  # 19 h 12 min of 24 duty hours
        "E2 0021 02-20 15:00",  # the deadline
        "E3 0011 02-22 15:00",  # Monday is the next working day
        "E4 0005 02-23 15:00",
        "E5 - 02-24 15:00",
    )


def test_P3_tells_by_message_and_the_meeting_is_no_recipient(third):
    third.tick("1h", "2021-02-24 16:00")
    assert third.messages() == [
        ("0031", "02-20 11:00"), ("0021", "02-20 15:00"), ("0011", "02-22 15:00"), ("0005", "02-23 15:00")
    ]  # fmt: skip


def test_P3_at_night_waits_for_the_morning_report(third):
    """The host slept from afternoon to night: the rung keeps its instant, its message wakes nobody."""
    third.at("2021-02-20 23:00")
    third.calls("E1 0031 02-20 10:12", "E2 0021 02-20 15:00")
    assert third.messages() == [("0031", "02-21 07:30"), ("0021", "02-21 07:30")]


def test_P3_what_was_settled_in_the_night_is_told_to_nobody_in_the_morning(third):
    third.at("2021-02-20 23:00")
    third.line("tj 1001 1")
    assert third.cleared() == "submitted"
    assert third.messages() == []


def test_P3_nothing_happens_in_the_holiday(third):
    third.tick("6h", "2021-02-20 08:30")
    third.calls()


def test_P3_working_days_of_acknowledging_stand_still_at_night(night):
    night.leap("2021-03-05 16:10")
    night.line("xj dhj js 3 dh")
    night.line("pd 1001 cg")
    assert night.next() == "03-08 08:58"  # 48 of 60 duty minutes: twenty on Friday, the rest on Monday
    night.at("2021-03-08 09:09")
    night.calls("E1 0031 03-08 08:58")
    night.at("2021-03-08 09:10")
    night.calls("E2 0021 03-08 09:10")


def test_P4_at_90_percent_at_the_deadline_and_3_5_7_working_days_after_it(night):
    night.leap("2021-02-26 10:00")
    night.line("xj dhj js 4 dh")
    night.line("pd 1001 cg")
    night.line("qs 1001")
    night.at("2021-03-31 00:00")
    night.calls(
        "E1 0031 03-08 12:24",  # 50 h 24 min of 56 duty hours
        "E2 0021 03-09 10:00",
        "E3 0011 03-12 10:00",
        "E4 0005 03-16 10:00",
        "E5 - 03-18 10:00",
    )


def test_P3_an_answer_holds_for_one_working_day(third):
    third.at("2021-02-20 15:00")
    third.line("sj 1001 y 已阅")
    assert third.next() == "02-22 15:00"
    third.at("2021-02-22 14:59")
    third.calls("E1 0031 02-20 10:12", "E2 0021 02-20 15:00")
    third.at("2021-02-22 15:00")
    third.calls("E3 0011 02-22 15:00")


def test_raised_by_hand_each_rung_has_its_window(night):
    """No limit runs of which a share could be left: nobody is called in the same second as the one below him."""
    night.leap("2021-03-02 09:00")
    night.line("xj dhj js 3 dh")
    night.line("sj 1001")
    night.at("2021-03-02 16:00")
    night.calls("E1 0031 03-02 09:00")
    night.at("2021-03-03 09:00")
    night.calls("E2 0021 03-03 09:00")
