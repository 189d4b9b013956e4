"""Opening a file of rows: which format, which encoding, which separator. Nothing is held but the row at hand."""

import codecs
import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

from zjj_console.intake import columns, sheets
from zjj_console.intake.table import Broken, Cells, IntakeError, Rows, Table, no_header, share_of

FORMATS = ("csv", "json", "jsonl", "xlsx")
_BY_SUFFIX = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), "csv"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    ".json": "json",
    **dict.fromkeys((".xlsx", ".xlsm"), "xlsx"),
}
_CHUNK = 1 << 20
_SAMPLE = 4  # chunks that are enough to tell two encodings apart
_MAX_LINES = 200  # of one quoted cell; beyond that the quote was never closed
csv.field_size_limit(1 << 20)


def open_table(path: Path, format_: str = "", encoding: str = "", sheet: str = "") -> Table:
    """The rows of a file. Raises IntakeError: 2 for a wrong option, 3 for an unreadable file, 6 if there is none."""
    if not path.is_file():
        raise no_file(path)
    kind = format_.lower() or _BY_SUFFIX.get(path.suffix.lower()) or _by_content(path)
    if kind not in FORMATS:
        known = " ".join(FORMATS)
        raise IntakeError(2, "E_USAGE", f"不识格式 {kind}，可用: {known}", f"unknown format {kind}: {known}", "format")
    try:
        if kind == "xlsx":
            return sheets.open_xlsx(path, sheet)
        if kind in ("json", "jsonl"):
            return sheets.open_json(path)
        return _open_csv(path, encoding)
    except OSError as error:
        zh = f"读不了 {path}: {error.strerror}"
        raise IntakeError(3, "E_INPUT", zh, f"cannot read {path}: {error.strerror}", "file") from error


def no_file(path: Path) -> IntakeError:
    return IntakeError(6, "E_NOT_FOUND", f"没有这个文件: {path}", f"no such file: {path}", "file")


def _by_content(path: Path) -> str:
    with path.open("rb") as stream:
        start = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"PK"):
        return "xlsx"
    return "json" if start[:1] in (b"[", b"{") else "csv"


def detect(path: Path) -> tuple[str, bool]:
    """(encoding, dirty) of a text file: a byte-order mark decides, then what decodes, then what decodes mostly."""
    with path.open("rb") as stream:
        start = stream.read(4)
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig", not _decodes(path, "utf-8-sig")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", False
    for encoding in ("utf-8", "gb18030"):
        if _decodes(path, encoding):
            # A few broken bytes in UTF-8 often still decode as GB18030, into nonsense: look at what it reads as.
            if encoding == "gb18030" and _mostly_utf8(path):
                return "utf-8", True
            return encoding, False
    return ("utf-8" if _mostly_utf8(path) else "gb18030"), True


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(_CHUNK):
            yield block


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in _blocks(path):
            decoder.decode(block)
        decoder.decode(b"", True)
    except UnicodeError:
        return False
    return True


def _mostly_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good = bad = 0
    for block in islice(_blocks(path), _SAMPLE):
        text = decoder.decode(block)
        lost = text.count("\ufffd")
        bad += lost
        good += len(text) - len(text.encode("ascii", "ignore")) - lost
    return good > 2 * bad


def _open_csv(path: Path, encoding: str) -> Table:
    dirty = True
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError as error:
        raise IntakeError(2, "E_USAGE", f"没有编码 {encoding}", f"unknown encoding {encoding}", "encoding") from error
    if not encoding or encoding == "auto":
        encoding, dirty = detect(path)
    elif encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        encoding = "utf-8-sig"  # a mark at the start is never part of the first header
    errors = "replace" if encoding == "utf-16" else "surrogateescape"
    text = path.open(encoding=encoding, errors=errors, newline="")
    lines = _Lines(text)
    first = next((line for line in lines if line.strip()), "")
    delimiter = _delimiter(first)
    lines.again([first])
    rows = _csv_rows(lines, delimiter)
    _, header = next(rows, (0, []))
    if isinstance(header, Broken) or not header:
        raise no_header(f"{path.name} 没有表头", f"{path.name} has no header row")
    headers = [name.strip() for name in header]
    return Table(headers, rows, encoding, dirty, True, share_of(text, path), text.close)


def _delimiter(line: str) -> str:
    """Comma, tab or semicolon: whichever gives the most known headers, then the most columns."""

    def judged(mark: str) -> tuple[int, int]:
        header = next(csv.reader([line], delimiter=mark), [])
        return len(columns.recognise(header)), len(header)

    return max((",", "\t", ";"), key=judged)


class _Lines:
    """Lines of a file, with the lines of the row at hand kept so that a broken quote costs one line, not the rest."""

    def __init__(self, text: IO[str]) -> None:
        self.text = iter(text)
        self.waiting: list[str] = []
        self.held: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self.waiting.pop() if self.waiting else next(self.text)
        self.held.append(line)
        if len(self.held) > _MAX_LINES:
            raise csv.Error("quote never closed")
        return line

    def again(self, lines: list[str]) -> None:
        self.waiting.extend(reversed(lines))
        self.held.clear()


def _csv_rows(lines: _Lines, delimiter: str) -> Rows:
    """Rows by number, the header being row 1. Blank rows count but are not handed out."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number, held, width = 0, lines.held, 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            # Take the first line alone: as it stands if its quotes are only odd, else as one unreadable row.
            first, rest = held[0], held[1:]
            lines.again(rest)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            if first.count('"') % 2:
                yield number, Broken(first.rstrip("\r\n"), "E_ROW", "引号未闭合，无法分列", "补上缺少的引号")
                continue
            cells = next(csv.reader([first], delimiter=delimiter), [])
        held.clear()
        if len(cells) == width:
            if any(cells):
                yield number, cells
        elif cells:
            width = width or len(cells)
            even = _even(cells, width)
            if even:
                yield number, even


def _even(cells: Cells, width: int) -> Cells | Broken:
    """A row as wide as the header; one that is wider has a separator too many."""
    if len(cells) <= width:
        return cells + [""] * (width - len(cells)) if any(cells) else []
    if any(cells[width:]):
        text = ",".join(cells)
        return Broken(text, "E_ROW", f"有{len(cells)}列，表头只有{width}列", "含分隔符的单元格须加引号")
    return cells[:width]
