"""§4.4: signing in and out, fixes, forgotten signs; the duty date; a desk that nobody leaves without relief."""

import os
import time
from datetime import date

import pytest
from msgspec.structs import replace

from zjj_console.desk import duty_verbs, shift_changes, signing
from zjj_console.domain.roster import desk_of, signed_in, standing, there
from zjj_console.storage import reads_duty
from zjj_console.verbs.parse import Parsed
from zjj_console.verbs.table import BY_ID


def sign_of(house, person, day, shift):
    found = reads_duty.find_sign(house.db, person, day, shift)
    return found[0] if found else None


def test_an_overnight_shift_belongs_to_the_duty_date_on_which_it_began(house, clock, monday):
    """Planned 14 h; in at 17:21, out at 07:58 the next day: 14 h 37 m, 28 of them after the end."""
    clock.set("2021-03-01 17:21")
    house.sign_in("0425")
    clock.set("2021-03-02 07:58")
    out = house.do("0425", signing.sign_out("0425"))
    assert "在岗14h37m" in out.text and "加班28分" in out.text, out.text
    assert out.data["duty_date"] == "2021-03-01"
    assert sign_of(house, "0425", monday, "QRT-NGT").out_at == clock.now


@pytest.mark.parametrize(
    ("at", "day"),
    [("2021-03-02 02:15", "2021-03-01"), ("2021-04-01 00:00", "2021-03-31"), ("2021-03-01 00:30", "2021-02-28"),
     ("2021-03-31 23:59", "2021-03-31")],
)  # fmt: skip
def test_A20_a_sign_after_midnight_or_after_the_months_end_belongs_to_the_evening_before(make_house, clock, at, day):
    clock.set(at)
    house = make_house()
    night = date.fromisoformat(day)
    team = house.db.execute(
        "SELECT person FROM assignment WHERE day = ? AND shift = 'QRT-NGT' AND post = 'member'", (day,)
    ).fetchone()
    done = house.do(team[0], signing.sign_in(team[0]))
    assert done.data["duty_date"] == day
    assert sign_of(house, team[0], night, "QRT-NGT") is not None


