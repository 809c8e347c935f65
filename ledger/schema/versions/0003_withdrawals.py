"""Tariff, withdrawals, requests, traces, disputes, bank credits."""

from ledger.schema import sql

revision = "0003_withdrawals"
down_revision = "0002_people"


def upgrade() -> None:
    sql.run(revision)
