"""More tables of the read models, as ledger/schema/0008_accounts.sql makes them: bank credits,
claims and their evidence, settlements, breaks.
"""

from __future__ import annotations

import sqlalchemy as sa

from queries.tables import metadata

bank_credit = sa.Table(
    "bank_credit",
    metadata,
    sa.Column("reference", sa.Text(), primary_key=True),
    sa.Column("transaction_id", sa.Uuid(), nullable=False),
    sa.Column("amount", sa.BigInteger(), nullable=False),
    sa.Column("value_date", sa.Date(), nullable=False),
    sa.Column("beneficiary", sa.Text(), nullable=False),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("entry_number", sa.BigInteger(), nullable=False),
    sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("assigned_to", sa.Text()),
    sa.Column("assigned_account", sa.Uuid()),
    sa.Column("assigned_at", sa.DateTime(timezone=True)),
)

claim = sa.Table(
    "claim",
    metadata,
    sa.Column("withdrawal_id", sa.Uuid(), primary_key=True),
    sa.Column("user_id", sa.Uuid(), nullable=False),
    sa.Column("wallet_id", sa.Uuid(), nullable=False),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("received", sa.BigInteger(), nullable=False),
    sa.Column("captured", sa.BigInteger(), nullable=False),
    sa.Column("captured_fee", sa.BigInteger(), nullable=False),
    sa.Column("paid", sa.BigInteger()),
    sa.Column("evidence", sa.Text()),
    sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
)

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("position", sa.BigInteger(), primary_key=True),
    sa.Column("withdrawal_id", sa.Uuid(), nullable=False),
    sa.Column("source", sa.Text(), nullable=False),
    sa.Column("dispensed", sa.BigInteger(), nullable=False),
    sa.Column("note", sa.Text(), nullable=False),
    sa.Column("actor", sa.Text(), nullable=False),
    sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
)

settlement = sa.Table(
    "settlement",
    metadata,
    sa.Column("settlement_date", sa.Date(), primary_key=True),
    sa.Column("amount", sa.BigInteger(), nullable=False),
    sa.Column("interchange", sa.BigInteger(), nullable=False),
    sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
)

difference = sa.Table(
    "difference",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("side", sa.Text(), nullable=False),
    sa.Column("amount", sa.BigInteger(), nullable=False),
    sa.Column("remaining", sa.BigInteger(), nullable=False),
    sa.Column("settlement_date", sa.Date(), nullable=False),
    sa.Column("reference", sa.Text(), nullable=False),
    sa.Column("withdrawal_id", sa.Uuid()),
    sa.Column("how", sa.Text()),
    sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
)

CARE_TABLES = (bank_credit, claim, evidence, settlement, difference)
