"""No file may claim a number that is not its own, nor use up those that are still to be given (I-8)."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.intake.conftest import Load, assert_whole, cases_of, row
from zjj_console.desk.desk import Desk
from zjj_console.domain.bounds import MAX_SERIAL
from zjj_console.intake.export import export_cases
from zjj_console.storage.reads import Filter


def test_6_4_a_refused_row_leaves_its_number_to_a_later_one(load: Load, desk: Desk) -> None:
    refused = row(状态="疑难牵头", 流程="疑难")  # only the walk to its state finds out that it has no unit
    done = load([refused, row(), row(描述="另一内容")])
    assert (done.new, [reject[:2] for reject in done.rejects]) == (1, [(2, "E_STATE"), (4, "E_CONFLICT")])
    again = load([refused, row(), row(描述="另一内容")])
    assert (again.changed, again.same, again.rejected) == (0, 1, 2)


@pytest.mark.parametrize(
    "number", [str(MAX_SERIAL), str(MAX_SERIAL - 999_999), "999999999", "00000", "9" * 40, "１２３"]
)
def test_I_8_a_number_that_leaves_no_room_is_none_of_ours(load: Load, desk: Desk, do: Any, number: str) -> None:
    assert load([row(案号=f"ZJJ2021-A-{number}")]).new == 1
    assert do("xj dhj js 3").case.serial == cases_of(desk)[0].serial + 1 == 1002


def test_I_8_a_hidden_cell_gives_no_number_and_no_identity(load: Load, desk: Desk, do: Any, tmp_path: Path) -> None:
    do("xj dhj js 3 一")
    do("xj dhj js 3 二")
    out = tmp_path / "out.csv"
    export_cases(desk, out, Filter())
    with out.open(encoding="utf-8-sig") as stream:
        told = list(csv.DictReader(stream))
    planted = [
        {"serial": 1001, "console": "A", "number": "ZJJ2021-A-01001"},
        {"serial": MAX_SERIAL, "console": "A"},
        {"external_id": "WX-7"},
    ]
    made = []
    for n, held in enumerate(planted * 2):
        hidden = {**json.loads(told[0]["机内数据"]), **held}
        made.append({**told[0], "案号": "", "案件标识": "", "编号": f"P-{n}", "机内数据": json.dumps(hidden)})
    assert load(made).new == 6
    assert [case.serial for case in cases_of(desk)] == list(range(1001, 1009))
    assert {case.external_id for case in cases_of(desk)} == {"", *(f"P-{n}" for n in range(6))}
    assert_whole(desk)
