"""Row-level security on the read models."""

from ledger.schema import sql

revision = "0013_row_security"
down_revision = "0012_settlement_files"


def upgrade() -> None:
    sql.run(revision)
