"""The outbox as whoever delivers it sees it (§2.7): what is due, one attempt and its result, what has not arrived.

A row is claimed before it leaves: SENT means that an attempt is under way or ended with the process, so that a crash
between sending and recording is seen by the next run. `meta` says since when a gateway delivers at all.

    PENDING -> SENT -> CONFIRMED | RETRY -> SENT .. | FAILED (receiver) | DEAD (given up); DELIVERED by telephone;
    RECALLED (undone before it left) and DROPPED (given up by two people) end it.
"""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from zjj_console.domain.handles import handle
from zjj_console.domain.model import SECOND
from zjj_console.storage.db import Connection, file_identity, meta, set_meta, writing

SINCE, FILE, HOLD, TROUBLE, RUN = (f"gateway_{name}" for name in ("since", "file", "hold", "trouble", "run"))
WAITING = ("PENDING", "RETRY", "SENT")
LOST = ("DEAD", "FAILED")
PHONE = "phone"  # what stands for the receipt of a message that was told by telephone


class Letter(Struct, frozen=True):
    """One row of the outbox with the priority of its case (0: about no case). Instants in µs, 0 for none."""

    id: int
    key: str
    case_id: str
    kind: str
    recipient: str
    body: str
    not_before: int
    status: str
    attempts: int
    next_at: int
    sent_at: int
    doubt_at: int
    done_at: int
    error: str
    msgid: str
    priority: int
    console: str
    serial: int

    @property
    def handle(self) -> str:
        """Of its case, empty for a message about none."""
        return handle(self.console, self.serial) if self.serial else ""


_COLUMNS = ", ".join(f"o.{name}" for name in Letter.__struct_fields__[:-3])
_SELECT = (
    f"SELECT {_COLUMNS}, coalesce(c.priority, 0), coalesce(c.console, ''), coalesce(c.serial, 0)"
    " FROM outbox o LEFT JOIN case_row c ON c.id = o.case_id"
)
_STANDING = "('PENDING', 'RETRY', 'SENT', 'DEAD', 'FAILED')"


def _letters(db: Connection, rest: str, params: Iterable[object]) -> list[Letter]:
    return [Letter(*row) for row in db.execute(f"{_SELECT} {rest}", tuple(params)).fetchall()]


LEFT_NOT = "status IN ('PENDING', 'RETRY', 'DEAD', 'FAILED')"  # whoever delivers would still send it, or gave it up


def recall_overtaken(db: Connection, case_id: str) -> None:
    """Orders that have not left and no longer stand: another desk came first, or took them back since (§6.7)."""
    db.execute(
        f"UPDATE outbox SET status = 'RECALLED' WHERE case_id = ? AND kind = 'dispatch' AND {LEFT_NOT} AND NOT EXISTS"
        " (SELECT 1 FROM dispatch d JOIN case_row c ON c.id = d.case_id WHERE d.case_id = outbox.case_id AND d.active = 1"
        " AND outbox.key = 'd-' || c.number || '-' || d.n || '-' || d.unit AND outbox.recipient = d.person)",
        (case_id,),
    )


# whether anybody delivers ---------------------------------------------------------------------------------------------


def since(db: Connection) -> int | None:
    """When a gateway began to deliver for this file; None where none ever did, or where it was switched off."""
    return int(meta(db, SINCE, "0")) or None


def held(db: Connection) -> int:
    """Nothing is sent before this instant; 0 for none."""
    return int(meta(db, HOLD, "0"))


def begin(db: Connection, path: Path, now: int) -> bool:
    """Note that a gateway delivers from now on; what was queued before was carried by telephone and is never sent.

    True where it begins anew: for the first time, or on a file that was copied or restored and may hold what has long
    been sent.
    """
    identity = file_identity(path)
    if since(db) is not None and meta(db, FILE) == identity:
        return False
    with writing(db):
        set_meta(db, **{SINCE: str(now), FILE: identity, HOLD: "0", TROUBLE: ""})
    return True


def switch_off(db: Connection) -> None:
    with writing(db):
        set_meta(db, **{SINCE: "0", HOLD: "0", TROUBLE: ""})


def note_run(db: Connection, now: int, trouble: str, hold: int = 0) -> None:
    """What the last round came to; `hold`: nothing is sent before (µs)."""
    with writing(db):
        set_meta(db, **{RUN: str(now), TROUBLE: trouble, HOLD: str(hold)})


# delivering -----------------------------------------------------------------------------------------------------------


def due(db: Connection, begun: int, now: int, limit: int) -> list[Letter]:
    """What may leave now, first priority first, then in the order of queueing."""
    where = "WHERE o.status IN ('PENDING', 'RETRY', 'SENT') AND o.not_before BETWEEN ? AND ? AND o.next_at <= ?"
    order = "ORDER BY coalesce(c.priority, 4), o.not_before, o.id LIMIT ?"
    return _letters(db, f"{where} {order}", (begun, now, now, limit))


def claim(db: Connection, letter: Letter, now: int, lease: int) -> bool:
    """Begin an attempt. False if another process was quicker, or if the message was taken back meanwhile."""
    with writing(db):
        return bool(
            db.execute(
                "UPDATE outbox SET status = 'SENT', attempts = attempts + 1, sent_at = ?, next_at = ?,"
                " doubt_at = CASE doubt_at WHEN 0 THEN ? ELSE doubt_at END"
                " WHERE id = ? AND status = ? AND attempts = ? AND next_at = ?",
                (now, now + lease, now, letter.id, letter.status, letter.attempts, letter.next_at),
            ).rowcount
        )


