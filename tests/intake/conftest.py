"""Files of cases made in a line or two, imported into a fresh desk whose clock stands at 23:24 of 2021-03-01."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zjj_console.desk.desk import Desk
from zjj_console.domain.model import Case
from zjj_console.intake.engine import import_cases
from zjj_console.intake.options import Options, Summary
from zjj_console.storage import audit, projections
from zjj_console.storage.db import connect, writing

GOOD = {
    "编号": "WX-0001",
    "上报时间": "2021-03-01 23:10",
    "地点": "东湖街",
    "类别": "暴露垃圾",
    "描述": "东湖街桥头暴露垃圾(示例)",
    "来源": "电话",
}
Row = dict[str, str]


def row(**cells: str) -> Row:
    return {**GOOD, **cells}


def text_of(rows: list[Row], delimiter: str = ",") -> str:
    headers = list(dict.fromkeys(name for one in rows for name in one))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, headers, restval="", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read_rows(path: Path | str) -> list[Row]:
    with Path(path).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def cases_of(desk: Desk) -> list[Case]:
    rows = desk.reader.execute(f"{projections.SELECT_CASE} ORDER BY serial").fetchall()
    return [projections.case_from(found) for found in rows]


def tables(desk: Desk) -> dict[str, list[Any]]:
    """Everything that is projected, without what differs between databases."""
    columns = ", ".join(projections.COLUMNS)
    return {
        "case_row": desk.reader.execute(f"SELECT {columns} FROM case_row ORDER BY id").fetchall(),
        "timer": desk.reader.execute(
            "SELECT c.id, code, due_at, warn_at, t.priority FROM timer t JOIN case_row c ON c.rid = t.rid ORDER BY 1, 2"
        ).fetchall(),
        "dispatch": desk.reader.execute("SELECT * FROM dispatch ORDER BY case_id, n").fetchall(),
    }


def assert_whole(desk: Desk) -> None:
    """The journal proves every projected row, and folding it again gives the same rows in the same order."""
    db = connect(desk.path)
    report = audit.verify(db, desk.duty)
    assert report.bad is None, report.message
    before = (tables(desk), db.execute("SELECT id, origin_lseq, origin_off FROM case_row ORDER BY rid").fetchall())
    with writing(db):
        audit.rebuild(db, desk.duty)
    assert (
        tables(desk),
        db.execute("SELECT id, origin_lseq, origin_off FROM case_row ORDER BY rid").fetchall(),
    ) == before
    db.close()


Load = Callable[..., Summary]


@pytest.fixture
def load(desk: Desk, tmp_path: Path) -> Load:
    """Import rows (or a text, or bytes) as a file of the given name."""

    def run(
        content: list[Row] | str | bytes, name: str = "cases.csv", by: Desk | None = None, **options: Any
    ) -> Summary:
        path = tmp_path / name
        if isinstance(content, list):
            content = text_of(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return import_cases(by or desk, path, Options(**options))

    return run
