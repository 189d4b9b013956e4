"""What is near a case: maybe the same matter, the history of the place, committees around a position."""

from typing import Any

import pytest
from msgspec.structs import replace

from zjj_console.desk import near, near_words
from zjj_console.desk.desk import Desk
from zjj_console.storage import projections
from zjj_console.storage.db import connect, writing
from zjj_console.town.near import check

EAST_LAKE = (121.083324, 31.109211)  # of the schematic


def place(desk: Desk, handle: str, lon: float, lat: float, **more: Any) -> None:
    """What an import with a position leaves there."""
    case = desk.case(handle)
    assert case is not None
    db = connect(desk.path)
    with writing(db):
        projections.write(db, case, replace(case, lon=round(lon * 1e6), lat=round(lat * 1e6), **more), desk.duty)
    db.close()


def twins(desk: Desk, handle: str) -> list[tuple[str, int | None]]:
    case = desk.case(handle)
    assert case is not None
    return [(one.row.handle, one.metres) for one in desk.twins(case)]


def past(desk: Desk, handle: str, **more: Any) -> near.History:
    case = desk.case(handle)
    assert case is not None
    return near.history(desk.reader, case, desk.facts(), **more)


# maybe the same ---------------------------------------------------------------------------------------------------------


def test_R71_the_preview_of_a_new_case_names_what_may_be_the_same_and_stays_ready(
    do: Any, desk: Desk, clock: Any
) -> None:
    do("xj dhj tx 1 dh y1 桥头塌了一块，电话 0000-0001234")
    clock.later(minutes=12)
    preview = desk.preview("xj dhj tx")
    assert preview.ok and not preview.confirm
    assert preview.text.startswith("新建 1002 东湖街")
    assert preview.hint == "疑似重复: 1001 路面塌陷 东湖街 同村居 12分前 待签收 应急一队 桥头塌了一块，电话 0*"
    assert desk.preview("xj dhj zd").hint == ""  # another matter
    assert desk.preview("xj zmc tx").hint == ""  # another place
    assert desk.preview("sl 1001").hint == ""  # no new case


def test_R71_the_hint_speaks_english_too_and_counts_the_rest(do: Any, desk: Desk) -> None:
    for _ in range(3):
        do("xj dhj tx 1 dh")
    desk.lang = "en"
    assert desk.preview("xj dhj tx").hint == (
        "maybe the same: 1003 Road collapse 东湖街 same committee 0 min ago reported nobody sent, 2 more"
    )


def test_R71_the_outcome_of_a_new_case_names_the_first_and_the_preview_sentence_stays(do: Any, desk: Desk) -> None:
    assert "疑似重复" not in do("xj dhj tx 1 dh").text
    done = do("xj dhj tx 1 dh")
    assert done.text.endswith("；疑似重复 1001")
    assert "疑似重复" not in done.preview


def test_R71_merged_and_voided_cases_are_never_offered(do: Any, desk: Desk, desk_as: Any) -> None:
    for line in ("xj dhj tx 1 dh", "xj dhj tx 1 dh", "xj dhj tx 1 dh"):
        do(line)
    do("cf 1002 1001", confirmed=True)
    do("zf 1003 2")
    do("zf 1003 y", by=desk_as("0005"))
    assert desk.twins(near.unborn(desk.facts(), "310118102003", "tx"))[0].row.handle == "1001"
    assert twins(desk, "1001") == []
    assert twins(desk, "1002") == []  # and of a merged one nothing is asked


def test_R71_a_case_closed_today_is_still_offered_and_one_of_last_week_is_not(do: Any, desk: Desk, clock: Any) -> None:
    do("xj dhj zd 3 xc")
    do("zc 1001 1")
    clock.later(hours=20)
    assert [t.row.handle for t in desk.twins(near.unborn(desk.facts(), "310118102003", "zd"))] == ["1001"]
    clock.later(hours=5)
    assert desk.twins(near.unborn(desk.facts(), "310118102003", "zd")) == []


