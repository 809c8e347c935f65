"""The tariff: what an operation costs and pays, as dated editions of bands.

The edition that counts is the newest that is valid when a customer asks; a withdrawal keeps the
number of its edition, so that a later change never touches it. All figures are data: the ones that
a new installation begins with are illustrative.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import msgspec

from ledger.books import Books
from ledger.errors import LimitExceeded
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
    """One state of the tariff. Bands stand in rising order; the last one ends what is allowed."""

    number: int
    valid_from: datetime
    amount_min: int
    bands: tuple[Band, ...]

    def __post_init__(self) -> None:
        tops = [band.up_to for band in self.bands]
        assert tops and tops == sorted(set(tops)), "bands rise"
        assert 0 < self.amount_min <= tops[0], "the first band begins at the least amount"

    def band(self, amount: Money) -> Band:
        """The band of an amount. Raises LimitExceeded outside of all bands."""
        if amount.minor >= self.amount_min:
            for band in self.bands:
                if amount.minor <= band.up_to:
                    return band
        least, most = Money(self.amount_min), Money(self.bands[-1].up_to)
        raise LimitExceeded(least=str(least.decimal), most=str(most.decimal))

    def fee_up_to(self, amount: Money, most: int) -> int:
        """The fee of a part that was paid: by its own band, never above what was held for it."""
        if amount.minor == 0:
            return 0
        fees = [band.fee for band in self.bands if amount.minor <= band.up_to]
        return min(fees[0] if fees else most, most)


class Tariff(Row, frozen=True, kw_only=True):
    """All editions for one operation, oldest first."""

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
        for edition in reversed(self.editions):
            if books.passed(edition.valid_from):
                return edition
        raise AssertionError(f"no tariff for {self.kind} yet")

    def edition(self, number: int) -> Edition:
        """An edition by its number."""
        return next(edition for edition in self.editions if edition.number == number)


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
