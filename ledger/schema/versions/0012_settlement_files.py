"""The switch's settlement files, what they say, and where they differ from our books."""

from ledger.schema import sql

revision = "0012_settlement_files"
down_revision = "0011_trail"


def upgrade() -> None:
    sql.run(revision)
