"""Read queries of alarms and climbs: ranges of indexes only, so that they cost what is due and not what is open."""

from typing import Any

import msgspec
from msgspec import Struct

from zjj_console.domain.climb import BY_HAND, REFUSED, TIMER, Climb
from zjj_console.domain.holders import Post
from zjj_console.storage.db import Connection
from zjj_console.storage.projections import RANK_RUNNING, RANK_URGENT
from zjj_console.storage.reads import QUEUE_COLUMNS, QueueRow

_ASKED = ("RET", "EXT", "SUP_ACK")  # clocks of wishes that wait for somebody's decision
_COLUMNS = ", ".join(f"c.{name}" for name in QUEUE_COLUMNS)
_BESIDE = "c.recorded_at, c.since, coalesce(l.level, 0), coalesce(l.raised_at, 0), a.at"
_SELECT = (
    f"SELECT {_COLUMNS}, {_BESIDE} FROM case_row c"
    " LEFT JOIN ladder l ON l.case_id = c.id AND l.state = 'open' LEFT JOIN alarm_ack a ON a.subject = c.id"
)
_UNSENT = "('REPORTED', 'ACCEPTED')"
_decode = msgspec.json.Decoder(Climb).decode
_decode_posts = msgspec.json.Decoder(tuple[Post, ...]).decode


class Pressing(Struct, frozen=True):
    """A case that may need somebody now, how high its climb is and when a rung was raised last, and its acknowledgement."""

    row: QueueRow
    recorded_at: int
    since: int  # when its state began
    level: int
    raised_at: int
    acked_at: int | None


class Climbing(Struct, frozen=True):
    """A case on the ladder: its queue row, its record, and when its next rung is due (None: none will come)."""

    row: QueueRow
    climb: Climb
    next_at: int | None


class PostCheck(Struct, frozen=True):
    """The check before a night: its duty date, when it was made, and every post as it was resolved then."""

    day: str
    at: int
    posts: tuple[Post, ...]


def _pressing(db: Connection, where: str, params: tuple[Any, ...], limit: int) -> list[Pressing]:
    rows = db.execute(f"{_SELECT} WHERE {where} LIMIT ?", (*params, limit)).fetchall()
    return [Pressing(QueueRow(*row[:-5]), *row[-5:]) for row in rows]


def urgent(db: Connection, now: int, limit: int) -> list[Pressing]:
    """First priority: late, due soon, or new and nobody sent."""
    where = (
        f"c.is_open = 1 AND c.rank = {RANK_URGENT} AND (c.next_warn <= ? OR c.state IN {_UNSENT}) ORDER BY c.next_due"
    )
    return _pressing(db, where, (now,), limit)


def late(db: Connection, now: int, limit: int, *, unacked: bool = False) -> list[Pressing]:
    """The other cases with a missed deadline, the longest first; `unacked`: only those that nobody has seen since."""
    where = f"c.is_open = 1 AND c.rank = {RANK_RUNNING} AND c.next_due <= ?"
    where += " AND (a.at IS NULL OR a.at < max(c.next_due, coalesce(l.raised_at, 0)))" if unacked else ""
    return _pressing(db, f"{where} ORDER BY c.next_due", (now,), limit)


def soon(db: Connection, now: int, limit: int) -> list[Pressing]:
    """The other cases whose deadline is near."""
    where = f"c.is_open = 1 AND c.rank = {RANK_RUNNING} AND c.next_due > ? AND c.next_warn <= ? ORDER BY c.next_due"
    return _pressing(db, where, (now, now), limit)


def asked(db: Connection, limit: int) -> list[tuple[Pressing, str, int]]:
    """(case, clock, deadline) of wishes that wait: a return, an extension or suspension, a support."""
    marks = ",".join("?" * len(_ASKED))
    rows = db.execute(
        f"SELECT {_COLUMNS}, {_BESIDE}, t.code, t.due_at"
        " FROM timer t JOIN case_row c ON c.rid = t.rid"
        " LEFT JOIN ladder l ON l.case_id = c.id AND l.state = 'open' LEFT JOIN alarm_ack a ON a.subject = c.id"
        f" WHERE t.code IN ({marks}) ORDER BY t.due_at LIMIT ?",
        (*_ASKED, limit),
    ).fetchall()
    return [(Pressing(QueueRow(*row[:-7]), *row[-7:-2]), row[-2], row[-1]) for row in rows]


