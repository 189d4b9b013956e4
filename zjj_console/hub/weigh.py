"""Reading an envelope and giving it its verdict. Whatever is in it, there is a verdict: no event stops the queue (I-15).

A case stands as its applied events fold in the common order, and begins with the import row that brought it, if one did.
What was folded is remembered as long as the order has not moved without us; forgetting it costs time and changes nothing.
"""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Connection, select

from zjj_console.domain.judge import APPLIED, BEGINS, DENIED, INVALID, judge
from zjj_console.domain.model import Case, Event
from zjj_console.hub.tables import EVENT, ORIGIN
from zjj_console.storage.journal import ENVELOPE_VERSION

CHUNK = "cases_imported"
MAX_ROWS = 500  # of an import chunk
REMEMBERED = 20_000  # cases
_PARAMETERS = 500  # of one query
_Count = Annotated[int, Meta(ge=1, le=2**31 - 1)]
_Text = Annotated[str, Meta(min_length=1, max_length=200, pattern="^[^\\x00-\\x1f\\x7f]*$")]


class Envelope(Struct):
    """What the hub reads of an event; the rest of it is stored and sent on as it came."""

    v: _Count
    id: Annotated[str, Meta(min_length=8, max_length=64, pattern="^[0-9A-Za-z-]*$")]
    stream: _Text
    kind: _Text
    device: _Text
    epoch: _Count
    dseq: _Count
    at: Annotated[int, Meta(ge=0, le=2**62)]
    data: dict[str, Any] = {}


_decode = msgspec.json.Decoder(Envelope).decode


def read(body: bytes) -> Envelope | None:
    """The envelope, or None where it cannot be read: not JSON, fields missing, numbers that are none, nested too deep."""
    try:
        return _decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


class Verdict(Struct, frozen=True):
    verdict: int = APPLIED
    reason: str = ""
    began: tuple[tuple[str, int], ...] = ()  # cases that an import chunk began, and the row of each


_UNREADABLE = Verdict(INVALID, "data")


def concerns(event: Envelope) -> list[str]:
    """The cases whose standing decides or changes with this event."""
    if event.kind == CHUNK:
        return [case for case, _ in chunk_rows(event.data) or ()]
    return [event.stream] if "set" in event.data else []


def chunk_rows(data: dict[str, Any]) -> list[tuple[str, Any]] | None:
    """Case id and values of every row; None where that is not what `data` holds."""
    rows = data.get("rows")
    if not isinstance(rows, list) or len(rows) > MAX_ROWS:
        return None
    if not all(isinstance(r, list) and len(r) >= 2 and isinstance(r[0], str) and 0 < len(r[0]) <= 200 and "\0" not in r[0]
               for r in rows):  # fmt: skip
        return None
    return [(row[0], row[1]) for row in rows]


def weigh(event: Envelope, role: str, cases: dict[str, Case | None]) -> Verdict:
    """The verdict on an event, the cases that it concerns being in `cases`; they are moved on where it applies.

    DENIED `role`: the gateway brings reports and nothing else. INVALID `version`: an envelope newer than this hub; `data`:
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
            return Verdict()
        judged = judge(cases.get(event.stream), Event(event.kind, event.stream, event.data))
    except Exception:  # whatever a stranger wrote into `data`: it gets a verdict and the next event its turn
        return _UNREADABLE
    if judged.verdict == APPLIED:
        cases[event.stream] = _plain(judged.case)
    return Verdict(judged.verdict, judged.reason)


def _chunk(event: Envelope, cases: dict[str, Case | None]) -> Verdict:
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
        self.cases: dict[str, Case | None] = {}
        self.at: tuple[int, bytes] | None = None

    def standing(self, db: Connection, seq: int, digest: bytes, wanted: Iterable[str]) -> dict[str, Case | None]:
        """The wanted cases as they stand at the locked head (seq, digest)."""
        if self.at != (seq, digest):
            self.cases.clear()
        wanted = set(wanted)
        known = {case_id: self.cases[case_id] for case_id in wanted if case_id in self.cases}
        return known | folded(db, sorted(wanted - known.keys()))

    def keep(self, seq: int, digest: bytes, cases: dict[str, Case | None]) -> None:
        """After the commit, and only then: what stands at the new head. The oldest are forgotten first."""
        self.at = (seq, digest)
        for case_id in cases:
            self.cases.pop(case_id, None)
        self.cases.update(cases)
        while len(self.cases) > self.limit:
            del self.cases[next(iter(self.cases))]


def folded(db: Connection, case_ids: list[str]) -> dict[str, Case | None]:
    """The cases as the log's applied events make them; None where none began."""
    found: dict[str, Case | None] = dict.fromkeys(case_ids)
    for first in range(0, len(case_ids), _PARAMETERS):
        part = case_ids[first : first + _PARAMETERS]
        begun = (
            select(ORIGIN.c.case_id, ORIGIN.c.row, EVENT.c.body)
            .join(EVENT, EVENT.c.hub_seq == ORIGIN.c.hub_seq)
            .where(ORIGIN.c.case_id.in_(part))
        )
        for case_id, number, body in db.execute(begun):
            chunk = read(body)
            rows = chunk_rows(chunk.data) if chunk else None
            found[case_id] = _row(*rows[number]) if rows else None
        later = (
            select(EVENT.c.body)
            .where(EVENT.c.stream.in_(part), EVENT.c.verdict == APPLIED, EVENT.c.kind != CHUNK)
            .order_by(EVENT.c.hub_seq)
        )
        for (body,) in db.execute(later):
            event = read(body)
            if event is not None and "set" in event.data:
                judged = judge(found.get(event.stream), Event(event.kind, event.stream, event.data))
                if judged.verdict == APPLIED:
                    found[event.stream] = _plain(judged.case)
    return found