def test_A20_the_leap_day_is_a_duty_date_like_any_other(make_house, clock):
    clock.set("2024-03-01 01:10")
    house = make_house()
    assert house.do("0425", signing.sign_in("0425")).data["duty_date"] == "2024-02-29"
    clock.set("2024-03-01 07:29")
    assert house.do("0425", signing.sign_out("0425")).data["duty_date"] == "2024-02-29"


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Pacific/Auckland"])
def test_complaint_8_the_zone_and_summer_time_of_the_host_change_nothing(make_house, clock, zone):
    """In the night of 2021-03-13 New York sprang forward, and in that of 03-27 Berlin did."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        for day, after in (("2021-03-13", "2021-03-14"), ("2021-03-27", "2021-03-28")):
            clock.set(f"{day} 17:30")
            house = make_house()
            who = house.db.execute(
                "SELECT person, start_at, end_at FROM assignment WHERE day = ? AND shift = 'QRT-NGT'", (day,)
            ).fetchone()
            assert (clock.text(who[1]), clock.text(who[2])) == (f"{day} 17:30", f"{after} 07:30")
            house.sign_in(who[0])
            clock.set(f"{after} 07:30")
            out = house.do(who[0], signing.sign_out(who[0]))
            assert out.data["duty_date"] == day and "在岗14h" in out.text and "加班" not in out.text, out.text
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()


def test_the_same_sign_twice_is_one(house, clock):
    for at in (clock.now, clock.now - 60_000_000):
        house.refuse("0002", signing.sign_in("0002", at))
    clock.set("2021-03-01 17:31")
    house.do("0002", signing.sign_out("0002"))
    house.refuse("0002", signing.sign_out("0002"))
    assert house.db.execute("SELECT count(*) FROM sign WHERE person = '0002'").fetchone()[0] == 1


def test_the_same_key_twice_is_one_sign(house):
    done = [house.do("0001", signing.sign_in("0001"), key="k1", content="in") for _ in range(2)]
    assert [d.same for d in done] == [False, True]
    assert house.desk().act(signing.sign_in("0008"), key="k1", content="in").code == 5


def test_a_sign_is_neither_in_the_future_nor_too_early_nor_out_before_in(house, clock):
    house.refuse("0001", signing.sign_in("0001", clock.now + 60_000_000), 3)
    house.refuse("0425", signing.sign_in("0425"), 8)
    clock.later(minutes=5)
    house.refuse("0002", signing.sign_out("0002", clock.now - 10 * 60_000_000), 3)


def test_a_lateness_is_measured_from_the_start_and_a_grace_of_five_minutes_is_none(make_house, clock):
    clock.set("2021-03-01 07:35")
    house = make_house()
    assert "准时" in house.do("0002", signing.sign_in("0002")).text
    clock.later(minutes=1)
    assert "迟到6分" in house.do("0003", signing.sign_in("0003")).text


def test_nobody_signs_out_while_the_desk_holds_custody_without_him(evening, clock):
    house = evening
    house.hand_over("H4", "0002", "0312")
    clock.later(minutes=20)
    house.do("0002", signing.sign_out("0002"))
    house.do("0312", signing.sign_out("0312"))  # his leader, trained as he is, is still at the desk
    assert house.refuse("0051", signing.sign_out("0051"), 8).field == "I-1"
    clock.set("2021-03-02 07:25")
    house.sign_in("0008", "0009")
    house.hand_over("H1", "0051", "0008")
    clock.set("2021-03-02 07:40")
    house.do("0051", signing.sign_out("0051"))


def test_the_centre_that_took_custody_itself_cannot_leave_either(make_house, clock):
    clock.set("2021-03-01 17:25")
    house = make_house()
    house.sign_in("0312", "0051")
    house.hand_over("H4", "0002", "0312")
    clock.set("2021-03-02 07:25")
    house.sign_in("0005")
    house.hand_over("H1", "0051", "0005")
    assert house.desk("0005").facts().holding.person == "0005"
    clock.later(hours=1)
    assert house.refuse("0005", signing.sign_out("0005"), 8).field == "I-1"


def test_nobody_signs_out_while_he_has_a_draft(house):
    house.desk("0002").save_draft("intake-form", {"text": "写到一半"})
    assert house.refuse("0002", signing.sign_out("0002")).field == "B3"
    house.desk("0002").drop_draft("intake-form")
    house.do("0002", signing.sign_out("0002"))


def test_a_forgotten_sign_out_is_closed_at_the_planned_end_and_marked(house, clock, monday):
    clock.set("2021-03-01 19:29")
    house.desk().sweep()
    assert sign_of(house, "0002", monday, "CEN-DAY").out_at is None
    clock.set("2021-03-01 19:31")
    house.desk().sweep()
    closed = sign_of(house, "0002", monday, "CEN-DAY")
    assert clock.text(closed.out_at) == "2021-03-01 17:30" and closed.auto_out
    before = house.events
    house.desk().sweep()
    assert house.events == before, "once"
    house.proven()


def test_time_does_not_sign_out_a_desk_whose_handover_is_not_signed(make_house, clock, monday):
    clock.set("2021-02-28 17:25")
    house = make_house()
    house.sign_in("0061", "0062")
    house.hand_over("H4", "0001", "0061")
    clock.set("2021-03-01 07:25")
    house.sign_in("0002", "0003")
    house.hand_over("H1", "0061", "0002")
    clock.set("2021-03-01 20:00")
    house.desk().sweep()
    assert sign_of(house, "0002", monday, "CEN-DAY").out_at is None
    assert sign_of(house, "0003", monday, "CEN-DAY").out_at is None
    assert sign_of(house, "0061", date(2021, 2, 28), "QRT-NGT").out_at is not None


def test_a_fix_is_approved_by_another_person_within_a_day(house, clock, monday):
    clock.set("2021-03-01 12:00")
    begin, end = clock.at("2021-03-01 07:28"), clock.at("2021-03-01 11:00")
    ask = signing.ask_fix("0003", monday, "CEN-DAY", begin, end, "忘签")
    house.refuse("0003", signing.ask_fix("0003", monday, "CEN-DAY", begin, end, ""), 3)
    house.do("0003", ask)
    assert sign_of(house, "0003", monday, "CEN-DAY").out_at is None, "asked is not granted"
    house.refuse("0003", signing.decide_fix("0003", monday, True), 8)
    house.refuse("0002", signing.decide_fix("0003", monday, True), 7)
    house.do("0001", signing.decide_fix("0003", monday, True))
    fixed = sign_of(house, "0003", monday, "CEN-DAY")
    assert (fixed.in_at, fixed.out_at, fixed.fix) == (begin, end, "approved")
    house.refuse("0001", signing.decide_fix("0003", monday, True), 6)


def test_a_fix_lies_in_the_shift_of_its_duty_date(house, clock, monday):
    clock.set("2021-03-02 09:00")
    other = clock.at("2021-02-10 03:00"), clock.at("2021-02-10 05:00")
    house.refuse("0001", signing.ask_fix("0425", monday, "QRT-NGT", *other, "忘签"), 3)
    after = clock.at("2021-03-02 02:15"), clock.at("2021-03-02 07:31")
    house.do("0001", signing.ask_fix("0425", monday, "QRT-NGT", *after, "忘签"))


def test_a_refused_fix_changes_nothing_and_after_a_day_it_is_not_asked_any_more(house, clock, monday):
    before = sign_of(house, "0003", monday, "CEN-DAY")
    clock.set("2021-03-01 12:00")
    wish = ("0003", monday, "CEN-DAY", clock.at("2021-03-01 07:00"), None, "早到")
    house.do("0003", signing.ask_fix(*wish))
    house.do("0001", signing.decide_fix("0003", monday, False))
    after = sign_of(house, "0003", monday, "CEN-DAY")
    assert (after.in_at, after.fix) == (before.in_at, "refused")
    clock.set("2021-03-02 12:30")
    house.refuse("0003", signing.ask_fix(*wish), 8)


def test_who_forgot_to_sign_out_yesterday_stands_at_todays_desk_and_only_once(house, clock):
    clock.set("2021-03-01 17:40")
    done = house.do("0001", shift_changes.fill(next(
        a for a in reads_duty.assignments_of(house.db, "2021-03") if a.day == date(2021, 3, 2) and a.shift == "CEN-DAY"
    ).__class__(date(2021, 3, 2), "CEN-DAY", "cyzx", "seat", 9, "0002",
                clock.at("2021-03-02 07:30"), clock.at("2021-03-02 17:30"))))  # fmt: skip
    assert done.ok
    clock.set("2021-03-02 07:25")
    house.sign_in("0002")
    clock.set("2021-03-02 12:00")
    facts = house.desk().facts()
    assert signed_in(facts.book, "0002", clock.now).day == date(2021, 3, 2)
    assert desk_of(facts.book, house.town, "0002", clock.now) == "day"
    here = [a for a in there(facts.book, clock.now, clock.now, house.town) if a.person == "0002"]
    assert len(here) == 1, here


def test_an_undo_never_takes_back_a_sign(house, clock):
    house.refuse("0001", signing.sign_out("0001"))
    before = house.events
    for own in (house.desk("0002"), house.desk("0003")):
        done = own.run_line("cx")
        assert not done.ok and house.events == before


def test_only_who_records_for_others_signs_for_them(house, town, clock):
    house.refuse("2101", signing.sign_in("2201", via="phone"), 7)
    clock.set("2021-03-01 08:25")
    assert house.do("0031", signing.sign_in("2201", clock.now, via="phone")).data["via"] == "phone"
    house.refuse("0002", signing.sign_in("9999"), 6)


def counted(house, person, day, now):
    """Everything that could take somebody for present: roster, open signs, the day's list."""
    book = house.desk().facts().book
    mine = next(a for a in book.by_person[person] if a.day == day)
    signs = [s for s in (*book.signs, *reads_duty.open_signs(house.db), *reads_duty.signs_of(house.db, day))
             if s.person == person]  # fmt: skip
    return standing(book, mine, now, house.town), len(signs), signed_in(book, person, now)


