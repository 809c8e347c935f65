"""What is left of a customer's limits, as the wallet shows it."""

from __future__ import annotations

from uuid import UUID

from commands.command import Answer
from commands.risk.activity import activity_of_wallet
from commands.risk.limits import Limit, limits_now
from commands.tariff import Operation
from commands.tier import Tier
from ledger.books import Books
from ledger.money import Money


class Left(Answer, frozen=True, kw_only=True):
    """For one operation: how much at once, and what is left today and this month; None is no
    limit."""

    per_transaction_min: Money | None
    per_transaction_max: Money | None
    day_amount_left: Money | None
    day_count_left: int | None
    month_amount_left: Money | None
    month_count_left: int | None
    step_up_above: Money | None  # a larger amount needs the second factor again


class LimitsLeft(Answer, frozen=True, kw_only=True):
    """A wallet's limits today, by the edition that counts now."""

    tier: Tier
    limits_edition: int
    balance_max: Money | None
    balance_min: Money
    operations: dict[Operation, Left]


def limits_left(books: Books, tier: Tier, wallet_id: UUID) -> LimitsLeft:
    """What a wallet of this tier may still do; touches THE_LIMITS and its Account."""
    edition = limits_now(books)
    activity = activity_of_wallet(books, books.account(wallet_id))
    holding = edition.holdings.get(tier)
    operations = {}
    for operation in Operation:
        limit = edition.of(tier, operation) or Limit()
        used = activity.using(operation)
        operations[operation] = Left(
            per_transaction_min=_money(limit.per_transaction_min),
            per_transaction_max=_money(limit.per_transaction_max),
            day_amount_left=_money(_less(limit.day_minor, used.day_minor)),
            day_count_left=_less(limit.day_count, used.day_count),
            month_amount_left=_money(_less(limit.month_minor, used.month_minor)),
            month_count_left=_less(limit.month_count, used.month_count),
            step_up_above=_money(limit.step_up_above),
        )
    return LimitsLeft(
        tier=tier,
        limits_edition=edition.number,
        balance_max=None if holding is None else _money(holding.balance_max),
        balance_min=Money(0 if holding is None else holding.balance_min),
        operations=operations,
    )


def _less(most: int | None, used: int) -> int | None:
    return None if most is None else max(0, most - used)


def _money(minor: int | None) -> Money | None:
    return None if minor is None else Money(minor)
