"""What machines say, in two languages, and how people in Cape Verde write amounts and times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

COUNTRY = ZoneInfo("Atlantic/Cape_Verde")
SHOWN_DIGITS = 2


class Language(StrEnum):
    """What a screen is written in."""

    PT = "pt"
    EN = "en"


class Text(msgspec.Struct, frozen=True):
    """One thing said in both languages. As a string it is Portuguese."""

    pt: str
    en: str

    def __str__(self) -> str:
        return self.pt

    def said_in(self, language: Language) -> str:
        """The words of this language."""
        return self.pt if language is Language.PT else self.en

    def filled(self, **values: Text | str | int) -> Text:
        """With values in place of the {names}: each language gets its own form of a Text."""
        pt, en = (
            {name: _in(value, language) for name, value in values.items()} for language in Language
        )
        return Text(self.pt.format(**pt), self.en.format(**en))


def _in(value: Text | str | int, language: Language) -> str:
    return value.said_in(language) if isinstance(value, Text) else str(value)


def money(amount: Decimal | int) -> Text:
    """5.000$00 in Portuguese, CVE 5,000.00 in English."""
    return Text(escudos(amount), f"CVE {amount:,.2f}")


def escudos(amount: Decimal | int) -> str:
    """5.000$00, as amounts are written in Portuguese."""
    whole, cents = f"{amount:,.2f}".split(".")
    return f"{whole.replace(',', '.')}${cents}"


def notes(bundle: Mapping[int, int]) -> str:
    """1 × 2000 + 2 × 500, largest first."""
    counted = sorted(bundle.items(), reverse=True)
    return " + ".join(f"{count} × {note}" for note, count in counted if count)


def masked(phone: str) -> str:
    """A number of which only the end can be read, for receipts."""
    return "•" * (len(phone) - SHOWN_DIGITS) + phone[-SHOWN_DIGITS:]


def local_time(moment: datetime) -> str:
    """A moment as a receipt has it."""
    return f"{moment.astimezone(COUNTRY):%d-%m-%Y %H:%M:%S}"
