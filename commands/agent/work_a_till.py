"""A till's day: it is opened with counted cash, some is brought or fetched, it is closed again.

A count that does not agree with the till's cash book is booked there as a difference, so that the
book says again what lies in the drawer, and the difference stays to be seen.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from commands.agent.row import Agent, require_open_agent
from commands.agent.till import CLOSED, OPEN, Till
from commands.command import Answer, Command, Rounds
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest, NotFound, TillNotReady
from ledger.money import Money


class TillEnrolled(Answer, frozen=True, kw_only=True):
    """The new till."""

    till_id: UUID


class TillStatus(Answer, frozen=True, kw_only=True):
    """A till, what lies in it, and what the count has shown: `difference` above zero was over."""

    till_id: UUID
    state: str
    cash: Money
    difference: Money
    timestamp: datetime


class EnrolTill(Command[TillEnrolled], frozen=True, kw_only=True):
    """An outlet gets a till, closed and empty."""

    till_id: UUID
    agent_id: UUID
    name: str

    def touches(self, books: Books) -> Rounds:
        yield (Agent.by_id(self.agent_id), Till.by_id(self.till_id))

    def decide(self, books: Books) -> TillEnrolled:
        agent = require_open_agent(books, self.agent_id)
        if books.find(Till.by_id(self.till_id)) is not None:
            raise Conflict("There is already a till with this id.")
        # From here on nothing is refused.
        books.put(Till(id=self.till_id, agent_id=agent.id, name=self.name))
        books.record("till.enrolled", self.till_id, {"agent": agent.id, "name": self.name})
        return TillEnrolled(till_id=self.till_id)


class OpenTill(Command[TillStatus], frozen=True, kw_only=True):
    """Somebody at the counter opens a till and says how much cash is in it."""

    till_id: UUID
    agent_id: UUID
    operator_id: UUID
    counted: Money

    def touches(self, books: Books) -> Rounds:
        yield (
            Till.by_id(self.till_id),
            Till.of_operator(self.operator_id),
            Agent.by_id(self.agent_id),
        )

    def decide(self, books: Books) -> TillStatus:
        require_open_agent(books, self.agent_id)
        till = _require_till(books, self.till_id, self.agent_id)
        if till.state == OPEN:
            raise Conflict("This till is open already.", state=till.state)
        if books.find(Till.of_operator(self.operator_id)) is not None:
            raise Conflict("You have another till open.")
        # From here on nothing is refused.
        opened = msgspec.structs.replace(
            till.counted(self.counted.minor),
            state=OPEN,
            operator_id=self.operator_id,
            opened_at=books.now,
        )
        return _told(books, "till.opened", till, opened, by=self.operator_id)


class CloseTill(Command[TillStatus], frozen=True, kw_only=True):
    """Somebody of the same counter closes a till and says how much cash is in it."""

    till_id: UUID
    agent_id: UUID
    closed_by: UUID
    counted: Money

    def touches(self, books: Books) -> Rounds:
        yield (Till.by_id(self.till_id),)

    def decide(self, books: Books) -> TillStatus:
        till = _require_till(books, self.till_id, self.agent_id)
        _require_is_open(till)
        # From here on nothing is refused.
        closed = msgspec.structs.replace(
            till.counted(self.counted.minor), state=CLOSED, operator_id=None, opened_at=None
        )
        return _told(books, "till.closed", till, closed, by=self.closed_by)


class MoveTillCash(Command[TillStatus], frozen=True, kw_only=True):
    """The principal brings cash to an open till (above zero), or fetches some from it (below)."""

    till_id: UUID
    agent_id: UUID
    operator_id: UUID
    amount_minor: int
    reason: str

    def touches(self, books: Books) -> Rounds:
        yield (Till.by_id(self.till_id),)

    def decide(self, books: Books) -> TillStatus:
        if self.amount_minor == 0:
            raise InvalidRequest(field="amount", reason="is nothing")
        till = _require_till(books, self.till_id, self.agent_id)
        _require_is_open(till)
        if till.operator_id != self.operator_id:
            raise TillNotReady(reason="somebody else has it open")
        till.require_cash(-self.amount_minor)
        # From here on nothing is refused.
        moved = msgspec.structs.replace(
            till, cash=till.cash + self.amount_minor, brought=till.brought + self.amount_minor
        )
        return _told(
            books,
            "till.cash_moved",
            till,
            moved,
            by=self.operator_id,
            brought=self.amount_minor,
            reason=self.reason,
        )


def _require_till(books: Books, till_id: UUID, agent_id: UUID) -> Till:
    till = books.find(Till.by_id(till_id))
    if till is None or till.agent_id != agent_id:
        raise NotFound("There is no such till here.")
    return till


def _require_is_open(till: Till) -> None:
    if till.state != OPEN:
        raise Conflict("This till is closed.", state=till.state)


def _told(
    books: Books, kind: str, before: Till, after: Till, *, by: UUID, **facts: Any
) -> TillStatus:
    """Write what became of a till, and tell it."""
    difference = after.differences - before.differences
    books.put(after)
    books.record(
        kind,
        after.id,
        {
            "agent": after.agent_id,
            "operator": after.operator_id,
            "by": by,
            "state": after.state,
            "cash": after.cash,
            "difference": difference,
            **facts,
        },
    )
    return TillStatus(
        till_id=after.id,
        state=after.state,
        cash=Money(after.cash),
        difference=Money(difference),
        timestamp=books.now,
    )