def settle(
    db: Connection,
    letter: Letter,
    status: str,
    *,
    next_at: int = 0,
    doubt_at: int = 0,
    done_at: int = 0,
    error: str = "",
    msgid: str = "",
    attempts: int | None = None,
) -> bool:
    """End the attempt that `claim` began on this letter; a word by telephone that came meanwhile stands."""
    with writing(db):
        return bool(
            db.execute(
                "UPDATE outbox SET status = ?, next_at = ?, doubt_at = ?, done_at = ?, error = ?, msgid = ?, attempts = ?"
                " WHERE id = ? AND status = 'SENT' AND attempts = ?",
                (status, next_at, doubt_at, done_at, error, msgid,
                 letter.attempts + 1 if attempts is None else attempts, letter.id, letter.attempts + 1),
            ).rowcount
        )  # fmt: skip


def wait(db: Connection, letter: Letter, until: int) -> None:
    """Not now: the receiver has had as many as the server lets through."""
    with writing(db):
        db.execute("UPDATE outbox SET next_at = ? WHERE id = ? AND status = ? AND attempts = ?",
                   (until, letter.id, letter.status, letter.attempts))  # fmt: skip


def give_up(db: Connection, letter: Letter, status: str, why: str) -> int:
    """End what no attempt is made of any more; 1 if it was still as it was read."""
    with writing(db):
        return int(
            db.execute(
                "UPDATE outbox SET status = ?, next_at = 0, error = ? WHERE id = ? AND status = ? AND attempts = ?",
                (status, why, letter.id, letter.status, letter.attempts),
            ).rowcount
        )


def sent_to(db: Connection, recipient: str, after: int) -> list[int]:
    """Instants of the last attempts to somebody since an instant, oldest first."""
    rows = db.execute(
        "SELECT sent_at FROM outbox WHERE recipient = ? AND sent_at > 0 AND sent_at > ? ORDER BY sent_at",
        (recipient, after),
    )
    return [row[0] for row in rows.fetchall()]


# by hand --------------------------------------------------------------------------------------------------------------


def phoned(db: Connection, case_id: str, recipient: str, now: int) -> int:
    """Somebody was told by telephone: his orders of this case count as delivered (§2.7); how many did not before."""
    return int(
        db.execute(
            f"UPDATE outbox SET status = 'DELIVERED', msgid = ?, error = '', done_at = ? WHERE case_id = ?"
            f" AND recipient = ? AND status IN {_STANDING}",
            (PHONE, now, case_id, recipient),
        ).rowcount
    )


def unphoned(db: Connection, case_id: str, after: int) -> None:
    """A call that was undone delivered nothing. Whether an earlier attempt arrived stays in doubt."""
    db.execute("UPDATE outbox SET status = iif(attempts = 0, 'PENDING', 'RETRY'), msgid = '', done_at = 0"
               " WHERE case_id = ? AND status = 'DELIVERED' AND done_at >= ?", (case_id, after))  # fmt: skip


def retry(db: Connection, letter: Letter, now: int) -> bool:
    """Send what was given up once more, as if it had just been queued. Inside the caller's transaction, as the next."""
    return bool(
        db.execute(
            "UPDATE outbox SET status = 'PENDING', not_before = ?, next_at = 0, doubt_at = 0, error = ''"
            " WHERE id = ? AND status = ?",
            (now, letter.id, letter.status),
        ).rowcount
    )


def drop(db: Connection, letter: Letter, why: str, now: int) -> bool:
    """Nobody sends it any more."""
    return bool(
        db.execute(
            "UPDATE outbox SET status = 'DROPPED', error = ?, done_at = ? WHERE id = ? AND status = ?",
            (why, now, letter.id, letter.status),
        ).rowcount
    )


def recalled(db: Connection, letter: Letter, why: str) -> bool:
    """The gateway took back what it had delivered."""
    with writing(db):
        return bool(
            db.execute("UPDATE outbox SET status = 'RECALLED', error = ? WHERE id = ? AND status = 'CONFIRMED'",
                       (why, letter.id)).rowcount
        )  # fmt: skip


# looking --------------------------------------------------------------------------------------------------------------


def find(db: Connection, key: str) -> Letter | None:
    return next(iter(_letters(db, "WHERE o.key = ?", (key,))), None)


def letters(db: Connection, statuses: tuple[str, ...], limit: int) -> list[Letter]:
    """The newest first; all of them without a status."""
    marks = ",".join("?" * len(statuses))
    where = f"WHERE o.status IN ({marks})" if statuses else ""
    return _letters(db, f"{where} ORDER BY o.id DESC LIMIT ?", (*statuses, limit))


def counts(db: Connection) -> dict[str, int]:
    return dict(db.execute("SELECT status, count(*) FROM outbox GROUP BY status").fetchall())


def undelivered(db: Connection, begun: int, now: int, limit: int) -> list[Letter]:
    """What should have left and of which nobody has said that it arrived, urgent ones first; of open cases or of none."""
    where = f"WHERE o.status IN {_STANDING} AND o.not_before BETWEEN ? AND ? AND coalesce(c.is_open, 1) = 1"
    return _letters(db, f"{where} ORDER BY coalesce(c.priority, 4), o.not_before, o.id LIMIT ?", (begun, now, limit))


def doubtful(letter: Letter, now: int, seconds: int) -> bool:
    """Whether an attempt may have arrived so long ago that the server no longer recognises its double."""
    return bool(letter.doubt_at) and now - letter.doubt_at >= seconds * SECOND
