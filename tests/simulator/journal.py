"""Entries of a journal, made up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid4

from simulator.contract import Entry, Line

DAY = date(2026, 11, 23)


def entry(
    *,
    debit: Mapping[str, Decimal | int],
    credit: Mapping[str, Decimal | int],
    of: UUID | None = None,
    number: int = 1,
) -> Entry:
    """One entry of a movement."""
    sides: dict[Literal["debit", "credit"], Mapping[str, Decimal | int]] = {
        "debit": debit,
        "credit": credit,
    }
    return Entry(
        number=number,
        written=f"2026/{number}",
        kind="…",
        transaction_id=of or uuid4(),
        booking_date=DAY,
        value_date=DAY,
        reverses=None,
        lines=tuple(
            Line(code=code, name=code, direction=side, amount=Decimal(amount))
            for side, lines in sides.items()
            for code, amount in lines.items()
        ),
    )
