"""What every import of a file has in common: reading, refusing, counting, and batches that are whole or not there.

A row is read outside the transaction and written inside it, so the write lock is held for a fraction of a second.
A killed import leaves whole batches only; running it again finds those rows and goes on with the rest.
"""

import contextlib
import gc
import hashlib
import itertools
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

import msgspec
from msgspec.structs import replace

from zjj_console.desk import memory
from zjj_console.desk.desk import Desk
from zjj_console.domain.model import Refusal
from zjj_console.domain.safe import safe_text, steers
from zjj_console.intake import columns
from zjj_console.intake.files import open_table
from zjj_console.intake.options import Mapping, Options, Summary, read_map
from zjj_console.intake.rejects import RejectFile, summed
from zjj_console.intake.table import Broken, Cells, IntakeError, Rows, Table, no_header, require_file, unreadable
from zjj_console.intake.words import Fault
from zjj_console.storage.db import Connection, StorageError, connect, writing

_CHECKPOINT_PAGES = 50_000  # 200 MB: copying the log back after every batch would double the writing
SHOWN = 20  # rejects that a summary carries
_QUOTED = 30  # headers that a message names
_NAME = 200  # characters of a name of a file that the database keeps
_KEPT = 20_000  # characters of a refused row that the database keeps
_PIECE = 50  # rows that are taken before their weight is looked at
_HEAVY = 1 << 25  # characters of the rows of one transaction: so much is in memory at a time
_INSERT_REJECT = (
    "INSERT INTO import_reject(batch, row, code, field, message, suggestion, raw) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_BEGIN = (
    "INSERT INTO import_batch(kind, file, actor, started_at, millis, rows, new, changed, same, rejected, rejects_path,"
    " code, done) VALUES (?, ?, ?, ?, 0, 0, 0, 0, 0, 0, '', 0, 0)"
)
_COUNT = (
    "UPDATE import_batch SET millis = ?, rows = ?, new = ?, changed = ?, same = ?, rejected = ?, rejects_path = ?,"
    " code = ?, done = ? WHERE id = ?"
)
Progress = Callable[[int, float], None]


class _Undo(Exception):
    """Leaves a transaction that must not be kept."""


T = TypeVar("T")
B = TypeVar("B")
Item = tuple[int, Cells | Broken, T | list[Fault]]


