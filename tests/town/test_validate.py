"""Every rule P-1xx is broken once in a copy of the shipped profile and must be seen."""

import pytest

from zjj_console.town.load import ProfileError
from zjj_console.town.models import Town
from zjj_console.town.validate import Findings, validate


def codes(findings: list) -> set[str]:
    return {finding.code for finding in findings}


def messages(found: Findings, code: str) -> str:
    return "\n".join(f.message for f in (*found.errors, *found.warnings) if f.code == code)


def test_shipped_profile_is_valid_and_states_every_number(town: Town) -> None:
    found = validate(town, strict=True)
    assert found.errors == []
    assert all(number.holds for number in found.numbers)


def test_second_town_is_valid_with_other_numbers(second_town: Town) -> None:
    found = validate(second_town, strict=True)
    assert found.errors == []
    assert found.counts["zone_grid_pattern"] == {"1": 2, "2": 1}
    assert (found.counts["station"], found.counts["village_station"], found.counts["on_demand"]) == (3, 25, 6)
    assert "P-123" not in codes(found.warnings)


def test_numbers_of_the_policy(town: Town) -> None:
    counts = validate(town).counts
    assert counts["centre"] == 1 and counts["response_team"] == 2 and counts["station"] == counts["zone"] == 5
    assert counts["village_station"] == 40 and counts["grid"] == 7 and counts["zone_grid_pattern"] == {"1": 3, "2": 2}
    assert counts["leading_posts"] == 15 and counts["on_demand"] == 17 and counts["on_demand_named"] == 5
    assert [counts[f"{kind}_shift_hours"] for kind in ("station", "centre", "response_team")] == [8, 10, 14]
    assert (counts["desk_hours"], counts["field_gaps"], counts["field_gap_minutes"]) == (24, 2, 120)
    assert (counts["visit_monthly"], counts["inspection_daily"], counts["consultation_weekly"]) == (5, 5, 1)


def test_P_101_second_centre_breaks_the_declared_number(profile) -> None:
    profile.set("units.csv", {"code": "pcs"}, kind="centre")
    assert "镇城运平台 应为 1，实为 2" in messages(profile.check(), "P-101")


def test_P_101_residents_are_a_minimum(profile) -> None:
    profile.set("units.csv", {"code": "zzb"}, kind="resident")
    assert "常态化进驻部门" not in messages(profile.check(), "P-101")
    profile.set("units.csv", {"code": "cg"}, kind="on_demand")
    profile.set("units.csv", {"code": "sc"}, kind="on_demand")
    assert "常态化进驻部门 至少 3，实为 2" in messages(profile.check(), "P-101")


def test_P_101_unknown_number_cannot_be_checked(profile) -> None:
    profile.append("counts.toml", 'statoin = { value = 5, name = "站", mark = "D", clause = "-" }')
    assert "statoin" in messages(profile.check(), "P-101")


def test_P_101_strict_wants_every_number_stated(profile) -> None:
    profile.replace("counts.toml", "phases = {", "# phases = {")
    assert profile.check().errors == []
    assert "phases" in messages(profile.check(strict=True), "P-101")


def test_P_101_another_meeting_rhythm_is_seen(profile) -> None:
    profile.replace("town.toml", 'consultation = "weekly"', 'consultation = "monthly"')
    assert "consultation_weekly" in messages(profile.check(), "P-101")


def test_P_102_committee_in_two_grids_is_refused(profile) -> None:
    profile.append("committees.csv", "310118102003,东湖街,居,g2,v03,dong hu jie,2,,X,,")
    with pytest.raises(ProfileError) as caught:
        profile.town()
    assert (caught.value.code, caught.value.where) == ("P-102", "第48行 code")


def test_P_102_committee_needs_a_village_station(profile) -> None:
    profile.set("committees.csv", {"name": "东湖街"}, village_station="z1")
    assert "东湖街" in messages(profile.check(), "P-102")


def test_P_102_zone_and_station_are_one_to_one(profile) -> None:
    profile.set("zones.csv", {"code": "p2"}, station="z1")
    text = messages(profile.check(), "P-102")
    assert "一站 对应 2 个责任区" in text and "二站 对应 0 个责任区" in text


def test_P_102_unit_and_zone_must_agree(profile) -> None:
    profile.set("units.csv", {"code": "z1"}, zone="p2")
    assert "不一致" in messages(profile.check(), "P-102")


