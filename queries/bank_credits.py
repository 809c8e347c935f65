"""Bank credits that nobody could place, the oldest first, so that somebody does."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from ledger.money import CVE, Money
from queries.answer import Answer
from queries.care_tables import bank_credit
from queries.reader import Reader

LIST_MAX = 200


class UnidentifiedCredit(Answer, frozen=True, kw_only=True):
    """A credit on the trust account that waits for its owner."""

    reference: str
    transaction_id: UUID
    amount: Money
    value_date: date
    entry_number: int
    booked_at: datetime


class UnidentifiedCredits(Answer, frozen=True, kw_only=True):
    """`count` and `total` are of all; `items` leaves the newest out when there are too many."""

    count: int
    total: Money
    items: tuple[UnidentifiedCredit, ...]


WAITING = bank_credit.c.state == "unidentified"


async def unidentified(reader: Reader) -> UnidentifiedCredits:
    """What waits now."""
    sums = await reader.first(
        sa.select(
            sa.func.count().label("credits"),
            sa.func.coalesce(sa.func.sum(bank_credit.c.amount), 0).label("total"),
        ).where(WAITING)
    )
    assert sums is not None, "a sum is one row"
    rows = await reader.all(
        sa.select(bank_credit)
        .where(WAITING)
        .order_by(bank_credit.c.booked_at, bank_credit.c.reference)
        .limit(LIST_MAX)
    )
    return UnidentifiedCredits(
        count=sums.credits,
        total=Money(int(sums.total), CVE),
        items=tuple(
            UnidentifiedCredit(
                reference=row.reference,
                transaction_id=row.transaction_id,
                amount=Money(row.amount, CVE),
                value_date=row.value_date,
                entry_number=row.entry_number,
                booked_at=row.booked_at,
            )
            for row in rows
        ),
    )
