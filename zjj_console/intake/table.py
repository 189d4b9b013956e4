"""What a reader hands over: headers and rows of text, whatever the file was made of."""

import os
import stat
from collections.abc import Callable, Iterator, Sized
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from zjj_console.domain.safe import safe_text
from zjj_console.storage import disk

MAX_COLUMNS = 1000  # more than any list of cases has: such a file is something else
_LONGEST = 200  # of a message that quotes a file


class IntakeError(Exception):
    """The file or the command cannot be used as it is. `code` is the exit code, `error` the code in JSON."""

    def __init__(self, code: int, error: str, zh: str, en: str, field: str = "") -> None:
        super().__init__(zh)
        self.code, self.error, self.zh, self.en, self.field = code, error, zh, en, field


def no_header(zh: str, en: str, field: str = "file") -> IntakeError:
    """E_HEADER. What a file is called and what it says pass the gate and are cut to 200 characters."""
    return IntakeError(3, "E_HEADER", safe_text(zh, _LONGEST), safe_text(en, _LONGEST), field)


def no_file(path: Path, field: str = "file") -> IntakeError:
    shown = safe_text(str(path), _LONGEST)
    zh, en = f"没有这个文件: {shown}；核对路径", f"no such file: {shown}; check the path"
    return IntakeError(6, "E_NOT_FOUND", zh, en, field)


def unreadable(path: Path, error: OSError, field: str = "file") -> IntakeError:
    shown = safe_text(str(path), _LONGEST)
    zh = f"读不了 {shown}: {error.strerror}；核对路径与权限"
    return IntakeError(3, "E_INPUT", zh, f"cannot read {shown}: {error.strerror}; check the path and its mode", field)


def require_file(path: Path, field: str = "file") -> None:
    """Raises IntakeError unless this is a plain file that can be read: 6 where there is none, else 3. Never waits."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            path.open("rb").close()
            return
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise no_file(path, field) from None
    except OSError as error:
        raise unreadable(path, error, field) from error
    shown = safe_text(str(path), _LONGEST)
    if stat.S_ISDIR(mode):
        zh, en = f"{shown} 是文件夹；写出其中的文件", f"{shown} is a folder; name the file in it"
    else:
        zh, en = f"{shown} 是管道或设备；先存成文件再导入", f"{shown} is a pipe or a device; save it as a file first"
    raise IntakeError(3, "E_INPUT", zh, en, field)


def check_width(headers: Sized, name: str) -> None:
    """Raises E_HEADER where a file has more columns than memory should hold a batch of."""
    if len(headers) > MAX_COLUMNS:
        zh = f"{name} 的列超过 {MAX_COLUMNS}，不是案件或排班的表；核对文件，或只留要导入的列"
        raise no_header(zh, f"{name} has more than {MAX_COLUMNS} columns; keep those that are to be imported")


def unwritable(path: Path, error: OSError, field: str, zh: str = "", en: str = "") -> IntakeError:
    """Why a file could not be written and what to do: exit 1 where the machine is at fault, 3 where the place is."""
    what = disk.why(error)
    code = 1 if disk.machine(error) else 3
    shown = safe_text(str(path), _LONGEST)
    return IntakeError(
        code, "E_OUTPUT", f"写不了 {shown}: {what[0]}{zh}", f"cannot write {shown}: {what[1]}{en}", field
    )


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