def test_P_102_fewer_stations_than_committees_is_a_warning_with_both_numbers(town: Town) -> None:
    found = validate(town)
    assert "40" in messages(found, "P-102") and "46" in messages(found, "P-102")
    assert "P-102" in codes(found.warnings)


def test_P_103_pattern_must_be_three_single_two_double(profile) -> None:
    profile.set("grids.csv", {"code": "g5"}, zone="p5")
    assert "应为3个一对一 2个一对二，实为4个一对一 1个一对三" in messages(profile.check(), "P-103")


def test_P_104_committee_in_no_grid(profile) -> None:
    profile.set("committees.csv", {"name": "东湖街"}, grid="")
    found = profile.check()
    assert "P-104" in codes(found.errors) and "东湖街 不在任何网格" in messages(found, "P-104")


@pytest.mark.parametrize(
    ("file", "where", "values"),
    [
        ("grids.csv", {"code": "g1"}, {"zone": "p9"}),
        ("grids.csv", {"code": "g1"}, {"chief": "9999"}),
        ("zones.csv", {"code": "p1"}, {"station": "y1"}),
        ("units.csv", {"code": "sc"}, {"hours": "night"}),
        ("people.csv", {"work_no": "2101"}, {"unit": "nowhere"}),
        ("posts.csv", {"unit": "z1", "role": "resident"}, {"work_no": "9999"}),
        ("committees.csv", {"village_station": "v03"}, {"village_station": "v01"}),
    ],
)
def test_P_104_everything_points_to_something(profile, file: str, where: dict, values: dict) -> None:
    profile.set(file, where, **values)
    assert "P-104" in codes(profile.check().errors)


def test_P_105_two_units_with_one_token(profile) -> None:
    profile.set("units.csv", {"code": "gbb"}, tokens="gbb cg")
    assert "cg" in messages(profile.check(), "P-105")


@pytest.mark.parametrize(("file", "key"), [("categories.csv", "zy"), ("sources.csv", "sp")])
def test_P_105_doubled_tokens_of_lists(profile, file: str, key: str) -> None:
    profile.set(file, {"token": "xf" if file == "categories.csv" else "gz"}, token=key)
    assert key in messages(profile.check(), "P-105")


def test_P_105_doubled_code_is_refused_by_the_loader(profile) -> None:
    profile.append("zones.csv", "p1,第一警务责任区,z1")
    profile.append("sources.csv", "zz,p110,重复,Doubled,0,A,")
    with pytest.raises(ProfileError) as caught:
        profile.town()
    assert caught.value.code == "P-102"
    profile.drop("zones.csv", code="p1")
    with pytest.raises(ProfileError) as caught:
        profile.town()
    assert caught.value.code == "P-105"


def test_P_111_vacant_post_without_acting_holder(profile) -> None:
    profile.drop("posts.csv", unit="z5", role="deputy")
    assert "五站 副站长空缺" in messages(profile.check(), "P-111")


def test_P_111_acting_holder_fills_the_post(profile) -> None:
    profile.set("posts.csv", {"unit": "z5", "role": "deputy"}, acting="1")
    assert profile.check().errors == []


def test_P_111_two_holders_of_one_post(profile) -> None:
    profile.append("posts.csv", "z1,chief,0022,0")
    assert "一站 站长应为 1 人，实为 2 人" in messages(profile.check(), "P-111")


def test_P_111_nobody_holds_two_leading_posts_of_one_station(profile) -> None:
    profile.set("posts.csv", {"unit": "z1", "role": "deputy"}, work_no="0021")
    assert "兼任" in messages(profile.check(), "P-111")


def test_P_112_commander_is_grid_chief_of_his_station(profile) -> None:
    for grid in ("g4", "g5"):
        profile.set("grids.csv", {"code": grid}, chief="0011")
    found = profile.check()
    assert found.errors == [] and "四站 指挥长" in messages(found, "P-112")


@pytest.mark.parametrize(("work_no", "code"), [("0011", "P-112"), ("0021", "P-113"), ("0031", "P-114")])
def test_P_112_to_114_rank_of_each_post(profile, work_no: str, code: str) -> None:
    profile.set("people.csv", {"work_no": work_no}, rank="")
    found = profile.check()
    assert code in codes(found.warnings) and found.errors == []


