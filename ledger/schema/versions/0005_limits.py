"""The tariff's tiers, limits, what was used of them, and changes by four eyes."""

from ledger.schema import sql

revision = "0005_limits"
down_revision = "0004_read_models"


def upgrade() -> None:
    sql.run(revision)
