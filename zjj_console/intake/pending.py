"""New cases of a batch on their way into the journal and the tables, in the fewest statements that do it."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zjj_console.desk.desk import Desk
from zjj_console.desk.opening import next_serial
from zjj_console.domain.lifecycle import event_of
from zjj_console.domain.model import Case, Event
from zjj_console.intake.cases import Builder
from zjj_console.intake.plain import Lot
from zjj_console.intake.rows import Told
from zjj_console.intake.words import Fault, brief
from zjj_console.storage import bulk, journal, projections
from zjj_console.storage.db import Connection

CHUNK_ROWS = 500  # rows of a journal event
CHUNK_BYTES = 900_000
_TIMER = ("rid", "code", "due_at", "warn_at", "priority")
_encode = msgspec.json.Encoder(order="sorted").encode  # canonical, as the journal wants it
_encode_plain = msgspec.json.encode  # of what stands in that order already
_LAST = "SELECT coalesce(max(rid), 0) FROM case_row"


class Writer(Struct, frozen=True):
    """What all batches of one import share. `batch_id` is the stream of its chunk events."""

    desk: Desk
    now: int
    batch_id: str
    builder: Builder


class Pending:
    """The new cases of a batch. Numbers are given in the order of the file, when all are known."""

    def __init__(self, writer: Writer, db: Connection) -> None:
        self.writer, self.db = writer, db
        self.lots: list[Lot] = []
        self.built: list[tuple[int, Told, Case]] = []
        self.numbers: set[tuple[str, int]] = set()  # (console, serial) that rows brought with them
        self.outside: set[tuple[str, str]] = set()  # (source, external_id) of the rows of the long road

    def add(self, number: int, told: Told) -> Fault | None:
        """A row of the long road. A Fault if it cannot be a case."""
        taken = self._taken(told)
        if taken is not None:
            return taken
        case = self.writer.builder.build(told, 0)
        if isinstance(case, Fault):
            return case
        self.built.append((number, told, case))
        self.outside.add((told.said.get("source", ""), told.said.get("external_id", "")))
        serial, console = told.said.get("serial"), told.said.get("console")
        if serial is not None and console is not None:
            self.numbers.add((console, serial))  # a row that was refused leaves its number to a later one
        return None

    def _taken(self, told: Told) -> Fault | None:
        """Outside number and number of its own must be free; later cases are numbered behind it."""
        outside = (told.said.get("source", ""), told.said.get("external_id", ""))
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

    # writing ----------------------------------------------------------------------------------------------------------

    def flush(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Chunk events first, so that every row can say where in the journal it stands.

        `meanwhile` is called when all is ready and SQLite begins to write.
        """
        if not self.lots and not self.built:
            return
        db, writer = self.db, self.writer
        head = journal.open_head(
            db, writer.desk.path
        )  # first: on a file that was put back it passes numbers over (I-8)
        self._number()
        said = [
            chunk
            for lot in self.lots
            for chunk in _chunks(list(zip(lot.columns["id"], lot.said(), strict=True)), _encode_plain)
        ]
        told = [(case.id, event_of("imported", Case(case.id), case, {}).data["set"]) for _, _, case in self.built]
        said += _chunks(told, _encode)
        events = [Event("cases_imported", writer.batch_id, {"rows": msgspec.Raw(rows)}) for _, rows in said]
        lseqs = journal.append(
            db, head, events, writer.desk.actor, writer.now, stream=writer.batch_id, cmd=writer.batch_id
        )
        meanwhile()
        places = ((lseq, at) for lseq, (count, _) in zip(lseqs, said, strict=True) for at in range(count))
        rid = db.execute(_LAST).fetchone()[0] + 1
        for lot in self.lots:
            count = len(lot.numbers)
            rids = lot.columns["rid"] = list(range(rid, rid + count))
            rid += count
            lot.columns["origin_lseq"], lot.columns["origin_off"] = map(
                list, zip(*(next(places) for _ in range(count)), strict=True)
            )
            bulk.insert(db, "case_row", lot.kind.bound, lot.kind.rest, lot.rows())
            timers = ((rid, *timer) for rid, own in zip(rids, lot.timers, strict=True) for timer in own)
            bulk.insert(db, "timer", _TIMER, {}, timers)
        self._write_built(places)
        self.lots.clear()
        self.built.clear()

    def _number(self) -> None:
        """Numbers of ours in the order of the file, behind all that rows brought with them."""
        builder = self.writer.builder
        own = [serial + 1 for console, serial in self.numbers if console == builder.console]
        first = max([next_serial(self.db, builder.console), *own])
        rows = [lot.numbers for lot in self.lots]
        rows.append([number for number, _, case in self.built if not case.serial])
        serial_of = {number: first + n for n, number in enumerate(sorted(chain.from_iterable(rows)))}
        for lot in self.lots:
            serials = lot.columns["serial"] = [serial_of[number] for number in lot.numbers]
            lot.columns["number"] = list(map(builder.number, serials))
        for n, (number, told, case) in enumerate(self.built):
            if number in serial_of:
                serial = serial_of[number]
                self.built[n] = number, told, replace(case, serial=serial, number=builder.number(serial))

    def _write_built(self, places: Iterator[tuple[int, int]]) -> None:
        db, duty = self.db, self.writer.builder.duty
        for (_, _, case), place in zip(self.built, places, strict=True):
            stored = replace(case, version=1)
            db.execute(projections.INSERT_CASE, (*projections.case_values(stored, duty), *place))
            projections.write_timers(db, stored, duty, None)
            projections.write_dispatches(db, (), stored)


def _chunks(rows: Sequence[Any], encode: Any) -> Iterator[tuple[int, bytes]]:
    """(rows, JSON) of at most 500 rows and about a megabyte each."""
    for n in range(0, len(rows), CHUNK_ROWS):
        yield from _halves(rows[n : n + CHUNK_ROWS], encode)


def _halves(rows: Sequence[Any], encode: Any) -> Iterator[tuple[int, bytes]]:
    body = encode(rows)
    if len(body) <= CHUNK_BYTES or len(rows) == 1:
        yield len(rows), body
        return
    middle = len(rows) // 2
    yield from _halves(rows[:middle], encode)
    yield from _halves(rows[middle:], encode)
