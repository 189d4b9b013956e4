"""The hub's tables, the same on PostgreSQL and SQLite. They have a catalogue of their own, apart from a console's.

`hub_event` is only ever added to; `hub_head` is the one row whose lock makes the order. Instants are µs UTC.
"""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, LargeBinary, MetaData, Table, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

SCHEMA = 2  # of these tables; kept in the head row, so that a program never writes to tables that it does not know
CATALOGUE = MetaData()


def _text(default: str | None = "", **kw: Any) -> Any:
    return Field(default=default, sa_type=Text, nullable=default is None, **kw)


def _int(default: int | None = 0, **kw: Any) -> Any:
    return Field(default=default, sa_type=BigInteger, nullable=default is None, **kw)


def _blob(default: bytes | None = b"", **kw: Any) -> Any:
    return Field(default=default, sa_type=LargeBinary, nullable=default is None, **kw)


class _HubTable(SQLModel):
    metadata = CATALOGUE


class HubHead(_HubTable, table=True):
    """One row: which log this is, how far it goes, the hub chain there. Whoever appends holds its lock until commit."""

    __tablename__ = "hub_head"
    one: int = Field(default=1, primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    log: str = _text()
    town: str = _text()
    seq: int = _int()
    hash: bytes = _blob()
    version: int = _int(SCHEMA)


class HubEvent(_HubTable, table=True):
    """One event in its place, with its verdict for ever. `body` is the device's own bytes, `hash` its own chain."""

    __tablename__ = "hub_event"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("device", "epoch", "dseq", name="hub_event_place"),
        Index("hub_event_stream", "stream", "hub_seq"),
    )
    hub_seq: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    id: str = _text(unique=True)
    stream: str = _text()
    kind: str = _text()
    device: str = _text()
    epoch: int = _int()
    dseq: int = _int()
    at: int = _int()
    received_at: int = _int()
    body: bytes = _blob()
    previous: bytes | None = _blob(
        None
    )  # what the hash continues; kept where an epoch begins, else it is the row before
    hash: bytes = _blob()
    hub_hash: bytes = _blob()
    verdict: int = _int()
    reason: str = _text()


class HubOrigin(_HubTable, table=True):
    """Where an imported case began: which chunk event, which row of it. An index over the log, derived from it."""

    __tablename__ = "hub_origin"
    case_id: str = Field(primary_key=True, sa_type=Text)
    hub_seq: int = _int()
    row: int = _int()


class Device(_HubTable, table=True):
    """Who may speak to the hub, and the end of his chain as the hub has it. The token itself is nowhere."""

    __tablename__ = "device"
    id: str = Field(primary_key=True, sa_type=Text)
    name: str = _text()
    console: str | None = _text(None, unique=True)  # letter of the case numbers; never given twice
    role: str = _text()
    token_hash: bytes = _blob(unique=True)
    expires: int = _int()
    next_hash: bytes | None = _blob(None, unique=True)  # of a fresh credential that nobody has used yet
    next_expires: int | None = _int(None)
    created: int = _int()
    revoked_at: int | None = _int(None)
    last_seen: int = _int()
    epoch: int = _int()
    dseq: int = _int()
    hash: bytes = _blob()


class EnrolCode(_HubTable, table=True):
    """A one-time code by which a device gets its token; only its hash is kept."""

    __tablename__ = "enrol_code"
    hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    role: str = _text()
    expires: int = _int()
    used_at: int | None = _int(None)


class Quarantine(_HubTable, table=True):
    """What could not enter the order, byte for byte. `reason` unreadable holds the place (epoch, dseq) in its chain."""

    __tablename__ = "quarantine"
    __table_args__: ClassVar[Any] = (UniqueConstraint("device", "reason", "digest", name="quarantine_once"),)
    id: str = Field(primary_key=True, sa_type=Text)
    device: str = _text()
    epoch: int = _int()
    dseq: int = _int()
    received_at: int = _int()
    reason: str = _text()  # unreadable | fork
    digest: bytes = _blob()  # of hash and body: the same offer again is kept once
    body: bytes = _blob()
    hash: bytes = _blob()


class Inbound(_HubTable, table=True):
    """What came in by a door, by its key: source and number there. `case_id` is empty for what made no case."""

    __tablename__ = "inbound"
    __table_args__: ClassVar[Any] = (Index("inbound_at", "source", "at"),)
    source: str = Field(primary_key=True, sa_type=Text)
    number: str = Field(primary_key=True, sa_type=Text)
    case_id: str = _text()
    device: str = _text()  # whose credential brought it
    at: int = _int()


def table(model: type[SQLModel]) -> Table:
    """The Core table of a model: lists and bulk inserts never go through entities."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found


HEAD, EVENT, ORIGIN = table(HubHead), table(HubEvent), table(HubOrigin)
DEVICE, CODE, QUARANTINE = table(Device), table(EnrolCode), table(Quarantine)
INBOUND = table(Inbound)
