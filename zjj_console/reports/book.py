"""Workbooks that come out the same, byte for byte, whenever they are written from the same rows."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.xml.functions import tostring
from rich.cells import cell_len

from zjj_console.domain.safe import neutral_cell, safe_text

Rows = Sequence[Sequence[str]]
_CORE = "docProps/core.xml"
_EPOCH = datetime(1970, 1, 1)
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip knows
_NO_XML = re.compile("[\ufffe\uffff]")  # allowed in text, not in XML
_WIDEST = 60


def workbook(pages: Iterable[tuple[str, Rows]], at: int) -> bytes:
    """One sheet per (name, rows), first row bold; cells are text and never formulas. `at` (µs UTC) dates the file."""
    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name, rows in pages:
        page = book.create_sheet(name)
        page.freeze_panes = "A2"
        for row in rows:
            page.append([cell(text) for text in row])
        for line in page.iter_rows():
            for one in line:
                one.alignment = Alignment(wrap_text=True, vertical="top")
                one.font = Font(bold=one.row == 1)
        for n in range(1, page.max_column + 1):
            widest = max((cell_len(row[n - 1]) for row in rows if len(row) >= n), default=0)
            page.column_dimensions[get_column_letter(n)].width = min(widest, _WIDEST) + 2
    when = _EPOCH + timedelta(microseconds=at)
    stream = BytesIO()
    book.save(stream)
    book.properties.created = book.properties.modified = when.replace(
        microsecond=0
    )  # saving had put its own clock here
    return _settled(stream, tostring(book.properties.to_tree()))


def cell(text: str) -> str:
    """`text` as a cell that a spreadsheet shows and does not run."""
    return neutral_cell(_NO_XML.sub("", safe_text(text)))


def _settled(stream: BytesIO, core: bytes) -> bytes:
    """The same archive without the hour and the machine at which it was written; stored, for zlibs differ."""
    out = BytesIO()
    with ZipFile(stream) as old, ZipFile(out, "w", ZIP_STORED) as new:
        for info in old.infolist():
            data = core if info.filename == _CORE else old.read(info)
            plain = ZipInfo(info.filename, _ZIP_EPOCH)
            plain.create_system = 0
            new.writestr(plain, data)
    return out.getvalue()
