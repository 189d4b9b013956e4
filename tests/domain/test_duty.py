"""Duty time (§2.5): minutes that count only inside a unit's hours on working days."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import DAY, HOUR, MINUTE, Clock
from zjj_console.town.calendar import day_type
from zjj_console.town.models import Limit

VECTORS = (
    ("2021-03-01 15:00", 24 * 60, "2021-03-04 15:00"),
    ("2021-02-10 15:00", 24 * 60, "2021-02-20 15:00"),  # spring festival skipped, make-up Saturday counted
    ("2021-03-01 16:25", 60, "2021-03-02 09:25"),
    ("2021-03-05 16:10", 60, "2021-03-08 09:10"),
    ("2021-03-01 23:00", 24 * 60, "2021-03-04 16:30"),
    ("2021-02-26 10:00", 56 * 60, "2021-03-09 10:00"),
)


@pytest.mark.parametrize(("start", "minutes", "due"), VECTORS)
def test_duty_clock_vectors(rules, clock, start, minutes, due):
    assert clock.text(rules.duty.add(clock.at(start), minutes, "duty", "z1")) == due
    assert rules.duty.between(clock.at(start), clock.at(due), "duty", "z1") == minutes


def test_a_suspended_case_keeps_what_was_left_and_resumes_with_it(rules, clock):
    clock.set("2021-03-01 15:00")
    case = rules.do(rules.do(rules.new(), "accept"), "dispatch", unit="cg")
    case = rules.do(case, "acknowledge")
    assert clock.text(case.due_final) == "2021-03-04 15:00"
    clock.set("2021-03-02 12:00")
    case = rules.do(case, "ask_suspend", until=clock.at("2021-03-20 16:00"), reason="works")
    case = rules.do(case, "grant_suspend", who="0005")
    assert case.clocks["HDL"].left == 19 * 60
    assert case.clocks["HDL"].due is None
    clock.set("2021-03-09 09:00")
    case = rules.do(case, "resume", who="0005")
    assert clock.text(case.clocks["HDL"].due) == "2021-03-11 12:00"
    assert clock.text(case.due_final) == "2021-03-11 12:00"


def test_the_pause_moves_due_final_but_not_the_rework_allowance(rules, clock):
    """due_final = first dispatch + limit + extensions + suspended time; a rework moves only the alarm (§2.5)."""
    clock.set("2021-03-01 15:00")
    case = rules.do(rules.do(rules.new(), "accept"), "dispatch", unit="cg")
    case = rules.do(case, "acknowledge")
    clock.set("2021-03-04 10:00")
    case = rules.do(rules.do(case, "submit", result="rectified"), "verify_fail", reason="incomplete")
    assert clock.text(case.clocks["HDL"].due) == "2021-03-04 16:00"  # 25 % of 24 duty hours from now
    assert clock.text(case.due_final) == "2021-03-04 15:00"
    clock.set("2021-03-04 12:00")
    case = rules.do(case, "ask_suspend", until=clock.at("2021-03-20 16:00"), reason="works")
    case = rules.do(case, "grant_suspend", who="0005")
    clock.set("2021-03-09 09:00")
    case = rules.do(case, "resume", who="0005")
    assert clock.text(case.clocks["HDL"].due) == "2021-03-09 13:00"
    assert clock.text(case.due_final) == "2021-03-09 12:00"


@pytest.mark.parametrize("unit", ["y1", "y2"])
@pytest.mark.parametrize("limit", [Limit("duty", 60), Limit("duty", 24 * 60), Limit("wall", 20)])
def test_rapid_teams_always_count_plain_time(rules, clock, unit, limit):
    kind, minutes = rules.duty.counted(limit, unit)
    assert (kind, minutes) == ("wall", limit.amount)
    start = clock.at("2021-02-10 23:00")
    assert rules.duty.add(start, minutes, kind, unit) == start + minutes * MINUTE


def test_a_workday_is_the_units_own_day(rules):
    assert rules.duty.counted(Limit("workdays", 5), "z1") == ("duty", 5 * 8 * 60)
    assert rules.duty.counted(Limit("workdays", 3), "y1") == ("wall", 3 * 24 * 60)


def test_a_year_that_no_calendar_knows_takes_monday_to_friday(town, rules, clock):
    assert day_type(town, date(2099, 3, 2)) == ("workday", False)
    assert day_type(town, date(2099, 3, 1)) == ("rest", False)
    assert clock.text(rules.duty.add(clock.at("2099-02-27 16:10"), 60, "duty", "z1")) == "2099-03-02 09:10"


def test_a_broken_calendar_is_an_error_not_a_deadline(town, clock):
    never = DutyTime(town, lambda day: False)
    with pytest.raises(ValueError, match="no 60 duty minutes"):
        never.add(clock.now, 60, "duty", "z1")


def test_a_displayed_pause_names_its_end(rules, clock):
    due = clock.at("2021-03-08 09:10")
    hdl = Clock("HDL", "duty", "z1", clock.at("2021-03-05 16:10"), 60, due)
    assert clock.text(rules.duty.paused_until(hdl, clock.at("2021-03-05 16:40"))) == "2021-03-08 08:30"
    assert clock.text(rules.duty.paused_until(hdl, clock.at("2021-03-08 07:00"))) == "2021-03-08 08:30"
    assert rules.duty.paused_until(hdl, clock.at("2021-03-08 08:30")) is None


@pytest.mark.parametrize(
    ("limit", "kind", "before_due"), [(60, "wall", 12), (5, "wall", 2), (100, "wall", 20), (60, "duty", 12)]
)
def test_a_clock_warns_at_a_fifth_but_at_least_two_minutes(rules, clock, limit, kind, before_due):
    start = clock.at("2021-03-01 09:00")
    due = rules.duty.add(start, limit, kind, "z1")
    assert rules.duty.warn_at(Clock("ACK", kind, "z1", start, limit, due)) == due - before_due * MINUTE


def test_the_warning_follows_an_extended_duty_clock(rules, clock):
    start, due = clock.at("2021-03-01 09:00"), clock.at("2021-03-03 12:00")
    warn = rules.duty.warn_at(Clock("HDL", "duty", "z1", start, 8 * 60, due))
    assert clock.text(warn) == "2021-03-03 10:24"  # 96 of 480 minutes before the new due time


@pytest.mark.parametrize(
    ("time", "night"), [("07:29", True), ("07:30", False), ("17:29", False), ("17:30", True), ("00:00", True)]
)
def test_night_begins_and_ends_with_the_centres_day(rules, clock, time, night):
    assert rules.duty.is_night(clock.at(f"2021-03-06 {time}")) is night


@given(st.integers(0, 400 * 24 * 60), st.integers(0, 80 * 60), st.integers(0, 80 * 60), st.sampled_from(("z1", "cyzx")))
def test_duty_minutes_add_up(town, at, first, second, unit):
    duty = DutyTime(town, lambda day: day_type(town, day)[0] == "workday")
    start = 1_609_430_400_000_000 + at * MINUTE
    middle = duty.add(start, first, "duty", unit)
    end = duty.add(start, first + second, "duty", unit)
    assert duty.add(middle, second, "duty", unit) == end or second == 0
    assert duty.between(start, end, "duty", unit) == first + second
    assert start <= middle <= end
    assert end - start >= (first + second) * MINUTE
    assert end - start <= 40 * DAY + (first + second) * HOUR
