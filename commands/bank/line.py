"""A line of a bank statement, and what became of it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid5

import msgspec

from ledger.rows import Key, Row


class LineState(StrEnum):
    """Where a line stands."""

    OPEN = "open"  # our books have no such entry yet
    MATCHED = "matched"
    EXPLAINED = "explained"  # two people said why it needs none


class Rule(StrEnum):
    """By what a line was found in our books."""

    REFERENCE = "reference"  # the bank's reference and the amount are the same
    AMOUNT = "amount"  # one entry alone has this amount, within a few days


class StatedLine(msgspec.Struct, frozen=True, gc=False):
    """A line as the bank states it. `amount` is in minor units, above zero when money came in."""

    number: int  # within its statement, from 1
    amount: int
    reference: str
    booked_on: date
    value_on: date


class BankLine(Row, frozen=True, kw_only=True):
    """The same, kept. A matched one names a line of an entry: one line of ours is one of theirs."""

    id: UUID
    statement_id: UUID
    number: int
    amount: int
    state: LineState = LineState.OPEN
    rule: Rule | None = None
    entry_number: int | None = None
    entry_line: int | None = None

    TABLE: ClassVar[str] = "bank_line"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, statement_id, number, amount, state, rule, entry_number, entry_line
            FROM ledger.bank_line
            WHERE id = ANY(%(values)s)
        """,
        "entry": """
            SELECT
                version, id, statement_id, number, amount, state, rule, entry_number, entry_line
            FROM ledger.bank_line
            WHERE entry_number || '/' || entry_line = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.bank_line AS b (
                id, statement_id, number, amount, state, rule, entry_number, entry_line, version
            )
            SELECT
                r.id, r.statement_id, r.number, r.amount, r.state, r.rule, r.entry_number,
                r.entry_line, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, statement_id uuid, number integer, amount bigint, state text, rule text,
                entry_number bigint, entry_line smallint, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                state = excluded.state, rule = excluded.rule,
                entry_number = excluded.entry_number, entry_line = excluded.entry_line,
                version = excluded.version
            WHERE b.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('bank_line', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(line_id: UUID) -> Key[BankLine]:
        """The line with this id."""
        return (BankLine, "id", line_id.int)

    @staticmethod
    def by_entry(entry_number: int, entry_line: int) -> Key[BankLine]:
        """The line that this line of an entry, from 1, is matched with."""
        return (BankLine, "entry", f"{entry_number}/{entry_line}")

    def keys(self) -> tuple[Key[BankLine], ...]:
        if self.entry_number is None or self.entry_line is None:
            return (BankLine.by_id(self.id),)
        return (BankLine.by_id(self.id), BankLine.by_entry(self.entry_number, self.entry_line))

    def facts(self, **more: Any) -> dict[str, Any]:
        """What every event of its life tells."""
        return {"statement": self.statement_id, "number": self.number, "state": self.state, **more}


def line_id(statement_id: UUID, number: int) -> UUID:
    """The id of a statement's line."""
    return uuid5(statement_id, f"line {number}")
