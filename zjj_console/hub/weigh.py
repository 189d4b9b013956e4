"""Reading an envelope and giving it its verdict. Whatever is in it, there is a verdict: no event stops the queue (I-15).

A case stands as its applied events fold in the common order, and begins with the import row that brought it, if one did.
What was folded is remembered as long as the order has not moved without us; forgetting it costs time and changes nothing.
"""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Connection, select

from zjj_console.domain.bounds import FIRST_INSTANT, LAST_INSTANT
from zjj_console.domain.judge import APPLIED, BEGINS, CONFLICT, DENIED, INVALID, Judged, judge
from zjj_console.domain.model import Case, Event
from zjj_console.domain.registers import EMPTY, REASON, RESOLVED, Last, overtaken, register
from zjj_console.hub.tables import EVENT, ORIGIN
from zjj_console.storage.journal import ENVELOPE_VERSION

CHUNK = "cases_imported"
MAX_ROWS = 500  # of an import chunk
REMEMBERED = 20_000  # cases
_PARAMETERS = 500  # of one query
_REGISTER = "\n"  # before and inside the key of a register
_ALIKE = 50  # events at the end of a register that may say the same: as many as consoles
_Count = Annotated[int, Meta(ge=1, le=2**31 - 1)]
_Said = Annotated[str, Meta(max_length=1000)]
_Text = Annotated[str, Meta(min_length=1, max_length=200, pattern="^[^\\x00-\\x1f\\x7f]*$")]


class Envelope(Struct):
    """What the hub reads of an event, and what every console will read of it: one of other types would stop them all."""

    v: _Count
    id: Annotated[str, Meta(min_length=8, max_length=64, pattern="^[0-9A-Za-z-]*$")]
    stream: _Text
    kind: _Text
    device: _Text
    epoch: _Count
    dseq: _Count
    at: Annotated[int, Meta(ge=0, le=LAST_INSTANT)]
    actor: _Said = ""
    role: _Said = ""
    cmd: _Said = ""
    log: _Said = ""
    seen: _Said | None = None
    happened: Annotated[int, Meta(ge=FIRST_INSTANT, le=LAST_INSTANT)] | None = None
    trial: bool = False
    data: dict[str, Any] = {}


_decode = msgspec.json.Decoder(Envelope).decode


def read(body: bytes) -> Envelope | None:
    """The envelope, or None where it cannot be read: not JSON, fields missing, numbers that are none, nested too deep."""
    try:
        return _decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


Standing = dict[str, Case | Last | None]  # a case by its id, the end of a register by its key; None: nothing there yet


class Verdict(Struct, frozen=True):
    verdict: int = APPLIED
    reason: str = ""
    began: tuple[tuple[str, int], ...] = ()  # cases that an import chunk began, and the row of each


_UNREADABLE = Verdict(INVALID, "data")


def concerns(event: Envelope) -> list[str]:
    """The cases whose standing decides or changes with this event."""
    if event.kind == CHUNK:
        return [case for case, _ in chunk_rows(event.data) or ()]
    if "set" in event.data:
        return [event.stream]
    of = register(event.stream, event.kind)
    return [_key(*of)] if of[0] else []


def _key(stream: str, kind: str) -> str:
    """A register among the cases: no stream has such a character."""
    return f"{_REGISTER}{stream}{_REGISTER}{kind}"


def _case(standing: Standing, case_id: str) -> Case | None:
    found = standing.get(case_id)
    return found if isinstance(found, Case) else None


def chunk_rows(data: dict[str, Any]) -> list[tuple[str, Any]] | None:
    """Case id and values of every row; None where that is not what `data` holds."""
    rows = data.get("rows")
    if not isinstance(rows, list) or len(rows) > MAX_ROWS:
        return None
    if not all(isinstance(r, list) and len(r) >= 2 and isinstance(r[0], str) and 0 < len(r[0]) <= 200 and "\0" not in r[0]
               for r in rows):  # fmt: skip
        return None
    return [(row[0], row[1]) for row in rows]


def weigh(event: Envelope, role: str, cases: Standing, letter: str = "") -> Verdict:
    """The verdict on an event, the cases that it concerns being in `cases`; they are moved on where it applies.

    DENIED `role`: the gateway brings reports and nothing else. INVALID `letter`: and numbers them by its own `letter`, if it has
    one (a console may: it joined with cases of its own, whose numbers stay as they are). INVALID `version`: an envelope newer than this hub; `data`:
    what no program of ours writes. CONFLICT: the fields that the judge found changed. All else stands.
    """
    if role == "gateway" and event.kind not in BEGINS:
        return Verdict(DENIED, "role")
    if event.v > ENVELOPE_VERSION:
        return Verdict(INVALID, "version")
    try:
        if event.kind == CHUNK:
            return _chunk(event, cases)
        if "set" not in event.data:
            return _continue(event, cases)
        judged = judge(_case(cases, event.stream), Event(event.kind, event.stream, event.data))
        if role == "gateway" and _numbered(cases.get(event.stream), judged) not in ("", letter):
            return Verdict(INVALID, "letter")
    except Exception:  # whatever a stranger wrote into `data`: it gets a verdict and the next event its turn
        return _UNREADABLE
    if judged.verdict == APPLIED:
        cases[event.stream] = _plain(judged.case)
    return Verdict(judged.verdict, judged.reason)


