"""For the central bank: what looked suspicious in a month, and the month's figures.

The layout is our own: no public one was found. Each row says what it is, so that it can be carried
over into whatever form is asked for.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger import chart
from ledger.books import COUNTRY
from ledger.errors import InvalidRequest
from ledger.money import CVE, Money
from queries import safeguarding, trial_balance
from queries.answer import Answer, name_of
from queries.reader import Reader
from queries.report_tables import account_day, float_day
from queries.risk_tables import risk_case, risk_hit
from queries.tables import account, entry, line, movement
from queries.trial_balance import Asked

CASES_MAX = 10_000


def _added(many: Any, amount: Any) -> sa.Select[Any]:
    return sa.select(
        sa.func.coalesce(many, 0).label("many"), sa.func.coalesce(amount, 0).label("amount")
    )


def _at_counters(kind: str) -> sa.Select[Any]:
    columns = (sa.func.sum(float_day.c.operations), sa.func.sum(float_day.c.amount))
    return _added(*columns).where(float_day.c.kind == kind)


_transfers = (
    _added(sa.func.count(), sa.func.sum(movement.c.amount))
    .join_from(movement, entry, entry.c.number == movement.c.entry_number)
    .where(movement.c.kind.in_(("transfer.made", "transfer.held")), ~movement.c.incoming)
)
_cash = (
    _added(sa.func.count(), -sa.func.sum(line.c.amount))
    .join_from(entry, line, entry.c.number == line.c.entry_number)
    .where(entry.c.kind == "withdrawal.completed", line.c.code == chart.SWITCH_PAYABLE)
)
_credits = _added(sa.func.count(), sa.func.sum(entry.c.amount)).where(
    entry.c.kind == "bank.credited"
)
_everything = _added(sa.func.count(), sa.func.sum(entry.c.amount)).select_from(entry)
_OPERATIONS = {
    "Cash-in at agents": _at_counters("cash_in.made"),
    "Cash-out at agents": _at_counters("cash_out.confirmed"),
    "Cardless withdrawals at machines": _cash,
    "Transfers between customers": _transfers,
    "Bank credits": _credits,
    "All entries in the books": _everything,
}
_DAYS = {
    name: float_day.c.day if name.endswith("agents") else entry.c.booking_date
    for name in _OPERATIONS
}


class SuspiciousCase(Answer, frozen=True, kw_only=True):
    """A case of fraud or money laundering that was opened in the month."""

    case_id: UUID
    opened_at: datetime
    rule: str
    action: str
    state: str
    reason: str
    wallet_id: UUID | None
    user_id: UUID | None
    agent_id: UUID | None
    transaction_id: UUID | None
    amount: Money | None
    updated_at: datetime


class Figure(Answer, frozen=True, kw_only=True):
    """One figure: a count, or an amount."""

    section: str
    figure: str
    count: int | None = None
    amount: Money | None = None


class Month(Answer, frozen=True, kw_only=True):
    """All figures of a month, and up to where the log had been read for them."""

    month: str
    position: int
    figures: tuple[Figure, ...]


def days_of(month: str) -> tuple[date, date]:
    """The first and the last day of a month written 2026-11. Raises InvalidRequest."""
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=COUNTRY).date()
        following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    except (ValueError, OverflowError):  # the calendar's last month has none that follows
        raise InvalidRequest(field="month", reason="is written 2026-11") from None
    return first, following - timedelta(days=1)


async def suspicious(reader: Reader, month: str) -> tuple[SuspiciousCase, ...]:
    """Cases that were opened in a month, the oldest first. Raises InvalidRequest."""
    first, last = days_of(month)
    rows = await reader.all(
        sa.select(risk_case)
        .where(*_within(risk_case.c.opened_at, first, last))
        .order_by(risk_case.c.opened_at, risk_case.c.id)
        .limit(CASES_MAX)
    )
    return tuple(
        SuspiciousCase(
            case_id=row.id,
            opened_at=row.opened_at,
            rule=row.rule,
            action=row.action,
            state=row.state,
            reason=row.reason,
            wallet_id=row.wallet_id,
            user_id=row.user_id,
            agent_id=row.agent_id,
            transaction_id=row.transaction_id,
            amount=None if row.amount is None else Money(row.amount, CVE),
            updated_at=row.updated_at,
        )
        for row in rows
    )


async def month(reader: Reader, written: str) -> Month:
    """The figures of a month, by booking dates. Raises InvalidRequest."""
    first, last = days_of(written)
    found = await trial_balance.of(reader, Asked(from_=first, to=last))
    figures = [
        *await _operations(reader, first, last),
        *await _people(reader, first, last),
        *(
            Figure(
                section="balances",
                figure=f"{line.code} {name_of(line.code)}",
                amount=Money(trial_balance.signed(line.closing, line.closing_side), CVE),
            )
            for line in found.lines
        ),
        *await _trust(reader, last),
        *await _risk(reader, first, last),
    ]
    return Month(month=written, position=found.position, figures=tuple(figures))


def _within(moment: Any, first: date, last: date) -> tuple[sa.ColumnElement[bool], ...]:
    begin = datetime.combine(first, time(), COUNTRY)
    end = datetime.combine(last + timedelta(days=1), time(), COUNTRY)
    return (moment >= begin, moment < end)


async def _operations(reader: Reader, first: date, last: date) -> list[Figure]:
    """Amounts are what was asked for: without fees and commission."""
    figures = []
    for name, query in _OPERATIONS.items():
        row = await reader.first(query.where(_DAYS[name].between(first, last)))
        assert row is not None, "sums are one row"
        figures += [
            Figure(section="operations", figure=name, count=int(row.many)),
            Figure(section="operations", figure=name, amount=Money(int(row.amount))),
        ]
    return figures


async def _people(reader: Reader, first: date, last: date) -> list[Figure]:
    active = (
        sa.select(
            account.c.code, sa.func.count(sa.distinct(account_day.c.account_id)).label("many")
        )
        .join_from(account_day, account, account.c.id == account_day.c.account_id)
        .where(
            account.c.code.in_((chart.WALLET, chart.AGENT_FLOAT)),
            account_day.c.day.between(first, last),
            account_day.c.booked_debits + account_day.c.booked_credits > 0,
        )
        .group_by(account.c.code)
    )
    moved = {row.code: row.many for row in await reader.all(active)}
    return [
        Figure(section="people", figure=name, count=int(moved.get(code, 0)))
        for code, name in (
            (chart.WALLET, "Wallets that moved"),
            (chart.AGENT_FLOAT, "Agents that moved"),
        )
    ]


async def _trust(reader: Reader, last: date) -> list[Figure]:
    found = await safeguarding.on(reader, last)
    return [
        Figure(section="safeguarding", figure=name, amount=value)
        for name, value in (
            ("Held in trust", found.total_held),
            ("Stood for", found.total_stood_for),
            ("Difference", found.difference),
            ("Shortfall", found.shortfall),
        )
    ]


async def _risk(reader: Reader, first: date, last: date) -> list[Figure]:
    counts = {
        "Cases opened": sa.select(sa.func.count())
        .select_from(risk_case)
        .where(*_within(risk_case.c.opened_at, first, last)),
        "Hits of rules": sa.select(sa.func.count())
        .select_from(risk_hit)
        .where(*_within(risk_hit.c.hit_at, first, last)),
    }
    rows = await reader.all(
        sa.select(*(query.scalar_subquery().label(name) for name, query in counts.items()))
    )
    return [
        Figure(section="risk", figure=name, count=int(rows[0][place]))
        for place, name in enumerate(counts)
    ]
