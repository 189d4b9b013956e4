"""R37: where the same trouble comes again. Gathering by place or committee, order, weeks, proposals."""

import random
from datetime import UTC, datetime
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from zjj_console.domain.hotspot import Record, hotspots
from zjj_console.domain.model import DAY
from zjj_console.geo.shapes import METRES_PER_DEGREE, metres
from zjj_console.town.hotspot import HotspotRules

UNTIL = round(datetime(2021, 3, 1, tzinfo=UTC).timestamp() * 1e6)
SINCE = UNTIL - 90 * DAY
RULES = HotspotRules()
STEP = 1_000_000 / METRES_PER_DEGREE  # millionths of a degree of latitude in a metre
LON, LAT = 121_050_000, 31_110_000
_numbers = count(1001)


def case(north=None, *, east=0.0, days=10.0, closed=True, category="kmjy", committee="bdj", grid="g2", place="北大街"):
    """A record `north` and `east` metres from the middle, so many days before the end; None has no position."""
    n = next(_numbers)
    at = UNTIL - round(days * DAY)
    lon, lat = (None, None) if north is None else (LON + round(east * STEP), LAT + round(north * STEP))
    return Record(f"id{n}", str(n), category, committee, grid, place, lon, lat, at, closed)


def found(rows, rules=RULES):
    return hotspots(rows, rules, SINCE, UNTIL)


def test_AC_37a_eleven_cases_in_a_street_are_the_first_hot_spot_with_its_proposal():
    street = [case(days=8 * i + 0.5) for i in range(11)]
    others = [case(days=3 * i + 1, committee="dj", place="东井街", category="zddj") for i in range(5)]
    first, second = found([*others, *street])
    assert (first.rank, first.category, first.committee, first.grid) == (1, "kmjy", "bdj", "g2")
    assert (first.closed, first.open, first.lon, first.lat) == (11, 0, None, None)
    assert "list_or_campaign" in first.proposals
    assert (second.rank, second.closed) == (2, 5)


def test_R37_fewer_closed_cases_than_the_least_are_no_hot_spot():
    assert found([case(), case()]) == []
    assert found([case(0), case(50)]) == []


def test_R37_open_cases_do_not_make_a_hot_spot_but_are_counted_beside():
    assert found([case(0), case(0), case(0, closed=False)]) == []
    (spot,) = found([case(0), case(0), case(0), case(0, closed=False)])
    assert (spot.closed, spot.open, spot.total, len(spot.cases)) == (3, 1, 4, 4)


def test_R37_what_was_reported_outside_the_window_does_not_count():
    rows = [case(days=90), case(days=5), case(days=6)]
    assert len(found(rows)) == 1  # the first instant of the window is in it
    assert found([case(days=90.001), *rows[1:]]) == []
    assert found([case(days=0), *rows[1:]]) == []  # the end is not


def test_R37_another_category_is_another_trouble():
    assert found([case(0), case(0), case(0, category="zddj")]) == []


def test_R37_the_radius_counts_in_metres_on_both_axes():
    for far, hot in ((99.5, True), (100.5, False)):
        assert bool(found([case(0), case(0), case(far)])) is hot
        wide = far / 0.8562  # a degree of longitude is shorter here by the cosine of the latitude
        assert bool(found([case(0), case(0), case(0, east=wide)])) is hot
    assert found([case(0), case(0), case(150)], HotspotRules(radius=200))


def test_R37_a_street_of_shops_is_no_chain():
    spots = found([case(80 * i) for i in range(9)])
    assert [spot.closed for spot in spots] == [3, 3, 3]


def test_R37_the_densest_place_takes_first():
    rows = [case(0), case(0), case(90), case(90), case(90), case(180)]
    (spot,) = found(rows)
    assert spot.closed == 6
    spots = found([*rows, case(-60), case(-60), case(-60)])
    assert [spot.closed for spot in spots] == [8]  # 180 m north is too far from the middle one now, and alone


def test_R37_what_has_been_taken_makes_no_other_place_dense():
    street = {0: 1, 90: 5, 180: 2, 260: 1, 340: 2, 430: 1}  # metres north: closed cases
    spots = found([case(north) for north, cases in street.items() for _ in range(cases)])
    assert [spot.closed for spot in spots] == [8, 4]  # not 260 m, whose neighbours are gone, but 340 m takes next


def test_R37_cases_without_a_position_go_by_committee_and_those_without_either_nowhere():
    assert found([case(), case(), case(committee="dj")]) == []
    assert found([case(committee=""), case(committee=""), case(committee="")]) == []
    assert found([case(0, committee=""), case(0, committee=""), case(0, committee="")])
    assert found([case(0), case(), case()]) == []  # a measured place is not mixed with a named one


