"""A till: a drawer at a counter, who has it open, and its cash book.

The cash is the principal's and not ours, so the ledger has no account for it. The till's own book
adds up all the same: what must lie in the drawer is what came from customers, less what they were
paid, with what the principal brought or fetched and with the differences that a count has shown.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from commands.agent.row import Agent
from ledger.books import Books
from ledger.errors import TillNotReady
from ledger.rows import Key, Row

OPEN, CLOSED = "open", "closed"


class Till(Row, frozen=True, kw_only=True):
    """One drawer. Amounts are minor units; `cash` is what must lie in it now."""

    id: UUID
    agent_id: UUID
    name: str
    state: str = CLOSED
    operator_id: UUID | None = None
    opened_at: datetime | None = None
    cash: int = 0
    taken: int = 0
    paid: int = 0
    brought: int = 0
    differences: int = 0

    TABLE: ClassVar[str] = "till"
    IDS: ClassVar[tuple[str, ...]] = ("id", "operator_id")
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, agent_id, name, state, operator_id, opened_at, cash, taken, paid,
                brought, differences
            FROM ledger.till
            WHERE id = ANY(%(values)s)
        """,
        "operator_id": """
            SELECT
                version, id, agent_id, name, state, operator_id, opened_at, cash, taken, paid,
                brought, differences
            FROM ledger.till
            WHERE operator_id = ANY(%(values)s) AND state = 'open'
        """,
    }
    # Tills that close are saved before those that open: one batch may see an operator change.
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.till AS t (
                id, agent_id, name, state, operator_id, opened_at, cash, taken, paid, brought,
                differences, version
            )
            SELECT
                r.id, r.agent_id, r.name, r.state, r.operator_id, r.opened_at, r.cash, r.taken,
                r.paid, r.brought, r.differences, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, agent_id uuid, name text, state text, operator_id uuid,
                opened_at timestamptz, cash bigint, taken bigint, paid bigint, brought bigint,
                differences bigint, version bigint
            )
            ORDER BY r.state = 'open'
            ON CONFLICT (id) DO UPDATE SET
                state = excluded.state, operator_id = excluded.operator_id,
                opened_at = excluded.opened_at, cash = excluded.cash, taken = excluded.taken,
                paid = excluded.paid, brought = excluded.brought,
                differences = excluded.differences, version = excluded.version
            WHERE t.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('till', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(till_id: UUID) -> Key[Till]:
        """The till with this id."""
        return (Till, "id", till_id.int)

    @staticmethod
    def of_operator(operator_id: UUID) -> Key[Till]:
        """The till that this person has open."""
        return (Till, "operator_id", operator_id.int)

    def keys(self) -> tuple[Key[Till], ...]:
        if self.operator_id is None:
            return ((Till, "id", self.id.int),)
        return ((Till, "id", self.id.int), (Till, "operator_id", self.operator_id.int))

    def took(self, amount: int) -> Till:
        """The same after a customer has handed cash over."""
        return msgspec.structs.replace(self, cash=self.cash + amount, taken=self.taken + amount)

    def gave(self, amount: int) -> Till:
        """The same after a customer was paid. `require_cash` first."""
        return msgspec.structs.replace(self, cash=self.cash - amount, paid=self.paid + amount)

    def counted(self, cash: int) -> Till:
        """The same with the difference between its book and what was counted booked."""
        return msgspec.structs.replace(
            self, cash=cash, differences=self.differences + cash - self.cash
        )

    def require_cash(self, amount: int) -> None:
        """Raises TillNotReady when the book says that there is less in the drawer."""
        if self.cash < amount:
            raise TillNotReady(reason="there is less cash in it: note first what was brought")


def till_keys(operator_id: UUID | None) -> tuple[Key[Till], ...]:
    """The till that somebody at a counter may have open."""
    return () if operator_id is None else (Till.of_operator(operator_id),)


def till_of(books: Books, operator_id: UUID | None) -> Till | None:
    """The till that somebody at a counter has open."""
    return None if operator_id is None else books.find(Till.of_operator(operator_id))


def till_at_work(books: Books, agent: Agent, operator_id: UUID | None) -> Till | None:
    """The till through which this goes: the one that the operator has open, if there is one.

    Raises TillNotReady where an outlet works with open tills only.
    """
    till = till_of(books, operator_id)
    if till is None and agent.tills_required:
        raise TillNotReady(reason="open your till first")
    return till
