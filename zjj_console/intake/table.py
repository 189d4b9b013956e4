"""What a reader hands over: headers and rows of text, whatever the file was made of."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from zjj_console.domain.safe import safe_text
from zjj_console.storage import disk

_LONGEST = 200  # of a message that quotes a file


class IntakeError(Exception):
    """The file or the command cannot be used as it is. `code` is the exit code, `error` the code in JSON."""

    def __init__(self, code: int, error: str, zh: str, en: str, field: str = "") -> None:
        super().__init__(zh)
        self.code, self.error, self.zh, self.en, self.field = code, error, zh, en, field


def no_header(zh: str, en: str, field: str = "file") -> IntakeError:
    """E_HEADER. What a file is called and what it says pass the gate and are cut to 200 characters."""
    return IntakeError(3, "E_HEADER", safe_text(zh, _LONGEST), safe_text(en, _LONGEST), field)


def unwritable(path: Path, error: OSError, field: str, zh: str = "", en: str = "") -> IntakeError:
    """Why a file could not be written and what to do: exit 1 where the machine is at fault, 3 where the place is."""
    what = disk.why(error)
    code = 1 if disk.machine(error) else 3
    return IntakeError(code, "E_OUTPUT", f"写不了 {path}: {what[0]}{zh}", f"cannot write {path}: {what[1]}{en}", field)


class Broken(Struct, frozen=True):
    """A row that could not be taken apart: its text as found, and why."""

    text: str
    code: str
    message: str
    suggestion: str


Cells = list[str]
Rows = Iterator[tuple[int, Cells | Broken]]


class Table(Struct):
    """`rows` yields (row number as a spreadsheet shows it, cells in the order of `headers`), one at a time.

    `dirty` says that some byte did not fit the encoding; such bytes stand in the cells as lone surrogates.
    `neutral` says that a leading apostrophe may stand before what a spreadsheet would take for a formula.
    `share` tells how much of the file has been read, 0 to 1. `close` gives the file back.
    """

    headers: list[str]
    rows: Rows
    encoding: str = ""
    dirty: bool = False
    neutral: bool = True
    share: Callable[[], float] = lambda: 0.0
    close: Callable[[], Any] = lambda: None


def share_of(stream: IO[str], path: Path) -> Callable[[], float]:
    """How much of a file its stream has read."""
    size = max(path.stat().st_size, 1)
    return lambda: min(1.0, os.lseek(stream.fileno(), 0, os.SEEK_CUR) / size)