def test_the_middle_and_the_most_frequent_committee_describe_it():
    (spot,) = found([case(0), case(30, committee="dj", grid="g1"), case(60)])
    assert (spot.committee, spot.grid, spot.lon) == ("bdj", "g2", LON)
    assert abs(spot.lat - (LAT + 30 * STEP)) <= 1


def test_weeks_are_counted_back_from_the_end():
    (spot,) = found([case(days=d) for d in (0.1, 6.9, 7.1, 89.9)])
    assert len(spot.weeks) == 13
    assert (spot.weeks[-1], spot.weeks[-2], spot.weeks[0]) == (2, 1, 1)
    assert sum(spot.weeks) == spot.total
    month = hotspots([case(days=1), case(days=2), case(days=29.9)], RULES, UNTIL - 30 * DAY, UNTIL)
    assert month[0].weeks == (1, 0, 0, 0, 2)


def test_cases_are_named_newest_first():
    rows = [case(days=9), case(days=1), case(days=5)]
    (spot,) = found(rows)
    assert spot.handles == (rows[1].handle, rows[2].handle, rows[0].handle)
    assert spot.last_at == rows[1].at


def test_R37_more_open_than_closed_asks_for_a_consultation():
    three = [case(days=80) for _ in range(3)]
    assert found(three)[0].proposals == ("list_or_campaign",)
    even = [*three, *(case(days=70, closed=False) for _ in range(3))]
    assert found(even)[0].proposals == ("list_or_campaign",)
    assert found([*even, case(days=70, closed=False)])[0].proposals == ("list_or_campaign", "consult")


def test_R37_a_last_third_above_both_before_asks_for_a_consultation():
    calm = [case(days=d) for d in (80, 79, 50, 49, 20, 19)]
    assert found(calm)[0].proposals == ("list_or_campaign",)
    assert found([*calm, case(days=3)])[0].proposals == ("list_or_campaign", "consult")


def test_R37_nothing_grows_where_the_first_third_is_not_known():
    new = [case(days=d) for d in (3, 4, 5)]
    assert found(new)[0].proposals == ("list_or_campaign",)
    older = case(days=85, category="zddj", committee="dj")  # somebody wrote down cases then
    assert found([*new, older])[0].proposals == ("list_or_campaign", "consult")


def test_of_equal_hot_spots_the_latest_comes_first():
    early = [case(days=d) for d in (30, 31, 32)]
    late = [case(days=d, committee="dj") for d in (40, 41, 2)]
    assert [spot.committee for spot in found([*early, *late])] == ["dj", "bdj"]


PLACES = st.one_of(
    st.tuples(st.none(), st.none()),
    st.tuples(st.integers(LON, LON + 4000), st.integers(LAT, LAT + 4000)),
    st.sampled_from([(LON, LAT), (LON + 500, LAT), (LON + 1000, LAT)]),
)
RECORDS = st.lists(
    st.builds(
        lambda place, kind, committee, days, closed: (place, kind, committee, days, closed),
        PLACES, st.sampled_from("ab"), st.sampled_from(["x", "y", ""]), st.integers(0, 100), st.booleans(),
    ),
    max_size=40,
)  # fmt: skip


def made(rows):
    return [
        Record(f"{i:03}", str(i), kind, committee, "g1", committee, place[0], place[1], UNTIL - days * DAY, closed)
        for i, (place, kind, committee, days, closed) in enumerate(rows)
    ]


@settings(max_examples=150, deadline=None)
@given(RECORDS, st.randoms(use_true_random=False))
def test_R37_the_order_of_the_records_changes_nothing(rows, chance: random.Random):
    records = made(rows)
    mixed = records[:]
    chance.shuffle(mixed)
    assert found(mixed) == found(records)


@settings(max_examples=150, deadline=None)
@given(RECORDS)
def test_R37_every_hot_spot_lies_within_the_radius_of_one_of_its_places_and_none_is_left_out(rows):
    records = made(rows)
    by_id = {one.id: one for one in records}
    spots = found(records)
    used = [i for spot in spots for i in spot.cases]
    assert len(used) == len(set(used))
    for spot in spots:
        members = [by_id[i] for i in spot.cases]
        assert {one.category for one in members} == {spot.category}
        assert sum(one.closed for one in members) == spot.closed >= RULES.least
        if spot.lon is not None:
            assert any(all(apart(a, b) <= RULES.radius + 0.01 for b in members) for a in members)
    rest = [one for one in records if one.id not in used and SINCE <= one.at < UNTIL and one.lon is not None]
    for one in rest:
        near = [b for b in rest if b.category == one.category and apart(one, b) <= RULES.radius - 0.01]
        assert sum(b.closed for b in near) < RULES.least


def apart(a, b):
    return metres((a.lon / 1e6, a.lat / 1e6), (b.lon / 1e6, b.lat / 1e6))
