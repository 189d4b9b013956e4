"""Duty rules of validation, each broken once in a copy of the shipped profile."""

from math import ceil
from pathlib import Path

import pytest

from zjj_console.commands.profile_report import check, compare, show
from zjj_console.town.load import builtin
from zjj_console.town.models import Hours, Person, Town
from zjj_console.town.validate import Findings, validate

SHIFTS, COVERAGE = "shifts.toml", "coverage.toml"


def said(found: Findings, code: str) -> str:
    return "\n".join(f.message for f in found.errors if f.code == code)


def warned(found: Findings, code: str) -> str:
    return "\n".join(f.message for f in found.warnings if f.code == code)


@pytest.mark.parametrize("name", ["zhujiajiao", "example_town"])
def test_both_towns_pass_strict_validation_with_no_error(name: str) -> None:
    outcome = check(builtin(name), strict=True)
    assert (outcome.code, outcome.data["errors"]) == (0, [])


def test_P_122_some_shift_mans_the_desk_at_every_minute(profile) -> None:
    profile.replace(SHIFTS, 'desk = "day"\n', "")
    assert "07:30-17:30" in said(profile.check(), "P-122")


def test_P_122_day_shift_that_ends_early_leaves_the_desk_empty(profile) -> None:
    profile.replace(SHIFTS, 'hours = "centre"\nunits = ["centre"]', 'hours = "station"\nunits = ["centre"]')
    assert "07:30-08:30、16:30-17:30" in said(profile.check(), "P-122")


@pytest.mark.parametrize(("code", "words"), [("H1", "night 到 day"), ("H4", "day 到 night")])
def test_P_122_desk_is_handed_over_in_both_directions(profile, code: str, words: str) -> None:
    path: Path = profile.folder / SHIFTS
    head, _, rest = path.read_text("utf-8").partition(f"[boundaries.{code}]")
    path.write_text(head + rest[rest.index("\n[") :], "utf-8")
    assert words in said(profile.check(), "P-122")


def test_P_122_handover_that_is_not_when_the_shift_begins_is_a_warning(profile) -> None:
    profile.replace(SHIFTS, 'at = "team.start"', 'at = "17:00"')
    found = profile.check()
    assert found.errors == [] and "17:00" in warned(found, "P-122")


def test_P_123_structural_hours_of_the_field_force_are_named_with_their_rules(town: Town, profile) -> None:
    text = warned(validate(town), "P-123")
    assert "07:30-08:30(SH-1)、16:30-17:30(SH-2)" in text and "处置力量 在 07:30-08:30、16:30-17:30" in text
    profile.replace("town.toml", 'start = "07:30"', 'start = "07:00"')
    profile.replace("town.toml", 'end = "07:30"', 'end = "07:00"')
    assert "07:00-08:30(SH-1)" in warned(profile.check(), "P-123")


def test_P_123_structural_hours_stay_said_when_nobody_requires_the_force(profile) -> None:
    (profile.folder / COVERAGE).unlink()
    assert "07:30-08:30、16:30-17:30" in warned(profile.check(), "P-123")


def test_P_123_a_structural_gap_needs_a_rule(profile) -> None:
    for rule in ("SH-1", "SH-2", "SH-1/SH-2"):
        profile.replace(COVERAGE, f'rule = "{rule}"\n', "")
    assert "没有肩时规则" in said(profile.check(), "P-123")


def test_P_123_without_deputies_in_the_shoulder_hours_the_officer_gap_is_said(profile) -> None:
    profile.replace(SHIFTS, 'hours = "centre"\nunits = ["station"]', 'hours = "station"\nunits = ["station"]')
    text = warned(profile.check(), "P-123")
    assert "开站前站领导 在 07:30-08:30 没有班次，按 SH-1 规则" in text
    assert "闭站后站领导 在 16:30-17:30 没有班次，按 SH-2 规则" in text


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('posts = ["patrol"]', 'posts = ["patrl"]', "岗位 patrl 不属于任何班次"),
        ('dept = "cg"', 'dept = "cgg"', "部门 cgg 不存在或未启用"),
        ('dept = "cg"', 'dept = "bm06"', "部门 bm06 不存在或未启用"),
        ("workday = 3, rest = 2, guarantee = 4", "workday = 3, rest = 2", "least"),
        ("workday = 3, rest = 2, guarantee = 4", "workday = 3, rest = -2, guarantee = 4", "least"),
        ("share = { rest = 2 }", "share = { rest = 0 }", "share"),
        ("share = { rest = 2 }", "share = { holiday = 2 }", "share"),
    ],
)
def test_P_123_requirement_names_only_what_exists(profile, old: str, new: str, words: str) -> None:
    profile.replace(COVERAGE, old, new)
    assert words in said(profile.check(), "P-123")


