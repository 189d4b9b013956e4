"""`zjj report hotspot`: R37 as scripts and people read it, in both languages, in every format."""

import csv
import io
import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

NOW = "03-01 12:00"
HEAD = "编号,上报时间,地点,类别,描述,来源,级别,上报人,经度,纬度,流程,承办,派单时间,处置时间,结果,状态"
KEYS = {"rank", "category", "category_zh", "committee", "committee_zh", "grid", "lon", "lat", "closed", "open", "weeks",
        "last_at", "cases", "proposals", "proposals_zh"}  # fmt: skip


def row(n: int, day: str, place: str, kind: str, at: tuple[str, str] = ("", "")) -> str:
    done = f"{day} 09:10:00,{day} 10:00:00,已清理,已结案"
    return f"RD-{n:03},{day} 09:00:00,{place},{kind},示例,平台,3,示例巡查员,{at[0]},{at[1]},一般案件,城管中队,{done}"


def taken_in(zjj: Any, folder: Path, rows: Iterable[str]) -> Any:
    file = folder / "closed.csv"
    file.write_text("\n".join([HEAD, *rows]) + "\n", "utf-8")
    zjj.at(NOW)
    zjj("import", "cases", str(file))
    return zjj


@pytest.fixture
def street(bare: Any, tmp_path: Path) -> Any:
    """Eleven on 北大街, four leaking pipes within a few metres in 大淀湖, two of nothing."""
    days = ["2020-12-04", "2020-12-12", "2020-12-20", "2020-12-28", "2021-01-05", "2021-01-13", "2021-01-21", "2021-01-29",
            "2021-02-06", "2021-02-14", "2021-02-22"]  # fmt: skip
    rows = [row(i, day, "北大街", "跨门经营") for i, day in enumerate(days)]
    rows += [row(20 + i, f"2021-02-1{i}", "大淀湖", "管道渗漏", ("121.0500", f"31.110{i}")) for i in range(4)]
    rows += [row(30 + i, f"2021-02-1{i}", "庆丰村", "路灯不亮") for i in range(2)]
    return taken_in(bare, tmp_path, rows)


def test_AC_37a_hot_spot_1_with_the_proposal(street: Any) -> None:
    data = street.data("report", "hotspot")
    first, second = data["hotspots"]
    assert first.keys() >= KEYS
    assert (first["rank"], first["category_zh"], first["committee_zh"], first["closed"]) == (
        1,
        "跨门经营",
        "北大街",
        11,
    )
    assert first["proposals"][0] == "list_or_campaign" and first["proposals_zh"][0] == "列入重点事项/集中整治"
    assert len(first["weeks"]) == 13 and sum(first["weeks"]) == len(first["cases"]) == 11
    assert (second["rank"], second["closed"], second["lon"]) == (2, 4, pytest.approx(121.05))
    assert (data["days"], data["least"], data["radius"], data["mark"], data["cases"]) == (90, 3, 100, "A", 17)
    assert data["since"].startswith("2020-12-01T12:00")


def test_R37_open_cases_stand_beside_the_closed_ones(street: Any) -> None:
    street("do", "xj bdj kmjy 3")
    (first, _) = street.data("report", "hotspot")["hotspots"]
    assert (first["closed"], first["open"]) == (11, 1)
    assert first["last_at"].startswith("2021-03-01T12:00")
    assert "11/1" in street.read("report", "hotspot")


def test_R37_the_window_is_as_long_as_asked(street: Any) -> None:
    data = street.data("report", "hotspot", "--days", "30")
    assert [spot["category_zh"] for spot in data["hotspots"]] == ["管道渗漏", "跨门经营"]
    assert {len(spot["weeks"]) for spot in data["hotspots"]} == {5}
    assert (data["days"], data["cases"]) == (30, 9)


def test_R37_category_and_grid_choose_and_keep_the_rank_of_the_town(street: Any) -> None:
    for word in ("gd", "管道渗漏"):
        data = street.data("report", "hotspot", "--category", word)
        assert [(spot["rank"], spot["category_zh"]) for spot in data["hotspots"]] == [(2, "管道渗漏")]
        assert data["cases"] == 4
    assert [s["rank"] for s in street.data("report", "hotspot", "--grid", "g2")["hotspots"]] == [1]
    assert street.data("report", "hotspot", "--limit", "1")["total"] == 2


