"""The feed of events, alerts, webhooks."""

from ledger.schema import sql

revision = "0009_events"
down_revision = "0008_accounts"


def upgrade() -> None:
    sql.run(revision)
