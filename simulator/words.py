"""How people in Cape Verde write amounts, telephone numbers and times."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

COUNTRY = ZoneInfo("Atlantic/Cape_Verde")
SHOWN_DIGITS = 2


def escudos(amount: Decimal | int) -> str:
    """5.000$00, as amounts are written in Portuguese."""
    whole, cents = f"{amount:,.2f}".split(".")
    return f"{whole.replace(',', '.')}${cents}"


def notes(bundle: dict[int, int]) -> str:
    """1 × 2000 + 2 × 500, largest first."""
    counted = sorted(bundle.items(), reverse=True)
    return " + ".join(f"{count} × {note}" for note, count in counted if count)


def masked(phone: str) -> str:
    """A number of which only the end can be read, for receipts."""
    return "•" * (len(phone) - SHOWN_DIGITS) + phone[-SHOWN_DIGITS:]


def local_time(moment: datetime) -> str:
    """A moment as a receipt has it."""
    return f"{moment.astimezone(COUNTRY):%d-%m-%Y %H:%M:%S}"
