"""`zjj profile`: the outcomes that the command shows, with their exit codes."""

from pathlib import Path

from zjj_console.commands.profile_report import SECTIONS, aligned, check, compare, copy, locate, show
from zjj_console.town.load import builtin
from zjj_console.town.models import Town


def test_validate_is_clean_on_the_shipped_profile_and_shows_marks_and_clauses() -> None:
    outcome = check(builtin(), strict=True)
    assert outcome.code == 0 and outcome.errors == [] and outcome.data["errors"] == []
    assert outcome.data["counts"]["village_station"] == 40
    line = next(line for line in outcome.lines if "按需进驻部门" in line)
    assert line.split() == ["合", "按需进驻部门", "17", "17", "D", "二(二)1(2)"]


def test_validate_ends_with_13_on_an_error_and_0_on_warnings(profile) -> None:
    assert check(profile.folder).data["warnings"] and check(profile.folder).code == 0
    profile.set("committees.csv", {"name": "东湖街"}, grid="")
    outcome = check(profile.folder)
    assert outcome.code == 13
    assert [e["code"] for e in outcome.data["errors"]] == ["P-104"]


def test_validate_reports_a_file_that_cannot_be_read(profile) -> None:
    (profile.folder / "zones.csv").write_text("code,name\n", "utf-8")
    outcome = check(profile.folder)
    assert outcome.code == 13 and outcome.data["errors"][0]["code"] == "P-100"
    assert "zones.csv" in outcome.data["errors"][0]["where"]


def test_validate_without_such_a_folder_is_not_found(tmp_path: Path) -> None:
    assert check(tmp_path / "nowhere").code == 6


def test_show_has_every_section(town: Town) -> None:
    for section in ("", *SECTIONS):
        outcome = show(town, section)
        assert outcome.code == 0, section
    assert "08:30" in "\n".join(show(town, "hours").lines)
    assert show(town, "reasons").data["content"]["criterion"]["1"]["code"] == "no_lead"


def test_show_of_an_unknown_section_lists_the_known_ones(town: Town) -> None:
    outcome = show(town, "nope")
    assert outcome.code == 6 and "committees" in outcome.errors[0]["message"]


def test_new_copies_a_profile_that_validates(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "town"
    assert copy(locate("demo2"), target).code == 0
    assert check(target, strict=True).code == 0
    assert sorted(path.name for path in target.parent.iterdir()) == ["town"]


def test_new_never_overwrites(profile) -> None:
    before = (profile.folder / "town.toml").read_bytes()
    assert copy(builtin("example_town"), profile.folder).code == 5
    assert (profile.folder / "town.toml").read_bytes() == before


def test_diff_names_exactly_what_changed(profile, town: Town) -> None:
    assert compare(town, profile.town()).data["changes"] == []
    profile.set("committees.csv", {"name": "东湖街"}, grid="g2")
    assert compare(town, profile.town()).data["changes"] == [
        {"at": "committees.310118102003.grid", "a": "g1", "b": "g2"}
    ]


def test_a_profile_is_found_by_folder_name_code_or_path(profile) -> None:
    assert locate("zhujiajiao") == locate("zjj") == builtin()
    assert locate(str(profile.folder)) == profile.folder


def test_columns_are_padded_by_display_cells() -> None:
    assert aligned([("镇", "a"), ("town", "b")]) == ["镇    a", "town  b"]
