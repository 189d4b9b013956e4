"""shifts.toml and coverage.toml: what they read to, and what the loader complains about."""

from datetime import date

import pytest

from zjj_console.town.load import ProfileError
from zjj_console.town.models import DutyRules, Period, Town

SHIFTS, COVERAGE = "shifts.toml", "coverage.toml"


def complaint(profile) -> ProfileError:
    with pytest.raises(ProfileError) as caught:
        profile.town()
    return caught.value


def test_profile_without_the_two_files_loads_with_empty_tables(profile) -> None:
    for file in (SHIFTS, COVERAGE):
        (profile.folder / file).unlink()
    town = profile.town()
    assert (town.shifts, town.rotation, town.coverage, town.boundaries, town.guarantees) == ({}, None, (), {}, ())
    assert town.duty_rules == DutyRules() and profile.check(strict=True).errors == []


def test_edges_come_from_the_hours_so_that_none_is_written_twice(town: Town, profile) -> None:
    assert {code: edge.at for code, edge in town.boundaries.items()} == {"H1": 450, "H2": 510, "H3": 990, "H4": 1050}
    for file in (SHIFTS, COVERAGE):
        assert not any(f"{hour}" in (profile.folder / file).read_text("utf-8") for hour in ("08:30", "07:30", "17:30"))
    profile.replace("town.toml", 'start = "08:30"', 'start = "09:15"')
    moved = profile.town()
    shoulder = next(r for r in moved.coverage if r.rule == "SH-1")
    assert moved.boundaries["H2"].at == shoulder.end == 9 * 60 + 15


def test_three_fixed_shifts_are_policy_text_and_the_two_readings_are_defaults(town: Town) -> None:
    marks = {code: shift.mark for code, shift in town.shifts.items()}
    assert marks == {"STN-DAY": "D", "CEN-DAY": "D", "QRT-NGT": "D", "DEP-DAY": "A", "ONC-NGT": "A"}
    assert [code for code, shift in town.shifts.items() if not shift.presence] == ["ONC-NGT"]
    assert {s.desk: s.alarm_after for s in town.shifts.values() if s.desk} == {"day": 5, "night": 5}


def test_always_is_round_the_clock_and_a_night_window_runs_past_midnight(town: Town) -> None:
    required = {r.code: r for r in town.coverage}
    assert all(required["FORCE"].covers(minute) for minute in (0, 720, 1439))
    night = required["SEAT-NGT"]
    assert night.covers(60) and night.covers(1200) and not night.covers(720)


def test_shoulder_hours_may_be_shared_by_two_stations_on_rest_days_only(town: Town) -> None:
    assert {r.code: r.share for r in town.coverage if r.share} == {
        "OFFICER-SH1": {"rest": 2},
        "OFFICER-SH2": {"rest": 2},
    }


def test_clock_times_may_be_literal(profile) -> None:
    profile.replace(SHIFTS, 'at = "team.start"', 'at = "17:45"')
    profile.replace(COVERAGE, 'window = ["centre.start", "centre.end"]', 'window = ["09:00", "centre.end"]')
    profile.replace(SHIFTS, 'first = "y1"', 'first = "y1"\nsplit = "00:30"')
    town = profile.town()
    assert town.boundaries["H4"].at == 17 * 60 + 45 and town.coverage[0].start == 540
    assert town.rotation is not None and (town.rotation.split, town.rotation.anchor) == (30, date(2021, 2, 1))


