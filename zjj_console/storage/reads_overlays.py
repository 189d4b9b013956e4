"""Read queries of what hangs on cases beside their state: requests for support (R51) and supervision (T33)."""

from typing import Any

import msgspec
from msgspec import Struct

from zjj_console.domain.model import DAY, SUPPORT_MATTERS, Case
from zjj_console.storage import order
from zjj_console.storage.db import Connection, meta
from zjj_console.storage.projections import SELECT_CASE, case_from

RECENT = 7 * DAY  # how far back ended rows are shown where nobody says otherwise
_PROGRESS = ("noted", "called", "acknowledged", "arrived", "info_given", "submitted", "self_submitted", "self_closed")
_DELIVERED = frozenset({"submitted", "self_submitted", "self_closed"})
_UNSEEN = frozenset({"supervised", "merged", "unmerged"})  # may move a supervision without changing its deadline


def supports(db: Connection, *, station: str = "", ended: bool = False, limit: int = 1000) -> list[Case]:
    """Cases on which support runs or was refused, the oldest request first; with `ended` the finished ones as well."""
    states = "support <> ''" if ended else f"support IN ({','.join('?' * len(SUPPORT_MATTERS))}) AND is_open = 1"
    params: list[Any] = [] if ended else sorted(SUPPORT_MATTERS)
    where = f"{states} AND station = ?" if station else states
    params += [station] if station else []
    # The newest cases are kept where there are more than the limit.
    rows = db.execute(f"{SELECT_CASE} WHERE {where} ORDER BY rid DESC LIMIT ?", (*params, limit)).fetchall()
    return sorted(map(case_from, rows), key=lambda case: (case.aid.at if case.aid else case.since, case.serial))


class Supervision(Struct, frozen=True):
    """One row of the ledger 督办. `state`: running, overdue, done (what was asked for is there) or released.

    Times are µs UTC. `progress_kind` is the latest event that says something about the matter; empty if there is none.
    """

    case_id: str
    handle: str
    console: str
    priority: int
    case_state: str
    place: str
    text: str
    station: str
    lead: str
    lead_person: str
    ordered_by: str
    ordered_at: int
    demand: str
    due: int
    state: str
    ended_at: int | None = None
    on_time: bool | None = None  # of an ended one: before its deadline
    progress_kind: str = ""
    progress_text: str = ""
    progress_by: str = ""
    progress_at: int | None = None


class _Envelope(Struct):
    kind: str
    actor: str
    at: int
    data: dict[str, Any]


_decode = msgspec.json.Decoder(_Envelope).decode


_SUPERVISED = "SELECT c.id FROM timer t JOIN case_row c ON c.rid = t.rid WHERE t.code = 'SUPV' ORDER BY t.due_at, c.id"


def supervisions(db: Connection, now: int, *, since: int | None = None) -> list[Supervision]:
    """Every running supervision, the most urgent deadline first; then those that ended after `since`, the latest first.

    Running ones are found by their clock, ended ones in the tail of the journal: the number of open cases costs nothing.
    """
    running = [row[0] for row in db.execute(_SUPERVISED)]
    rows = [row for row in (_row(db, case_id, now) for case_id in running) if row is not None]
    seen = set(running)
    ended = [
        row
        for case_id in dict.fromkeys(_touched(db, now - RECENT if since is None else since))
        if case_id not in seen and (row := _row(db, case_id, now)) is not None and row.ended_at is not None
    ]
    return rows + sorted(ended, key=lambda row: -(row.ended_at or 0))


def _touched(db: Connection, since: int) -> list[str]:
    """Cases that have or had a supervision and moved after an instant: each of its events names the clock."""
    return [
        row[0]
        for row in db.execute(
            "SELECT stream FROM event WHERE lseq >= ? AND at >= ? AND kind <> 'cases_imported' AND instr(body, ?) > 0",
            (_first_after(db, since), since, b'"SUPV"'),  # chunks are long, and no row of one is supervised
        )
    ]


def _first_after(db: Connection, since: int) -> int:
    """The number of the first event from an instant on: own ones rise with time, so that halving finds it."""
    own = "SELECT lseq, at FROM event WHERE lseq >= ? AND device = ? ORDER BY lseq LIMIT 1"
    device = meta(db, "device")
    low, high = 1, int(db.execute("SELECT coalesce(max(lseq), 0) + 1 FROM event").fetchone()[0])
    while low < high:
        middle = (low + high) // 2
        row = db.execute(own, (middle, device)).fetchone()
        if row is not None and row[1] < since:
            low = int(row[0]) + 1
        else:
            high = middle
    return low


def _row(db: Connection, case_id: str, now: int) -> Supervision | None:
    """The supervision that holds or held last; None where there was none, or its order was taken back."""
    found = db.execute(f"{SELECT_CASE} WHERE id = ?", (case_id,)).fetchone()
    case = case_from(found) if found is not None else None
    clock = case.clocks.get("SUPV") if case else None
    if case is None or clock is None:
        return None
    events = [_decode(entry.body) for entry in order.applied(db, case_id)]
    last = _last(events)
    if last is None:
        return None
    ordered, end = last
    due, demand = int(ordered.data["args"]["until"]), str(ordered.data["args"].get("text", ""))
    said = [e for e in events if e.kind in _PROGRESS and e.at >= ordered.at]
    progress = said[-1] if said else None
    done = end is not None and end.kind in _DELIVERED
    state = ("overdue" if due <= now else "running") if end is None else "done" if done else "released"
    return Supervision(
        case.id, case.handle, case.console, case.priority, str(case.state), case.place, case.text, case.station, case.lead,
        case.lead_person, ordered.actor, ordered.at, demand, due, state,
        end.at if end else None, end.at <= due if end and done else None,
        *((progress.kind, str(progress.data.get("args", {}).get("text", "")), progress.actor, progress.at) if progress
          else ()),
    )  # fmt: skip


def _last(events: list[_Envelope]) -> tuple[_Envelope, _Envelope | None] | None:
    """The last order and what ended it, if anything did. What was undone never was."""
    stood: list[tuple[_Envelope, _Envelope | None]] = []
    moved: list[str] = []  # the kind of event that led to each
    for event in events:
        changed, kind = event.data.get("set", {}), event.kind
        if kind == "undone":
            for back in reversed(event.data["args"]["kinds"]):
                if moved and moved[-1] == back and ("supervised_until" in changed or back in _UNSEEN):
                    stood.pop()
                    moved.pop()
            continue
        order, end = stood[-1] if stood else (None, None)
        if kind == "supervised":
            order, end = event, None
        elif order is None:
            continue
        elif kind == "merged" and end is None:
            end = event
        elif kind == "unmerged" and end is not None and end.kind == "merged":
            end = None
        elif "supervised_until" in changed:
            end = event
        else:
            continue
        stood.append((order, end))
        moved.append(kind)
    return stood[-1] if stood else None
