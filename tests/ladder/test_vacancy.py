"""§2.10, R21-R24: who is to be called. A post that nobody answers for is passed over at once, and it is said why."""

from datetime import date

import pytest
from msgspec.structs import replace

from zjj_console.desk import rostering, shift_changes
from zjj_console.desk.desk import Desk
from zjj_console.domain import holders
from zjj_console.domain.roster import Assignment, Book


@pytest.fixture(scope="module")
def rostered(template, copy_db, tmp_path_factory, open_desk, town):
    """March 2021 is published."""
    path = copy_db(template, tmp_path_factory.mktemp("rostered") / "rostered.db")
    desk, hands = open_desk(path)
    hands.set("2021-02-20 09:00")
    plan = rostering.plan(desk.reader, town, desk.duty, "2021-03").assignments
    assert desk.act(rostering.keep("2021-03", plan)).ok and desk.act(rostering.publish("2021-03", "示例")).ok
    desk.close()
    return path


def late_at(night, when="2021-03-02 09:00"):
    """A first-priority case whose acknowledgement is missed at a given instant; swept then."""
    night.hands.set(when)
    night.hands.later(minutes=-10)
    night.line("xj dhj zy 1 dh")
    night.line("pd 1001 cg")
    night.forward("10m")


def test_AC_21a_a_vacant_post_is_passed_over_at_once_and_said_so(make_night, without):
    night = make_night(without(("z1", "deputy")))
    late_at(night)
    night.calls("E1 vacant 03-02 09:00", "E2 0021 03-02 09:00")
    history = night.line("sj 1001 y 已知悉").text
    assert "E2" in history


def test_complaint_13_a_step_with_nobody_does_not_wait_and_the_rungs_above_keep_their_time(make_night, without):
    night = make_night(without(("z1", "deputy"), ("z1", "chief")))
    late_at(night)
    night.calls("E1 vacant 03-02 09:00", "E2 vacant 03-02 09:00", "E3 0011 03-02 09:00")
    night.at("09:29:59")
    night.calls()
    night.at("09:30:00")
    night.calls("E4 0005 03-02 09:30")


def test_a_town_in_which_nobody_holds_a_post_goes_up_to_the_meeting(make_night, without):
    posts = [(f"z{n}", post) for n in range(1, 6) for post in ("deputy", "chief", "commander")]
    night = make_night(without(*posts, ("cyzx", "centre")))
    late_at(night)
    night.calls(*(f"E{n} vacant 03-02 09:00" for n in range(1, 5)), "E5 - 03-02 09:00")


def test_an_acting_holder_is_called_where_the_post_is_vacant(make_night, without):
    night = make_night(without(("z1", "deputy"), acting=(("z1", "deputy", "0032"),)))
    late_at(night)
    night.calls("E1 0032 03-02 09:00")
    assert night.climb().rungs[0].found == "acting"


def test_a_holder_without_a_telephone_is_passed_over_and_said_so(make_night, without):
    night = make_night(without(no_phone=("0031",)))
    late_at(night)
    night.calls("E1 no_phone 03-02 09:00", "E2 0021 03-02 09:00")


def test_a_case_without_a_place_has_no_station_to_call_and_goes_to_the_centre(night):
    night.leap("2021-03-02 08:50")
    night.line("xj - zy 1 dh")
    night.at("2021-03-02 09:25")
    night.calls("E4 0005 03-02 09:25")


def test_by_hand_a_case_without_a_place_says_no_station_and_reaches_the_centre(night):
    night.line("xj - zy 1 dh")
    night.line("sj 1001 e4")
    night.calls(*(f"E{n} no_station 03-01 23:24" for n in (1, 2, 3)), "E4 0005 03-01 23:24")


def test_leave_of_the_deputy_calls_the_chief(make_night, rostered, clock):
    night = make_night(source=rostered)
    clock.set("2021-03-02 07:00")
    night.act(shift_changes.leave("0031", clock.at("2021-03-02 00:00"), clock.at("2021-03-03 00:00")))
    late_at(night)
    night.calls("E1 leave 03-02 09:00", "E2 0021 03-02 09:00")


