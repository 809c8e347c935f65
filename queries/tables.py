"""The read models' tables, for SQLAlchemy Core, as ledger/schema/0004_read_models.sql makes them.

They stand in no schema: each connection's search path says whether the live ones are meant or
those of a rebuild.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

LIVE = "queries"  # the schema that everybody asks

metadata = sa.MetaData()


def required(name: str, type_: sa.types.TypeEngine[Any], *, key: bool = False) -> sa.Column[Any]:
    """A column that is never null."""
    return sa.Column(name, type_, nullable=False, primary_key=key)


def moment(name: str) -> sa.Column[Any]:
    """A point in time, never null."""
    return required(name, sa.DateTime(timezone=True))


projection = sa.Table(
    "projection",
    metadata,
    required("is_projection", sa.Boolean(), key=True),
    required("position", sa.BigInteger()),
)

account = sa.Table(
    "account",
    metadata,
    required("id", sa.Uuid(), key=True),
    required("code", sa.Text()),
    sa.Column("owner", sa.Uuid()),
    required("currency", sa.Text()),
    required("balance", sa.BigInteger()),
    required("position", sa.BigInteger()),
    moment("updated_at"),
)

wallet = sa.Table(
    "wallet",
    metadata,
    required("id", sa.Uuid(), key=True),
    required("user_id", sa.Uuid()),
    required("status", sa.Text()),
    required("held", sa.BigInteger()),
    moment("updated_at"),
)

entry = sa.Table(
    "entry",
    metadata,
    required("number", sa.BigInteger(), key=True),
    required("position", sa.BigInteger()),
    required("transaction_id", sa.Uuid()),
    required("kind", sa.Text()),
    required("booking_date", sa.Date()),
    required("value_date", sa.Date()),
    moment("recorded_at"),
    required("actor", sa.Text()),
    required("request_id", sa.Text()),
    sa.Column("reverses", sa.BigInteger()),
    required("amount", sa.BigInteger()),
    sa.Column("reference", sa.Text()),
    sa.Column("reference_key", sa.Text()),
    sa.Column("memo", sa.Text()),
    required("late", sa.Boolean()),
)

# A view of entries that whoever asks may see: numbers and their days, and nothing else.
booked = sa.table(
    "booked", sa.column("number", sa.BigInteger()), sa.column("booking_date", sa.Date())
)

line = sa.Table(
    "line",
    metadata,
    required("entry_number", sa.BigInteger(), key=True),
    required("line_number", sa.SmallInteger(), key=True),
    required("account_id", sa.Uuid()),
    required("code", sa.Text()),
    required("amount", sa.BigInteger()),
    required("balance", sa.BigInteger()),
    required("booking_date", sa.Date()),
    required("value_date", sa.Date()),
)

turnover = sa.Table(
    "turnover",
    metadata,
    required("code", sa.Text(), key=True),
    required("currency", sa.Text(), key=True),
    required("day", sa.Date(), key=True),
    required("booked_debits", sa.BigInteger()),
    required("booked_credits", sa.BigInteger()),
    required("valued_debits", sa.BigInteger()),
    required("valued_credits", sa.BigInteger()),
)

movement = sa.Table(
    "movement",
    metadata,
    required("account_id", sa.Uuid(), key=True),
    required("entry_number", sa.BigInteger(), key=True),
    required("transaction_id", sa.Uuid()),
    required("kind", sa.Text()),
    required("incoming", sa.Boolean()),
    required("amount", sa.BigInteger()),
    required("fee", sa.BigInteger()),
    required("commission", sa.BigInteger()),
    sa.Column("counterparty", sa.Uuid()),
    required("last_entry_number", sa.BigInteger()),
    required("balance", sa.BigInteger()),
)

withdrawal = sa.Table(
    "withdrawal",
    metadata,
    required("id", sa.Uuid(), key=True),
    required("channel", sa.Text()),
    required("user_id", sa.Uuid()),
    required("wallet_id", sa.Uuid()),
    sa.Column("agent_id", sa.Uuid()),
    required("state", sa.Text()),
    required("amount", sa.BigInteger()),
    required("fee", sa.BigInteger()),
    sa.Column("commission", sa.BigInteger()),
    required("tariff_edition", sa.Integer()),
    sa.Column("captured", sa.BigInteger()),
    sa.Column("captured_fee", sa.BigInteger()),
    sa.Column("reason", sa.Text()),
    required("tries", sa.SmallInteger()),
    moment("requested_at"),
    required("requested_position", sa.BigInteger()),
    moment("expires_at"),
    sa.Column("doubt_at", sa.DateTime(timezone=True)),
    sa.Column("acquirer_id", sa.Text()),
    sa.Column("terminal_id", sa.Text()),
    sa.Column("stan", sa.Text()),
    sa.Column("rrn", sa.Text()),
    sa.Column("local_date", sa.Date()),
    sa.Column("approval_code", sa.Text()),
    sa.Column("settlement_date", sa.Date()),
    required("position", sa.BigInteger()),
    moment("updated_at"),
)

switch_operation = sa.Table(
    "switch_operation",
    metadata,
    required("acquirer_id", sa.Text(), key=True),
    required("rrn", sa.Text(), key=True),
    required("local_date", sa.Date(), key=True),
    required("terminal_id", sa.Text(), key=True),
    required("stan", sa.Text(), key=True),
    sa.Column("response_code", sa.Text()),
    sa.Column("amount", sa.BigInteger()),
    sa.Column("withdrawal_id", sa.Uuid()),
    required("reversal_noted", sa.Boolean()),
    sa.Column("disputed", sa.BigInteger()),
    sa.Column("dispute_state", sa.Text()),
    required("position", sa.BigInteger()),
    moment("first_at"),
    moment("updated_at"),
)

principal = sa.Table(
    "principal",
    metadata,
    required("id", sa.Uuid(), key=True),
    required("name", sa.Text()),
    moment("enrolled_at"),
)

outlet = sa.Table(
    "outlet",
    metadata,
    required("id", sa.Uuid(), key=True),
    required("float_id", sa.Uuid()),
    sa.Column("principal_id", sa.Uuid()),
    sa.Column("parent_id", sa.Uuid()),
    required("name", sa.Text()),
    sa.Column("island", sa.Text()),
    sa.Column("latitude", sa.Integer()),
    sa.Column("longitude", sa.Integer()),
    required("status", sa.Text()),
    required("tills_required", sa.Boolean()),
    required("float_floor", sa.BigInteger()),
    required("float_low", sa.BigInteger()),
    required("float_ok", sa.BigInteger()),
    required("float_state", sa.Text()),
    required("position", sa.BigInteger()),
)

till = sa.Table(
    "till",
    metadata,
    required("id", sa.Uuid(), key=True),
    required("agent_id", sa.Uuid()),
    required("name", sa.Text()),
    required("state", sa.Text()),
    sa.Column("operator_id", sa.Uuid()),
    sa.Column("opened_at", sa.DateTime(timezone=True)),
    required("cash", sa.BigInteger()),
    required("differences", sa.BigInteger()),
    required("position", sa.BigInteger()),
)

till_day = sa.Table(
    "till_day",
    metadata,
    required("till_id", sa.Uuid(), key=True),
    required("day", sa.Date(), key=True),
    required("cash_in_count", sa.BigInteger()),
    required("cash_in", sa.BigInteger()),
    required("cash_out_count", sa.BigInteger()),
    required("cash_out", sa.BigInteger()),
    required("commission", sa.BigInteger()),
    required("brought", sa.BigInteger()),
    required("differences", sa.BigInteger()),
)

offer = sa.Table(
    "offer",
    metadata,
    required("request_id", sa.Uuid(), key=True),
    required("agent_id", sa.Uuid(), key=True),
    required("open", sa.Boolean()),
)

redemption = sa.Table(
    "redemption",
    metadata,
    required("id", sa.Uuid(), key=True),
    required("agent_id", sa.Uuid()),
    required("amount", sa.BigInteger()),
    required("state", sa.Text()),
    sa.Column("reference", sa.Text()),
    sa.Column("reason", sa.Text()),
    moment("requested_at"),
    required("requested_position", sa.BigInteger()),
    required("position", sa.BigInteger()),
    moment("updated_at"),
)

feed = sa.Table(
    "feed",
    metadata,
    required("position", sa.BigInteger(), key=True),
    required("audience", sa.Text(), key=True),
    required("owner", sa.Uuid(), key=True),
    required("kind", sa.Text()),
    required("subject", sa.Uuid()),
    moment("recorded_at"),
    sa.Column("direction", sa.Text()),
    required("payload", JSONB()),
)

alert = sa.Table(
    "alert",
    metadata,
    required("id", sa.Uuid(), key=True),
    required("name", sa.Text()),
    sa.Column("about", sa.Uuid()),
    required("raised", sa.Boolean()),
    required("value", sa.BigInteger()),
    required("level", sa.BigInteger()),
    required("unit", sa.Text()),
    required("times", sa.BigInteger()),
    moment("raised_at"),
    sa.Column("cleared_at", sa.DateTime(timezone=True)),
    required("position", sa.BigInteger()),
)

proposal = sa.Table(
    "proposal",
    metadata,
    required("id", sa.Uuid(), key=True),
    required("kind", sa.Text()),
    required("content", sa.Text()),
    required("content_hash", sa.Text()),
    required("maker_id", sa.Uuid()),
    moment("proposed_at"),
    moment("expires_at"),
    required("state", sa.Text()),
    sa.Column("checker_id", sa.Uuid()),
    sa.Column("why", sa.Text()),
    moment("updated_at"),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False, primary_key=True),
    required("position", sa.BigInteger(), key=True),
    required("note", sa.BigInteger(), key=True),
    required("kind", sa.Text()),
    required("actor", sa.Text()),
    sa.Column("session", sa.Uuid()),
    required("request_id", sa.Text()),
    sa.Column("subject", sa.Uuid()),
    sa.Column("route", sa.Text()),
    sa.Column("asked", sa.Text()),
    required("outcome", sa.Text()),
    required("times", sa.BigInteger()),
)

access = sa.Table(
    "access",
    metadata,
    required("user_id", sa.Uuid(), key=True),
    required("role", sa.Text()),
    required("status", sa.Text()),
    sa.Column("agent_id", sa.Uuid()),
    sa.Column("principal_id", sa.Uuid()),
    moment("enrolled_at"),
    sa.Column("pin_set_at", sa.DateTime(timezone=True)),
    sa.Column("totp_set_at", sa.DateTime(timezone=True)),
    required("passkeys", sa.BigInteger()),
    required("recovery_codes", sa.BigInteger()),
    required("devices", sa.BigInteger()),
    sa.Column("last_sign_in_at", sa.DateTime(timezone=True)),
    sa.Column("last_act", sa.Text()),
    sa.Column("last_acted_at", sa.DateTime(timezone=True)),
    sa.Column("given_by", sa.Uuid()),
    sa.Column("let_in_by", sa.Uuid()),
)
