"""The limits change: a new edition of all of them, from a day that is still to come."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.risk.limits import (
    THE_LIMITS,
    Holding,
    Limit,
    LimitBook,
    LimitEdition,
    numbered_after,
)
from commands.risk.publish_tariff import EDITIONS_MAX, THE_BOOKS, Moment, require_to_come
from commands.tariff import Operation
from commands.tier import Tier
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest
from ledger.money import Money

Who = Literal["basic", "standard", "full", "agent", "till", "terminal", "new_device"]
Count = Annotated[int, Meta(ge=0, le=10**9)]


class LimitEntered(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """For a tier or a kind of place, and one operation; what is left out limits nothing."""

    who: Who
    operation: Operation
    per_transaction_min: Money | None = None
    per_transaction_max: Money | None = None
    day_amount: Money | None = None
    day_count: Count | None = None
    month_amount: Money | None = None
    month_count: Count | None = None
    step_up_above: Money | None = None


class HoldingEntered(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """How much a wallet of a tier may hold at most, and how much has to stay in it."""

    tier: Tier
    balance_max: Money | None = None
    balance_min: Money = Money(0)


class SetLimits(Change, frozen=True, kw_only=True):
    """All limits as they shall be: each tier for each operation, the places, the balances."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR, Role.ACCOUNTANT)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR, Role.ACCOUNTANT)

    valid_from: Moment | None = None
    limits: Annotated[tuple[LimitEntered, ...], Meta(max_length=100)]
    balances: Annotated[tuple[HoldingEntered, ...], Meta(max_length=10)]

    def touches(self, books: Books) -> Rounds:
        yield (THE_LIMITS,)

    def require_possible(self, books: Books, maker: Person) -> None:
        named = {(entry.who, entry.operation) for entry in self.limits}
        if len(named) < len(self.limits):
            raise InvalidRequest(field="limits", reason="has the same twice")
        if missing := [
            f"{tier}/{operation}"
            for tier in Tier
            for operation in Operation
            if (tier.value, operation) not in named
        ]:
            raise InvalidRequest(field="limits", reason=f"says nothing of {missing[0]}")
        if sorted(entry.tier for entry in self.balances) != sorted(Tier):
            raise InvalidRequest(field="balances", reason="has each tier once")
        for entry in self.limits:
            _require_sense(entry)
        for balance in self.balances:
            if balance.balance_max is not None and balance.balance_max < balance.balance_min:
                raise InvalidRequest(field="balances", reason="has a maximum below its minimum")
        require_to_come(books, self.valid_from)
        book = books.find(THE_LIMITS)
        if book is not None and len(book.editions) >= EDITIONS_MAX:
            raise Conflict("There are too many editions.", most=EDITIONS_MAX)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        book = books.find(THE_LIMITS) or LimitBook(editions=())
        edition = self._edition(numbered_after(book), self.valid_from or books.now)
        books.put(book.having(edition))
        facts = {
            "limitsEdition": edition.number,
            "validFrom": edition.valid_from,
            "proposal": proposal_id,
        }
        books.record("limits.set", THE_BOOKS, facts)
        return {"limitsEdition": edition.number}

    def _edition(self, number: int, valid_from: datetime) -> LimitEdition:
        limits: dict[str, dict[str, Limit]] = {}
        for entry in self.limits:
            limits.setdefault(entry.who, {})[entry.operation.value] = Limit(
                per_transaction_min=_minor(entry.per_transaction_min),
                per_transaction_max=_minor(entry.per_transaction_max),
                day_minor=_minor(entry.day_amount),
                day_count=entry.day_count,
                month_minor=_minor(entry.month_amount),
                month_count=entry.month_count,
                step_up_above=_minor(entry.step_up_above),
            )
        holdings = {
            entry.tier.value: Holding(
                balance_max=_minor(entry.balance_max), balance_min=entry.balance_min.minor
            )
            for entry in self.balances
        }
        return LimitEdition(number=number, valid_from=valid_from, limits=limits, holdings=holdings)


def _minor(money: Money | None) -> int | None:
    return None if money is None else money.minor


def _require_sense(entry: LimitEntered) -> None:
    """Raises InvalidRequest for limits that contradict each other."""
    least, most = entry.per_transaction_min, entry.per_transaction_max
    if least is not None and most is not None and most < least:
        raise InvalidRequest(field="perTransactionMax", reason="is below the minimum")
    pairs = (
        (entry.day_amount, entry.month_amount, "monthAmount"),
        (entry.day_count, entry.month_count, "monthCount"),
    )
    for day, month, field in pairs:
        if day is not None and month is not None and month < day:  # type: ignore[operator]
            raise InvalidRequest(field=field, reason="is below that of a day")
