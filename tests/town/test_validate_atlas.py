"""P-170 to P-173: the map of a profile shows this town and no other."""

import json
from collections.abc import Callable
from typing import Any

from tests.town.conftest import Profile
from zjj_console.town.models import Town
from zjj_console.town.validate import validate

Feature = dict[str, Any]


def change(profile: Profile, alter: Callable[[Feature], Feature | None], **head: str) -> None:
    path = profile.folder / "map.geojson"
    found = json.loads(path.read_text("utf-8"))
    found["features"] = [f for f in map(alter, found["features"]) if f is not None]
    path.write_text(json.dumps({**found, **head}, ensure_ascii=False), "utf-8")


def codes(profile: Profile) -> list[str]:
    return [f.code for f in profile.check().errors]


def test_both_shipped_profiles_are_clean_and_the_one_without_a_map_has_no_fault(town: Town, second_town: Town) -> None:
    assert town.atlas is not None and second_town.atlas is None
    for one in (town, second_town):
        found = validate(one, strict=True)
        assert not [f for f in (*found.errors, *found.warnings) if f.code.startswith("P-17")]


def test_P_170_a_map_without_a_grid_or_with_a_foreign_one_is_an_error(profile: Profile) -> None:
    change(profile, lambda f: None if f["properties"].get("code") == "g3" else f)
    assert codes(profile) == ["P-170"]
    profile.replace("map.geojson", '"code": "g2"', '"code": "g9"')
    assert codes(profile) == ["P-170"] * 3


def test_P_171_a_place_on_the_map_exists(profile: Profile) -> None:
    profile.replace("map.geojson", '"code":"310118102003"', '"code":"310118102999"')
    profile.replace("map.geojson", '"code":"z1"', '"code":"z9"')
    assert codes(profile) == ["P-171", "P-171"]


def test_P_172_a_name_stands_inside_its_grid(profile: Profile) -> None:
    def alter(f: Feature) -> Feature:
        if f["properties"].get("code") == "g1":
            f["properties"]["label"] = [121.2, 31.3]
        return f

    change(profile, alter)
    assert codes(profile) == ["P-172"]


def test_P_173_on_a_map_of_the_town_itself_misplaced_committees_are_said(profile: Profile) -> None:
    profile.set("committees.csv", {"name": "东湖街"}, grid="g2")
    assert "P-173" not in [f.code for f in profile.check().warnings]  # a sketch settles nothing
    change(profile, lambda f: f, mark="T")
    (found,) = [f for f in profile.check().warnings if f.code == "P-173"]
    assert "东湖街(g2 -> g1)" in found.message and codes(profile) == []
