"""People, sessions, agents, the switch."""

from ledger.schema import sql

revision = "0002_people"
down_revision = "0001_books"


def upgrade() -> None:
    sql.run(revision)