def by_hand(db: Connection, limit: int) -> list[tuple[Pressing, str]]:
    """(case, trigger) of what somebody sent up the ladder although no deadline is missed."""
    where = "c.id IN (SELECT case_id FROM ladder WHERE state = 'open' AND \"trigger\" = ?)"
    return [(one, trigger) for trigger in (BY_HAND, REFUSED) for one in _pressing(db, where, (trigger,), limit)]


def fresh_late(db: Connection, since: int, now: int) -> int:
    """How many deadlines were missed in (since, now], or rungs raised for one or by hand: what a bell asks.

    A rung that comes before the deadline is silent, as everything is that is only due soon.
    """
    missed = db.execute(
        f"SELECT count(*) FROM case_row WHERE is_open = 1 AND rank = {RANK_RUNNING} AND next_due > ? AND next_due <= ?",
        (since, now),
    ).fetchone()[0]
    raised = db.execute(
        "SELECT count(*) FROM ladder l JOIN case_row c ON c.id = l.case_id WHERE l.state = 'open' AND l.raised_at > ?"
        ' AND l.raised_at <= ? AND (c.next_due <= ? OR l."trigger" IN (?, ?))',
        (since, now, now, BY_HAND, REFUSED),
    ).fetchone()[0]
    return int(missed) + int(raised)


def acked(db: Connection, subjects: list[str]) -> dict[str, int]:
    """When subjects were acknowledged last."""
    marks = ",".join("?" * len(subjects))
    return dict(db.execute(f"SELECT subject, at FROM alarm_ack WHERE subject IN ({marks})", subjects))


def climbing(db: Connection, limit: int, level: int = 0) -> list[Climbing]:
    """Open climbs from a rung upwards, the highest priority and rung first."""
    rows = db.execute(
        f"SELECT {_COLUMNS}, l.body, t.due_at FROM ladder l JOIN case_row c ON c.id = l.case_id"
        " LEFT JOIN timer t ON t.rid = c.rid AND t.code = ?"
        " WHERE l.state = 'open' AND l.level >= ? ORDER BY c.priority, l.level DESC, l.raised_at LIMIT ?",
        (TIMER, level, limit),
    ).fetchall()
    return [Climbing(QueueRow(*row[:-2]), _decode(row[-2]), row[-1]) for row in rows]


def climbs(db: Connection) -> int:
    """How many cases are on the ladder now."""
    return int(db.execute("SELECT count(*) FROM ladder WHERE state = 'open'").fetchone()[0])


def ahead(db: Connection, codes: list[str], now: int, until: int, limit: int) -> list[tuple[QueueRow, str, int]]:
    """(case, clock, instant) of deadlines and rungs (TIMER) that fire in (now, until], the next first."""
    marks = ",".join("?" * len(codes))
    rows = db.execute(
        f"SELECT {_COLUMNS}, t.code, t.due_at FROM timer t JOIN case_row c ON c.rid = t.rid"
        f" WHERE t.code IN ({marks}) AND t.due_at > ? AND t.due_at <= ? AND c.is_open = 1 ORDER BY t.due_at LIMIT ?",
        (*codes, now, until, limit),
    ).fetchall()
    return [(QueueRow(*row[:-2]), row[-2], row[-1]) for row in rows]


def post_check(db: Connection, day: str = "") -> PostCheck | None:
    """The check of one duty date (`2021-03-01`), or the last one."""
    wanted, params = ("day = ?", (day,)) if day else ("1", ())
    row = db.execute(
        f"SELECT day, at, body FROM post_check WHERE {wanted} ORDER BY day DESC LIMIT 1", params
    ).fetchone()
    return PostCheck(row[0], row[1], _decode_posts(row[2])) if row else None


class Step(Struct, frozen=True):
    """One step of a climb as the journal has it."""

    at: int
    kind: str
    actor: str
    climb: Climb


class _Ladder(Struct):
    climb: Climb


class _Envelope(Struct):
    at: int
    kind: str
    actor: str
    data: _Ladder


_decode_step = msgspec.json.Decoder(_Envelope).decode


def steps(db: Connection, since: int, case: str = "") -> list[Step]:
    """Steps of all climbs, or of one case, since an instant, the oldest first."""
    streams, params = ("stream = ?", (f"ladder:{case}",)) if case else ("stream GLOB 'ladder:*'", ())
    rows = db.execute(f"SELECT body FROM event WHERE {streams} AND at >= ? ORDER BY lseq", (*params, since))
    return [Step(e.at, e.kind, e.actor, e.data.climb) for e in (_decode_step(row[0]) for row in rows.fetchall())]
