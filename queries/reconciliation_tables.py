"""The read models of settlement files, as ledger/schema/0012_settlement_files.sql makes them."""

from __future__ import annotations

import sqlalchemy as sa

from queries.tables import metadata


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


settlement_file = sa.Table(
    "settlement_file",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    _text("acquirer_id"),
    _whole("number"),
    sa.Column("settlement_date", sa.Date(), nullable=False),
    sa.Column("cut_off_at", sa.DateTime(timezone=True), nullable=False),
    _text("key_id"),
    _text("digest"),
    _text("signature"),
    _text("state"),
    sa.Column("records", sa.Integer(), nullable=False),
    sa.Column("captured", sa.Integer(), nullable=False),
    _whole("captured_amount"),
    sa.Column("reversed", sa.Integer(), nullable=False),
    sa.Column("taken_back", sa.Integer(), nullable=False),
    _whole("taken_back_amount"),
    _whole("fees"),
    _whole("net"),
    _text("actor"),
    _whole("position"),
    sa.Column("taken_in_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("matched_at", sa.DateTime(timezone=True)),
)

settlement_item = sa.Table(
    "settlement_item",
    metadata,
    sa.Column("file_id", sa.Uuid(), primary_key=True),
    sa.Column("number", sa.Integer(), primary_key=True),
    _text("kind"),
    sa.Column("local_date", sa.Date(), nullable=False),
    _text("terminal_id"),
    _text("rrn"),
    _text("stan"),
    sa.Column("approval_code", sa.Text()),
    _whole("requested"),
    _whole("amount"),
    _whole("fee"),
    sa.Column("authorised_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
    _text("outcome"),
    sa.Column("withdrawal_id", sa.Uuid()),
)

mismatch = sa.Table(
    "mismatch",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    _text("kind"),
    _text("state"),
    sa.Column("file_id", sa.Uuid(), nullable=False),
    sa.Column("number", sa.Integer()),
    _text("acquirer_id"),
    _text("terminal_id"),
    _text("stan"),
    _text("rrn"),
    sa.Column("local_date", sa.Date(), nullable=False),
    sa.Column("withdrawal_id", sa.Uuid()),
    _whole("in_file"),
    _whole("in_books"),
    sa.Column("file_date", sa.Date(), nullable=False),
    sa.Column("book_date", sa.Date()),
    sa.Column("evidence", sa.Text()),
    _whole("position"),
    sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
)

absence = sa.Table(
    "absence",
    metadata,
    sa.Column("withdrawal_id", sa.Uuid(), primary_key=True),
    sa.Column("absences", sa.SmallInteger(), nullable=False),
    sa.Column("absent_on", sa.Date(), nullable=False),
)
RECONCILIATION_TABLES = (settlement_file, settlement_item, mismatch, absence)
