"""A workbook opened with care: it is a folder of zipped XML, and a small one may unfold to more than any memory holds.

The library reads what it is given; here every part of it comes through a meter, and a part that says what it means in
a grammar of its own (a DTD, where entities may multiply) is refused.
"""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeVar
from xml.etree.ElementTree import iterparse

from zjj_console.domain.safe import safe_text
from zjj_console.intake.table import IntakeError

MAX_ROWS = 1_048_576  # of a sheet, as the format has it
_ROW = 1 << 24  # bytes of one row, and of what stands before the first
_STRINGS = 1 << 28  # bytes of the table of strings
_MOST_STRINGS = 4_000_000  # a minute's reading
_OTHER = 1 << 24  # bytes of any other part that is read
_GRAMMAR = tuple("<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_NAME = 60  # characters of a file's name in a message
T = TypeVar("T")


class _Meter:
    """A part of the archive as a stream. `begin` starts counting anew."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self.stream, self.limit = stream, limit
        self.count, self.tail = 0, b""

    def read(self, size: int = -1) -> bytes:
        block = self.stream.read(min(size, self.limit + 1) if size and size > 0 else self.limit + 1)
        self.count += len(block)
        if self.count > self.limit:
            raise _TooLarge
        seam = self.tail + block
        if any(mark in seam for mark in _GRAMMAR):
            raise _Grammar
        self.tail = seam[-2 * len("<!DOCTYPE") :]
        return block

    def begin(self) -> None:
        self.count = 0

    def close(self) -> None:
        self.stream.close()

    def __enter__(self) -> "_Meter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _TooLarge(Exception):
    """A part unfolds to more than it may."""


class _Grammar(Exception):
    """A part brings a DTD."""


class Workbook:
    """The sheets of a file. Raises IntakeError(3) for what is no workbook, or one that nobody's program writes."""

    def __init__(self, path: Path) -> None:
        self.name = safe_text(path.name, _NAME)
        self.meter: _Meter | None = None  # of the sheet that is read
        self.reader: Any = None
        self.pages: dict[str, Any] = {}
        self.guarded(lambda: self._open(path))

    def _open(self, path: Path) -> None:
        """Only the parts that cells need: no charts, pictures, links or properties."""
        from openpyxl.reader.excel import ExcelReader
        from openpyxl.styles.stylesheet import apply_stylesheet
        from openpyxl.worksheet._read_only import ReadOnlyWorksheet

        self.reader = ExcelReader(path, read_only=True, data_only=True, keep_links=False)
        plain, self.reader.archive.open = self.reader.archive.open, self._metered
        self._plain = plain
        self.reader.read_manifest()
        self._read_strings()
        self.reader.read_workbook()
        apply_stylesheet(self.reader.archive, self.reader.wb)
        whole = self

        class Page(ReadOnlyWorksheet):
            """A sheet whose stated size, which is often wrong, is never asked for."""

            _worksheet_path: str

            def _get_size(self) -> None:
                pass

            def _get_source(self) -> _Meter:
                whole.meter = _Meter(plain(self._worksheet_path), _ROW)
                return whole.meter

        for sheet, relation in self.reader.parser.find_sheets():
            if relation.target in self.reader.valid_files and "chartsheet" not in relation.Type:
                page = Page(self.reader.wb, sheet.name, relation.target, self.reader.shared_strings)
                self.pages.setdefault(sheet.name, page)

    def _metered(self, name: Any, *_: Any, **__: Any) -> _Meter:
        path = str(getattr(name, "filename", name))
        return _Meter(self._plain(name), _STRINGS if "sharedstrings" in path.casefold() else _OTHER)

    def _read_strings(self) -> None:
        """The table of strings, without the tree that the library builds beside it."""
        from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

        part = self.reader.package.find(SHARED_STRINGS)
        if part is None:
            return
        entry, text, run = (f"{{{SHEET_MAIN_NS}}}{tag}" for tag in ("si", "t", "r"))
        strings: list[str] = []
        root = None
        with self.reader.archive.open(part.PartName[1:]) as stream:
            for event, node in iterparse(stream, ("start", "end")):
                if root is None:
                    root = node
                if event == "end" and node.tag == entry:
                    said = [
                        inner.text if inner.tag == text else inner.findtext(text)
                        for inner in node
                        if inner.tag in (text, run)
                    ]
                    strings.append("".join(filter(None, said)).replace("x005F_", ""))
                    root.clear()
                    if len(strings) > _MOST_STRINGS:
                        raise _TooLarge
        self.reader.shared_strings = strings

    def page(self, sheet: str) -> Any:
        """The named sheet, or the first that holds cells."""
        if not self.pages:
            raise self._refused("没有工作表", "has no sheet")
        if sheet and sheet not in self.pages:
            known = "、".join(safe_text(title, _NAME) for title in list(self.pages)[:20])
            zh, en = f"没有工作表 {safe_text(sheet, _NAME)}，有: {known}", f"no such sheet; there is: {known}"
            raise IntakeError(2, "E_USAGE", zh, en, "sheet")
        return self.pages[sheet or next(iter(self.pages))]

    def guarded(self, act: Callable[[], T], row: int = 0) -> T:
        """What the act gives; whatever the library stumbles over becomes a sentence. `row` is the one being read."""
        if self.meter is not None:
            self.meter.begin()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return act()
        except _TooLarge:
            raise self._refused("展开后过大，不像案件或排班的表", "unfolds to more than such a file holds") from None
        except _Grammar:
            raise self._refused("含 DTD，不是表格程序所写", "holds a DTD, which no spreadsheet writes") from None
        except Exception as error:
            if row:
                zh, en = f"工作表在第{row}行附近损坏", f"the sheet is damaged near row {row}"
            else:
                kind = type(error).__name__
                zh, en = f"不是有效的 xlsx 或已损坏({kind})", f"is not a workbook, or a damaged one ({kind})"
            raise self._refused(zh, en) from error

    def _refused(self, zh: str, en: str) -> IntakeError:
        way_zh, way_en = "用表格程序另存为 xlsx 或 csv 再导入", "save it anew as xlsx or csv and import that"
        return IntakeError(3, "E_INPUT", f"{self.name} {zh}；{way_zh}", f"{self.name} {en}; {way_en}", "file")

    def close(self) -> None:
        if self.reader is not None:
            self.reader.archive.close()
