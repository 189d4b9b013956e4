"""The schema, declared once. Migrations are checked against it; the hot path speaks SQL over the driver.

Every table is STRICT, so each column names its storage type. Importing this module costs SQLModel; only set-up,
migrations and single-record commands do so (the console paints before).
"""

from typing import Any, ClassVar

from sqlalchemy import Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

_STRICT = {"sqlite_strict": True}


def _text(default: str | None = "", **kw: Any) -> Any:
    return Field(default=default, sa_type=Text, nullable=default is None, **kw)


def _int(default: int | None = 0, **kw: Any) -> Any:
    return Field(default=default, sa_type=Integer, nullable=default is None, **kw)


def _blob(default: bytes | None = b"", **kw: Any) -> Any:
    return Field(default=default, sa_type=LargeBinary, nullable=default is None, **kw)


class EventRow(SQLModel, table=True):
    """One journal entry. `body` is the canonical envelope, hashed and kept whole; the columns repeat it for look-up."""

    __tablename__ = "event"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("device", "epoch", "dseq"),
        Index("ix_event_stream", "stream", "hub_seq"),
        Index("ix_event_hub", "hub_seq", unique=True, sqlite_where=text("hub_seq IS NOT NULL")),
        Index("ix_event_outbox", "device", "epoch", "dseq", sqlite_where=text("hub_seq IS NULL")),
        Index("ix_event_signs", "lseq", sqlite_where=text("kind = 'signs_imported'")),
        _STRICT,
    )
    lseq: int | None = Field(default=None, primary_key=True, sa_type=Integer)
    id: str = _text(unique=True)
    stream: str = _text()
    kind: str = _text()
    actor: str = _text()
    device: str = _text()
    epoch: int = _int()
    dseq: int = _int()
    at: int = _int()
    cmd: str = _text()
    body: bytes = _blob()
    hash: bytes = _blob()
    hub_seq: int | None = _int(None)
    hub_hash: bytes | None = _blob(None)
    verdict: int | None = _int(None)
    reason: str | None = _text(None)
    received_at: int | None = _int(None)


class ConflictRow(SQLModel, table=True):
    """An event that the common order does not apply (§6.7). `provisional`: so judged here, not by the hub yet."""

    __tablename__ = "conflict"
    __table_args__: ClassVar[Any] = (
        Index("ix_conflict_open", "at", sqlite_where=text("resolved_by = ''")),
        Index("ix_conflict_stream", "stream"),
        {**_STRICT, "sqlite_with_rowid": False},
    )
    event_id: str = Field(primary_key=True, sa_type=Text)
    stream: str = _text()
    kind: str = _text()
    actor: str = _text()
    device: str = _text()
    at: int = _int()
    verdict: int = _int()
    reason: str = _text()
    provisional: int = _int()
    resolved_by: str = _text()  # id of the event that settled it
    choice: str = _text()


class CaseRow(SQLModel, table=True):
    """One folded case. Scalar fields are columns, compound ones are in `parts`; the rest serves order and filters."""

    __tablename__ = "case_row"
    __table_args__: ClassVar[Any] = (
        Index("ix_case_id", "id", unique=True),
        Index("ix_case_number", "console", "serial"),  # not unique: what two consoles did apart must not stop either
        Index("ix_case_queue", "is_open", "rank", "next_due", "rid", "next_warn"),
        Index("ix_case_state", "is_open", "state", "rank", "next_due", "rid"),
        Index(
            "ix_case_troubled",
            "return_count",
            "rework_count",
            sqlite_where=text("is_open = 1 AND return_count + rework_count > 0"),
        ),
        Index("ix_case_external", "source", "external_id", sqlite_where=text("external_id <> ''")),
        _STRICT,
    )
    rid: int | None = Field(default=None, primary_key=True, sa_type=Integer)
    id: str = _text()
    serial: int = _int()
    console: str = _text()
    number: str = _text()
    version: int = _int()
    state: str = _text()
    flow: str = _text()
    ever_difficult: int = _int()
    priority: int = _int()
    category: str = _text()
    place: str = _text()
    committee: str = _text()
    grid: str = _text()
    station: str = _text()
    zone: str = _text()
    lon: int | None = _int(None)
    lat: int | None = _int(None)
    text: str = _text()
    source: str = _text()
    external_id: str = _text()
    wechat_ref: str = _text()
    reporter: str = _text()
    phone: str = _text()
    reported_at: int = _int()
    recorded_at: int = _int()
    since: int = _int()
    lead: str = _text()
    lead_person: str = _text()
    due_final: int | None = _int(None)
    custodian: str = _text()
    return_count: int = _int()
    rework_count: int = _int()
    extend_count: int = _int()
    info_rounds: int = _int()
    attempts: int = _int()
    cycle: int = _int()
    result: str = _text()
    result_text: str = _text()
    evidence: str = _text()
    submitted_by: str = _text()
    submitted_at: int | None = _int(None)
    verified_by: str = _text()
    closed_at: int | None = _int(None)
    on_time: int | None = _int(None)
    self_mode: str = _text()
    criterion: str = _text()
    designated: int = _int()
    master: str = _text()
    related: str = _text()
    previous: str = _text()
    supervised_until: int | None = _int(None)
    support: str = _text()
    arrived: int = _int()
    followed: int = _int()
    parts: bytes = _blob()
    origin_lseq: int | None = _int(None)  # chunk event that brought an imported case, and its place in it
    origin_off: int | None = _int(None)
    is_open: int = _int()
    rank: int = _int()
    next_kind: str = _text()
    next_due: int = _int()
    next_warn: int = _int()
    next_mode: str = _text()
    next_unit: str = _text()
    marks: str = _text()