def _numbered(before: Case | Last | None, judged: Judged) -> str:
    """The letter under which an event gives a new case its number; empty where it gives none."""
    return judged.case.console if before is None and judged.case.serial else ""


def _continue(event: Envelope, cases: Standing) -> Verdict:
    """An event about no case stands where it saw the last of its register."""
    of = register(event.stream, event.kind)
    if not of[0]:
        return Verdict()
    last = cases.get(_key(*of))
    last = last if isinstance(last, Last) else EMPTY
    if overtaken(last, event.seen, event.data):
        return Verdict(CONFLICT, REASON)
    cases[_key(*of)] = last.then(event.id, event.data)
    return Verdict()


def _chunk(event: Envelope, cases: Standing) -> Verdict:
    """A chunk stands as a whole; a row begins a case only where there is none."""
    rows = chunk_rows(event.data)
    if rows is None:
        return _UNREADABLE
    began = []
    for number, (case_id, values) in enumerate(rows):
        if cases.get(case_id) is None:
            judged = _row(case_id, values)
            if judged is not None:
                cases[case_id] = judged
                began.append((case_id, number))
    return Verdict(began=tuple(began))


def _row(case_id: str, values: Any) -> Case | None:
    try:
        judged = judge(None, Event("imported", case_id, {"set": values}))
    except Exception:  # as above, of one row
        return None
    return _plain(judged.case) if judged.verdict == APPLIED else None


def _plain(case: Case) -> Case:
    """The case with its lists as lists, as events hold them: a tuple never equals what an event says was there before."""
    return Case(**msgspec.json.decode(msgspec.json.encode(case)))


class Memory:
    """Folded cases, kept between appends of this process while nobody else appends."""

    def __init__(self, limit: int = REMEMBERED) -> None:
        self.limit = limit
        self.cases: Standing = {}
        self.at: tuple[int, bytes] | None = None

    def standing(self, db: Connection, seq: int, digest: bytes, wanted: Iterable[str]) -> Standing:
        """The wanted cases as they stand at the locked head (seq, digest)."""
        if self.at != (seq, digest):
            self.cases.clear()
        wanted = set(wanted)
        known = {case_id: self.cases[case_id] for case_id in wanted if case_id in self.cases}
        return known | folded(db, sorted(wanted - known.keys()))

    def keep(self, seq: int, digest: bytes, cases: Standing) -> None:
        """After the commit, and only then: what stands at the new head. The oldest are forgotten first."""
        self.at = (seq, digest)
        for case_id in cases:
            self.cases.pop(case_id, None)
        self.cases.update(cases)
        while len(self.cases) > self.limit:
            del self.cases[next(iter(self.cases))]


def folded(db: Connection, wanted: list[str]) -> Standing:
    """Cases and registers as the log's applied events make them; None where nothing began."""
    found: Standing = dict.fromkeys(wanted)
    ids = [one for one in wanted if not one.startswith(_REGISTER)]
    for first in range(0, len(ids), _PARAMETERS):
        _fold_cases(db, ids[first : first + _PARAMETERS], found)
    for key in found.keys() - ids:
        found[key] = _end(db, *key[1:].split(_REGISTER))
    return found


def _fold_cases(db: Connection, ids: list[str], found: Standing) -> None:
    begun = (
        select(ORIGIN.c.case_id, ORIGIN.c.row, EVENT.c.body)
        .join(EVENT, EVENT.c.hub_seq == ORIGIN.c.hub_seq)
        .where(ORIGIN.c.case_id.in_(ids))
    )
    for case_id, number, body in db.execute(begun):
        chunk = read(body)
        rows = chunk_rows(chunk.data) if chunk else None
        found[case_id] = _row(*rows[number]) if rows else None
    later = (
        select(EVENT.c.body)
        .where(EVENT.c.stream.in_(ids), EVENT.c.verdict == APPLIED, EVENT.c.kind != CHUNK)
        .order_by(EVENT.c.hub_seq)
    )
    for (body,) in db.execute(later):
        event = read(body)
        if event is not None and "set" in event.data:
            judged = judge(_case(found, event.stream), Event(event.kind, event.stream, event.data))
            if judged.verdict == APPLIED:
                found[event.stream] = _plain(judged.case)


def _end(db: Connection, stream: str, kind: str) -> Last:
    """The end of a register: the last events that say the same."""
    only = EVENT.c.kind == kind if kind else EVENT.c.kind != RESOLVED
    query = (
        select(EVENT.c.body)
        .where(EVENT.c.stream == stream, EVENT.c.verdict == APPLIED, only)
        .order_by(EVENT.c.hub_seq.desc())
        .limit(_ALIKE)
    )
    latest = [event for (body,) in db.execute(query) if (event := read(body)) is not None]
    last = EMPTY
    for event in reversed(latest):
        last = last.then(event.id, event.data)
    return last
