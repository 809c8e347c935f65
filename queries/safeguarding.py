"""Safeguarding: what the trust holds against what it stands for, term by term, on any day.

    1010 + 1030 = e-money (2010 2020 2030 2040) + unpaid 2100 + 2900 + unswept fees and taxes
                  − unfunded commission − what is owed to us (1900 1100 1910 1920)

A shortfall is what customers and the switch are owed beyond what the trust bank holds, by its own
statement where it has stated the day, else by our books.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from ledger import chart
from ledger.money import CVE, Money
from queries import trial_balance
from queries.answer import Answer, holds
from queries.closings import YEAR_CLOSED, carried_over
from queries.reader import Reader
from queries.report_tables import safeguarding, trust_statement
from queries.tables import entry, line, turnover
from queries.trial_balance import Asked, signed

LIST_MAX = 366
# What has crossed between trust and own money, by the kind of its entries.
SWEPT, FUNDED, TAX_PAID = (
    "treasury.fees_swept",
    "treasury.commission_funded",
    "treasury.tax_paid",
)
FEES = (chart.FEE_ATM, chart.FEE_AGENT, chart.FEE_TRANSFER, chart.FEE_OTHER)
COMMISSION = (chart.COMMISSION_CASH_IN, chart.COMMISSION_CASH_OUT)
# Term -> the codes that it adds up, and whether the trust stands for it or is owed it.
TERMS: dict[str, tuple[tuple[str, ...], int]] = {
    "e_money_customers": ((chart.WALLET,), 1),
    "e_money_agents": ((chart.AGENT_FLOAT,), 1),
    "e_money_held": ((chart.HELD,), 1),
    "e_money_dormant": ((chart.DORMANT,), 1),
    "owed_to_switch": ((chart.SWITCH_PAYABLE,), 1),
    "unidentified_credits": ((chart.UNIDENTIFIED_CREDITS,), 1),
    "unswept_fees": ((*FEES, chart.TAXES_PAYABLE), 1),
    "unfunded_commission": (COMMISSION, -1),
    "reconciliation_breaks": ((chart.SUSPENSE_BREAKS,), -1),
    "owed_by_switch": ((chart.DUE_FROM_SWITCH,), -1),
    "owed_by_agents": ((chart.AGENT_RECEIVABLE,), -1),
    "owed_by_customers": (("1920",), -1),
}
TRUST = {"trust_bank": chart.TRUST_BANK, "trust_in_transit": chart.TRUST_IN_TRANSIT}
OWED = (
    "e_money_customers", "e_money_agents", "e_money_held", "e_money_dormant", "owed_to_switch",
    "unidentified_credits",
)  # fmt: skip


def _now(*codes: str) -> sa.ScalarSelect[int]:
    """What stands under codes now, debit positive."""
    net = sa.func.sum(turnover.c.booked_debits - turnover.c.booked_credits)
    return sa.select(sa.func.coalesce(net, 0)).where(turnover.c.code.in_(codes)).scalar_subquery()


def _crossed_now(kind: str) -> sa.ScalarSelect[int]:
    return (
        sa.select(sa.func.coalesce(sa.func.sum(sa.func.abs(line.c.amount)), 0))
        .join_from(entry, line, entry.c.number == line.c.entry_number)
        .where(entry.c.kind == kind, line.c.code == chart.OPERATING_BANK)
        .scalar_subquery()
    )


def _closed_now() -> sa.ScalarSelect[int]:
    """Fees and commission of years whose result was carried over, debit positive as carried."""
    return (
        sa.select(sa.func.coalesce(sa.func.sum(line.c.amount), 0))
        .join_from(entry, line, entry.c.number == line.c.entry_number)
        .where(entry.c.kind == YEAR_CLOSED, line.c.code.in_((*FEES, *COMMISSION)))
        .scalar_subquery()
    )


_OWED_CODES = tuple(code for name in OWED for code in TERMS[name][0])
_newest = sa.select(trust_statement).order_by(trust_statement.c.day.desc()).limit(1).subquery()
_owed_then = (
    sa.select(sa.func.sum(turnover.c.booked_credits - turnover.c.booked_debits))
    .where(turnover.c.code.in_(_OWED_CODES), turnover.c.day <= _newest.c.day)
    .correlate(_newest)
    .scalar_subquery()
)
_by_statement = sa.select(_owed_then - _newest.c.balance).scalar_subquery()
# As they are measured for alerts: now, and by the newest statement of the bank.
SHORTFALL = sa.func.greatest(
    -_now(*_OWED_CODES) - _now(*TRUST.values()), sa.func.coalesce(_by_statement, 0), 0
)
# Every term, debit positive: together they come to nothing.
DIFFERENCE = sa.func.abs(
    _now(*TRUST.values(), *(code for codes, _ in TERMS.values() for code in codes))
    + _crossed_now(SWEPT)
    - _crossed_now(TAX_PAID)
    - _crossed_now(FUNDED)
    - _closed_now()
)


class Term(Answer, frozen=True, kw_only=True):
    """One line of the equation. `sign` is 1 where the trust holds or stands for it, −1 where it is
    owed it; `codes` are the accounts whose ledgers it drills down to."""

    name: str
    codes: tuple[str, ...]
    sign: int
    amount: Money


class Safeguarding(Answer, frozen=True, kw_only=True):
    """A day. `difference` must be nothing; `shortfall` above nothing has to be funded that day."""

    day: date
    position: int
    holds: tuple[Term, ...]
    stands_for: tuple[Term, ...]
    total_held: Money
    total_stood_for: Money
    difference: Money
    owed: Money
    statement: Money | None
    shortfall: Money


class Recorded(Answer, frozen=True, kw_only=True):
    """A day as it was recorded in the log, at `position`, when the log had been read to `readTo`.
    `statement` is what the bank has said of it since."""

    day: date
    position: int
    read_to: int
    difference: Money
    shortfall: Money
    statement: Money | None
    terms: dict[str, Money]
    recorded_at: datetime


class History(Answer, frozen=True, kw_only=True):
    """Days as they were recorded, the newest first."""

    items: tuple[Recorded, ...]


async def on(reader: Reader, day: date) -> Safeguarding:
    """At the end of a day of booking."""
    found = await trial_balance.of(reader, Asked(to=day))
    balances = {line.code: signed(line.closing, line.closing_side) for line in found.lines}
    crossed = await _crossed(reader, day)
    closed = await carried_over(reader, None, day)
    stated = await reader.first(
        sa.select(trust_statement.c.balance).where(trust_statement.c.day == day)
    )

    def held(codes: tuple[str, ...]) -> int:
        return sum(holds(code, balances.get(code, 0), CVE.code).minor for code in codes)

    amounts = {name: held(codes) for name, (codes, _) in TERMS.items()}
    amounts["unswept_fees"] += crossed.get(TAX_PAID, 0) - crossed.get(SWEPT, 0)
    amounts["unswept_fees"] += sum(closed.get(code, 0) for code in FEES)
    amounts["unfunded_commission"] -= crossed.get(FUNDED, 0)
    amounts["unfunded_commission"] -= sum(closed.get(code, 0) for code in COMMISSION)
    trust = {name: held((code,)) for name, code in TRUST.items()}
    total_held = sum(trust.values())
    stood_for = sum(sign * amounts[name] for name, (_, sign) in TERMS.items())
    owed = sum(amounts[name] for name in OWED)
    statement = None if stated is None else int(stated.balance)
    covered = total_held if statement is None else statement
    return Safeguarding(
        day=day,
        position=found.position,
        holds=tuple(
            Term(name=name, codes=(code,), sign=1, amount=Money(trust[name]))
            for name, code in TRUST.items()
        ),
        stands_for=tuple(
            Term(name=name, codes=codes, sign=sign, amount=Money(amounts[name]))
            for name, (codes, sign) in TERMS.items()
        ),
        total_held=Money(total_held),
        total_stood_for=Money(stood_for),
        difference=Money(total_held - stood_for),
        owed=Money(owed),
        statement=None if statement is None else Money(statement),
        shortfall=Money(max(0, owed - covered)),
    )


async def history(reader: Reader, from_: date, to: date) -> History:
    """What was recorded of these days."""
    rows = await reader.all(
        sa.select(safeguarding, trust_statement.c.balance.label("statement"))
        .outerjoin_from(safeguarding, trust_statement, trust_statement.c.day == safeguarding.c.day)
        .where(safeguarding.c.day.between(from_, to))
        .order_by(safeguarding.c.day.desc())
        .limit(LIST_MAX)
    )
    return History(
        items=tuple(
            Recorded(
                day=row.day,
                position=row.position,
                read_to=row.read_at,
                difference=Money(row.difference),
                shortfall=Money(row.shortfall),
                statement=None if row.statement is None else Money(row.statement),
                terms={name: Money(int(minor)) for name, minor in row.terms.items()},
                recorded_at=row.recorded_at,
            )
            for row in rows
        )
    )


class Due(msgspec.Struct, frozen=True):
    """The last day that was recorded, and the first on which anything was booked."""

    recorded: date | None
    begun: date | None


async def due(reader: Reader) -> Due:
    """From where on days have to be recorded."""
    row = await reader.first(
        sa.select(
            sa.select(sa.func.max(safeguarding.c.day)).scalar_subquery().label("recorded"),
            sa.select(entry.c.booking_date)
            .order_by(entry.c.booking_date)
            .limit(1)
            .scalar_subquery()
            .label("begun"),
        )
    )
    assert row is not None, "it is one row"
    return Due(row.recorded, row.begun)


def days_due(found: Due, today: date, most: int) -> list[date]:
    """The days that are over and were not recorded, oldest first: the newest of them."""
    first = found.begun if found.recorded is None else found.recorded + timedelta(days=1)
    if first is None:
        return []
    count = min(most, (today - first).days)
    return [today - timedelta(days=back) for back in range(count, 0, -1)]


async def _crossed(reader: Reader, day: date) -> dict[str, int]:
    """What has crossed between trust and own money until the end of a day, by kind."""
    rows = await reader.all(
        sa.select(entry.c.kind, sa.cast(sa.func.sum(sa.func.abs(line.c.amount)), sa.BigInteger()))
        .join_from(entry, line, entry.c.number == line.c.entry_number)
        .where(
            entry.c.kind.in_((SWEPT, FUNDED, TAX_PAID)),
            entry.c.booking_date <= day,
            line.c.code == chart.OPERATING_BANK,
        )
        .group_by(entry.c.kind)
    )
    return {row.kind: int(row.amount) for row in rows}


def facts(found: Safeguarding) -> dict[str, Any]:
    """What the log keeps of a day: every term in minor units."""
    terms = {term.name: term.amount.minor for term in (*found.holds, *found.stands_for)}
    return {"terms": terms, "difference": found.difference.minor, "owed": found.owed.minor}
