"""The read models' tables for reports, as ledger/schema/0014_reports.sql makes them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from queries.tables import metadata

account_day = sa.Table(
    "account_day",
    metadata,
    sa.Column("account_id", sa.Uuid(), primary_key=True),
    sa.Column("day", sa.Date(), primary_key=True),
    sa.Column("booked_debits", sa.BigInteger(), nullable=False),
    sa.Column("booked_credits", sa.BigInteger(), nullable=False),
    sa.Column("valued_debits", sa.BigInteger(), nullable=False),
    sa.Column("valued_credits", sa.BigInteger(), nullable=False),
)

milestone = sa.Table(
    "milestone",
    metadata,
    sa.Column("code", sa.Text(), primary_key=True),
    sa.Column("currency", sa.Text(), primary_key=True),
    sa.Column("stretch", sa.BigInteger(), primary_key=True),
    sa.Column("debits", sa.BigInteger(), nullable=False),
    sa.Column("credits", sa.BigInteger(), nullable=False),
)

log_record = sa.Table(
    "log_record",
    metadata,
    sa.Column("position", sa.BigInteger(), primary_key=True),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("subject", sa.Uuid(), nullable=False),
    sa.Column("actor", sa.Text(), nullable=False),
    sa.Column("request_id", sa.Text(), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("entry_number", sa.BigInteger()),
    sa.Column("hash", sa.LargeBinary(), nullable=False),
)

entry_word = sa.Table(
    "entry_word",
    metadata,
    sa.Column("word", sa.Text(), primary_key=True),
    sa.Column("entry_number", sa.BigInteger(), primary_key=True),
    sa.Column("booking_date", sa.Date(), primary_key=True),
)

float_day = sa.Table(
    "float_day",
    metadata,
    sa.Column("account_id", sa.Uuid(), primary_key=True),
    sa.Column("day", sa.Date(), primary_key=True),
    sa.Column("kind", sa.Text(), primary_key=True),
    sa.Column("incoming", sa.Boolean(), primary_key=True),
    sa.Column("operations", sa.BigInteger(), nullable=False),
    sa.Column("amount", sa.BigInteger(), nullable=False),
    sa.Column("commission", sa.BigInteger(), nullable=False),
)

suspense = sa.Table(
    "suspense",
    metadata,
    sa.Column("code", sa.Text(), primary_key=True),
    sa.Column("item", sa.Uuid(), primary_key=True),
    sa.Column("entry_number", sa.BigInteger(), primary_key=True),
    sa.Column("booking_date", sa.Date(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("amount", sa.BigInteger(), nullable=False),
)

safeguarding = sa.Table(
    "safeguarding",
    metadata,
    sa.Column("day", sa.Date(), primary_key=True),
    sa.Column("position", sa.BigInteger(), nullable=False),
    sa.Column("read_at", sa.BigInteger(), nullable=False),
    sa.Column("terms", JSONB(), nullable=False),
    sa.Column("difference", sa.BigInteger(), nullable=False),
    sa.Column("shortfall", sa.BigInteger(), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
)

trust_statement = sa.Table(
    "trust_statement",
    metadata,
    sa.Column("day", sa.Date(), primary_key=True),
    sa.Column("balance", sa.BigInteger(), nullable=False),
    sa.Column("reference", sa.Text(), nullable=False),
    sa.Column("stated_by", sa.Text(), nullable=False),
    sa.Column("position", sa.BigInteger(), nullable=False),
    sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
)

REPORT_TABLES = (
    account_day, milestone, log_record, entry_word, float_day, suspense,
    safeguarding, trust_statement,
)  # fmt: skip
