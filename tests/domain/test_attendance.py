"""Sign-in and sign-out (§4.4, R39-R41): to which duty date a sign belongs, lateness, hours, forgotten sign-outs."""

import time
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from zjj_console.domain.attendance import auto_closes, judge, match, sign_refusal
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import DAY, HOUR, MINUTE
from zjj_console.domain.roster import Assignment, Book, Leave, Sign, span_of

MARCH = date(2021, 3, 1)
RESIDENT, SEAT, MEMBER, DEPUTY = "2305", "0002", "0425", "0031"


@pytest.fixture(params=["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati"])
def host(request):
    """The machine's own zone: far from the town's, or with summer time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


@pytest.fixture
def duty(town):
    return DutyTime(town, lambda day: True)


def one(town, duty, person, shift, post, unit="z5", day=MARCH):
    return Assignment(day, shift, unit, post, 1, person, *span_of(town, duty, town.shifts[shift], day))


def book_of(*assignments, signs=(), leaves=()):
    start = min((a.start for a in assignments), default=0)
    return Book(start - DAY, start + 30 * DAY, assignments, leaves, signs=signs)


def signed(a, came, left=None, **more):
    return Sign(a.person, a.day, a.shift, came, "console", a.person, left, **more)


@pytest.fixture
def resident(town, duty):
    return one(town, duty, RESIDENT, "STN-DAY", "resident")


@pytest.fixture
def night(town, duty):
    return one(town, duty, MEMBER, "QRT-NGT", "member", "y1")


def test_AC_39a_lateness_is_measured_from_the_start_and_the_rest_is_attended(town, clock, resident):
    sign = signed(resident, clock.at("2021-03-01 08:36"), clock.at("2021-03-01 16:31"))
    got = judge(resident, sign, town, clock.at("2021-03-01 20:00"))
    assert (got.late, got.attended, got.planned) == (6, 7 * 60 + 54, 8 * 60)
    assert (got.on_time, got.out_ok, got.early, got.overtime) == (False, True, 0, 1)


@pytest.mark.parametrize(("came", "late", "attended"), [("08:05", 0, 480), ("08:35", 0, 480), ("08:36", 6, 474)])
def test_R39_on_time_until_five_minutes_after_the_start(town, clock, resident, came, late, attended):
    sign = signed(resident, clock.at(f"2021-03-01 {came}"), clock.at("2021-03-01 16:30"))
    got = judge(resident, sign, town, sign.out_at)
    assert (got.late, got.on_time, got.attended) == (late, late == 0, attended)


def test_R41_a_night_from_17_21_to_07_58_is_14_hours_planned_14_37_worked_and_28_minutes_over(town, clock, night):
    sign = signed(night, clock.at("2021-03-01 17:21"), clock.at("2021-03-02 07:58"))
    got = judge(night, sign, town, sign.out_at)
    assert (got.planned, got.worked, got.overtime) == (14 * 60, 14 * 60 + 37, 28)
    assert (got.attended, got.late, got.early, got.on_time, got.out_ok) == (14 * 60, 0, 0, True, True)


def test_leaving_before_the_end_is_early_unless_leave_covers_it(town, clock, resident):
    sign = signed(resident, resident.start, clock.at("2021-03-01 12:00"))
    got = judge(resident, sign, town, clock.at("2021-03-01 18:00"))
    assert (got.early, got.attended, got.out_ok) == (270, 210, False)
    leave = Leave("l1", RESIDENT, sign.out_at, resident.end, "事假", "0005")
    got = judge(resident, sign, town, clock.at("2021-03-01 18:00"), (leave,))
    assert (got.early, got.attended, got.planned, got.out_ok) == (0, 210, 210, True)


def test_a_missing_sign_out_counts_the_hours_but_not_the_indicator(town, clock, resident):
    sign = signed(resident, resident.start)
    still = judge(resident, sign, town, clock.at("2021-03-01 18:29"))
    assert (still.open, still.missing_out, still.overtime) == (True, False, 119)
    for at, stored in (("18:30", sign), ("18:30", replace(sign, out_at=resident.end, auto_out=True))):
        got = judge(resident, stored, town, clock.at(f"2021-03-01 {at}"))
        assert (got.attended, got.missing_out, got.out_ok, got.open, got.overtime) == (480, True, False, False, 0)
    fixed = replace(sign, out_at=resident.end, fix="approved")
    assert judge(resident, fixed, town, resident.end + DAY).out_ok
    only_in = replace(fixed, auto_out=True)
    assert judge(resident, only_in, town, resident.end + DAY).missing_out, "a fix of the sign-in mends no sign-out"


def test_somebody_who_never_signed_is_absent_after_half_an_hour(town, clock, resident):
    times = ("08:59", "09:00")
    assert [judge(resident, None, town, clock.at(f"2021-03-01 {t}")).absent for t in times] == [False, True]


def test_on_call_duty_is_acknowledged_and_counts_no_minutes(town, duty, clock):
    a = one(town, duty, DEPUTY, "ONC-NGT", "on_call", "z1")
    got = judge(a, signed(a, clock.at("2021-03-01 17:31")), town, clock.at("2021-03-02 12:00"))
    assert (got.planned, got.worked, got.on_time, got.out_ok, got.missing_out) == (0, 0, True, True, False)


def test_A20_a_sign_at_02_15_belongs_to_the_night_before(town, duty, clock, night, host):
    at = clock.at("2021-03-02 02:15")
    assert match(book_of(night), MEMBER, at, town, duty) == (MARCH, "QRT-NGT", night)
    assert match(book_of(), MEMBER, at, town, duty) == (MARCH, "QRT-NGT", None)


@pytest.mark.parametrize(
    ("day", "at"),
    [
        (date(2021, 2, 28), "2021-03-01 02:15"),  # end of a month
        (date(2020, 12, 31), "2021-01-01 00:00"),  # end of a year
        (date(2020, 2, 28), "2020-02-29 06:59"),  # into the leap day
        (date(2020, 2, 29), "2020-03-01 02:15"),  # out of it
        (date(2021, 3, 13), "2021-03-14 02:30"),  # New York's clocks go forward
        (date(2021, 11, 6), "2021-11-07 01:30"),  # and back
        (date(2021, 3, 31), "2021-03-31 17:00"),  # early assembly
    ],
)
def test_the_duty_date_holds_over_every_edge_of_the_calendar_on_any_machine(town, duty, clock, day, at, host):
    a = one(town, duty, MEMBER, "QRT-NGT", "member", "y1", day)
    assert a.end - a.start == 14 * HOUR
    around = [replace(a, day=day + timedelta(days=n), start=a.start + n * DAY, end=a.end + n * DAY) for n in (-1, 1)]
    assert match(book_of(a, *around), MEMBER, clock.at(at), town, duty)[:2] == (day, "QRT-NGT")
    assert match(book_of(), MEMBER, clock.at(at), town, duty)[:2] == (day, "QRT-NGT")


def test_a_night_over_a_foreign_change_of_clocks_is_still_14_hours(town, duty, clock, host):
    a = one(town, duty, MEMBER, "QRT-NGT", "member", "y1", date(2021, 3, 13))
    got = judge(a, signed(a, clock.at("2021-03-13 17:21"), clock.at("2021-03-14 07:58")), town, a.end + HOUR)
    assert (got.planned, got.worked, got.overtime) == (840, 877, 28)


@pytest.mark.parametrize(
    ("person", "at", "shift"),
    [
        (MEMBER, "2021-03-01 12:00", "QRT-NGT"),
        (SEAT, "2021-03-01 09:00", "CEN-DAY"),
        (SEAT, "2021-03-01 23:00", "CEN-DAY"),
        (RESIDENT, "2021-03-01 07:45", "STN-DAY"),
        ("2401", "2021-03-01 09:00", "STN-DAY"),  # an on-demand department
        ("0021", "2021-03-01 09:00", "STN-DAY"),  # a chief
        (DEPUTY, "2021-03-01 07:20", "DEP-DAY"),
        ("2601", "2021-03-01 09:00", ""),  # a village station has no shift of its own
        ("9999", "2021-03-01 09:00", ""),
    ],
)
def test_without_an_assignment_the_unit_and_the_hour_tell_the_shift(town, duty, clock, person, at, shift):
    assert match(book_of(), person, clock.at(at), town, duty) == (MARCH, shift, None)


def test_at_the_centre_the_hour_tells_which_of_its_shifts_it_is(town, duty, clock):
    by_night = replace(town.shifts["CEN-DAY"], code="CEN-NGT", hours="team")
    town = replace(town, shifts={**town.shifts, "CEN-NGT": by_night})
    shifts = [match(book_of(), SEAT, clock.at(f"2021-03-01 {at}"), town, duty).shift for at in ("09:00", "23:00")]
    assert shifts == ["CEN-DAY", "CEN-NGT"]


def test_between_two_shifts_the_sign_goes_to_the_one_not_yet_signed_for(town, duty, clock, night):
    by_day = one(town, duty, MEMBER, "CEN-DAY", "seat", "cyzx")
    first = signed(by_day, by_day.start)
    at = clock.at("2021-03-01 17:05")
    book = book_of(by_day, night, signs=(first,))
    assert match(book, MEMBER, at, town, duty, "out").assignment == by_day
    assert match(book, MEMBER, at, town, duty, "in").assignment == night
    assert match(book_of(by_day, night), MEMBER, clock.at("2021-03-01 18:00"), town, duty, "in").assignment == night


def test_a_sign_out_long_after_the_end_still_belongs_to_its_open_sign(town, duty, clock, night):
    book = book_of(night, signs=(signed(night, night.start),))
    assert match(book, MEMBER, clock.at("2021-03-02 11:00"), town, duty, "out") == (MARCH, "QRT-NGT", night)


def test_an_open_sign_is_closed_at_its_planned_end_two_hours_after_it(town, duty, resident):
    sign = signed(resident, resident.start)
    book, limit = book_of(resident, signs=(sign,)), resident.end + 2 * HOUR
    assert auto_closes(book, limit - 1, town, duty) == []
    (closed,) = auto_closes(book, limit, town, duty)
    assert (closed.out_at, closed.auto_out, closed.out_via) == (resident.end, True, "auto")
    assert auto_closes(book, limit, town, duty, busy={RESIDENT}) == []  # the clock releases nobody on scene
    assert auto_closes(replace(book, signs=(closed,)), limit, town, duty) == []


def test_an_open_sign_is_closed_at_once_when_the_person_signs_for_the_next_shift(town, duty, clock, resident):
    late = replace(resident, person=RESIDENT)
    signs = (signed(late, late.start), Sign(RESIDENT, MARCH, "QRT-NGT", clock.at("2021-03-01 17:20"), "console", "1"))
    closed = auto_closes(book_of(late, signs=signs), clock.at("2021-03-01 17:20"), town, duty)
    assert [(s.shift, s.out_at) for s in closed] == [("STN-DAY", late.end)]


def test_a_sign_without_an_assignment_closes_at_the_end_of_its_shift(town, duty, clock):
    sign = Sign(MEMBER, MARCH, "QRT-NGT", clock.at("2021-03-01 22:00"), "console", MEMBER)
    (closed,) = auto_closes(book_of(signs=(sign,)), clock.at("2021-03-02 09:30"), town, duty)
    assert clock.text(closed.out_at) == "2021-03-02 07:30"


def test_an_on_call_acknowledgement_ends_with_the_duty_without_a_mark(town, duty):
    a = one(town, duty, DEPUTY, "ONC-NGT", "on_call", "z1")
    (closed,) = auto_closes(book_of(a, signs=(signed(a, a.start),)), a.end, town, duty)
    assert (closed.out_at, closed.auto_out) == (a.end, False)


REFUSALS = (
    ("in", "2021-03-01 07:59", (), 8, "08:00 起可签到"),
    ("in", "2021-03-01 08:00", (), 0, ""),
    ("in", "2021-03-01 12:00", (("08:30", None),), 8, "08:30 已签到"),
    ("in", "2021-03-01 12:00", (("08:30", "11:00"),), 8, "申请补签"),
    ("out", "2021-03-01 12:00", (), 8, "没有未签退的签到"),
    ("out", "2021-03-01 12:00", (("08:30", "11:00"),), 8, "没有未签退的签到"),
    ("out", "2021-03-01 12:00", (("08:30", None),), 0, ""),
    ("out", "2021-03-01 08:10", (("08:30", None),), 3, "签退早于签到"),
    ("in", "2021-03-01 20:01", (), 3, "将来"),
    ("out", "2021-03-01 20:01", (("08:30", None),), 3, "将来"),
)


@pytest.mark.parametrize(("direction", "at", "signs", "code", "words"), REFUSALS)
def test_signs_that_cannot_be_are_refused(town, duty, clock, resident, direction, at, signs, code, words):
    made = tuple(
        signed(resident, clock.at(f"2021-03-01 {came}"), left and clock.at(f"2021-03-01 {left}"))
        for came, left in signs
    )
    book = book_of(resident, signs=made)
    now = clock.at("2021-03-01 20:00")
    refusal = sign_refusal(book, RESIDENT, direction, clock.at(at), now, town, duty)
    assert (refusal.code if refusal else 0) == code
    assert words in (refusal.zh if refusal else "")
    assert refusal is None or refusal.en


@pytest.mark.parametrize(("minutes", "opens"), [(30, "17:00"), (60, "16:30"), (10, "17:00")])
def test_SH_2_the_response_team_may_assemble_early_and_others_not(town, duty, clock, night, minutes, opens):
    town = replace(town, duty_rules=replace(town.duty_rules, assemble_before=minutes))
    first, book = clock.at(f"2021-03-01 {opens}"), book_of(night)
    assert sign_refusal(book, MEMBER, "in", first, first, town, duty) is None
    early = first - MINUTE
    assert opens in sign_refusal(book, MEMBER, "in", early, early, town, duty).zh
    resident = clock.at("2021-03-01 07:59")
    assert sign_refusal(book_of(), RESIDENT, "in", resident, resident, town, duty).code == 8


def test_a_forgotten_sign_of_yesterday_does_not_keep_anybody_out(town, duty, clock, resident):
    yesterday = Sign(RESIDENT, date(2021, 2, 28), "STN-DAY", clock.at("2021-02-28 08:30"), "console", RESIDENT)
    at = clock.at("2021-03-01 08:20")
    assert sign_refusal(book_of(resident, signs=(yesterday,)), RESIDENT, "in", at, at, town, duty) is None
    both = book_of(resident, signs=(yesterday, signed(resident, at)))
    assert match(both, RESIDENT, clock.at("2021-03-01 16:30"), town, duty, "out").assignment == resident


def test_who_is_planned_for_a_later_shift_cannot_sign_for_the_usual_one_before_it(town, duty, clock):
    """Else his sign would stand at a shift he has not, and he would be absent from his own."""
    book, at = book_of(one(town, duty, DEPUTY, "STN-DAY", "deputy", "z1")), clock.at("2021-03-01 07:20")
    assert sign_refusal(book_of(), DEPUTY, "in", at, at, town, duty) is None
    assert "08:00 起可签到" in sign_refusal(book, DEPUTY, "in", at, at, town, duty).zh


def test_a_person_still_signed_in_elsewhere_signs_out_first(town, duty, clock, night):
    by_day = one(town, duty, MEMBER, "CEN-DAY", "seat", "cyzx")
    book = book_of(by_day, night, signs=(signed(by_day, by_day.start),))
    at = clock.at("2021-03-01 17:10")
    assert "换班先签退" in sign_refusal(book, MEMBER, "in", at, at, town, duty).zh


def test_a_unit_without_shifts_is_told_to_be_planned_first(town, duty, clock):
    at = clock.at("2021-03-01 09:00")
    assert "请先排班" in sign_refusal(book_of(), "2601", "in", at, at, town, duty).zh


def test_a_shift_that_the_profile_has_dropped_is_judged_by_its_own_times(town, duty, clock, resident):
    """What was published stays: start and end are in the row, the rest is that of a plain shift."""
    gone = replace(town, shifts={code: s for code, s in town.shifts.items() if code != resident.shift})
    sign = signed(resident, resident.start)
    assert judge(resident, replace(sign, out_at=resident.end), gone, resident.end).attended == 480
    book = book_of(resident, signs=(sign,))
    assert match(book_of(resident), RESIDENT, resident.start, gone, duty).assignment == resident
    assert [s.out_at for s in auto_closes(book, resident.end + 2 * HOUR, gone, duty)] == [resident.end]
    assert sign_refusal(book, RESIDENT, "in", sign.in_at, sign.in_at, gone, duty).code == 8