def test_R37_positions_decide_across_committees_and_tell_metres(do: Any, desk: Desk) -> None:
    for line in ("xj dhj tx 1 dh", "xj ddh tx 1 dh", "xj dhj tx 1 dh"):
        do(line)
    place(desk, "1001", *EAST_LAKE)
    place(desk, "1002", EAST_LAKE[0], EAST_LAKE[1] + 0.0009)
    place(desk, "1003", EAST_LAKE[0], EAST_LAKE[1] + 0.009)
    assert twins(desk, "1001") == [("1002", 100)]
    assert twins(desk, "1003") == []


def test_a_case_that_was_named_as_related_is_not_told_again(do: Any, desk: Desk) -> None:
    do("xj dhj tx 1 dh")
    assert desk.preview("xj dhj tx 1 rel=1001").hint == ""


def test_how_long_ago_is_told_in_the_unit_that_one_says(desk: Desk) -> None:
    minute = 60_000_000
    assert near_words.ago(12 * minute) == ("12分前", "12 min ago")
    assert near_words.ago(130 * minute) == ("2小时前", "2 h ago")
    assert near_words.ago(3 * 1440 * minute) == ("3天前", "3 d ago")


# the place before -------------------------------------------------------------------------------------------------------


def test_R37_the_history_of_a_place_is_what_was_closed_there_newest_first(do: Any, desk: Desk, clock: Any) -> None:
    for line in (
        "xj dhj zd 3 xc",
        "zc 1001 1",
        "xj zmc zd 3 xc",
        "zc 1002 1",
        "xj dhj ldbl 3 xc",
        "zc 1003 1",
        "xj dhj zd 3 xc",
    ):
        do(line)
        clock.later(minutes=1)
    found = past(desk, "1004")
    assert [one.row.handle for one in found.rows] == ["1003", "1001"]
    assert found.counts == {"ldbl": 1, "zd": 1}
    assert near_words.counted(found, desk.facts())[0].startswith("近90天 2件: ")
    assert near_words.past(found.rows[1], desk.facts())[0].startswith("23:24 1001 占道经营")
    clock.later(days=91)
    assert past(desk, "1004").rows == []
    assert len(past(desk, "1004", days=120).rows) == 2


def test_R37_where_both_have_a_position_the_radius_decides(do: Any, desk: Desk) -> None:
    for line in ("xj dhj zd 3 xc", "zc 1001 1", "xj dhj zd 3 xc", "zc 1002 1", "xj dhj zd 3 xc"):
        do(line)
    place(desk, "1001", EAST_LAKE[0], EAST_LAKE[1] + 0.0005)
    place(desk, "1003", *EAST_LAKE)
    place(desk, "1002", EAST_LAKE[0], EAST_LAKE[1] + 0.005)
    assert [(one.row.handle, one.metres) for one in past(desk, "1003").rows] == [("1001", 56)]
    assert {one.row.handle for one in past(desk, "1003", radius=1000).rows} == {"1001", "1002"}


# place of a case that has only a position ---------------------------------------------------------------------------------


def test_R01_dz_offers_the_three_nearest_committees_of_a_position_and_says_that_they_are_sketched(
    do: Any, desk: Desk
) -> None:
    do("xj - zy 2 dh")
    assert desk.preview("dz 1001").choices == ()
    place(desk, "1001", EAST_LAKE[0], EAST_LAKE[1] + 0.0009)
    preview = desk.preview("dz 1001")
    assert [c.digit for c in preview.choices] == ["1", "2", "3"]
    assert preview.choices[0].label == "东湖街 约100米(示意)"
    assert preview.fill == ""  # on a sketch nobody's place is taken by Enter alone
    done = desk.run_line(preview.choices[0].insert)
    assert done.ok and done.case is not None
    assert (done.case.committee, done.case.grid, done.case.station) == ("310118102003", "g1", "z1")
    selected = desk.preview("dz", done.case.id)
    assert "附近" not in selected.text  # it has a place now


# profile ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", [{"radius": 0}, {"group_radius": {"没有的组": 9}}, {"group_radius": {"突发事件": 0}}]
)
def test_P_151_radii_are_positive_and_groups_exist(town: Any, change: Any) -> None:
    groups = {category.group for category in town.categories.values()}
    assert not list(check(town.similar, groups))
    assert [found.code for found in check(replace(town.similar, **change), groups)] == ["P-151"]