class TimerRow(SQLModel, table=True):
    """A running clock (I-3): what a sweep reads. Never holds a stopped or paused one.

    The case is known by its row's number: an import of a million cases writes behind the last one, not all over the tree.
    """

    __tablename__ = "timer"
    __table_args__: ClassVar[Any] = (Index("ix_timer_due", "code", "due_at"), {**_STRICT, "sqlite_with_rowid": False})
    rid: int = Field(primary_key=True, sa_type=Integer)
    code: str = Field(primary_key=True, sa_type=Text)
    due_at: int = _int()
    warn_at: int = _int()
    priority: int = _int()


class SearchTodoRow(SQLModel, table=True):
    """A case whose words have changed since the search index has read them. The index itself is made by the migration."""

    __tablename__ = "search_todo"
    __table_args__: ClassVar[Any] = (_STRICT,)
    rid: int = Field(primary_key=True, sa_type=Integer)


class DispatchRow(SQLModel, table=True):
    """An order to a named person (R48). The partial unique index is invariant I-2: one active lead."""

    __tablename__ = "dispatch"
    __table_args__: ClassVar[Any] = (
        Index("ix_dispatch_lead", "case_id", unique=True, sqlite_where=text("role = 'lead' AND active = 1")),
        {**_STRICT, "sqlite_with_rowid": False},
    )
    case_id: str = Field(primary_key=True, sa_type=Text)
    n: int = Field(primary_key=True, sa_type=Integer)
    role: str = _text()
    unit: str = _text()
    person: str = _text()
    at: int = _int()
    status: str = _text()
    active: int = _int()


class OutboxRow(SQLModel, table=True):
    """A message and what became of it (§2.7). `key` makes sending it twice harmless. Instants in µs, 0 for none."""

    __tablename__ = "outbox"
    __table_args__: ClassVar[Any] = (
        Index("ix_outbox_pending", "status", "not_before"),
        Index("ix_outbox_sent", "recipient", "sent_at", sqlite_where=text("sent_at > 0")),
        _STRICT,
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=Integer)
    key: str = _text(unique=True)
    case_id: str = _text()
    kind: str = _text()
    recipient: str = _text()
    body: str = _text()
    created_at: int = _int()
    not_before: int = _int()
    status: str = _text("PENDING")
    attempts: int = _int()
    next_at: int = _int()  # no attempt before
    sent_at: int = _int()  # the last attempt
    doubt_at: int = _int()  # the first attempt that may have arrived although nobody said so
    done_at: int = _int()  # accepted by the gateway, or told by telephone
    error: str = _text()
    msgid: str = _text()


class DraftRow(SQLModel, table=True):
    """What somebody was typing, so that no crash loses it (NV-1)."""

    __tablename__ = "draft"
    __table_args__: ClassVar[Any] = (_STRICT,)
    id: str = Field(primary_key=True, sa_type=Text)
    operator: str = _text()
    body: str = _text()
    updated_at: int = _int()


class OperatorRow(SQLModel, table=True):
    """A real operator: work number and hashed PIN. The first one ends the trial mode."""

    __tablename__ = "operator"
    __table_args__: ClassVar[Any] = (_STRICT,)
    work_no: str = Field(primary_key=True, sa_type=Text)
    pin_hash: str = _text()
    created_at: int = _int()


