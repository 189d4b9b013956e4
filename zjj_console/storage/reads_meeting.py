"""Read queries of consultations and visits, and the cases that a consultation may want: each by an index, never all open cases."""

from typing import Any

from zjj_console.domain.consult import Meeting
from zjj_console.domain.model import Case
from zjj_console.domain.visit import Visit
from zjj_console.storage.db import Connection
from zjj_console.storage.duty_rows import decode_meeting, decode_visit, load_meeting, load_visit
from zjj_console.storage.projections import SELECT_CASE, case_from


def meeting(db: Connection, meeting_id: str) -> Meeting | None:
    return load_meeting(db, meeting_id)


def visit(db: Connection, visit_id: str) -> Visit | None:
    return load_visit(db, visit_id)


def meetings(db: Connection, since: int, until: int = 1 << 62, level: str = "") -> list[Meeting]:
    """Meetings that begin in [since, until), the newest first."""
    rows = db.execute(
        "SELECT body FROM meeting WHERE at >= ? AND at < ? AND (? = '' OR level = ?) ORDER BY at DESC, id",
        (since, until, level, level),
    )
    return [decode_meeting(body) for (body,) in rows.fetchall()]


def weekly(db: Connection, since: int) -> dict[str, Meeting]:
    """The town's meetings by ISO week."""
    return {m.week: m for m in meetings(db, since, level="town")}


def open_meetings(db: Connection, since: int) -> list[Meeting]:
    return [m for m in meetings(db, since) if m.state == "OPEN"]


def count_of(db: Connection, prefix: str) -> int:
    """How many meetings of a station or hour there are: their ids begin alike."""
    row = db.execute("SELECT count(*) FROM meeting WHERE id >= ? AND id < ?", (prefix, prefix + "\x7f")).fetchone()
    return int(row[0])


def visits(db: Connection, month: str) -> list[Visit]:
    rows = db.execute("SELECT body FROM visit WHERE month = ? ORDER BY at, id", (month,)).fetchall()
    return [decode_visit(body) for (body,) in rows]


def visits_since(db: Connection, month: str) -> list[Visit]:
    """Of that month and later ones, the newest first."""
    rows = db.execute("SELECT body FROM visit WHERE month >= ? ORDER BY at DESC, id", (month,)).fetchall()
    return [decode_visit(body) for (body,) in rows]


def begun(db: Connection) -> int | None:
    """When this journal began."""
    row = db.execute("SELECT at FROM event ORDER BY lseq LIMIT 1").fetchone()
    return int(row[0]) if row else None


# cases ----------------------------------------------------------------------------------------------------------------------

_IN_STATES = f"{SELECT_CASE} WHERE is_open = 1 AND state IN ('DIFF_REVIEW', 'DIFF_LED')"
_TROUBLED = (  # the condition is that of the partial index ix_case_troubled
    f"{SELECT_CASE} WHERE is_open = 1 AND return_count + rework_count > 0 AND (return_count >= ? OR rework_count >= ?)"
)
_REVIEWED = f"{SELECT_CASE} WHERE rid IN (SELECT rid FROM timer WHERE code = 'REV' AND due_at <= ?) AND is_open = 1"
_LADDER = f"{SELECT_CASE} WHERE id IN (SELECT case_id FROM ladder WHERE state = 'open' AND level >= ?) AND is_open = 1"


def _cases(db: Connection, sql: str, *params: Any) -> list[Case]:
    return [case_from(row) for row in db.execute(sql, params).fetchall()]


def difficult(db: Connection) -> list[Case]:
    """Cases that await or have a lead station."""
    return _cases(db, _IN_STATES)


def troubled(db: Connection, returns: int, reworks: int) -> list[Case]:
    return _cases(db, _TROUBLED, returns, reworks)


def review_before(db: Connection, at: int) -> list[Case]:
    """Suspended cases whose review comes by then."""
    return _cases(db, _REVIEWED, at)


def escalated(db: Connection, level: int) -> list[Case]:
    return _cases(db, _LADDER, level)


def level_of(db: Connection, case_id: str) -> int:
    """The rung that a case's escalation stands on; 0 without one."""
    row = db.execute("SELECT level FROM ladder WHERE case_id = ? AND state = 'open'", (case_id,)).fetchone()
    return int(row[0]) if row else 0
