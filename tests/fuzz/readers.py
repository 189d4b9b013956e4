"""Bytes as a file of rows: the first byte chooses the format, the second an encoding or the part of a workbook that they replace."""

import os
import tempfile
from functools import cache
from pathlib import Path

from tests.fuzz import rows
from tests.hostile import files, material
from zjj_console.domain.safe import steers
from zjj_console.intake import columns
from zjj_console.intake.files import open_table
from zjj_console.intake.table import MAX_COLUMNS, Broken, IntakeError

NAME = "readers"
_FORMATS = ("csv", "json", "jsonl", "xlsx", "")
_ENCODINGS = ("", "utf-8", "gb18030", "utf-16", "utf-16-le", "utf-7", "cp1252", "rot13")
_MOST = 300  # rows that are looked at


@cache
def _folder() -> Path:
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="zjj-fuzz-", dir=memory if os.access(memory, os.W_OK) else None))


@cache
def _parts() -> dict[str, bytes]:
    return files.parts_of(files.workbook(_folder() / "good.xlsx"))


def prepare() -> None:
    """Everything that is loaded late, loaded."""
    rows.prepare()
    one(b"\x03\x00")
    for data in corpus():
        one(data)


def corpus() -> list[bytes]:
    good = files.valid(_folder() / "good.xlsx")
    book = [bytes([3, n]) + data for n, data in enumerate(_parts().values(), 1) if len(data) < 6000]
    texts = [bytes([0, 0]) + good[".csv"], bytes([0, 3]) + good["16.csv"], bytes([0, 2]) + good["18.csv"], bytes([1, 0]) + good[".json"],
             bytes([2, 0]) + good[".jsonl"], bytes([4, 0]) + good[".csv"]]  # fmt: skip
    hard = [bytes([0, 0]) + material.csv_bytes(material.rows(n, 4), material.random.Random(n)) for n in range(6)]
    return [data for data in texts + book + hard if len(data) < 20_000]


def words() -> list[str]:
    return [
        *material.HEADERS,
        *material.GOOD.values(),
        't="s"',
        "inlineStr",
        "<!DOCTYPE",
        '<row r="',
        '<c r="',
        "\ufeff",
        '""',
        "\r\n",
        "[{",
        "}]",
        "\\ud800",
    ]


def one(data: bytes) -> None:
    if len(data) < 2:
        return
    form, rest = _FORMATS[data[0] % len(_FORMATS)], data[2:]
    encoding = _ENCODINGS[data[1] % len(_ENCODINGS)] if form in ("csv", "") else ""
    if form == "xlsx" and data[1] % (len(_parts()) + 1):
        names = list(_parts())
        rest = files.zipped({**_parts(), names[data[1] % (len(names) + 1) - 1]: rest})
    path = _folder() / "x.dat"
    path.write_bytes(rest)
    try:
        table = open_table(path, form, encoding)
    except IntakeError as error:
        assert error.code in (2, 3) and error.zh and error.en and error.zh != error.en, (error.zh, error.en)
        assert not steers(error.zh) and not steers(error.en) and len(error.zh) < 400
        return
    try:
        width = len(table.headers)
        assert 0 < width <= MAX_COLUMNS
        found = columns.recognise(table.headers)
        reader = rows.reader(found, width, dirty=table.dirty, neutral=table.neutral)
        before = 0
        for number, cells in table.rows:
            assert number > before, (before, number)
            before = number
            if isinstance(cells, Broken):
                assert cells.code and cells.message and cells.suggestion and not steers(cells.message)
                continue
            assert len(cells) == width and all(isinstance(cell, str) for cell in cells), (number, cells)
            if number < _MOST:
                rows.judge(reader.read(cells))
    finally:
        table.close()
