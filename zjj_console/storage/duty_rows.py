"""Rows of everything but cases (roster, custody, handover, escalation, meetings): each a pure fold of its stream's events."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from zjj_console.domain import consult, visit
from zjj_console.domain import handover as ho
from zjj_console.domain.climb import Climb
from zjj_console.domain.consult import Meeting
from zjj_console.domain.handover import Handover
from zjj_console.domain.registers import RESOLVED
from zjj_console.domain.visit import Visit
from zjj_console.storage.db import Connection
from zjj_console.storage.journal import Stored

TABLES = ("assignment", "roster_version", "leave", "stationing", "sign", "custody", "handover", "ladder", "alarm_ack",
          "post_check", "meeting", "visit")  # fmt: skip
_ASSIGNMENT = ("day", "shift", "unit", "post", "seat", "person", "planned", "acting", "start_at", "end_at", "note")
_LEAVE = ("id", "person", "start_at", "end_at", "kind", "by", "note")
_STATIONING = ("id", "dept", "station", "start_at", "end_at", "trigger", "state", "asked_by", "person", "case_id",
               "arrived_at", "left_at", "text")  # fmt: skip
_SIGN = ("person", "day", "shift", "in_at", "in_via", "in_by", "out_at", "out_via", "out_by", "note", "auto_out", "fix",
         "wish")  # fmt: skip
_COLUMN_OF = {"start": "start_at", "end": "end_at", "case": "case_id"}  # names of the domain that SQL words differently


def _put(db: Connection, table: str, columns: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> None:
    names = ", ".join(f'"{c}"' for c in columns)
    values = [tuple(_plain(row.get(c, _DEFAULT.get(c, ""))) for c in columns) for row in map(_named, rows)]
    db.executemany(f"INSERT OR REPLACE INTO {table}({names}) VALUES ({', '.join('?' * len(columns))})", values)


_DEFAULT: dict[str, Any] = {"out_at": None, "arrived_at": None, "left_at": None, "acting": 0, "auto_out": 0}


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {_COLUMN_OF.get(key, key): value for key, value in row.items()}


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


def _published(db: Connection, e: Stored) -> None:
    data = e.data
    _put(db, "assignment", _ASSIGNMENT, data["rows"])
    db.execute(
        "INSERT OR REPLACE INTO roster_version(month, at, actor, reason, digest, rows) VALUES (?, ?, ?, ?, ?, ?)",
        (data["month"], e.at, e.actor, data.get("reason", ""), data["digest"], len(data["rows"])),
    )


def _assigned(db: Connection, e: Stored) -> None:
    """Somebody stands in, fills a hole or changes places: rows of a published month as they are from now on."""
    _put(db, "assignment", _ASSIGNMENT, e.data["rows"])


def _leave(db: Connection, e: Stored) -> None:
    _put(db, "leave", _LEAVE, [e.data["leave"]])


def _leave_ended(db: Connection, e: Stored) -> None:
    db.execute("DELETE FROM leave WHERE id = ?", (e.data["id"],))


def _stationed(db: Connection, e: Stored) -> None:
    _put(db, "stationing", _STATIONING, [e.data["stationing"]])


def _signed(db: Connection, e: Stored) -> None:
    """A fix that waits for approval goes on waiting, whatever else happens to the sign."""
    _put(db, "sign", _SIGN, [row if "wish" in row else {**row, **_waiting(db, row)} for row in e.data["signs"]])


def _waiting(db: Connection, row: dict[str, Any]) -> dict[str, str]:
    found = db.execute("SELECT wish FROM sign WHERE person = ? AND day = ? AND shift = ?",
                       (row["person"], row["day"], row["shift"])).fetchone()  # fmt: skip
    return {"wish": found[0], "fix": "asked"} if found and found[0] else {}


def _custody(db: Connection, e: Stored) -> None:
    db.execute(
        "INSERT INTO custody(from_at, desk, handover, person) VALUES (?, ?, ?, ?)",
        (e.data["from"], e.data["desk"], e.data.get("handover", ""), e.actor),
    )


def _handover(db: Connection, e: Stored) -> None:
    record = ho.evolve(load_handover(db, e.stream.partition(":")[2]), e.stream, e.data)
    db.execute(
        "INSERT OR REPLACE INTO handover(id, boundary, day, at, state, forced, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (record.id, record.boundary, record.day.isoformat(), record.at, record.state, int(record.forced is not None),
         _encode(record)),
    )  # fmt: skip


def climb_of(data: dict[str, Any]) -> Climb:
    """The record that an event of the ladder puts."""
    return msgspec.convert(data["climb"], Climb)


def _ladder(db: Connection, e: Stored) -> None:
    climb = climb_of(e.data)
    state = "open" if climb.open else "cleared"
    db.execute(
        'INSERT OR REPLACE INTO ladder(case_id, state, "trigger", level, raised_at, body) VALUES (?, ?, ?, ?, ?, ?)',
        (climb.case, state, climb.trigger, climb.level, climb.raised_at, _encode(climb)),
    )


def _acked(db: Connection, e: Stored) -> None:
    rows = [(subject, e.at, e.actor) for subject in e.data["subjects"]]
    db.executemany('INSERT OR REPLACE INTO alarm_ack(subject, at, "by") VALUES (?, ?, ?)', rows)


def _posts_checked(db: Connection, e: Stored) -> None:
    row = (e.data["day"], e.at, _encode(e.data["posts"]))
    db.execute("INSERT OR REPLACE INTO post_check(day, at, body) VALUES (?, ?, ?)", row)


def _meeting(db: Connection, e: Stored) -> None:
    m = consult.evolve(load_meeting(db, e.stream.partition(":")[2]), e.stream, e.data)
    db.execute(
        "INSERT OR REPLACE INTO meeting(id, level, station, week, at, state, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (m.id, m.level, m.station, m.week, m.at, m.state, _encode(m)),
    )


def _visit(db: Connection, e: Stored) -> None:
    v = visit.evolve(load_visit(db, e.stream.partition(":")[2]), e.stream, e.data)
    db.execute(
        "INSERT OR REPLACE INTO visit(id, station, month, at, state, body) VALUES (?, ?, ?, ?, ?, ?)",
        (v.id, v.station, v.month, v.at, v.state, _encode(v)),
    )


_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(Handover).decode
_decode_climb = msgspec.json.Decoder(Climb).decode
decode_meeting = msgspec.json.Decoder(Meeting).decode
decode_visit = msgspec.json.Decoder(Visit).decode

_BY_KIND: dict[str, Callable[[Connection, Stored], None]] = {
    "roster_published": _published,
    "substituted": _assigned,
    "swapped": _assigned,
    "assigned": _assigned,
    "leave_granted": _leave,
    "leave_ended": _leave_ended,
    "stationed": _stationed,
    "signed_in": _signed,
    "signed_out": _signed,
    "signs_imported": _signed,
    "sign_fix_asked": _signed,
    "sign_fix_decided": _signed,
    "custody_taken": _custody,
    "alarm_acked": _acked,
    "posts_checked": _posts_checked,
}
# Streams of one record each: every event puts values into it, whatever its kind.
_BY_STREAM: dict[str, Callable[[Connection, Stored], None]] = {
    "handover": _handover,
    "ladder": _ladder,
    "meeting": _meeting,
    "visit": _visit,
}

# Rows of a family of streams: (table, column that holds the rest of the stream's name; empty for all rows).
_ROWS: dict[str, tuple[tuple[str, str], ...]] = {
    "roster": (("assignment", ""), ("roster_version", "")),
    "duty": (("sign", "day"),),
    "leave": (("leave", "id"),),
    "stationing": (("stationing", "id"),),
    "desk": (("custody", ""), ("post_check", "")),
    "alarm": (("alarm_ack", ""),),
    "handover": (("handover", "id"),),
    "ladder": (("ladder", "case_id"),),
    "meeting": (("meeting", "id"),),
    "visit": (("visit", "id"),),
}
KINDS = tuple(_BY_KIND)
STREAMS = tuple(_BY_STREAM)


def apply(db: Connection, event: Stored) -> None:
    """Fold one event into its rows; events of cases are none of these, and that a conflict is settled changes no row."""
    if event.kind == RESOLVED:
        return
    fold = _BY_STREAM.get(event.stream.partition(":")[0]) or _BY_KIND.get(event.kind)
    if fold is not None:
        fold(db, event)


def forget(db: Connection, stream: str) -> None:
    """Take away the rows of a stream, or of a whole family of streams, so that they can be folded anew."""
    family, _, name = stream.partition(":")
    for table, column in _ROWS.get(family, ()):
        if column:
            db.execute(f"DELETE FROM {table} WHERE {column} = ?", (name,))
        else:
            db.execute(f"DELETE FROM {table}")


def load_handover(db: Connection, handover_id: str) -> Handover | None:
    row = db.execute("SELECT body FROM handover WHERE id = ?", (handover_id,)).fetchone()
    return _decode(row[0]) if row else None


def load_climb(db: Connection, case_id: str) -> Climb | None:
    row = db.execute("SELECT body FROM ladder WHERE case_id = ?", (case_id,)).fetchone()
    return _decode_climb(row[0]) if row else None


def load_meeting(db: Connection, meeting_id: str) -> Meeting | None:
    row = db.execute("SELECT body FROM meeting WHERE id = ?", (meeting_id,)).fetchone()
    return decode_meeting(row[0]) if row else None


def load_visit(db: Connection, visit_id: str) -> Visit | None:
    row = db.execute("SELECT body FROM visit WHERE id = ?", (visit_id,)).fetchone()
    return decode_visit(row[0]) if row else None


def clear(db: Connection) -> None:
    for table in TABLES:
        db.execute(f"DELETE FROM {table}")


def contents(db: Connection, table: str) -> list[tuple[Any, ...]]:
    """All rows of a table in a comparable order."""
    return sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
