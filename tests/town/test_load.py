"""The loader: what it reads, what it complains about, and that it stays quick."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from zjj_console.town.load import ProfileError, builtin, load_town
from zjj_console.town.models import Limit, Town


def complaint(profile) -> ProfileError:
    with pytest.raises(ProfileError) as caught:
        profile.town()
    return caught.value


def test_committee_leads_to_grid_station_and_zone_without_typing(town: Town) -> None:
    code = next(c.code for c in town.committees.values() if c.name == "东湖街")
    assert town.whereabouts(code) == ("g1", "z1", "p1")


def test_limits_keep_their_kind(town: Town) -> None:
    assert town.limit("ACK", 1) == Limit("wall", 10)
    assert town.limit("HDL", 3) == Limit("duty", 24 * 60)
    assert town.limit("LED", 2) == Limit("workdays", 3)
    assert town.limit("REV", 4) == Limit("wall", 30 * 1440)
    assert town.limit("SELF", 1) is None
    assert [town.limit("SUPV", p) for p in (1, 2, 3, 4)] == [None] * 4


def test_first_contact_limit_is_marked_as_from_another_paper(town: Town) -> None:
    assert town.clocks["FC"].mark == "T"
    assert {rule.mark for code, rule in town.clocks.items() if code != "FC"} == {"A"}


def test_fixed_hours_are_marked_as_policy_text(town: Town) -> None:
    marks = {code: hours.mark for code, hours in town.hours.items()}
    assert marks == {"station": "D", "centre": "D", "team": "D", "always": "A", "village": "A"}
    assert town.hours["team"].wall and town.hours["always"].wall and not town.hours["station"].wall


def test_one_trial_user_is_shift_lead_and_acting_centre(town: Town) -> None:
    assert set(town.people["0001"].roles) == {"shift_lead", "centre"}
    assert [p.work_no for p in town.holders("cyzx", "centre")] == ["0005", "0001"]


def test_invented_people_are_marked_and_have_no_real_number(town: Town, second_town: Town) -> None:
    for person in (*town.people.values(), *second_town.people.values()):
        assert person.mark == "X" and person.phone.startswith("0000-")


def test_placeholders_of_departments_are_there_but_disabled(town: Town) -> None:
    departments = town.of_kind("on_demand")
    assert [len(departments), sum(u.enabled for u in departments)] == [17, 5]
    assert all("名称待定" in u.name for u in departments if not u.enabled)


def test_every_enabled_department_and_team_has_somebody_to_send_to(town: Town, second_town: Town) -> None:
    for place in (town, second_town):
        for unit in place.units.values():
            if unit.enabled and unit.kind in ("resident", "on_demand", "response_team"):
                assert any("handler" in person.roles for person in place.staff(unit.code)), unit.name


def test_source_token_and_code_differ_and_only_patrol_and_video_need_a_reference(town: Town) -> None:
    assert town.source_by_token["110"].code == "p110"
    assert {s.code for s in town.sources.values() if s.needs_backfill} == {"patrol", "video"}


def test_reasons_of_the_return_verdict_say_whose_fault(town: Town) -> None:
    assert {d: r.fault for d, r in town.reasons["fault"].items()} == {"1": "desk", "2": "desk", "3": "reporter"}
    wanting = {(table, r.name) for table, rows in town.reasons.items() for r in rows.values() if r.needs_text}
    assert ("return", "其他") in wanting and ("void", "非管辖(附去向)") in wanting


def test_wrong_value_names_file_line_and_field(profile) -> None:
    profile.set("units.csv", {"code": "z3"}, kind="statoin")
    error = complaint(profile)
    assert (error.file, error.where) == ("units.csv", "第7行 kind")
    assert "statoin" in str(error)


def test_too_few_cells_name_file_and_line(profile) -> None:
    profile.append("zones.csv", "p9,第九警务责任区")
    error = complaint(profile)
    assert (error.file, error.where) == ("zones.csv", "第7行")


def test_unknown_column_is_refused_with_the_known_ones(profile) -> None:
    profile.replace("zones.csv", "station", "sation")
    error = complaint(profile)
    assert error.file == "zones.csv" and "sation" in str(error) and "可用的列" in str(error)


def test_missing_column_is_named(profile) -> None:
    profile.replace("sources.csv", "token,", "")
    assert "token" in str(complaint(profile))


def test_limit_that_is_no_limit_names_clock_and_priority(profile) -> None:
    profile.replace("clocks.toml", 'p3 = "60m duty"', 'p3 = "60 minutes"')
    error = complaint(profile)
    assert (error.file, error.where) == ("clocks.toml", "ACK.p3")


def test_duty_days_are_no_limit(profile) -> None:
    profile.replace("clocks.toml", 'p2 = "3d workdays"', 'p2 = "3d duty"')
    assert complaint(profile).where == "LED.p2"


def test_missing_clock_is_named(profile) -> None:
    profile.replace("clocks.toml", "[OUT]", "[OUTBOX]")
    assert complaint(profile).where == "[OUT]"


def test_missing_reason_list_is_named(profile) -> None:
    profile.replace("reasons.toml", "[suspend]", "[suspended]")
    assert complaint(profile).where == "[suspend]"


def test_time_of_day_is_checked(profile) -> None:
    profile.replace("town.toml", 'start = "08:30"', 'start = "8.30"')
    assert complaint(profile).where == "hours.station.start"


def test_broken_toml_tells_the_line(profile) -> None:
    profile.replace("town.toml", "[flow]", "[flow")
    error = complaint(profile)
    assert error.file == "town.toml" and "line" in str(error)


def test_declared_number_must_be_a_number(profile) -> None:
    profile.replace("counts.toml", "value = 5, name", 'value = "many", name')
    error = complaint(profile)
    assert error.file == "counts.toml" and "station" in error.where


def test_unknown_time_zone_is_refused(profile) -> None:
    profile.replace("town.toml", "Asia/Shanghai", "Asia/Nowhere")
    assert "Asia/Nowhere" in str(complaint(profile))


@pytest.mark.parametrize("file", ["town.toml", "counts.toml", "units.csv", "calendar.csv"])
def test_missing_file_is_named(profile, file: str) -> None:
    (profile.folder / file).unlink()
    assert complaint(profile).file == file


def test_missing_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="profile new"):
        load_town(tmp_path / "nowhere")


def test_a_byte_order_mark_of_a_spreadsheet_does_no_harm(profile) -> None:
    path = profile.folder / "units.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert profile.town().centre.code == "cyzx"


def test_loading_takes_less_than_30_ms(town: Town) -> None:
    def once() -> float:
        begun = time.perf_counter()
        load_town(builtin())
        return time.perf_counter() - begun

    assert min(once() for _ in range(5)) < 0.030


def test_loading_needs_no_pinyin_library_and_no_calendar() -> None:
    script = (
        "import sys; from zjj_console.town.load import builtin, load_town; from zjj_console.town import names;"
        "names.places(load_town(builtin())).resolve('dhj');"
        "print(sorted({'pypinyin', 'pydantic', 'chinese_calendar'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_incomplete_reason_names_list_and_digit(profile) -> None:
    profile.replace(
        "reasons.toml", 'code = "not_ours", name = "非本部门职责"', 'code = "not_ours", nam = "非本部门职责"'
    )
    assert complaint(profile).where == "return.1"
