"""The tariff: what an operation costs and pays, as dated editions of bands.

The edition that counts is the newest that is valid when a customer asks; a withdrawal keeps the
number of its edition, so that a later change never touches it. All figures are data: the ones that
a new installation begins with are illustrative.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import msgspec

from commands.tier import Tier
from ledger import chart
from ledger.books import Books
from ledger.errors import LimitExceeded
from ledger.journal import Line, credit, debit
from ledger.money import CVE, Money
from ledger.rows import Key, Row


class Operation(StrEnum):
    """What a tariff is for."""

    ATM_WITHDRAWAL = "atm_withdrawal"
    AGENT_CASH_OUT = "agent_cash_out"
    AGENT_CASH_IN = "agent_cash_in"
    TRANSFER = "transfer"


class Band(msgspec.Struct, frozen=True):
    """Amounts up to and with `up_to` (minor units) cost `fee` and pay the agent `commission`."""

    up_to: int
    fee: int
    commission: int = 0


class Edition(msgspec.Struct, frozen=True):
    """One state of the tariff. Bands stand in rising order; the last one ends what is allowed.

    `tiers` has bands of their own for customers of some tiers; `bands` are everybody else's. Of
    each fee, `tax` ten-thousandths are owed to the state.
    """

    number: int
    valid_from: datetime
    amount_min: int
    bands: tuple[Band, ...]
    tiers: dict[str, tuple[Band, ...]] = {}
    tax: int = 0

    def __post_init__(self) -> None:
        assert 0 <= self.tax < WHOLE, "a tax is a part of the fee"
        for bands in (self.bands, *self.tiers.values()):
            tops = [band.up_to for band in bands]
            assert tops and tops == sorted(set(tops)), "bands rise"
            assert 0 < self.amount_min <= tops[0], "the first band begins at the least amount"

    def band(self, amount: Money, tier: Tier | None) -> Band:
        """The band of an amount for a tier. Raises LimitExceeded outside of all bands."""
        bands = self._bands(tier)
        if amount.minor >= self.amount_min:
            for band in bands:
                if amount.minor <= band.up_to:
                    return band
        least, most = Money(self.amount_min), Money(bands[-1].up_to)
        raise LimitExceeded(least=str(least.decimal), most=str(most.decimal))

    def fee_up_to(self, amount: Money, most: int, tier: Tier | None) -> int:
        """The fee of a part that was paid: by its own band, never above what was held for it."""
        if amount.minor == 0:
            return 0
        fees = [band.fee for band in self._bands(tier) if amount.minor <= band.up_to]
        return min(fees[0] if fees else most, most)

    def tax_of(self, fee: int) -> int:
        """The part of a fee that is tax, in minor units."""
        return split(fee, (self.tax, WHOLE - self.tax))[0] if self.tax else 0

    def earned(self, account: UUID, fee: Money) -> tuple[Line, ...]:
        """The lines of a fee that is earned: income to `account`, and the tax on it, if any."""
        if not self.tax:
            return (credit(account, fee),)
        tax = Money(self.tax_of(fee.minor))
        return credit(account, fee - tax), credit(TAXES, tax)

    def given_up(self, account: UUID, was: Money, becomes: Money) -> tuple[Line, Line]:
        """The lines of an earned fee that becomes less: exactly what it then was too much."""
        tax = Money(self.tax_of(was.minor) - self.tax_of(becomes.minor))
        return debit(account, was - becomes - tax), debit(TAXES, tax)

    def _bands(self, tier: Tier | None) -> tuple[Band, ...]:
        return self.bands if tier is None else self.tiers.get(tier, self.bands)


def split(total: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """Whole parts of a total in proportion to weights, which sum to it exactly.

    What is left over goes, a unit each, to the parts with the largest remainders (Hamilton's
    method); among equals to those that stand first.
    """
    assert total >= 0 and sum(weights) > 0, "something is split by something"
    shares = [divmod(total * weight, sum(weights)) for weight in weights]
    parts = [share for share, _ in shares]
    by_remainder = sorted(range(len(weights)), key=lambda each: -shares[each][1])
    for each in by_remainder[: total - sum(parts)]:
        parts[each] += 1
    return tuple(parts)


class Tariff(Row, frozen=True, kw_only=True):
    """All editions for one operation, in the order in which they begin to count."""

    kind: Operation
    editions: tuple[Edition, ...]

    TABLE: ClassVar[str] = "tariff"
    LOAD: ClassVar[dict[str, str]] = {
        "kind": "SELECT version, kind, editions FROM ledger.tariff WHERE kind = ANY(%(values)s)",
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.tariff AS t (kind, editions, version)
            SELECT r.kind, r.editions, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (kind text, editions jsonb, version bigint)
            ON CONFLICT (kind) DO UPDATE
                SET editions = excluded.editions, version = excluded.version
                WHERE t.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('tariff', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(kind: Operation) -> Key[Tariff]:
        """The tariff for an operation."""
        return (Tariff, "kind", kind.value)

    def keys(self) -> tuple[Key[Tariff], ...]:
        return ((Tariff, "kind", self.kind.value),)

    def now(self, books: Books) -> Edition:
        """The edition that is valid now."""
        edition = books.in_force(self.editions)
        assert edition is not None, f"no tariff for {self.kind} yet"
        return edition

    def edition(self, number: int) -> Edition:
        """An edition by its number."""
        return next(edition for edition in self.editions if edition.number == number)


TAXES = chart.the(chart.TAXES_PAYABLE)
WHOLE = 10_000
QUOTE_SECONDS = 60  # how long a quote holds, whatever is published meanwhile

# Not a real bank's figures. Operation, least amount, and for each band: up to, fee, commission;
# all in escudos.
ILLUSTRATIVE = (
    (Operation.ATM_WITHDRAWAL, 200, ((5_000, 25, 0), (10_000, 50, 0), (20_000, 80, 0))),
    (Operation.AGENT_CASH_OUT, 1, ((5_000, 60, 30), (20_000, 120, 60), (50_000, 200, 100))),
    (Operation.AGENT_CASH_IN, 1, ((5_000, 0, 25), (20_000, 0, 50), (100_000, 0, 100))),
    (Operation.TRANSFER, 1, ((5_000, 10, 0), (20_000, 20, 0), (100_000, 40, 0))),
)


def illustrative(now: datetime) -> tuple[Tariff, ...]:
    """What a new installation begins with."""
    return tuple(
        Tariff(
            kind=operation,
            editions=(
                Edition(
                    number=1,
                    valid_from=now,
                    amount_min=least * CVE.minor_per_major,
                    bands=tuple(
                        Band(*(escudos * CVE.minor_per_major for escudos in band)) for band in bands
                    ),
                ),
            ),
        )
        for operation, least, bands in ILLUSTRATIVE
    )
