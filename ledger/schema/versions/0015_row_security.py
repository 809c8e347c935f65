"""Row-level security on the read models."""

from ledger.schema import sql

revision = "0015_row_security"
down_revision = "0014_reports"


def upgrade() -> None:
    sql.run(revision)
