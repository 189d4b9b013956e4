"""`zjj case why` and `case show --clock`: what scripts and people read (NV-20)."""

from typing import Any

from rich.cells import cell_len

FIELDS = {"topic", "rule", "mark", "mark_zh", "text_zh", "text_en", "at", "events"}


def made(zjj: Any) -> Any:
    zjj.at("03-01 14:00")
    zjj("do", "xj dhj zy 3 dh cg")
    zjj("do", "qs 1001")
    return zjj


def test_case_why_gives_each_step_with_rule_mark_text_and_events(bare: Any) -> None:
    data = made(bare).data("case", "why", "1001")
    assert data["case"] == "1001"
    assert {step["topic"] for step in data["steps"]} == {"deadline", "ladder", "lead", "candidate"}
    assert all(step.keys() >= FIELDS for step in data["steps"])
    limit = next(
        s for s in data["steps"] if s["rule"] == "2.5 T-HDL" and "limit_minutes" in s and s["topic"] == "deadline"
    )
    assert (limit["mark"], limit["mark_zh"], limit["limit_minutes"]) == ("A", "配置值", 1440)
    due = next(s for s in data["steps"] if s["rule"] == "2.5 T-HDL" and "missed" in s)
    shown = next(c for c in bare.data("case", "show", "1001")["clocks"] if c["kind"] == "HDL")
    assert due["due"] == shown["due"] == due["at"]
    assert due["events"]


def test_case_why_shows_stopped_deadlines_on_demand(bare: Any) -> None:
    rules = {s["rule"] for s in made(bare).data("case", "why", "1001")["steps"]}
    every = {s["rule"] for s in bare.data("case", "why", "1001", "--all")["steps"]}
    assert "2.5 T-ACK" not in rules
    assert every >= {*rules, "2.5 T-ACK", "2.5 T-ACC"}


def test_case_why_is_read_in_a_hundred_columns_and_either_language(bare: Any) -> None:
    zh = made(bare).read("case", "why", "1001")
    en = bare.read("--lang", "en", "case", "why", "1001")
    assert "三级限24小时值守时间 [A 配置值]" in zh and "[D 文件]" in zh
    assert "limit for priority 3: 24 h of duty time [A our default]" in en
    assert max(cell_len(line) for line in (zh + en).splitlines()) <= 100


def test_NV_20_show_clock_prints_the_derivation(bare: Any) -> None:
    made(bare)
    plain, told = bare.read("case", "show", "1001"), bare.read("case", "show", "1001", "--clock")
    line = "处置 止于 03-04 14:00 = 14:00 + 24小时"
    assert line not in plain and line in told
    steps = bare.data("case", "show", "1001", "--clock")["steps"]
    assert {step["topic"] for step in steps} == {"deadline"}
    assert "steps" not in bare.data("case", "show", "1001")


def test_case_why_of_an_unknown_case_exits_6(bare: Any) -> None:
    assert bare.error("case", "why", "9999", code=6) == "没有案件 9999"


def test_NV_19_no_telephone_number_is_told_to_a_patrol(bare: Any, town: Any) -> None:
    bare.at("03-01 14:00")
    bare("case", "new", "--place", "dhj", "--category", "zy", "--to", "cg", "--phone", "0000-5550199")
    bare("do", "gp 1001 pcs r2 联系 0000-5550199")
    patrol = next(p.work_no for p in town.people.values() if p.roles == ("patrol",))
    assert "0000-5550199" in bare.read("case", "why", "1001")
    assert "5550199" not in bare.read("case", "why", "1001", by=patrol)


def test_case_why_of_another_town_tells_its_own_ladder_and_hours(bare: Any, example_town: Any, tmp_path: Any) -> None:
    other = type(bare)(tmp_path / "other.db", "2021-03-01 10:00", "example_town")
    place = next(c.name for c in example_town.committees.values())
    other("case", "new", "--place", place, "--category", next(iter(example_town.categories)), "--priority", "1")
    ladder = [s["text_zh"] for s in other.data("case", "why", "1001")["steps"] if s["topic"] == "ladder"]
    assert len(ladder) == 1
    assert "E2" in ladder[0] and "届满后15分" in ladder[0]
