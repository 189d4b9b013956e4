"""meetings.toml: what it reads to, what the loader complains about, and what P-154 says of it."""

import pytest

from zjj_console.commands.profile_report import show
from zjj_console.town.load import ProfileError
from zjj_console.town.meetings import Meetings, WeekTime
from zjj_console.town.models import Town

FILE = "meetings.toml"


def test_a_profile_without_the_file_has_the_defaults(profile) -> None:
    (profile.folder / FILE).unlink()
    assert profile.town().meetings == Meetings() and profile.check(strict=True).errors == []


def test_hours_may_be_named_so_that_none_is_written_twice(town: Town, profile) -> None:
    assert town.meetings.collect == WeekTime(3, 990)
    assert "16:30" not in (profile.folder / FILE).read_text("utf-8")
    profile.replace("town.toml", 'end = "16:30"', 'end = "16:00"')
    assert profile.town().meetings.collect == WeekTime(3, 960)


def test_the_cycle_of_the_town_says_how_often(profile, second_town: Town) -> None:
    assert (profile.town().meetings.every_weeks, second_town.meetings.every_weeks) == (1, 2)
    profile.replace("town.toml", 'consultation = "weekly"', 'consultation = "yearly"')
    assert [f.code for f in profile.check().errors if "yearly" in f.message] == ["P-154"]


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('collect = "3 station.end"', 'collect = "8 station.end"', "week.collect"),
        ('collect = "3 station.end"', 'collect = "周三 16:30"', "week.collect"),
        ('meet = "5 09:30"', 'meet = "5 9.30"', "week.meet"),
        ('lock = "4 12:00"', 'locks = "4 12:00"', "week"),
        ("deferrals = 2", "defferals = 2", "rules"),
        ("deferrals = 2", 'deferrals = "two"', "deferrals"),
        ("warn_day = 25", "warnday = 25", "visit"),
        ("[rules]", "[rule]", "-"),
        ("anchor = 2021-01-04", 'anchor = "04-01"', "anchor"),
    ],
)
def test_a_slip_is_named_with_its_place(profile, old: str, new: str, where: str) -> None:
    profile.replace(FILE, old, new)
    with pytest.raises(ProfileError) as caught:
        profile.town()
    assert caught.value.file == FILE and where in caught.value.where


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('lock = "4 12:00"', 'lock = "2 12:00"', "P-154"),
        ("warn_day = 25", "warn_day = 31", "P-154"),
        ("deferrals = 2", "deferrals = 0", "P-150"),
        ("pool_percent = 50", "pool_percent = 150", "P-150"),
    ],
)
def test_P_154_a_week_that_cannot_be_is_an_error(profile, old: str, new: str, code: str) -> None:
    profile.replace(FILE, old, new)
    assert code in [f.code for f in profile.check().errors]


def test_P_154_a_station_that_nobody_visits_is_a_warning(profile) -> None:
    profile.replace(FILE, 'by = "commander"', 'by = "mayor"')
    found = [f for f in profile.check().warnings if f.code == "P-154"]
    assert len(found) == 5 and "没有可进站的人" in found[0].message


def test_profile_show_prints_the_week_as_people_write_it(town: Town) -> None:
    assert any(line.split() == ["meet", "5", "09:30"] for line in show(town, "meetings").lines)
