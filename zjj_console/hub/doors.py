"""Who may come in: one-time codes, credentials and their end, roles, revocation.

A credential is 256 random bits, told once; the hub keeps its SHA-256 and looks it up by that, so neither a stolen
database nor the time of an answer tells it. It is good for 90 days, and in the last third of them its device is told to
take a fresh one; the old one stays good until the fresh one was used once. What a role may do is one table.
"""

import hashlib
import re
import secrets
import string
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, insert, or_, select, update

from zjj_console.domain.model import DAY, HOUR
from zjj_console.domain.safe import safe_text
from zjj_console.hub.chain import Link
from zjj_console.hub.problems import Refused
from zjj_console.hub.reading import lock_head
from zjj_console.hub.tables import CODE, DEVICE
from zjj_console.sync import wire

MAY: dict[str, frozenset[str]] = {
    "console": frozenset({"hello", "renew", "push", "pull"}),
    "reader": frozenset({"hello", "renew", "pull"}),
    "gateway": frozenset({"hello", "renew", "push", "report"}),  # and of events only reports; see weigh
    "admin": frozenset(),  # administers at the hub's own keyboard, never over HTTP
}
CODE_ROLES = ("console", "reader", "gateway")
MAX_HOURS = 24 * 14
GOOD_FOR = 90 * DAY  # a credential
RENEWED_IN = GOOD_FOR // 3  # of its end
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that is read wrongly over the telephone
_CODE_LETTERS = 20  # of 32: 100 bits
OWN = "hub-"  # ids of that beginning are the hub's own; nobody enrols as such or revokes it
_DEVICE = re.compile(f"(?!{OWN})[0-9A-Za-z-]{{8,64}}")


class Visitor(Struct, frozen=True):
    """A device with its rights and the end of its chain."""

    device: str
    role: str
    console: str
    expires: int
    fresh: bool  # came with a credential that was not used before
    revoked: bool
    end: Link

    @classmethod
    def of(cls, row: Row[Any], *, fresh: bool = False) -> "Visitor":
        end = Link(row.id, row.epoch, row.dseq, bytes(row.hash))
        expires = row.next_expires if fresh else row.expires
        return cls(row.id, row.role, row.console or "", expires, fresh, row.revoked_at is not None, end)

    def renews(self, now: int) -> bool:
        """Whether it is time to take a fresh credential."""
        return self.expires - now <= RENEWED_IN


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def admit(visitor: Visitor | None, act: str, now: int) -> Visitor:
    """The visitor, if he may do this. Raises Refused."""
    if visitor is None:
        raise Refused("unauthorized")
    if visitor.revoked:
        raise Refused("revoked")
    if visitor.expires <= now:
        raise Refused("expired")
    if act not in MAY.get(visitor.role, ()):
        raise Refused("not_allowed", role=visitor.role)
    return visitor


def visitors(db: Connection, hashes: list[bytes]) -> dict[bytes, Visitor]:
    """Who comes with these credentials, by their hashes. Whether he may still come is for `admit`."""
    found: dict[bytes, Visitor] = {}
    for row in db.execute(select(DEVICE).where(or_(DEVICE.c.token_hash.in_(hashes), DEVICE.c.next_hash.in_(hashes)))):
        found[bytes(row.token_hash)] = Visitor.of(row)
        if row.next_hash is not None:
            found[bytes(row.next_hash)] = Visitor.of(row, fresh=True)
    return found


def visitor_of(db: Connection, token_hash: bytes) -> Visitor | None:
    return visitors(db, [token_hash]).get(token_hash)


def renew(db: Connection, token_hash: bytes, now: int) -> wire.Renewed:
    """A fresh credential beside the one that asked, which stays good until the fresh one was used. Raises Refused.

    Whoever lost the answer asks again: a fresh one that nobody used is forgotten for the next.
    """
    visitor = admit(visitor_of(db, token_hash), "renew", now)
    token = secrets.token_urlsafe(32)
    fresh = {"next_hash": digest(token), "next_expires": now + GOOD_FOR}
    still = or_(DEVICE.c.token_hash == token_hash, DEVICE.c.next_hash == token_hash)  # it may have been let in anew
    done = db.execute(update(DEVICE).where(DEVICE.c.id == visitor.device, still).values(**fresh))
    if done.rowcount != 1:
        raise Refused("unauthorized")
    return wire.Renewed(token, now + GOOD_FOR)


def use(db: Connection, fresh_hash: bytes) -> None:
    """A fresh credential came: from now on it is the only one of its device. Again, it changes nothing."""
    taken = {"token_hash": DEVICE.c.next_hash, "expires": DEVICE.c.next_expires, "next_hash": None,
             "next_expires": None}  # fmt: skip
    db.execute(update(DEVICE).where(DEVICE.c.next_hash == fresh_hash).values(**taken))