def test_leave_that_ends_before_the_rung_is_no_leave(make_night, rostered, clock):
    night = make_night(source=rostered)
    clock.set("2021-03-02 07:00")
    night.act(shift_changes.leave("0031", clock.at("2021-03-02 00:00"), clock.at("2021-03-02 09:00")))
    late_at(night)
    night.calls("E1 0031 03-02 09:00")


def test_complaint_6_whoever_stands_in_is_called_and_not_whom_the_plan_named(make_night, rostered, clock):
    night = make_night(source=rostered)
    clock.set("2021-03-02 07:40")
    night.act(shift_changes.substitute("0031", "0004", reason="示例"))
    late_at(night)
    night.calls("E1 0004 03-02 09:00")
    assert night.climb().rungs[0].found == "rostered"
    night.at("09:10:00")
    night.calls("E2 0021 03-02 09:10")


def test_complaint_6_a_stand_in_by_day_is_not_called_in_the_night(make_night, rostered, clock):
    night = make_night(source=rostered)
    clock.set("2021-03-02 07:40")
    night.act(shift_changes.substitute("0031", "0004", reason="示例"))
    late_at(night, "2021-03-02 20:00")
    night.calls("E1 0031 03-02 20:00")


def test_R23_whoever_is_on_call_for_the_station_is_called_where_its_officers_are_missing(make_night, without, clock):
    duty, at = make_night(without(("z1", "deputy"), ("z1", "commander"))).desk.duty, clock.at("2021-03-02 20:00")
    listening = Assignment(date(2021, 3, 2), "ONC-NGT", "z1", "on_call", 1, "0004", at - 1, at + 1)
    book = Book(at - 1, at + 1, (listening,))
    found = {post: holders.holder(duty, book, post, "z1", at) for post in ("deputy", "chief", "commander")}
    assert (found["deputy"].person, found["deputy"].found) == ("0004", "on_call")
    assert (found["chief"].person, found["chief"].found) == ("0021", "post"), "the holder goes before him"
    assert found["commander"].missing == "vacant", "he stands in for no commander"


def test_complaint_9_who_answers_changes_with_the_day_and_a_post_taken_up_tomorrow_is_vacant_today(make_night, town):
    posts = tuple(replace(p, since=date(2021, 3, 3)) if (p.unit, p.role) == ("z1", "deputy") else p for p in town.posts)
    night = make_night(replace(town, posts=posts))
    late_at(night)
    night.calls("E1 vacant 03-02 09:00", "E2 0021 03-02 09:00")
    other = make_night(replace(town, posts=posts))
    late_at(other, "2021-03-03 09:00")
    other.calls("E1 0031 03-03 09:00")


def test_complaint_10_an_empty_post_is_in_the_list_of_alarms_and_in_the_check_before_the_night(make_night, without):
    night = make_night(without(("z5", "deputy")))
    night.line("xj dhj js 3 dh")
    found = [alarm.subject for alarm in night.alarms() if alarm.subject.startswith("post:")]
    assert found == ["post:z5:deputy"]
    facts = night.desk.facts()
    missing = [(p.station, p.post) for p in holders.chain(facts.duty, facts.book, facts.now) if p.holder.missing]
    assert missing == [("z5", "deputy")]
    assert len(holders.chain(facts.duty, facts.book, facts.now)) == 16, "fifteen posts and the centre's"


def test_days_of_sleep_do_not_change_who_is_called(make_night, rostered, clock, town):
    """The roster of a rung's own instant counts, also when it is swept five days later."""
    awake, asleep = make_night(source=rostered), make_night(source=rostered)
    for night in (awake, asleep):
        clock.set("2021-03-02 07:40")
        night.act(shift_changes.substitute("0031", "0004", reason="示例"))
        clock.set("2021-03-02 08:50")
        night.line("xj dhj zy 1 dh")
        night.line("pd 1001 cg")
    clock.set("2021-03-02 08:50")
    awake.tick("10m", "2021-03-02 12:00")
    clock.set("2021-03-09 12:00")
    asleep.desk.sweep()
    assert awake.called() == asleep.called()
    assert asleep.called()[0] == "E1 0004 03-02 09:00"


def test_two_desks_of_two_officers_call_the_same_people(make_night):
    night = make_night()
    late_at(night)
    assert isinstance(night.desk_of("0002"), Desk)
    night.desk_of("0002").sweep()
    night.calls("E1 0031 03-02 09:00")
