"""An agent wants money in the bank for float: asked at the counter, paid by somebody of ours."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.agent.float_levels import watch_float
from commands.agent.row import Agent
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_staff
from commands.treasury.debts import OWED_BY_AGENT, debt_key, require_covered_beside_debt
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import Conflict, NotFound
from ledger.journal import move
from ledger.money import Money
from ledger.rows import Key, Row

TRUST = chart.the(chart.TRUST_BANK)
REQUESTED, PAID, REFUSED = "requested", "paid", "refused"


class Redemption(Row, frozen=True, kw_only=True):
    """Float that an agent wants as money in the bank. Nothing is held for it."""

    id: UUID
    agent_id: UUID
    amount: int
    state: str = REQUESTED
    requested_by: UUID
    decided_by: UUID | None = None
    reference: str | None = None  # the bank's, of the transfer that paid it

    TABLE: ClassVar[str] = "redemption"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT version, id, agent_id, amount, state, requested_by, decided_by, reference
            FROM ledger.redemption
            WHERE id = ANY(%(values)s)
        """,
        "reference": """
            SELECT version, id, agent_id, amount, state, requested_by, decided_by, reference
            FROM ledger.redemption
            WHERE reference = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.redemption AS d (
                id, agent_id, amount, state, requested_by, decided_by, reference, version
            )
            SELECT
                r.id, r.agent_id, r.amount, r.state, r.requested_by, r.decided_by, r.reference,
                r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, agent_id uuid, amount bigint, state text, requested_by uuid,
                decided_by uuid, reference text, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                state = excluded.state, decided_by = excluded.decided_by,
                reference = excluded.reference, version = excluded.version
            WHERE d.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('redemption', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(redemption_id: UUID) -> Key[Redemption]:
        """The redemption with this id."""
        return (Redemption, "id", redemption_id.int)

    @staticmethod
    def by_reference(reference: str) -> Key[Redemption]:
        """The redemption that this bank transfer has paid."""
        return (Redemption, "reference", reference)

    def keys(self) -> tuple[Key[Redemption], ...]:
        if self.reference is None:
            return ((Redemption, "id", self.id.int),)
        return ((Redemption, "id", self.id.int), (Redemption, "reference", self.reference))

    def facts(self, **more: Any) -> dict[str, Any]:
        """What every event of it tells."""
        return {"agent": self.agent_id, "amount": self.amount, "state": self.state, **more}


class RedemptionStatus(Answer, frozen=True, kw_only=True):
    """Where a redemption stands."""

    redemption_id: UUID
    state: str
    amount: Money
    timestamp: datetime


class RequestRedemption(Command[RedemptionStatus], frozen=True, kw_only=True):
    """Ask for it. The float stays at work until it is paid."""

    redemption_id: UUID
    agent_id: UUID
    person_id: UUID
    amount: Money

    def touches(self, books: Books) -> Rounds:
        yield (Agent.by_id(self.agent_id), Redemption.by_id(self.redemption_id))
        agent = books.find(Agent.by_id(self.agent_id))
        if agent is not None:
            yield (Account.by_id(agent.float_id), debt_key(OWED_BY_AGENT, agent.id))

    def decide(self, books: Books) -> RedemptionStatus:
        agent = books.find(Agent.by_id(self.agent_id))
        if agent is None:
            raise NotFound("There is no such agent.")
        float_ = books.account(agent.float_id)
        require_covered_beside_debt(books, float_, agent.id, self.amount.minor)
        # From here on nothing is refused.
        asked = Redemption(
            id=self.redemption_id,
            agent_id=agent.id,
            amount=self.amount.minor,
            requested_by=self.person_id,
        )
        books.put(asked)
        books.record("redemption.requested", asked.id, asked.facts())
        return _status(books, asked)


class PayRedemption(Command[RedemptionStatus], frozen=True, kw_only=True):
    """The bank transfer is made: the float is gone, and so is the money in trust for it."""

    redemption_id: UUID
    operator_id: UUID
    reference: str

    def touches(self, books: Books) -> Rounds:
        yield (
            Redemption.by_id(self.redemption_id),
            Redemption.by_reference(self.reference),
            Person.by_id(self.operator_id),
            Account.by_id(TRUST),
        )
        yield from _counter(books, self.redemption_id)

    def decide(self, books: Books) -> RedemptionStatus:
        require_staff(books, self.operator_id, Role.OPERATOR)
        asked = _require_requested(books, self.redemption_id)
        if books.find(Redemption.by_reference(self.reference)) is not None:
            raise Conflict("This bank transfer has paid another redemption.")
        float_ = books.account(books.get(Agent.by_id(asked.agent_id)).float_id)
        require_covered_beside_debt(books, float_, asked.agent_id, asked.amount)
        # From here on nothing is refused.
        paid = msgspec.structs.replace(
            asked, state=PAID, decided_by=self.operator_id, reference=self.reference
        )
        books.put(paid)
        books.record(
            "redemption.paid",
            paid.id,
            paid.facts(reference=self.reference),
            move(Money(paid.amount), debit_to=float_.id, credit_to=TRUST),
        )
        watch_float(books, paid.agent_id)
        return _status(books, paid)


class RefuseRedemption(Command[RedemptionStatus], frozen=True, kw_only=True):
    """It is not paid, for a reason that the agent is told."""

    redemption_id: UUID
    operator_id: UUID
    reason: str

    def touches(self, books: Books) -> Rounds:
        yield (Redemption.by_id(self.redemption_id), Person.by_id(self.operator_id))

    def decide(self, books: Books) -> RedemptionStatus:
        require_staff(books, self.operator_id, Role.OPERATOR)
        asked = _require_requested(books, self.redemption_id)
        # From here on nothing is refused.
        refused = msgspec.structs.replace(asked, state=REFUSED, decided_by=self.operator_id)
        books.put(refused)
        books.record("redemption.refused", refused.id, refused.facts(reason=self.reason))
        return _status(books, refused)


def _counter(books: Books, redemption_id: UUID) -> Rounds:
    """The agent who asked, then the float and what the agent owes us."""
    asked = books.find(Redemption.by_id(redemption_id))
    if asked is not None:
        yield (Agent.by_id(asked.agent_id),)
        float_id = books.get(Agent.by_id(asked.agent_id)).float_id
        yield (Account.by_id(float_id), debt_key(OWED_BY_AGENT, asked.agent_id))


def _require_requested(books: Books, redemption_id: UUID) -> Redemption:
    asked = books.find(Redemption.by_id(redemption_id))
    if asked is None:
        raise NotFound
    if asked.state != REQUESTED:
        raise Conflict(state=asked.state)
    return asked


def _status(books: Books, redemption: Redemption) -> RedemptionStatus:
    return RedemptionStatus(
        redemption_id=redemption.id,
        state=redemption.state,
        amount=Money(redemption.amount),
        timestamp=books.now,
    )
