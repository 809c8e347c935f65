"""What people sign in with, and who may do what."""

from ledger.schema import sql

revision = "0010_factors"
down_revision = "0009_events"


def upgrade() -> None:
    sql.run(revision)
