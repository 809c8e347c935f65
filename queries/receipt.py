"""The receipt (talão) of an operation at a counter, for whoever stands there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ledger.errors import NotFound
from ledger.journal import written
from ledger.money import Money
from queries.answer import Answer, money
from queries.reader import Reader
from queries.tables import account, entry, movement, outlet, withdrawal

# What is printed at a counter; nothing else has a receipt here.
TITLES = {"cash_in.made": "depósito", "cash_out.confirmed": "levantamento"}


class Receipt(Answer, frozen=True, kw_only=True):
    """What the customer gets in hand. `amount` is the cash; a fee was paid on top of it."""

    receipt_number: str
    transaction_id: UUID
    title: str
    amount: Money
    fee: Money
    agent_id: UUID
    agent: str
    island: str | None
    timestamp: datetime


async def of(reader: Reader, agent_id: UUID, transaction_id: UUID) -> Receipt:
    """The receipt of an operation at this agent's counter. Raises NotFound."""
    row = await reader.first(
        sa.select(
            movement.c.kind,
            movement.c.amount,
            entry.c.number,
            entry.c.recorded_at,
            account.c.currency,
            outlet.c.name,
            outlet.c.island,
            sa.func.coalesce(withdrawal.c.fee, 0).label("fee"),
        )
        .join_from(movement, outlet, outlet.c.float_id == movement.c.account_id)
        .join(account, account.c.id == movement.c.account_id)
        .join(entry, entry.c.number == movement.c.entry_number)
        .outerjoin(withdrawal, withdrawal.c.id == movement.c.transaction_id)
        .where(movement.c.transaction_id == transaction_id, outlet.c.id == agent_id)
    )
    if row is None or row.kind not in TITLES:
        raise NotFound
    return Receipt(
        receipt_number=written(row.number),
        transaction_id=transaction_id,
        title=TITLES[row.kind],
        amount=money(row.amount, row.currency),
        fee=money(row.fee, row.currency),
        agent_id=agent_id,
        agent=row.name,
        island=row.island,
        timestamp=row.recorded_at,
    )