def test_an_unknown_grid_category_or_format_is_refused_by_field(bare: Any) -> None:
    for words, field, code in (
        (("--grid", "g99"), "grid", 3), (("--category", "没有这类"), "category", 3), (("--format", "pdf"), "format", 2),
    ):  # fmt: skip
        (error,) = bare("report", "hotspot", *words, code=code)["errors"]
        assert error["field"] == field and words[1] in error["message"]


def test_half_a_category_is_answered_with_what_may_be_meant(bare: Any) -> None:
    assert bare.error("report", "hotspot", "--category", "灾险", code=3) == "没有类别 灾险；灾险隐患?"


def test_R37_the_rule_stands_below_with_its_numbers_as_default_of_ours(street: Any) -> None:
    text = street.read("report", "hotspot")
    assert text.splitlines()[-1] == "规则: 同类已结满3件，100米内(无坐标按村居) [A 配置值] R37"
    assert "列入重点事项/集中整治" in text


def test_R37_nothing_found_says_what_was_looked_at(bare: Any) -> None:
    bare.at(NOW)
    text = bare.read("report", "hotspot")
    assert "没有热点: 自 2020-12-01 起 90 天看了 0 件" in text and "满 3 件" in text and "100米内" in text
    assert bare.data("report", "hotspot")["hotspots"] == []
    assert "No hot spot: 0 cases in 90 d since 2020-12-01" in bare.read("--lang", "en", "report", "hotspot")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_NV_15_it_fits_eighty_columns(street: Any, tmp_path: Path, lang: str) -> None:
    rows = [row(50 + i, f"2021-02-1{i}", "陈家汇社区", "占用无障碍通道") for i in range(4)]
    taken_in(street, tmp_path, rows)
    text = street.read("--lang", lang, "report", "hotspot")
    text += street.read("--lang", lang, "report", "hotspot", "--category", "zy")
    assert max(map(cell_len, text.splitlines())) <= 80
    assert not any(unicodedata.east_asian_width(char) == "A" for char in text)
    assert "陈家汇社" in text


def test_the_english_table_speaks_english(street: Any) -> None:
    text = street.read("--lang", "en", "report", "hotspot")
    assert "Leaking pipe" in text and "key item/campaign" in text and "our default" in text


def test_csv_has_codes_and_names_and_no_formula(street: Any, copied_town: Path) -> None:
    read = list(csv.DictReader(io.StringIO(street.read("report", "hotspot", "--format", "csv"))))
    assert [(r["序"], r["类别"], r["地点"], r["已结"]) for r in read] == [
        ("1", "跨门经营", "北大街", "11"),
        ("2", "管道渗漏", "大淀湖", "4"),
    ]
    assert len(read[0]["按周"].split()) == 13
    table = copied_town / "categories.csv"
    table.write_text(table.read_text("utf-8").replace(",跨门经营,", ",=HYPERLINK(0),"), "utf-8")
    street.profile = str(copied_town)
    assert "'=HYPERLINK(0)" in street.read("report", "hotspot", "--format", "csv")


def test_markdown_is_a_table(street: Any) -> None:
    text = street.read("report", "hotspot", "--format", "md")
    assert text.startswith("# 源头管理: 热点\n")
    assert len([line for line in text.splitlines() if line.startswith("| ")]) == 4


def test_a_town_has_numbers_of_its_own(street: Any, copied_town: Path) -> None:
    settings = copied_town / "town.toml"
    settings.write_text(
        settings.read_text("utf-8").replace("least = 3\nradius = 100\ndays = 90", "least = 5\ndays = 60"), "utf-8"
    )
    street.profile = str(copied_town)
    data = street.data("report", "hotspot")
    assert (data["least"], data["radius"], data["days"]) == (5, 100, 60)
    assert [spot["closed"] for spot in data["hotspots"]] == [7]


def test_it_writes_nothing(street: Any) -> None:
    before = street.data("audit", "verify")
    street("report", "hotspot")
    assert json.dumps(street.data("audit", "verify")) == json.dumps(before)
