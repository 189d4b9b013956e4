"""What the hub has confirmed, what it did not apply, and room for numbers that two consoles gave apart."""

from alembic import op
from sqlalchemy import Connection

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE UNIQUE INDEX ix_event_hub ON event (hub_seq) WHERE hub_seq IS NOT NULL
    """,
    """
    CREATE INDEX ix_event_outbox ON event (device, epoch, dseq) WHERE hub_seq IS NULL
    """,
    """
    CREATE INDEX ix_event_pending ON event (stream) WHERE hub_seq IS NULL
    """,
    """
    CREATE INDEX ix_event_signs ON event (lseq) WHERE kind = 'signs_imported'
    """,
    """
    CREATE TABLE conflict (
        event_id TEXT NOT NULL,
        stream TEXT NOT NULL,
        kind TEXT NOT NULL,
        actor TEXT NOT NULL,
        device TEXT NOT NULL,
        at INTEGER NOT NULL,
        verdict INTEGER NOT NULL,
        reason TEXT NOT NULL,
        provisional INTEGER NOT NULL,
        resolved_by TEXT NOT NULL,
        choice TEXT NOT NULL,
        PRIMARY KEY (event_id)
    )
     WITHOUT ROWID,
     STRICT
    """,
    """
    CREATE INDEX ix_conflict_open ON conflict (at) WHERE resolved_by = ''
    """,
    """
    CREATE INDEX ix_conflict_stream ON conflict (stream)
    """,
    # A verdict is filled in once; it is taken back only where a hub was restored, and by name.
    """
    CREATE TRIGGER event_confirmed_once BEFORE UPDATE OF hub_seq, hub_hash, verdict, reason, received_at ON event
    WHEN NOT (
        (OLD.hub_seq IS NULL AND NEW.hub_seq IS NOT NULL)
        OR (coalesce(NEW.hub_seq, NEW.hub_hash, NEW.verdict, NEW.reason, NEW.received_at) IS NULL
            AND EXISTS (SELECT 1 FROM meta WHERE k = 'hub_rewind'))
    )
    BEGIN SELECT RAISE(ABORT, 'what the hub has confirmed stays'); END
    """,
)
_UNIQUE = "UNIQUE (console, serial)"


def _numbers_may_meet(db: Connection) -> None:
    """Make the table of cases anew without its unique number; whatever else it has by now stays."""
    table = str(db.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'case_row'").scalar())
    wanted = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'case_row' AND sql IS NOT NULL"
    indexes = {str(name): str(sql) for name, sql in db.exec_driver_sql(wanted)}
    head, _, tail = table.partition(_UNIQUE)
    assert tail, "the table of cases has no unique number"
    table = head.rstrip().rstrip(",") + tail
    db.exec_driver_sql(table.replace("case_row", "case_row_new", 1))
    db.exec_driver_sql("INSERT INTO case_row_new SELECT * FROM case_row")
    db.exec_driver_sql("DROP TABLE case_row")
    db.exec_driver_sql("ALTER TABLE case_row_new RENAME TO case_row")
    indexes["ix_case_external"] = indexes["ix_case_external"].replace("UNIQUE INDEX", "INDEX")
    for sql in (*indexes.values(), "CREATE INDEX ix_case_number ON case_row (console, serial)"):
        db.exec_driver_sql(sql)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    _numbers_may_meet(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("the journal is never taken back; restore a backup instead")
