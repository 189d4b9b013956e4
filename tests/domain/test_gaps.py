"""Gaps of the roster (§4.5, R09, R25, R43): the rows of the table, and the proof that no minute is forgotten."""

from collections import Counter
from datetime import date, timedelta
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from zjj_console.domain.coverage import coverage_hours, day_kind, desk_hours
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.gaps import absences, gaps, proof, surplus
from zjj_console.domain.model import DAY, HOUR, MINUTE
from zjj_console.domain.roster import Assignment, Book, Leave, Sign, on_call, span_of, standing, there
from zjj_console.domain.rotation import teams_on
from zjj_console.town.models import Period, Requirement

MARCH = date(2021, 3, 1)
STATIONS = ("z1", "z2", "z3", "z4", "z5")
SEATS = {"y1": ("0312", "0052"), "y2": ("0062", "0063")}


@pytest.fixture
def duty(town):
    return DutyTime(town, lambda day: True)


def one(town, duty, day, shift, unit, post, person, seat=1):
    return Assignment(day, shift, unit, post, seat, person, *span_of(town, duty, town.shifts[shift], day))


def workday(town, duty, day):
    """A full workday: three seats, officers and three departments at each station, one team, two of it at the desk."""
    rows = [("CEN-DAY", "cyzx", "seat", p) for p in ("0002", "0003", "0008")]
    for n, station in enumerate(STATIONS, 1):
        rows += [("DEP-DAY", station, "deputy", f"003{n}"), ("STN-DAY", station, "chief", f"002{n}")]
        rows += [("STN-DAY", station, "resident", f"2{dept}0{n}") for dept in (1, 2, 3)]
    (night,) = teams_on(town, day)
    for person in town.staff(night.unit):
        post = "team_leader" if "team_leader" in person.roles else "member"
        rows.append(("QRT-NGT", night.unit, post, person.work_no))
    rows += [("QRT-NGT", "cyzx", "seat", p) for p in SEATS[night.unit]]
    return [one(town, duty, day, *row, seat=n) for n, row in enumerate(rows, 1)]


def roster(town, duty, first=MARCH, days=7, cut=lambda a: False, **facts):
    """A published book of full workdays from the night before `first`, without the assignments that `cut` names."""
    every = [a for n in range(-1, days + 1) for a in workday(town, duty, first + timedelta(days=n))]
    start = duty.instant(duty.local(every[0].start).replace(hour=0, minute=0))
    months = frozenset({f"{first:%Y-%m}", f"{first - timedelta(days=1):%Y-%m}"})
    kept = tuple(a for a in every if not cut(a))
    return Book(start, start + (days + 2) * DAY, kept, published=months, **facts)


def attended(book, now, but=()):
    """The book with everybody signed in and out in time up to `now`, except those named."""
    signs = {
        (a.person, a.day, a.shift): Sign(a.person, a.day, a.shift, a.start, "console", "0001",
                                         out_at=a.end if a.end <= now else None)
        for a in book.assignments if a.start <= now and a.person not in but
    }  # fmt: skip
    return replace(book, signs=(*book.signs, *signs.values()))


def hours(town, **times):
    return replace(town, shifts={**town.shifts, **{k.replace("_", "-"): v for k, v in times.items()}})


def text(clock, gap):
    return clock.text(gap.start), clock.text(gap.end)


def only(found, *codes):
    return [g for g in found if g.requirement in codes]


def grave(found):
    return [g for g in found if g.severity != "i"]


OFFICERS = ("OFFICER", "OFFICER-SH1", "OFFICER-SH2")


def test_R43_row_1_without_deputies_on_centre_hours_there_are_70_structural_intervals_of_70_hours(town, duty, clock):
    station_hours = replace(town.shifts["DEP-DAY"], hours="station")
    town = hours(town, **{"DEP-DAY": station_hours})
    start, end = clock.at("2021-03-01 00:00"), clock.at("2021-03-08 00:00")
    found = only(gaps(roster(town, duty), town, duty, start, end, start), *OFFICERS)
    assert len(found) == 70
    assert sum(g.end - g.start for g in found) == 70 * HOUR
    assert {g.kind for g in found} == {"structure"}
    assert Counter((text(clock, g)[0][11:], text(clock, g)[1][11:], g.rule) for g in found) == {
        ("07:30", "08:30", "SH-1"): 35,
        ("16:30", "17:30", "SH-2"): 35,
    }
    assert Counter(g.unit for g in found) == dict.fromkeys(STATIONS, 14)


