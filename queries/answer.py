"""What queries answer with: money, directions and names as people in the field write them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from ledger.accounts import DEBIT_NORMAL, Kind
from ledger.chart import HEADINGS
from ledger.money import CURRENCIES, Money

# What customers call an event that moves their money; first by its whole name, then by its subject.
CUSTOMERS_WORDS = {
    "transfer.made": "transfer",
    "transfer.held": "transfer",
    "transfer.released": "transfer",
    "bank.credited": "bank_deposit",
    "bank.credit_assigned": "bank_deposit",
    "cash_in.made": "agent_deposit",
    "cash_in.reversed": "agent_deposit_reversal",
    "withdrawal.requested": "atm_withdrawal",
    "withdrawal": "atm_release",
    "cash_out.requested": "agent_withdrawal",
    "cash_out.confirmed": "agent_withdrawal",
    "cash_out": "agent_release",
    "entry.reversed": "reversal",
    "dispute": "dispute",
    "break": "dispute",
    "adjustment": "adjustment",
    "wallet.slept": "dormancy",
    "wallet.woken": "dormancy_ended",
}


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An answer, ready to be encoded by ledger.wire."""


class Side(StrEnum):
    """The two sides of an account."""

    DEBIT = "debit"
    CREDIT = "credit"


class Direction(StrEnum):
    """Whether money came or went, as the owner of a wallet or a float sees it."""

    IN = "in"
    OUT = "out"


def money(minor: int, currency: str) -> Money:
    """An amount from a table."""
    return Money(minor, CURRENCIES[currency])


def side_of(amount: int) -> Side:
    """On which side a line stands; its amount is signed, debit positive."""
    return Side.DEBIT if amount > 0 else Side.CREDIT


def customers_word_for(kind: str) -> str:
    """What a customer calls an event; one that has no word keeps its name."""
    return CUSTOMERS_WORDS.get(kind) or CUSTOMERS_WORDS.get(kind.partition(".")[0], kind)


def name_of(code: str) -> str:
    """The name of a code of the chart."""
    return HEADINGS[code].name


def kind_of(code: str) -> Kind:
    """The kind of account that stands under a code."""
    return HEADINGS[code].kind


def holds(code: str, balance: int, currency: str) -> Money:
    """What an account holds on its normal side: less than nothing when it stands on the other."""
    return money(balance if kind_of(code) in DEBIT_NORMAL else -balance, currency)
