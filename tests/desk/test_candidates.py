"""Whom to send (§2.8): the order of the groups stands; inside a group the nearest comes first, with what tells it."""

from typing import Any

import pytest
from msgspec.structs import replace

from zjj_console.desk import candidate_words, queries
from zjj_console.desk.candidates import candidates
from zjj_console.desk.desk import Desk
from zjj_console.desk.seats import Seat, seats
from zjj_console.storage import projections
from zjj_console.storage.db import connect, writing
from zjj_console.town.placing import Placed, apart, placed


def said(desk: Desk, handle: str, lang: str = "zh") -> dict[str, str]:
    """Reason of each candidate by unit, in their order."""
    case = desk.case(handle)
    assert case is not None
    n = int(lang == "en")
    return {c.unit: candidate_words.reason(c, desk.duty)[n] for c in desk.candidates(case.id)}


def move(desk: Desk, handle: str, lon: float, lat: float) -> None:
    """What an import with a position leaves there."""
    case = desk.case(handle)
    assert case is not None
    db = connect(desk.path)
    with writing(db):
        projections.write(db, case, replace(case, lon=round(lon * 1e6), lat=round(lat * 1e6)), desk.duty)
    db.close()


@pytest.fixture
def night(do: Any, desk: Desk) -> Desk:
    """1001 by the lake with nobody, team 2 on the scene of 1002 not far away, team 1 on its way to 1003."""
    for line in ("xj dhj zy 2 dh", "xj ddh zy 2 dh y2", "qs 1002", "dd 1002", "xj zmc zy 2 dh y1", "qs 1003"):
        do(line)
    return desk


def test_2_8_at_night_the_nearer_of_two_busy_teams_comes_first_and_says_where_it_is(night: Desk) -> None:
    found = said(night, "1001")
    assert list(found)[:2] == ["y2", "y1"]
    assert found["y2"] == "在办1 夜间当值 约1.9km(示意，1002现场)"
    assert found["y1"] == "在办1 夜间当值 约7.9km(示意，赴1003)"
    assert (
        said(night, "1001", "en")["y2"] == "1 in hand, on duty tonight, about 1.9 km (schematic, on the scene of 1002)"
    )


def test_2_8_a_free_team_comes_before_a_busy_one_however_near(do: Any, desk: Desk) -> None:
    for line in ("xj dhj zy 2 dh", "xj ddh zy 2 dh y1", "qs 1002", "dd 1002"):
        do(line)
    assert said(desk, "1001")["y2"] == "空闲 夜间当值"  # nothing tells where it is
    assert list(said(desk, "1001"))[:2] == ["y2", "y1"]


def test_2_8_an_order_that_nobody_acknowledged_moves_no_unit(do: Any, desk: Desk) -> None:
    for line in ("xj dhj zy 2 dh", "xj ddh zy 2 dh y1"):
        do(line)
    assert said(desk, "1001")["y1"] == "在办1 夜间当值"


def test_2_8_who_submitted_less_than_two_hours_ago_is_taken_to_be_there(do: Any, desk: Desk, clock: Any) -> None:
    for line in ("xj dhj zy 2 dh", "xj ddh zy 2 dh y1", "qs 1002", "dd 1002", "tj 1002 1 已处置"):
        do(line)
    assert said(desk, "1001")["y1"].endswith("约1.9km(示意，1002至23:24)")
    clock.later(hours=2)
    assert "km" not in said(desk, "1001")["y1"]


def test_2_8_who_is_on_a_scene_is_there_whatever_he_was_given_since(do: Any, desk: Desk, clock: Any) -> None:
    for line in ("xj dhj zy 2 dh", "xj ddh zy 2 dh y1", "qs 1002", "dd 1002"):
        do(line)
    clock.later(minutes=5)
    for line in ("xj dhj zy 2 dh y1", "qs 1003"):
        do(line)
    assert "1002现场" in said(desk, "1001")["y1"]


