"""The short road makes what the long road makes; hostile rows break neither."""

import csv
import io
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Hands
from tests.intake.conftest import GOOD, assert_whole, row, tables, text_of
from zjj_console.desk.desk import Desk
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import DAY, MINUTE
from zjj_console.intake.duty_table import DutyTable
from zjj_console.intake.engine import import_cases
from zjj_console.intake.plain import Plain
from zjj_console.town.calendar import day_type
from zjj_console.town.models import Town

PLACES = ["东湖街", "沙家埭村", "", "dhj", "待定"]
times = st.integers(0, 50 * 24 * 60).map(
    lambda m: f"2021-{1 + m // 41760:02}-{1 + m % 41760 // 1440:02} {m % 1440 // 60:02}:{m % 60:02}"
)


def _rows(town: Town) -> st.SearchStrategy[list[dict[str, str]]]:
    one = st.fixed_dictionaries(
        {
            "上报时间": times,
            "地点": st.sampled_from(PLACES),
            "类别": st.sampled_from([c.name for c in town.categories.values()]),
            "描述": st.text("桥栏杆断裂ab ,\"'=\u200b", min_size=1, max_size=20),
            "来源": st.sampled_from([s.name for s in town.sources.values()]),
            "级别": st.sampled_from(["", "1", "2", "3", "4"]),
            "上报人": st.sampled_from(["", "示例居民", "一站"]),
            "电话": st.sampled_from(["", "0000-0001"]),
            "政务微信号": st.sampled_from(["", "SL-1"]),
            "流程": st.sampled_from(["", "一般案件", "自发自处", "疑难案件"]),
            "承办": st.sampled_from(["", "派出所", "城管中队", "应急一队", "一站"]),
            "处置时间": st.sampled_from(["", "2021-02-25 10:00", "2021-03-01 23:00"]),
            "结果": st.sampled_from(["", "已整改", "另有说明"]),
            "状态": st.sampled_from(["", "", "", "已结案", "待受理"]),
            "退单次数": st.sampled_from(["", "0", "2"]),
            "返工次数": st.sampled_from(["", "1"]),
            "经管": st.sampled_from(["", "日班", "夜班"]),
            "办结时限": st.sampled_from(["", "2021-03-05 12:00"]),
            "协办": st.sampled_from(["", "", "一站"]),
            "经度": st.sampled_from(["", "121.01"]),
            "纬度": st.sampled_from(["", "31.2"]),
        }
    )
    return st.lists(one, min_size=1, max_size=25)


@pytest.fixture
def pair(
    new_db: Callable[[], Path], open_desk: Callable[..., tuple[Desk, Hands]]
) -> Iterator[Callable[[], tuple[Desk, Desk]]]:
    opened: list[Desk] = []

    def make() -> tuple[Desk, Desk]:
        one, clock = open_desk(new_db())
        two, _ = open_desk(new_db(), "0001", clock)
        opened.extend((one, two))
        return one, two

    yield make
    for desk in opened:
        desk.close()


@given(data=st.data())
def test_the_short_road_makes_what_the_long_road_makes(
    data: Any, town: Town, pair: Callable[[], tuple[Desk, Desk]], tmp_path: Path
) -> None:
    rows = data.draw(_rows(town))
    path = tmp_path / "in.csv"
    path.write_text(text_of([{"编号": f"WX-{n}", **one} for n, one in enumerate(rows)]), "utf-8")
    short, long = pair()
    made = import_cases(short, path)
    quick = Plain.take
    try:
        Plain.take = lambda self, rows: ([], rows)  # type: ignore[method-assign]
        slow = import_cases(long, path)
    finally:
        Plain.take = quick  # type: ignore[method-assign]
    assert (made.new, made.rejected) == (slow.new, slow.rejected)
    assert tables(short) == tables(long)
    assert_whole(short)
    again = import_cases(short, path)
    assert (again.same, again.changed, again.rejected) == (made.new, 0, made.rejected), again.rejects


cells = st.one_of(
    st.text(max_size=30), st.sampled_from([*GOOD.values(), "=1+1", "\x00", "\x1b[2J", "'", '"', "١", "9" * 30, "待定", "CLOSED", "-1"])
)  # fmt: skip


@given(data=st.data())
def test_every_hostile_row_is_taken_or_refused_with_code_field_and_suggestion(
    data: Any, pair: Callable[[], tuple[Desk, Desk]], tmp_path: Path
) -> None:
    extra = ["级别", "状态", "流程", "承办", "承办人", "协办", "处置时间", "结果", "结案时间", "派单时间", "案号", "案件标识", "机内数据",
             "退单次数", "经度", "纬度", "办结时限", "登记时间"]  # fmt: skip
    headers = [*GOOD, *data.draw(st.lists(st.sampled_from(extra), unique=True))]
    rows = data.draw(st.lists(st.lists(cells, min_size=len(headers), max_size=len(headers)), min_size=1, max_size=12))
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headers)
    writer.writerow([row().get(header, "") for header in headers])
    writer.writerows(rows)
    path = tmp_path / "hostile.csv"
    path.write_bytes(out.getvalue().encode("utf-8", "surrogatepass"))
    desk, _ = pair()
    done = import_cases(desk, path)
    assert done.rows == done.new + done.changed + done.same + done.rejected
    assert done.new >= 1 or done.rejected >= 1
    for _, code, _, message, suggestion in done.rejects:
        assert code.startswith("E_") and message and suggestion
    again = import_cases(desk, path)
    assert again.new == 0
    assert_whole(desk)


@given(raw=st.binary(max_size=400))
def test_no_bytes_crash_the_reader(raw: bytes, pair: Callable[[], tuple[Desk, Desk]], tmp_path: Path) -> None:
    desk, _ = pair()
    path = tmp_path / "raw.csv"
    path.write_bytes(text_of([row()]).encode() + raw)
    done = import_cases(desk, path)
    assert done.rows == done.new + done.changed + done.same + done.rejected
    assert_whole(desk)


@given(
    start=st.integers(-500 * DAY, 1200 * DAY),
    minutes=st.integers(0, 60 * 24 * 20),
    unit=st.sampled_from(["cyzx", "z1", "cg", "v01"]),
)
def test_the_duty_table_answers_like_the_duty_rules(
    start: int, minutes: int, unit: str, town: Town, tables_: list[Any]
) -> None:
    plain, table = tables_
    at = 1_614_600_000_000_000 + start
    assert table.add(at, minutes, "duty", unit) == plain.add(at, minutes, "duty", unit)
    opens = plain.add(at, 0, "duty", unit)
    assert table.add(opens, minutes, "duty", unit) == plain.add(opens, minutes, "duty", unit)
    assert table.add(at, minutes, "wall", unit) == at + minutes * MINUTE


@pytest.fixture(scope="module")
def tables_(town: Town) -> list[Any]:
    plain = DutyTime(town, lru_cache(None)(lambda day: day_type(town, day)[0] == "workday"))
    return [plain, DutyTable(plain)]
