"""Bank statements that were taken in, and how far an account's statements have come."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

from commands.command import Answer
from ledger.rows import Key, Row


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement says of itself. Balances are in minor units, below zero when overdrawn."""

    account: str  # IBAN, or the bank's own number
    number: int
    first_day: date
    last_day: date
    opening: int
    closing: int
    digest: str  # SHA-256 of the file, in hexadecimal

    @property
    def statement_id(self) -> UUID:
        """An account's statement with this number."""
        return uuid5(NAMESPACE_OID, f"makeba bank statement {self.account} {self.number}")


class BankStatement(Row, frozen=True, kw_only=True):
    """One statement."""

    id: UUID
    account: str
    number: int
    digest: str
    lines: int

    TABLE: ClassVar[str] = "bank_statement"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT version, id, account, number, digest, lines
            FROM ledger.bank_statement
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.bank_statement (id, account, number, digest, lines, version)
            SELECT r.id, r.account, r.number, r.digest, r.lines, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, account text, number bigint, digest text, lines integer, version bigint
            )
            RETURNING 1
        )
        SELECT ledger.saved_all('bank_statement', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(statement_id: UUID) -> Key[BankStatement]:
        """The statement with this id."""
        return (BankStatement, "id", statement_id.int)

    def keys(self) -> tuple[Key[BankStatement], ...]:
        return (BankStatement.by_id(self.id),)


class BankSeries(Row, frozen=True, kw_only=True):
    """An account's statements: the next has the next number and begins where the last has ended."""

    account: str
    last_number: int
    last_day: date
    closing: int

    TABLE: ClassVar[str] = "bank_series"
    IDS: ClassVar[tuple[str, ...]] = ()  # an account names it
    LOAD: ClassVar[dict[str, str]] = {
        "account": """
            SELECT version, account, last_number, last_day, closing
            FROM ledger.bank_series
            WHERE account = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.bank_series AS s (account, last_number, last_day, closing, version)
            SELECT r.account, r.last_number, r.last_day, r.closing, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                account text, last_number bigint, last_day date, closing bigint, version bigint
            )
            ON CONFLICT (account) DO UPDATE SET
                last_number = excluded.last_number, last_day = excluded.last_day,
                closing = excluded.closing, version = excluded.version
            WHERE s.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('bank_series', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(account: str) -> Key[BankSeries]:
        """That of an account."""
        return (BankSeries, "account", account)

    def keys(self) -> tuple[Key[BankSeries], ...]:
        return (BankSeries.of(self.account),)

    def facts(self) -> dict[str, Any]:
        """Where the next statement begins."""
        return {"number": self.last_number + 1, "opening": self.closing}


class StatementTakenIn(Answer, frozen=True, kw_only=True):
    """A statement, and whether it was taken in before with the same content."""

    statement_id: UUID
    number: int
    lines: int
    before: bool
