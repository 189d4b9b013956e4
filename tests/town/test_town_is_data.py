"""A town is data: nothing that names a town, its places or its hours is in the package outside a profile."""

import re
from pathlib import Path

import pytest

import zjj_console
from zjj_console.town.load import builtin, load_town
from zjj_console.town.models import Town

PACKAGE = Path(zjj_console.__file__).parent
HOURS = r"(?<!\d)(?:0?8:30|0?7:30|16:30|17:30)(?!\d)"


def sources() -> list[Path]:
    fixtures = PACKAGE / "fixtures"
    return [p for p in PACKAGE.rglob("*") if p.suffix in (".py", ".tcss") and fixtures not in p.parents]


@pytest.mark.parametrize("name", ["zhujiajiao", "example_town"])
def test_no_name_of_a_town_in_the_package_outside_its_profile(name: str) -> None:
    town = load_town(builtin(name))
    stations = [u.name for u in town.of_kind("station")]
    teams = [u.name for u in town.of_kind("response_team") if len(u.name) > 3]
    committees = [c.name for c in town.committees.values()]
    short = town.name.removesuffix("镇")  # of the second town it is the word for a sample, which is no name
    words = [town.name, *([short] if short != "示例" else []), town.document, *stations, *teams, *committees]
    pattern = re.compile("|".join(map(re.escape, words)))
    assert [f"{p.name}: {m[0]}" for p in sources() for m in pattern.finditer(p.read_text("utf-8"))] == []


def test_no_duty_hour_of_the_town_in_the_package() -> None:
    found = [f"{p.name}: {m[0]}" for p in sources() for m in re.finditer(HOURS, p.read_text("utf-8"))]
    assert found == []


def test_both_towns_offer_what_every_command_needs(town: Town, second_town: Town) -> None:
    for place in (town, second_town):
        assert {"zy", "xf", "js"} <= set(place.category_by_token)
        assert {"0001", "0002", "0003", "0004", "0005", "0006"} <= set(place.people)
        assert set(place.source_by_token) == {"110", "sp", "gz", "xc", "cj", "dh", "zw", "dc", "pt", "kf", "qt"}


def test_the_second_town_shares_no_place_or_person_with_the_first(town: Town, second_town: Town) -> None:
    assert not {c.name for c in town.committees.values()} & {c.name for c in second_town.committees.values()}
    assert not {p.name for p in town.people.values()} & {p.name for p in second_town.people.values()}
    assert town.prefix != second_town.prefix and second_town.posts_per_station == {"chief": 1}
    assert second_town.term("station", "-") == "网格工作站" and second_town.term("chief", "-") == "片长"
