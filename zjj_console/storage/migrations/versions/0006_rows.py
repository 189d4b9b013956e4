"""Timers know their case by its row's number, texts are found by an index of short runs, and an act writes fewer pages."""

from alembic import op
from sqlalchemy import Connection

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Not OR IGNORE: in a trigger the conflict clause of the statement that fires it counts.
_NOTE = "INSERT INTO search_todo SELECT {0}.rid WHERE NOT EXISTS (SELECT 1 FROM search_todo WHERE rid = {0}.rid)"
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
    "CREATE VIRTUAL TABLE case_words USING fts5(runs, content='', detail=none, columnsize=0)",
    "CREATE TABLE search_todo (rid INTEGER NOT NULL, PRIMARY KEY (rid)) STRICT",
    # What the index has read and is no longer so must be looked at itself until it is read again.
    f"""
    CREATE TRIGGER case_reworded AFTER UPDATE OF text, place, external_id ON case_row
    WHEN OLD.text <> NEW.text OR OLD.place <> NEW.place OR OLD.external_id <> NEW.external_id
    BEGIN {_NOTE.format("NEW")}; END
    """,
    "DROP INDEX ix_event_pending",
    "DROP INDEX ix_event_stream",
    "CREATE INDEX ix_event_stream ON event (stream, hub_seq)",  # each entry of an index ends in its lseq
    "DROP INDEX ix_dispatch_unit",  # what each unit has in hand is read off the standing lead orders, ix_dispatch_lead
    "DROP INDEX ix_outbox_sent",
    "CREATE INDEX ix_outbox_sent ON outbox (recipient, sent_at) WHERE sent_at > 0",
    f"CREATE TRIGGER case_gone AFTER DELETE ON case_row BEGIN {_NOTE.format('OLD')}; END",
)


def _id_by_an_index(db: Connection) -> None:
    """Make the table of cases anew with an index of its own for the id, which a first import can put off."""
    table = str(db.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'case_row'").scalar())
    wanted = "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'case_row' AND sql IS NOT NULL"
    indexes = [str(sql) for (sql,) in db.exec_driver_sql(wanted)]
    head, _, tail = table.partition("UNIQUE (id)")
    assert tail, "the table of cases has no unique id"
    db.exec_driver_sql((head.rstrip().rstrip(",") + tail).replace("case_row", "case_row_new", 1))
    db.exec_driver_sql("INSERT INTO case_row_new SELECT * FROM case_row")
    db.exec_driver_sql("DROP TABLE case_row")
    db.exec_driver_sql("ALTER TABLE case_row_new RENAME TO case_row")
    for sql in (*indexes, "CREATE UNIQUE INDEX ix_case_id ON case_row (id)"):
        db.exec_driver_sql(sql)


def upgrade() -> None:
    _id_by_an_index(op.get_bind())
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the journal is never taken back; restore a backup instead")
