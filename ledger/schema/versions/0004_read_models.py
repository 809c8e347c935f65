"""Read models: balances, journal, movements, withdrawals, the switch's operations."""

from ledger.schema import sql

revision = "0004_read_models"
down_revision = "0003_withdrawals"


def upgrade() -> None:
    sql.run(revision)
