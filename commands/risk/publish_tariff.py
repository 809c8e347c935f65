"""The tariff changes: a new edition for one operation, from a day that is still to come.

Bands are entered with both of their ends, so that a gap, an overlap or a falling one is seen and
refused; what was charged under older editions stays as it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
from msgspec import Meta

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.tariff import QUOTE_SECONDS, WHOLE, Band, Edition, Operation, Tariff
from commands.tier import Tier
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest
from ledger.money import CVE, Money

BANDS_MAX = 40
EDITIONS_MAX = 1_000
THE_BOOKS = UUID(int=0)

Moment = Annotated[datetime, Meta(tz=True)]


class BandEntered(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Amounts from and with `from` up to and with `up_to` cost `fee` and pay `commission`."""

    from_: Money = msgspec.field(name="from")
    up_to: Money
    fee: Money
    commission: Money = Money(0)


Bands = Annotated[tuple[BandEntered, ...], Meta(min_length=1, max_length=BANDS_MAX)]


class PublishTariff(Change, frozen=True, kw_only=True):
    """A new edition for an operation, valid from a moment to come, or as soon as it is approved and
    the quotes of before have ended.

    `tiers` has bands of their own for some tiers; `tax` is the part of each fee that is tax, in
    ten-thousandths of it.
    """

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT, Role.OPERATOR)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT, Role.OPERATOR)

    operation: Operation
    valid_from: Moment | None = None
    bands: Bands
    tiers: dict[Tier, Bands] = msgspec.field(default_factory=dict)
    tax: Annotated[int, Meta(ge=0, lt=WHOLE)] = 0

    def touches(self, books: Books) -> Rounds:
        yield (Tariff.of(self.operation),)

    def require_possible(self, books: Books, maker: Person) -> None:
        for bands in (self.bands, *self.tiers.values()):
            _require_rising(bands)
            _require_charged(self.operation, bands)
            if bands[0].from_ != self.bands[0].from_:
                raise InvalidRequest(field="tiers", reason="begin elsewhere than the other bands")
            if _commissions(bands, self.bands) != _commissions(self.bands, bands):
                raise InvalidRequest(field="tiers", reason="pay another commission")
        tariff = books.get(Tariff.of(self.operation))
        require_to_come(books, self.valid_from)
        if len(tariff.editions) >= EDITIONS_MAX:
            raise Conflict("There are too many editions.", most=EDITIONS_MAX)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        tariff = books.get(Tariff.of(self.operation))
        number = max(edition.number for edition in tariff.editions) + 1
        edition = Edition(
            number=number,
            valid_from=self._begins(books),
            amount_min=self.bands[0].from_.minor,
            bands=_kept(self.bands),
            tiers={tier.value: _kept(bands) for tier, bands in self.tiers.items()},
            tax=self.tax,
        )
        editions = sorted((*tariff.editions, edition), key=_by_start)
        books.put(msgspec.structs.replace(tariff, editions=tuple(editions)))
        facts = {
            "operation": self.operation,
            "tariffEdition": number,
            "validFrom": edition.valid_from,
            "proposal": proposal_id,
        }
        books.record("tariff.published", THE_BOOKS, facts)
        return {"tariffEdition": number}

    def _begins(self, books: Books) -> datetime:
        soonest = books.now + timedelta(seconds=QUOTE_SECONDS)
        return soonest if self.valid_from is None else max(self.valid_from, soonest)


def require_to_come(books: Books, valid_from: datetime | None) -> None:
    """Raises Conflict for a moment that has passed: what was charged then cannot change."""
    if valid_from is not None and books.passed(valid_from):
        raise Conflict("This moment has passed.", field="validFrom")


def _by_start(edition: Edition) -> tuple[datetime, int]:
    return edition.valid_from, edition.number


def _kept(bands: tuple[BandEntered, ...]) -> tuple[Band, ...]:
    return tuple(
        Band(up_to=band.up_to.minor, fee=band.fee.minor, commission=band.commission.minor)
        for band in bands
    )


def _require_rising(bands: tuple[BandEntered, ...]) -> None:
    """Raises InvalidRequest unless each band begins right where the one before it ends."""
    before = None
    for number, band in enumerate(bands, start=1):
        if band.from_.minor <= 0 or band.up_to < band.from_:
            raise InvalidRequest(field="bands", band=number, reason="falls")
        if before is not None:
            begins = band.from_.minor - before.up_to.minor
            if begins <= 0:
                raise InvalidRequest(field="bands", band=number, reason="overlaps the one before")
            if begins > 1:
                raise InvalidRequest(field="bands", band=number, reason="leaves a gap before it")
        before = band


def _require_charged(operation: Operation, bands: tuple[BandEntered, ...]) -> None:
    """Raises InvalidRequest for figures that nothing would ever come of."""
    if operation is Operation.AGENT_CASH_IN and any(band.fee.minor for band in bands):
        raise InvalidRequest(field="fee", reason="is not charged for cash paid in")
    paid = operation in (Operation.AGENT_CASH_IN, Operation.AGENT_CASH_OUT)
    if not paid and any(band.commission.minor for band in bands):
        raise InvalidRequest(field="commission", reason="is paid to agents only")


def _commissions(bands: tuple[BandEntered, ...], others: tuple[BandEntered, ...]) -> list[int]:
    """What bands pay at each end of theirs and of others: an agent knows no tiers."""
    ends = sorted({band.up_to.minor for band in (*bands, *others)})
    return [
        next((band.commission.minor for band in bands if end <= band.up_to.minor), 0)
        for end in ends
    ]


assert CVE.exponent == 2, "a gap of one is a gap of a centavo"
