"""Timers know their case by its row's number, not by an id that is spread all over the tree."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE timer_new (
        rid INTEGER NOT NULL,
        code TEXT NOT NULL,
        due_at INTEGER NOT NULL,
        warn_at INTEGER NOT NULL,
        priority INTEGER NOT NULL,
        PRIMARY KEY (rid, code)
    )
     WITHOUT ROWID,
     STRICT
    """,
    "INSERT INTO timer_new SELECT c.rid, t.code, t.due_at, t.warn_at, t.priority"
    " FROM timer t JOIN case_row c ON c.id = t.case_id ORDER BY c.rid, t.code",
    "DROP TABLE timer",
    "ALTER TABLE timer_new RENAME TO timer",
    "CREATE INDEX ix_timer_due ON timer (code, due_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the journal is never taken back; restore a backup instead")