def test_a_fix_without_a_sign_counts_only_once_it_is_approved(house, clock, monday):
    clock.set("2021-03-01 18:10")
    ask = signing.ask_fix("0425", monday, "QRT-NGT", clock.at("2021-03-01 17:25"), None, "忘签")
    nobody = ("absent", 0, None)
    assert counted(house, "0425", monday, clock.now) == nobody
    house.do("0425", ask)
    assert counted(house, "0425", monday, clock.now) == nobody, "asked is not granted"
    house.proven()
    house.do("0001", signing.decide_fix("0425", monday, False))
    assert counted(house, "0425", monday, clock.now) == nobody, "refused"
    house.do("0425", ask)
    house.do("0001", signing.decide_fix("0425", monday, True))
    stands, signs, current = counted(house, "0425", monday, clock.now)
    assert (stands, signs, current.in_at) == ("present", 3, clock.at("2021-03-01 17:25"))
    house.proven()


def test_who_signs_in_while_his_fix_waits_is_there_and_the_fix_goes_on_waiting(house, clock, monday):
    clock.set("2021-03-01 18:10")
    house.do("0425", signing.ask_fix("0425", monday, "QRT-NGT", clock.at("2021-03-01 17:25"), None, "忘签"))
    house.sign_in("0425")
    assert counted(house, "0425", monday, clock.now)[0] == "present"
    house.do("0001", signing.decide_fix("0425", monday, False))
    assert sign_of(house, "0425", monday, "QRT-NGT").in_at == clock.now
    assert counted(house, "0425", monday, clock.now)[0] == "present"
    house.proven()


