"""Periods: the steps that each month has taken, as they are asked for."""

from ledger.schema import sql

revision = "0016_periods"
down_revision = "0015_row_security"


def upgrade() -> None:
    sql.run(revision)
