"""Fewer pages to write per act: an index serves two questions, or holds only what is asked for."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    "DROP INDEX ix_event_pending",
    "DROP INDEX ix_event_stream",
    "CREATE INDEX ix_event_stream ON event (stream, hub_seq)",  # each entry of an index ends in its lseq
    "DROP INDEX ix_dispatch_unit",  # what each unit has in hand is read off the standing lead orders, ix_dispatch_lead
    "DROP INDEX ix_outbox_sent",
    "CREATE INDEX ix_outbox_sent ON outbox (recipient, sent_at) WHERE sent_at > 0",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the journal is never taken back; restore a backup instead")
