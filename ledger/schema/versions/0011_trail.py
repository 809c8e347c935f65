"""The trail of refusals and reads, and the audit's read model."""

from ledger.schema import sql

revision = "0011_trail"
down_revision = "0010_factors"


def upgrade() -> None:
    sql.run(revision)
