"""What became of a queued message: attempts, when the next one is due, whether one ended in doubt, the gateway's receipt."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = (
    *(
        f"ALTER TABLE outbox ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0"
        for name in ("attempts", "next_at", "sent_at", "doubt_at", "done_at")
    ),
    *(f"ALTER TABLE outbox ADD COLUMN {name} TEXT NOT NULL DEFAULT ''" for name in ("error", "msgid")),
    "CREATE INDEX ix_outbox_sent ON outbox (recipient, sent_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the journal is never taken back; restore a backup instead")
