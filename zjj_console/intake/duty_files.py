"""Files of sign-ins (as 政务微信 exports them) and of rosters (§6.3, §6.4): each file is one transaction.

Signs go through the importer's own transaction and not through `Desk.act`, so that events, figures, refused rows and the
key of a script become durable together, or none of them.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from zjj_console.desk import rostering, signing
from zjj_console.desk.desk import Desk
from zjj_console.domain import permits
from zjj_console.domain.model import HOUR, Refusal
from zjj_console.domain.roster import Assignment, Book, Sign
from zjj_console.intake import columns
from zjj_console.intake.duty_words import DutyWords, RosterReader, SignReader
from zjj_console.intake.options import Mapping, Options, Summary
from zjj_console.intake.pairing import Ledger, Punch, Taken
from zjj_console.intake.run import Item, Progress, Run
from zjj_console.intake.table import IntakeError, Table, no_header
from zjj_console.intake.words import Fault
from zjj_console.storage import duty_rows, journal, reads_duty
from zjj_console.storage.db import Connection

CHUNK_ROWS = 500  # signs of a journal event
_AROUND = 48 * HOUR  # signs and shifts that the first and last row of a file may belong to
_TWICE = Fault("E_CONFLICT", "seat", "同一文件中前面的行已排此座次，内容不同", "同一座次只留一行")
_PUBLISHED = Fault("E_CONFLICT", "date", "该月已发布，与已发布的不同", "发布后的改动用顶班、换班或补岗")
_WARNINGS = {
    "old": "早于60天前，已照收",
    "none": "没有签到也没有签退",
    "fixed": "已由补录更正，以补录为准",
    "cut": "文字过长，已截短",
}
T = TypeVar("T")


def import_signs(desk: Desk, path: Path, options: Options | None = None, progress: Progress | None = None) -> Summary:
    """Import sign-ins and sign-outs. Errors and codes as of `import_cases`; 7 for whoever may not record for others."""
    return _Signs(desk, path, options or Options(), progress).run()


def import_roster(
    desk: Desk, path: Path, options: Options | None = None, progress: Progress | None = None, month: str = ""
) -> Summary:
    """Import rows of a roster into the unpublished plans of their months, or of `month` (`2021-03`) alone.

    Rows of a published month are compared only. Errors and codes as of `import_cases`; 7 for whoever may not plan.
    """
    if month:
        try:
            rostering.first_day(month)
        except ValueError as error:
            raise IntakeError(2, "E_USAGE", f"月份写成 2021-03: {month}", "a month is 2021-03", "month") from error
    return _Roster(desk, path, options or Options(), progress, month).run()


class _Signs(Run[Punch, list[Item[Punch]]]):
    kind = "signs"
    heads = columns.SIGNS
    told_as = _WARNINGS

    def permitted(self) -> Refusal | None:
        return permits.refuse_act("sign_for_others", self.desk.facts())

    def prepare(self, table: Table, found: dict[str, int], mapping: Mapping) -> None:
        if not ({"at", "direction"} <= found.keys() or {"in_at", "out_at"} & found.keys()):
            zh = "缺列: 须有 时间(at)和方向(direction)，或签到时间(in_at)、签退时间(out_at)；可用 --map 对照列名"
            raise no_header(zh, "missing columns: at and direction, or in_at and out_at", "at")
        words = DutyWords(self.desk, mapping.values, self.heads, neutral=table.neutral)
        self.read = SignReader(words, found, self.now, dirty=table.dirty).read

    def batches(self, table: Table) -> Iterator[list[Item[Punch]]]:
        yield self.items(table)

    def write(self, db: Connection, items: list[Item[Punch]]) -> None:
        """In the order of time, whatever the order of the file."""
        told = sorted(_told(items), key=lambda item: item[1].order)
        ledger = self._ledger(db, [punch for _, punch in told])
        judged: dict[int, Taken | Fault] = {}
        refused = len(items) - len(told)
        for number, punch in told:
            judged[number] = taken = ledger.take(punch)
            refused += isinstance(taken, Fault)
            if self.options.max_rejects is not None and refused > self.options.max_rejects:
                self.stopped = True
                break
        for number, cells, row in items:
            if isinstance(row, list):
                self._refuse(db, number, cells, row)
                continue
            found = judged.get(number)  # None behind the row at which the import stopped
            if isinstance(found, Fault):
                self._refuse(db, number, cells, [found])
            elif found is not None:
                self._count(found.worth)
                self._warn((*row.warnings, *found.warnings))
        self.rows += self.new + self.changed + self.same + self.rejected
        self._keep(db, ledger.touched())

    def _ledger(self, db: Connection, punches: list[Punch]) -> Ledger:
        times = [p.order[0] for p in punches if p.order[0]]
        book = reads_duty.book(db, min(times) - _AROUND, max(times) + _AROUND) if times else Book(0, 0)
        facts = self.desk.facts()

        def holds(now: Book, person: str) -> Refusal | None:
            return signing.held(db, facts, now, person)

        return Ledger(book, self.desk.town, self.desk.duty, self.now, self.desk.actor.work_no, holds)

    def _keep(self, db: Connection, signs: list[Sign]) -> None:
        chunks = [signs[n : n + CHUNK_ROWS] for n in range(0, len(signs), CHUNK_ROWS)]
        events = [signing.event("signs_imported", chunk) for chunk in chunks]
        if not events:
            return
        actor = self.desk.actor
        journal.append(db, journal.open_head(db, self.desk.path), events, actor, self.now)
        for event in events:
            duty_rows.apply(db, journal.Stored(event.kind, event.case, event.data, actor.work_no, self.now))


class _Roster(Run[Assignment, list[Item[Assignment]]]):
    """A row tells an assignment; seat 0 stands for the next free one."""

    kind = "roster"
    heads = columns.ROSTER

    def __init__(self, desk: Desk, path: Path, options: Options, progress: Progress | None, month: str) -> None:
        super().__init__(desk, path, options, progress)
        self.month = month

    def permitted(self) -> Refusal | None:
        done = rostering.keep("", ())(self.desk.reader, self.desk.facts())
        return done if isinstance(done, Refusal) else None

    def content(self) -> str:
        return f"{super().content()} {self.month}"

    def prepare(self, table: Table, found: dict[str, int], mapping: Mapping) -> None:
        words = DutyWords(self.desk, mapping.values, self.heads, neutral=table.neutral)
        self.read = RosterReader(words, found, self.month, dirty=table.dirty).read

    def batches(self, table: Table) -> Iterator[list[Item[Assignment]]]:
        yield self.items(table)

    def write(self, db: Connection, items: list[Item[Assignment]]) -> None:
        self.rows += len(items)
        published = {version.month for version in reads_duty.versions(db)}
        months: dict[str, _Month] = {}
        for _, a in _told(items):
            name = f"{a.day:%Y-%m}"
            if name not in months:
                rows = reads_duty.assignments_of(db, name) if name in published else reads_duty.plan(db, name)
                months[name] = _Month(rows or (), published=name in published)
            months[name].seated(a)
        for number, cells, row in items:
            done = row if isinstance(row, list) else months[f"{row.day:%Y-%m}"].take(row)
            if isinstance(done, Fault):
                self._refuse(db, number, cells, [done])
            elif isinstance(done, list):
                self._refuse(db, number, cells, done)
            else:
                self._count(done)
        for name, month in months.items():
            if month.moved:
                self._keep(db, name, month.rows.values())

    def _keep(self, db: Connection, month: str, rows: Iterable[Assignment]) -> None:
        done = rostering.keep(month, sorted(rows, key=lambda a: a.key))(db, self.desk.facts())
        if isinstance(done, Refusal):
            raise IntakeError(done.code, "E_CONFLICT", done.zh, done.en)
        if done.after is not None:
            done.after(db)


class _Month:
    """The rows of a month while a file is read into it."""

    def __init__(self, rows: Iterable[Assignment], *, published: bool) -> None:
        self.rows = {a.key: a for a in rows}
        self.published, self.moved = published, False
        self.said: dict[tuple[date, str, str, str, int], Assignment] = {}
        self.claimed: set[tuple[date, str, str, str, int]] = set()  # seats that some row of the file names itself
        self.groups: dict[tuple[date, str, str, str], set[int]] = {}
        for a in self.rows.values():
            self.groups.setdefault(a.key[:4], set()).add(a.seat)

    def seated(self, a: Assignment) -> None:
        if a.seat and not self.published:
            self.claimed.add(a.key)

    def take(self, told: Assignment) -> str | Fault:
        """`new`, `changed` or `same`, or why the row cannot be taken."""
        a = told if told.seat else self._at_seat(told)
        held = self.rows.get(a.key)
        if self.published:
            return "same" if held is not None and _as_published(a, held) else _PUBLISHED
        if self.said.setdefault(a.key, a) != a:
            return _TWICE
        if held == a:
            return "same"
        self.rows[a.key], self.moved = a, True
        self.groups.setdefault(a.key[:4], set()).add(a.seat)
        return "new" if held is None else "changed"

    def _at_seat(self, a: Assignment) -> Assignment:
        """The seat that the person has already; else the next that nobody has."""
        taken = self.groups.get(a.key[:4], set())
        mine = (
            seat
            for seat in sorted(taken)
            if a.person in (self.rows[*a.key[:4], seat].person, self.rows[*a.key[:4], seat].planned)
            and (*a.key[:4], seat) not in self.claimed
        )
        seats = range(1, len(taken) + len(self.claimed) + 2)
        free = (seat for seat in seats if seat not in taken and (*a.key[:4], seat) not in self.claimed)
        return replace(a, seat=next(mine, 0) or next(free))


def _as_published(a: Assignment, held: Assignment) -> bool:
    """The row as it was published: whoever stands in since does not make it another one."""
    return a == held or (bool(held.planned) and a.person == held.planned and a.acting == held.acting)


def _told(items: Iterable[Item[T]]) -> list[tuple[int, T]]:
    return [(number, row) for number, _, row in items if not isinstance(row, list)]
