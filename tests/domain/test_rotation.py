"""The nights of the response teams (R41, A02): five rules, any date, and what they add up to."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from zjj_console.domain.duty import DutyTime
from zjj_console.domain.rotation import balance, night_span, teams_of, teams_on
from zjj_console.town.models import Rotation

ANCHOR = date(2021, 2, 1)


def ruled(town, rule="alternate_nightly", first="y1", teams=2, **more):
    """The town under a rotation with so many teams."""
    base = {c: u for c, u in town.units.items() if u.kind != "response_team"}
    made = {f"y{n}": replace(town.units["y1"], code=f"y{n}") for n in range(1, teams + 1)}
    return replace(town, units=base | made, rotation=Rotation(rule, ANCHOR, first, **more))


def names(town, start, days):
    return ["+".join(n.unit for n in teams_on(town, start + timedelta(days=d))) for d in range(days)]


def parts(town, day):
    return [(n.unit, n.start, n.end) for n in teams_on(town, day)]


def test_R41_the_anchor_night_is_team_one_and_the_nights_alternate(town):
    alternate = ruled(town)
    facts = {"2021-02-28": "y2", "2021-03-01": "y1", "2021-03-02": "y2", "2021-03-06": "y2", "2021-03-07": "y1"}
    assert {day: names(alternate, date.fromisoformat(day), 1)[0] for day in facts} == facts


def test_R41_march_2021_is_16_nights_and_224_hours_against_15_and_210(town):
    got = balance(ruled(town), date(2021, 3, 1), 31)
    assert [(t.unit, t.nights, t.minutes) for t in got.teams] == [("y1", 16, 224 * 60), ("y2", 15, 210 * 60)]
    assert (got.nights_apart, got.minutes_apart, got.gaps, got.unknown) == (1, 14 * 60, (), ())


def test_R41_a_night_lasts_14_hours_and_belongs_to_the_date_it_begins_on(town, clock):
    duty = DutyTime(town, lambda day: True)
    (night,) = teams_on(ruled(town), date(2021, 3, 31))
    span = night_span(duty, date(2021, 3, 31), night)
    assert [clock.text(at) for at in span] == ["2021-03-31 17:30", "2021-04-01 07:30"]
    assert night.minutes == 14 * 60


@pytest.mark.parametrize("day", [date(2021, 1, 31), date(2020, 12, 31), date(2019, 6, 2)])
def test_dates_before_the_anchor_go_on_alternating_backwards(town, day):
    alternate = ruled(town)
    assert names(alternate, day, 2) in (["y1", "y2"], ["y2", "y1"])
    assert names(alternate, ANCHOR - timedelta(days=1), 1) == ["y2"]


def test_alternate_nightly_begins_with_the_team_named_first(town):
    assert names(ruled(town, first="y2"), ANCHOR, 3) == ["y2", "y1", "y2"]


def test_leap_day_and_year_end_do_not_break_the_order(town):
    alternate = ruled(town)
    for start in (date(2024, 2, 28), date(2020, 12, 30)):
        got = names(alternate, start, 4)
        assert got[0] == got[2] != got[1] == got[3]


def test_both_nightly_has_every_team_on_every_night(town):
    assert names(ruled(town, "both_nightly"), ANCHOR, 2) == ["y1+y2", "y1+y2"]
    got = balance(ruled(town, "both_nightly"), date(2021, 3, 1), 31)
    assert [t.nights for t in got.teams] == [31, 31]
    assert got.nights_apart == 0


def test_split_night_gives_two_part_nights_that_meet_at_the_split(town):
    split = ruled(town, "split_night", split=30)
    assert parts(split, ANCHOR) == [("y1", 1050, 1470), ("y2", 1470, 1890)]
    assert parts(split, ANCHOR + timedelta(days=1)) == parts(split, ANCHOR)  # each rests a whole day
    got = balance(split, ANCHOR, 10)
    assert [t.minutes for t in got.teams] == [4200, 4200]


def test_split_night_before_midnight_and_outside_the_night(town):
    assert parts(ruled(town, "split_night", split=22 * 60), ANCHOR) == [("y1", 1050, 1320), ("y2", 1320, 1890)]
    assert parts(ruled(town, "split_night", split=12 * 60), ANCHOR) == [("y1", 1050, 1890)]


def test_split_night_of_three_teams_takes_turns(town):
    split = ruled(town, "split_night", teams=3)
    assert names(split, ANCHOR, 3) == ["y1+y2", "y3+y1", "y2+y3"]


def test_weekly_changes_the_team_on_the_weekday_of_the_anchor(town):
    weekly = ruled(town, "weekly")
    assert names(weekly, ANCHOR, 15) == ["y1"] * 7 + ["y2"] * 7 + ["y1"]
    assert names(weekly, ANCHOR - timedelta(days=7), 7) == ["y2"] * 7


def test_n_on_m_off_gives_nights_in_a_row_then_nights_off(town):
    assert names(ruled(town, "n_on_m_off", on=2, off=2), ANCHOR, 6) == ["y1", "y1", "y2", "y2", "y1", "y1"]
    assert names(ruled(town, "n_on_m_off", on=1, off=2), ANCHOR, 4) == ["y1", "y2", "", "y1"]


def test_one_team_alone_is_on_every_night_except_for_its_nights_off(town):
    for rule in ("alternate_nightly", "both_nightly", "split_night", "weekly"):
        assert parts(ruled(town, rule, teams=1), ANCHOR + timedelta(days=9)) == [("y1", 1050, 1890)]
    lone = ruled(town, "n_on_m_off", teams=1, on=2, off=1)
    assert names(lone, ANCHOR, 4) == ["y1", "y1", "", "y1"]
    assert balance(lone, ANCHOR, 6).gaps == (date(2021, 2, 3), date(2021, 2, 6))


def test_a_town_of_three_or_four_teams_rotates_through_all(town):
    assert names(ruled(town, teams=3), ANCHOR, 4) == ["y1", "y2", "y3", "y1"]
    assert names(ruled(town, "weekly", teams=4), ANCHOR + timedelta(days=21), 8) == ["y4"] * 7 + ["y1"]


def test_no_rotation_and_no_team_name_nobody(town):
    assert teams_on(replace(ruled(town), rotation=None), ANCHOR) == ()
    assert teams_on(replace(ruled(town, teams=1), rotation=None), ANCHOR)[0].unit == "y1"
    none = ruled(town, teams=0)
    assert teams_on(none, ANCHOR) == ()
    assert balance(none, ANCHOR, 2).teams == ()


def test_a_disabled_team_is_not_on_duty(town):
    off = ruled(town)
    off = replace(off, units=off.units | {"y2": replace(off.units["y2"], enabled=False)})
    assert teams_of(off) == ["y1"]
    assert names(off, ANCHOR, 2) == ["y1", "y1"]


def test_holiday_nights_are_counted_apart_from_the_nights(town):
    """Spring Festival 2021 is seven nights, which two teams cannot share evenly."""
    got = balance(ruled(town), date(2021, 2, 11), 7)
    assert sum(t.holiday_nights for t in got.teams) == 7
    assert got.holidays_apart == got.nights_apart == 1
    assert balance(ruled(town), date(2021, 3, 1), 31).holidays_apart == 0


def test_the_unknown_calendar_of_2027_is_said(town):
    got = balance(ruled(town), date(2026, 12, 30), 4)
    assert got.unknown == (date(2027, 1, 1), date(2027, 1, 2))


@settings(max_examples=60)
@given(
    st.dates(date(2015, 1, 1), date(2030, 12, 31)),
    st.sampled_from(["alternate_nightly", "both_nightly", "split_night", "weekly"]),
    st.integers(1, 5),
    st.integers(0, 1439),
)
def test_every_night_is_covered_once_from_its_start_to_its_end(town, day, rule, teams, split):
    got = teams_on(ruled(town, rule, teams=teams, split=split), day)
    assert min(n.start for n in got) == 1050
    assert max(n.end for n in got) == 1890
    if rule != "both_nightly":
        assert sum(n.minutes for n in got) == 14 * 60


@settings(max_examples=30)
@given(st.dates(date(2015, 1, 1), date(2030, 12, 31)), st.integers(1, 4))
def test_over_whole_cycles_alternate_and_weekly_are_fair(town, day, teams):
    for rule, cycle in (("alternate_nightly", teams), ("weekly", 7 * teams)):
        got = balance(ruled(town, rule, teams=teams), day, cycle * 2)
        assert got.nights_apart == 0
