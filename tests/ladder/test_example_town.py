"""A town with another ladder needs data and no code: three rungs, other times, three failed calls, other quiet hours."""

import pytest
from msgspec.structs import replace

from zjj_console.town.ladder import Ladder, LadderRule, Rise, Trigger
from zjj_console.town.limits import Limit


@pytest.fixture
def other(make_night, example_town):
    night = make_night(example_town)
    place = next(iter(example_town.committees.values()))
    night.place = place.name
    return night


def sent(night, priority):
    done = night.line(f"xj {night.place} {next(iter(night.town.categories.values())).token} {priority} dh")
    night.line("pd 1001 y1")
    return done


def test_P1_climbs_chief_centre_meeting_at_0_15_and_45_minutes(other):
    sent(other, 1)
    other.at("2021-03-02 03:00")
    chief = other.climb().rungs[0].person
    assert chief in ("0021", "0022", "0023")
    other.calls(f"E1 {chief} 03-01 23:34", "E2 0005 03-01 23:49", "E3 - 03-02 00:19")


def test_three_failed_calls_and_a_window_of_a_quarter_of_an_hour(other):
    sent(other, 1)
    other.at("23:34:00")
    other.line("th 1001 2")
    other.line("th 1001 2")
    assert other.climb().level == 1
    other.line("th 1001 2")
    assert other.climb().level == 2
    other.line("th 1001 1")
    other.at("23:48:59")
    assert other.climb().level == 2 and other.next() == "03-02 00:19"


def test_P2_quiet_hours_from_21_to_7_begin_with_its_second_rung(other):
    other.leap("20:30:00")
    other.at("2021-03-02 20:30")
    sent(other, 2)
    other.at("2021-03-03 06:59")
    assert [text[:2] for text in other.heard()] == ["E1"]
    other.at("2021-03-03 07:00")
    other.calls("E2 0005 03-03 07:00")


def test_a_town_without_a_ladder_calls_nobody_and_says_so(make_night, town):
    night = make_night(replace(town, ladder=Ladder()))
    night.line("xj dhj zy 1 dh")
    night.at("2021-03-02 03:00")
    night.calls()
    assert "没有配置" in night.refused("sj 1001")


def test_any_number_of_rungs_and_any_minutes_are_data(make_night, town):
    rule = LadderRule((Rise("wall", 1), Rise("wall", 3)), "phone", Limit("wall", 5))
    ladder = Ladder(("commander", "deputy"), {"ACK": Trigger(1)}, {1: rule}, (0, 0))
    night = make_night(replace(town, ladder=ladder))
    night.line("xj dhj zy 1 dh")
    night.line("pd 1001 y1")
    night.at("2021-03-02 03:00")
    night.calls("E1 0011 03-01 23:35", "E2 0031 03-01 23:37")
