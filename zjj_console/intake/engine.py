"""Importing cases: rows in, chunk events and projections out, batch by batch, each batch one durable transaction."""

import uuid
from pathlib import Path

from zjj_console.desk.desk import Desk
from zjj_console.domain.lifecycle import evolve
from zjj_console.domain.model import Case, Event, Refusal
from zjj_console.domain.permits import refuse
from zjj_console.intake import columns, known
from zjj_console.intake.cases import Builder
from zjj_console.intake.duty_table import DutyTable
from zjj_console.intake.options import Mapping, Options, Summary
from zjj_console.intake.pending import Pending, Writer
from zjj_console.intake.quick import Quick
from zjj_console.intake.rows import RowReader, Told
from zjj_console.intake.run import Item, Progress, Run
from zjj_console.intake.table import Table
from zjj_console.intake.words import Fault, Words
from zjj_console.storage import duty_rows, journal, projections
from zjj_console.storage.db import Connection

BATCH = 20_000  # rows of a transaction
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


class _Import(Run[Told]):
    kind = "cases"
    heads = columns.CASES
    told_as = _WARNINGS

    def __init__(self, desk: Desk, path: Path, options: Options, progress: Progress | None) -> None:
        super().__init__(desk, path, options, progress)
        self.batch_rows = BATCH
        self.seen: set[str] = set()  # cases that a row of this file has told, about 130 bytes each
        self.batch_id = str(uuid.uuid4())
        self.builder = Builder(desk.town, DutyTable(desk.duty), self.now, desk.console, desk.facts().custodian)
        self.writer = Writer(desk, self.now, self.batch_id, self.builder, Quick(self.builder))

    def permitted(self) -> Refusal | None:
        return refuse("report", None, self.desk.facts())

    def prepare(self, table: Table, found: dict[str, int], mapping: Mapping) -> None:
        words = Words(self.desk.town, mapping.values, neutral=table.neutral)
        width, crs = len(table.headers), self.options.crs
        self.read = RowReader(words, found, width, self.now, dirty=table.dirty, crs=crs).read

    def write(self, db: Connection, items: list[Item[Told]]) -> None:
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
                held |= {case_id: case_id for case_id in pending.ids}
                pending.flush()
            case_id = held.get(row.id)
            if case_id is None:
                fault = pending.add(row)
                if fault is None:
                    self.new += 1
                    self.seen.add(row.id)
                    if row.warnings:
                        self._warn(row.warnings)
                    continue
                self._refuse(db, number, cells, [fault])
                continue
            self._again(db, standing, cases, case_id, (number, cells, row))
        pending.flush()

    def _again(
        self, db: Connection, standing: known.Standing, cases: dict[str, Case], case_id: str, item: Item[Told]
    ) -> None:
        number, cells, row = item
        assert isinstance(row, Told)
        if case_id not in cases:  # an earlier row of this batch made it
            cases |= known.load_many(db, [case_id])
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
            self._warn(row.warnings)

    def _correct(self, db: Connection, case: Case, event: Event) -> Case:
        head = journal.open_head(db, self.desk.path)
        journal.append(db, head, [event], self.desk.actor, self.now, cmd=self.batch_id)
        after = evolve(case, event)
        projections.write(db, case, after, self.builder.duty)
        projections.write_timers(db, after, self.builder.duty, duty_rows.load_climb(db, after.id))
        return after