def test_correcting_the_sign_in_alone_leaves_the_sign_out_as_it_was(house, clock, monday):
    clock.set("2021-03-01 17:40")
    house.do("0003", signing.sign_out("0003"))
    before = sign_of(house, "0003", monday, "CEN-DAY")
    begin = clock.at("2021-03-01 07:00")
    house.do("0001", signing.ask_fix("0003", monday, "CEN-DAY", begin, None, "早到"))
    after = sign_of(house, "0003", monday, "CEN-DAY")
    assert (after.in_at, after.fix) == (begin, "approved")
    assert (after.out_at, after.out_by, after.auto_out) == (before.out_at, "0003", False)
    clock.set("2021-03-01 19:31")
    house.desk().sweep()
    house.do("0001", signing.ask_fix("0002", monday, "CEN-DAY", begin, None, "早到"))
    late = sign_of(house, "0002", monday, "CEN-DAY")
    assert (clock.text(late.out_at), late.auto_out) == ("2021-03-01 17:30", True), "the sign-out is still missing"


def test_a_corrected_sign_in_is_not_after_the_sign_out(house, clock, monday):
    clock.set("2021-03-01 12:00")
    house.do("0003", signing.sign_out("0003"))
    clock.set("2021-03-01 14:00")
    for who in ("0001", "0003"):
        house.refuse(who, signing.ask_fix("0003", monday, "CEN-DAY", clock.at("2021-03-01 13:00"), None, "更正"), 3)


