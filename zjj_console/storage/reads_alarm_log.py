"""The journal read for the log of alarms: every event once, and of each only what alarms depend on."""

import msgspec
from msgspec import Struct

from zjj_console.domain.alarm_log import Changed, Entry, Ledger
from zjj_console.domain.climb import Climb
from zjj_console.storage import order
from zjj_console.storage.db import Connection


class _Envelope(Struct):
    kind: str
    stream: str
    at: int
    data: msgspec.Raw


class _Row(Struct, array_like=True):
    case: str
    values: Changed


class _Chunk(Struct):
    rows: list[_Row]


class _Case(Struct):
    set: Changed | None = None


class _Ladder(Struct):
    climb: Climb


class _Acked(Struct):
    subjects: list[str]


_envelope = msgspec.json.Decoder(_Envelope).decode
_chunk = msgspec.json.Decoder(_Chunk).decode
_case = msgspec.json.Decoder(_Case).decode
_ladder = msgspec.json.Decoder(_Ladder).decode
_acked = msgspec.json.Decoder(_Acked).decode


class Log(Struct, frozen=True):
    """All alarms of a journal, the earliest first, and the handle of every case among them."""

    entries: list[Entry]
    handles: dict[str, str]


def log(db: Connection, now: int) -> Log:
    ledger = Ledger()
    for entry in order.walk(db):
        if entry.verdict:
            continue
        e = _envelope(entry.body)
        if e.kind == "cases_imported":
            for row in _chunk(e.data).rows:
                ledger.case_changed(row.case, e.at, "imported", row.values)
        elif e.kind == "alarm_acked":
            ledger.acked(_acked(e.data).subjects, e.at)
        elif e.stream.startswith("ladder:"):
            ledger.climbed(_ladder(e.data).climb)
        elif ":" not in e.stream and (found := _case(e.data).set) is not None:
            ledger.case_changed(e.stream, e.at, e.kind, found)
    entries = ledger.close(now)
    return Log(entries, {case: ledger.handle(case) for case in {e.case for e in entries}})
