"""A map in another system than it is said to be moves by some hundred metres; known positions give it away."""

import random

import pytest

from tests.geo.conftest import check, grids, outlines
from zjj_console.geo.shapes import Area
from zjj_console.geo.suspicion import Known, suspect
from zjj_console.town.models import Town


def cases(areas: dict[str, Area], count: int = 400) -> list[Known]:
    """Places all over the town, each with its true grid."""
    dice, found = random.Random(5), []
    while len(found) < count:
        at = dice.uniform(120.98, 121.14), dice.uniform(31.02, 31.17)
        grid = next((code for code, area in areas.items() if area.holds(at)), "")
        if grid:
            found.append(Known(at, grid))
    return found


@pytest.mark.parametrize(
    ("true", "said"), [("gcj02", "wgs84"), ("bd09", "wgs84"), ("wgs84", "gcj02"), ("bd09", "gcj02")]
)
def test_a_wrong_system_is_named_with_how_many_places_it_would_explain(town: Town, true: str, said: str) -> None:
    assert town.atlas is not None
    known = cases(town.atlas.grids)
    found = suspect(said, grids(check(town, outlines(town, true), said)), known)
    assert found is not None and not found.error
    assert f"按 {true} 有 400 处" in found.zh and f"it may be {true}" in found.en


@pytest.mark.parametrize("crs", ["wgs84", "gcj02", "bd09", "cgcs2000", "shanghai"])
def test_the_right_system_raises_no_doubt(town: Town, crs: str) -> None:
    assert town.atlas is not None
    assert suspect(crs, grids(check(town, outlines(town, crs), crs)), cases(town.atlas.grids)) is None


def test_a_map_of_somewhere_else_is_doubted_in_every_system(town: Town) -> None:
    areas = grids(check(town, outlines(town)))
    away = [Known((place.at[0] + 0.5, place.at[1]), place.grid) for place in cases(areas, 20)]
    found = suspect("wgs84", areas, away)
    assert found is not None and "只有 0 处" in found.zh and "网格代码" in found.zh


@pytest.mark.parametrize("crs", ["wgs84", "bd09", "shanghai"])
def test_places_that_no_system_can_hold_do_not_disturb(town: Town, crs: str) -> None:
    areas = grids(check(town, outlines(town, crs), crs))
    odd = [Known(at, "g1") for at in ((float("nan"), 31.0), (-58.5, 90.0), (87.6, 43.8))]
    found = suspect(crs, areas, [*odd, Known(areas["g1"].label, "g1"), Known(areas["g2"].label, "g9")])
    assert found is None  # one of the two that may be asked lies inside


def test_without_known_places_nothing_can_be_doubted(town: Town) -> None:
    assert suspect("wgs84", grids(check(town, outlines(town))), []) is None
