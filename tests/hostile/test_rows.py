"""10,000 hostile rows in every format: nothing crashes, every row is accounted for, and what was stored is safe and proven."""

import csv
import json
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hostile import material
from tests.intake.conftest import GOOD, assert_whole
from zjj_console.desk.desk import Desk
from zjj_console.domain.safe import steers
from zjj_console.intake import columns
from zjj_console.intake.engine import import_cases
from zjj_console.intake.options import Options, Summary
from zjj_console.storage.db import connect

CODES = {
    "E_ROW", "E_ENCODING", "E_REQUIRED", "E_TIME", "E_TIME_FUTURE", "E_PLACE_UNKNOWN", "E_PLACE_AMBIGUOUS", "E_CATEGORY", "E_SOURCE", "E_PRIORITY",
    "E_REF", "E_STATE", "E_CONFLICT",
}  # fmt: skip
WHOLE_ROW = {"E_ROW", "E_ENCODING"}  # of which no single field is to blame
LABELS = {column.zh[0] for column in columns.CASES}


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for one in (*value, *value.values()) if isinstance(value, dict) else value:
            yield from texts(one)


def assert_safe(path: Path) -> None:
    """No text of any table, and none in any event of the journal, steers a terminal or an eye."""
    db = connect(path, readonly=True)
    for (table,) in db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'case_words%'"
    ).fetchall():
        for row in db.execute(f"SELECT * FROM {table}"):
            for text in texts(list(row)):
                assert not steers(text), (table, ascii(text)[:200])
    for (body,) in db.execute("SELECT body FROM event"):
        for text in texts(json.loads(body)):
            assert not steers(text), ascii(text)[:200]
    db.close()


def reject_rows(path: str) -> list[dict[str, str]]:
    csv.field_size_limit(1 << 24)
    with Path(path).open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        return list(csv.DictReader(stream))


def assert_accounted(done: Summary, desk: Desk) -> list[dict[str, str]]:
    """Every row is new, same, changed or rejected; every rejected one says where, why and what to do. The reject rows."""
    assert done.rows == done.new + done.same + done.changed + done.rejected
    assert done.code == (4 if done.rejected else 0)
    kept = desk.reader.execute(
        "SELECT row, code, field, message, suggestion FROM import_reject WHERE batch = ?", (int(done.batch[2:]),)
    ).fetchall()
    assert len(kept) == done.rejected
    for number, code, field, message, suggestion in kept:
        assert number > 0 and code in CODES, (number, code)
        assert message and suggestion, (number, code, message)
        assert field in LABELS or (field == "整行" and code in WHOLE_ROW), (number, code, field)
        assert len(message) < 2000 and not steers(message), ascii(message)[:300]
    refused = reject_rows(done.rejects_path) if done.rejected else []
    assert [(int(one["_row"]), one["_code"], one["_field"]) for one in refused] == [tuple(one[:3]) for one in kept]
    return refused


def assert_mended(desk: Desk, done: Summary, refused: list[dict[str, str]], path: Path) -> None:
    """The reject file taken as it is refuses the same rows; with its cells put right it is taken."""
    again = import_cases(desk, Path(done.rejects_path), Options(rejects=path.with_suffix(".again.csv")))
    assert again.new == 0 and again.rows == again.rejected + again.same + again.changed
    twice = sum(one["_code"] == "E_CONFLICT" for one in refused)  # alone in their file, they correct the case
    assert again.rejected >= done.rejected - twice
    mended = path.with_suffix(".mended.csv")
    with mended.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, [*GOOD, "_row", "_code"])
        writer.writeheader()
        for one in refused:
            writer.writerow({**GOOD, "编号": f"M-{one['_row']}", "_row": one["_row"], "_code": one["_code"]})
    taken = import_cases(desk, mended)
    assert (taken.new, taken.rejected) == (len(refused), 0), taken.rejects[:3]


def hostile(desk: Desk, form: str, seed: int, count: int, tmp_path: Path) -> Summary:
    path = material.as_file(form, material.rows(seed, count), seed, tmp_path / f"cases.{form}")
    done = import_cases(desk, path)
    refused = assert_accounted(done, desk)
    assert_safe(desk.path)
    assert not list(tmp_path.glob(".*.part"))
    same = import_cases(desk, path)
    assert (same.new, same.changed, same.rejected) == (0, 0, done.rejected)
    assert_mended(desk, done, refused, path)
    assert_whole(desk)
    return done


@pytest.mark.parametrize("form", material.FORMATS)
def test_6_3_every_hostile_row_is_taken_or_named(desk: Desk, tmp_path: Path, form: str) -> None:
    done = hostile(desk, form, 1, 150, tmp_path)
    assert done.rows >= 140 and done.new > 20 and done.rejected > 20, done.line


@pytest.mark.slow
@pytest.mark.parametrize("form", material.FORMATS)
def test_6_3_ten_thousand_hostile_rows_are_taken_or_named(desk: Desk, tmp_path: Path, form: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = hostile(desk, form, 2, 10_000, tmp_path)
    assert done.rows >= 9_900 and done.new > 2_000 and done.rejected > 2_000, done.line
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600_000  # KiB