@pytest.mark.parametrize("shift", ["", "CEN-DAY"])
def test_a_unit_that_works_no_shift_is_told_to_be_planned_before_a_fix(house, clock, monday, shift):
    clock.set("2021-03-01 12:00")
    told = house.refuse("0001", signing.ask_fix("2601", monday, shift, clock.at("2021-03-01 09:00"), None, "忘签"), 8)
    assert "请先排班" in told.text


def test_a_profile_without_shifts_takes_no_fix(town, clock, house, monday):
    clock.set("2021-03-01 12:00")
    bare = type(house)(house.path, replace(town, shifts={}), clock)
    for who in ("0001", "0003"):
        told = bare.refuse(who, signing.ask_fix("0003", monday, "", clock.at("2021-03-01 07:30"), None, "忘签"), 8)
        assert "请先排班" in told.text
    assert not bare.desk().run_line("bl 0003 0730 忘签", confirmed=True).ok
    bare.close()


def test_two_fixes_of_one_day_are_decided_one_by_one(house, clock, monday):
    clock.set("2021-03-01 18:10")
    at = {"CEN-DAY": clock.at("2021-03-01 07:10"), "QRT-NGT": clock.at("2021-03-01 17:40")}
    for shift, begin in at.items():
        house.do("0002", signing.ask_fix("0002", monday, shift, begin, None, "忘签"))
    assert "CEN-DAY QRT-NGT" in house.refuse("0001", signing.decide_fix("0002", monday, True), 3).text
    house.do("0001", signing.decide_fix("0002", monday, True, "QRT-NGT"))
    house.do("0001", signing.decide_fix("0002", monday, False))
    assert {shift: sign_of(house, "0002", monday, shift).fix for shift in at} == {
        "CEN-DAY": "refused", "QRT-NGT": "approved"
    }  # fmt: skip


def test_a_station_officer_approves_fixes_of_his_own_unit_only(house, clock, monday):
    clock.set("2021-03-01 12:00")
    begin = clock.at("2021-03-01 08:25")
    house.do("0031", signing.ask_fix("0031", monday, "DEP-DAY", begin, None, "忘签"))
    house.refuse("0022", signing.decide_fix("0031", monday, True), 7)  # the chief of another station
    house.do("0022", signing.ask_fix("0031", monday, "DEP-DAY", begin, None, "忘签"))
    assert sign_of(house, "0031", monday, "DEP-DAY").fix == "asked", "he may ask, not settle"
    house.do("0021", signing.decide_fix("0031", monday, True))


def test_a_late_sign_belongs_to_the_shift_that_stands_when_it_is_taken(house, clock, monday):
    """Between reading the line and taking it the roster changed: what the database says then decides."""
    clock.set("2021-03-01 12:00")
    facts = house.desk("0003").facts()
    mine = next(a for a in facts.book.by_person["0003"] if a.day == monday)
    before = replace(facts, book=replace(facts.book, assignments=(replace(mine, shift="DEP-DAY"),)))
    args = {"who": "0003", "at": clock.at("2021-03-01 07:10"), "text": "忘签"}
    act = duty_verbs.ACTS["late_sign"](Parsed(BY_ID["late_sign"], args=args), before, "", True, "")
    assert house.do("0001", act).data["shift"] == mine.shift == "CEN-DAY"


def test_a_shift_dropped_from_the_profile_under_a_published_roster_breaks_nothing(town, clock, house, monday):
    clock.set("2021-03-01 12:00")
    left = {code: s for code, s in town.shifts.items() if code == "QRT-NGT"}
    bare = type(house)(house.path, replace(town, shifts=left), clock)
    book = bare.desk().facts().book
    assert {a.person for a in there(book, clock.now, clock.now, bare.town)} >= {"0002", "0003"}
    assert bare.town.shift_of("CEN-DAY").name == "CEN-DAY"
    clock.set("2021-03-01 19:31")
    bare.desk().sweep()
    assert sign_of(bare, "0002", monday, "CEN-DAY").out_at is not None
    bare.close()
