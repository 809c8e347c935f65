"""A customer's movements: one for each transaction, newest first, with its present status."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger.errors import NotFound
from ledger.money import Money
from queries import cursor, wallet
from queries.answer import Answer, Direction, customers_word_for, holds, money
from queries.reader import Reader
from queries.risk_tables import held_transfer
from queries.tables import account, entry, movement, withdrawal


class Movement(Answer, frozen=True, kw_only=True):
    """What one transaction did to the wallet.

    Of a withdrawal `amount` and `fee` are what was asked, or, once it is completed, what was really
    paid. `counterparty` is the other customer, the agent or the terminal. `balance_after` is what
    the wallet held after the newest entry of the transaction, `entry_number` names its first.
    """

    transaction_id: UUID
    kind: str
    direction: Direction
    amount: Money
    fee: Money
    counterparty: str | None
    status: str
    timestamp: datetime
    balance_after: Money
    entry_number: int


class History(Answer, frozen=True, kw_only=True):
    """A page of movements, newest first."""

    items: tuple[Movement, ...]
    next_cursor: str | None


_reversal = entry.alias("reversal")
# A transfer that was held, and by now is not, is a transfer like any other for who has got it.
_held_state = sa.case(
    (held_transfer.c.state == "released", "completed"), else_=held_transfer.c.state
)
_paid = sa.and_(withdrawal.c.state == "completed", withdrawal.c.captured.is_not(None))

MOVEMENTS = (
    sa.select(
        movement.c.transaction_id,
        movement.c.entry_number,
        movement.c.kind,
        movement.c.incoming,
        sa.case((_paid, withdrawal.c.captured), else_=movement.c.amount).label("amount"),
        sa.case(
            (_paid, sa.func.coalesce(withdrawal.c.captured_fee, 0)), else_=movement.c.fee
        ).label("fee"),
        sa.func.coalesce(
            withdrawal.c.terminal_id, sa.cast(movement.c.counterparty, sa.Text())
        ).label("counterparty"),
        sa.func.coalesce(
            withdrawal.c.state,
            _held_state,
            sa.case((_reversal.c.number.is_not(None), "reversed"), else_="completed"),
        ).label("status"),
        movement.c.balance,
        entry.c.recorded_at,
        account.c.code,
        account.c.currency,
    )
    .select_from(movement)
    .join(account, account.c.id == movement.c.account_id)
    .join(entry, entry.c.number == movement.c.entry_number)
    .outerjoin(_reversal, _reversal.c.reverses == movement.c.entry_number)
    .outerjoin(withdrawal, withdrawal.c.id == movement.c.transaction_id)
    .outerjoin(held_transfer, held_transfer.c.id == movement.c.transaction_id)
)


async def page(
    reader: Reader, user_id: UUID, limit: int = cursor.PAGE_USUAL, after: str | None = None
) -> History:
    """A page of a customer's movements, newest first. `after` is the cursor of the page before.

    Raises NotFound when there is no such wallet, InvalidRequest for a wrong limit or cursor.
    """
    limit = cursor.require_page(limit)
    filters = ("history", user_id)
    query = MOVEMENTS.where(movement.c.account_id == await wallet.id_of(reader, user_id))
    if after is not None:
        query = query.where(movement.c.entry_number < cursor.read(after, filters, cursor.Number))
    query = query.order_by(movement.c.entry_number.desc()).limit(limit + 1)
    rows = await reader.all(query)
    items = tuple(_movement(row) for row in rows[:limit])
    more = len(rows) > limit
    return History(
        items=items,
        next_cursor=cursor.write(filters, items[-1].entry_number) if more else None,
    )


async def one(reader: Reader, user_id: UUID, transaction_id: UUID) -> Movement:
    """One movement of a customer. Raises NotFound when it is not theirs."""
    row = await reader.first(
        MOVEMENTS.where(
            movement.c.transaction_id == transaction_id,
            movement.c.account_id == await wallet.id_of(reader, user_id),
        )
    )
    if row is None:
        raise NotFound
    return _movement(row)


def _movement(row: sa.Row[Any]) -> Movement:
    return Movement(
        transaction_id=row.transaction_id,
        kind=customers_word_for(row.kind),
        direction=Direction.IN if row.incoming else Direction.OUT,
        amount=money(row.amount, row.currency),
        fee=money(row.fee, row.currency),
        counterparty=row.counterparty,
        status=row.status,
        timestamp=row.recorded_at,
        balance_after=holds(row.code, row.balance, row.currency),
        entry_number=row.entry_number,
    )