def test_guarantee_days_and_terms_of_office_are_dates(profile) -> None:
    profile.append(SHIFTS, '[[guarantee]]\nname = "示例保障"\nstart = 2021-03-04\nend = 2021-03-11')
    path = profile.folder / "posts.csv"
    lines = path.read_text("utf-8").splitlines()
    terms = {"z1,chief,0021,0": ",2021-01-05,2021-03-02"}
    text = "\n".join(f"{line}{',since,until' if n == 0 else terms.get(line, ',,')}" for n, line in enumerate(lines))
    path.write_text(text + "\n", "utf-8")
    town = profile.town()
    assert town.guarantees == (Period("示例保障", date(2021, 3, 4), date(2021, 3, 11)),)
    chief = next(p for p in town.posts if (p.unit, p.role) == ("z1", "chief"))
    assert chief.held_on(date(2021, 3, 2)) and not chief.held_on(date(2021, 3, 3))
    other = next(p for p in town.posts if (p.unit, p.role) == ("z2", "chief"))
    assert other.since is None and other.held_on(date(1999, 1, 1))


@pytest.mark.parametrize(
    ("file", "old", "new", "where"),
    [
        (SHIFTS, 'at = "centre.start"', 'at = "center.start"', "boundaries.H1.at"),
        (SHIFTS, 'at = "centre.start"', 'at = "centre.begin"', "boundaries.H1.at"),
        (SHIFTS, 'at = "centre.start"', 'at = "7.30"', "boundaries.H1.at"),
        (SHIFTS, 'at = "centre.start"\n', "", "boundaries.H1.at"),
        (SHIFTS, 'kind = "station"', 'kind = "statoin"', "boundaries.H2 kind"),
        (SHIFTS, 'hours = "station"\n', "", "shifts.STN-DAY"),
        (SHIFTS, 'desk = "day"', 'desk = "noon"', "shifts.CEN-DAY desk"),
        (SHIFTS, "alarm_after = 5", "alarm_aftr = 5", "shifts.CEN-DAY"),
        (SHIFTS, "grace = 5", "grase = 5", "rules"),
        (SHIFTS, "anchor = 2021-02-01", 'anchor = "02-01"', "rotation anchor"),
        (SHIFTS, 'first = "y1"', 'first = "y1"\nsplit = "24:00"', "rotation.split"),
        (SHIFTS, "[rotation]", "[rotations]", "-"),
        (COVERAGE, 'window = ["always"]', 'window = ["night"]', "require[13] FORCE window"),
        (COVERAGE, 'window = ["centre.start", "centre.end"]\n', "", "require[1] SEAT-DAY window"),
        (COVERAGE, '"centre.start", "centre.end"', '"centre.start", "centr.end"', "require[1] SEAT-DAY window"),
        (COVERAGE, "workday = 3", 'workday = "many"', "require[1] SEAT-DAY least[...]"),
        (COVERAGE, 'severity = "!!"', 'severity = "bad"', "require[1] SEAT-DAY severity"),
        (COVERAGE, 'code = "SEAT-NGT"', 'code = "SEAT-DAY"', "require[2] SEAT-DAY"),
        (COVERAGE, "dept = ", "department = ", "require[7] DEPT-PCS"),
    ],
)
def test_complaint_names_file_and_place_and_a_way_out(profile, file: str, old: str, new: str, where: str) -> None:
    profile.replace(file, old, new)
    error = complaint(profile)
    assert (error.file, error.where) == (file, where)
    assert error.fix


def test_a_wrong_edge_lists_the_edges_that_there_are(profile) -> None:
    profile.replace(SHIFTS, 'at = "centre.start"', 'at = "center.start"')
    assert "centre.start" in complaint(profile).fix


def test_doubled_requirement_has_the_code_of_doubled_tokens(profile) -> None:
    profile.replace(COVERAGE, 'code = "SEAT-NGT"', 'code = "SEAT-DAY"')
    assert complaint(profile).code == "P-105"


def test_second_town_hands_over_at_its_own_hours(second_town: Town) -> None:
    edges = {code: edge.at for code, edge in second_town.boundaries.items()}
    assert edges == {"H1": 540, "H2": 540, "H3": 1020, "H4": 1020}
    assert "deputy" not in {post for shift in second_town.shifts.values() for post in shift.posts}
    assert second_town.rotation is not None and second_town.rotation.first == "y1"
