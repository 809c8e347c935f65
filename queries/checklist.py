"""The close checklist of a month, as far as the read models can tell: what must hold, each line
with what it differs by, and the open items that are carried forward, counted and added up.
"""

from __future__ import annotations

from datetime import date

import msgspec
import sqlalchemy as sa

from ledger import chart
from ledger.money import CVE
from queries import ageing, safeguarding, trial_balance
from queries.ageing import ITEMISED
from queries.bank_tables import bank_line
from queries.proposals import PROPOSED, STATE
from queries.reader import Reader
from queries.reconciliation_tables import mismatch
from queries.tables import account, proposal, turnover, wallet, withdrawal

CONTROLS = chart.ONE_PER_OWNER  # accounts of which each owner has one
HOLDING = ("active", "authorised", "pending")
IN_DOUBT = "in_doubt"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: `figure` in minor units is what differs where something must hold, and what
    is carried forward elsewhere; `oldest_days` is the age of the oldest that is carried."""

    name: str
    ok: bool
    figure: int | None = None
    count: int | None = None
    oldest_days: int | None = None


async def of(reader: Reader, last: date) -> list[Line]:
    """Of the month that ends on this day. All but the sub-ledgers and open holds, which are
    compared as they stand now, is as of that day."""
    return [
        await _trial_balance(reader, last),
        await _sub_ledgers(reader),
        await _held(reader),
        *await _trust(reader, last),
        *await _aged(reader, last),
        *await _open_items(reader),
    ]


async def _trial_balance(reader: Reader, last: date) -> Line:
    found = await trial_balance.as_of(reader, last)
    differs = sum(
        abs(total.closing_debits.minor - total.closing_credits.minor) for total in found.totals
    )
    return Line(name="trial_balance_equal", ok=not differs, figure=differs)


async def _sub_ledgers(reader: Reader) -> Line:
    """Each wallet, float and debt on its own account, against the control account of its code."""
    single = (
        sa.select(account.c.code, sa.func.sum(account.c.balance).label("net"))
        .where(account.c.code.in_(CONTROLS), account.c.currency == CVE.code)
        .group_by(account.c.code)
        .subquery()
    )
    control = (
        sa.select(
            turnover.c.code,
            sa.func.sum(turnover.c.booked_debits - turnover.c.booked_credits).label("net"),
        )
        .where(turnover.c.code.in_(CONTROLS), turnover.c.currency == CVE.code)
        .group_by(turnover.c.code)
        .subquery()
    )
    apart = sa.func.abs(sa.func.coalesce(single.c.net, 0) - sa.func.coalesce(control.c.net, 0))
    row = await reader.first(
        sa.select(sa.cast(sa.func.coalesce(sa.func.sum(apart), 0), sa.BigInteger()).label("apart"))
        .select_from(single.outerjoin(control, single.c.code == control.c.code, full=True))
    )  # fmt: skip
    assert row is not None, "it is one row"
    return Line(name="sub_ledgers_equal_control_accounts", ok=not row.apart, figure=int(row.apart))


async def _held(reader: Reader) -> Line:
    """What is held on the account, against what the wallets have held."""
    on_account = sa.select(-sa.func.coalesce(sa.func.sum(account.c.balance), 0)).where(
        account.c.code == chart.HELD
    )
    of_wallets = sa.select(sa.func.coalesce(sa.func.sum(wallet.c.held), 0))
    apart = on_account.scalar_subquery() - of_wallets.scalar_subquery()
    row = await reader.first(sa.select(sa.cast(apart, sa.BigInteger()).label("apart")))
    assert row is not None, "it is one row"
    return Line(name="held_explained", ok=not row.apart, figure=int(row.apart))


async def _trust(reader: Reader, last: date) -> list[Line]:
    found = await safeguarding.on(reader, last)
    difference, shortfall = found.difference.minor, found.shortfall.minor
    return [
        Line(name="safeguarding_explained", ok=not difference, figure=difference),
        Line(name="safeguarding_shortfall", ok=not shortfall, figure=shortfall),
        Line(
            name="trust_statement",
            ok=found.statement is not None,
            figure=None if found.statement is None else found.statement.minor,
        ),
    ]


async def _aged(reader: Reader, last: date) -> list[Line]:
    found = await ageing.as_of(reader, last)
    unexplained = sum(abs(each.unexplained.minor) for each in found.codes if each.code in ITEMISED)
    return [
        Line(name="suspense_explained", ok=not unexplained, figure=unexplained),
        *(
            Line(
                name=f"carried_{each.code}",
                ok=not each.balance.minor,
                figure=each.balance.minor,
                count=each.items_count if each.code in ITEMISED else None,
                oldest_days=max((item.days for item in each.items), default=None),
            )
            for each in found.codes
        ),
    ]


async def _open_items(reader: Reader) -> list[Line]:
    held = await reader.first(
        sa.select(
            sa.func.count().filter(withdrawal.c.state.in_(HOLDING)).label("holds"),
            _sum(withdrawal.c.state.in_(HOLDING)).label("held"),
            _oldest(withdrawal.c.state.in_(HOLDING)).label("held_days"),
            sa.func.count().filter(withdrawal.c.state == IN_DOUBT).label("doubts"),
            _sum(withdrawal.c.state == IN_DOUBT).label("doubted"),
            _oldest(withdrawal.c.state == IN_DOUBT).label("doubt_days"),
        ).where(withdrawal.c.state.in_((*HOLDING, IN_DOUBT)))
    )
    breaks = await reader.first(
        sa.select(sa.func.count().label("open")).where(mismatch.c.state == "open")
    )
    lines = await reader.first(
        sa.select(
            sa.func.count().label("open"),
            sa.cast(sa.func.coalesce(sa.func.sum(bank_line.c.amount), 0), sa.BigInteger()).label(
                "amount"
            ),
        ).where(bank_line.c.state == "open")
    )
    waiting = await reader.first(
        sa.select(sa.func.count().label("waiting")).where(
            proposal.c.state == PROPOSED, STATE.in_((PROPOSED,))
        )
    )
    assert held is not None and breaks is not None, "each is one row"
    assert lines is not None and waiting is not None, "each is one row"
    return [
        _carried("holds_carried", held.holds, held.held, held.held_days),
        _carried("in_doubt_carried", held.doubts, held.doubted, held.doubt_days),
        _carried("breaks_carried", breaks.open),
        _carried("bank_lines_carried", lines.open, lines.amount),
        _carried("proposals_waiting", waiting.waiting),
    ]


def _sum(which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    total = sa.func.sum(withdrawal.c.amount + withdrawal.c.fee).filter(which)
    return sa.cast(sa.func.coalesce(total, 0), sa.BigInteger())


def _oldest(which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """The age of the oldest of these, in whole days."""
    age = sa.func.clock_timestamp() - sa.func.min(withdrawal.c.requested_at).filter(which)
    return sa.cast(sa.func.extract("day", age), sa.Integer())


def _carried(
    name: str, count: int, figure: int | None = None, oldest_days: int | None = None
) -> Line:
    return Line(name=name, ok=not count, count=count, figure=figure, oldest_days=oldest_days)
