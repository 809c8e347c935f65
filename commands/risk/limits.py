"""Limits: how much and how often, by tier and operation, as dated editions.

All figures are data, and those that a new installation begins with are illustrative: no regulator's
and no bank's. What is not named is not limited.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

import msgspec

from commands.risk.activity import Used
from commands.tariff import Operation
from commands.tier import Tier
from ledger.books import Books
from ledger.errors import LimitExceeded
from ledger.money import Money
from ledger.rows import Key, Row

AGENT, TILL, TERMINAL = "agent", "till", "terminal"
PLACES = (AGENT, TILL, TERMINAL)
NEW_DEVICE = "new_device"  # a customer's, while it cools off
MONEY_OUT = (Operation.ATM_WITHDRAWAL, Operation.AGENT_CASH_OUT, Operation.TRANSFER)


class Limit(msgspec.Struct, frozen=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """For one operation: amounts in minor units and counts; None limits nothing."""

    per_transaction_min: int | None = None
    per_transaction_max: int | None = None
    day_minor: int | None = None
    day_count: int | None = None
    month_minor: int | None = None
    month_count: int | None = None
    step_up_above: int | None = None  # a larger amount needs the second factor again

    def require_room(self, used: Used, amount: int) -> None:
        """Raises LimitExceeded when this amount would go beyond what is left."""
        least, most = self.per_transaction_min, self.per_transaction_max
        if least is not None and amount < least:
            raise LimitExceeded(limit="perTransactionMin", least=escudos(least))
        if most is not None and amount > most:
            raise LimitExceeded(limit="perTransactionMax", left=escudos(most))
        most = self.day_minor
        if most is not None and used.day_minor + amount > most:
            raise LimitExceeded(limit="dayAmount", left=escudos(most - used.day_minor))
        most = self.day_count
        if most is not None and used.day_count >= most:
            raise LimitExceeded(limit="dayCount", left=0)
        most = self.month_minor
        if most is not None and used.month_minor + amount > most:
            raise LimitExceeded(limit="monthAmount", left=escudos(most - used.month_minor))
        most = self.month_count
        if most is not None and used.month_count >= most:
            raise LimitExceeded(limit="monthCount", left=0)


class Holding(msgspec.Struct, frozen=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """How much a wallet of a tier may hold, and how much must stay in it, in minor units."""

    balance_max: int | None = None
    balance_min: int = 0


class LimitEdition(
    msgspec.Struct, frozen=True, gc=False, rename="camel", forbid_unknown_fields=True
):
    """One state of all limits: by tier or kind of place, then by operation; balances by tier."""

    number: int
    valid_from: datetime
    limits: dict[str, dict[str, Limit]]
    holdings: dict[str, Holding]

    def of(self, who: str, operation: str) -> Limit | None:
        """The limit of a tier or kind of place for an operation, or None when there is none."""
        limits = self.limits.get(who)
        return None if limits is None else limits.get(operation)


class LimitBook(Row, frozen=True, kw_only=True):
    """All editions of the limits, in the order in which they begin to count. There is one row."""

    kind: str = "limits"
    editions: tuple[LimitEdition, ...]

    TABLE: ClassVar[str] = "limit_book"
    LOAD: ClassVar[dict[str, str]] = {
        "kind": "SELECT version, kind, editions FROM ledger.limit_book WHERE kind = ANY(%(values)s)"
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.limit_book AS b (kind, editions, version)
            SELECT r.kind, r.editions, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (kind text, editions jsonb, version bigint)
            ON CONFLICT (kind) DO UPDATE
                SET editions = excluded.editions, version = excluded.version
                WHERE b.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('limit_book', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def first(now: datetime) -> LimitBook:
        """What a new installation begins with."""
        return LimitBook(editions=(illustrative_limits(1, now),))

    def keys(self) -> tuple[Key[LimitBook], ...]:
        return ((LimitBook, "kind", self.kind),)

    def having(self, edition: LimitEdition) -> LimitBook:
        """The same with one edition more."""
        editions = (*self.editions, edition)
        in_order = sorted(editions, key=lambda each: (each.valid_from, each.number))
        return msgspec.structs.replace(self, editions=tuple(in_order))

    def now(self, books: Books) -> LimitEdition:
        """The edition that is valid now."""
        return books.in_force(self.editions) or FIRST


def numbered_after(book: LimitBook) -> int:
    """The number of the next edition."""
    return 1 + max((edition.number for edition in book.editions), default=0)


THE_LIMITS: Key[LimitBook] = (LimitBook, "kind", "limits")


def limits_now(books: Books) -> LimitEdition:
    """The edition that is valid now; touches THE_LIMITS."""
    book = books.find(THE_LIMITS)
    return FIRST if book is None else book.now(books)


def escudos(minor: int) -> str:
    """An amount as a refusal tells it; what is overdrawn shows as nothing left."""
    return str(Money(max(0, minor)).decimal)


# Not a real bank's figures, in escudos: at most at once, a day, times a day, a month, times a month
ILLUSTRATIVE = {
    Tier.BASIC: (10_000, 20_000, 20, 200_000, 300),
    Tier.STANDARD: (50_000, 100_000, 50, 1_000_000, 1_000),
    # So wide that whoever tries a demo out is not stopped by it.
    Tier.FULL: (200_000, 20_000_000, 10_000, 400_000_000, 200_000),
}
ILLUSTRATIVE_BALANCES = {Tier.BASIC: 50_000, Tier.STANDARD: 500_000, Tier.FULL: 100_000_000}
# Above so much at once the second factor is asked for again.
ILLUSTRATIVE_STEP_UP = {Tier.STANDARD: 20_000, Tier.FULL: 100_000}
# By a new device at once, and a day: how much is lost when somebody else has enrolled it.
ILLUSTRATIVE_NEW_DEVICE = (5_000, 10_000)
# The same for places: a day's sum and its count.
ILLUSTRATIVE_PLACES = {
    (AGENT, Operation.AGENT_CASH_IN): (200_000_000, 100_000),
    (AGENT, Operation.AGENT_CASH_OUT): (200_000_000, 100_000),
    (TILL, Operation.AGENT_CASH_IN): (100_000_000, 50_000),
    (TILL, Operation.AGENT_CASH_OUT): (100_000_000, 50_000),
    (TERMINAL, Operation.ATM_WITHDRAWAL): (200_000_000, 100_000),
}


def illustrative_limits(number: int, valid_from: datetime) -> LimitEdition:
    """What a new installation begins with."""
    limits: dict[str, dict[str, Limit]] = {}
    for tier, (once, day, day_count, month, month_count) in ILLUSTRATIVE.items():
        limit = Limit(
            per_transaction_max=once * 100,
            day_minor=day * 100,
            day_count=day_count,
            month_minor=month * 100,
            month_count=month_count,
            step_up_above=_minor(ILLUSTRATIVE_STEP_UP.get(tier)),
        )
        limits[tier.value] = {operation.value: limit for operation in Operation}
    once, day = ILLUSTRATIVE_NEW_DEVICE
    capped = Limit(per_transaction_max=once * 100, day_minor=day * 100)
    limits[NEW_DEVICE] = {operation.value: capped for operation in MONEY_OUT}
    for (place, operation), (day, day_count) in ILLUSTRATIVE_PLACES.items():
        of_place = limits.setdefault(place, {})
        of_place[operation.value] = Limit(day_minor=day * 100, day_count=day_count)
    holdings = {
        tier.value: Holding(balance_max=most * 100) for tier, most in ILLUSTRATIVE_BALANCES.items()
    }
    return LimitEdition(number=number, valid_from=valid_from, limits=limits, holdings=holdings)


def _minor(escudos: int | None) -> int | None:
    return None if escudos is None else escudos * 100


# What counts until the books have an edition of their own.
FIRST = illustrative_limits(1, datetime(2000, 1, 1, tzinfo=UTC))
