"""Alembic's entry: one connection, handed in by `storage.setup`, inside one explicit transaction."""

from alembic import context
from sqlmodel import SQLModel

import zjj_console.storage.tables  # noqa: F401  declares the tables

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
