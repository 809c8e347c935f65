"""The switch's settlement files, what they say, and where they differ from our books."""

from ledger.schema import sql

revision = "0015_settlement_files"
down_revision = "0012_row_security"


def upgrade() -> None:
    sql.run(revision)
