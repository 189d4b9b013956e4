"""The first schema."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE case_row (
        rid INTEGER NOT NULL,
        id TEXT NOT NULL,
        serial INTEGER NOT NULL,
        console TEXT NOT NULL,
        number TEXT NOT NULL,
        version INTEGER NOT NULL,
        state TEXT NOT NULL,
        flow TEXT NOT NULL,
        ever_difficult INTEGER NOT NULL,
        priority INTEGER NOT NULL,
        category TEXT NOT NULL,
        place TEXT NOT NULL,
        committee TEXT NOT NULL,
        grid TEXT NOT NULL,
        station TEXT NOT NULL,
        zone TEXT NOT NULL,
        lon INTEGER,
        lat INTEGER,
        text TEXT NOT NULL,
        source TEXT NOT NULL,
        external_id TEXT NOT NULL,
        wechat_ref TEXT NOT NULL,
        reporter TEXT NOT NULL,
        phone TEXT NOT NULL,
        reported_at INTEGER NOT NULL,
        recorded_at INTEGER NOT NULL,
        since INTEGER NOT NULL,
        lead TEXT NOT NULL,
        lead_person TEXT NOT NULL,
        due_final INTEGER,
        custodian TEXT NOT NULL,
        return_count INTEGER NOT NULL,
        rework_count INTEGER NOT NULL,
        extend_count INTEGER NOT NULL,
        info_rounds INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        cycle INTEGER NOT NULL,
        result TEXT NOT NULL,
        result_text TEXT NOT NULL,
        evidence TEXT NOT NULL,
        submitted_by TEXT NOT NULL,
        submitted_at INTEGER,
        verified_by TEXT NOT NULL,
        closed_at INTEGER,
        on_time INTEGER,
        self_mode TEXT NOT NULL,
        criterion TEXT NOT NULL,
        designated INTEGER NOT NULL,
        master TEXT NOT NULL,
        related TEXT NOT NULL,
        previous TEXT NOT NULL,
        supervised_until INTEGER,
        support TEXT NOT NULL,
        arrived INTEGER NOT NULL,
        followed INTEGER NOT NULL,
        parts BLOB NOT NULL,
        origin_lseq INTEGER,
        origin_off INTEGER,
        is_open INTEGER NOT NULL,
        rank INTEGER NOT NULL,
        next_kind TEXT NOT NULL,
        next_due INTEGER NOT NULL,
        next_warn INTEGER NOT NULL,
        next_mode TEXT NOT NULL,
        next_unit TEXT NOT NULL,
        marks TEXT NOT NULL,
        PRIMARY KEY (rid),
        UNIQUE (console, serial),
        UNIQUE (id)
    )
     STRICT
    """,
    """
    CREATE UNIQUE INDEX ix_case_external ON case_row (source, external_id) WHERE external_id <> ''
    """,
    """
    CREATE INDEX ix_case_queue ON case_row (is_open, rank, next_due, rid, next_warn)
    """,
    """
    CREATE INDEX ix_case_state ON case_row (is_open, state, rank, next_due, rid)
    """,
    """
    CREATE TABLE dispatch (
        case_id TEXT NOT NULL,
        n INTEGER NOT NULL,
        role TEXT NOT NULL,
        unit TEXT NOT NULL,
        person TEXT NOT NULL,
        at INTEGER NOT NULL,
        status TEXT NOT NULL,
        active INTEGER NOT NULL,
        PRIMARY KEY (case_id, n)
    )
     WITHOUT ROWID,
     STRICT
    """,
    """
    CREATE UNIQUE INDEX ix_dispatch_lead ON dispatch (case_id) WHERE role = 'lead' AND active = 1
    """,
    """
    CREATE INDEX ix_dispatch_unit ON dispatch (unit, active)
    """,
    """
    CREATE TABLE draft (
        id TEXT NOT NULL,
        operator TEXT NOT NULL,
        body TEXT NOT NULL,
        updated_at INTEGER NOT NULL,
        PRIMARY KEY (id)
    )
     STRICT
    """,
    """
    CREATE TABLE event (
        lseq INTEGER NOT NULL,
        id TEXT NOT NULL,
        stream TEXT NOT NULL,
        kind TEXT NOT NULL,
        actor TEXT NOT NULL,
        device TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        dseq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        cmd TEXT NOT NULL,
        body BLOB NOT NULL,
        hash BLOB NOT NULL,
        hub_seq INTEGER,
        hub_hash BLOB,
        verdict INTEGER,
        reason TEXT,
        received_at INTEGER,
        PRIMARY KEY (lseq),
        UNIQUE (device, epoch, dseq),
        UNIQUE (id)
    )
     STRICT
    """,
    """
    CREATE INDEX ix_event_stream ON event (stream, lseq)
    """,
    """
    CREATE TABLE import_batch (
        id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        file TEXT NOT NULL,
        actor TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        millis INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        new INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        same INTEGER NOT NULL,
        rejected INTEGER NOT NULL,
        rejects_path TEXT NOT NULL,
        code INTEGER NOT NULL,
        done INTEGER NOT NULL,
        PRIMARY KEY (id)
    )
     STRICT
    """,
    """
    CREATE TABLE import_reject (
        batch INTEGER NOT NULL,
        "row" INTEGER NOT NULL,
        code TEXT NOT NULL,
        field TEXT NOT NULL,
        message TEXT NOT NULL,
        suggestion TEXT NOT NULL,
        raw TEXT NOT NULL,
        PRIMARY KEY (batch, "row")
    )
     WITHOUT ROWID,
     STRICT
    """,
    """
    CREATE TABLE line_history (
        id INTEGER NOT NULL,
        operator TEXT NOT NULL,
        line TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (id)
    )
     STRICT
    """,
    """
    CREATE TABLE meta (
        k TEXT NOT NULL,
        v TEXT NOT NULL,
        PRIMARY KEY (k)
    )
     STRICT
    """,
    """
    CREATE TABLE operator (
        work_no TEXT NOT NULL,
        pin_hash TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        PRIMARY KEY (work_no)
    )
     STRICT
    """,
    """
    CREATE TABLE outbox (
        id INTEGER NOT NULL,
        "key" TEXT NOT NULL,
        case_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        recipient TEXT NOT NULL,
        body TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        not_before INTEGER NOT NULL,
        status TEXT NOT NULL,
        PRIMARY KEY (id),
        UNIQUE ("key")
    )
     STRICT
    """,
    """
    CREATE INDEX ix_outbox_pending ON outbox (status, not_before)
    """,
    """
    CREATE TABLE timer (
        case_id TEXT NOT NULL,
        code TEXT NOT NULL,
        due_at INTEGER NOT NULL,
        warn_at INTEGER NOT NULL,
        priority INTEGER NOT NULL,
        PRIMARY KEY (case_id, code)
    )
     WITHOUT ROWID,
     STRICT
    """,
    """
    CREATE INDEX ix_timer_due ON timer (code, due_at)
    """,
    """
    CREATE TABLE used_key (
        "key" TEXT NOT NULL,
        content TEXT NOT NULL,
        result TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY ("key")
    )
     STRICT
    """,
)

# The journal only grows: no row of it is ever deleted, and only the hub's verdict may be filled in later.
TRIGGERS = (
    """
    CREATE TRIGGER event_no_delete BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """,
    """
    CREATE TRIGGER event_no_update BEFORE UPDATE OF
        lseq, id, stream, kind, actor, device, epoch, dseq, at, cmd, body, hash ON event
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """,
)


def upgrade() -> None:
    for statement in (*TABLES, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the journal is never taken back; restore a backup instead")
