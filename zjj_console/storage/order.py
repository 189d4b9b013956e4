"""The common order: first what the hub has confirmed, in its order; behind it what it has not seen yet, in local order.

Without a hub the local order is the order. The hub's verdict on a confirmed event stands; only what is pending is judged
here, and shown as provisional (§6.7).
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from zjj_console.domain.judge import APPLIED, CONFLICT, INVALID, judge
from zjj_console.domain.lifecycle import evolve
from zjj_console.domain.model import Case, Event
from zjj_console.domain.registers import EMPTY, REASON, RESOLVED, Last, overtaken, register
from zjj_console.storage import journal
from zjj_console.storage.db import Connection, meta

_COLUMNS = "lseq, hub_seq, verdict, reason, id, stream, kind, actor, device, at, body"
_CONFLICT = ("event_id", "stream", "kind", "actor", "device", "at", "verdict", "reason", "provisional", "resolved_by",
             "choice")  # fmt: skip
INSERT_CONFLICT = f"INSERT INTO conflict({', '.join(_CONFLICT)}) VALUES ({', '.join('?' * len(_CONFLICT))})"


class Entry(Struct, frozen=True):
    """One event with its place in the common order; `hub_seq` and `verdict` are None while it is pending."""

    lseq: int
    hub_seq: int | None
    verdict: int | None
    reason: str | None
    id: str
    stream: str
    kind: str
    actor: str
    device: str
    at: int
    body: bytes

    @property
    def place(self) -> tuple[bool, int]:
        return (True, self.lseq) if self.hub_seq is None else (False, self.hub_seq)


class Conflict(Struct):
    """A row of `conflict`: an event that is kept and not applied, and what a person made of it."""

    event_id: str
    stream: str
    kind: str
    actor: str
    device: str
    at: int
    verdict: int
    reason: str
    provisional: bool
    resolved_by: str = ""
    choice: str = ""

    def row(self) -> tuple[Any, ...]:
        values = (getattr(self, name) for name in _CONFLICT)
        return tuple(int(v) if isinstance(v, bool) else v for v in values)


def joined(db: Connection) -> bool:
    """Whether this console has ever had a hub; the one that has not folds its own journal as it is."""
    return bool(meta(db, "hub_log"))


def walk(db: Connection) -> Iterator[Entry]:
    """Every event in the common order."""
    if not joined(db):
        yield from _entries(db, "1 ORDER BY lseq")
        return
    yield from _entries(db, "hub_seq IS NOT NULL ORDER BY hub_seq")
    yield from _entries(db, "hub_seq IS NULL ORDER BY lseq")


def where(db: Connection, condition: str, params: tuple[Any, ...] = ()) -> list[Entry]:
    """The events of which an SQL condition holds, in the common order."""
    return sorted(_entries(db, condition, params), key=lambda e: e.place)


def apart(db: Connection, *streams: str) -> set[str]:
    """Ids of the events of streams that the order does not apply: they are kept and are not what happened."""
    marks = ", ".join("?" * len(streams))
    return {row[0] for row in db.execute(f"SELECT event_id FROM conflict WHERE stream IN ({marks})", streams)}


def applied(db: Connection, stream: str) -> list[Entry]:
    """The events of one stream that stand."""
    out = apart(db, stream)
    return [entry for entry in where(db, "stream = ?", (stream,)) if entry.id not in out]


def _entries(db: Connection, condition: str, params: tuple[Any, ...] = ()) -> Iterator[Entry]:
    for row in db.execute(f"SELECT {_COLUMNS} FROM event WHERE {condition}", params):
        yield Entry(*row)


def events_of(body: bytes) -> list[Event] | None:
    """The case events of an envelope; None where a foreign program wrote what cannot be read."""
    try:
        found = journal.case_events(body)
    except journal.MALFORMED:
        return None
    return found if all(isinstance(event.case, str) for event in found) else None


def standing(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Those that stand, of entries in the common order; with whole registers among them."""
    fold = Fold(judging=True)
    for entry in entries:
        fold.add(entry)
        if entry.id not in fold.conflicts:
            yield entry


class Fold:
    """Cases, what brought the imported ones, and what did not apply: event by event in the common order.

    `judging` False folds without asking: the journal of a console without a hub, whose acts all knew of each other.
    `only` keeps to one case: of a chunk that brought hundreds its own row.
    """

    def __init__(self, *, judging: bool, only: str = "") -> None:
        self.judging, self.only = judging, only
        self.cases: dict[str, Case] = {}
        self.origin: dict[str, tuple[int, int]] = {}  # (lseq of the first chunk, place in it)
        self.conflicts: dict[str, Conflict] = {}
        self._last: dict[tuple[str, str], Last] = {}  # of every register, what stands

    def add(self, entry: Entry) -> None:
        if self.judging and entry.verdict:
            self._stands_apart(entry, entry.verdict, entry.reason or "")
            return
        if entry.kind == RESOLVED:
            self._resolve(entry)
            return
        if self.judging and (of := register(entry.stream, entry.kind)) != ("", ""):
            self._continue(entry, of)
            return
        chunk = entry.kind == "cases_imported"
        events = events_of(entry.body)
        if events is None:
            self._stands_apart(entry, INVALID, "data")
            return
        for offset, event in enumerate(events):
            if self.only and event.case != self.only:
                continue
            if self.judging:
                judged = judge(self.cases.get(event.case), event)
                if judged.verdict != APPLIED:
                    if not chunk:
                        self._stands_apart(entry, judged.verdict, judged.reason)
                    continue
                self.cases[event.case] = judged.case
            else:
                self.cases[event.case] = evolve(self.cases.get(event.case), event)
            if chunk:
                self.origin.setdefault(event.case, (entry.lseq, offset))

    def _continue(self, entry: Entry, of: tuple[str, str]) -> None:
        """What is pending must have seen the last of its register; the hub has said so of what is confirmed."""
        try:
            stored = journal.decode(entry.body)
        except msgspec.MsgspecError:
            self._stands_apart(entry, INVALID, "data")
            return
        last = self._last.get(of, EMPTY)
        if entry.hub_seq is None and overtaken(last, stored.seen, stored.data):
            self._stands_apart(entry, CONFLICT, REASON)
        else:
            self._last[of] = last.then(entry.id, stored.data)

    def add_all(self, entries: Iterable[Entry]) -> "Fold":
        for entry in entries:
            self.add(entry)
        return self

    def _stands_apart(self, e: Entry, verdict: int, reason: str) -> None:
        pending = e.hub_seq is None
        self.conflicts[e.id] = Conflict(e.id, e.stream, e.kind, e.actor, e.device, e.at, verdict, reason, pending)

    def _resolve(self, entry: Entry) -> None:
        try:
            data = journal.decode(entry.body).data
        except msgspec.MsgspecError:
            return
        found = self.conflicts.get(str(data.get("event", "")))
        if found is not None and found.stream == entry.stream and not found.resolved_by:
            found.resolved_by, found.choice = entry.id, str(data.get("choice", ""))
