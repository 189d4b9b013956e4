"""The journal: envelopes of exact canonical bytes, chained by SHA-256, appended in the transaction of their action."""

import contextlib
import hashlib
import secrets
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from zjj_console.domain.ids import uuid7
from zjj_console.domain.model import Actor, Event
from zjj_console.domain.registers import RESOLVED, register
from zjj_console.storage import companion, projections
from zjj_console.storage.db import Connection, StorageError, file_identity, meta, set_meta, writing

DOMAIN = b"zjj-evt-1\0"
GENESIS = bytes(32)
ENVELOPE_VERSION = 1
FORGOTTEN = 100  # case numbers passed over by a new epoch: more than a desk gives between two backups
MALFORMED = (msgspec.MsgspecError, KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError,
             RecursionError)  # what reading an event may raise that a foreign program wrote  # fmt: skip
_LIVES = 1 << 16  # an epoch is at most so far behind the one before it; there is room for 32,000 of them
_encode = msgspec.json.Encoder(order="sorted").encode
_INSERT = (
    "INSERT INTO event(id, stream, kind, actor, device, epoch, dseq, at, cmd, body, hash)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def chained(previous: bytes, body: bytes) -> bytes:
    """hash = SHA-256(domain, previous hash, body): the whole envelope is covered."""
    return hashlib.sha256(DOMAIN + previous + body).digest()


class Head(Struct):
    """The end of this device's chain. Every append moves it in the same transaction."""

    device: str
    epoch: int
    dseq: int
    hash: bytes
    log: str


def open_head(db: Connection, path: Path) -> Head:
    """The chain head; a copied or restored file (another identity) begins a new epoch, so history cannot fork unseen.

    Its number is drawn, for other copies of the same file may do the same. What the file has forgotten may have numbers:
    case numbers go on a good piece further (I-8); a small file beside the database remembers that when the same backup is
    put back again.
    """
    known = dict(db.execute("SELECT k, v FROM meta WHERE k IN ('device', 'epoch', 'dseq', 'head', 'log', 'file')"))
    head = Head(known["device"], int(known["epoch"]), int(known["dseq"]), bytes.fromhex(known["head"]), known["log"])
    identity = file_identity(path)
    if known["file"] != identity:
        if known["file"]:
            head.epoch, head.dseq = head.epoch + 1 + secrets.randbelow(_LIVES), 0
            _pass_numbers(db, path)
        set_meta(db, file=identity, epoch=str(head.epoch), dseq=str(head.dseq))
    return head


def recognise(db: Connection, path: Path) -> None:
    """Before anything is decided on a file: begin its new epoch if it was copied or restored.

    Who only looks at a file that cannot be written sees it all the same; the first event would do it then.
    """
    if meta(db, "file") not in ("", file_identity(path)):
        with contextlib.suppress(StorageError), writing(db):
            open_head(db, path)


def _pass_numbers(db: Connection, path: Path) -> None:
    """Before the commit: numbers that a crash leaves unused are passed over, and no harm is done."""
    console, file = meta(db, "console", "A"), companion.beside(path, ".number")
    last = max(projections.last_number(db, console), _noted(file)) + FORGOTTEN
    if not companion.put(file, str(last).encode(), "new"):
        raise StorageError(1, f"写不下 {file}", f"cannot write {file}")
    projections.keep_number(db, console, last)


def _noted(file: Path) -> int:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0


def envelope(
    event: Event,
    actor: Actor,
    place: Head,
    now: int,
    event_id: str,
    cmd: str,
    *,
    stream: str | None = None,
    happened: int | None = None,
    seen: str | None = None,
) -> bytes:
    """The exact bytes of an event at its place in a device's chain (`place.dseq` is its own number). Pure."""
    return _encode(
        {
            "v": ENVELOPE_VERSION,
            "id": event_id,
            "log": place.log,
            "stream": stream or event.case,
            "kind": event.kind,
            "kv": 1,
            "actor": actor.work_no,
            "role": ",".join(sorted(actor.roles)),
            "device": place.device,
            "epoch": place.epoch,
            "dseq": place.dseq,
            "at": now,
            "happened": happened,
            "seen": seen,
            "cmd": cmd,
            "trial": actor.trial,
            "data": event.data,
        }
    )


def append(
    db: Connection,
    head: Head,
    events: list[Event],
    actor: Actor,
    now: int,
    *,
    stream: str | None = None,
    happened: int | None = None,
    cmd: str | None = None,
) -> list[int]:
    """Write the events of one action behind the head; returns their local sequence numbers.

    `stream` overrides the case as stream (chunk events). Must run inside a transaction that the caller commits.
    """
    cmd = cmd or uuid7(now)
    numbers: list[int] = []
    for event in events:
        head.dseq += 1
        event_id = uuid7(now)
        known = _seen(db, stream or event.case, event.kind)
        body = envelope(event, actor, head, now, event_id, cmd, stream=stream, happened=happened, seen=known)
        head.hash = chained(head.hash, body)
        done = db.execute(
            _INSERT,
            (event_id, stream or event.case, event.kind, actor.work_no, head.device, head.epoch, head.dseq, now, cmd,
             body, head.hash),
        )  # fmt: skip
        numbers.append(int(done.lastrowid))
    set_meta(db, dseq=str(head.dseq), head=head.hash.hex())
    return numbers


def _seen(db: Connection, stream: str, kind: str) -> str | None:
    """The last event of the register that stands here, in the common order; None where no register is continued."""
    of, only = register(stream, kind)
    if not of:
        return None
    row = db.execute(
        f"SELECT id FROM event WHERE stream = ? {'AND kind = ?' if only else 'AND kind <> ?'}"
        " AND id NOT IN (SELECT event_id FROM conflict WHERE stream = event.stream)"
        " ORDER BY hub_seq IS NOT NULL, coalesce(hub_seq, lseq) DESC LIMIT 1",
        (of, only or RESOLVED),
    ).fetchone()
    return str(row[0]) if row else ""


def last_own(db: Connection) -> int | None:
    """When this device wrote last (µs UTC); what came from others says nothing about this machine's clock."""
    row = db.execute(
        "SELECT at FROM event WHERE device = (SELECT v FROM meta WHERE k = 'device') ORDER BY lseq DESC LIMIT 1"
    ).fetchone()
    return int(row[0]) if row else None


class Columns(Struct):
    """What the columns beside an envelope repeat. Other programs may leave out who did it, and what belongs together."""

    id: str
    stream: str
    kind: str
    device: str
    epoch: int
    dseq: int
    at: int
    actor: str = ""
    cmd: str = ""


columns = msgspec.json.Decoder(Columns).decode


class Stored(Struct):
    """What the fold needs of a stored envelope."""

    kind: str
    stream: str
    data: dict[str, Any]
    actor: str = ""
    at: int = 0
    cmd: str = ""
    seen: str | None = None


decode = msgspec.json.Decoder(Stored).decode


def case_events(body: bytes) -> list[Event]:
    """The events that an envelope carries: one, or those of every row of an import chunk."""
    stored = decode(body)
    if stored.kind == "cases_imported":
        return [Event("imported", row[0], {"set": row[1]}) for row in stored.data["rows"]]
    if "set" in stored.data:
        return [Event(stored.kind, stored.stream, stored.data)]
    return []
