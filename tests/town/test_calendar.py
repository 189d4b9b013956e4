"""Day types: the public calendar with its make-up workdays, the profile's own rows, and unknown years."""

from datetime import date

import pytest

from zjj_console.town.calendar import day_type
from zjj_console.town.models import Town


@pytest.mark.parametrize("day", [date(2021, 2, 7), date(2021, 2, 20)])
def test_make_up_weekend_days_are_workdays(town: Town, day: date) -> None:
    assert day.weekday() >= 5
    assert day_type(town, day) == ("workday", True)


@pytest.mark.parametrize("day", [date(2021, 2, n) for n in range(11, 18)])
def test_spring_festival_is_a_holiday_also_on_its_weekend(town: Town, day: date) -> None:
    assert day_type(town, day) == ("holiday", True)


def test_plain_days(town: Town) -> None:
    assert day_type(town, date(2021, 3, 1)) == ("workday", True)
    assert day_type(town, date(2021, 3, 6)) == ("rest", True)


def test_unknown_year_falls_back_to_monday_to_friday_and_says_so(town: Town) -> None:
    assert day_type(town, date(2031, 1, 1)) == ("workday", False)
    assert day_type(town, date(2031, 1, 4)) == ("rest", False)


def test_rows_of_the_profile_win(profile) -> None:
    profile.append("calendar.csv", "2021-03-01,holiday,示例")
    profile.append("calendar.csv", "2031-01-04,workday,示例")
    town = profile.town()
    assert day_type(town, date(2021, 3, 1)) == ("holiday", True)
    assert day_type(town, date(2031, 1, 4)) == ("workday", True)
