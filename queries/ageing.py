"""Suspense and other open items by age, at the end of any day.

Breaks, disputes, claims and credits of nobody whom we know (1900, 2900) are known item by item. Of
the other accounts that have to come to nothing in the end, what stands is taken to be what came
last: first in, first out.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger import chart
from ledger.accounts import DEBIT_NORMAL
from ledger.chart import HEADINGS
from ledger.money import CVE, Money
from queries.answer import Answer, money, name_of
from queries.reader import Reader
from queries.report_tables import suspense
from queries.tables import turnover

BANDS = (7, 30, 90)  # days; older ones are in the last band
ITEMS_MAX = 200  # shown of a code, the oldest first
ITEMISED = (chart.SUSPENSE_BREAKS, chart.UNIDENTIFIED_CREDITS)
BY_DAY = (chart.DUE_FROM_SWITCH, chart.AGENT_RECEIVABLE, "1920", chart.SWITCH_PAYABLE)


class Item(Answer, frozen=True, kw_only=True):
    """Something that is open. `kind` is the event that opened it, `entryNumber` its first entry."""

    item: UUID
    kind: str
    entry_number: int
    opened_on: date
    days: int
    amount: Money


class Aged(Answer, frozen=True, kw_only=True):
    """A code: what stands, of which age, and what of it no item explains (which must be nothing).

    `bands` are amounts of up to 7, up to 30, up to 90 days, and older.
    """

    code: str
    name: str
    balance: Money
    bands: tuple[Money, Money, Money, Money]
    items: tuple[Item, ...]
    items_count: int
    unexplained: Money


class Ageing(Answer, frozen=True, kw_only=True):
    """All of it, at the end of a day."""

    as_of: date
    codes: tuple[Aged, ...]


async def as_of(reader: Reader, day: date) -> Ageing:
    """By booking dates."""
    balances = await _days(reader, day)
    open_ = await _open_items(reader, day)
    codes = [_itemised(code, day, balances.get(code, []), open_.get(code, [])) for code in ITEMISED]
    codes += [_by_day(code, day, balances.get(code, [])) for code in BY_DAY]
    return Ageing(as_of=day, codes=tuple(sorted(codes, key=lambda each: each.code)))


async def _days(reader: Reader, day: date) -> dict[str, list[Any]]:
    """What was debited and credited under each code, the newest day first."""
    rows = await reader.all(
        sa.select(
            turnover.c.code, turnover.c.day, turnover.c.booked_debits, turnover.c.booked_credits
        )
        .where(turnover.c.code.in_((*ITEMISED, *BY_DAY)), turnover.c.day <= day)
        .order_by(turnover.c.code, turnover.c.day.desc())
    )
    by_code: dict[str, list[Any]] = {}
    for row in rows:
        by_code.setdefault(row.code, []).append(row)
    return by_code


async def _open_items(reader: Reader, day: date) -> dict[str, list[Any]]:
    first = sa.func.min(suspense.c.entry_number)
    rows = await reader.all(
        sa.select(
            suspense.c.code,
            suspense.c.item,
            first.label("entry_number"),
            sa.func.min(suspense.c.booking_date).label("opened_on"),
            sa.func.array_agg(
                sa.dialects.postgresql.aggregate_order_by(
                    suspense.c.kind, suspense.c.booking_date, suspense.c.entry_number
                )
            ).label("kinds"),
            sa.cast(sa.func.sum(suspense.c.amount), sa.BigInteger()).label("amount"),
        )
        .where(suspense.c.booking_date <= day)
        .group_by(suspense.c.code, suspense.c.item)
        .having(sa.func.sum(suspense.c.amount) != 0)
        .order_by(suspense.c.code, sa.text("opened_on"), sa.text("entry_number"))
    )
    by_code: dict[str, list[Any]] = {}
    for row in rows:
        by_code.setdefault(row.code, []).append(row)
    return by_code


def _itemised(code: str, day: date, days: list[Any], rows: list[Any]) -> Aged:
    sign = _sign(code)
    balance = sign * sum(row.booked_debits - row.booked_credits for row in days)
    items = [
        Item(
            item=row.item,
            kind=row.kinds[0],
            entry_number=row.entry_number,
            opened_on=row.opened_on,
            days=(day - row.opened_on).days,
            amount=money(sign * row.amount, CVE.code),
        )
        for row in rows
    ]
    bands = [0] * (len(BANDS) + 1)
    for item in items:
        bands[_band(item.days)] += item.amount.minor
    return Aged(
        code=code,
        name=name_of(code),
        balance=Money(balance),
        bands=_in_money(bands),
        items=tuple(items[:ITEMS_MAX]),
        items_count=len(items),
        unexplained=Money(balance - sum(bands)),
    )


def _by_day(code: str, day: date, days: list[Any]) -> Aged:
    """The newest increases make up what stands."""
    sign = _sign(code)
    balance = left = sign * sum(row.booked_debits - row.booked_credits for row in days)
    bands = [0] * (len(BANDS) + 1)
    for row in days:
        # What stands on the other side is made up of what came on that one.
        debits = sign * left > 0
        part = min(abs(left), row.booked_debits if debits else row.booked_credits)
        part = part if left > 0 else -part
        bands[_band((day - row.day).days)] += part
        left -= part
    return Aged(
        code=code,
        name=name_of(code),
        balance=Money(balance),
        bands=_in_money(bands),
        items=(),
        items_count=0,
        unexplained=Money(left),
    )


def _sign(code: str) -> int:
    return 1 if HEADINGS[code].kind in DEBIT_NORMAL else -1


def _band(days: int) -> int:
    return next((band for band, most in enumerate(BANDS) if days <= most), len(BANDS))


def _in_money(bands: list[int]) -> tuple[Money, Money, Money, Money]:
    first, second, third, fourth = map(Money, bands)
    return (first, second, third, fourth)
