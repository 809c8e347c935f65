"""What every form of bank statement is read into, and how its words are understood."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from ledger.errors import InvalidRequest
from ledger.money import AMOUNT_MINOR_MAX, CVE, Money

REFERENCE_MAX = 128
TEXT_MAX = 2_000  # characters beside a line; more is not looked at
_AMOUNT = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,5})?")
_NAME = re.compile(r"[!-~]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,12}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class BadStatement(Exception):
    """Something is wrong at a line of the file."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        super().__init__(reason)


class Given(NamedTuple):
    """A line as the file has it, and its place there. `amount` is above zero when money came in;
    `text` says for whom or what it is: rules look at it, and nobody keeps it. None: the bank takes
    back a line of its own."""

    at: int
    amount: int
    reference: str
    booked_on: date
    value_on: date
    text: str | None


class Found(NamedTuple):
    """What a file was read as. Balances are minor units."""

    account: str
    number: int
    first_day: date
    last_day: date
    opening: int
    closing: int
    lines: Sequence[Given]


def minor(text: str, line: int) -> int:
    """An amount in minor units. Raises BadStatement."""
    if _AMOUNT.fullmatch(text) is None:
        raise BadStatement(line, "the amount is none")
    try:
        amount = Money.of(text).minor
    except (InvalidRequest, ValueError):
        raise BadStatement(line, "the amount has parts of a centavo") from None
    if abs(amount) > AMOUNT_MINOR_MAX:
        raise BadStatement(line, "the amount is too large")
    return amount


def day(text: str, line: int) -> date:
    """A day, which may be followed by a time. Raises BadStatement."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise BadStatement(line, "a day is none: it is written YYYY-MM-DD") from None


def account(text: str, line: int) -> str:
    """An account's number. Raises BadStatement."""
    written = text.replace(" ", "")
    if _NAME.fullmatch(written) is None:
        raise BadStatement(line, "the account is not 1 to 64 visible ASCII characters")
    return written


def number(text: str, line: int) -> int:
    """A statement's number. Raises BadStatement."""
    if _NUMBER.fullmatch(text) is None or not int(text):
        raise BadStatement(line, "the statement's number is none")
    return int(text)


def currency(text: str, line: int) -> None:
    """Raises BadStatement unless it is the country's."""
    if text != CVE.code:
        raise BadStatement(line, f"the currency is not {CVE.code}")


def reference(text: str, line: int) -> str:
    """The bank's reference of a line; empty when it has none. Raises BadStatement."""
    if len(text) > REFERENCE_MAX or _CONTROL.search(text):
        raise BadStatement(line, f"the reference is not up to {REFERENCE_MAX} characters")
    return text.strip()