class UsedKeyRow(SQLModel, table=True):
    """An idempotency key that a script gave, with what it did."""

    __tablename__ = "used_key"
    __table_args__: ClassVar[Any] = (_STRICT,)
    key: str = Field(primary_key=True, sa_type=Text)
    content: str = _text()
    result: str = _text()
    at: int = _int()


class ImportBatchRow(SQLModel, table=True):
    """One import and its figures; `done` 0 means interrupted."""

    __tablename__ = "import_batch"
    __table_args__: ClassVar[Any] = (_STRICT,)
    id: int | None = Field(default=None, primary_key=True, sa_type=Integer)
    kind: str = _text()
    file: str = _text()
    actor: str = _text()
    started_at: int = _int()
    millis: int = _int()
    rows: int = _int()
    new: int = _int()
    changed: int = _int()
    same: int = _int()
    rejected: int = _int()
    rejects_path: str = _text()
    code: int = _int()
    done: int = _int()


class ImportRejectRow(SQLModel, table=True):
    """A rejected row, verbatim, with what was wrong and what to do."""

    __tablename__ = "import_reject"
    __table_args__: ClassVar[Any] = ({**_STRICT, "sqlite_with_rowid": False},)
    batch: int = Field(primary_key=True, sa_type=Integer)
    row: int = Field(primary_key=True, sa_type=Integer)
    code: str = _text()
    field: str = _text()
    message: str = _text()
    suggestion: str = _text()
    raw: str = _text()


class LineRow(SQLModel, table=True):
    """Command-line history per operator (§3.4)."""

    __tablename__ = "line_history"
    __table_args__: ClassVar[Any] = (_STRICT,)
    id: int | None = Field(default=None, primary_key=True, sa_type=Integer)
    operator: str = _text()
    line: str = _text()
    at: int = _int()


class AssignmentRow(SQLModel, table=True):
    """One person at one post in one published shift (§4.1). `month` is that of the duty date."""

    __tablename__ = "assignment"
    __table_args__: ClassVar[Any] = (
        Index("ix_assignment_time", "start_at", "end_at"),
        Index("ix_assignment_person", "person", "start_at"),
        {**_STRICT, "sqlite_with_rowid": False},
    )
    day: str = Field(primary_key=True, sa_type=Text)
    shift: str = Field(primary_key=True, sa_type=Text)
    unit: str = Field(primary_key=True, sa_type=Text)
    post: str = Field(primary_key=True, sa_type=Text)
    seat: int = Field(primary_key=True, sa_type=Integer)
    person: str = _text()
    planned: str = _text()
    acting: int = _int()
    start_at: int = _int()
    end_at: int = _int()
    note: str = _text()


class RosterVersionRow(SQLModel, table=True):
    """A published month. Its rows never change by themselves; later changes are events of their own."""

    __tablename__ = "roster_version"
    __table_args__: ClassVar[Any] = (_STRICT,)
    month: str = Field(primary_key=True, sa_type=Text)
    at: int = _int()
    actor: str = _text()
    reason: str = _text()
    digest: str = _text()
    rows: int = _int()


class RosterPlanRow(SQLModel, table=True):
    """A month being planned. Not yet history, so not in the journal."""

    __tablename__ = "roster_plan"
    __table_args__: ClassVar[Any] = (_STRICT,)
    month: str = Field(primary_key=True, sa_type=Text)
    body: str = _text()
    updated_at: int = _int()


class LeaveRow(SQLModel, table=True):
    __tablename__ = "leave"
    __table_args__: ClassVar[Any] = (Index("ix_leave_time", "start_at", "end_at"), _STRICT)
    id: str = Field(primary_key=True, sa_type=Text)
    person: str = _text()
    start_at: int = _int()
    end_at: int = _int()
    kind: str = _text()
    by: str = _text()
    note: str = _text()


class StationingRow(SQLModel, table=True):
    """An on-demand department at a station (R26)."""

    __tablename__ = "stationing"
    __table_args__: ClassVar[Any] = (Index("ix_stationing_time", "start_at", "end_at"), _STRICT)
    id: str = Field(primary_key=True, sa_type=Text)
    dept: str = _text()
    station: str = _text()
    start_at: int = _int()
    end_at: int = _int()
    trigger: str = _text()
    state: str = _text()
    asked_by: str = _text()
    person: str = _text()
    case_id: str = _text()
    arrived_at: int | None = _int(None)
    left_at: int | None = _int(None)
    text: str = _text()


