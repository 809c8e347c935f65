"""How a withdrawal stands: at a machine or at an agent's counter, for the customer who asked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ledger.errors import NotFound
from ledger.money import Money
from queries.answer import Answer, money
from queries.reader import Reader
from queries.tables import account, withdrawal


class WithdrawalStatus(Answer, frozen=True, kw_only=True):
    """`amount` and `fee` are what was asked, or, once completed, what was really paid.

    `channel` is atm or agent. `timestamp` is that of the last thing that happened to it.
    """

    transaction_id: UUID
    channel: str
    status: str
    requested: Money
    amount: Money
    fee: Money
    agent_id: UUID | None
    reason: str | None
    expiry_time: datetime
    timestamp: datetime


async def status(reader: Reader, user_id: UUID, transaction_id: UUID) -> WithdrawalStatus:
    """The status of a customer's withdrawal. Raises NotFound when it is not theirs."""
    row = await reader.first(
        sa.select(withdrawal, account.c.currency)
        .join_from(withdrawal, account, account.c.id == withdrawal.c.wallet_id)
        .where(withdrawal.c.id == transaction_id, withdrawal.c.user_id == user_id)
    )
    if row is None:
        raise NotFound
    paid = row.state == "completed" and row.captured is not None
    return WithdrawalStatus(
        transaction_id=row.id,
        channel=row.channel,
        status=row.state,
        requested=money(row.amount, row.currency),
        amount=money(row.captured if paid else row.amount, row.currency),
        fee=money(row.captured_fee or 0 if paid else row.fee, row.currency),
        agent_id=row.agent_id,
        reason=row.reason,
        expiry_time=row.expires_at,
        timestamp=row.updated_at,
    )
