"""A month's plan (R41, §4.1-§4.3): fair, repeatable, within the rules, and honest about what nobody can do."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from zjj_console.domain.conflicts import check
from zjj_console.domain.coverage import day_kind
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import HOUR, MINUTE
from zjj_console.domain.planning import plan_month, propose
from zjj_console.domain.roster import Assignment, Book, Leave, Stationing, span_of
from zjj_console.town.models import Period, Person, Post

EMPTY = Book(0, 0)
SATURDAY = date(2021, 3, 6)


@pytest.fixture(scope="module")
def duty(town):
    return DutyTime(town, lambda day: True)


@pytest.fixture(scope="module")
def march(town, duty):
    return plan_month(town, duty, 2021, 3, EMPTY)


def hours(plan):
    total = Counter()
    for a in plan.assignments:
        total[a.person] += (a.end - a.start) // HOUR
    return total


def of_day(plan, day, post):
    return [a for a in plan.assignments if a.day == day and a.post == post]


def away(town, duty, who, first, days=1, until=0):
    start = duty.window(first, town.hours["always"])[0]
    return Leave(f"{who}{first}", who, start, until or start + days * 24 * HOUR, "事假", "0031")


def months_of(plan):
    return {(a.day.year, a.day.month) for a in plan.assignments}


def test_R41_march_2021_gives_team_one_16_nights_of_14_hours_and_team_two_15(march):
    nights = Counter((a.day, a.unit) for a in march.assignments if a.post == "team_leader")
    assert Counter(unit for _, unit in nights) == {"y1": 16, "y2": 15}
    assert [(t.unit, t.nights, t.minutes) for t in march.imbalance.teams] == [("y1", 16, 13440), ("y2", 15, 12600)]
    assert {hours(march)[who] for who in ("0051", "0425")} == {224}
    assert {hours(march)[who] for who in ("0061", "0070")} == {210}


def test_R41_all_members_of_the_team_on_duty_are_planned_each_at_one_post(march, town):
    night = [a for a in march.assignments if a.day == SATURDAY and a.shift == "QRT-NGT"]
    assert sorted(a.person for a in night) == sorted(p.work_no for p in town.staff("y2"))
    assert {a.unit for a in night} == {"y2"}
    assert Counter(a.post for a in night) == {"team_leader": 1, "seat": 2, "member": 7}


def test_A36_the_trained_of_the_team_man_the_night_desk(march, town):
    for a in march.assignments:
        if a.post in ("seat", "shift_lead"):
            assert {"dispatcher", "shift_lead"} & set(town.people[a.person].roles)
    assert {a.person for a in of_day(march, SATURDAY, "seat") if a.shift == "QRT-NGT"} == {"0062", "0063"}


def test_A36_a_further_trained_holder_is_the_nights_shift_lead(town, duty):
    people = town.people | {"0900": Person("0900", "示例", "y1", ("dispatcher", "handler"), "X", force="城市运行")}
    plan = plan_month(replace(town, people=people), duty, 2021, 3, EMPTY)
    night = [a for a in plan.assignments if a.day == date(2021, 3, 1) and a.shift == "QRT-NGT"]
    assert [a.person for a in night if a.post == "shift_lead"] == ["0312"]
    assert {a.person for a in night if a.post == "seat"} == {"0052", "0900"}


def test_A01_deputies_are_planned_on_the_centres_hours_so_that_no_shoulder_hour_is_bare(march):
    for n in range(1, 6):
        got = of_day(march, date(2021, 3, n), "deputy")
        assert [(a.unit, a.person, a.shift) for a in got] == [(f"z{k}", f"003{k}", "DEP-DAY") for k in range(1, 6)]
    assert not [f for f in march.findings if f.code == "C10"]


def test_A04_rest_days_are_planned_at_their_own_strength(march):
    for post, workday, rest in (("resident", 15, 5), ("seat", 5, 4)):
        assert len(of_day(march, date(2021, 3, 5), post)) == workday
        assert len(of_day(march, SATURDAY, post)) == rest
    officers = {a.unit for a in [*of_day(march, SATURDAY, "deputy"), *of_day(march, SATURDAY, "chief")]}
    assert officers == {"z1", "z2", "z3", "z4", "z5"}


def test_R25_residents_are_those_of_the_station_and_each_department_is_there_on_workdays(march, town):
    for a in of_day(march, date(2021, 3, 1), "resident"):
        assert (a.unit, a.person) in {(p.unit, p.work_no) for p in town.posts if p.role == "resident"}
    units = Counter((a.unit, town.people[a.person].unit) for a in of_day(march, date(2021, 3, 1), "resident"))
    assert units == {(f"z{n}", dept): 1 for n in range(1, 6) for dept in ("pcs", "cg", "sc")}


def test_fewest_hours_first_keeps_people_of_one_kind_within_one_shift_of_each_other(march):
    total = hours(march)
    for group, step in ((("0001", "0002", "0003", "0008", "0009", "0010", "0016", "0017"), 10), (range(2101, 2106), 8)):
        each = [total[str(who)] for who in group]
        assert max(each) - min(each) <= step


def test_the_same_facts_give_the_same_plan(town, duty, march):
    assert plan_month(town, duty, 2021, 3, EMPTY) == march


def test_a_generated_plan_has_no_refusal_and_keeps_60_hours_a_week_for_day_staff(march):
    assert march.findings == ()
    assert len({a.key for a in march.assignments}) == len(march.assignments)


def test_what_nobody_can_do_within_the_rules_is_listed_and_not_invented(march, duty, clock):
    """The last station has no neighbour to share its rest days with: its one deputy would work a seventh day."""
    assert {(u.requirement, u.units, u.need, u.have) for u in march.unfilled} == {
        ("OFFICER-SH1", ("z5",), 1, 0),
        ("OFFICER-SH2", ("z5",), 1, 0),
    }
    sunday = [u for u in march.unfilled if u.day == date(2021, 3, 7)]
    assert [[clock.text(at)[11:] for at in u.at] for u in sunday] == [["07:30", "08:30"], ["16:30", "17:30"]]


def test_leave_is_respected_and_what_it_leaves_open_is_unfilled(town, duty):
    gone = tuple(away(town, duty, who, date(2021, 3, 1)) for who in ("2301", "0021", "0031"))
    plan = plan_month(town, duty, 2021, 3, Book(0, 0, leaves=gone))
    first = [u for u in plan.unfilled if u.day == date(2021, 3, 1)]
    assert {(u.requirement, u.units, u.have) for u in first} == {
        ("DEPT-SC", ("z1",), 0), ("OFFICER", ("z1",), 0), ("OFFICER-SH1", ("z1",), 0), ("OFFICER-SH2", ("z1",), 0),
    }  # fmt: skip
    assert not [f for f in plan.findings if f.code == "C1"]


def test_a_team_leader_on_leave_is_said_and_no_acting_one_is_made_up(town, duty):
    roles = {"0051": replace(town.people["0051"], roles=("team_leader", "shift_lead"))}
    of = replace(town, people=town.people | roles)
    plan = plan_month(of, duty, 2021, 3, Book(0, 0, leaves=(away(town, duty, "0051", date(2021, 3, 1)),)))
    assert not of_day(plan, date(2021, 3, 1), "team_leader")
    assert [f.code for f in plan.findings] == ["C8"]
    assert ("LEAD-NGT", 0) in {(u.requirement, u.have) for u in plan.unfilled if u.day == date(2021, 3, 1)}


def test_a_stationed_person_is_not_planned_elsewhere(town, duty, clock):
    posted = Stationing(
        "s", "sc", "z4", clock.at("2021-03-02 09:00"), clock.at("2021-03-02 16:30"), "case", "ARRIVED", "0034", "2301"
    )
    plan = plan_month(town, duty, 2021, 3, Book(0, 0, stationings=(posted,)))
    assert "2301" not in {a.person for a in of_day(plan, date(2021, 3, 2), "resident")}
    assert not plan.findings


def test_the_months_beside_count_for_rest_and_weekly_hours(town, duty):
    before = tuple(
        Assignment(day, "DEP-DAY", "z1", "deputy", 1, "0031", *span_of(town, duty, town.shifts["DEP-DAY"], day))
        for day in (date(2021, 3, 1) - timedelta(days=n) for n in range(1, 7))
    )
    plan = plan_month(town, duty, 2021, 3, Book(0, 0, before))
    assert "0031" not in {a.person for a in of_day(plan, date(2021, 3, 1), "deputy")}
    assert not [f for f in plan.findings if f.code == "C5"]
    night = date(2021, 2, 28)
    late = Assignment(night, "QRT-NGT", "y2", "member", 1, "0002", *span_of(town, duty, town.shifts["QRT-NGT"], night))
    tired = plan_month(town, duty, 2021, 3, Book(0, 0, (late,)))
    assert "0002" not in {a.person for a in of_day(tired, date(2021, 3, 1), "seat")}


def test_the_first_shift_of_the_month_after_keeps_its_rest(town, duty, march, clock):
    last, begin = date(2021, 3, 31), clock.at("2021-04-01 00:00")
    who = next(a.person for a in of_day(march, last, "seat") if a.shift == "CEN-DAY")
    early = Assignment(date(2021, 4, 1), "CEN-DAY", "cyzx", "seat", 1, who, begin, begin + 8 * HOUR)
    plan = plan_month(town, duty, 2021, 3, Book(0, 0, (early,)))
    assert who not in {a.person for a in of_day(plan, last, "seat")}
    assert not [f for f in plan.findings if f.effect == "refuse"]


def test_a_missing_resident_is_replaced_only_from_his_departments_people_without_a_station(town, duty):
    gone = Book(0, 0, leaves=(away(town, duty, "2301", date(2021, 3, 1)),))
    spare = Person("0901", "示例", "sc", ("handler",), "X")
    plan = plan_month(replace(town, people=town.people | {"0901": spare}), duty, 2021, 3, gone)
    market = {n: [a.unit for a in of_day(plan, date(2021, 3, n), "resident") if a.person == "0901"] for n in (1, 2)}
    assert market == {1: ["z1"], 2: []}
    without = [a for a in of_day(plan_month(town, duty, 2021, 3, gone), date(2021, 3, 1), "resident") if a.unit == "z1"]
    assert {a.person for a in without} == {"2101", "2201"}


def test_a_post_of_somebody_the_town_does_not_know_is_left_unfilled(town, duty):
    posts = tuple(replace(p, work_no="9999") if p.work_no in ("2301", "0031") else p for p in town.posts)
    assert "9999" not in town.people
    plan = plan_month(replace(town, posts=posts), duty, 2021, 3, EMPTY)
    assert "9999" not in {a.person for a in plan.assignments}
    assert ("OFFICER-SH1", ("z1",)) in {(u.requirement, u.units) for u in plan.unfilled}


def test_the_months_own_assignments_are_planned_anew(town, duty, march):
    assert plan_month(town, duty, 2021, 3, Book(0, 0, march.assignments)) == march


def test_the_plan_holds_the_duty_dates_of_the_month_and_its_last_night_ends_in_the_next(town, duty, clock):
    for year, month, last in ((2020, 12, "2021-01-01 07:30"), (2024, 2, "2024-03-01 07:30")):
        plan = plan_month(town, duty, year, month, EMPTY)
        assert months_of(plan) == {(year, month)}
        assert clock.text(max(a.end for a in plan.assignments)) == last
    assert date(2024, 2, 29) in {a.day for a in plan.assignments}


def test_the_unknown_calendar_of_2027_is_said(town, duty):
    plan = plan_month(town, duty, 2027, 1, EMPTY)
    assert [f.code for f in plan.findings] == ["CAL"]
    assert "2027" in plan.findings[0].zh and "2027" in plan.findings[0].en
    assert len(plan.imbalance.unknown) == 31


def test_holidays_use_rest_day_strength_and_their_imbalance_is_counted_apart(town, duty):
    plan = plan_month(town, duty, 2021, 2, EMPTY)
    assert len(of_day(plan, date(2021, 2, 12), "resident")) == 5
    assert len(of_day(plan, date(2021, 2, 7), "resident")) == 15  # a Sunday worked in exchange
    assert plan.imbalance.holidays_apart == plan.running.holidays_apart == 1
    assert plan.running == plan.imbalance  # the rotation began on the first of that month


def test_under_guarantee_both_teams_and_more_seats_are_planned(town, duty):
    guarded = replace(town, guarantees=(Period("示例保障", date(2021, 3, 10), date(2021, 3, 10)),))
    plan = plan_month(guarded, duty, 2021, 3, EMPTY)
    assert {a.unit for a in of_day(plan, date(2021, 3, 10), "team_leader")} == {"y1", "y2"}
    assert {a.unit for a in of_day(plan, date(2021, 3, 11), "team_leader")} == {"y1"}
    seats = Counter(a.shift for a in of_day(plan, date(2021, 3, 10), "seat"))
    assert seats == {"CEN-DAY": 4, "QRT-NGT": 3}
    assert ("PATROL", 2, 1) in {(u.requirement, u.need, u.have) for u in plan.unfilled}


@pytest.mark.parametrize("rule", ["both_nightly", "split_night", "weekly", "n_on_m_off"])
def test_the_other_rotations_are_planned_without_refusal(town, duty, rule):
    of = replace(town, rotation=replace(town.rotation, rule=rule))
    plan = plan_month(of, duty, 2021, 3, EMPTY)
    assert not [f for f in plan.findings if f.effect == "refuse"]
    assert not [u for u in plan.unfilled if u.requirement.startswith(("SEAT", "LEAD"))]
    if rule == "split_night":
        spans = {(a.unit, (a.end - a.start) // MINUTE) for a in of_day(plan, date(2021, 3, 1), "team_leader")}
        assert spans == {("y1", 390), ("y2", 450)}
    if rule == "both_nightly":
        assert any(f.code == "C5" for f in plan.findings)  # the rotation goes before C5, and it is said


def test_another_town_is_planned_from_its_own_data_alone(example_town):
    plan = plan_month(example_town, DutyTime(example_town, lambda day: True), 2021, 3, EMPTY)
    assert plan.unfilled == ()
    assert not [f for f in plan.findings if f.effect == "refuse"]
    assert {a.unit for a in plan.assignments if a.shift == "QRT-NGT"} == {"y1"}


def test_a_town_without_shifts_and_coverage_has_an_empty_plan(town, duty):
    plan = plan_month(replace(town, shifts={}, coverage=(), rotation=None), duty, 2021, 3, EMPTY)
    assert (plan.assignments, plan.unfilled) == ((), ())


@settings(max_examples=6)
@given(
    st.lists(
        st.tuples(st.sampled_from(["0001", "0031", "0051", "0062", "2101", "2301"]), st.integers(0, 29)), max_size=8
    ),
    st.sampled_from([(2021, 3), (2021, 12), (2024, 2)]),
    st.sampled_from(["alternate_nightly", "split_night", "weekly"]),
)
def test_a_plan_under_any_leave_has_no_refusal_and_every_hole_is_listed(town, duty, leaves, when, rule):
    of = replace(town, rotation=replace(town.rotation, rule=rule))
    first = date(*when, 1)
    off = tuple(away(town, duty, who, first + timedelta(days=n), 2) for who, n in leaves)
    plan = plan_month(of, duty, *when, Book(0, 0, leaves=off))
    assert not [f for f in plan.findings if f.effect == "refuse"]
    short = {(u.units, u.day) for u in plan.unfilled if u.requirement == "SEAT-DAY"}
    for n in range(28):
        day = first + timedelta(days=n)
        need = next(r for r in of.coverage if r.code == "SEAT-DAY").least[day_kind(of, day)]
        have = sum(a.shift == "CEN-DAY" for a in of_day(plan, day, "seat"))
        assert (have < need) == (((of.centre.code,), day) in short)


def booked(town, duty, plan, *leaves):
    start, end = min(a.start for a in plan.assignments), max(a.end for a in plan.assignments)
    return Book(start, end, plan.assignments, leaves)


def test_b_proposes_people_without_conflict_by_fewest_hours_then_work_number(town, duty, march):
    book, hole = booked(town, duty, march), of_day(march, date(2021, 3, 9), "seat")[2]
    got = propose(book, hole, town, duty, 0)
    assert got
    assert [(p.month, p.person) for p in got] == sorted((p.month, p.person) for p in got)
    assert got[0].why == ("", "") and all(zh and en for zh, en in (p.why for p in got[1:]))
    assert not {p.person for p in got} & {
        a.person for a in march.assignments if a.day == hole.day and a.start < hole.end
    }
    for proposal in got:
        swapped = tuple(replace(a, person=proposal.person) if a.key == hole.key else a for a in book.assignments)
        found = check(replace(book, assignments=swapped), town, duty)
        assert not [f for f in found if f.person == proposal.person]


def test_b_counts_the_seven_days_around_and_the_month(town, duty, march):
    hole = of_day(march, date(2021, 3, 9), "seat")[2]
    for p in propose(booked(town, duty, march), hole, town, duty, 0):
        mine = [a for a in march.assignments if a.person == p.person]
        assert p.month == sum((a.end - a.start) // MINUTE for a in mine)
        assert p.week == sum((a.end - a.start) // MINUTE for a in mine if abs((a.day - hole.day).days) <= 3)


def test_b_offers_a_resident_of_the_same_department_and_an_acting_officer(town, duty, march):
    book = booked(town, duty, march)
    market = next(a for a in of_day(march, date(2021, 3, 1), "resident") if a.person == "2301")
    assert propose(book, market, town, duty, 0) == []  # the four others are at their own stations
    rest = next(a for a in of_day(march, SATURDAY, "resident") if a.unit == "z1")
    got = propose(book, rest, town, duty, 0)  # on a rest day any department will do
    assert got and {town.people[p.person].unit for p in got} <= {"pcs", "cg", "sc"}
    assert town.people[got[0].person].unit == "sc"  # the fewest hours
    got = propose(book, of_day(march, date(2021, 3, 1), "deputy")[0], town, duty, 0)
    assert {p.person for p in got} == {"0021", "0022", "0023", "0024", "0025"}
    assert all(p.acting for p in got)


def test_b_with_warnings_offers_the_resting_team_after_those_without_any(town, duty, march):
    book, hole = booked(town, duty, march), of_day(march, date(2021, 3, 9), "member")[0]
    assert propose(book, hole, town, duty, 0) == []
    got = propose(book, hole, town, duty, 0, warned=True)
    assert got and all(p.findings and all(f.effect == "warn" for f in p.findings) for p in got)


def test_b_of_a_shift_that_has_begun_asks_only_for_the_rest_of_it(town, duty, march, clock):
    hole = next(a for a in of_day(march, date(2021, 3, 9), "seat") if a.shift == "CEN-DAY")
    morning = Leave("l", "0001", clock.at("2021-03-09 07:00"), clock.at("2021-03-09 12:00"), "事假", "0005")
    others = tuple(a for a in march.assignments if a.person != "0001")
    book = Book(clock.at("2021-03-01 00:00"), clock.at("2021-04-01 08:00"), others, (morning,))
    early = propose(book, hole, town, duty, clock.at("2021-03-09 08:00"))
    late = propose(book, hole, town, duty, clock.at("2021-03-09 12:00"))
    assert "0001" not in {p.person for p in early}
    assert late[0].person == "0001"


def test_holders_of_a_post_are_planned_only_between_their_dates(town, duty):
    posts = tuple(replace(p, until=date(2021, 3, 9)) if (p.unit, p.role) == ("z5", "deputy") else p for p in town.posts)
    acting = Post("z5", "deputy", "0025", acting=True, since=date(2021, 3, 10))
    plan = plan_month(replace(town, posts=(*posts, acting)), duty, 2021, 3, EMPTY)
    who = {
        day: a for day in (date(2021, 3, 9), date(2021, 3, 10)) for a in of_day(plan, day, "deputy") if a.unit == "z5"
    }
    assert [(a.person, a.acting) for a in who.values()] == [("0035", False), ("0025", True)]


def test_a_neighbouring_month_with_a_dropped_shift_still_counts_for_rest(town, duty):
    night = Assignment(date(2021, 2, 28), "OLD-NGT", "cyzx", "seat", 1, "0002",
                       *span_of(town, duty, town.shifts["QRT-NGT"], date(2021, 2, 28)))  # fmt: skip
    plan = plan_month(town, duty, 2021, 3, replace(EMPTY, assignments=(night,)))
    assert "0002" not in {a.person for a in of_day(plan, date(2021, 3, 1), "seat")}
