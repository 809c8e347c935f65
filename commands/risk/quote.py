"""What an operation would cost, said before it is asked for.

What a quote says holds until it ends: a new edition of the tariff begins no sooner after it was
approved than a quote lives (see `publish_tariff`). Only a change of the customer's tier comes in
between.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from commands.command import Answer
from commands.tariff import QUOTE_SECONDS, Operation, Tariff
from commands.tier import Tier
from ledger.books import Books
from ledger.money import Money

WITH_COMMISSION = (Operation.AGENT_CASH_IN, Operation.AGENT_CASH_OUT)


class Quote(Answer, frozen=True, kw_only=True):
    """What a customer of a tier pays for an amount: `total` leaves the wallet, or comes in.

    `tax` is the part of the fee that is tax. Only an agent is told the commission; of a cash-out
    it is told nothing else, as the fee goes by the customer's tier.
    """

    operation: Operation
    amount: Money
    fee: Money | None
    tax: Money | None
    total: Money | None
    commission: Money | None
    tier: Tier | None
    tariff_edition: int
    valid_until: datetime


def quote_for_customer(books: Books, operation: Operation, amount: Money, tier: Tier) -> Quote:
    """The quote for a customer of this tier. Raises LimitExceeded outside of the tariff."""
    edition = books.get(Tariff.of(operation)).now(books)
    fee = Money(edition.band(amount, tier).fee)
    return Quote(
        operation=operation,
        amount=amount,
        fee=fee,
        tax=Money(edition.tax_of(fee.minor)),
        total=amount + fee,
        commission=None,
        tier=tier,
        tariff_edition=edition.number,
        valid_until=_valid_until(books, operation),
    )


def quote_for_agent(books: Books, operation: Operation, amount: Money) -> Quote:
    """The quote for an agent, whose commission is the same whoever the customer is. Raises
    LimitExceeded outside of the tariff."""
    edition = books.get(Tariff.of(operation)).now(books)
    band = edition.band(amount, None)
    free = operation is Operation.AGENT_CASH_IN
    return Quote(
        operation=operation,
        amount=amount,
        fee=Money(0) if free else None,
        tax=Money(0) if free else None,
        total=amount if free else None,
        commission=Money(band.commission) if operation in WITH_COMMISSION else None,
        tier=None,
        tariff_edition=edition.number,
        valid_until=_valid_until(books, operation),
    )


def _valid_until(books: Books, operation: Operation) -> datetime:
    starts = [edition.valid_from for edition in books.get(Tariff.of(operation)).editions]
    to_come = [start for start in starts if not books.passed(start)]
    return min([*to_come, books.now + timedelta(seconds=QUOTE_SECONDS)])
