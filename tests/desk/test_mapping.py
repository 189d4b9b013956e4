"""What the map is made of: layers, who is where."""

from typing import Any

import pytest

from zjj_console.desk import mapping
from zjj_console.desk.desk import Desk
from zjj_console.desk.seats import Seat
from zjj_console.domain.model import DAY, HOUR
from zjj_console.reports.map_sheet import URGENT
from zjj_console.town.models import Town
from zjj_console.town.placing import Placed
from zjj_console.widgets.columns import unit_sign


def test_a_unit_that_has_left_the_profile_still_stands_on_the_map_after_the_others(town: Town) -> None:
    assert town.atlas is not None
    at = Placed(town.atlas.grids["g1"].label, exact=True, schematic=False)
    known = next(iter(town.units))
    found = mapping.forces({("gone", ""): Seat("scene", at, "1"), (known, ""): Seat("scene", at, "2")}, town)
    assert [(one.unit, one.grid) for one in found] == [(known, "g1"), ("gone", "g1")]
    assert unit_sign(town, "gone") == "GONE"


@pytest.fixture
def born(desk: Desk, do: Any) -> int:
    """When the one case of the town came, in G1."""
    do("xj dhj zd 3 dh")
    case = desk.case("1001")
    assert case is not None
    return case.reported_at


def test_the_heat_counts_what_came_at_this_very_moment_and_nothing_older_than_its_days(desk: Desk, born: int) -> None:
    for at, count in ((born - 1, 0), (born, 1), (born + 30 * DAY - 1, 1), (born + 30 * DAY, 0)):
        assert mapping.past(desk.reader, desk.town, "heat", "30", at).values.get("g1", 0) == count


def test_what_came_within_the_hour_is_fresh(desk: Desk, born: int) -> None:
    for at, count in ((born, 1), (born + HOUR, 1), (born + HOUR + 1, 0)):
        assert mapping.standings(mapping.read(desk.reader, at), desk.town)["g1"].fresh == count


def test_the_hours_count_from_the_instant_and_not_from_the_hour_that_holds_it(desk: Desk, born: int) -> None:
    scene = mapping.read(desk.reader, born)
    for since, counts in ((born, [1]), (born + 1, [0]), (born - 2 * HOUR, [0, 0, 1])):
        assert mapping.hours(desk.reader, scene, since, desk.town)["g1"] == counts


def test_a_mark_is_as_urgent_as_the_worst_case_under_it(desk: Desk, do: Any) -> None:
    for line in ("xj dhj zy 1 110", "xj dhj zd 3 dh"):
        do(line)
    (dot,) = mapping.picture("open", "", mapping.read(desk.reader, desk.now()), desk.town).dots
    assert (dot.count, dot.grade) == (2, URGENT)
