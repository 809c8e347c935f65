"""What a customer may spend now."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ledger.errors import NotFound
from ledger.money import Money
from queries.answer import Answer, holds
from queries.reader import Reader
from queries.tables import account, wallet


class Balance(Answer, frozen=True, kw_only=True):
    """The available balance, and when it last changed."""

    balance: Money
    currency: str
    last_updated: datetime


BALANCES = sa.select(
    account.c.code, account.c.currency, account.c.balance, account.c.updated_at
).join_from(wallet, account, wallet.c.id == account.c.id)


async def of_wallet(reader: Reader, user_id: UUID) -> Balance:
    """The balance of a customer's wallet. Raises NotFound."""
    row = await reader.first(BALANCES.where(wallet.c.user_id == user_id))
    if row is None:
        raise NotFound
    return Balance(
        balance=holds(row.code, row.balance, row.currency),
        currency=row.currency,
        last_updated=row.updated_at,
    )
