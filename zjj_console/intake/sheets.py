"""Readers of JSON and of workbooks: records and cells become the same rows of text that a CSV gives."""

import itertools
import json
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any

from zjj_console.intake.table import Broken, IntakeError, Rows, Table, no_header, share_of

_CHUNK = 1 << 16
_MAX_RECORD = 1 << 22


def cell_text(value: Any) -> str:
    """A value as the text that a person would have typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds" if value.microsecond else "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return " ".join(map(cell_text, value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(value)


def open_json(path: Path) -> Table:
    """A JSON array of objects, or one object per line. The file is read twice: first for the names of its columns."""
    headers: dict[str, None] = {}
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as stream:
        for _, record in _records(stream):
            if isinstance(record, dict):
                headers.update(dict.fromkeys(record))
    if not headers:
        raise no_header(f"{path.name} 没有记录", f"{path.name} has no records")
    text = path.open(encoding="utf-8-sig", errors="surrogateescape")
    names = list(headers)
    return Table(names, _json_rows(text, names), "utf-8", True, False, share_of(text, path), text.close)


def _json_rows(stream: IO[str], names: list[str]) -> Rows:
    for number, record in _records(stream):
        if isinstance(record, dict):
            yield number, [cell_text(record.get(name)) for name in names]
        elif isinstance(record, Broken):
            yield number, record
        else:
            text = json.dumps(record, ensure_ascii=False)
            yield number, Broken(text, "E_ROW", "不是一条记录(须为 {..})", "每条案件写成一个对象")


def _records(stream: IO[str]) -> Iterator[tuple[int, Any]]:
    """(number from 1, record); what does not parse comes as Broken."""
    while (start := stream.read(1)) and start.isspace():
        pass
    if start == "[":
        yield from _array(stream)
        return
    number = 0
    first = start + stream.readline()
    for line in _chain(first, stream):
        if line.strip():
            number += 1
            yield number, _parsed(line)


def _chain(first: str, stream: IO[str]) -> Iterator[str]:
    yield first
    yield from stream


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return Broken(line.rstrip("\r\n"), "E_ROW", "不是有效的 JSON", "按 JSON 改正该行")


def _array(stream: IO[str]) -> Iterator[tuple[int, Any]]:
    """Elements of an array, decoded from a window of the text. Damage ends it: nobody can tell where the next begins."""
    decoder, text, number, ended = json.JSONDecoder(), "", 0, False
    while True:
        text = text.lstrip(" \t\r\n,")
        if text.startswith("]"):
            return
        try:
            record, end = decoder.raw_decode(text)
            complete = ended or end < len(text)  # a number at the end of the window may go on
        except (ValueError, RecursionError):
            complete = False
        if complete:
            number += 1
            yield number, record
            text = text[end:]
            continue
        if ended or len(text) > _MAX_RECORD:
            if text.strip():
                yield number + 1, Broken(text[:2000], "E_ROW", "此处起不是有效的 JSON", "改正后重导；以下未读")
            return
        block = stream.read(max(_CHUNK, len(text)))
        ended = not block
        text += block


def open_xlsx(path: Path, sheet: str = "") -> Table:
    """Values of the first or the named sheet; its first row that is not empty holds the headers."""
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True, data_only=True)
    except Exception as error:
        zh = f"{path.name} 不是有效的 xlsx: {type(error).__name__}"
        raise IntakeError(3, "E_INPUT", zh, f"{path.name} is not a workbook", "file") from error
    if sheet and sheet not in book.sheetnames:
        known = "、".join(book.sheetnames)
        book.close()
        raise IntakeError(2, "E_USAGE", f"没有工作表 {sheet}，有: {known}", f"no sheet {sheet}: {known}", "sheet")
    page = book[sheet] if sheet else book.worksheets[0]
    page.reset_dimensions()  # the stated size is often wrong
    rows = _sheet_rows(page)
    _, header = next(rows, (0, []))
    while isinstance(header, list) and header and not header[-1]:
        header.pop()
    if not header or isinstance(header, Broken):
        book.close()
        raise no_header(f"{path.name} 没有表头", f"{path.name} has no header row")
    headers = [name.strip() for name in header]
    return Table(headers, _fit(rows, len(headers)), close=book.close)


def _sheet_rows(page: Any) -> Rows:
    values = page.iter_rows(values_only=True)
    for number in itertools.count(1):
        try:
            found = next(values, None)
        except Exception as error:  # the sheet is a zipped file of its own and may be damaged anywhere
            zh = f"工作表在第{number}行附近损坏，其余未读"
            raise IntakeError(3, "E_INPUT", zh, f"the sheet is damaged near row {number}", "file") from error
        if found is None:
            return
        cells = [cell_text(value) for value in found]
        if any(cells):
            yield number, cells


def _fit(rows: Rows, width: int) -> Rows:
    for number, cells in rows:
        if isinstance(cells, list):
            yield number, (cells + [""] * width)[:width]