def test_AC_09b_the_standard_shifts_cover_the_desk_24_hours_and_the_field_22(town, duty):
    hours_of = coverage_hours(town, duty, MARCH)
    assert (desk_hours(town, duty, MARCH), hours_of["FORCE"]) == (24, 22)
    assert hours_of["SEAT-DAY"] + hours_of["SEAT-NGT"] == 24
    assert (hours_of["OFFICER-SH1"], hours_of["OFFICER-SH2"]) == (1, 1)


def test_R43_row_2_deputies_on_centre_hours_close_the_officer_gap_and_the_force_gap_stays_as_information(
    town, duty, clock
):
    start, end = clock.at("2021-03-01 00:00"), clock.at("2021-03-08 00:00")
    found = gaps(attended(roster(town, duty), start), town, duty, start, end, start)
    assert grave(found) == []
    assert {g.requirement for g in found} == {"FORCE"}
    assert len(found) == 70
    assert {(text(clock, g)[0][11:], g.rule, g.kind, g.severity, g.mark) for g in found} == {
        ("07:30", "SH-1", "structure", "i", "D"),
        ("16:30", "SH-2", "structure", "i", "D"),
    }


def test_R25_row_3_a_department_that_leaves_at_noon_leaves_an_actual_gap_to_the_end_of_the_day(town, duty, clock):
    now, noon = clock.at("2021-03-01 14:00"), clock.at("2021-03-01 12:00")
    book = roster(town, duty)
    book = replace(book, signs=(Sign("2305", MARCH, "STN-DAY", clock.at("2021-03-01 08:27"), "console", "2305", noon),))
    (gap,) = grave(gaps(attended(book, now, but=("2305",)), town, duty, noon, clock.at("2021-03-02 00:00"), now))
    assert text(clock, gap) == ("2021-03-01 12:00", "2021-03-01 16:30")
    assert (gap.requirement, gap.unit, gap.unit_name) == ("DEPT-SC", "z5", town.units["z5"].name)
    assert (gap.kind, gap.need, gap.have) == ("actual", 1, 0)
    assert (gap.cause_zh, gap.cause_en) == ("苏酉 已离岗", "苏酉 left")
    (absent,) = absences(attended(book, now, but=("2305",)), town, duty, now)
    assert (absent.state, absent.since, absent.enough, absent.severity) == ("left", noon, False, "!")


def test_row_4_one_absent_of_ten_keeps_the_minimum_of_nine_and_is_still_recorded(town, duty, clock):
    now = clock.at("2021-03-01 23:41")
    book = attended(roster(town, duty), now, but=("0425",))
    assert only(gaps(book, town, duty, now, now + DAY, now), "TEAM") == []
    (absent,) = absences(book, town, duty, now)
    assert (absent.person, absent.state, clock.text(absent.since)) == ("0425", "absent", "2021-03-01 17:30")
    assert (absent.enough, absent.severity, absent.by) == (True, "i", "")
    assert "缺1 仍达最低" in absent.zh


def test_row_4_two_absent_of_ten_make_one_gap_over_the_whole_shift(town, duty, clock):
    now = clock.at("2021-03-01 23:41")
    book = attended(roster(town, duty), now, but=("0425", "0426"))
    (gap,) = only(gaps(book, town, duty, now, now + HOUR, now), "TEAM")
    assert text(clock, gap) == ("2021-03-01 17:30", "2021-03-02 07:30")
    assert (gap.unit, gap.need, gap.have, gap.kind) == ("y1", 9, 8, "actual")
    assert gap.cause_zh == "许寅、许丑 未到岗"
    assert [a.enough for a in absences(book, town, duty, now)] == [False, False]


def test_row_5_an_unassigned_night_seat_is_a_plan_gap_over_the_whole_night(town, duty, clock):
    sunday = date(2021, 3, 7)
    book = roster(town, duty, cut=lambda a: (a.day, a.post, a.person) == (sunday, "seat", "0052"))
    start = clock.at("2021-03-01 23:41")
    (gap,) = grave(gaps(attended(book, start), town, duty, start, clock.at("2021-03-08 00:00"), start))
    assert text(clock, gap) == ("2021-03-07 17:30", "2021-03-08 07:30")
    assert (gap.requirement, gap.kind, gap.severity, gap.need, gap.have) == ("SEAT-NGT", "plan", "!!", 2, 1)
    assert (gap.cause_zh, gap.mark) == ("未排班", "T")


