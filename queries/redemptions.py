"""Redemptions of float: those of an agent, and those that wait for our own people."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger.money import CVE, Money
from queries.answer import Answer, money
from queries.reader import Reader
from queries.tables import outlet, redemption

SHOWN_MAX = 200


class Redemption(Answer, frozen=True, kw_only=True):
    """Float that an agent wants, or has had, as money in the bank."""

    redemption_id: UUID
    agent_id: UUID
    agent: str
    amount: Money
    state: str
    reference: str | None
    reason: str | None
    requested_at: datetime
    timestamp: datetime


class Redemptions(Answer, frozen=True, kw_only=True):
    """No more than can be shown at once."""

    items: tuple[Redemption, ...]


REDEMPTIONS = sa.select(redemption, outlet.c.name.label("agent")).join_from(
    redemption, outlet, outlet.c.id == redemption.c.agent_id
)


async def of_agent(reader: Reader, agent_id: UUID) -> Redemptions:
    """Those of one agent, newest first."""
    rows = await reader.all(
        REDEMPTIONS.where(redemption.c.agent_id == agent_id)
        .order_by(redemption.c.requested_position.desc())
        .limit(SHOWN_MAX)
    )
    return Redemptions(items=tuple(_redemption(row) for row in rows))


async def waiting(reader: Reader) -> Redemptions:
    """Those that nobody has decided yet, oldest first."""
    rows = await reader.all(
        REDEMPTIONS.where(redemption.c.state == "requested")
        .order_by(redemption.c.requested_position)
        .limit(SHOWN_MAX)
    )
    return Redemptions(items=tuple(_redemption(row) for row in rows))


def _redemption(row: sa.Row[Any]) -> Redemption:
    return Redemption(
        redemption_id=row.id,
        agent_id=row.agent_id,
        agent=row.agent,
        amount=money(row.amount, CVE.code),
        state=row.state,
        reference=row.reference,
        reason=row.reason,
        requested_at=row.requested_at,
        timestamp=row.updated_at,
    )
