"""Principals, outlets, tills, offers to agents, float."""

from ledger.schema import sql

revision = "0007_agents"
down_revision = "0006_risk"


def upgrade() -> None:
    sql.run(revision)
