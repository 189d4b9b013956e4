"""Importing cases: rows in, chunk events and projections out, batch by batch, each batch one durable transaction.

A row is read outside the transaction and written inside it, so the write lock is held for a fraction of a second.
A killed import leaves whole batches only; running it again finds those rows and goes on with the rest.
"""

import gc
import hashlib
import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from zjj_console.desk import memory
from zjj_console.desk.desk import Desk
from zjj_console.domain.lifecycle import evolve
from zjj_console.domain.model import Case, Event
from zjj_console.domain.permits import refuse
from zjj_console.domain.safe import safe_text
from zjj_console.intake import columns, known
from zjj_console.intake.cases import Builder
from zjj_console.intake.duty_table import DutyTable
from zjj_console.intake.files import no_file, open_table
from zjj_console.intake.options import Options, Summary, read_map
from zjj_console.intake.pending import Pending, Writer
from zjj_console.intake.quick import Quick
from zjj_console.intake.rejects import RejectFile, summed
from zjj_console.intake.rows import RowReader, Told
from zjj_console.intake.table import Broken, Cells, IntakeError, Table, no_header
from zjj_console.intake.words import Fault, Words
from zjj_console.storage import journal, projections
from zjj_console.storage.db import Connection, connect, writing

BATCH = 20_000  # rows of a transaction
_CHECKPOINT_PAGES = 50_000  # 200 MB: copying the log back after every batch would double the writing
SHOWN = 20  # rejects that a summary carries
_QUOTED = 30  # headers that a message names
_INSERT_REJECT = (
    "INSERT INTO import_reject(batch, row, code, field, message, suggestion, raw) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_BEGIN = (
    "INSERT INTO import_batch(kind, file, actor, started_at, millis, rows, new, changed, same, rejected, rejects_path,"
    " code, done) VALUES ('cases', ?, ?, ?, 0, 0, 0, 0, 0, 0, '', 0, 0)"
)
_COUNT = (
    "UPDATE import_batch SET millis = ?, rows = ?, new = ?, changed = ?, same = ?, rejected = ?, rejects_path = ?,"
    " code = ?, done = ? WHERE id = ?"
)
Progress = Callable[[int, float], None]


class _Undo(Exception):
    """Leaves a transaction that must not be kept."""


def import_cases(desk: Desk, path: Path, options: Options | None = None, progress: Progress | None = None) -> Summary:
    """Import a file of cases. Raises IntakeError where nothing can be read (codes 2, 3, 6, 7) and StorageError.

    `progress` is told the rows so far and the share of the file read. The summary's code is 0, 4 with rejects,
    3 where `atomic` refused everything.
    """
    return _Import(desk, path, options or Options(), progress).run()


Item = tuple[int, Cells | Broken, Told | list[Fault]]


