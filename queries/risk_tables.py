"""The read models of rules, hits, cases and held transfers, as ledger/schema/0006_risk.sql makes
them.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from queries.tables import metadata, moment, required

rule_edition = sa.Table(
    "rule_edition",
    metadata,
    required("number", sa.Integer(), key=True),
    moment("valid_from"),
    required("rules", JSONB()),
    required("position", sa.BigInteger()),
)

risk_hit = sa.Table(
    "risk_hit",
    metadata,
    required("position", sa.BigInteger(), key=True),
    required("rule", sa.Text(), key=True),
    required("edition", sa.Integer()),
    sa.Column("action", sa.Text()),
    sa.Column("case_id", sa.Uuid()),
    sa.Column("wallet_id", sa.Uuid()),
    sa.Column("user_id", sa.Uuid()),
    sa.Column("agent_id", sa.Uuid()),
    sa.Column("watch", sa.Text()),
    sa.Column("operation", sa.Text()),
    sa.Column("amount", sa.BigInteger()),
    sa.Column("transaction_id", sa.Uuid()),
    moment("hit_at"),
)

risk_case = sa.Table(
    "risk_case",
    metadata,
    required("id", sa.Uuid(), key=True),
    required("rule", sa.Text()),
    required("action", sa.Text()),
    required("state", sa.Text()),
    required("reason", sa.Text()),
    sa.Column("wallet_id", sa.Uuid()),
    sa.Column("user_id", sa.Uuid()),
    sa.Column("agent_id", sa.Uuid()),
    sa.Column("transaction_id", sa.Uuid()),
    sa.Column("watch", sa.Text()),
    sa.Column("amount", sa.BigInteger()),
    sa.Column("assignee_id", sa.Uuid()),
    moment("opened_at"),
    required("opened_position", sa.BigInteger()),
    moment("updated_at"),
)

case_event = sa.Table(
    "case_event",
    metadata,
    required("position", sa.BigInteger(), key=True),
    required("case_id", sa.Uuid()),
    required("kind", sa.Text()),
    required("author", sa.Text()),
    sa.Column("body", sa.Text()),
    moment("happened_at"),
)

held_transfer = sa.Table(
    "held_transfer",
    metadata,
    required("id", sa.Uuid(), key=True),
    required("wallet_id", sa.Uuid()),
    required("to_wallet_id", sa.Uuid()),
    required("state", sa.Text()),
    required("amount", sa.BigInteger()),
    required("fee", sa.BigInteger()),
    moment("held_at"),
    moment("updated_at"),
)

RISK_TABLES = (rule_edition, risk_hit, risk_case, case_event, held_transfer)
