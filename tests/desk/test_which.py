"""§4.6: which handover is meant, which morning the report is of (jr), and when the night's team is called early (tq)."""

import pytest

from zjj_console.desk import handing, morning_report, which
from zjj_console.desk.acts import Done
from zjj_console.domain import handover as ho
from zjj_console.domain.model import Refusal


def due(house):
    desk = house.desk()
    return which.due(desk.reader, desk.facts()).id


def found(house, name):
    desk = house.desk()
    return which.find(desk.reader, desk.facts(), name)


@pytest.fixture
def night(evening):
    """H4 of the 1st is signed: the night has custody."""
    evening.hand_over("H4", "0002", "0312")
    return evening


def test_AC_43a_a_handover_that_nobody_prepared_stays_due_while_its_desk_has_custody(night, clock):
    for at, wanted in (("2021-03-01 17:26", "H1-2021-03-02"), ("2021-03-02 07:29", "H1-2021-03-02"),
                       ("2021-03-02 07:31", "H1-2021-03-02"), ("2021-03-02 16:00", "H1-2021-03-02"),
                       ("2021-03-03 07:29", "H1-2021-03-02"), ("2021-03-03 07:31", "H1-2021-03-03")):  # fmt: skip
        clock.set(at)
        assert due(night) == wanted, at


def test_a_handover_signed_after_the_next_boundary_leaves_that_one_due(night, clock):
    """The morning is signed late, at 17:40; a relief of the seat a little later changes nothing of what is owed."""
    clock.set("2021-03-02 17:40")
    night.sign_in("0008", "0003")
    night.hand_over("H1-2021-03-02", "0312", "0008")
    assert due(night) == "H4-2021-03-02"
    clock.set("2021-03-02 17:45")
    night.hand_over("HX", "0008", "0003")
    assert due(night) == "H4-2021-03-02"


def test_an_extra_handover_is_looked_up_by_its_own_id(night, clock):
    clock.set("2021-03-01 22:00")
    night.do("0312", handing.prepare("HX"))
    assert found(night, "HX-2021-03-01@2200").id == "HX-2021-03-01@2200"
    assert found(night, "HX").id == "HX-2021-03-01@2200"
    assert found(night, "HX-1999-01-01@0000").code == 6


def test_a_number_that_several_years_have_is_not_guessed(night):
    key = which.blank(night.desk().facts(), "H4", night.handover("H4").day.replace(year=2020))
    event = ho.event_of("handover_noted", key, {})
    night.do("0002", lambda db, facts: Done([event], "示例", "示例"))
    refused = found(night, "JJ-0301-H4")
    assert isinstance(refused, Refusal) and refused.code == 3
    assert "H4-2020-03-01" in refused.zh and "H4-2021-03-01" in refused.zh


@pytest.mark.parametrize("name", ["H1-0001-01-01", "H1-9999-12-31", "H1-1999-12-31", "H1-2101-01-01"])
def test_a_year_that_cannot_be_is_refused_with_the_years_that_can(house, name):
    refused = found(house, name)
    assert isinstance(refused, Refusal) and refused.code == 3 and "2000" in refused.zh and "2100" in refused.zh


# the morning report ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "day"),
    [("2021-03-02 05:29", "2021-03-01"), ("2021-03-02 05:30", "2021-03-02"), ("2021-03-02 23:00", "2021-03-02")],
)
def test_the_morning_that_is_meant_has_come_or_comes_within_two_hours(house, clock, at, day):
    clock.set(at)
    facts = house.desk().facts()
    assert morning_report.meant(facts, morning_report.into_day(facts)).isoformat() == day


def test_jr_in_the_evening_tells_of_the_morning_behind_and_stores_nothing(house, clock):
    house.do("0002", handing.prepare("H1"))
    clock.set("2021-03-01 22:00")
    done = house.line("jr")
    assert (done.data["handover"], done.data["stored"]) == ("H1-2021-03-01", True) and "晨报" in done.data["text"]
    clock.set("2021-03-02 07:00")
    before = house.events
    assert (house.line("jr").data["handover"], house.line("jr").data["stored"]) == ("H1-2021-03-02", False)
    assert house.events == before
    clock.set("2021-03-03 03:00")
    assert house.desk().run_line("jr").code == 6


# early assembly -------------------------------------------------------------------------------------------------------


def test_SH_2_a_night_that_runs_is_not_called_early_whichever_team_has_it(house, clock):
    """The 1st is the first team's night, the 2nd the second team's."""
    for at in ("2021-03-01 20:00", "2021-03-02 02:00", "2021-03-02 20:00", "2021-03-03 02:00", "2021-03-03 07:29"):
        clock.set(at)
        refused = house.desk().run_line("tq", confirmed=True)
        assert (refused.code, refused.field) == (8, "SH-2"), at


def test_SH_2_the_team_of_the_coming_night_is_called(house, clock):
    for day, team in ((1, "y1"), (2, "y2")):
        clock.set(f"2021-03-0{day} 16:45")
        people = house.line("tq 示例").data["people"]
        assert people and {house.town.people[p].unit for p in people} == {team}


def test_SH_2_only_officers_of_a_desk_call_it(house, clock):
    clock.set("2021-03-01 16:45")
    assert house.desk("2301").run_line("tq", confirmed=True).code == 7
