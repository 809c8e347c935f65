"""The books: head, log, lines, accounts, keys."""

from ledger.schema import sql

revision = "0001_books"
down_revision = None


def upgrade() -> None:
    sql.run(revision)
