"""The read models of bank statements, as ledger/schema/0012_settlement_files.sql makes them."""

from __future__ import annotations

import sqlalchemy as sa

from queries.tables import metadata, moment, required

bank_statement = sa.Table(
    "bank_statement",
    metadata,
    required("id", sa.Uuid(), key=True),
    required("account", sa.Text()),
    required("number", sa.BigInteger()),
    required("first_day", sa.Date()),
    required("last_day", sa.Date()),
    required("opening", sa.BigInteger()),
    required("closing", sa.BigInteger()),
    required("lines", sa.Integer()),
    required("digest", sa.Text()),
    required("actor", sa.Text()),
    required("position", sa.BigInteger()),
    moment("taken_in_at"),
)

bank_line = sa.Table(
    "bank_line",
    metadata,
    required("id", sa.Uuid(), key=True),
    required("statement_id", sa.Uuid()),
    required("number", sa.Integer()),
    required("amount", sa.BigInteger()),
    required("reference", sa.Text()),
    required("booked_on", sa.Date()),
    required("value_on", sa.Date()),
    required("state", sa.Text()),
    sa.Column("rule", sa.Text()),
    sa.Column("entry_number", sa.BigInteger()),
    sa.Column("entry_line", sa.SmallInteger()),
    sa.Column("evidence", sa.Text()),
    moment("updated_at"),
)

BANK_TABLES = (bank_statement, bank_line)
