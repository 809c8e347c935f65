"""Agents and the requests that customers make to them, as decisions see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.agent.lifecycle import Happening, RequestState, require_move
from commands.command import Answer
from ledger.books import Books
from ledger.money import Money
from ledger.rows import Key, Row


class Agent(Row, frozen=True, kw_only=True):
    """An outlet, and the account of its float."""

    id: UUID
    float_id: UUID
    status: str = "open"

    TABLE: ClassVar[str] = "agent"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT version, id, float_id, status
            FROM ledger.agent
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.agent AS a (id, float_id, status, version)
            SELECT r.id, r.float_id, r.status, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, float_id uuid, status text, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET status = excluded.status, version = excluded.version
            WHERE a.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('agent', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(agent_id: UUID) -> Key[Agent]:
        """The agent with this id."""
        return (Agent, "id", agent_id.int)

    def keys(self) -> tuple[Key[Agent], ...]:
        return ((Agent, "id", self.id.int),)

    @property
    def open(self) -> bool:
        """Whether it serves customers."""
        return self.status == "open"


class AgentRequest(Row, frozen=True, kw_only=True):
    """A customer wants cash from one agent. `amount` and `fee` are held for it."""

    id: UUID
    user_id: UUID
    wallet_id: UUID
    session_id: UUID | None
    agent_id: UUID
    state: RequestState
    amount: int
    fee: int
    commission: int
    tariff_edition: int
    pickup_digest: bytes | None
    pickup_seal: bytes | None
    tries: int = 0
    requested_at: datetime
    expires_at: datetime

    TABLE: ClassVar[str] = "agent_request"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, user_id, wallet_id, session_id, agent_id, state, amount, fee,
                commission, tariff_edition, pickup_digest, pickup_seal, tries, requested_at,
                expires_at
            FROM ledger.agent_request
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.agent_request AS a (
                id, user_id, wallet_id, session_id, agent_id, state, amount, fee, commission,
                tariff_edition, pickup_digest, pickup_seal, tries, requested_at, expires_at, version
            )
            SELECT
                r.id, r.user_id, r.wallet_id, r.session_id, r.agent_id, r.state, r.amount, r.fee,
                r.commission, r.tariff_edition, decode(r.pickup_digest, 'base64'),
                decode(r.pickup_seal, 'base64'), r.tries, r.requested_at, r.expires_at, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, user_id uuid, wallet_id uuid, session_id uuid, agent_id uuid, state text,
                amount bigint, fee bigint, commission bigint, tariff_edition integer,
                pickup_digest text, pickup_seal text, tries smallint, requested_at timestamptz,
                expires_at timestamptz, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                state = excluded.state, pickup_digest = excluded.pickup_digest,
                pickup_seal = excluded.pickup_seal, tries = excluded.tries,
                version = excluded.version
            WHERE a.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('agent_request', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(request_id: UUID) -> Key[AgentRequest]:
        """The request with this id."""
        return (AgentRequest, "id", request_id.int)

    def keys(self) -> tuple[Key[AgentRequest], ...]:
        return ((AgentRequest, "id", self.id.int),)

    @property
    def held(self) -> Money:
        """What was set aside for it: the amount and its fee."""
        return Money(self.amount + self.fee)

    def moved(self, happening: Happening, **changes: Any) -> AgentRequest:
        """The same request after something happened to it. Raises Conflict.

        A pick-up code that no longer lives is gone from here.
        """
        state = require_move(self.state, happening)
        if state is not RequestState.PENDING:
            changes |= {"pickup_digest": None, "pickup_seal": None}
        return msgspec.structs.replace(self, state=state, **changes)

    def facts(self, **more: Any) -> dict[str, Any]:
        """What every event of its life tells."""
        return {
            "user": self.user_id,
            "wallet": self.wallet_id,
            "agent": self.agent_id,
            "state": self.state,
            "amount": self.amount,
            "fee": self.fee,
            "commission": self.commission,
            **more,
        }


class RequestStatus(Answer, frozen=True, kw_only=True):
    """Where a request stands."""

    transaction_id: UUID
    status: RequestState
    timestamp: datetime

    @classmethod
    def of(cls, books: Books, request: AgentRequest) -> RequestStatus:
        """That of a request now."""
        return cls(transaction_id=request.id, status=request.state, timestamp=books.now)