class Run(ABC, Generic[T, B]):
    """One import of one file. A kind of file says what its rows tell (`T`), what makes a transaction (`B`), and what
    becomes of it.
    """

    kind: ClassVar[str]
    heads: ClassVar[columns.Columns]
    told_as: ClassVar[dict[str, str]] = {}  # what a summary says of rows that were taken with a warning
    read: Callable[[Cells], T | list[Fault]]  # what a row says, or everything that is wrong with it

    def __init__(self, desk: Desk, path: Path, options: Options, progress: Progress | None) -> None:
        self.desk, self.path, self.options, self.progress = desk, path, options, progress
        self.now = desk.now()
        self.begun = time.perf_counter()
        self.summary = Summary()
        self.warned: dict[str, int] = {}
        self.unused: list[str] = []
        self.rows = self.new = self.changed = self.same = self.rejected = self.batch = 0
        self.stopped, self.kept = False, True
        self.rejects_path = ""
        self.standing = 0  # rows of batches that are durable
        self._coming: Future[B | None] | None = None
        self._next: Callable[[], Future[B | None]]

    # what a kind of file says of itself -----------------------------------------------------------------------------

    @abstractmethod
    def permitted(self) -> Refusal | None:
        """Why the operator may not import this."""

    @abstractmethod
    def prepare(self, table: Table, found: dict[str, int], mapping: Mapping) -> None:
        """Set `read` for this file. `found` is where its columns stand. May raise IntakeError."""

    @abstractmethod
    def batches(self, table: Table) -> Iterator[B]:
        """The rows, read and judged, on a thread of their own. Sets `stopped` where it reads no further."""

    @abstractmethod
    def write(self, db: Connection, batch: B) -> None:
        """One batch inside a transaction: count it, refuse what must be refused, write the rest.

        It may call `read_on` before what SQLite takes long for: the interpreter is free then.
        """

    def finish(self, db: Connection) -> None:
        """What is left to do behind the last batch, in its transaction."""

    # the frame ----------------------------------------------------------------------------------------------------------

    def run(self) -> Summary:
        refusal = self.permitted()
        if refusal is not None:
            raise IntakeError(refusal.code, "E_PERMISSION", refusal.zh, refusal.en)
        mapping = read_map(self.options.map)
        require_file(self.path)
        if self.options.key:
            repeated = self._repeated()
            if repeated is not None:
                return repeated
        table = open_table(self.path, self.options.format, self.options.encoding, self.options.sheet)
        try:
            found = columns.recognise(table.headers, mapping.headers, self.heads)
            lacking = columns.missing(found, self.heads)
            if lacking:
                raise _no_header(lacking, table.headers)
            self.unused = columns.unused(table.headers, found, self.heads)
            self.prepare(table, found, mapping)
            self.rejects = RejectFile(
                self.options.rejects or self.path.with_suffix(".rejects.csv"), table.headers, self.heads
            )
            return self._read(table)
        finally:
            table.close()

    def _read(self, table: Table) -> Summary:
        db = connect(self.desk.path)
        db.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        collecting = gc.isenabled()
        gc.disable()  # millions of short-lived rows and no cycles: collecting costs a third of the time
        try:
            if self.options.atomic or self.options.dry_run:
                code = self._all_or_nothing(db, table)
            else:
                code = self._batches(db, table)
        finally:
            if collecting:
                gc.enable()
            self.rejects.drop()
            db.close()
        return self._summed(code)

    def _batches(self, db: Connection, table: Table) -> int:
        try:
            with contextlib.closing(self._ahead(table)) as batches:
                for batch in batches:
                    with writing(db):
                        self._begin(db)
                        self.write(db, batch)
                        self._keep_count(db, done=False)
                    self.standing = self.rows
                    self._tell(table)
        except BaseException as error:
            with contextlib.suppress(StorageError), writing(db):  # what stands is left as usable as it was
                self.finish(db)
            told = self._halfway(error)
            if told is error:
                raise
            raise told from error
        written = self.rejects.finish()
        self.rejects_path = str(self.rejects.path) if written else ""
        code = 4 if self.rejected else 0
        if self.stopped and not (self.new or self.changed or self.same):
            code = 3
        with writing(db):
            self._begin(db)
            self.finish(db)
            self._keep_count(db, done=True, code=code)
            self._remember(db, code)
        return code

    def _halfway(self, error: BaseException) -> BaseException:
        """The same, said with what stands already and how it goes on."""
        if not self.standing:
            return error
        zh = f"；前 {self.standing} 行已处理并保存，再导入同一文件即接着导"
        en = f"; the first {self.standing} rows are kept, import the same file again to go on"
        if isinstance(error, StorageError):
            return StorageError(error.code, error.zh.replace("未写入任何内容", "本批未写入") + zh, error.en + en)
        if isinstance(error, IntakeError):
            return IntakeError(error.code, error.error, error.zh + zh, error.en + en, error.field)
        if isinstance(error, KeyboardInterrupt):
            return IntakeError(130, "E_INTERRUPTED", f"已中断{zh}", f"interrupted{en}")
        return error

    def _tell(self, table: Table) -> None:
        if self.progress:
            self.progress(self.rows, table.share())

    # the key of a script ----------------------------------------------------------------------------------------------

    def content(self) -> str:
        """What an import with a key is about: these bytes, read this way."""
        with self.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        o = self.options
        crs = "" if o.crs == "wgs84" else f" {o.crs}"
        return f"import {self.kind} {digest} {o.format} {o.sheet} {o.encoding} {o.atomic}{crs}"

    def _repeated(self) -> Summary | None:
        """The summary of the same import done before with this key (§6.4)."""
        used = memory.recall(self.desk.reader, self.options.key)
        if used is None:
            return None
        if used.content != self.content():
            zh, en = f"键 {self.options.key} 已用于另一内容", f"key {self.options.key} was used for something else"
            raise IntakeError(5, "E_CONFLICT", zh, en, "key")
        first = msgspec.convert(used.result, Summary)
        accepted = first.new + first.changed + first.same
        return replace(first, new=0, changed=0, same=accepted, code=0, seconds=0.0, rejects=[], repeated=True)

    def _remember(self, db: Connection, code: int) -> None:
        if self.options.key:
            summary = msgspec.to_builtins(self._summed(code))
            memory.remember(db, self.options.key, self.content(), summary, self.now)

    def _all_or_nothing(self, db: Connection, table: Table) -> int:
        code = 0
        try:
            with writing(db), contextlib.closing(self._ahead(table)) as batches:
                self._begin(db)
                for batch in batches:
                    self.write(db, batch)
                    self._tell(table)
                self.finish(db)
                code = (3 if self.options.atomic else 4) if self.rejected else 0
                if code == 3 or self.options.dry_run:
                    raise _Undo
                self._keep_count(db, done=True, code=code)
                self._remember(db, code)
        except _Undo:
            self.kept = False
            if self.options.rejects and not self.options.dry_run and self.rejects.finish():
                self.rejects_path = str(self.rejects.path)
        return code

    def _ahead(self, table: Table) -> Generator[B, None, None]:
        """One batch after the other, each read on a thread of its own. Close it, and the thread ends."""
        batches = self.batches(table)
        with ThreadPoolExecutor(1) as reader:
            self._next = lambda: reader.submit(next, batches, None)
            while True:
                self.read_on()
                coming, self._coming = self._coming, None
                try:
                    batch = coming.result() if coming else None
                except OSError as error:
                    raise unreadable(self.path, error) from error
                if batch is None:
                    return
                yield batch

    def read_on(self) -> None:
        """Begin with the next batch, if it is not begun yet."""
        if self._coming is None:
            self._coming = self._next()

    def items(self, table: Table) -> list[Item[T]]:
        """All rows one by one, as far as refused ones allow: what kinds of file with few rows take as one batch."""
        items: list[Item[T]] = []
        refused, limit = 0, self.options.max_rejects
        for number, cells in table.rows:
            told = [broken(cells)] if isinstance(cells, Broken) else self.read(cells)
            items.append((number, cells, told))
            refused += told.__class__ is list
            if limit is not None and refused > limit:
                self.stopped = True
                break
        return items

    # writing --------------------------------------------------------------------------------------------------------

    def _begin(self, db: Connection) -> None:
        if not self.batch:
            values = (self.kind, safe_text(self.path.name, _NAME), self.desk.actor.work_no, self.now)
            self.batch = int(db.execute(_BEGIN, values).lastrowid)

    def _keep_count(self, db: Connection, *, done: bool, code: int = 0) -> None:
        millis = round((time.perf_counter() - self.begun) * 1000)
        figures = (self.rows, self.new, self.changed, self.same, self.rejected)
        db.execute(_COUNT, (millis, *figures, safe_text(self.rejects_path), code, int(done), self.batch))

    def _refuse(self, db: Connection, number: int, cells: Cells | Broken, faults: list[Fault]) -> None:
        self.rejected += 1
        code, field, message, suggestion = summed(faults, self.heads)
        if len(self.summary.rejects) < SHOWN:
            self.summary.rejects.append((number, code, faults[0].field, message, suggestion))
        if not self.options.dry_run:
            self.rejects.add(number, cells, faults)
        db.execute(_INSERT_REJECT, (self.batch, number, code, field, message, suggestion, _storable(cells)))

    def _count(self, worth: str) -> None:
        """One row taken: `new`, `changed` or `same`."""
        setattr(self, worth, getattr(self, worth) + 1)

    def _warn(self, kinds: Iterable[str]) -> None:
        for kind in kinds:
            self.warned[kind] = self.warned.get(kind, 0) + 1

    def _summed(self, code: int) -> Summary:
        s = self.summary
        s.batch = f"I-{self.batch:04}" if self.kept else "-"
        s.rows, s.new, s.changed, s.same, s.rejected = self.rows, self.new, self.changed, self.same, self.rejected
        s.seconds = round(time.perf_counter() - self.begun, 3)
        s.code, s.rejects_path, s.dry_run = code, self.rejects_path, self.options.dry_run
        s.warnings = [f"{count} 行{self.told_as[kind]}" for kind, count in self.warned.items()]
        if self.unused:
            s.warnings.append(f"未用的列: {_quoted(self.unused)}")
        if not self.kept:
            s.warnings.append("试运行，未写入" if self.options.dry_run else "有拒收行，--atomic 全部未写")
        if self.stopped:
            s.warnings.append(f"拒收超过 {self.options.max_rejects} 行，其余未读")
        return s


