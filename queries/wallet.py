"""A customer's wallet: what may be spent, what is held, whether it may move."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ledger import chart
from ledger.errors import NotFound
from ledger.money import Money
from queries.answer import Answer, holds, money
from queries.reader import Reader
from queries.tables import account, wallet


class Wallet(Answer, frozen=True, kw_only=True):
    """`balance` is what may be spent; `held` is set aside for withdrawals under way; `owed` is what
    its owner owes us."""

    balance: Money
    held: Money
    owed: Money
    currency: str
    status: str
    last_updated: datetime


debt = account.alias("debt")
WALLETS = sa.select(
    account.c.code,
    account.c.currency,
    account.c.balance,
    wallet.c.held,
    wallet.c.status,
    sa.func.coalesce(debt.c.balance, 0).label("owed"),
    sa.func.greatest(account.c.updated_at, wallet.c.updated_at, debt.c.updated_at).label(
        "updated_at"
    ),
).join_from(wallet, account, wallet.c.id == account.c.id)
WALLETS = WALLETS.outerjoin(
    debt, sa.and_(debt.c.owner == wallet.c.user_id, debt.c.code == chart.CUSTOMER_RECEIVABLE)
)


async def of(reader: Reader, user_id: UUID) -> Wallet:
    """The wallet of a customer. Raises NotFound."""
    row = await reader.first(WALLETS.where(wallet.c.user_id == user_id))
    if row is None:
        raise NotFound
    return Wallet(
        balance=holds(row.code, row.balance, row.currency),
        held=money(row.held, row.currency),
        owed=money(row.owed, row.currency),
        currency=row.currency,
        status=row.status,
        last_updated=row.updated_at,
    )


async def id_of(reader: Reader, user_id: UUID) -> UUID:
    """The id of a customer's wallet, which is its account's. Raises NotFound."""
    row = await reader.first(sa.select(wallet.c.id).where(wallet.c.user_id == user_id))
    if row is None:
        raise NotFound
    found: UUID = row.id
    return found