def test_row_6_a_workday_roster_on_a_holiday_is_warned_of_as_surplus_only(town, duty, clock):
    holiday = date(2021, 2, 12)
    book = roster(town, duty, first=holiday, days=1)
    start = clock.at("2021-02-12 00:00")
    assert grave(gaps(attended(book, start), town, duty, start, start + DAY, start)) == []
    # One of three seats, and two of the three departments at each of five stations.
    assert surplus(book, town, duty, holiday).people == 11
    assert surplus(book, town, duty, holiday).zh == "节假日按休息日配置, 多排 11 人"


def test_row_6_a_rest_day_staffed_as_required_and_a_workday_are_not_warned_of(town, duty):
    saturday = date(2021, 3, 6)

    def spared(a):
        return a.day == saturday and (a.person == "0008" or (a.post == "resident" and a.person[1] != "1"))

    book = roster(town, duty, cut=spared)
    assert surplus(book, town, duty, saturday) is None
    assert surplus(book, town, duty, date(2021, 3, 7)).people == 11
    assert surplus(book, town, duty, MARCH) is None


def test_neighbouring_stations_share_an_officer_outside_station_hours_on_rest_days_only(town, duty, clock):
    days = (date(2021, 3, 5), date(2021, 3, 6))
    book = roster(town, duty, cut=lambda a: a.day in days and a.post == "deputy" and a.unit in ("z2", "z3", "z4"))
    start = clock.at("2021-03-05 00:00")
    found = grave(gaps(attended(book, start), town, duty, start, start + 2 * DAY, start))
    early = [(g.unit, text(clock, g)[0][:10], g.shared) for g in only(found, "OFFICER-SH1")]
    assert early == [
        *[(unit, "2021-03-05", ()) for unit in ("z2", "z3", "z4")],
        *[(unit, "2021-03-06", ("z3", "z4")) for unit in ("z3", "z4")],
    ]
    assert {g.kind for g in found} == {"plan"}
    assert [g.cause_zh for g in found if g.shared][:2] == ["未排班(与四站合用)", "未排班(与三站合用)"]


def test_a_gap_without_an_absent_person_changes_from_actual_to_planned_at_now(town, duty, clock):
    now = clock.at("2021-03-01 12:00")
    book = roster(town, duty, cut=lambda a: a.day == MARCH and a.person == "0002")
    start = clock.at("2021-03-01 00:00")
    found = only(gaps(attended(book, now), town, duty, start, start + DAY, now), "SEAT-DAY")
    assert [(*text(clock, g), g.kind) for g in found] == [
        ("2021-03-01 07:30", "2021-03-01 12:00", "actual"),
        ("2021-03-01 12:00", "2021-03-01 17:30", "plan"),
    ]


def test_a_gap_that_is_over_is_not_warned_of(town, duty, clock):
    book = roster(town, duty, cut=lambda a: a.day == MARCH and a.person == "0002")
    end = clock.at("2021-03-01 17:30")
    assert only(gaps(book, town, duty, end, end + HOUR, end), "SEAT-DAY") == []
    assert len(only(gaps(book, town, duty, end - MINUTE, end + HOUR, end - HOUR), "SEAT-DAY")) == 1


def test_a_month_that_is_not_published_says_so(town, duty, clock):
    book = replace(roster(town, duty), assignments=(), published=frozenset())
    start = clock.at("2021-03-02 08:00")
    found = gaps(book, town, duty, start, start + DAY, start)
    assert {g.cause_zh for g in found if g.kind == "plan" and not g.shared} == {"当月排班未发布"}
    assert [g.unit for g in only(found, "TEAM")] == ["y2"]  # the rotation says whose night it would be


def test_approved_leave_ahead_is_a_gap_of_the_plan_and_names_the_person(town, duty, clock):
    leave = Leave("l1", "0002", clock.at("2021-03-03 00:00"), clock.at("2021-03-03 12:00"), "事假", "0005")
    start = clock.at("2021-03-01 00:00")
    book = attended(roster(town, duty, leaves=(leave,)), start)
    (gap,) = grave(gaps(book, town, duty, start, start + 7 * DAY, start))
    assert text(clock, gap) == ("2021-03-03 07:30", "2021-03-03 12:00")
    assert (gap.kind, gap.cause_zh) == ("plan", "何卯 请假未补")