def test_P_121_team_without_one_of_the_two_forces(profile) -> None:
    profile.set("people.csv", {"unit": "y2", "force": "社会治安"}, force="城市运行")
    assert "应急二队 没有社会治安力量" in messages(profile.check(), "P-121")


def test_P_121_team_without_leader(profile) -> None:
    profile.drop("posts.csv", unit="y1", role="team_leader")
    assert "应急一队 没有队长" in messages(profile.check(), "P-121")


def test_P_122_desk_is_never_empty(profile) -> None:
    profile.replace("town.toml", 'end = "17:30"', 'end = "17:00"')
    found = profile.check()
    assert "P-122" in codes(found.errors) and "17:00-17:30" in messages(found, "P-122")


def test_P_123_structural_gaps_are_said_and_counted(profile) -> None:
    assert "07:30-08:30、16:30-17:30" in messages(profile.check(), "P-123")
    profile.replace("town.toml", 'start = "08:30"', 'start = "07:30"')
    assert "P-123" in codes(profile.check().errors)


def test_P_131_placeholder_must_stay_disabled(profile) -> None:
    profile.set("units.csv", {"code": "bm06"}, enabled="1")
    assert "部门06" in messages(profile.check(), "P-131")


def test_P_132_default_lead_must_be_enabled(profile) -> None:
    profile.set("categories.csv", {"token": "xf"}, lead="bm06")
    found = profile.check()
    assert "P-132" in codes(found.errors) and "消防通道" in messages(found, "P-132")


@pytest.mark.parametrize("token", ["110", "1", "30m", "0301", "20210301", "r1", "n2", "y", "派出"])
def test_P_140_unit_token_that_means_something_else(profile, token: str) -> None:
    profile.set("units.csv", {"code": "gbb"}, tokens=token)
    assert "P-140" in codes(profile.check().errors)


def test_P_140_unit_token_that_is_a_verb(town: Town) -> None:
    assert "P-140" in codes(validate(town, verbs=["xj", "pd", "cg"]).errors)
    assert validate(town, verbs=["xj", "pd", "sp"]).errors == []


def test_P_140_category_token_must_be_typeable(profile) -> None:
    profile.set("categories.csv", {"token": "xf"}, token="消防")
    assert "P-140" in codes(profile.check().errors)


def test_P_141_verbs_are_unique(town: Town) -> None:
    assert "P-141" in codes(validate(town, verbs=["xj", "pd", "xj"]).errors)


def test_P_142_pinyin_collisions_are_named(town: Town) -> None:
    found = validate(town)
    assert "盛家埭村、沙家埭村" in messages(found, "P-142") and "P-142" in codes(found.warnings)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("clocks.toml", 'p1 = "5m wall"', 'p1 = "0m wall"'),
        ("clocks.toml", 'p1 = "5m wall"', 'p1 = "1m wall"'),
        ("town.toml", "warn_percent = 20", "warn_percent = 100"),
        ("town.toml", '1 = "30m wall"', '1 = "0m wall"'),
    ],
)
def test_P_150_limits_are_positive_and_warn_before_the_end(profile, file: str, old: str, new: str) -> None:
    profile.replace(file, old, new)
    assert "P-150" in codes(profile.check().errors)


@pytest.mark.parametrize(
    ("file", "where", "values"),
    [
        ("units.csv", {"code": "pcs"}, {"name": "派出所\u2026"}),
        ("categories.csv", {"token": "xf"}, {"phrase": "\u201c消防通道\u201d"}),
    ],
)
def test_P_180_no_glyph_of_unsure_width(profile, file: str, where: dict, values: dict) -> None:
    profile.set(file, where, **values)
    found = profile.check()
    assert "P-180" in codes(found.errors) and "U+20" in messages(found, "P-180")


@pytest.mark.parametrize("name", ["least", "radius", "days"])
def test_P_150_a_number_of_hot_spots_is_positive(profile, name: str) -> None:
    profile.replace("town.toml", f"\n{name} = ", f"\n{name} = -")
    assert f"{name} 为 -" in messages(profile.check(), "P-150")


def test_a_profile_without_hot_spots_has_the_defaults(profile) -> None:
    profile.replace("town.toml", "[hotspot]", "[elsewhere]")
    assert profile.town().hotspot.least == 3
