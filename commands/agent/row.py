"""Agents and the requests that customers make to them, as decisions see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.agent.lifecycle import Happening, RequestState, require_move
from commands.command import Answer
from ledger.books import Books
from ledger.errors import NotFound, ServesItself
from ledger.money import Money
from ledger.rows import Key, Row


class Agent(Row, frozen=True, kw_only=True):
    """An outlet: the account of its float, whose it is, where it stands.

    `insiders` are the customers who own it or stand behind its counter: it serves none of them.
    Degrees are millionths. Amounts are minor units.
    """

    id: UUID
    float_id: UUID
    status: str = "open"
    principal_id: UUID | None = None
    parent_id: UUID | None = None  # the super-agent that it gets float from
    insiders: tuple[UUID, ...] = ()
    name: str = ""
    island: str | None = None
    latitude: int | None = None
    longitude: int | None = None
    tills_required: bool = False
    float_low: int = 0
    float_ok: int = 0
    float_state: str = "ok"

    TABLE: ClassVar[str] = "agent"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, float_id, status, principal_id, parent_id, insiders, name, island,
                latitude, longitude, tills_required, float_low, float_ok, float_state
            FROM ledger.agent
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.agent AS a (
                id, float_id, status, principal_id, parent_id, insiders, name, island, latitude,
                longitude, tills_required, float_low, float_ok, float_state, version
            )
            SELECT
                r.id, r.float_id, r.status, r.principal_id, r.parent_id, r.insiders, r.name,
                r.island, r.latitude, r.longitude, r.tills_required, r.float_low, r.float_ok,
                r.float_state, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, float_id uuid, status text, principal_id uuid, parent_id uuid,
                insiders uuid[], name text, island text, latitude integer, longitude integer,
                tills_required boolean, float_low bigint, float_ok bigint, float_state text,
                version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                status = excluded.status, insiders = excluded.insiders,
                tills_required = excluded.tills_required, float_low = excluded.float_low,
                float_ok = excluded.float_ok, float_state = excluded.float_state,
                version = excluded.version
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

    def require_serves(self, user_id: UUID) -> None:
        """Raises ServesItself for its owner's and its own people's wallets."""
        if user_id in self.insiders:
            raise ServesItself


def require_open_agent(books: Books, agent_id: UUID) -> Agent:
    """The agent with this id that serves customers. Raises NotFound."""
    agent = books.find(Agent.by_id(agent_id))
    if agent is None or not agent.open:
        raise NotFound("There is no such agent.")
    return agent


class AgentRequest(Row, frozen=True, kw_only=True):
    """A customer wants cash from an agent. `amount` and `fee` are held for it.

    While `agent_id` is None it is an offer: the first of `offered_to` who takes it has it. Who was
    asked by name, or has had it and did not pay, is not in `offered_to`.
    """

    id: UUID
    user_id: UUID
    wallet_id: UUID
    session_id: UUID | None
    agent_id: UUID | None
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
    offered_to: tuple[UUID, ...] = ()

    TABLE: ClassVar[str] = "agent_request"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, user_id, wallet_id, session_id, agent_id, state, amount, fee,
                commission, tariff_edition, pickup_digest, pickup_seal, tries, requested_at,
                expires_at, offered_to
            FROM ledger.agent_request
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.agent_request AS a (
                id, user_id, wallet_id, session_id, agent_id, state, amount, fee, commission,
                tariff_edition, pickup_digest, pickup_seal, tries, requested_at, expires_at,
                offered_to, version
            )
            SELECT
                r.id, r.user_id, r.wallet_id, r.session_id, r.agent_id, r.state, r.amount, r.fee,
                r.commission, r.tariff_edition, decode(r.pickup_digest, 'base64'),
                decode(r.pickup_seal, 'base64'), r.tries, r.requested_at, r.expires_at,
                r.offered_to, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, user_id uuid, wallet_id uuid, session_id uuid, agent_id uuid, state text,
                amount bigint, fee bigint, commission bigint, tariff_edition integer,
                pickup_digest text, pickup_seal text, tries smallint, requested_at timestamptz,
                expires_at timestamptz, offered_to uuid[], version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                state = excluded.state, pickup_digest = excluded.pickup_digest,
                pickup_seal = excluded.pickup_seal, tries = excluded.tries,
                agent_id = excluded.agent_id, offered_to = excluded.offered_to,
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
        """What every event of its life tells; as long as nobody has it, to whom it is offered."""
        return {
            "user": self.user_id,
            "wallet": self.wallet_id,
            "agent": self.agent_id,
            **({"offeredTo": list(self.offered_to)} if self.agent_id is None else {}),
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
