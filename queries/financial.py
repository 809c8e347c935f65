"""Income statement (demonstração de resultados) and balance sheet (balanço): the trial balance
in the order in which results are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from ledger.accounts import DEBIT_NORMAL, Kind
from ledger.money import CVE, Money
from queries import trial_balance
from queries.answer import Answer, money
from queries.closings import carried_over
from queries.reader import Reader
from queries.standing import Axis
from queries.trial_balance import Asked, TrialBalance, TrialLine, signed


class Heading(Answer, frozen=True, kw_only=True):
    """A code with its amount on the normal side of its kind."""

    code: str
    name: str
    amount: Money


class IncomeStatement(Answer, frozen=True, kw_only=True):
    """What was earned and what was spent in a span of days; `result` is the one less the other."""

    from_: date = msgspec.field(name="from")
    to: date
    axis: Axis
    position: int
    currency: str
    income: tuple[Heading, ...]
    expenses: tuple[Heading, ...]
    total_income: Money
    total_expenses: Money
    result: Money


class BalanceSheet(Answer, frozen=True, kw_only=True):
    """What there is and whose it is. `result` is what was earned and is not yet carried to equity:
    assets equal liabilities, equity and result."""

    as_of: date | None
    axis: Axis
    position: int
    currency: str
    assets: tuple[Heading, ...]
    liabilities: tuple[Heading, ...]
    equity: tuple[Heading, ...]
    result: Money
    total_assets: Money
    total_liabilities: Money
    total_equity: Money


async def income_statement(
    reader: Reader, from_: date, to: date, axis: Axis = Axis.BOOKING
) -> IncomeStatement:
    """Of days, both included. Raises InvalidRequest for days out of order."""
    found = await trial_balance.of(reader, Asked(from_=from_, to=to, axis=axis))
    carried = await carried_over(reader, from_, to, axis)
    income = _headings(_moved(line, carried) for line in _of(found, Kind.INCOME))
    expenses = _headings(_moved(line, carried) for line in _of(found, Kind.EXPENSE))
    earned, spent = _total(income), _total(expenses)
    return IncomeStatement(
        from_=from_,
        to=to,
        axis=axis,
        position=found.position,
        currency=CVE.code,
        income=income,
        expenses=expenses,
        total_income=earned,
        total_expenses=spent,
        result=earned - spent,
    )


async def balance_sheet(reader: Reader, asked: Asked) -> BalanceSheet:
    """At the end of a day, or at a position. Raises InvalidRequest."""
    found = await trial_balance.of(reader, asked)

    def of(kind: Kind) -> tuple[Heading, ...]:
        return _headings(_standing(line, kind) for line in _of(found, kind))

    assets, liabilities, equity = of(Kind.ASSET), of(Kind.LIABILITY), of(Kind.EQUITY)
    return BalanceSheet(
        as_of=asked.to,
        axis=asked.axis,
        position=found.position,
        currency=CVE.code,
        assets=assets,
        liabilities=liabilities,
        equity=equity,
        result=_total(of(Kind.INCOME)) - _total(of(Kind.EXPENSE)),
        total_assets=_total(assets),
        total_liabilities=_total(liabilities),
        total_equity=_total(equity),
    )


def _of(found: TrialBalance, kind: Kind) -> list[TrialLine]:
    return [line for line in found.lines if line.kind is kind and line.currency == CVE.code]


def _moved(line: TrialLine, carried: Mapping[str, int]) -> Heading:
    """What was earned or spent under a code. What a year's closing entry carries over was so too:
    it is left out."""
    net = line.debits.minor - line.credits.minor - carried.get(line.code, 0)
    return _heading(line, net if line.kind in DEBIT_NORMAL else -net)


def _standing(line: TrialLine, kind: Kind) -> Heading:
    net = signed(line.closing, line.closing_side)
    return _heading(line, net if kind in DEBIT_NORMAL else -net)


def _heading(line: TrialLine, minor: int) -> Heading:
    return Heading(code=line.code, name=line.name, amount=money(minor, line.currency))


def _headings(all_: Iterable[Heading]) -> tuple[Heading, ...]:
    return tuple(each for each in all_ if each.amount.minor)


def _total(headings: Iterable[Heading]) -> Money:
    return money(sum(each.amount.minor for each in headings), CVE.code)
