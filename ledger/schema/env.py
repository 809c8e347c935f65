"""Alembic's entry: each revision of versions/ runs the .sql file of its own name."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, version_table="makeba_schema", version_table_schema="public"
)
with context.begin_transaction():
    context.run_migrations()