class SignRow(SQLModel, table=True):
    """A sign-in with its sign-out, for one shift of one duty date (§4.4). `wish` is a fix that waits for approval."""

    __tablename__ = "sign"
    __table_args__: ClassVar[Any] = (
        Index("ix_sign_in", "in_at"),
        {**_STRICT, "sqlite_with_rowid": False},
    )
    person: str = Field(primary_key=True, sa_type=Text)
    day: str = Field(primary_key=True, sa_type=Text)
    shift: str = Field(primary_key=True, sa_type=Text)
    in_at: int = _int()
    in_via: str = _text()
    in_by: str = _text()
    out_at: int | None = _int(None)
    out_via: str = _text()
    out_by: str = _text()
    note: str = _text()
    auto_out: int = _int()
    fix: str = _text()
    wish: str = _text()


class CustodyRow(SQLModel, table=True):
    """From when a desk holds every open case (I-1), until the next row. `handover` is empty for the first."""

    __tablename__ = "custody"
    __table_args__: ClassVar[Any] = (_STRICT,)
    seq: int | None = Field(default=None, primary_key=True, sa_type=Integer)
    from_at: int = _int()
    desk: str = _text()
    handover: str = _text()
    person: str = _text()


class HandoverRow(SQLModel, table=True):
    """A folded handover; `body` is the whole record."""

    __tablename__ = "handover"
    __table_args__: ClassVar[Any] = (Index("ix_handover_at", "at"), _STRICT)
    id: str = Field(primary_key=True, sa_type=Text)
    boundary: str = _text()
    day: str = _text()
    at: int = _int()
    state: str = _text()
    forced: int = _int()
    body: bytes = _blob()


class LadderRow(SQLModel, table=True):
    """The latest escalation of a case (§2.10); `body` is the whole record. `raised_at` is when its last rung was raised."""

    __tablename__ = "ladder"
    __table_args__: ClassVar[Any] = (
        Index("ix_ladder_open", "raised_at", sqlite_where=text("state = 'open'")),
        {**_STRICT, "sqlite_with_rowid": False},
    )
    case_id: str = Field(primary_key=True, sa_type=Text)
    state: str = _text()  # open | cleared
    trigger: str = _text()
    level: int = _int()
    raised_at: int = _int()
    body: bytes = _blob()


class AlarmAckRow(SQLModel, table=True):
    """Until when a subject's alarms are acknowledged: what was raised later rings again (§3.6)."""

    __tablename__ = "alarm_ack"
    __table_args__: ClassVar[Any] = ({**_STRICT, "sqlite_with_rowid": False},)
    subject: str = Field(primary_key=True, sa_type=Text)
    at: int = _int()
    by: str = _text()


class PostCheckRow(SQLModel, table=True):
    """The chain of every station as it was resolved before a night (§2.10); `day` is the duty date."""

    __tablename__ = "post_check"
    __table_args__: ClassVar[Any] = ({**_STRICT, "sqlite_with_rowid": False},)
    day: str = Field(primary_key=True, sa_type=Text)
    at: int = _int()
    body: bytes = _blob()


class MeetingRow(SQLModel, table=True):
    """A consultation (§2.9): the weekly one of the town, an urgent one, or one of a station; `body` is the whole record."""

    __tablename__ = "meeting"
    __table_args__: ClassVar[Any] = (Index("ix_meeting_at", "at"), {**_STRICT, "sqlite_with_rowid": False})
    id: str = Field(primary_key=True, sa_type=Text)
    level: str = _text()
    station: str = _text()
    week: str = _text()
    at: int = _int()
    state: str = _text()
    body: bytes = _blob()


class VisitRow(SQLModel, table=True):
    """A commander's visit at his station (R60); `body` is the whole record."""

    __tablename__ = "visit"
    __table_args__: ClassVar[Any] = (Index("ix_visit_month", "month"), {**_STRICT, "sqlite_with_rowid": False})
    id: str = Field(primary_key=True, sa_type=Text)
    station: str = _text()
    month: str = _text()
    at: int = _int()
    state: str = _text()
    body: bytes = _blob()


class MetaRow(SQLModel, table=True):
    """Facts about this database: device, epoch, console letter, chain head, profile."""

    __tablename__ = "meta"
    __table_args__: ClassVar[Any] = (_STRICT,)
    k: str = Field(primary_key=True, sa_type=Text)
    v: str = _text()