def gathered(rows: Rows, most: int) -> list[tuple[int, Cells | Broken]]:
    """The next rows, up to `most`, fewer where they are so heavy that memory should not hold more. Empty at the end."""
    some: list[tuple[int, Cells | Broken]] = []
    weight = 0
    while len(some) < most and weight < _HEAVY and (piece := list(itertools.islice(rows, min(_PIECE, most)))):
        weight += sum(len(cells.text if isinstance(cells, Broken) else "".join(cells)) for _, cells in piece)
        some += piece
    return some


def broken(row: Broken) -> Fault:
    return Fault(row.code, "", row.message, row.suggestion)


def _storable(cells: Cells | Broken) -> str:
    """The row as text that no terminal obeys, cut where it is endless; the reject file has it whole and as it was."""
    broken = isinstance(cells, Broken)
    row = cells.text[:_KEPT] if isinstance(cells, Broken) else [cell[:_KEPT] for cell in cells[:-1]]
    text = str(row) if broken else json.dumps(row, ensure_ascii=False)
    return (json.dumps(row) if steers(text) else text)[:_KEPT]


def _no_header(lacking: list[columns.Column], headers: list[str]) -> IntakeError:
    """Names what is missing and where to read on; what the file has comes last, where a long message is cut."""
    names = "、".join(f"{column.zh[0]}({column.key})" for column in lacking)
    keys = ", ".join(column.key for column in lacking)
    return no_header(
        f"缺必需的列: {names}；用 --map 对照列名，可用的列名见 docs/users/import.md；文件的列: {_quoted(headers)}",
        f"missing columns: {keys}; rename with --map, names in docs/users/import.md",
        lacking[0].key,
    )


def _quoted(headers: list[str]) -> str:
    """Headers of a file as a message shows them."""
    shown = "、".join(safe_text(name, 20) for name in headers[:_QUOTED])
    return shown if len(headers) <= _QUOTED else f"{shown} 等{len(headers)}列"