def new_code(db: Connection, role: str, hours: int, now: int) -> str:
    """A fresh one-time code, in groups of five. Only its hash stays."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LETTERS))
    db.execute(insert(CODE).values(hash=digest(letters), role=role, expires=now + hours * HOUR))
    return "-".join(letters[i : i + 5] for i in range(0, _CODE_LETTERS, 5))


def enrol(db: Connection, asked: wire.Enrol, now: int) -> wire.Enrolled:
    """Use the code up and let the device in. Raises Refused and then leaves the code as it was.

    A device that was revoked, or whose credential ended, comes back by a new code, with its chain and its letter; one
    that is valid does not, or whoever holds any code could take over another's name.
    """
    if not _DEVICE.fullmatch(asked.device) or not re.fullmatch("[A-Z]?", asked.console):
        raise Refused("bad_request", what="device, console")
    head = lock_head(db)
    role = _use(db, asked.code, now)
    before = db.execute(select(DEVICE).where(DEVICE.c.id == asked.device)).first()
    if before is not None and before.revoked_at is None and before.expires > now:
        raise Refused("device_known")
    if before is not None and before.epoch and before.role != role:  # its events were judged by it, and must be again
        raise Refused("role_kept", role=before.role)
    token = secrets.token_urlsafe(32)
    letter = _letter(db, asked.console, before) if role == "console" else None
    values = {"name": safe_text(asked.name, 60), "role": role, "token_hash": digest(token), "last_seen": now,
              "expires": now + GOOD_FOR, "next_hash": None, "next_expires": None, "revoked_at": None, "console": letter or (before.console if before else None)}  # fmt: skip
    if before is None:
        db.execute(insert(DEVICE).values(id=asked.device, created=now, epoch=0, dseq=0, hash=wire.GENESIS, **values))
    else:
        db.execute(update(DEVICE).where(DEVICE.c.id == asked.device).values(**values))
    return wire.Enrolled(token, head.log, head.town, letter or "", role, now + GOOD_FOR)


def _use(db: Connection, code: str, now: int) -> str:
    """The role of a code that is good now. It is not good a second time; the lock of the head keeps two from using it at once."""
    key = digest(re.sub("[^0-9A-Z]", "", code.upper()))
    found = db.execute(select(CODE).where(CODE.c.hash == key)).first()
    if found is None:
        raise Refused("code_unknown")
    if found.used_at is not None:
        raise Refused("code_used")
    if found.expires <= now:
        raise Refused("code_expired")
    db.execute(update(CODE).where(CODE.c.hash == key).values(used_at=now))
    return str(found.role)


def _letter(db: Connection, wanted: str, before: Row[Any] | None) -> str:
    """The letter of the device's case numbers: its own again, the wanted one, or the first that nobody ever had."""
    if before is not None and before.console:
        return str(before.console)
    taken = set(db.execute(select(DEVICE.c.console).where(DEVICE.c.console.is_not(None))).scalars())
    if wanted in taken:
        raise Refused("letter_taken", letter=wanted)
    free = [letter for letter in string.ascii_uppercase if letter not in taken]
    if not free:
        raise Refused("letters_gone")
    return wanted or free[0]


def revoke(db: Connection, device: str, now: int) -> str | None:
    """The id of the device that is revoked from now on, found by id, its beginning, or its letter; None if none is."""
    others = select(DEVICE.c.id, DEVICE.c.console).where(DEVICE.c.id.not_like(f"{OWN}%"))
    rows = db.execute(others.order_by(DEVICE.c.id)).all()
    exact = [row.id for row in rows if device in (row.id, row.console)]
    found = exact or [row.id for row in rows if len(device) >= 4 and row.id.startswith(device)]
    if len(found) != 1:
        return None
    lock_head(db)  # an append under way ends first; none begins with the old right
    db.execute(update(DEVICE).where(DEVICE.c.id == found[0], DEVICE.c.revoked_at.is_(None)).values(revoked_at=now))
    return str(found[0])


def is_own(db: Connection, device: str) -> bool:
    """Whether this id, its beginning, or this letter is the hub's own."""
    rows = db.execute(select(DEVICE.c.id, DEVICE.c.console).where(DEVICE.c.id.like(f"{OWN}%"))).all()
    return any(device in (row.id, row.console) or (len(device) >= 4 and row.id.startswith(device)) for row in rows)


STATES = ("valid", "expired", "revoked")


class Listed(Struct, frozen=True):
    """A device as its keeper sees it."""

    id: str
    name: str
    console: str
    role: str
    epoch: int
    dseq: int
    last_seen: int
    expires: int
    revoked_at: int | None

    def state(self, now: int) -> str:
        return "revoked" if self.revoked_at is not None else "expired" if self.expires <= now else "valid"


def listed(db: Connection) -> list[Listed]:
    """Every device, consoles first by their letters."""
    rows = db.execute(select(DEVICE).order_by(DEVICE.c.console.is_(None), DEVICE.c.console, DEVICE.c.id))
    return [
        Listed(r.id, r.name, r.console or "", r.role, r.epoch, r.dseq, r.last_seen, r.expires, r.revoked_at)
        for r in rows
    ]
