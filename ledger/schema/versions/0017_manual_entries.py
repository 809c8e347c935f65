"""Manual entries: reversals that are planned, what recurs, templates."""

from ledger.schema import sql

revision = "0017_manual_entries"
down_revision = "0016_periods"


def upgrade() -> None:
    sql.run(revision)
