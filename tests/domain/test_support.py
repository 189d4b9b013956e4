"""执法保障 (R51): who answers at which hour, what may follow on what, and how it is judged."""

from datetime import date

import pytest
from msgspec.structs import replace

from zjj_console.domain import support
from zjj_console.domain.model import MINUTE, State
from zjj_console.domain.roster import Assignment, Book, Leave, Sign

STATION, CHIEF, DEPUTY = "z5", "0025", "0035"
WINDOWS = [
    ("05:00", "night", "y2", "0061", ""),
    ("07:45", "shoulder", STATION, DEPUTY, "cyzx"),
    ("10:00", "day", STATION, CHIEF, ""),
    ("16:45", "shoulder", STATION, DEPUTY, "cyzx"),
    ("20:00", "night", "y1", "0051", ""),
]


@pytest.fixture
def at(rules, clock):
    """Who answers for the station of 王金村 at an hour of 2021-03-01, with these roster facts."""

    def ask(hour, town=None, **book):
        clock.set(f"2021-03-01 {hour}")
        facts = replace(rules.facts(), book=Book(0, 1 << 62, **book))
        return support.responsible(STATION, replace(facts, town=town) if town else facts)

    return ask


def planned(clock, person, post, unit=STATION, span=("07:30", "17:30"), shift="DEP-DAY"):
    start, end = (clock.at(f"2021-03-01 {hour}") for hour in span)
    return Assignment(date(2021, 3, 1), shift, unit, post, 1, person, start, end)


def sign(clock, person, hour, shift="DEP-DAY"):
    return Sign(person, date(2021, 3, 1), shift, clock.at(f"2021-03-01 {hour}"), "console", person)


def leave(clock, person):
    return Leave("l", person, clock.at("2021-03-01 00:00"), clock.at("2021-03-02 00:00"), "leave", "0005")


@pytest.mark.parametrize(("hour", "window", "unit", "person", "beside"), WINDOWS)
def test_R51_each_window_has_its_answerer_by_the_posts_where_no_roster_is_published(
    at, hour, window, unit, person, beside
):
    found = at(hour)
    assert (found.window, found.unit, found.person, found.beside) == (window, unit, person, beside)
    assert found.found == "post"


MARCH = frozenset({"2021-03"})


@pytest.mark.parametrize(
    ("hour", "post", "shift", "span", "unit", "who", "expected"),
    [
        ("07:45", "deputy", "DEP-DAY", ("07:30", "17:30"), STATION, "0034", (STATION, "0034", "there")),
        ("10:00", "deputy", "DEP-DAY", ("07:30", "17:30"), STATION, "0034", (STATION, "0034", "there")),
        ("16:45", "deputy", "DEP-DAY", ("07:30", "17:30"), STATION, "0034", (STATION, "0034", "there")),
        ("20:00", "shift_lead", "QRT-NGT", ("17:30", "23:59"), "y2", "0062", ("y2", "0062", "there")),
    ],
)
def test_R51_by_the_roster_whoever_has_come_answers(at, clock, hour, post, shift, span, unit, who, expected):
    """A stand-in from another station, or the other team's night: the roster counts, not the post and not the rotation."""
    rows = (planned(clock, who, post, unit, span, shift),)
    found = at(hour, assignments=rows, signs=(sign(clock, who, span[0], shift),), published=MARCH)
    assert (found.unit, found.person, found.found) == expected


def test_R51_at_five_the_night_that_began_yesterday_answers(at, clock):
    start, end = clock.at("2021-02-28 17:30"), clock.at("2021-03-01 07:30")
    row = Assignment(date(2021, 2, 28), "QRT-NGT", "y1", "team_leader", 1, "0051", start, end)
    came = Sign("0051", date(2021, 2, 28), "QRT-NGT", start, "console", "0051")
    found = at("05:00", assignments=(row,), signs=(came,), published=frozenset({"2021-02"}))
    assert (found.unit, found.person) == ("y1", "0051")


def test_R51_a_deputy_on_leave_leaves_the_shoulder_to_the_centre_and_the_day_to_the_chief(at, clock):
    away = (leave(clock, DEPUTY),)
    assert (at("07:45", leaves=away).unit, at("07:45", leaves=away).beside) == ("cyzx", "")
    assert at("07:45", leaves=away).person
    assert at("10:00", leaves=(leave(clock, CHIEF),)).person == DEPUTY
    both = (leave(clock, CHIEF), leave(clock, DEPUTY))
    assert at("10:00", leaves=both).unit == "cyzx"


