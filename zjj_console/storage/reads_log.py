"""Read queries beside the queue: one row by id, import batches with their rejects, the end of the journal."""

from msgspec import Struct

from zjj_console.domain.handles import handle
from zjj_console.storage.db import Connection
from zjj_console.storage.journal import decode
from zjj_console.storage.reads import QUEUE_COLUMNS, QueueRow

_BATCH = "id, kind, file, actor, started_at, millis, rows, new, changed, same, rejected, code, done"
_REJECT = "row, code, field, message, suggestion, raw"


class Batch(Struct, frozen=True, array_like=True):
    """One import and its figures. `done` 0 means that it was interrupted; times are µs UTC."""

    id: int
    kind: str
    file: str
    actor: str
    started_at: int
    millis: int
    rows: int
    new: int
    changed: int
    same: int
    rejected: int
    code: int
    done: int


class Reject(Struct, frozen=True, array_like=True):
    """A row that was not taken, verbatim, with what was wrong."""

    row: int
    code: str
    field: str
    message: str
    suggestion: str
    raw: str


class Entry(Struct, frozen=True):
    """One journal entry: who did what to which case. `handle` is empty for streams that are no case."""

    lseq: int
    at: int
    actor: str
    kind: str
    handle: str
    case_id: str


def row_of(db: Connection, case_id: str) -> QueueRow | None:
    """The queue row of one case, in whatever list it stands now."""
    row = db.execute(f"SELECT {', '.join(QUEUE_COLUMNS)} FROM case_row WHERE id = ?", (case_id,)).fetchone()
    return QueueRow(*row) if row else None


def last_rid(db: Connection) -> int:
    """The newest case's row number, 0 on an empty database."""
    return int(db.execute("SELECT coalesce(max(rid), 0) FROM case_row").fetchone()[0])


def newer(db: Connection, rid: int) -> int:
    """How many open cases came in after a row number."""
    wanted = "rid > ? AND +is_open = 1"  # the plus: look at the few rows behind, not at all that are open
    return int(db.execute(f"SELECT count(*) FROM case_row WHERE {wanted}", (rid,)).fetchone()[0])


def last_end(db: Connection) -> int | None:
    """When the last case ended (µs UTC), None if none did."""
    wanted = "is_open = 0 AND closed_at IS NOT NULL ORDER BY rank, next_due"  # the latest ended comes first
    row = db.execute(f"SELECT closed_at FROM case_row WHERE {wanted} LIMIT 1").fetchone()
    return int(row[0]) if row else None


def batches(db: Connection, limit: int) -> list[Batch]:
    """Import batches, the newest first."""
    rows = db.execute(f"SELECT {_BATCH} FROM import_batch ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
    return [Batch(*row) for row in rows]


def rejects(db: Connection, batch: int, limit: int) -> list[Reject]:
    rows = db.execute(f"SELECT {_REJECT} FROM import_reject WHERE batch = ? ORDER BY row LIMIT ?", (batch, limit))
    return [Reject(*row) for row in rows.fetchall()]


def last_events(db: Connection, limit: int) -> list[Entry]:
    """The end of the journal, the newest first."""
    rows = db.execute(
        "SELECT e.lseq, e.at, e.actor, e.kind, coalesce(c.console, ''), coalesce(c.serial, 0), e.stream, e.body FROM event e"
        " LEFT JOIN case_row c ON c.id = CASE WHEN e.stream LIKE 'ladder:%' THEN substr(e.stream, 8) ELSE e.stream END ORDER BY e.lseq DESC LIMIT ?",
        (limit,),
    ).fetchall()
    return [Entry(lseq, at, actor or decode(body).actor, kind, handle(console, serial) if serial else "", stream)
            for lseq, at, actor, kind, console, serial, stream, body in rows]  # fmt: skip
