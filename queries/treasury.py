"""The issuer's own banking as accountants look at it: what is owed to the switch for which day,
what differs, and whether the trust holds what it stands for.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from ledger import chart
from ledger.money import CVE, Money
from queries.answer import Answer, holds
from queries.care_tables import difference, settlement
from queries.reader import Reader
from queries.tables import account, entry, line

DAYS_BACK = 31
LIST_MAX = 200
FEES = (chart.FEE_ATM, chart.FEE_AGENT, chart.FEE_TRANSFER, chart.FEE_OTHER)
COMMISSION = (chart.COMMISSION_CASH_IN, chart.COMMISSION_CASH_OUT)
E_MONEY = (chart.WALLET, chart.AGENT_FLOAT, chart.HELD, chart.DORMANT)
DEBTS = (chart.AGENT_RECEIVABLE, chart.CUSTOMER_RECEIVABLE)
OURS = (chart.SUSPENSE_BREAKS, chart.DUE_FROM_SWITCH, *DEBTS)
# What has crossed between trust and own money, by the kind of its entries.
SWEPT, FUNDED, TAX_PAID = (
    "treasury.fees_swept",
    "treasury.commission_funded",
    "treasury.tax_paid",
)


class Owed(Answer, frozen=True, kw_only=True):
    """What we owe the switch for one settlement date, and what was paid for it."""

    settlement_date: date
    owed: Money
    paid: Money | None
    interchange: Money | None
    settled_at: datetime | None


class Difference(Answer, frozen=True, kw_only=True):
    """A break that is not resolved."""

    break_id: UUID
    side: str
    amount: Money
    remaining: Money
    settlement_date: date
    reference: str
    transaction_id: UUID | None
    booked_at: datetime


class Debtor(Answer, frozen=True, kw_only=True):
    """An agent (1910) or a customer (1920) that owes us; `accountId` has the lines of it."""

    account_id: UUID
    code: str
    owner: UUID
    owed: Money
    last_updated: datetime


class Trust(Answer, frozen=True, kw_only=True):
    """What the trust bank holds, and each term that it stands for; `difference` must be nothing."""

    trust: Money
    e_money: Money
    owed_to_switch: Money
    unidentified: Money
    unswept_fees: Money
    unfunded_commission: Money
    owed_to_us: Money
    difference: Money
    own_money: Money


class Treasury(Answer, frozen=True, kw_only=True):
    """The last month's settlement dates, open breaks (the oldest first), who owes us (the longest
    unchanged first), and the trust."""

    settlements: tuple[Owed, ...]
    breaks: tuple[Difference, ...]
    debtors: tuple[Debtor, ...]
    trust: Trust


async def of(reader: Reader, today: date) -> Treasury:
    """As the read models have it."""
    return Treasury(
        settlements=await _settlements(reader, today - timedelta(days=DAYS_BACK)),
        breaks=await _breaks(reader),
        debtors=await _debtors(reader),
        trust=await _trust(reader),
    )


async def _settlements(reader: Reader, since: date) -> tuple[Owed, ...]:
    first = sa.select(sa.func.min(entry.c.number)).where(entry.c.booking_date >= since)
    owed = (
        sa.select(entry.c.value_date, (-sa.func.sum(line.c.amount)).label("owed"))
        .join_from(line, entry, entry.c.number == line.c.entry_number)
        .where(
            line.c.code == chart.SWITCH_PAYABLE,
            line.c.entry_number >= first.scalar_subquery(),
            entry.c.value_date >= since,
        )
        .group_by(entry.c.value_date)
        .subquery()
    )
    rows = await reader.all(
        sa.select(owed, settlement.c.amount, settlement.c.interchange, settlement.c.settled_at)
        .outerjoin_from(owed, settlement, settlement.c.settlement_date == owed.c.value_date)
        .order_by(owed.c.value_date)
    )
    return tuple(
        Owed(
            settlement_date=row.value_date,
            owed=Money(int(row.owed), CVE),
            paid=None if row.amount is None else Money(row.amount, CVE),
            interchange=None if row.interchange is None else Money(row.interchange, CVE),
            settled_at=row.settled_at,
        )
        for row in rows
    )


async def _breaks(reader: Reader) -> tuple[Difference, ...]:
    rows = await reader.all(
        sa.select(difference)
        .where(difference.c.remaining > 0)
        .order_by(difference.c.booked_at, difference.c.id)
        .limit(LIST_MAX)
    )
    return tuple(
        Difference(
            break_id=row.id,
            side=row.side,
            amount=Money(row.amount, CVE),
            remaining=Money(row.remaining, CVE),
            settlement_date=row.settlement_date,
            reference=row.reference,
            transaction_id=row.withdrawal_id,
            booked_at=row.booked_at,
        )
        for row in rows
    )


async def _debtors(reader: Reader) -> tuple[Debtor, ...]:
    rows = await reader.all(
        sa.select(account)
        .where(account.c.code.in_(DEBTS), account.c.balance > 0)
        .order_by(account.c.updated_at, account.c.id)
        .limit(LIST_MAX)
    )
    return tuple(
        Debtor(
            account_id=row.id,
            code=row.code,
            owner=row.owner,
            owed=Money(row.balance, CVE),
            last_updated=row.updated_at,
        )
        for row in rows
    )


async def _trust(reader: Reader) -> Trust:
    # One statement, so that all terms are of one moment.
    crossed = sa.select(
        entry.c.kind.label("what"), sa.func.sum(sa.func.abs(line.c.amount)).label("amount")
    ).join_from(entry, line, entry.c.number == line.c.entry_number)
    crossed = crossed.where(
        entry.c.kind.in_((SWEPT, FUNDED, TAX_PAID)), line.c.code == chart.OPERATING_BANK
    ).group_by(entry.c.kind)
    balances = sa.select(
        account.c.code.label("what"), sa.func.sum(account.c.balance).label("amount")
    ).group_by(account.c.code)
    rows = await reader.all(sa.union_all(crossed, balances))
    sums = {row.what: int(row.amount) for row in rows}

    def held(*codes: str) -> int:
        return sum(holds(code, sums.get(code, 0), CVE.code).minor for code in codes)

    trust = held(chart.TRUST_BANK, chart.TRUST_IN_TRANSIT)
    e_money = held(*E_MONEY)
    to_switch, unidentified = held(chart.SWITCH_PAYABLE), held(chart.UNIDENTIFIED_CREDITS)
    unswept = held(*FEES, chart.TAXES_PAYABLE) + sums.get(TAX_PAID, 0) - sums.get(SWEPT, 0)
    unfunded = held(*COMMISSION) - sums.get(FUNDED, 0)
    to_us = held(*OURS)
    stands_for = e_money + to_switch + unidentified + unswept - unfunded - to_us
    return Trust(
        trust=Money(trust, CVE),
        e_money=Money(e_money, CVE),
        owed_to_switch=Money(to_switch, CVE),
        unidentified=Money(unidentified, CVE),
        unswept_fees=Money(unswept, CVE),
        unfunded_commission=Money(unfunded, CVE),
        owed_to_us=Money(to_us, CVE),
        difference=Money(trust - stands_for, CVE),
        own_money=Money(held(chart.OPERATING_BANK), CVE),
    )
