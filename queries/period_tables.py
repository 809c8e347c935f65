"""The read models' tables of periods, as ledger/schema/0016_periods.sql makes them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from queries.tables import metadata

period_event = sa.Table(
    "period_event",
    metadata,
    sa.Column("position", sa.BigInteger(), primary_key=True),
    sa.Column("month", sa.Date(), nullable=False),
    sa.Column("what", sa.Text(), nullable=False),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("soft_closed_to", sa.Date()),
    sa.Column("closed_to", sa.Date()),
    sa.Column("done_by", sa.Uuid(), nullable=False),
    sa.Column("proposal_id", sa.Uuid()),
    sa.Column("reason", sa.Text()),
    sa.Column("lines", JSONB()),
    sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
)

PERIOD_TABLES = (period_event,)
