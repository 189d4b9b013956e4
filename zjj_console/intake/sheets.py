"""Readers of JSON and of workbooks: records and cells become the same rows of text that a CSV gives."""

import itertools
import json
from collections.abc import Iterator
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import IO, Any

from zjj_console.intake.table import Broken, IntakeError, Rows, Table, check_width, no_header, share_of

_CHUNK = 1 << 16
_MAX_RECORD = 1 << 22
_QUOTED = 2000  # characters of a line without end that are kept


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
                check_width(headers, path.name)
    if not headers:
        zh = f'{path.name} 没有记录；每条写成一个对象 {{"编号": ..}}'
        raise no_header(zh, f"{path.name} has no records; write each as an object")
    text = path.open(encoding="utf-8-sig", errors="surrogateescape")
    names = list(headers)
    return Table(names, _json_rows(text, names), "utf-8", True, False, share_of(text, path), text.close)


def _json_rows(stream: IO[str], names: list[str]) -> Rows:
    for number, record in _records(stream):
        try:
            if isinstance(record, dict):
                yield number, [cell_text(record.get(name)) for name in names]
            elif isinstance(record, Broken):
                yield number, record
            else:
                text = json.dumps(record, ensure_ascii=False)
                yield number, Broken(text, "E_ROW", "不是一条记录(须为 {..})", "每条案件写成一个对象")
        except RecursionError:
            yield number, Broken("", "E_ROW", "层次过深", "单元格写成文字或数")


def _records(stream: IO[str]) -> Iterator[tuple[int, Any]]:
    """(number from 1, record); what does not parse comes as Broken."""
    while (start := stream.read(1)) and start.isspace():
        pass
    if start == "[":
        yield from _array(stream)
        return
    number = 0
    for line in itertools.chain(
        (start + stream.readline(_MAX_RECORD),), iter(partial(stream.readline, _MAX_RECORD), "")
    ):
        if line.strip():
            number += 1
            yield number, _parsed(line, stream)


def _parsed(line: str, stream: IO[str]) -> Any:
    if len(line) >= _MAX_RECORD:
        piece = line
        while piece and not piece.endswith("\n"):
            piece = stream.readline(_MAX_RECORD)
        return Broken(line[:_QUOTED], "E_ROW", f"一行超过 {_MAX_RECORD} 个字符", "每行写一条记录")
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
    from zjj_console.intake.workbook import MAX_ROWS, Workbook

    book = Workbook(path)
    try:
        page = book.page(sheet)
        rows = _sheet_rows(book, page, MAX_ROWS)
        _, header = next(rows, (0, []))
        while isinstance(header, list) and header and not header[-1]:
            header.pop()
        if not header or isinstance(header, Broken):
            zh = f"{path.name} 没有表头；工作表的第一行须是列名，列名见 docs/users/import.md"
            raise no_header(zh, f"{path.name} has no header row; names of columns are in docs/users/import.md")
        headers = [name.strip() for name in header]
        check_width(headers, path.name)
    except BaseException:
        book.close()
        raise
    return Table(headers, _fit(rows, len(headers)), close=book.close)


def _sheet_rows(book: Any, page: Any, most: int) -> Rows:
    """Rows with something in them. Damage ends the sheet: refused before its first row, and behind it a row of its own."""
    values = page.iter_rows(values_only=True)
    told = False
    for number in itertools.count(1):
        try:
            found = book.guarded(lambda: next(values, None), number)
        except IntakeError as error:  # the sheet is a zipped file of its own and may be damaged anywhere
            if not told:
                raise
            yield number, Broken("", "E_ROW", f"{error.zh}；以下未读", "另存后重导，已入库的行计为同")
            return
        if found is None:
            return
        cells = [cell_text(value) for value in found]
        if any(cells):
            told = True
            yield number, cells
        if number > most:
            yield number, Broken("", "E_ROW", f"工作表超过 {most} 行；以下未读", "分成几个文件")
            return


def _fit(rows: Rows, width: int) -> Rows:
    for number, cells in rows:
        yield number, (cells + [""] * width)[:width] if isinstance(cells, list) else cells
