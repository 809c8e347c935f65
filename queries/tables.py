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
    _required("amount", sa.BigInteger()),
    sa.Column("reference", sa.Text()),
    sa.Column("reference_key", sa.Text()),
    sa.Column("memo", sa.Text()),
    _required("late", sa.Boolean()),
)

# A view of entries that whoever asks may see: numbers and their days, and nothing else.
booked = sa.table(
    "booked", sa.column("number", sa.BigInteger()), sa.column("booking_date", sa.Date())
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
    _required("booking_date", sa.Date()),
    _required("value_date", sa.Date()),
)

turnover = sa.Table(
    "turnover",
    metadata,
    _required("code", sa.Text(), key=True),
    _required("currency", sa.Text(), key=True),
    _required("day", sa.Date(), key=True),
    _required("booked_debits", sa.BigInteger()),
    _required("booked_credits", sa.BigInteger()),
    _required("valued_debits", sa.BigInteger()),
    _required("valued_credits", sa.BigInteger()),
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

principal = sa.Table(
    "principal",
    metadata,
    _required("id", sa.Uuid(), key=True),
    _required("name", sa.Text()),
    _moment("enrolled_at"),
)

outlet = sa.Table(
    "outlet",
    metadata,
    _required("id", sa.Uuid(), key=True),
    _required("float_id", sa.Uuid()),
    sa.Column("principal_id", sa.Uuid()),
    sa.Column("parent_id", sa.Uuid()),
    _required("name", sa.Text()),
    sa.Column("island", sa.Text()),
    sa.Column("latitude", sa.Integer()),
    sa.Column("longitude", sa.Integer()),
    _required("status", sa.Text()),
    _required("tills_required", sa.Boolean()),
    _required("float_floor", sa.BigInteger()),
    _required("float_low", sa.BigInteger()),
    _required("float_ok", sa.BigInteger()),
    _required("float_state", sa.Text()),
    _required("position", sa.BigInteger()),
)

till = sa.Table(
    "till",
    metadata,
    _required("id", sa.Uuid(), key=True),
    _required("agent_id", sa.Uuid()),
    _required("name", sa.Text()),
    _required("state", sa.Text()),
    sa.Column("operator_id", sa.Uuid()),
    sa.Column("opened_at", sa.DateTime(timezone=True)),
    _required("cash", sa.BigInteger()),
    _required("differences", sa.BigInteger()),
    _required("position", sa.BigInteger()),
)

till_day = sa.Table(
    "till_day",
    metadata,
    _required("till_id", sa.Uuid(), key=True),
    _required("day", sa.Date(), key=True),
    _required("cash_in_count", sa.BigInteger()),
    _required("cash_in", sa.BigInteger()),
    _required("cash_out_count", sa.BigInteger()),
    _required("cash_out", sa.BigInteger()),
    _required("commission", sa.BigInteger()),
    _required("brought", sa.BigInteger()),
    _required("differences", sa.BigInteger()),
)

offer = sa.Table(
    "offer",
    metadata,
    _required("request_id", sa.Uuid(), key=True),
    _required("agent_id", sa.Uuid(), key=True),
    _required("open", sa.Boolean()),
)

redemption = sa.Table(
    "redemption",
    metadata,
    _required("id", sa.Uuid(), key=True),
    _required("agent_id", sa.Uuid()),
    _required("amount", sa.BigInteger()),
    _required("state", sa.Text()),
    sa.Column("reference", sa.Text()),
    sa.Column("reason", sa.Text()),
    _moment("requested_at"),
    _required("requested_position", sa.BigInteger()),
    _required("position", sa.BigInteger()),
    _moment("updated_at"),
)

feed = sa.Table(
    "feed",
    metadata,
    _required("position", sa.BigInteger(), key=True),
    _required("audience", sa.Text(), key=True),
    _required("owner", sa.Uuid(), key=True),
    _required("kind", sa.Text()),
    _required("subject", sa.Uuid()),
    _moment("recorded_at"),
    sa.Column("direction", sa.Text()),
    _required("payload", JSONB()),
)

alert = sa.Table(
    "alert",
    metadata,
    _required("id", sa.Uuid(), key=True),
    _required("name", sa.Text()),
    sa.Column("about", sa.Uuid()),
    _required("raised", sa.Boolean()),
    _required("value", sa.BigInteger()),
    _required("level", sa.BigInteger()),
    _required("unit", sa.Text()),
    _required("times", sa.BigInteger()),
    _moment("raised_at"),
    sa.Column("cleared_at", sa.DateTime(timezone=True)),
    _required("position", sa.BigInteger()),
)

proposal = sa.Table(
    "proposal",
    metadata,
    _required("id", sa.Uuid(), key=True),
    _required("kind", sa.Text()),
    _required("content", sa.Text()),
    _required("content_hash", sa.Text()),
    _required("maker_id", sa.Uuid()),
    _moment("proposed_at"),
    _moment("expires_at"),
    _required("state", sa.Text()),
    sa.Column("checker_id", sa.Uuid()),
    sa.Column("why", sa.Text()),
    _moment("updated_at"),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False, primary_key=True),
    _required("position", sa.BigInteger(), key=True),
    _required("note", sa.BigInteger(), key=True),
    _required("kind", sa.Text()),
    _required("actor", sa.Text()),
    sa.Column("session", sa.Uuid()),
    _required("request_id", sa.Text()),
    sa.Column("subject", sa.Uuid()),
    sa.Column("route", sa.Text()),
    sa.Column("asked", sa.Text()),
    _required("outcome", sa.Text()),
    _required("times", sa.BigInteger()),
)