def test_2_8_measured_positions_are_told_without_about(night: Desk) -> None:
    move(night, "1001", 121.0833, 31.1092)
    move(night, "1002", 121.0834, 31.1182)
    assert said(night, "1001")["y2"] == "在办1 夜间当值 距1.0km(1002现场)"


def test_2_8_by_day_the_groups_keep_their_order_and_the_station_says_where_it_is(
    do: Any, desk: Desk, clock: Any
) -> None:
    clock.set("2021-03-02 10:00")
    do("xj dhj kmjy 3 dh")
    found = said(desk, "1001")
    assert list(found)[:4] == ["cg", "pcs", "sc", "z1"]
    assert found["z1"] == "空闲 属地站 约3.3km(示意，站)"
    clock.set("2021-03-02 20:00")
    assert said(desk, "1001")["z1"] == "空闲 听班(电话)"  # at night nobody is there


def test_2_8_a_town_without_a_map_tells_no_distance_and_keeps_its_order(night: Desk) -> None:
    facts = replace(night.facts(), town=replace(night.town, atlas=None))
    case = night.case("1001")
    assert case is not None
    assert seats(night.reader, facts) == {}
    found = candidates(case, facts, queries.load_by_unit(night.reader), {})
    assert [c.unit for c in found][:2] == ["y1", "y2"]
    assert all(c.apart is None for c in found)


def test_2_8_the_english_picker_shows_no_chinese_reason(night: Desk) -> None:
    night.lang = "en"
    preview = night.preview("pd 1001")
    assert preview.choices[0].label.startswith("Response team 2 ")
    assert "on the scene of 1002" in preview.choices[0].label
    assert all(zh not in preview.text for zh in ("夜间", "现场", "应急"))


def test_every_reason_is_there_in_both_languages() -> None:
    assert all(zh and en.isascii() for zh, en in candidate_words.WHY.values())


@pytest.mark.parametrize(
    ("n", "zh", "en"),
    [(4, "10米内", "within 10 m"), (84, "80米", "80 m"), (999, "1.0km", "1.0 km"), (1234, "1.2km", "1.2 km")],
)
def test_metres_are_told_no_finer_than_anybody_reads_them(n: int, zh: str, en: str) -> None:
    assert candidate_words.metres(n) == (zh, en)


def test_R01_a_position_in_another_grid_of_a_schematic_gives_way_to_the_committee(town: Any) -> None:
    own = placed(town, "310118102003", "g1", 121_083_300, 31_109_200)
    far = placed(town, "310118102003", "g1", 121_098_909, 31_039_163)  # lies in grid 6 of the schematic
    assert own is not None and far is not None
    assert (own.exact, own.schematic) == (True, False)
    assert (far.exact, far.schematic) == (False, True)
    assert apart(own, None) is None
    assert placed(town, "", "", None, None) is None


def test_a_seat_is_of_the_person_where_a_unit_is_at_several_places(do: Any, desk: Desk, clock: Any) -> None:
    clock.set("2021-03-02 10:00")
    for line in ("xj dhj kmjy 3 dh cg", "qs 1001", "dd 1001"):
        do(line)
    case = desk.case("1001")
    assert case is not None
    found = seats(desk.reader, desk.facts())
    assert found["cg", case.lead_person].kind == "scene"
    assert ("cg", "") not in found
    assert isinstance(found["z1", ""], Seat) and isinstance(found["z1", ""].place, Placed)


def test_who_is_out_at_an_unknown_place_is_not_taken_to_be_at_his_station(do: Any, desk: Desk, clock: Any) -> None:
    clock.set("2021-03-02 10:00")
    assert seats(desk.reader, desk.facts())["z1", ""].kind == "station"
    for line in ("xj dhj kmjy 3 dh z1", "qs 1001", "dd 1001"):
        do(line)
    case = desk.case("1001")
    assert case is not None
    db = connect(desk.path)
    with writing(db):
        projections.write(db, case, replace(case, committee="", grid=""), desk.duty)
    db.close()
    found = seats(desk.reader, desk.facts())
    assert ("z1", "") not in found and ("z1", case.lead_person) not in found
