"""Roster, sign-in, custody and handover."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE assignment (
        day TEXT NOT NULL,
        shift TEXT NOT NULL,
        unit TEXT NOT NULL,
        post TEXT NOT NULL,
        seat INTEGER NOT NULL,
        person TEXT NOT NULL,
        planned TEXT NOT NULL,
        acting INTEGER NOT NULL,
        start_at INTEGER NOT NULL,
        end_at INTEGER NOT NULL,
        note TEXT NOT NULL,
        PRIMARY KEY (day, shift, unit, post, seat)
    )
     WITHOUT ROWID,
     STRICT
    """,
    """
    CREATE INDEX ix_assignment_person ON assignment (person, start_at)
    """,
    """
    CREATE INDEX ix_assignment_time ON assignment (start_at, end_at)
    """,
    """
    CREATE TABLE roster_version (
        month TEXT NOT NULL,
        at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        reason TEXT NOT NULL,
        digest TEXT NOT NULL,
        rows INTEGER NOT NULL,
        PRIMARY KEY (month)
    )
     STRICT
    """,
    """
    CREATE TABLE roster_plan (
        month TEXT NOT NULL,
        body TEXT NOT NULL,
        updated_at INTEGER NOT NULL,
        PRIMARY KEY (month)
    )
     STRICT
    """,
    """
    CREATE TABLE leave (
        id TEXT NOT NULL,
        person TEXT NOT NULL,
        start_at INTEGER NOT NULL,
        end_at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        "by" TEXT NOT NULL,
        note TEXT NOT NULL,
        PRIMARY KEY (id)
    )
     STRICT
    """,
    """
    CREATE INDEX ix_leave_time ON leave (start_at, end_at)
    """,
    """
    CREATE TABLE stationing (
        id TEXT NOT NULL,
        dept TEXT NOT NULL,
        station TEXT NOT NULL,
        start_at INTEGER NOT NULL,
        end_at INTEGER NOT NULL,
        "trigger" TEXT NOT NULL,
        state TEXT NOT NULL,
        asked_by TEXT NOT NULL,
        person TEXT NOT NULL,
        case_id TEXT NOT NULL,
        arrived_at INTEGER,
        left_at INTEGER,
        text TEXT NOT NULL,
        PRIMARY KEY (id)
    )
     STRICT
    """,
    """
    CREATE INDEX ix_stationing_time ON stationing (start_at, end_at)
    """,
    """
    CREATE TABLE sign (
        person TEXT NOT NULL,
        day TEXT NOT NULL,
        shift TEXT NOT NULL,
        in_at INTEGER NOT NULL,
        in_via TEXT NOT NULL,
        in_by TEXT NOT NULL,
        out_at INTEGER,
        out_via TEXT NOT NULL,
        out_by TEXT NOT NULL,
        note TEXT NOT NULL,
        auto_out INTEGER NOT NULL,
        fix TEXT NOT NULL,
        wish TEXT NOT NULL,
        PRIMARY KEY (person, day, shift)
    )
     WITHOUT ROWID,
     STRICT
    """,
    """
    CREATE INDEX ix_sign_in ON sign (in_at)
    """,
    """
    CREATE TABLE custody (
        seq INTEGER NOT NULL,
        from_at INTEGER NOT NULL,
        desk TEXT NOT NULL,
        handover TEXT NOT NULL,
        person TEXT NOT NULL,
        PRIMARY KEY (seq)
    )
     STRICT
    """,
    """
    CREATE TABLE handover (
        id TEXT NOT NULL,
        boundary TEXT NOT NULL,
        day TEXT NOT NULL,
        at INTEGER NOT NULL,
        state TEXT NOT NULL,
        forced INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (id)
    )
     STRICT
    """,
    """
    CREATE INDEX ix_handover_at ON handover (at)
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the journal is never taken back; restore a backup instead")