rule_edition = sa.Table(
    "rule_edition",
    metadata,
    _required("number", sa.Integer(), key=True),
    _moment("valid_from"),
    _required("rules", JSONB()),
    _required("position", sa.BigInteger()),
)

risk_hit = sa.Table(
    "risk_hit",
    metadata,
    _required("position", sa.BigInteger(), key=True),
    _required("rule", sa.Text(), key=True),
    _required("edition", sa.Integer()),
    sa.Column("action", sa.Text()),
    sa.Column("case_id", sa.Uuid()),
    sa.Column("wallet_id", sa.Uuid()),
    sa.Column("user_id", sa.Uuid()),
    sa.Column("agent_id", sa.Uuid()),
    sa.Column("watch", sa.Text()),
    sa.Column("operation", sa.Text()),
    sa.Column("amount", sa.BigInteger()),
    sa.Column("transaction_id", sa.Uuid()),
    _moment("hit_at"),
)

risk_case = sa.Table(
    "risk_case",
    metadata,
    _required("id", sa.Uuid(), key=True),
    _required("rule", sa.Text()),
    _required("action", sa.Text()),
    _required("state", sa.Text()),
    _required("reason", sa.Text()),
    sa.Column("wallet_id", sa.Uuid()),
    sa.Column("user_id", sa.Uuid()),
    sa.Column("agent_id", sa.Uuid()),
    sa.Column("transaction_id", sa.Uuid()),
    sa.Column("watch", sa.Text()),
    sa.Column("amount", sa.BigInteger()),
    sa.Column("assignee_id", sa.Uuid()),
    _moment("opened_at"),
    _required("opened_position", sa.BigInteger()),
    _moment("updated_at"),
)

case_event = sa.Table(
    "case_event",
    metadata,
    _required("position", sa.BigInteger(), key=True),
    _required("case_id", sa.Uuid()),
    _required("kind", sa.Text()),
    _required("author", sa.Text()),
    sa.Column("body", sa.Text()),
    _moment("happened_at"),
)

held_transfer = sa.Table(
    "held_transfer",
    metadata,
    _required("id", sa.Uuid(), key=True),
    _required("wallet_id", sa.Uuid()),
    _required("to_wallet_id", sa.Uuid()),
    _required("state", sa.Text()),
    _required("amount", sa.BigInteger()),
    _required("fee", sa.BigInteger()),
    _moment("held_at"),
    _moment("updated_at"),
)

access = sa.Table(
    "access",
    metadata,
    _required("user_id", sa.Uuid(), key=True),
    _required("role", sa.Text()),
    _required("status", sa.Text()),
    sa.Column("agent_id", sa.Uuid()),
    sa.Column("principal_id", sa.Uuid()),
    _moment("enrolled_at"),
    sa.Column("pin_set_at", sa.DateTime(timezone=True)),
    sa.Column("totp_set_at", sa.DateTime(timezone=True)),
    _required("passkeys", sa.BigInteger()),
    _required("recovery_codes", sa.BigInteger()),
    _required("devices", sa.BigInteger()),
    sa.Column("last_sign_in_at", sa.DateTime(timezone=True)),
    sa.Column("last_act", sa.Text()),
    sa.Column("last_acted_at", sa.DateTime(timezone=True)),
)
