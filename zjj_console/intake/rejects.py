"""The reject file: what was refused, cell by cell as it came, with what to mend. It can be imported itself."""

import csv
import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from zjj_console.domain.safe import neutral_cell
from zjj_console.intake.columns import CASES, REJECT_COLUMNS, Columns, label
from zjj_console.intake.table import Broken, Cells, unwritable
from zjj_console.intake.words import Fault

_HALF = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # lone surrogates that stand for no undecoded byte


class RejectFile:
    """Written beside its place and moved there when whole; nothing is made where nothing is refused."""

    def __init__(self, path: Path, headers: list[str], of: Columns = CASES) -> None:
        self.path, self.of = path, of
        self.kept = [i for i, header in enumerate(headers) if header not in REJECT_COLUMNS]
        self.headers = [headers[i] for i in self.kept]
        self._part = path.with_name(f".zjj-{os.getpid()}-{id(self):x}.part")
        self._stream: IO[str] | None = None
        self._writer: Any = None

    def add(self, number: int, cells: Cells | Broken, faults: list[Fault]) -> None:
        """Raises IntakeError where it cannot be written: the batch that asked for it is taken back then."""
        with self._told():
            if self._stream is None:
                if self.path.exists() and not self.path.is_file():  # it could not be put in its place afterwards
                    raise OSError(errno.EEXIST, "not a file")
                self._stream = self._part.open("w", encoding="utf-8-sig", errors="surrogateescape", newline="")
                self._writer = csv.writer(self._stream)
                self._writer.writerow([*map(neutral_cell, self.headers), *REJECT_COLUMNS])
            if isinstance(cells, Broken):
                original = [_written(cells.text), *[""] * (len(self.headers) - 1)]
            else:
                original = [_written(cells[i]) for i in self.kept]
            code, field, message, suggestion = summed(faults, self.of)
            self._writer.writerow([*original, number, code, field, neutral_cell(message), neutral_cell(suggestion)])

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise unwritable(self.path, error, "rejects", "；拒收文件的位置用 --rejects 指明，已收的行再导入计为同",
                             "; --rejects names another place, rows taken so far count as the same next time") from error  # fmt: skip

    def finish(self) -> bool:
        """Put the file in its place. False where there was nothing to write. Raises IntakeError as `add` does."""
        if self._stream is None:
            return False
        with self._told():
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            self._part.replace(self.path)
        self._stream = None
        return True

    def drop(self) -> None:
        if self._stream is not None:
            with suppress(OSError):  # what did not fit is not wanted any more
                self._stream.close()
            self._stream = None
        self._part.unlink(missing_ok=True)


def _written(cell: str) -> str:
    """The cell as it came; bytes that did not decode go out as they were, halves of a pair as bytes that never will."""
    return neutral_cell(
        _HALF.sub(lambda half: half[0].encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape"), cell)
    )


def summed(faults: list[Fault], of: Columns = CASES) -> tuple[str, str, str, str]:
    """(code, field, message, suggestion) of a row: the first complaint names it, all of them are told."""
    first = faults[0]
    message = "；".join(fault.message for fault in faults)
    suggestion = "；".join(dict.fromkeys(fault.suggestion for fault in faults))
    return first.code, label(first.field, of) if first.field else "整行", message, suggestion
