"""Money: a whole number of minor units of one currency. Never a float, never rounded in silence."""

from __future__ import annotations

from decimal import Decimal
from typing import NoReturn, Self

import msgspec

from ledger.errors import InvalidRequest

AMOUNT_MINOR_MAX = 10**15  # ten trillion escudos: far above the country, far below 2**63


class Currency(msgspec.Struct, frozen=True):
    """A currency of ISO 4217: its letters, its number and how many decimals its minor unit has."""

    code: str
    numeric: str
    exponent: int
    minor_per_major: int  # 100 centavos make an escudo

    def __post_init__(self) -> None:
        assert self.minor_per_major == 10**self.exponent, "the exponent says how many"


CVE = Currency(code="CVE", numeric="132", exponent=2, minor_per_major=100)
CURRENCIES = {currency.code: currency for currency in (CVE,)}


class Money:
    """An exact amount. Adding two currencies is a bug of ours, not a caller's mistake.

    A class of its own and no msgspec struct, so that encoders ask how to write it.
    """

    __slots__ = ("currency", "minor")
    minor: int
    currency: Currency

    def __init__(self, minor: int, currency: Currency = CVE) -> None:
        object.__setattr__(self, "minor", minor)
        object.__setattr__(self, "currency", currency)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("an amount does not change")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.minor == other.minor and self.currency == other.currency

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __hash__(self) -> int:
        return hash((self.minor, self.currency.code))

    def __repr__(self) -> str:
        return f"Money({self.minor}, {self.currency.code})"

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: Currency = CVE) -> Self:
        """Read a decimal amount of major units.

        Raises InvalidRequest when it is no number, has more decimals than the currency has, or is
        larger than any amount that we keep.
        """
        decimal = Decimal(amount)
        if not decimal.is_finite():
            raise InvalidRequest(field="amount", reason="is not a number")
        scaled = decimal.scaleb(currency.exponent) if decimal.adjusted() < 40 else None
        if scaled is None or abs(scaled) > AMOUNT_MINOR_MAX:
            raise InvalidRequest(field="amount", reason="is too large")
        if scaled != scaled.to_integral_value():
            raise InvalidRequest(
                field="amount", reason=f"has more than {currency.exponent} decimals"
            )
        return cls(int(scaled), currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, without trailing zeros (2000, 25.5)."""
        whole, rest = divmod(self.minor, self.currency.minor_per_major)
        if rest == 0:
            return Decimal(whole)
        return Decimal(self.minor).scaleb(-self.currency.exponent).normalize()

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __str__(self) -> str:
        """The amount as English readers write it: CVE 5,000.00."""
        sign = "-" if self.minor < 0 else ""
        whole, rest = divmod(abs(self.minor), self.currency.minor_per_major)
        return f"{sign}{self.currency.code} {whole:,}.{rest:0{self.currency.exponent}d}"

    def _same(self, other: Money) -> int:
        assert other.currency == self.currency, "two currencies are never added"
        return other.minor
