"""What things cost and how far one may go: quotes, the tariff, limits, all with their history.

They are read on the primary, as the next decision will read them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get
from litestar.params import QueryParameter

from commands.agent.row import Agent
from commands.identity.person import Person, Role
from commands.risk.limits import FIRST, NEW_DEVICE, PLACES, THE_LIMITS, LimitEdition
from commands.risk.quote import Quote, quote_for_agent, quote_for_customer
from commands.tariff import Band, Edition, Operation, Tariff
from commands.tier import Tier
from ledger.errors import NotFound
from ledger.money import Money
from server.routes.given import TheCall, ThePrimary
from server.wire import amount_of, uuid_or_not_found

Wanted = Annotated[Operation, QueryParameter(name="operation", description="What shall be done")]
OfMoney = Annotated[
    str,
    QueryParameter(
        name="amount",
        pattern=r"^[0-9]{1,13}(\.[0-9]{1,2})?$",
        description="Escudos",
        examples=[],
    ),
]
AtAgent = Annotated[
    str | None,
    QueryParameter(name="agentId", max_length=64, description="Who would pay it out"),
]


class _Out(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What goes out here."""


class BandShown(_Out, frozen=True, kw_only=True):
    """Amounts from and with `from` up to and with `upTo`."""

    from_: Money = msgspec.field(name="from")
    up_to: Money
    fee: Money
    commission: Money


class EditionShown(_Out, frozen=True, kw_only=True):
    """One state of a tariff. `tax` is the part of each fee that is tax, in ten-thousandths."""

    number: int
    valid_from: datetime
    tax: int
    bands: tuple[BandShown, ...]
    tiers: dict[str, tuple[BandShown, ...]]


class TariffShown(_Out, frozen=True, kw_only=True):
    """All editions for an operation, in the order in which they begin to count."""

    operation: Operation
    editions: tuple[EditionShown, ...]


class TariffsShown(_Out, frozen=True, kw_only=True):
    """The tariff as a whole."""

    items: tuple[TariffShown, ...]


class LimitShown(_Out, frozen=True, kw_only=True):
    """A limit of a tier or a kind of place for an operation; null limits nothing."""

    who: str
    operation: str
    per_transaction_min: Money | None
    per_transaction_max: Money | None
    day_amount: Money | None
    day_count: int | None
    month_amount: Money | None
    month_count: int | None
    step_up_above: Money | None


class BalanceShown(_Out, frozen=True, kw_only=True):
    """How much a wallet of a tier may hold, and how much has to stay in it."""

    tier: str
    balance_max: Money | None
    balance_min: Money


class LimitsShown(_Out, frozen=True, kw_only=True):
    """One state of all limits."""

    number: int
    valid_from: datetime
    limits: tuple[LimitShown, ...]
    balances: tuple[BalanceShown, ...]


class LimitBookShown(_Out, frozen=True, kw_only=True):
    """All editions, in the order in which they begin to count."""

    items: tuple[LimitsShown, ...]


@get("/quote", summary="What an operation would cost")
async def read_quote(
    call: TheCall, primary: ThePrimary, operation: Wanted, amount: OfMoney, agent_id: AtAgent = None
) -> Quote:
    """Until `validUntil`, this is what is charged. Agents are told their commission."""
    caller = call.caller
    keys = (Person.by_id(caller.user_id), Tariff.of(operation))
    at = None if agent_id is None else Agent.by_id(uuid_or_not_found(agent_id, NO_AGENT))
    books = await primary.books(*keys, *(() if at is None else (at,)))
    if at is not None:
        agent = books.find(at)
        if agent is None or not agent.open:
            raise NotFound(NO_AGENT)
    if caller.role is Role.AGENT:
        return quote_for_agent(books, operation, amount_of(amount))
    tier = books.get(Person.by_id(caller.user_id)).tier or Tier.BASIC
    return quote_for_customer(books, operation, amount_of(amount), tier)


@get("/tariff", summary="All editions of the tariff")
async def read_tariff(primary: ThePrimary) -> TariffsShown:
    """Those that were, that counts now, and those to come."""
    books = await primary.books(*(Tariff.of(operation) for operation in Operation))
    tariffs = [books.get(Tariff.of(operation)) for operation in Operation]
    return TariffsShown(items=tuple(_tariff(tariff) for tariff in tariffs))


@get("/limits", summary="All editions of the limits")
async def read_limits(primary: ThePrimary) -> LimitBookShown:
    """Those that were, that count now, and those to come."""
    books = await primary.books(THE_LIMITS)
    book = books.find(THE_LIMITS)
    editions = (FIRST,) if book is None else book.editions
    return LimitBookShown(items=tuple(_limits(edition) for edition in editions))


def _tariff(tariff: Tariff) -> TariffShown:
    return TariffShown(
        operation=tariff.kind, editions=tuple(_edition(edition) for edition in tariff.editions)
    )


def _edition(edition: Edition) -> EditionShown:
    return EditionShown(
        number=edition.number,
        valid_from=edition.valid_from,
        tax=edition.tax,
        bands=_bands(edition, edition.bands),
        tiers={tier: _bands(edition, bands) for tier, bands in edition.tiers.items()},
    )


def _bands(edition: Edition, bands: tuple[Band, ...]) -> tuple[BandShown, ...]:
    starts = [edition.amount_min, *(band.up_to + 1 for band in bands[:-1])]
    return tuple(
        BandShown(
            from_=Money(start),
            up_to=Money(band.up_to),
            fee=Money(band.fee),
            commission=Money(band.commission),
        )
        for start, band in zip(starts, bands, strict=True)
    )


def _limits(edition: LimitEdition) -> LimitsShown:
    return LimitsShown(
        number=edition.number,
        valid_from=edition.valid_from,
        limits=tuple(
            LimitShown(
                who=who,
                operation=operation,
                per_transaction_min=_money(limit.per_transaction_min),
                per_transaction_max=_money(limit.per_transaction_max),
                day_amount=_money(limit.day_minor),
                day_count=limit.day_count,
                month_amount=_money(limit.month_minor),
                month_count=limit.month_count,
                step_up_above=_money(limit.step_up_above),
            )
            for who in (*Tier, *PLACES, NEW_DEVICE)
            for operation, limit in edition.limits.get(who, {}).items()
        ),
        balances=tuple(
            BalanceShown(
                tier=tier,
                balance_max=_money(holding.balance_max),
                balance_min=Money(holding.balance_min),
            )
            for tier, holding in edition.holdings.items()
        ),
    )


def _money(minor: int | None) -> Money | None:
    return None if minor is None else Money(minor)


NO_AGENT = "There is no such agent."

HANDLERS = (read_quote, read_tariff, read_limits)
