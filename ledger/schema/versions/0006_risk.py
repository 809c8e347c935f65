"""Fraud rules, cases, clearances, step-up, and the defence against guessed codes."""

from ledger.schema import sql

revision = "0006_risk"
down_revision = "0005_limits"


def upgrade() -> None:
    sql.run(revision)