def test_P_123_scope_needs_units(profile) -> None:
    for team in ("y1", "y2"):
        profile.set("units.csv", {"code": team}, kind="on_demand")
    assert "应急队在岗 的范围 team 没有单位" in said(profile.check(), "P-123")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('first = "y1"', 'first = "z1"', "首夜队 z1 不是应急队"),
        ('hours = "team"', 'hours = "nights"', "时段 nights 未定义"),
        ('[rotation]  # 文件未说明两队如何轮换\nrule = "alternate_nightly"\nanchor = 2021-02-01\nfirst = "y1"\nmark = "A"',
         "", "缺少 [rotation]"),
    ],
)  # fmt: skip
def test_P_104_shifts_and_rotation_point_to_something(profile, old: str, new: str, words: str) -> None:
    profile.replace(SHIFTS, old, new)
    assert words in said(profile.check(), "P-104")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("fix_hours = 24", "fix_hours = 0", "fix_hours 为 0"),
        ("grace = 5", "grace = -1", "grace 为 -1"),
        ("rest_refused_hours = 8", "rest_refused_hours = 12", "rest_refused_hours 12 不得大于 rest_hours 11"),
        ("freeze_before = 15", "freeze_before = 45", "freeze_before 45 不得大于 prepare_before 30"),
        ("alarm_after = 5", "alarm_after = -5", "alarm_after"),
        ('rule = "alternate_nightly"', 'rule = "n_on_m_off"\non = 0', "轮值 on 0"),
    ],
)
def test_P_150_numbers_of_duty_are_positive_and_in_order(profile, old: str, new: str, words: str) -> None:
    profile.replace(SHIFTS, old, new)
    assert words in said(profile.check(), "P-150")


def test_P_150_guarantee_ends_after_it_starts(profile) -> None:
    profile.append(SHIFTS, '[[guarantee]]\nname = "示例保障"\nstart = 2021-03-11\nend = 2021-03-04')
    assert "示例保障" in said(profile.check(), "P-150")


def length(hours: Hours) -> int:
    return (hours.end - hours.start - 1) % 1440 + 1


def able(people: list[Person], *roles: str) -> int:
    return sum(bool(set(person.roles) & set(roles)) for person in people)


def heads(town: Town, code: str, shift: str, *, every: int = 1) -> int:
    """People needed for a week of five workdays and two rest days within the hours of C5."""
    least = next(r for r in town.coverage if r.code == code).least
    turns = town.duty_rules.week_hours * 60 // length(town.hours[town.shifts[shift].hours])
    return ceil((5 * least["workday"] + 2 * least["rest"]) / every / turns)


def test_sample_people_suffice_for_the_seats_within_the_hours_of_C5(town: Town, second_town: Town) -> None:
    for place in (town, second_town):
        centre = place.staff(place.centre.code)
        assert able(centre, "dispatcher") >= heads(place, "SEAT-DAY", "CEN-DAY") + 1  # one may be on leave
        assert able(centre, "shift_lead") >= 2
        teams = place.of_kind("response_team")
        for team in teams:
            trained = able(place.staff(team.code), "dispatcher")
            assert trained >= heads(place, "SEAT-NGT", "QRT-NGT", every=len(teams))
            assert len(place.staff(team.code)) >= heads(place, "TEAM", "QRT-NGT", every=len(teams))


def test_show_and_diff_know_shifts_and_coverage(town: Town, profile) -> None:
    assert "DEP-DAY" in "\n".join(show(town, "shifts").lines)
    line = next(line for line in show(town, "coverage").lines if line.startswith("OFFICER-SH1"))
    assert {"07:30", "08:30", "rest=2", "SH-1"} <= set(line.split())
    profile.replace(COVERAGE, "workday = 3", "workday = 5")
    changed = {"at": "coverage.SEAT-DAY.least.workday", "a": 3, "b": 5}
    assert compare(town, profile.town()).data["changes"] == [changed]


def test_show_of_an_older_profile_has_every_section(profile) -> None:
    for file in (SHIFTS, COVERAGE):
        (profile.folder / file).unlink()
    for section in ("shifts", "rotation", "boundaries", "guarantees", "coverage"):
        assert show(profile.town(), section).code == 0
