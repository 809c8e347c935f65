"""The read models' tables, for SQLAlchemy Core, as ledger/schema/0004_read_models.sql makes them.

They stand in no schema: each connection's search path says whether the live ones are meant or
those of a rebuild.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

LIVE = "queries"  # the schema that everybody asks

metadata = sa.MetaData()


def _required(name: str, type_: sa.types.TypeEngine[Any], *, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False, primary_key=key)


def _moment(name: str) -> sa.Column[Any]:
    return _required(name, sa.DateTime(timezone=True))


projection = sa.Table(
    "projection",
    metadata,
    _required("is_projection", sa.Boolean(), key=True),
    _required("position", sa.BigInteger()),
)

account = sa.Table(
    "account",
    metadata,
    _required("id", sa.Uuid(), key=True),
    _required("code", sa.Text()),
    sa.Column("owner", sa.Uuid()),
    _required("currency", sa.Text()),
    _required("balance", sa.BigInteger()),
    _required("position", sa.BigInteger()),
    _moment("updated_at"),
)

wallet = sa.Table(
    "wallet",
    metadata,
    _required("id", sa.Uuid(), key=True),
    _required("user_id", sa.Uuid()),
    _required("status", sa.Text()),
    _required("held", sa.BigInteger()),
    _moment("updated_at"),
)

entry = sa.Table(
    "entry",
    metadata,
    _required("number", sa.BigInteger(), key=True),
    _required("position", sa.BigInteger()),
    _required("transaction_id", sa.Uuid()),
    _required("kind", sa.Text()),
    _required("booking_date", sa.Date()),
    _required("value_date", sa.Date()),
    _moment("recorded_at"),
    _required("actor", sa.Text()),
    _required("request_id", sa.Text()),
    sa.Column("reverses", sa.BigInteger()),
)

line = sa.Table(
    "line",
    metadata,
    _required("entry_number", sa.BigInteger(), key=True),
    _required("line_number", sa.SmallInteger(), key=True),
    _required("account_id", sa.Uuid()),
    _required("code", sa.Text()),
    _required("amount", sa.BigInteger()),
    _required("balance", sa.BigInteger()),
)

turnover = sa.Table(
    "turnover",
    metadata,
    _required("code", sa.Text(), key=True),
    _required("currency", sa.Text(), key=True),
    _required("booking_date", sa.Date(), key=True),
    _required("debits", sa.BigInteger()),
    _required("credits", sa.BigInteger()),
)

movement = sa.Table(
    "movement",
    metadata,
    _required("account_id", sa.Uuid(), key=True),
    _required("entry_number", sa.BigInteger(), key=True),
    _required("transaction_id", sa.Uuid()),
    _required("kind", sa.Text()),
    _required("incoming", sa.Boolean()),
    _required("amount", sa.BigInteger()),
    _required("fee", sa.BigInteger()),
    _required("commission", sa.BigInteger()),
    sa.Column("counterparty", sa.Uuid()),
    _required("last_entry_number", sa.BigInteger()),
    _required("balance", sa.BigInteger()),
)

withdrawal = sa.Table(
    "withdrawal",
    metadata,
    _required("id", sa.Uuid(), key=True),
    _required("channel", sa.Text()),
    _required("user_id", sa.Uuid()),
    _required("wallet_id", sa.Uuid()),
    sa.Column("agent_id", sa.Uuid()),
    _required("state", sa.Text()),
    _required("amount", sa.BigInteger()),
    _required("fee", sa.BigInteger()),
    sa.Column("commission", sa.BigInteger()),
    _required("tariff_edition", sa.Integer()),
    sa.Column("captured", sa.BigInteger()),
    sa.Column("captured_fee", sa.BigInteger()),
    sa.Column("reason", sa.Text()),
    _required("tries", sa.SmallInteger()),
    _moment("requested_at"),
    _required("requested_position", sa.BigInteger()),
    _moment("expires_at"),
    sa.Column("doubt_at", sa.DateTime(timezone=True)),
    sa.Column("acquirer_id", sa.Text()),
    sa.Column("terminal_id", sa.Text()),
    sa.Column("stan", sa.Text()),
    sa.Column("rrn", sa.Text()),
    sa.Column("local_date", sa.Date()),
    sa.Column("approval_code", sa.Text()),
    sa.Column("settlement_date", sa.Date()),
    _required("position", sa.BigInteger()),
    _moment("updated_at"),
)

switch_operation = sa.Table(
    "switch_operation",
    metadata,
    _required("acquirer_id", sa.Text(), key=True),
    _required("rrn", sa.Text(), key=True),
    _required("local_date", sa.Date(), key=True),
    _required("terminal_id", sa.Text(), key=True),
    _required("stan", sa.Text(), key=True),
    sa.Column("response_code", sa.Text()),
    sa.Column("amount", sa.BigInteger()),
    sa.Column("withdrawal_id", sa.Uuid()),
    _required("reversal_noted", sa.Boolean()),
    sa.Column("disputed", sa.BigInteger()),
    sa.Column("dispute_state", sa.Text()),
    _required("position", sa.BigInteger()),
    _moment("first_at"),
    _moment("updated_at"),
)
