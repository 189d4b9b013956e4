"""Hostile rows of sign-ins and rosters, in every format: nothing crashes, every row is accounted for, nothing is stored that steers."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.hostile import material
from tests.hostile.test_rows import assert_safe, reject_rows
from zjj_console.desk.desk import Desk
from zjj_console.domain.safe import steers
from zjj_console.intake import columns
from zjj_console.intake.duty_files import import_roster, import_signs
from zjj_console.intake.options import Options
from zjj_console.storage import audit

TIMES = (
    *material.TIMES,
    "07:25",
    "次日 07:31",
    "17:21",
    "25:00",
    "-",
    "未打卡",
    "+1 03:00",
    "2021-03-01 17:21 (星期一)",
    "2021-03-01 07:29",
)
PEOPLE = (
    "0001",
    "0002",
    "0021",
    "0425",
    "1",
    "9999",
    "0001 ",
    "０００１",
    "'0001",
    "王",
    "2101",
    "0",
    "-1",
    "1e3",
    "00001",
    "",
)
SIGN: dict[str, tuple[str, ...]] = {
    "工号": PEOPLE, "姓名": ("值守员", "不是", ""), "日期": ("2021-03-01", "2021/3/1", "20210301", "2021-02-30", "9999-12-31", "1990-01-01", "44256"), "时间": TIMES,
    "方向": ("进", "出", "签到", "x", ""), "签到时间": TIMES, "签退时间": TIMES, "地点": ("一站", ""), "方式": ("政务微信", "x"),
}  # fmt: skip
ROSTER: dict[str, tuple[str, ...]] = {
    "日期": ("2021-03-01", "2021-03-31", "2021-02-29", "9999-12-31", "1990-01-01", "2199-12-31", "x"), "班次": ("CEN-DAY", "STN-DAY", "应急队夜班", "stn-day", "x"),
    "单位": ("一站", "z1", "应急一队", "城运中心", "x", ""), "岗位": ("坐席", "站长", "chief", "队员", "x"), "座次": (*material.NUMBERS, "1", "2", "99", "100", ""),
    "工号": PEOPLE, "姓名": ("", "x"), "起": TIMES, "止": TIMES, "顶": PEOPLE, "备注": ("", "代理", "x" * 3000),
}  # fmt: skip
KINDS: dict[str, tuple[Any, dict[str, tuple[str, ...]], dict[str, str]]] = {
    "signs": (import_signs, SIGN, {"工号": "0001", "日期": "2021-03-01", "签到时间": "17:21"}),
    "roster": (
        import_roster,
        ROSTER,
        {"日期": "2021-03-02", "班次": "CEN-DAY", "岗位": "坐席", "工号": "0002"},
    ),
}


def drawn(pools: dict[str, tuple[str, ...]], good: dict[str, str], seed: int, count: int) -> list[material.Row]:
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        one: material.Row = dict(good)
        for header in rng.sample(sorted(pools), rng.choice((0, 1, 2, 3, 6))):
            draw = rng.random()
            one[header] = rng.choice(pools[header]) if draw < 0.7 else material.cell(rng, header)
        made.append(one)
    return made


def storm(desk: Desk, tmp_path: Path, kind: str, form: str, seed: int, count: int) -> None:
    act, pools, good = KINDS[kind]
    made = drawn(pools, good, seed, count)
    path, rng = tmp_path / f"x.{form}", random.Random(seed)
    headers = tuple(pools)
    if form == "csv":
        path.write_bytes(material.csv_bytes(made, rng, headers))
    elif form == "xlsx":
        material.xlsx_bytes(made, rng, path, headers)
    else:
        path.write_bytes(material.json_bytes(made) if form == "json" else material.jsonl_bytes(made, rng))
    done = act(desk, path)
    assert done.rows == done.new + done.changed + done.same + done.rejected and done.rejected and done.new, done.line
    known = {column.zh[0] for column in (columns.SIGNS if kind == "signs" else columns.ROSTER)}
    kept = desk.reader.execute(
        "SELECT row, code, field, message, suggestion FROM import_reject WHERE batch = ?", (int(done.batch[2:]),)
    ).fetchall()
    assert len(kept) == done.rejected
    for number, code, field, message, suggestion in kept:
        assert number > 0 and code.startswith("E_") and message and suggestion, (code, message)
        assert field in known or (field == "整行" and code in ("E_ROW", "E_ENCODING")), (code, field, message)
        assert len(message) < 1000 and not steers(message), ascii(message)[:200]
    assert len(reject_rows(done.rejects_path)) == done.rejected
    again = act(desk, Path(done.rejects_path), Options(rejects=tmp_path / "r.csv"))
    assert again.rows == again.new + again.changed + again.same + again.rejected
    assert_safe(desk.path)
    assert audit.verify(desk.reader, desk.duty).bad is None


@pytest.mark.parametrize("form", material.FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_rows_of_duty_files_are_taken_or_named(desk_as: Any, tmp_path: Path, kind: str, form: str) -> None:
    storm(desk_as("0005"), tmp_path, kind, form, 1, 60)


@pytest.mark.slow
@pytest.mark.parametrize("form", material.FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_thousands_of_hostile_rows_of_duty_files_are_taken_or_named(
    desk_as: Any, tmp_path: Path, kind: str, form: str
) -> None:
    storm(desk_as("0005"), tmp_path, kind, form, 2, 2500)
