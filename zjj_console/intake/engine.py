"""Importing cases: rows in, chunk events and projections out, batch by batch, each batch one durable transaction."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from zjj_console.desk.desk import Desk
from zjj_console.domain.lifecycle import evolve
from zjj_console.domain.model import Case, Event, Refusal
from zjj_console.domain.permits import refuse
from zjj_console.intake import columns, known
from zjj_console.intake.cases import Builder
from zjj_console.intake.duty_table import DutyTable
from zjj_console.intake.options import Mapping, Options, Summary
from zjj_console.intake.pending import Pending, Writer
from zjj_console.intake.plain import Lot, Plain
from zjj_console.intake.rows import RowReader, Told
from zjj_console.intake.run import Item, Progress, Run, broken, gathered
from zjj_console.intake.table import Broken, Table
from zjj_console.intake.words import Fault, Words
from zjj_console.storage import bulk, duty_rows, journal, projections
from zjj_console.storage.db import Connection

BATCH = 8_000  # rows of a transaction
_WARNINGS = {
    "old": "上报时间早于60天前，已照收",
    "cut": "文字过长，已截短",
    "masked": "电话已隐去，未采用",
    "lead": "有承办而未到派单，按待派入库，承办未采用",
    "position": "坐标读不懂或离镇太远，未采用，核对 --crs",
    "approximate": "坐标由城市平面近似换算，误差数十米",
    "machine": "机内数据读不懂，按可见各列入库",
}
_TWICE = Fault("E_CONFLICT", "external_id", "同一文件中前面的行已写此案，内容不同", "同一案件只留一行")


def import_cases(desk: Desk, path: Path, options: Options | None = None, progress: Progress | None = None) -> Summary:
    """Import a file of cases. Raises IntakeError where nothing can be read (codes 2, 3, 6, 7) and StorageError.

    `progress` is told the rows so far and the share of the file read. The summary's code is 0, 4 with rejects,
    3 where `atomic` refused everything.
    """
    return _Import(desk, path, options or Options(), progress).run()


_TELL = "CREATE TEMP TABLE told(id TEXT PRIMARY KEY) WITHOUT ROWID"  # known cases that a row of this file has told


class Batch(Struct):
    """The rows of one transaction: plain ones in lots, the others one by one."""

    lots: list[Lot]
    items: list[Item[Told]]

    def __len__(self) -> int:
        return len(self.items) + sum(len(lot.numbers) for lot in self.lots)

    def before(self, number: int) -> "Batch":
        """Only the rows before one, and that one."""
        lots = [lot.kept([n <= number for n in lot.numbers]) for lot in self.lots]
        return Batch([lot for lot in lots if lot.numbers], [item for item in self.items if item[0] <= number])


class _Import(Run[Told, Batch]):
    kind = "cases"
    heads = columns.CASES
    told_as = _WARNINGS

    def __init__(self, desk: Desk, path: Path, options: Options, progress: Progress | None) -> None:
        super().__init__(desk, path, options, progress)
        self.batch_id = str(uuid.uuid4())
        self.bare = False
        self.builder = Builder(desk.town, DutyTable(desk.duty), self.now, desk.console, desk.facts().custodian)
        self.writer = Writer(desk, self.now, self.batch_id, self.builder)

    def permitted(self) -> Refusal | None:
        return refuse("report", None, self.desk.facts())

    def prepare(self, table: Table, found: dict[str, int], mapping: Mapping) -> None:
        words = Words(self.desk.town, mapping.values, neutral=table.neutral)
        width, crs = len(table.headers), self.options.crs
        reader = RowReader(words, found, width, self.now, dirty=table.dirty, crs=crs)
        self.read, self.plain = reader.read, Plain(reader, self.builder)

    def batches(self, table: Table) -> Iterator[Batch]:
        rows, refused, limit = iter(table.rows), 0, self.options.max_rejects
        while some := gathered(rows, BATCH):
            lots, odd = self.plain.take([(n, cells) for n, cells in some if not isinstance(cells, Broken)])
            items: list[Item[Told]] = [(n, cells, self.read(cells)) for n, cells in odd]
            items += [(n, cells, [broken(cells)]) for n, cells in some if isinstance(cells, Broken)]
            batch = Batch(lots, sorted(items, key=lambda item: item[0]))
            for number, _, told in batch.items:
                refused += told.__class__ is list
                if limit is not None and refused > limit:
                    self.stopped = True
                    yield batch.before(number)
                    return
            yield batch

    def write(self, db: Connection, batch: Batch) -> None:
        """Refuse, make the new cases, then judge what came before: here, or further up in the batch."""
        if not self.rows:
            db.execute(_TELL)
            if len(batch) == BATCH and db.execute("SELECT 1 FROM case_row LIMIT 1").fetchone() is None:
                bulk.put_off(db, "case_row", "timer")
                self.bare = True
        self.rows += len(batch)
        refused = [(n, cells, row) for n, cells, row in batch.items if isinstance(row, list)]
        told = [(n, cells, row) for n, cells, row in batch.items if isinstance(row, Told)]
        told = self._contested(batch, told)
        if told or any("" in lot.columns["external_id"] for lot in batch.lots):
            self._catch_up(db)  # these are asked for by their id
        pending, again = Pending(self.writer, db), list[Item[Told]]()
        fresh = self._fresh(db, batch.lots, told)
        for lot in batch.lots:
            which = [fresh.get(case) == n for case, n in zip(lot.columns["id"], lot.numbers, strict=True)]
            kept = lot if all(which) else lot.kept(which)
            if kept is not lot:
                others = zip(lot.numbers, lot.cells, which, strict=True)
                again += [(n, cells, self.read(cells)) for n, cells, new in others if not new]
            if kept.numbers:
                pending.lots.append(kept)
            self.new += len(kept.numbers)
            for warnings in filter(None, kept.warnings):
                self._warn(warnings)
        for item in told:
            if fresh.get(item[2].id) != item[0]:
                again.append(item)
            elif fault := self._add(pending, item):
                refused.append((*item[:2], [fault]))
        pending.flush(self.read_on)
        if again:
            self._catch_up(db)
            refused += self._again(db, pending, sorted(again, key=lambda item: item[0]))
        for n, cells, faults in sorted(refused, key=lambda item: item[0]):
            self._refuse(db, n, cells, faults)

    def _contested(self, batch: Batch, told: list[tuple[int, Any, Told]]) -> list[tuple[int, Any, Told]]:
        """The rows of the long road with the plain ones whose outside number a row with an id of ours claims too: the
        first of them wins, and only row by row that can be told. Takes those out of the lots.
        """
        claims = {(row.said["source"], row.said.get("external_id", "")) for _, _, row in told if row.own_id}
        if not claims:
            return told
        for n, lot in enumerate(batch.lots):
            pairs = zip(lot.columns["source"], lot.columns["external_id"], strict=True)
            free = [not pair[1] or pair not in claims for pair in pairs]
            rows = zip(lot.numbers, lot.cells, free, strict=True)
            read = ((number, cells, self.read(cells)) for number, cells, is_free in rows if not is_free)
            told += [(number, cells, row) for number, cells, row in read if isinstance(row, Told)]
            batch.lots[n] = lot.kept(free)
        return sorted(told, key=lambda item: item[0])

    def finish(self, db: Connection) -> None:
        self._catch_up(db)

    def _catch_up(self, db: Connection) -> None:
        """An import into an empty database does without most indexes until somebody asks by them."""
        if self.bare:
            bulk.catch_up(db)
            self.bare = False

    def _fresh(self, db: Connection, lots: list[Lot], told: list[tuple[int, Any, Told]]) -> dict[str, int]:
        """Cases that nobody knows yet, with the first row of the batch that tells of each."""
        keys = [known.Key(row.id, *row.outside) for _, _, row in told]
        rows: list[tuple[str, int]] = [(row.id, n) for n, _, row in told]
        for lot in lots:
            said = lot.columns
            keys += map(known.Key, said["id"], said["source"], said["external_id"])
            rows += zip(said["id"], lot.numbers, strict=True)
        held = known.ids(db, keys)
        fresh: dict[str, int] = {}
        for case, number in rows:
            if case not in held:
                fresh[case] = min(number, fresh.get(case, number))
        return fresh

    def _add(self, pending: Pending, item: Item[Told]) -> Fault | None:
        number, _, row = item
        assert isinstance(row, Told)
        fault = pending.add(number, row)
        if fault is None:
            self.new += 1
            self._warn(row.warnings)
        return fault

    def _again(self, db: Connection, pending: Pending, items: list[Item[Told]]) -> Iterator[Any]:
        """Rows of cases that are there by now, in the order of the file. Yields what is refused."""
        keys = [known.Key(row.id, *row.outside) for _, _, row in items if isinstance(row, Told)]
        held = known.ids(db, keys)
        cases = known.load_many(db, list(set(held.values())))
        standing = known.Standing(db, self.builder)
        done: set[str] = set()
        for number, cells, row in items:
            assert isinstance(row, Told)
            case_id = held.get(row.id)
            if case_id is None:  # the row before it was refused
                if fault := self._add(pending, (number, cells, row)):
                    yield number, cells, [fault]
                pending.flush()
                held |= known.ids(db, [known.Key(row.id, *row.outside)])
                cases |= known.load_many(db, [row.id])
                continue
            judged = standing.judge(row, cases[case_id])
            if judged is not None and (case_id in done or self._told(db, case_id)):
                judged = _TWICE  # else the two rows would undo each other at every import
            if isinstance(judged, Fault):
                yield number, cells, [judged]
                continue
            done.add(case_id)
            if judged is None:
                self.same += 1
            else:
                cases[case_id] = self._correct(db, cases[case_id], judged)
                self.changed += 1
                self._warn(row.warnings)
        db.executemany("INSERT OR IGNORE INTO temp.told VALUES (?)", [(case,) for case in done])

    def _told(self, db: Connection, case_id: str) -> bool:
        """Whether a row of this file has told of it before, as a new case or as a known one."""
        sql = (
            "SELECT EXISTS (SELECT 1 FROM temp.told WHERE id = ?1) OR EXISTS (SELECT 1 FROM case_row c"
            " JOIN event e ON e.lseq = c.origin_lseq WHERE c.id = ?1 AND e.stream = ?2)"
        )
        return bool(db.execute(sql, (case_id, self.batch_id)).fetchone()[0])

    def _correct(self, db: Connection, case: Case, event: Event) -> Case:
        head = journal.open_head(db, self.desk.path)
        journal.append(db, head, [event], self.desk.actor, self.now, cmd=self.batch_id)
        after = evolve(case, event)
        projections.write(db, case, after, self.builder.duty)
        projections.write_timers(db, after, self.builder.duty, duty_rows.load_climb(db, after.id))
        return after