def test_2_8_a_deputy_who_has_not_come_sends_the_shoulder_to_the_centre_but_stays_reachable_by_day(at, clock):
    rows = (planned(clock, DEPUTY, "deputy"), planned(clock, "0017", "shift_lead", "cyzx", shift="CEN-DAY"))
    signs = (sign(clock, "0017", "07:25", "CEN-DAY"),)
    evening = at("16:45", assignments=rows, signs=signs, published=MARCH)
    assert (evening.unit, evening.person, evening.found) == ("cyzx", "0017", "there")
    assert at("10:00", assignments=rows, signs=signs, published=MARCH).found == "planned"


def test_R51_only_who_holds_the_post_on_that_day_answers(at, clock, town):
    posts = tuple(
        replace(p, until=date(2021, 2, 28)) if (p.unit, p.role) == (STATION, "deputy") else p for p in town.posts
    )
    assert at("07:45", town=replace(town, posts=posts)).unit == "cyzx"


def test_R51_the_hours_are_those_of_the_profile(rules, clock, town):
    longer = replace(town, hours={**town.hours, "station": replace(town.hours["station"], end=17 * 60)})
    clock.set("2021-03-01 16:45")
    facts = rules.facts()
    assert support.window(STATION, facts) == "shoulder"
    assert support.window(STATION, replace(facts, town=longer)) == "day"


# Steps ---------------------------------------------------------------------------------------------------------------


def asked(rules, **args):
    return rules.do(rules.new(3, "王金村"), "support", text="请派员到场", **args)


def test_AC_51a_asked_at_2320_answered_in_4_minutes_there_in_21_both_in_time(rules, clock):
    clock.set("2021-03-01 23:20")
    case = asked(rules, who="2635")
    assert (case.aid.unit, case.aid.person, case.aid.body) == ("y1", "0051", "v35")
    clock.set("2021-03-01 23:24")
    case = rules.do(case, "accept_support", who="0051")
    clock.set("2021-03-01 23:41")
    case = rules.do(case, "arrive_support", who="0051")
    judged = support.judge(case.aid, case.support, clock.now)
    assert (judged.answered, judged.arrived) == (4, 21)
    assert (judged.answer_on_time, judged.arrival_on_time, judged.on_time) == (True, True, True)
    assert not {"SUP_ACK", "SUP_ARR"} & rules.running(case)


def test_R51_an_answer_after_its_limit_is_late_and_so_is_one_that_never_came(rules, clock):
    case = asked(rules)
    assert support.judge(case.aid, case.support, clock.now + 10 * MINUTE).on_time is None
    assert support.judge(case.aid, case.support, clock.now + 11 * MINUTE).on_time is False
    clock.later(minutes=11)
    case = rules.do(case, "accept_support", who="0051")
    judged = support.judge(case.aid, case.support, clock.now)
    assert (judged.answer_on_time, judged.arrival_on_time) == (False, None)


def test_R51_an_answer_at_its_very_limit_is_in_time(rules, clock):
    case = asked(rules)
    clock.now = case.aid.answer_due
    case = rules.do(case, "accept_support", who="0051")
    assert support.judge(case.aid, case.support, clock.now).answer_on_time is True


def test_2_5_fourth_priority_has_no_limit_and_is_not_judged(rules):
    case = rules.do(rules.new(4, "王金村"), "support", text="请派员到场")
    assert (case.aid.answer_due, case.aid.arrive_due) == (None, None)
    assert not {"SUP_ACK", "SUP_ARR"} & rules.running(case)
    assert support.judge(case.aid, case.support, case.aid.at + 600 * MINUTE).on_time is None


def test_R51_a_refusal_needs_a_code_and_words(rules):
    case = asked(rules)
    assert "理由码" in rules.refused(case, "refuse_support", text="另有任务").zh
    assert rules.refused(case, "refuse_support", reason="no_capacity").code == 8
    case = rules.do(case, "refuse_support", who="0051", reason="no_capacity", text="另有任务")
    assert (case.support, case.aid.refusal, case.aid.result) == ("REFUSED", "no_capacity", "另有任务")
    assert rules.events[0].kind == "support_refused"
    assert not {"SUP_ACK", "SUP_ARR"} & rules.running(case)
    judged = support.judge(case.aid, case.support, case.aid.ended_at)
    assert (judged.answered, judged.on_time) == (0, False)


