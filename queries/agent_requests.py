"""What waits for an agent: customers' requests for cash, oldest first."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger.errors import NotFound
from ledger.money import CVE, Money
from queries.answer import Answer, money
from queries.reader import Reader
from queries.tables import offer, withdrawal

QUEUE_MAX = 200


class AgentRequest(Answer, frozen=True, kw_only=True):
    """A request at an agent's counter. The agent pays `amount` and earns `commission`."""

    transaction_id: UUID
    user_id: UUID
    status: str
    amount: Money
    fee: Money
    commission: Money
    reason: str | None
    requested_at: datetime
    expiry_time: datetime
    timestamp: datetime


class AgentQueue(Answer, frozen=True, kw_only=True):
    """Pending requests, oldest first; the newest are left out when there are too many."""

    items: tuple[AgentRequest, ...]


REQUESTS = sa.select(withdrawal)  # not the customer's account: an agent may not look at it


async def queue(reader: Reader, agent_id: UUID) -> AgentQueue:
    """The requests that wait for this agent."""
    rows = await reader.all(
        REQUESTS.where(withdrawal.c.agent_id == agent_id, withdrawal.c.state == "pending")
        .order_by(withdrawal.c.requested_position)
        .limit(QUEUE_MAX)
    )
    return AgentQueue(items=tuple(_request(row) for row in rows))


async def offers(reader: Reader, agent_id: UUID) -> AgentQueue:
    """The requests that this agent may take, if nobody near is faster."""
    rows = await reader.all(
        REQUESTS.join(offer, offer.c.request_id == withdrawal.c.id)
        .where(
            offer.c.agent_id == agent_id,
            offer.c.open,
            withdrawal.c.state == "pending",
            withdrawal.c.agent_id.is_(None),
        )
        .order_by(withdrawal.c.requested_position)
        .limit(QUEUE_MAX)
    )
    return AgentQueue(items=tuple(_request(row) for row in rows))


async def one(reader: Reader, agent_id: UUID, transaction_id: UUID) -> AgentRequest:
    """A request at this agent's counter. Raises NotFound when it is another's."""
    row = await reader.first(
        REQUESTS.where(withdrawal.c.id == transaction_id, withdrawal.c.agent_id == agent_id)
    )
    if row is None:
        raise NotFound
    return _request(row)


def _request(row: sa.Row[Any]) -> AgentRequest:
    return AgentRequest(
        transaction_id=row.id,
        user_id=row.user_id,
        status=row.state,
        amount=money(row.amount, CVE.code),
        fee=money(row.fee, CVE.code),
        commission=money(row.commission or 0, CVE.code),
        reason=row.reason,
        requested_at=row.requested_at,
        expiry_time=row.expires_at,
        timestamp=row.updated_at,
    )
