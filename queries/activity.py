"""What moved day by day, and what customers' money and the trust came to: figures for charts."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from ledger import chart
from ledger.money import CVE, Money
from queries.answer import Answer
from queries.reader import Reader
from queries.tables import turnover

DAYS = 30
E_MONEY = (chart.WALLET, chart.AGENT_FLOAT, chart.HELD, chart.DORMANT)
TRUST = (chart.TRUST_BANK, chart.TRUST_IN_TRANSIT)


class DayFigures(Answer, frozen=True, kw_only=True):
    """A day of booking: what was debited (and as much credited), what stood when it ended."""

    day: date
    moved: Money
    e_money: Money
    trust: Money


async def of(reader: Reader, last: date) -> tuple[DayFigures, ...]:
    """The last month, day by day, the oldest first."""
    first = last - timedelta(days=DAYS - 1)
    day = sa.func.greatest(turnover.c.day, first - timedelta(days=1))  # all before is one opening
    net = turnover.c.booked_debits - turnover.c.booked_credits
    rows = await reader.all(
        sa.select(
            day.label("day"),
            _total(turnover.c.booked_debits).label("moved"),
            _total(-net, E_MONEY).label("e_money"),
            _total(net, TRUST).label("trust"),
        )
        .where(turnover.c.currency == CVE.code, turnover.c.day <= last)
        .group_by(day)
    )
    found = {row.day: row for row in rows}
    e_money = trust = 0
    figures = []
    for each in (first + timedelta(days=number) for number in range(-1, DAYS)):
        row = found.get(each)
        e_money += 0 if row is None else row.e_money
        trust += 0 if row is None else row.trust
        figures.append(
            DayFigures(
                day=each,
                moved=Money(0 if row is None else row.moved, CVE),
                e_money=Money(e_money, CVE),
                trust=Money(trust, CVE),
            )
        )
    return tuple(figures[1:])


def _total(
    amount: sa.ColumnElement[int], codes: tuple[str, ...] | None = None
) -> sa.ColumnElement[int]:
    total = sa.func.sum(amount)
    if codes is not None:
        return sa.cast(
            sa.func.coalesce(total.filter(turnover.c.code.in_(codes)), 0), sa.BigInteger()
        )
    return sa.cast(total, sa.BigInteger())
