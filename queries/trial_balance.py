"""The trial balance (Balancete): every code of the chart, totals equal, at the end of any day of
booking or value, or as the books stood at any position of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import msgspec
import sqlalchemy as sa

from ledger.accounts import Kind
from ledger.errors import InvalidRequest
from ledger.money import Money
from queries.answer import Answer, Side, kind_of, money, name_of, side_of
from queries.projection.journal import STRETCH
from queries.reader import Reader
from queries.standing import Axis, columns
from queries.tables import projection, turnover


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Until the end of which day, on which axis, or until which position; what stood before
    `from_` is the opening; `compare` is another day whose closing is shown beside."""

    to: date | None = None
    from_: date | None = None
    axis: Axis = Axis.BOOKING
    compare: date | None = None
    position: int | None = None


class TrialLine(Answer, frozen=True, kw_only=True):
    """A code: where it stood, what was debited and credited since, where the rest stands.

    Amounts of a standing are shown on their side, never below nothing. `compared` is the closing of
    the other day, and null when none was asked for.
    """

    code: str
    name: str
    kind: Kind
    currency: str
    opening: Money
    opening_side: Side
    debits: Money
    credits: Money
    closing: Money
    closing_side: Side
    compared: Money | None = None
    compared_side: Side | None = None


class TrialClass(Answer, frozen=True, kw_only=True):
    """All codes of one kind together."""

    kind: Kind
    currency: str
    opening: Money
    opening_side: Side
    debits: Money
    credits: Money
    closing: Money
    closing_side: Side


class TrialTotals(Answer, frozen=True, kw_only=True):
    """The totals of a currency. Debits equal credits: of what stood, of what moved, of the rest."""

    currency: str
    opening_debits: Money
    opening_credits: Money
    debits: Money
    credits: Money
    closing_debits: Money
    closing_credits: Money


class TrialBalance(Answer, frozen=True, kw_only=True):
    """All codes that had moved until then. `position` is how far the log had been read for it."""

    as_of: date | None
    from_: date | None = msgspec.field(name="from")
    axis: Axis
    compare: date | None
    position: int
    lines: tuple[TrialLine, ...]
    classes: tuple[TrialClass, ...]
    totals: tuple[TrialTotals, ...]


# All that was before the stretch of a position, and then entry by entry.
AT_POSITION = sa.text("""
    SELECT n.code, n.currency, sum(n.debits) AS debits, sum(n.credits) AS credits
    FROM (
        SELECT m.code, m.currency, m.debits, m.credits
        FROM (SELECT DISTINCT code, currency FROM turnover) AS c
        CROSS JOIN LATERAL (
            SELECT m.code, m.currency, m.debits, m.credits
            FROM milestone AS m
            WHERE
                m.code = c.code AND m.currency = c.currency
                AND m.stretch < CAST(:position AS bigint) / CAST(:stretch AS bigint)
            ORDER BY m.stretch DESC
            LIMIT 1
        ) AS m
        UNION ALL
        SELECT i.code, a.currency, greatest(i.amount, 0), greatest(-i.amount, 0)
        FROM entry AS e
        INNER JOIN line AS i ON e.number = i.entry_number
        INNER JOIN account AS a ON i.account_id = a.id
        WHERE
            e.position >= CAST(:position AS bigint) / CAST(:stretch AS bigint) * :stretch
            AND e.position <= CAST(:position AS bigint)
    ) AS n
    GROUP BY n.code, n.currency
    ORDER BY n.code, n.currency
""")


async def as_of(reader: Reader, day: date) -> TrialBalance:
    """The trial balance at the end of a day of booking, from the very beginning."""
    return await of(reader, Asked(to=day))


async def of(reader: Reader, asked: Asked) -> TrialBalance:
    """The trial balance that is asked for. Raises InvalidRequest."""
    if asked.position is None:
        rows = await _on_days(reader, asked)
        read_to = int(rows[0].position) if rows else await reader.position()
    else:
        rows = await _at(reader, asked)
        read_to = asked.position
    lines = tuple(_line(row, asked) for row in rows)
    currencies = sorted({line.currency for line in lines})
    return TrialBalance(
        as_of=asked.to,
        from_=asked.from_,
        axis=asked.axis,
        compare=asked.compare,
        position=read_to,
        lines=lines,
        classes=tuple(_class(kind, each, lines) for each in currencies for kind in Kind),
        totals=tuple(_totals(lines, each) for each in currencies),
    )


