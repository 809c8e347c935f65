"""Keys that change while the house is open, and people of whom nothing is left."""

from ledger.schema import sql

revision = "0013_keys"
down_revision = "0012_settlement_files"


def upgrade() -> None:
    sql.run(revision)
