"""Opening a file of rows: which format, which encoding, which separator. Nothing is held but the row at hand."""

import codecs
import csv
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO

from zjj_console.domain.safe import safe_text
from zjj_console.intake import columns, sheets
from zjj_console.intake.table import (
    Broken,
    Cells,
    IntakeError,
    Rows,
    Table,
    check_width,
    no_header,
    require_file,
    share_of,
    unreadable,
)

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
_LINE = 1 << 22  # characters of a line: a file without line ends is not read into memory
_QUOTED = 2000  # characters of such a line that are kept
_ODD_CODECS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})  # no file is so
csv.field_size_limit(1 << 20)


def _lost(error: UnicodeError) -> tuple[str, int]:
    """What does not decode becomes a lone surrogate, in UTF-8 the one that its byte comes back from."""
    assert isinstance(error, UnicodeDecodeError)
    broken = error.object[error.start : error.end] or b"?"
    return "".join(chr(0xDC00 + byte) if byte > 0x7F else "\udc80" for byte in broken), max(error.end, error.start + 1)


codecs.register_error("zjj-lost", _lost)


def open_table(path: Path, format_: str = "", encoding: str = "", sheet: str = "") -> Table:
    """The rows of a file. Raises IntakeError: 2 for a wrong option, 3 for an unreadable file, 6 if there is none."""
    require_file(path)
    kind = format_.lower() or _BY_SUFFIX.get(path.suffix.lower()) or _by_content(path)
    if kind not in FORMATS:
        known = " ".join(FORMATS)
        named = safe_text(kind, 40)
        raise IntakeError(
            2, "E_USAGE", f"不识格式 {named}，可用: {known}", f"unknown format {named}; there is: {known}", "format"
        )
    try:
        if kind == "xlsx":
            return sheets.open_xlsx(path, sheet)
        if kind in ("json", "jsonl"):
            return sheets.open_json(path)
        return _open_csv(path, encoding)
    except OSError as error:
        raise unreadable(path, error) from error


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
        return "utf-16", True
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
    if not encoding or encoding == "auto":
        encoding, dirty = detect(path)
    else:
        encoding = _known(encoding)
    text = path.open(encoding=encoding, errors="zjj-lost", newline="")
    try:
        lines = _Lines(text)
        first = lines.first()
        delimiter = _delimiter(first)
        rows = _csv_rows(lines, delimiter)
        _, header = next(rows, (0, []))
        if isinstance(header, Broken) or not header:
            zh = f"{path.name} 没有表头；第一行须是列名，列名见 docs/users/import.md"
            raise no_header(zh, f"{path.name} has no header row; names of columns are in docs/users/import.md")
        headers = [name.strip() for name in header]
        check_width(headers, path.name)
    except UnicodeError as error:
        text.close()
        name = safe_text(path.name, 80)
        zh, en = (
            f"{name} 不是 {encoding}；不写 --encoding 可自动识别",
            f"{name} is not {encoding}; leave --encoding out",
        )
        raise IntakeError(3, "E_ENCODING", zh, en, "encoding") from error
    except BaseException:
        text.close()
        raise
    return Table(headers, rows, encoding, dirty, True, share_of(text, path), text.close)


def _known(encoding: str) -> str:
    """The encoding as Python calls it; a mark at the start of UTF-8 is never part of the first header."""
    try:
        name = codecs.lookup(encoding).name
        usable = "".encode(name) is not None and name not in _ODD_CODECS
    except (LookupError, ValueError, UnicodeError):
        usable = False
    if not usable:
        shown = safe_text(encoding, 40)
        zh, en = (
            f"没有编码 {shown}；可用: utf-8 gb18030 utf-16",
            f"unknown encoding {shown}; there is: utf-8 gb18030 utf-16",
        )
        raise IntakeError(2, "E_USAGE", zh, en, "encoding")
    return "utf-8-sig" if name == "utf-8" else name


def _delimiter(line: str) -> str:
    """Comma, tab or semicolon: whichever gives the most known headers, then the most columns."""

    def judged(mark: str) -> tuple[int, int]:
        try:
            header = next(csv.reader([line], delimiter=mark), [])
        except csv.Error:  # a cell without end
            return 0, 0
        return len(columns.recognise(header)), len(header)

    return max((",", "\t", ";"), key=judged)


class _Lines:
    """Lines of a file, with the lines of the row at hand kept so that a broken quote costs one line, not the rest."""

    def __init__(self, text: IO[str]) -> None:
        self.read = partial(text.readline, _LINE)
        self.text = iter(self.read, "")
        self.waiting: list[str] = []
        self.held: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self.waiting.pop() if self.waiting else next(self.text)
        self.held.append(line)
        if len(line) >= _LINE:
            self._pass_over(line)
            raise csv.Error("line without end")
        if len(self.held) > _MAX_LINES:
            raise csv.Error("quote never closed")
        return line

    def _pass_over(self, line: str) -> None:
        """Behind the end of a line that is longer than any; what is kept of it says so when it is read again."""
        piece = line
        while piece and piece[-1] not in "\r\n":
            piece = self.read()
        if line[-1] not in "\r\n":
            self.held[-1] = f"{line}\n"

    def first(self) -> str:
        """The first line with anything in it, which is read again; empty where there is none."""
        found = ""
        try:
            while not found.strip():
                self.held.clear()
                found = next(self)
        except (StopIteration, csv.Error):
            found = "".join(self.held)
        self.again([found] if found else [])
        return found

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
            if len(first) >= _LINE:
                yield number, Broken(first[:_QUOTED], "E_ROW", f"一行超过 {_LINE} 个字符", "核对引号与换行，分成几行")
                continue
            if first.count('"') % 2:
                yield number, Broken(first.rstrip("\r\n"), "E_ROW", "引号未闭合，无法分列", "补上缺少的引号")
                continue
            try:
                cells = next(csv.reader([first], delimiter=delimiter), [])
            except csv.Error:
                yield number, Broken(first.rstrip("\r\n"), "E_ROW", "一格过长，无法分列", "核对引号与分隔符")
                continue
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
