"""§4.1-§4.3 at the desk: publishing, standing in, changing places, leave, stationing; who is there follows every change."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from zjj_console.desk import rostering, shift_changes, signing, stationing
from zjj_console.desk.acts import Done
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.domain import gaps, planning
from zjj_console.domain.model import Event
from zjj_console.domain.roster import Assignment, span_of, there
from zjj_console.storage import reads_duty

TUESDAY = date(2021, 3, 2)
HOUR = 3_600_000_000


@pytest.fixture
def town_hall(make_house, clock):
    """Monday 2021-03-01, 09:00; March is published and nobody has signed."""
    clock.set("2021-03-01 09:00")
    return make_house()


def on(house, day, shift, post="seat"):
    rows = reads_duty.assignments_of(house.db, f"{day:%Y-%m}")
    return sorted(a.person for a in rows if (a.day, a.shift, a.post) == (day, shift, post))


def free(house, day, unit, role):
    """Somebody of a unit with a role who has no shift on that date."""
    busy = {a.person for a in reads_duty.assignments_of(house.db, f"{day:%Y-%m}") if a.day == day}
    return next(p for p in house.town.people if p not in busy and house.town.people[p].unit == unit
                and role in house.town.people[p].roles)  # fmt: skip


def here(house, at, now=None):
    book = reads_duty.book(house.db, at - 48 * HOUR, at + 48 * HOUR)
    return [a.person for a in there(book, at, now or house.clock.now, house.town)]


# publishing -----------------------------------------------------------------------------------------------------------


def test_a_published_month_is_not_planned_or_published_again(town_hall):
    house = town_hall
    plan = rostering.plan(house.db, house.town, house.duty, "2021-03")
    house.refuse("0001", rostering.keep("2021-03", plan.assignments), 5)
    house.refuse("0001", rostering.publish("2021-03"), 5)
    house.refuse("0002", rostering.keep("2021-06", plan.assignments), 7)
    house.proven()


def test_complaint_10_an_empty_shift_is_alarmed_not_only_shown(make_house, clock):
    """A month with an empty night seat is not published, and the hole of a published one has a severity and a name."""
    clock.set("2021-04-20 09:00")
    house = make_house()
    plan = rostering.plan(house.db, house.town, house.duty, "2021-05")
    hole = date(2021, 5, 7)
    rows = [a for a in plan.assignments if not (a.day == hole and a.shift == "QRT-NGT")]
    house.do("0001", rostering.keep("2021-05", rows))
    refused = house.refuse("0001", rostering.publish("2021-05", "示例"))
    assert "05-07 17:30" in refused.text and refused.field == "4.5", refused.text
    clock.set("2021-04-01 09:00")
    for who in on(house, date(2021, 4, 2), "CEN-DAY"):
        house.do("0001", shift_changes.leave(who, clock.at("2021-04-02 00:00"), clock.at("2021-04-03 00:00")))
    start = clock.at("2021-04-02 00:00")
    book = rostering.wide_book(house.db, start, start + 24 * HOUR)
    found = gaps.gaps(book, house.town, house.duty, start, start + 24 * HOUR, clock.now)
    seats = [g for g in found if g.have == 0 and g.severity in rostering.HOLDS_UP]
    assert seats and all("请假未补" in g.cause_zh for g in seats if "镇城运中心" in g.unit_name), seats


def test_complaint_9_a_gap_already_past_is_not_warned_of(town_hall, clock):
    house = town_hall
    at = clock.at("2021-03-05 00:00")
    book = rostering.wide_book(house.db, at, at + 24 * HOUR)
    found = rostering.check(house.town, house.duty, book, at, at + 24 * HOUR, at)
    assert all(g.end > at for g in found.gaps)


def test_complaint_9_no_hole_between_the_nights_of_two_weeks_or_months(town_hall, clock):
    """Every minute from the last night of February to the first of April has a seat, Monday 00:00 and the 1st included."""
    house = town_hall
    rows = [a for m in ("2021-02", "2021-03", "2021-04") for a in reads_duty.assignments_of(house.db, m)]
    seats = sorted((a.start, a.end) for a in rows if a.post == "seat")
    at, end = clock.at("2021-02-28 17:30"), clock.at("2021-04-02 07:30")
    while at < end:
        nexts = [stop for begin, stop in seats if begin <= at < stop]
        assert nexts, clock.text(at)
        at = max(nexts)


# changes --------------------------------------------------------------------------------------------------------------


def test_complaint_6_current_on_caller_follows_a_swap(town_hall, clock):
    house = town_hall
    one, two = on(house, date(2021, 3, 1), "QRT-NGT", "team_leader")[0], on(house, TUESDAY, "QRT-NGT", "team_leader")[0]
    house.do("0001", shift_changes.swap(one, two, date(2021, 3, 1), TUESDAY))
    clock.set("2021-03-01 17:31")
    house.do(two, signing.sign_in(two))
    clock.set("2021-03-02 02:15")
    assert two in here(house, clock.now) and one not in here(house, clock.now)
    facts = house.desk("0002").facts()
    unit = next(a.unit for a in facts.book.assignments if a.person == two and a.day == date(2021, 3, 1))
    assert facts.person_of(unit) == two, "an order goes to who stands there now"
    told = {row[0] for row in house.db.execute("SELECT recipient FROM outbox").fetchall()}
    assert told == {one, two}, "both are told"


def test_complaint_6_who_stands_in_is_there_after_midnight_and_at_the_end_of_a_month(make_house, clock):
    """The next-shift end and the small hours follow the substitution, also in the night before an unpublished month."""
    clock.set("2021-04-30 12:00")
    house = make_house()
    night = date(2021, 4, 30)
    members, others = on(house, night, "QRT-NGT", "member"), on(house, night + timedelta(days=-1), "QRT-NGT", "member")
    house.do("0001", shift_changes.substitute(members[0], others[0], night, "示例"))
    for at in ("2021-04-30 17:40", "2021-04-30 23:59", "2021-05-01 00:00"):
        clock.set(at)
        if at.endswith("17:40"):
            house.do(others[0], signing.sign_in(others[0]))
        assert others[0] in here(house, clock.now) and members[0] not in here(house, clock.now), at


def test_complaint_9_two_overlapping_swaps_are_refused(town_hall):
    house = town_hall
    one, two = on(house, TUESDAY, "CEN-DAY")[:2]
    third = on(house, date(2021, 3, 1), "CEN-DAY")
    third = next(p for p in third if p not in (one, two))
    house.do("0001", shift_changes.substitute(one, free(house, TUESDAY, "cyzx", "dispatcher"), TUESDAY))
    before = reads_duty.assignments_of(house.db, "2021-03")
    house.refuse("0001", shift_changes.swap(one, two, TUESDAY), 6)
    house.refuse("0001", shift_changes.swap(third, two, date(2021, 3, 1), date(2021, 3, 1)))
    assert reads_duty.assignments_of(house.db, "2021-03") == before


def test_complaint_9_what_has_been_swapped_is_not_swapped_again(town_hall):
    house = town_hall
    one, two = "0051", on(house, TUESDAY, "QRT-NGT", "team_leader")[0]
    house.do("0001", shift_changes.swap(one, two, date(2021, 3, 1), TUESDAY))
    house.refuse("0001", shift_changes.swap(two, "0312", date(2021, 3, 1)), 8)
    house.refuse("0001", shift_changes.swap(one, two, TUESDAY, date(2021, 3, 1)), 8)


def test_C1_two_days_that_change_places_weeks_apart_are_both_looked_at(town_hall):
    """The other day may lie beyond the days around the first."""
    house = town_hall
    first, late = date(2021, 3, 3), date(2021, 3, 24)
    for one in on(house, first, "CEN-DAY"):
        twice = [two for two in on(house, late, "CEN-DAY") if one in on(house, late, "CEN-DAY") and two != one]
        if twice and twice[0] not in on(house, first, "CEN-DAY"):
            refused = house.refuse("0001", shift_changes.swap(one, twice[0], first, late))
            assert refused.field == "C1", refused.text
            return
    raise AssertionError("no such pair in the plan")


def test_a_substitute_is_free_trained_and_known(town_hall):
    house = town_hall
    one, two = on(house, TUESDAY, "CEN-DAY")[:2]
    assert house.refuse("0001", shift_changes.substitute(one, two, TUESDAY)).field == "C1"
    assert house.refuse("0001", shift_changes.substitute(one, "2201", TUESDAY)).field in ("C1", "C7")
    house.refuse("0001", shift_changes.substitute(one, "9999", TUESDAY), 6)
    house.refuse("0001", shift_changes.substitute(one, one, TUESDAY), 3)
    house.refuse("0001", shift_changes.substitute("0007", two, TUESDAY), 6)
    house.refuse("2201", shift_changes.substitute(one, free(house, TUESDAY, "cyzx", "dispatcher"), TUESDAY), 7)


def test_a_shift_that_is_over_is_neither_filled_nor_changed(town_hall, clock):
    house = town_hall
    clock.set("2021-03-05 09:00")
    one = on(house, TUESDAY, "CEN-DAY")[0]
    house.refuse("0001", shift_changes.substitute(one, "0017", TUESDAY), 6)
    slot = Assignment(
        TUESDAY, "CEN-DAY", "cyzx", "seat", 9, "0017", clock.at("2021-03-02 07:30"), clock.at("2021-03-02 17:30")
    )
    house.refuse("0001", shift_changes.fill(slot))
    new = slot.__class__(date(2021, 6, 2), *[getattr(slot, f) for f in slot.__struct_fields__[1:6]],
                         clock.at("2021-06-02 07:30"), clock.at("2021-06-02 17:30"))  # fmt: skip
    assert "尚未发布" in house.refuse("0001", shift_changes.fill(new)).text


def test_leave_takes_a_person_away_until_somebody_stands_in_and_ends_by_whoever_may_grant_it(town_hall, clock):
    house = town_hall
    one = on(house, TUESDAY, "CEN-DAY")[0]
    span = clock.at("2021-03-02 12:00"), clock.at("2021-03-02 14:00")
    at = [clock.at(f"2021-03-02 {t}") for t in ("11:59", "12:00", "13:59", "14:00")]
    house.refuse("0002", shift_changes.leave(one, *span), 7)
    row = house.do("0001", shift_changes.leave(one, *span)).data
    assert [one in here(house, t) for t in at] == [True, False, False, True]
    house.refuse("0001", shift_changes.leave(one, *span), 5)
    house.refuse("0001", shift_changes.leave(one, span[1], span[0]), 3)
    house.refuse("2201", shift_changes.end_leave(row["id"]), 7)
    house.do("0001", shift_changes.end_leave(row["id"]))
    assert all(one in here(house, t) for t in at)
    house.proven()


def test_C1_nobody_is_stationed_at_two_stations_at_once_or_while_on_leave(town_hall, clock):
    house = town_hall
    dept = next(u for u in house.town.of_kind("on_demand") if u.enabled)
    who = house.town.staff(dept.code)[0].work_no
    trigger = next(r.code for r in house.town.reasons["trigger"].values() if r.code != "difficult_case")
    span = clock.at("2021-03-03 09:00"), clock.at("2021-03-03 16:00")
    ids = [
        house.do("0001", stationing.request(dept.code, station, *span, trigger, person=who)).data["id"]
        for station in ("z1", "z2")
    ]
    house.do("0001", stationing.move(ids[0], "approve"))
    assert house.refuse("0001", stationing.move(ids[1], "approve")).field == "C1"
    house.do("0001", shift_changes.leave(who, *(t + 48 * HOUR for t in span)))
    later = stationing.request(dept.code, "z3", *(t + 48 * HOUR for t in span), trigger, person=who)
    third = house.do("0001", later).data["id"]
    assert house.refuse("0001", stationing.move(third, "approve")).field == "C1"


def untrialled(house, who):
    """A desk of somebody who has proved himself: no trial."""
    return Desk(house.path, house.town, actor_of(house.town, who, trial=False), house.clock)


def test_the_shift_that_was_chosen_is_substituted_not_the_first_of_the_day(town_hall, clock):
    house = town_hall
    one, other = (on(house, day, "QRT-NGT", "member")[0] for day in (TUESDAY, date(2021, 3, 1)))
    night = next(a for a in reads_duty.assignments_of(house.db, "2021-03") if (a.day, a.person) == (TUESDAY, one))
    early = replace(night, shift="STN-DAY", unit="z1", post="resident", seat=9,
                    start=clock.at("2021-03-02 08:30"), end=clock.at("2021-03-02 10:00"))  # fmt: skip
    event = Event("assigned", "roster:2021-03", {"args": {}, "rows": msgspec.to_builtins([early])})
    house.do("0001", lambda db, facts: Done([event], "示例", "示例"))
    done = house.do("0001", shift_changes.substitute(one, other, key=night.key))
    assert done.data["rows"][0]["shift"] == "QRT-NGT"
    gone = (TUESDAY, "QRT-NGT", "y1", "member", 99)
    house.refuse("0001", shift_changes.substitute(one, other, key=gone), 6)


def test_C6_a_proposal_that_is_acting_is_stored_so(town_hall):
    house = town_hall
    post = next(a for a in reads_duty.assignments_of(house.db, "2021-03") if a.day == TUESDAY and a.post == "deputy")
    book = rostering.wide_book(house.db, post.start, post.end)
    one = next(
        p for p in planning.propose(book, post, house.town, house.duty, house.clock.now, warned=True) if p.acting
    )
    act = shift_changes.substitute(post.person, one.person, key=post.key, acting=one.acting)
    assert house.do("0001", act).data["rows"][0]["acting"] is True


def test_nobody_changes_places_with_himself(town_hall):
    one = on(town_hall, TUESDAY, "CEN-DAY")[0]
    town_hall.refuse("0001", shift_changes.swap(one, one, TUESDAY, date(2021, 3, 3)), 3)


def test_leave_that_has_run_ends_now_and_its_past_is_not_erased(town_hall, clock):
    house = town_hall
    one = on(house, TUESDAY, "CEN-DAY")[0]
    span = clock.at("2021-03-02 09:00"), clock.at("2021-03-02 16:00")
    row = house.do("0001", shift_changes.leave(one, *span)).data
    clock.set("2021-03-02 11:00")
    house.do("0001", shift_changes.end_leave(row["id"]))
    assert [(x.id, x.start, x.end) for x in reads_duty.leaves(house.db, *span)] == [(row["id"], span[0], clock.now)]
    house.refuse("0001", shift_changes.end_leave(row["id"]), 8)
    house.proven()


def test_outside_the_trial_nobody_ends_his_own_leave_and_a_leader_only_that_of_his_unit(town_hall, clock):
    house = town_hall
    span = clock.at("2021-03-09 00:00"), clock.at("2021-03-10 00:00")
    own = house.do("0001", shift_changes.leave("0051", *span)).data["id"]
    other = house.do("0001", shift_changes.leave("0061", *span)).data["id"]
    desk = untrialled(house, "0051")
    assert (desk.act(shift_changes.end_leave(own)).code, desk.act(shift_changes.end_leave(own)).field) == (8, "4.1")
    assert house.refuse("0031", shift_changes.end_leave(other), 7)
    assert house.refuse("0031", shift_changes.leave("0061", *(t + 48 * HOUR for t in span)), 7)
    desk.close()


def station_of(house, clock, dept="zzb", day="2021-03-03", **more):
    span = clock.at(f"{day} 09:00"), clock.at(f"{day} 16:00")
    return stationing.request(dept, "z1", *span, "town_priority", **more)


def test_R26_an_id_that_begins_alike_is_not_guessed(town_hall, clock):
    house = town_hall
    ids = [house.do("0001", station_of(house, clock, day=f"2021-03-0{n}")).data["id"] for n in (3, 4)]
    refused = house.refuse("0001", stationing.move(ids[0][:8], "approve"), 3)
    assert all(one in refused.text for one in ids)
    house.do("0001", stationing.move(ids[0], "approve"))
    house.refuse("0001", stationing.move("", "approve"), 6)


def test_R26_who_asks_decides_and_records_a_stationing(town_hall, clock):
    house = town_hall
    house.refuse("2301", station_of(house, clock), 7)
    house.refuse("0032", station_of(house, clock), 7)
    asked = house.do("0031", station_of(house, clock, person="2401")).data["id"]
    house.refuse("0031", stationing.move(asked, "approve"), 7)
    house.refuse("0032", stationing.move(asked, "cancel"), 7)
    house.do("0005", stationing.move(asked, "approve"))
    clock.set("2021-03-03 08:40")
    house.refuse("0032", stationing.move(asked, "arrive"), 7)
    house.do("2401", stationing.move(asked, "arrive"))
    house.do("0031", stationing.move(asked, "leave"))


def test_R26_the_person_named_is_of_that_department_and_nobody_arrives_before_the_day(town_hall, clock):
    house = town_hall
    for wrong in ("2404", "9999"):
        house.refuse("0001", station_of(house, clock, person=wrong), 3)
    asked = house.do("0001", station_of(house, clock)).data["id"]
    house.do("0001", stationing.move(asked, "approve"))
    assert "03-03 09:00" in house.refuse("0001", stationing.move(asked, "arrive"), 8).text
    clock.set("2021-03-03 08:00")
    house.do("0001", stationing.move(asked, "arrive"))


# nobody twice -----------------------------------------------------------------------------------------------------------

PEOPLE = ("0001", "0002", "0003", "0008", "0017", "0312", "0051", "0052", "0061", "0062", "0425", "0031", "2401")
DAYS = (*(date(2021, 3, 2) + timedelta(days=n) for n in range(5)), date(2021, 3, 24))
person, day = st.sampled_from(PEOPLE), st.sampled_from(DAYS)
hour, length = st.integers(0, 23), st.integers(1, 30)
change = st.one_of(
    st.tuples(st.just("substitute"), person, person, day),
    st.tuples(st.just("swap"), person, person, day, day),
    st.tuples(st.just("fill"), person, day, st.sampled_from(("CEN-DAY", "QRT-NGT", "STN-DAY"))),
    st.tuples(st.just("leave"), person, day, hour, length),
    st.tuples(st.just("end_leave")),
    st.tuples(st.just("station"), st.just("2401"), st.sampled_from(("z1", "z2")), day, hour, length),
    st.tuples(st.just("sign"), person),
    st.tuples(st.just("ahead"), hour),
)
PLACE = {"CEN-DAY": ("cyzx", "seat"), "QRT-NGT": ("y1", "seat"), "STN-DAY": ("z1", "resident")}


def apply(house, clock, step):
    boss = house.desk("0001")
    match step:
        case ("substitute", one, other, when):
            return boss.act(shift_changes.substitute(one, other, when)).ok
        case ("swap", one, other, when, then):
            return boss.act(shift_changes.swap(one, other, when, then)).ok
        case ("fill", one, when, shift):
            start, end = span_of(house.town, house.duty, house.town.shifts[shift], when)
            return boss.act(shift_changes.fill(Assignment(when, shift, *PLACE[shift], 1, one, start, end))).ok
        case ("leave", one, when, begin, hours):
            at = clock.at(f"{when} {begin:02}:00")
            return boss.act(shift_changes.leave(one, at, at + hours * HOUR)).ok
        case ("end_leave",):
            row = house.db.execute("SELECT id FROM leave").fetchone()
            return bool(row) and boss.act(shift_changes.end_leave(row[0])).ok
        case ("station", one, station, when, begin, hours):
            at = clock.at(f"{when} {begin:02}:00")
            done = boss.act(stationing.request("zzb", station, at, at + hours * HOUR, "town_priority", person=one))
            return done.ok and boss.act(stationing.move(done.data["id"], "approve")).ok
        case ("sign", one):
            desk = house.desk(one)
            return desk.act(signing.sign_in(one)).ok or desk.act(signing.sign_out(one)).ok
        case ("ahead", hours):
            clock.later(hours=hours)
            boss.sweep()
    return False


def nobody_twice(house, clock):
    """Over every instant at which anything begins or ends, as known now."""
    book = reads_duty.book(house.db, clock.at("2021-02-28 00:00"), clock.at("2021-03-27 00:00"))
    edges = {a.start for a in book.assignments} | {a.end - 1 for a in book.assignments} | {clock.now}
    edges |= {leave.end for leave in book.leaves} | {s.in_at for s in book.signs}
    for at in sorted(edges):
        now_there = there(book, at, clock.now, house.town)
        people = [a.person for a in now_there]
        assert len(people) == len(set(people)), (clock.text(at), sorted(p for p in people if people.count(p) > 1))
        for s in book.stationings:
            if s.state in ("APPROVED", "ARRIVED") and s.start <= at < s.end and s.person:
                elsewhere = {a.person for a in now_there if a.unit != s.station}
                assert s.person not in elsewhere, (s, clock.text(at))


def changed(make_house, clock, steps):
    clock.set("2021-03-01 09:00")
    house = make_house()
    done = sum(apply(house, clock, step) for step in steps)
    nobody_twice(house, clock)
    house.proven()
    before = house.db.execute("SELECT * FROM assignment ORDER BY 1, 2, 3, 4, 5").fetchall()
    house.desk().rebuild()
    assert house.db.execute("SELECT * FROM assignment ORDER BY 1, 2, 3, 4, 5").fetchall() == before
    return done


@settings(max_examples=10)
@given(steps=st.lists(change, min_size=4, max_size=20))
@example(steps=[("fill", "0017", DAYS[0], "CEN-DAY"), ("swap", "0002", "0312", DAYS[1], DAYS[5]), ("leave", "0051", DAYS[1], 17, 20),
                ("fill", "0051", DAYS[2], "CEN-DAY"), ("end_leave",), ("station", "2401", "z1", DAYS[0], 9, 9),
                ("station", "2401", "z2", DAYS[0], 10, 9)])  # fmt: skip
def test_nobody_is_twice_at_one_instant_whatever_is_changed(make_house, clock, steps):
    changed(make_house, clock, steps)


@pytest.mark.slow
@settings(max_examples=300)
@given(steps=st.lists(change, min_size=10, max_size=60))
def test_nobody_is_twice_at_one_instant_in_long_sequences(make_house, clock, steps):
    changed(make_house, clock, steps)


def test_the_changes_of_the_sequences_do_happen(make_house, clock):
    steps = [("fill", "0016", DAYS[5], "CEN-DAY"), ("leave", "0051", DAYS[1], 17, 20), ("end_leave",),
             ("station", "2401", "z1", DAYS[0], 9, 7)]  # fmt: skip
    assert changed(make_house, clock, steps) == 4


def test_an_undo_never_takes_back_a_change_of_the_roster(town_hall):
    house = town_hall
    house.do("0001", shift_changes.substitute("0051", "0061", date(2021, 3, 1), "示例"))
    before = house.events
    assert not house.desk("0001").run_line("cx").ok
    assert house.events == before