async def _on_days(reader: Reader, asked: Asked) -> Any:
    if asked.to is None:
        raise InvalidRequest(field="asOf", reason="says until which day, or position until where")
    if asked.from_ is not None and asked.from_ > asked.to:
        raise InvalidRequest(field="from", reason="is after asOf")
    debits, credits_ = columns(turnover, asked.axis)

    def added(amount: Any, *days: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        total = sa.func.sum(amount).filter(*days)
        return sa.cast(sa.func.coalesce(total, 0), sa.BigInteger())

    first = asked.from_ or date.min
    opened, moved = turnover.c.day < first, turnover.c.day.between(first, asked.to)
    last = max(asked.to, asked.compare or asked.to)
    compared = turnover.c.day <= (asked.compare or date.min)
    return await reader.all(
        sa.select(
            turnover.c.code,
            turnover.c.currency,
            added(debits - credits_, opened).label("opening"),
            added(debits, moved).label("debits"),
            added(credits_, moved).label("credits"),
            added(debits - credits_, compared).label("compared"),
            sa.select(projection.c.position).scalar_subquery().label("position"),
        )
        .where(turnover.c.day <= last)
        .group_by(turnover.c.code, turnover.c.currency)
        .order_by(turnover.c.code, turnover.c.currency)
    )


async def _at(reader: Reader, asked: Asked) -> Any:
    assert asked.position is not None, "a position is asked for"
    if asked.to or asked.from_ or asked.compare or asked.axis is Axis.VALUE:
        raise InvalidRequest(field="position", reason="stands alone, without days")
    if not 0 <= asked.position <= await reader.position():
        raise InvalidRequest(field="position", reason="is not one of the log's, or not yet read")
    return await reader.all(
        AT_POSITION.bindparams(position=asked.position, stretch=STRETCH).columns(
            code=sa.Text(), currency=sa.Text(), debits=sa.BigInteger(), credits=sa.BigInteger()
        )
    )


def _line(row: Any, asked: Asked) -> TrialLine:
    opening = int(getattr(row, "opening", 0))
    debits, credits_ = int(row.debits), int(row.credits)
    closing = opening + debits - credits_
    compared = None if asked.compare is None else int(row.compared)
    return TrialLine(
        code=row.code,
        name=name_of(row.code),
        kind=kind_of(row.code),
        currency=row.currency,
        opening=money(abs(opening), row.currency),
        opening_side=side_of(opening),
        debits=money(debits, row.currency),
        credits=money(credits_, row.currency),
        closing=money(abs(closing), row.currency),
        closing_side=side_of(closing),
        compared=None if compared is None else money(abs(compared), row.currency),
        compared_side=None if compared is None else side_of(compared),
    )


def _class(kind: Kind, currency: str, lines: Iterable[TrialLine]) -> TrialClass:
    mine = [line for line in lines if line.kind is kind and line.currency == currency]
    opening = sum(signed(line.opening, line.opening_side) for line in mine)
    closing = sum(signed(line.closing, line.closing_side) for line in mine)
    return TrialClass(
        kind=kind,
        currency=currency,
        opening=money(abs(opening), currency),
        opening_side=side_of(opening),
        debits=money(sum(line.debits.minor for line in mine), currency),
        credits=money(sum(line.credits.minor for line in mine), currency),
        closing=money(abs(closing), currency),
        closing_side=side_of(closing),
    )


def signed(amount: Money, side: Side) -> int:
    """Debit positive."""
    return amount.minor if side is Side.DEBIT else -amount.minor


def _totals(lines: Iterable[TrialLine], currency: str) -> TrialTotals:
    mine = [line for line in lines if line.currency == currency]

    def total(of_line: Callable[[TrialLine], int]) -> Money:
        return money(sum(of_line(line) for line in mine), currency)

    def on(side: Side, which: str) -> Money:
        return total(
            lambda line: getattr(line, which).minor if getattr(line, f"{which}_side") is side else 0
        )

    return TrialTotals(
        currency=currency,
        opening_debits=on(Side.DEBIT, "opening"),
        opening_credits=on(Side.CREDIT, "opening"),
        debits=total(lambda line: line.debits.minor),
        credits=total(lambda line: line.credits.minor),
        closing_debits=on(Side.DEBIT, "closing"),
        closing_credits=on(Side.CREDIT, "closing"),
    )
