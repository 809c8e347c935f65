"""What accountants may book by hand: our own accounts, and nothing that has a life of its own.

Customers' and agents' money, what is held, owed by or to the switch, and suspense move by commands
that know whose they are. Of the trust, money, fees and commission may be moved within each, so that
no term of its equation changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from commands.treasury.trust import EARNED, PAID_TO_AGENTS, TAXES
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.chart import HEADINGS
from ledger.errors import InsufficientFunds, InvalidRequest
from ledger.journal import Line
from ledger.money import AMOUNT_MINOR_MAX, CVE, Money
from ledger.rows import Key

LINES_MAX = 100
VALUE_DAYS_MAX = 366  # between booking and value date, either way
HAVE_A_LIFE = (
    *chart.ONE_PER_OWNER, chart.HELD, chart.DORMANT, chart.SWITCH_PAYABLE, chart.DUE_FROM_SWITCH,
    chart.SUSPENSE_BREAKS, chart.UNIDENTIFIED_CREDITS,
)  # fmt: skip
BY_HAND = tuple(heading.code for heading in chart.CHART if heading.code not in HAVE_A_LIFE)
# Within each of these, debits equal credits.
TERMS = {
    "trust": (chart.the(chart.TRUST_BANK), chart.the(chart.TRUST_IN_TRANSIT)),
    "fees": (*EARNED, TAXES),
    "commission": PAID_TO_AGENTS,
}


class ManualLine(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """One leg: a code of the chart, and an amount on one side."""

    code: Annotated[str, Meta(max_length=16, examples=["5900"])]
    debit: Money = Money(0)
    credit: Money = Money(0)
    currency: Annotated[str, Meta(max_length=16, examples=["CVE"])] = CVE.code

    @property
    def minor(self) -> int:
        """Debit positive."""
        return self.debit.minor - self.credit.minor


def line_keys(lines: Iterable[ManualLine]) -> tuple[Key[Account], ...]:
    """The accounts that they name, as far as there are such."""
    return tuple(Account.by_id(chart.the(line.code)) for line in lines if line.code in BY_HAND)


def posted(lines: Iterable[ManualLine]) -> tuple[Line, ...]:
    """The lines of the entry."""
    return tuple(Line(chart.the(line.code), line.minor) for line in lines)


def require_lines(lines: tuple[ManualLine, ...]) -> None:
    """Raises InvalidRequest, with the line that is wrong: they are of accounts that are booked by
    hand, in our currency, above zero on one side each, two or more, and balance."""
    if not 2 <= len(lines) <= LINES_MAX:
        raise InvalidRequest(field="lines", reason=f"are 2 to {LINES_MAX}")
    for number, line in enumerate(lines, start=1):
        _require_line(line, number)
    difference = sum(line.minor for line in lines)
    if difference:
        raise InvalidRequest(
            field="lines",
            reason="have other debits than credits",
            difference=str(Money(difference).decimal),
        )
    moved: Counter[UUID] = Counter()
    for line in lines:
        moved[chart.the(line.code)] += line.minor
    for name, accounts in TERMS.items():
        if sum(moved[account] for account in accounts):
            raise InvalidRequest(
                field="lines", reason=f"move {name} out of or into what the trust stands for"
            )


def require_covered(books: Books, lines: tuple[Line, ...]) -> None:
    """Raises InsufficientFunds when an account would fall below its floor. Touches the accounts."""
    moves: Counter[UUID] = Counter()
    for line in lines:
        moves[line.account] += line.amount
    for account_id, amount in moves.items():
        account = books.account(account_id)
        leaves = -amount if account.debit_normal else amount
        if account.floor is not None and account.free_minor < leaves:
            raise InsufficientFunds(account=account.code)


def require_value_date(value_date: date | None, booked: date) -> None:
    """Raises InvalidRequest for one that is far from the day of booking."""
    if value_date is not None and abs(value_date - booked) > timedelta(days=VALUE_DAYS_MAX):
        raise InvalidRequest(
            field="valueDate", reason=f"is more than {VALUE_DAYS_MAX} days from the booking date"
        )


def _require_line(line: ManualLine, number: int) -> None:
    if line.code not in HEADINGS:
        raise InvalidRequest(field="code", line=number, reason="is no account of the chart")
    if line.code in HAVE_A_LIFE:
        raise InvalidRequest(field="code", line=number, reason="is not booked by hand")
    if line.currency != CVE.code:
        raise InvalidRequest(field="currency", line=number, reason=f"is not {CVE.code}")
    sides = (line.debit.minor, line.credit.minor)
    if min(sides) < 0 or (sides[0] > 0) is (sides[1] > 0) or max(sides) > AMOUNT_MINOR_MAX:
        raise InvalidRequest(field="debit", line=number, reason="or credit is above zero, not both")
