"""Account care, deposits to assign or take back, claims, treasury."""

from ledger.schema import sql

revision = "0008_accounts"
down_revision = "0007_agents"


def upgrade() -> None:
    sql.run(revision)