def test_early_assembly_of_the_night_team_closes_the_field_gap(town, duty, clock):
    now, came = clock.at("2021-03-01 17:20"), clock.at("2021-03-01 17:05")
    sign = Sign("0051", MARCH, "QRT-NGT", came, "console", "0051")
    book = attended(replace(roster(town, duty), signs=(sign,)), now, but=("0051",))
    found = only(gaps(book, town, duty, clock.at("2021-03-01 16:00"), now, now), "FORCE")
    assert {text(clock, g) for g in found} == {("2021-03-01 16:30", "2021-03-01 17:05")}


def test_the_night_before_a_rest_day_is_a_night_of_the_workday(town, duty, clock):
    """A window across midnight belongs to the date on which it begins."""
    seat = next(r for r in town.coverage if r.code == "SEAT-NGT")
    strict = replace(seat, least={"workday": 3, "rest": 2})
    town = replace(town, coverage=tuple(strict if r is seat else r for r in town.coverage))
    start = clock.at("2021-03-05 12:00")
    found = only(gaps(roster(town, duty), town, duty, start, start + 3 * DAY, start), "SEAT-NGT")
    assert [text(clock, g) for g in found] == [("2021-03-05 17:30", "2021-03-06 07:30")]


def test_a_guarantee_period_counts_before_the_calendar(town):
    town = replace(town, guarantees=(Period("示例保障", date(2021, 3, 6), date(2021, 3, 8)),))
    kinds = [day_kind(town, date(2021, 3, day)) for day in (5, 6, 8, 13)]
    assert kinds == ["workday", "guarantee", "guarantee", "rest"]
    assert day_kind(town, date(2021, 2, 12)) == "rest"  # a public holiday


def test_a_person_stood_in_for_is_recorded_with_who_stands_in(town, duty, clock):
    now = clock.at("2021-03-01 20:00")
    book = roster(town, duty)
    swapped = tuple(
        replace(a, person="0064", planned="0425") if (a.day, a.person) == (MARCH, "0425") else a
        for a in book.assignments
    )
    book = attended(replace(book, assignments=swapped), now)
    (absent,) = absences(book, town, duty, now)
    assert (absent.person, absent.state, absent.by, absent.severity) == ("0425", "substituted", "0064", "i")


def test_somebody_not_yet_there_is_late_first_and_absent_only_later(town, duty, clock):
    book, states = roster(town, duty), []
    for time in ("17:34", "17:40", "18:00"):
        now = clock.at(f"2021-03-01 {time}")
        states.append([a.state for a in absences(attended(book, now, but=("0425",)), town, duty, now)])
    assert states == [[], ["late"], ["absent"]]


def test_a_book_that_does_not_reach_is_an_error_and_not_a_gap(town, duty):
    book = roster(town, duty)
    with pytest.raises(ValueError, match="the book holds"):
        gaps(book, town, duty, book.start - 1, book.end, book.start)


def test_equal_neighbours_over_midnight_are_one_gap(town, duty, clock):
    """The field force is asked for round the clock: a night without a team is not cut at 00:00."""
    book = roster(town, duty, cut=lambda a: a.day == date(2021, 3, 3) and a.post in ("member", "team_leader"))
    book, now = attended(book, clock.at("2021-03-01 00:00")), clock.at("2021-03-01 00:00")
    for start in (clock.at("2021-03-04 00:00"), clock.at("2021-03-03 18:00")):
        found = only(gaps(book, town, duty, start, start + HOUR, now), "FORCE")
        assert {(*text(clock, g), g.kind) for g in found} == {("2021-03-03 17:30", "2021-03-04 07:30", "plan")}


