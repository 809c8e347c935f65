"""Row-level security on the read models."""

from ledger.schema import sql

revision = "0014_row_security"
down_revision = "0013_reports"


def upgrade() -> None:
    sql.run(revision)
