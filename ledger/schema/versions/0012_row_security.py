"""Row-level security on the read models."""

from ledger.schema import sql

revision = "0012_row_security"
down_revision = "0011_trail"


def upgrade() -> None:
    sql.run(revision)