@pytest.mark.parametrize(
    ("action", "args"),
    [("refuse_support", {"reason": "no_capacity", "text": "另有任务"}), ("cancel_support", {}), ("close_support", {})],
)
def test_2_7_what_was_refused_taken_back_or_ended_is_asked_for_anew(rules, clock, action, args):
    case = asked(rules)
    assert "待应答" in rules.refused(case, "support", text="再请").zh
    if action == "close_support":
        case = rules.do(rules.do(case, "accept_support"), "arrive_support")
    case = rules.do(case, action, **args)
    clock.later(minutes=3)
    again = rules.do(case, "support", text="再请")
    assert (again.support, again.aid.n, again.aid.at) == ("REQUESTED", 2, clock.now)
    assert (again.aid.accepted_at, again.aid.ended_at, again.aid.refusal) == (None, None, "")
    assert again.clocks["SUP_ACK"].due == again.aid.answer_due == clock.now + 10 * MINUTE


def test_T38_what_is_needed_is_said_and_who_is_called_can_come(rules):
    case = rules.new(3, "王金村")
    assert rules.refused(case, "support").rule == "T38"
    assert rules.refused(case, "support", reason="other").code == 8
    assert rules.refused(case, "support", text="请", depts=("v35",)).rule == "R51"
    assert rules.refused(case, "support", text="请", depts=("bm06",)).rule == "NV-17"
    case = rules.do(case, "support", reason="obstructed", depts=("cg",))
    assert rules.do(case, "accept_support", depts=("cg", "pcs")).aid.depts == ("cg", "pcs")


def test_2_7_steps_come_in_their_order(rules):
    case = rules.new(3, "王金村")
    for action in ("accept_support", "arrive_support", "close_support", "cancel_support"):
        assert "没有执法保障" in rules.refused(case, action).zh
    case = asked(rules)
    assert "待到场" in rules.refused(case, "arrive_support").zh
    case = rules.do(rules.do(case, "accept_support"), "arrive_support")
    assert rules.refused(case, "cancel_support").code == 8
    assert rules.refused(case, "refuse_support", reason="no_capacity", text="x").code == 8


def test_2_6_village_and_deputy_ask_who_is_responsible_answers_the_desk_relays(rules, clock):
    clock.set("2021-03-01 10:00")
    case = rules.new(3, "王金村")
    for who in ("2201", "0004", "0021"):
        assert rules.refused(case, "support", who=who, text="请").code == 7
    assert rules.do(case, "support", who="0035", text="请").aid.asked_by == "0035"
    case = asked(rules, who="2635")
    for who in ("2635", "0031", "0021", "2201"):
        assert rules.refused(case, "accept_support", who=who).code == 7
    assert rules.do(case, "accept_support", who=CHIEF).aid.accepted_by == CHIEF
    case = rules.do(case, "accept_support", who="0002", by=CHIEF)
    assert (case.aid.accepted_by, rules.events[0].data["by"]) == (CHIEF, CHIEF)


def test_R51_who_came_on_duty_meanwhile_may_answer_and_a_called_department_may_arrive(rules, clock):
    clock.set("2021-03-01 17:25")
    case = asked(rules, depts=("cg",))
    assert case.aid.unit == STATION
    assert not support.answers(case, rules.facts("0432"))
    rules.do(case, "accept_support", who="0051", by="0035")
    assert rules.events[0].data["by"] == "0035"  # as the night's desk he relays, and answers not himself
    clock.set("2021-03-01 17:31")
    assert support.answers(case, rules.facts("0432"))
    case = rules.do(case, "accept_support", who="0051")
    assert "by" not in rules.events[0].data
    assert rules.refused(case, "arrive_support", who="2301").code == 7
    assert rules.do(case, "arrive_support", who="2205").aid.arrived_by == "2205"


def test_R51_a_case_that_ends_leaves_no_support_and_no_supervision_behind(rules, clock):
    case = rules.do(rules.do(rules.new(3, "王金村"), "supervise", until=clock.now + MINUTE), "support", text="请")
    there = rules.do(rules.do(case, "accept_support"), "arrive_support")
    for standing, left in ((case, "CANCELLED"), (there, "DONE")):
        ended = rules.do(rules.do(standing, "ask_void", reason="test"), "grant_void", who="0005")
        assert (ended.state, ended.support, ended.aid.ended_at) == (State.VOIDED, left, clock.now)
        assert ended.supervised_until is None
        assert not rules.running(ended)
    assert rules.do(standing, "ask_void", reason="test").support == "ARRIVED"


def test_an_earlier_journal_without_the_request_goes_on(rules):
    case = replace(asked(rules), aid=None)
    assert rules.do(case, "accept_support").support == "ACCEPTED"
