"""The read models' tables of manual entries, as ledger/schema/0017_manual_entries.sql has them."""

from __future__ import annotations

import sqlalchemy as sa

from queries.tables import metadata

planned_reversal = sa.Table(
    "planned_reversal",
    metadata,
    sa.Column("entry_number", sa.BigInteger(), primary_key=True),
    sa.Column("reverse_on", sa.Date(), nullable=False),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("reversed_by", sa.BigInteger()),
)

recurring_entry = sa.Table(
    "recurring_entry",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("content", sa.Text(), nullable=False),
    sa.Column("next_on", sa.Date()),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("times", sa.BigInteger(), nullable=False),
    sa.Column("last_entry", sa.BigInteger()),
    sa.Column("approved_by", sa.Uuid(), nullable=False),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ended_reason", sa.Text()),
)

entry_template = sa.Table(
    "entry_template",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("lines", sa.Text(), nullable=False),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("kept_by", sa.Uuid(), nullable=False),
    sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
)

MANUAL_TABLES = (planned_reversal, recurring_entry, entry_template)
