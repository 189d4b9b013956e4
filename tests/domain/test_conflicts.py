"""The roster rules C1-C10 (§4.3), one by one and over random rosters, and posts that nobody holds (AC-21a)."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from zjj_console.domain.conflicts import check, check_one, shoulder_key, shoulders, vacancies
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import HOUR, MINUTE
from zjj_console.domain.roster import Assignment, Book, Leave, Stationing, span_of
from zjj_console.town.models import Person, Post

MONDAY = date(2021, 3, 1)
TUESDAY = date(2021, 3, 2)
SHIFT = {"seat": "CEN-DAY", "deputy": "DEP-DAY", "member": "QRT-NGT", "team_leader": "QRT-NGT", "on_call": "ONC-NGT"}


@pytest.fixture
def duty(town):
    return DutyTime(town, lambda day: True)


@pytest.fixture
def on(town, duty):
    """Makes an assignment with the hours of its shift."""

    def make(person, day=TUESDAY, unit="z1", post="resident", shift="", seat=1, **more):
        code = shift or SHIFT.get(post, "STN-DAY")
        start, end = span_of(town, duty, town.shifts[code], day)
        return replace(Assignment(day, code, unit, post, seat, person, start, end), **more)

    return make


@pytest.fixture
def found(town, duty, clock):
    """Findings of a book of some facts as {code: [findings]}; `around` sets its window."""

    def run(*facts, reasons=None, of=None, around=("2021-03-01", "2021-03-08")):
        book = book_of(clock, *facts, around=around)
        codes = {}
        for finding in check(book, of or town, duty, reasons or {}):
            assert finding.zh and finding.en and finding.fix_zh and finding.fix_en
            assert "{" not in finding.zh + finding.en
            codes.setdefault(finding.code, []).append(finding)
        return codes

    return run


def book_of(clock, *facts, around=("2021-03-01", "2021-03-08")):
    kinds = {Assignment: [], Leave: [], Stationing: []}
    for fact in facts:
        kinds[type(fact)].append(fact)
    window = [clock.at(text) for text in around]
    return Book(*window, tuple(kinds[Assignment]), tuple(kinds[Leave]), tuple(kinds[Stationing]))


def stationed(clock, person="2404", station="z4", state="APPROVED", begin="2021-03-02 09:00", end="2021-03-02 16:30"):
    return Stationing("s1", "gbb", station, clock.at(begin), clock.at(end), "case", state, "0034", person)


def leave(clock, person, begin, end):
    return Leave("l1", person, clock.at(begin), clock.at(end), "事假", "0031")


def test_AC27a_a_person_stationed_at_one_station_and_rostered_at_another_is_refused(found, on, clock):
    elsewhere = on("2404", unit="z1", start=clock.at("2021-03-02 10:00"))
    (finding,) = found(elsewhere, stationed(clock))["C1"]
    assert (finding.effect, finding.person, finding.key) == ("refuse", "2404", elsewhere.key)
    assert finding.at == (clock.at("2021-03-02 10:00"), clock.at("2021-03-02 16:30"))
    assert "四站" in finding.zh and "一站" in finding.zh


@pytest.mark.parametrize(("state", "count"), [("APPROVED", 1), ("ARRIVED", 1), ("REQUESTED", 0), ("CANCELLED", 0)])
def test_C1_only_approved_or_arrived_stationing_counts(found, on, clock, state, count):
    assert len(found(on("2404"), stationed(clock, state=state)).get("C1", [])) == count


def test_C1_two_shifts_of_one_person_that_overlap_are_refused_and_touching_ones_are_not(found, on):
    assert len(found(on("2101"), on("2101", unit="z2"))["C1"]) == 1
    touching = found(on("0312", post="seat"), on("0312", unit="y1", post="member"))
    assert "C1" not in touching  # 17:30 is the end of one and the start of the other
    assert touching["C4"][0].effect == "refuse"


def test_C1_a_long_claim_hides_no_later_overlap(found, on, clock):
    week = leave(clock, "2101", "2021-03-01 00:00", "2021-03-06 00:00")
    assert len(found(week, *(on("2101", day=MONDAY + timedelta(days=n)) for n in range(5)))["C1"]) == 5


def test_C1_leave_excludes_duty_and_on_call_but_plain_on_call_excludes_no_duty(found, on, clock):
    night = leave(clock, "2101", "2021-03-02 20:00", "2021-03-02 22:00")
    assert len(found(on("2101", unit="pcs", post="on_call"), night)["C1"]) == 1
    member, call = on("0425", unit="y1", post="member"), on("0425", unit="pcs", post="on_call")
    assert "C1" not in found(member, call)
    assert "C1" not in found(night, leave(clock, "2101", "2021-03-02 21:00", "2021-03-03 00:00"))


def test_C1_on_call_that_requires_presence_counts(found, on, town):
    strict = replace(town, shifts=town.shifts | {"ONC-NGT": replace(town.shifts["ONC-NGT"], presence=True)})
    member, call = on("0425", unit="y1", post="member"), on("0425", unit="pcs", post="on_call")
    assert len(found(member, call, of=strict)["C1"]) == 1


def test_C2_one_person_with_two_posts_of_a_station_is_refused_while_he_holds_both(found, town):
    both = replace(town, posts=(*town.posts, Post("z1", "deputy", "0021", since=date(2021, 3, 3))))
    (finding,) = found(of=both)["C2"]
    assert (finding.effect, finding.person) == ("refuse", "0021")
    assert "C2" not in found(of=both, around=("2021-02-01", "2021-03-03"))


def test_C3_commander_of_two_stations_is_warned_of(found, town, clock):
    both = replace(town, posts=(*town.posts, Post("z2", "commander", "0011", acting=True, until=date(2021, 3, 2))))
    (finding,) = found(of=both)["C3"]
    assert (finding.effect, finding.person) == ("warn", "0011")
    assert finding.at == (clock.at("2021-03-01 00:00"), clock.at("2021-03-03 00:00"))


@pytest.mark.parametrize(("rest", "effect"), [(11 * 60, ""), (11 * 60 - 1, "warn"), (8 * 60, "warn"), (479, "refuse")])
def test_C4_rest_below_11_hours_is_warned_of_and_below_8_refused(found, on, rest, effect):
    one = on("2101", day=MONDAY)
    two = on("2101", start=one.end + rest * MINUTE, end=one.end + (rest + 60) * MINUTE)
    assert [f.effect for f in found(one, two).get("C4", [])] == ([effect] if effect else [])


def test_C4_a_recorded_reason_lets_a_short_rest_pass_as_a_warning(found, on):
    one, two = on("0312", post="seat"), on("0312", unit="y1", post="member")
    assert found(one, two)["C4"][0].needs_reason
    (finding,) = found(one, two, reasons={two.key: "台风"})["C4"]
    assert (finding.effect, finding.needs_reason) == ("warn", False)
    assert found(one, two, reasons={two.key: ""})["C4"][0].effect == "refuse"


def test_C5_more_than_two_nights_in_a_row_are_warned_of_once(found, on):
    nights = [on("0425", unit="y1", post="member", day=MONDAY + timedelta(days=n)) for n in range(5)]
    assert "C5" not in found(*nights[:2], nights[3])
    (finding,) = [f for f in found(*nights[:4])["C5"] if "连续" in f.zh]
    assert (finding.effect, finding.at) == ("warn", (nights[0].start, nights[3].end))
    assert finding.key == nights[2].key


def test_C5_nights_in_a_row_are_counted_across_leap_day_and_year_end(found, on):
    for start in (date(2024, 2, 28), date(2020, 12, 30)):
        nights = [on("0425", unit="y1", post="member", day=start + timedelta(days=n)) for n in range(3)]
        assert any("连续 3 夜" in f.zh for f in found(*nights)["C5"])


def test_C5_more_than_60_hours_in_seven_days_are_warned_of(found, on):
    days = [on("0031", post="deputy", day=MONDAY + timedelta(days=n)) for n in range(7)]
    assert "C5" not in found(*days[:6])
    (finding,) = found(*days)["C5"]
    assert "70 小时" in finding.zh
    later = [on("0031", post="deputy", day=MONDAY + timedelta(days=n)) for n in range(1, 8)]
    assert "C5" not in found(days[0], *later[1:])  # the eighth day is another week


def test_C6_an_officer_is_a_holder_of_the_post_or_acting(found, on):
    assert "C6" not in found(on("0031", post="deputy"))
    (finding,) = found(on("0032", post="deputy"))["C6"]
    assert (finding.effect, finding.needs_reason) == ("warn", True)
    assert "C6" not in found(on("0032", post="deputy", acting=True))


def test_C6_a_team_member_belongs_to_the_team_and_a_recorded_reason_is_kept(found, on):
    stranger = on("0064", unit="y1", post="member")
    assert found(stranger)["C6"][0].needs_reason
    assert not found(stranger, reasons={stranger.key: "顶班"})["C6"][0].needs_reason
    assert "C6" not in found(on("0425", unit="y1", post="member"))


def test_C6_a_resident_is_of_a_resident_department_others_come_by_stationing(found, on):
    assert "C6" not in found(on("2101"))
    assert "C6" in found(on("2404"))


def test_C6_a_post_is_held_only_between_its_dates(found, on, town):
    posts = tuple(replace(p, until=date(2021, 3, 1)) if p.work_no == "0031" else p for p in town.posts)
    past = replace(town, posts=posts)
    assert "C6" not in found(on("0031", post="deputy", day=MONDAY), of=past)
    assert "C6" in found(on("0031", post="deputy", day=TUESDAY), of=past)


def test_C7_an_untrained_person_at_the_desk_is_refused(found, on):
    for post in ("seat", "shift_lead"):
        assert found(on("2101", unit="cyzx", post=post, shift="CEN-DAY"))["C7"][0].effect == "refuse"
    assert "C7" not in found(on("0002", unit="cyzx", post="seat"))
    assert "C7" in found(on("9999", unit="cyzx", post="seat"))  # unknown to the town


def test_C8_a_team_night_without_leader_or_with_one_force_only_is_warned_of(found, on):
    leader, police, town_force = (
        on("0051", unit="y1", post="team_leader"),
        on("0425", unit="y1", post="member"),
        on("0431", unit="y1", post="member", seat=2),
    )
    assert "C8" not in found(leader, police, town_force)
    assert "应急队长" in found(police, town_force)["C8"][0].zh
    (finding,) = found(leader, police)["C8"]
    assert "城市运行" in finding.zh and finding.effect == "warn"


def test_C9_an_inspector_does_not_work_at_his_own_station(found, on, town):
    local = town.people | {"0900": Person("0900", "示例", "z1", ("inspector", "patrol"), "X")}
    of = replace(town, people=local)
    assert found(on("0900", post="patrol"), of=of)["C9"][0].effect == "refuse"
    assert "C9" not in found(on("0900", unit="z2", post="patrol"), of=of)


def test_C10_the_shoulder_hours_are_computed_from_the_shifts(town, example_town):
    assert shoulders(town) == [(7 * 60 + 30, 8 * 60 + 30), (16 * 60 + 30, 17 * 60 + 30)]
    assert shoulders(example_town) == []  # its two field shifts meet
    longer = replace(town, hours=town.hours | {"station": replace(town.hours["station"], start=450)})
    assert shoulders(longer) == [(16 * 60 + 30, 17 * 60 + 30)]
    assert shoulders(replace(town, shifts={})) == []


def test_C10_a_shoulder_hour_without_deputy_and_centre_person_is_refused_without_reason(found, on):
    one = on("0031", post="deputy")
    got = found(one)["C10"]
    assert {f.effect for f in got} == {"refuse"}
    assert [f.key for f in got if f.key[2] == "z1"] == []
    assert len(got) == 4 * 2  # four stations, two hours
    reason = {shoulder_key(TUESDAY, "z2", 450): "示例"}
    effects = {f.key: f.effect for f in found(one, reasons=reason)["C10"]}
    assert effects[shoulder_key(TUESDAY, "z2", 450)] == "warn"
    assert effects[shoulder_key(TUESDAY, "z2", 990)] == "refuse"
    assert "C10" not in found(on("0002", unit="cyzx", post="seat"))  # a centre person is enough for all


def test_C10_names_the_uncovered_part_of_an_hour_and_no_date_without_a_plan(found, on, clock):
    late = on("0002", unit="cyzx", post="seat", start=clock.at("2021-03-02 08:00"))
    got = found(late)["C10"]
    assert {f.at for f in got} == {(clock.at("2021-03-02 07:30"), clock.at("2021-03-02 08:00"))}
    assert "C10" not in found()


def test_check_one_replaces_the_same_key_and_looks_at_one_person_only(town, duty, on, clock):
    seat, other = on("0002", unit="cyzx", post="seat"), on("2101")
    double = on("2101", unit="z2")
    book = book_of(clock, seat, other, double)
    swap = replace(seat, person="0003", planned="0002")
    assert check_one(book, swap, town, duty) == []
    assert check_one(book, seat, town, duty) == []  # itself is no overlap
    assert [f.code for f in check_one(book, on("2101", unit="z3"), town, duty)] == ["C1", "C1"]
    assert [f.code for f in check_one(book, replace(seat, person="2101"), town, duty)] == ["C1", "C1", "C6", "C7"]


def test_check_one_says_what_the_whole_check_would_say_of_it(town, duty, on, clock):
    nights = [on("0425", unit="y1", post="member", day=MONDAY + timedelta(days=n)) for n in (0, 1, 3, 5)]
    third = on("0425", unit="y1", post="member", day=MONDAY + timedelta(days=2))
    book = book_of(clock, *nights)
    got = check_one(book, third, town, duty)
    assert {f.code for f in got} == {"C4", "C5"}
    assert all(f.person == "0425" for f in got)
    assert check_one(book, replace(third, person="0431"), town, duty) == []


def test_AC21a_a_station_whose_deputy_post_is_empty_is_named_with_post_and_dates(town):
    posts = tuple(replace(p, until=date(2021, 3, 9)) if (p.unit, p.role) == ("z5", "deputy") else p for p in town.posts)
    gone = replace(town, posts=posts)
    (vacancy,) = vacancies(gone, MONDAY, 31)
    assert (vacancy.unit, vacancy.post, len(vacancy.days)) == ("z5", "deputy", 22)
    assert vacancy.zh == "五站 副站长空缺 03-10..03-31"
    acting = replace(gone, posts=(*posts, Post("z5", "deputy", "0025", acting=True, since=date(2021, 3, 10))))
    assert vacancies(acting, MONDAY, 31) == []
    assert vacancies(town, MONDAY, 31) == []


def test_AC21a_only_the_posts_that_the_town_wants_can_be_vacant(example_town):
    assert vacancies(example_town, MONDAY, 5) == []
    none = replace(example_town, posts=())
    assert {(v.unit, v.post) for v in vacancies(none, MONDAY, 2)} == {(f"z{n}", "chief") for n in (1, 2, 3)}


WHO = ("2101", "2102", "0425", "0002")
hours = st.integers(0, 24 * 9)
facts = st.lists(st.tuples(st.sampled_from("aals"), st.sampled_from(WHO), hours, st.integers(1, 30)), max_size=14)
swaps = st.lists(st.tuples(st.integers(0, 13), st.sampled_from(WHO)), max_size=5)


@settings(max_examples=120)
@given(facts, swaps)
def test_C1_once_all_refusals_are_taken_out_nobody_is_twice_at_one_instant(town, facts, swaps):
    duty = DutyTime(town, lambda day: True)
    zero = duty.window(MONDAY, town.hours["always"])[0]
    shifts, leaves, stations = [], [], []
    for n, (kind, who, begin, long) in enumerate(facts):
        start, end = zero + begin * HOUR, zero + (begin + long) * HOUR
        if kind == "a":
            shifts.append(Assignment(MONDAY, "STN-DAY", "z1", "resident", n, who, start, end))
        elif kind == "l":
            leaves.append(Leave(str(n), who, start, end, "事假", "0001"))
        elif not any(s.person == who for s in stations) and not any(x.person == who for x in leaves):
            stations.append(Stationing(str(n), "gbb", "z4", start, end, "case", "APPROVED", "0001", who))
    for at, who in swaps:
        if at < len(shifts):
            shifts[at] = replace(shifts[at], person=who, planned=shifts[at].person)
    book = Book(zero, zero + 240 * HOUR, tuple(shifts), tuple(leaves), tuple(stations))
    refused = {f.key for f in check(book, town, duty) if f.code == "C1"}
    while refused - {None}:
        book = replace(book, assignments=tuple(a for a in book.assignments if a.key not in refused))
        refused = {f.key for f in check(book, town, duty) if f.code == "C1"}
    left = [(a.person, a.start, a.end) for a in book.assignments]
    claims = [*left, *((s.person, s.start, s.end) for s in stations)]
    for n, (who, start, end) in enumerate(left):
        for other, begin, finish in [*claims[n + 1 :], *((x.person, x.start, x.end) for x in leaves)]:
            assert who != other or end <= begin or finish <= start


@settings(max_examples=60)
@given(facts)
def test_C1_check_one_refuses_just_what_makes_somebody_be_in_two_places(town, facts):
    duty = DutyTime(town, lambda day: True)
    zero = duty.window(MONDAY, town.hours["always"])[0]
    book = Book(zero, zero + 240 * HOUR)
    for n, (_, who, begin, long) in enumerate(facts):
        one = Assignment(MONDAY, "STN-DAY", "z1", "resident", n, who, zero + begin * HOUR, zero + (begin + long) * HOUR)
        clash = any(a.person == who and a.start < one.end and one.start < a.end for a in book.assignments)
        assert clash == any(f.code == "C1" for f in check_one(book, one, town, duty))
        if not clash:
            book = replace(book, assignments=(*book.assignments, one))
    assert not any(f.code == "C1" for f in check(book, town, duty))


def test_the_rules_read_a_roster_whose_shift_the_profile_has_dropped(found, on, town):
    gone = replace(town, shifts={code: s for code, s in town.shifts.items() if code not in ("STN-DAY", "QRT-NGT")})
    one, night = on("2404"), on("0425", unit="y1", post="member")
    assert "C1" in found(one, replace(one, unit="z2"), of=gone)
    assert "C8" in found(night, of=gone)
