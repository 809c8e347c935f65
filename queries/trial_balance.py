"""The trial balance (Balancete) at the end of any day: every code of the chart, totals equal."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from ledger.accounts import Kind
from ledger.money import Money
from queries.answer import Answer, Side, kind_of, money, name_of, side_of
from queries.reader import Reader
from queries.tables import turnover


class TrialLine(Answer, frozen=True, kw_only=True):
    """A code: what was debited and credited until then, and on which side the rest stands."""

    code: str
    name: str
    kind: Kind
    currency: str
    debits: Money
    credits: Money
    closing: Money
    closing_side: Side


class TrialTotals(Answer, frozen=True, kw_only=True):
    """The totals of a currency. Debits equal credits, before and after they are set off."""

    currency: str
    debits: Money
    credits: Money
    closing_debits: Money
    closing_credits: Money


class TrialBalance(Answer, frozen=True, kw_only=True):
    """All codes that ever moved until the end of a day."""

    as_of: date
    lines: tuple[TrialLine, ...]
    totals: tuple[TrialTotals, ...]


async def as_of(reader: Reader, day: date) -> TrialBalance:
    """The trial balance at the end of a day of booking."""
    rows = await reader.all(
        sa.select(
            turnover.c.code,
            turnover.c.currency,
            sa.cast(sa.func.sum(turnover.c.debits), sa.BigInteger()).label("debits"),
            sa.cast(sa.func.sum(turnover.c.credits), sa.BigInteger()).label("credits"),
        )
        .where(turnover.c.booking_date <= day)
        .group_by(turnover.c.code, turnover.c.currency)
        .order_by(turnover.c.code, turnover.c.currency)
    )
    lines = tuple(_line(row.code, row.currency, row.debits, row.credits) for row in rows)
    currencies = sorted({line.currency for line in lines})
    return TrialBalance(
        as_of=day, lines=lines, totals=tuple(_totals(lines, each) for each in currencies)
    )


def _line(code: str, currency: str, debits: int, credits: int) -> TrialLine:  # noqa: A002
    return TrialLine(
        code=code,
        name=name_of(code),
        kind=kind_of(code),
        currency=currency,
        debits=money(debits, currency),
        credits=money(credits, currency),
        closing=money(abs(debits - credits), currency),
        closing_side=side_of(debits - credits),
    )


def _totals(lines: tuple[TrialLine, ...], currency: str) -> TrialTotals:
    mine = [line for line in lines if line.currency == currency]

    def closing(side: Side) -> int:
        return sum(line.closing.minor for line in mine if line.closing_side is side)

    return TrialTotals(
        currency=currency,
        debits=money(sum(line.debits.minor for line in mine), currency),
        credits=money(sum(line.credits.minor for line in mine), currency),
        closing_debits=money(closing(Side.DEBIT), currency),
        closing_credits=money(closing(Side.CREDIT), currency),
    )
