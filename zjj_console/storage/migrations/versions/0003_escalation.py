"""Escalation, acknowledged alarms, consultations and visits."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE ladder (
        case_id TEXT NOT NULL,
        state TEXT NOT NULL,
        "trigger" TEXT NOT NULL,
        level INTEGER NOT NULL,
        raised_at INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (case_id)
    )
     WITHOUT ROWID,
     STRICT
    """,
    """
    CREATE INDEX ix_ladder_open ON ladder (raised_at) WHERE state = 'open'
    """,
    """
    CREATE TABLE alarm_ack (
        subject TEXT NOT NULL,
        at INTEGER NOT NULL,
        "by" TEXT NOT NULL,
        PRIMARY KEY (subject)
    )
     WITHOUT ROWID,
     STRICT
    """,
    """
    CREATE TABLE post_check (
        day TEXT NOT NULL,
        at INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (day)
    )
     WITHOUT ROWID,
     STRICT
    """,
    """
    CREATE INDEX ix_case_troubled ON case_row (return_count, rework_count)
        WHERE is_open = 1 AND return_count + rework_count > 0
    """,
    """
    CREATE TABLE meeting (
        id TEXT NOT NULL,
        level TEXT NOT NULL,
        station TEXT NOT NULL,
        week TEXT NOT NULL,
        at INTEGER NOT NULL,
        state TEXT NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (id)
    )
     WITHOUT ROWID,
     STRICT
    """,
    """
    CREATE INDEX ix_meeting_at ON meeting (at)
    """,
    """
    CREATE TABLE visit (
        id TEXT NOT NULL,
        station TEXT NOT NULL,
        month TEXT NOT NULL,
        at INTEGER NOT NULL,
        state TEXT NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (id)
    )
     WITHOUT ROWID,
     STRICT
    """,
    """
    CREATE INDEX ix_visit_month ON visit (month)
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the journal is never taken back; restore a backup instead")