class _Import:
    def __init__(self, desk: Desk, path: Path, options: Options, progress: Progress | None) -> None:
        self.desk, self.path, self.options, self.progress = desk, path, options, progress
        self.now = desk.now()
        self.begun = time.perf_counter()
        self.summary = Summary()
        self.warned: dict[str, int] = {}
        self.unused: list[str] = []
        self.seen: set[str] = set()  # cases that a row of this file has told, about 130 bytes each
        self.batch_id = str(uuid.uuid4())
        self.builder = Builder(desk.town, DutyTable(desk.duty), self.now, desk.console)
        self.writer = Writer(desk, self.now, self.batch_id, self.builder, Quick(self.builder))
        self.rows = self.new = self.changed = self.same = self.rejected = self.batch = 0
        self.stopped, self.kept = False, True
        self.rejects_path = ""

    def run(self) -> Summary:
        refusal = refuse("report", None, self.desk.facts())
        if refusal is not None:
            raise IntakeError(refusal.code, "E_PERMISSION", refusal.zh, refusal.en)
        mapping = read_map(self.options.map)
        if not self.path.is_file():
            raise no_file(self.path)
        if self.options.key:
            repeated = self._repeated()
            if repeated is not None:
                return repeated
        table = open_table(self.path, self.options.format, self.options.encoding, self.options.sheet)
        try:
            found = columns.recognise(table.headers, mapping.headers)
            lacking = columns.missing(found)
            if lacking:
                raise _no_header(lacking, table.headers)
            self.unused = columns.unused(table.headers, found)
            words = Words(self.desk.town, mapping.values, neutral=table.neutral)
            self.reader = RowReader(words, found, len(table.headers), self.now, dirty=table.dirty)
            self.rejects = RejectFile(self.options.rejects or self.path.with_suffix(".rejects.csv"), table.headers)
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
        for items, last in self._items(table):
            with writing(db):
                self._begin(db)
                self._write(db, items)
                self._keep_count(db, done=False)
            self._tell(table)
            if last:
                break
        written = self.rejects.finish()
        self.rejects_path = str(self.rejects.path) if written else ""
        code = 4 if self.rejected else 0
        if self.stopped and not (self.new or self.changed or self.same):
            code = 3
        with writing(db):
            self._begin(db)
            self._keep_count(db, done=True, code=code)
            self._remember(db, code)
        return code

    def _tell(self, table: Table) -> None:
        if self.progress:
            self.progress(self.rows, table.share())

    # the key of a script ----------------------------------------------------------------------------------------------

    def _content(self) -> str:
        """What an import with a key is about: these bytes, read this way."""
        with self.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        o = self.options
        return f"import cases {digest} {o.format} {o.sheet} {o.encoding} {o.atomic}"

    def _repeated(self) -> Summary | None:
        """The summary of the same import done before with this key (§6.4)."""
        used = memory.recall(self.desk.reader, self.options.key)
        if used is None:
            return None
        if used.content != self._content():
            zh, en = f"键 {self.options.key} 已用于另一内容", f"key {self.options.key} was used for something else"
            raise IntakeError(5, "E_CONFLICT", zh, en, "key")
        first = msgspec.convert(used.result, Summary)
        accepted = first.new + first.changed + first.same
        return replace(first, new=0, changed=0, same=accepted, code=0, seconds=0.0, rejects=[], repeated=True)

    def _remember(self, db: Connection, code: int) -> None:
        if self.options.key:
            summary = msgspec.to_builtins(self._summed(code))
            memory.remember(db, self.options.key, self._content(), summary, self.now)

    def _all_or_nothing(self, db: Connection, table: Table) -> int:
        code = 0
        try:
            with writing(db):
                self._begin(db)
                for items, _ in self._items(table):
                    self._write(db, items)
                    self._tell(table)
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

    def _items(self, table: Table) -> Iterator[tuple[list[Item], bool]]:
        """Rows read and judged, a batch at a time, with whether the reading ends here."""
        read = self.reader.read
        limit = self.options.max_rejects
        refused = 0
        rows = iter(table.rows)
        while True:
            items: list[Item] = []
            for number, cells in itertools.islice(rows, BATCH):
                told = [_broken(cells)] if isinstance(cells, Broken) else read(cells)
                items.append((number, cells, told))
                if told.__class__ is list:
                    refused += 1
                    if limit is not None and refused > limit:
                        self.stopped = True
                        break
            last = self.stopped or len(items) < BATCH
            yield items, last
            if last:
                return

    # writing --------------------------------------------------------------------------------------------------------

    def _begin(self, db: Connection) -> None:
        if not self.batch:
            values = (self.path.name, self.desk.actor.work_no, self.now)
            self.batch = int(db.execute(_BEGIN, values).lastrowid)

    def _keep_count(self, db: Connection, *, done: bool, code: int = 0) -> None:
        millis = round((time.perf_counter() - self.begun) * 1000)
        figures = (self.rows, self.new, self.changed, self.same, self.rejected)
        db.execute(_COUNT, (millis, *figures, self.rejects_path, code, int(done), self.batch))

    def _write(self, db: Connection, items: list[Item]) -> None:
        """One batch: refuse, recognise what is known, make the rest."""
        self.rows += len(items)
        told = [item[2] for item in items if item[2].__class__ is Told]
        held = known.known_ids(db, told) if told else {}
        standing = known.Standing(db, self.builder)
        cases = known.load_many(db, list(set(held.values()))) if held else {}
        pending = Pending(self.writer, db)
        for number, cells, row in items:
            if isinstance(row, list):
                self._refuse(db, number, cells, row)
                continue
            if row.id in pending.ids:
                pending.flush()
                held[row.id] = row.id
                cases |= known.load_many(db, [row.id])
            case_id = held.get(row.id)
            if case_id is None:
                fault = pending.add(row)
                if fault is None:
                    self.new += 1
                    self.seen.add(row.id)
                    if row.warnings:
                        self._warn(row)
                    continue
                self._refuse(db, number, cells, [fault])
                continue
            self._again(db, standing, cases, case_id, (number, cells, row))
        pending.flush()

    def _again(
        self, db: Connection, standing: known.Standing, cases: dict[str, Case], case_id: str, item: Item
    ) -> None:
        number, cells, row = item
        assert isinstance(row, Told)
        judged = standing.judge(row, cases[case_id])
        if judged is not None and case_id in self.seen:
            judged = _TWICE  # else the two rows would undo each other at every import
        if isinstance(judged, Fault):
            self._refuse(db, number, cells, [judged])
            return
        self.seen.add(case_id)
        if judged is None:
            self.same += 1
        else:
            cases[case_id] = self._correct(db, cases[case_id], judged)
            self.changed += 1
            self._warn(row)

    def _correct(self, db: Connection, case: Case, event: Event) -> Case:
        head = journal.open_head(db, self.desk.path)
        journal.append(db, head, [event], self.desk.actor, self.now, cmd=self.batch_id)
        after = evolve(case, event)
        projections.write(db, case, after, self.builder.duty)
        return after

    def _refuse(self, db: Connection, number: int, cells: Cells | Broken, faults: list[Fault]) -> None:
        self.rejected += 1
        code, field, message, suggestion = summed(faults)
        if len(self.summary.rejects) < SHOWN:
            self.summary.rejects.append((number, code, faults[0].field, message, suggestion))
        if not self.options.dry_run:
            self.rejects.add(number, cells, faults)
        db.execute(_INSERT_REJECT, (self.batch, number, code, field, message, suggestion, _storable(cells)))

    def _warn(self, row: Told) -> None:
        for kind in row.warnings:
            self.warned[kind] = self.warned.get(kind, 0) + 1

    def _summed(self, code: int) -> Summary:
        s = self.summary
        s.batch = f"I-{self.batch:04}" if self.kept else "-"
        s.rows, s.new, s.changed, s.same, s.rejected = self.rows, self.new, self.changed, self.same, self.rejected
        s.seconds = round(time.perf_counter() - self.begun, 3)
        s.code, s.rejects_path, s.dry_run = code, self.rejects_path, self.options.dry_run
        s.warnings = [f"{count} 行{_WARNINGS[kind]}" for kind, count in self.warned.items()]
        if self.unused:
            s.warnings.append(f"未用的列: {_quoted(self.unused)}")
        if not self.kept:
            s.warnings.append("试运行，未写入" if self.options.dry_run else "有拒收行，--atomic 全部未写")
        if self.stopped:
            s.warnings.append(f"拒收超过 {self.options.max_rejects} 行，其余未读")
        return s


_WARNINGS = {
    "old": "上报时间早于60天前，已照收",
    "cut": "文字过长，已截短",
    "masked": "电话已隐去，未采用",
    "lead": "有承办而未到派单，按待派入库，承办未采用",
    "position": "坐标读不懂，未采用",
    "machine": "机内数据读不懂，按可见各列入库",
}
_TWICE = Fault("E_CONFLICT", "external_id", "同一文件中前面的行已写此案，内容不同", "同一案件只留一行")


def _broken(broken: Broken) -> Fault:
    return Fault(broken.code, "", broken.message, broken.suggestion)


def _storable(cells: Cells | Broken) -> str:
    """The row as text that the database takes; damaged bytes become question marks here, not in the reject file."""
    text = cells.text if isinstance(cells, Broken) else json.dumps(cells[:-1], ensure_ascii=False)
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


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
