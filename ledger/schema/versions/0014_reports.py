"""Reports: daily totals, milestones, records, ageing, agents' days, the trust's daily record."""

from ledger.schema import sql

revision = "0014_reports"
down_revision = "0013_keys"


def upgrade() -> None:
    sql.run(revision)