def test_people_on_call_count_only_where_on_call_is_asked_for(town, duty, clock):
    reach = Requirement("REACH", "夜间听班", "On call at night", "town", ("on_call",), 1050, 450, {"workday": 1}, "!",
                        "示例", "A")  # fmt: skip
    town = replace(town, coverage=(*town.coverage, reach))
    night = one(town, duty, MARCH, "ONC-NGT", "z1", "on_call", "0031")
    book = roster(town, duty)
    start = clock.at("2021-03-01 12:00")
    for who, missing in (((night,), ["2021-03-02 17:30"]), ((), ["2021-03-01 17:30", "2021-03-02 17:30"])):
        on_call = replace(book, assignments=(*book.assignments, *who))
        found = only(gaps(on_call, town, duty, start, start + 2 * DAY, start), "REACH")
        assert [text(clock, g)[0] for g in found] == missing
        assert {(g.unit, g.unit_name, g.kind) for g in found} == {("", town.name, "plan")}


def test_a_shift_on_call_puts_nobody_at_his_post(town, duty, clock):
    town = hours(town, **{"DEP-DAY": replace(town.shifts["DEP-DAY"], presence=False)})
    start = clock.at("2021-03-01 00:00")
    found = only(gaps(roster(town, duty), town, duty, start, start + DAY, start), *OFFICERS)
    assert Counter((g.requirement, g.kind) for g in found) == {
        ("OFFICER-SH1", "structure"): 5,
        ("OFFICER-SH2", "structure"): 5,
    }


@settings(max_examples=40)
@given(data=st.data())
def test_R38_every_minute_of_every_requirement_has_named_people_or_a_gap(town, data):
    duty = DutyTime(town, lambda day: True)
    full = roster(town, duty, days=3)
    begin = full.start
    cut = data.draw(st.sets(st.sampled_from(range(len(full.assignments))), max_size=60))
    kept = tuple(a for n, a in enumerate(full.assignments) if n not in cut)
    now = begin + data.draw(st.integers(0, 4 * 24 * 60)) * MINUTE
    minute = st.integers(-40, 900)
    signs = {}
    for a in data.draw(st.lists(st.sampled_from(kept), max_size=12)):
        came = a.start + data.draw(minute) * MINUTE
        left = data.draw(st.none() | minute.map(lambda m, came=came: came + abs(m) * MINUTE))
        if came <= now:
            signs[a.person, a.day, a.shift] = Sign(
                a.person, a.day, a.shift, came, "console", a.person, left if left and left <= now else None
            )
    book = replace(full, assignments=kept, signs=tuple(signs.values()))
    start, end = begin + DAY, begin + 4 * DAY
    lines = proof(book, town, duty, start, end, now)
    found = gaps(book, town, duty, start, end, now)

    stations = sum(r.scope == "station" for r in town.coverage)
    assert len(lines) == stations * len(STATIONS) + len(town.coverage) - stations
    for (code, unit), line in lines.items():
        required = line[0].requirement
        for day, tiles in groupby(line, key=lambda tile: tile.day):
            window = [*tiles]
            assert all(one.end == two.start for one, two in pairwise(window)), (code, unit, day)
            assert all(replace(a, start=0, end=0) != replace(b, start=0, end=0) for a, b in pairwise(window))
        length = (required.end - required.start - 1) % (24 * 60) + 1
        assert sum(tile.end - tile.start for tile in line) == 3 * length * MINUTE, (code, unit)
        short = sum(tile.end - tile.start for tile in line if tile.short)
        told = sum(
            min(g.end, end) - max(g.start, start)
            for g in found
            if g.requirement == code and (g.unit == unit or required.scope == "team")
        )
        assert short == told, (code, unit)
        assert all(len(tile.people) >= tile.need for tile in line if not tile.short)


def test_a_shift_that_the_profile_has_dropped_under_a_published_roster_is_still_worked(town, duty, clock):
    gone = replace(town, shifts={code: s for code, s in town.shifts.items() if code != "CEN-DAY"})
    book, now = roster(town, duty, days=1), clock.at("2021-03-01 12:00")
    assert {a.person for a in there(book, now - 5 * HOUR, now - 5 * HOUR, gone)} == set()
    here = {a.person for a in there(attended(book, now), now, now, gone) if a.shift == "CEN-DAY"}
    assert here == {"0002", "0003", "0008"}
    assert [x for x in gaps(attended(book, now), gone, duty, now, now + 1, now) if x.requirement == "CEN-SEATS"] == []
    missing = absences(book, gone, duty, now)
    assert {x.person for x in missing if x.shift == "CEN-DAY"} == here
    assert {standing(book, a, now, gone) for a in book.assignments if a.shift == "CEN-DAY" and a.day == MARCH} == {
        "absent"
    }
    assert on_call(book, now, gone) == []
