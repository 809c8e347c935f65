"""The illustrative tariff and limits, written down apart from the product, in centavos."""

from __future__ import annotations

ATM = ((5_000_00, 25_00), (10_000_00, 50_00), (20_000_00, 80_00))
CASH_OUT = ((5_000_00, 60_00), (20_000_00, 120_00), (50_000_00, 200_00))
TRANSFER = ((5_000_00, 10_00), (20_000_00, 20_00), (100_000_00, 40_00))
Bands = tuple[tuple[int, int], ...]


def fee(bands: Bands, amount: int) -> int:
    """The fee of an amount; nothing for nothing."""
    if amount == 0:
        return 0
    return next(cost for top, cost in bands if amount <= top)


CASH_OUT_PAYS = ((5_000_00, 30_00), (20_000_00, 60_00), (50_000_00, 100_00))
CASH_IN_PAYS = ((5_000_00, 25_00), (20_000_00, 50_00), (100_000_00, 100_00))


# What a customer of each tier may move a day, by each kind of operation.
DAY_MAX = {"basic": 20_000_00, "standard": 100_000_00, "full": 2_000_000_00}
