"""New cases of a batch on their way into the journal and the tables, in the fewest statements that do it."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zjj_console.desk.desk import Desk
from zjj_console.desk.opening import next_serial
from zjj_console.domain.lifecycle import event_of
from zjj_console.domain.model import Case, Event
from zjj_console.intake.cases import Builder
from zjj_console.intake.quick import Quick
from zjj_console.intake.rows import Told
from zjj_console.intake.words import Fault, brief
from zjj_console.storage import journal, projections
from zjj_console.storage.db import Connection

CHUNK_ROWS = 500  # rows of a journal event
CHUNK_BYTES = 900_000
_encode = msgspec.json.Encoder(order="sorted").encode  # canonical, as the journal wants it


class Writer(Struct, frozen=True):
    """What all batches of one import share. `batch_id` is the stream of its chunk events."""

    desk: Desk
    now: int
    batch_id: str
    builder: Builder
    quick: Quick


class Pending:
    """New cases of a batch on their way into the journal and the tables."""

    def __init__(self, writer: Writer, db: Connection) -> None:
        self.writer, self.db = writer, db
        self.ids: set[str] = set()
        self.made: list[tuple[bytes, str, list[Any]]] = []  # encoded [id, set], SQL of its insert, its row
        self.timers: list[tuple[Any, ...]] = []
        self.cases: list[Case] = []
        self.serial = next_serial(db, writer.desk.console)
        self.numbers: set[tuple[str, int]] = set()
        self.outside: set[tuple[str | None, str | None]] = set()  # (source, external_id) of this batch

    def add(self, told: Told) -> Fault | None:
        taken = self._taken(told)
        if taken is not None:
            return taken
        made = self.writer.quick.make(told, self.serial)
        if made is None:
            fault = self._slowly(told)
            if fault is not None:
                return fault
        else:
            changed, kind, row, timers = made
            self.made.append((_encode((told.id, changed)), kind.insert, row))
            self.timers += timers
        self._claim(told)
        return None

    def _claim(self, told: Told) -> None:
        """A row that was taken holds its numbers; one that was refused leaves them to a later row."""
        self.ids.add(told.id)
        source, external = told.said.get("source"), told.said.get("external_id")
        if external:
            self.outside.add((source, external))
        serial, console = told.said.get("serial"), told.said.get("console")
        if serial is None:
            self.serial += 1
        elif console is not None:
            self.numbers.add((console, serial))
            if console == self.writer.desk.console:
                self.serial = max(self.serial, serial + 1)

    def _taken(self, told: Told) -> Fault | None:
        """Outside number and number of its own must be free."""
        outside = (told.said.get("source"), told.said.get("external_id"))
        if outside[1]:
            sql = "SELECT 1 FROM case_row WHERE source = ? AND external_id = ?"
            if outside in self.outside or (told.own_id and self.db.execute(sql, outside).fetchone()):
                return Fault(
                    "E_CONFLICT", "external_id", f"编号 {brief(outside[1])} 已是另一案件", "核对编号与案件标识"
                )
        serial, console = told.said.get("serial"), told.said.get("console")
        if serial is None or console is None:
            return None
        key = (console, serial)
        sql = "SELECT 1 FROM case_row WHERE console = ? AND serial = ?"
        if key in self.numbers or self.db.execute(sql, key).fetchone():
            return Fault("E_CONFLICT", "number", f"案号 {told.said['number']} 已是另一案件", "清空案号列，将编新号")
        return None

    def _slowly(self, told: Told) -> Fault | None:
        case = self.writer.builder.build(told, self.serial)
        if isinstance(case, Fault):
            return case
        changed = event_of("imported", Case(told.id), case, {}).data["set"]
        stored = replace(case, version=1)
        if stored.dispatches:
            self.cases.append(stored)
        duty = self.writer.builder.duty
        row = list(projections.case_values(stored, duty))
        self.made.append((_encode((told.id, changed)), projections.INSERT_CASE, row))
        self.timers += projections.timer_values(stored, duty)
        return None

    def flush(self) -> None:
        """Chunk events first, so that every row can say where in the journal it stands."""
        if not self.made:
            return
        db, writer = self.db, self.writer
        chunks = list(_chunks(self.made))
        head = journal.open_head(db, writer.desk.path)
        events = [
            Event("cases_imported", writer.batch_id, {"rows": [msgspec.Raw(made[0]) for made in chunk]})
            for chunk in chunks
        ]
        numbers = journal.append(
            db, head, events, writer.desk.actor, writer.now, stream=writer.batch_id, cmd=writer.batch_id
        )
        by_insert: dict[str, list[list[Any]]] = {}
        for lseq, chunk in zip(numbers, chunks, strict=True):
            for offset, (_, insert, row) in enumerate(chunk):
                row += (lseq, offset)
                by_insert.setdefault(insert, []).append(row)
        for insert, rows in by_insert.items():
            db.executemany(insert, rows)

        db.executemany(projections.INSERT_TIMER, self.timers)
        for case in self.cases:
            projections.write_dispatches(db, (), case)
        for held in (self.ids, self.made, self.timers, self.cases):
            held.clear()


def _chunks(made: list[Any]) -> Iterator[list[Any]]:
    """At most 500 rows and about a megabyte to an event."""
    chunk: list[Any] = []
    size = 0
    for item in made:
        if chunk and (len(chunk) >= CHUNK_ROWS or size + len(item[0]) > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += len(item[0])
    if chunk:
        yield chunk
