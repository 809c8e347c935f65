"""What must stand in the journal behind each thing that happens, and what it costs.

Account codes and entries are those that makeba publishes for its books; the fees are those of the
illustrative tariff that a demo begins with.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from simulator.contract import Entry
from simulator.words import escudos

TRUST = "1010"
WALLETS = "2010"
FLOATS = "2020"
HELD = "2030"
SWITCH_PAYABLE = "2100"
UNIDENTIFIED = "2900"
FEES_ATM = "4010"
FEES_AGENT = "4020"
FEES_TRANSFER = "4030"
COMMISSION_CASH_IN = "5010"
COMMISSION_CASH_OUT = "5020"

ATM_FEES = ((5_000, 25), (10_000, 50), (20_000, 80))
AGENT_FEE = 60  # up to 5,000 escudos
AGENT_FEE_MOST = 200
AGENT_AMOUNT_MAX = 50_000
CASH_IN_COMMISSION = 25
CASH_OUT_COMMISSION = 30


class Leg(NamedTuple):
    """One leg of an entry as it should be."""

    direction: str
    code: str
    amount: Decimal | int


Legs = tuple[Leg, ...]


def atm_fee(amount: int) -> int:
    """What cash from a machine costs."""
    return next(fee for up_to, fee in ATM_FEES if amount <= up_to)


def held(total: int) -> Legs:
    """Amount and fee are set aside: still the customer's, no longer to be spent."""
    return (Leg("debit", WALLETS, total), Leg("credit", HELD, total))


def given_back(total: int) -> Legs:
    """Nothing was paid: all of it is the customer's again, the fee too."""
    return (Leg("debit", HELD, total), Leg("credit", WALLETS, total))


def transfer_released(amount: int, fee: int) -> Legs:
    """A held transfer goes on: the receiver has the amount, and the fee is earned."""
    return (
        Leg("debit", HELD, amount + fee),
        Leg("credit", WALLETS, amount),
        Leg("credit", FEES_TRANSFER, fee),
    )


def captured(total: int, paid: int, fee: int) -> Legs:
    """A machine has paid: we owe it to the switch, earn the fee, and give back what is left."""
    rest = total - paid - fee
    given = (Leg("credit", WALLETS, rest),) if rest else ()
    return (
        Leg("debit", HELD, total),
        Leg("credit", SWITCH_PAYABLE, paid),
        Leg("credit", FEES_ATM, fee),
        *given,
    )


def cashed_in(amount: int, commission: int) -> Legs:
    """The agent's float becomes the customer's money."""
    return (
        Leg("debit", FLOATS, amount),
        Leg("debit", COMMISSION_CASH_IN, commission),
        Leg("credit", WALLETS, amount),
        Leg("credit", FLOATS, commission),
    )


def cashed_out(amount: int, fee: int, commission: int) -> Legs:
    """The agent has paid: what was held becomes float."""
    return (
        Leg("debit", HELD, amount + fee),
        Leg("debit", COMMISSION_CASH_OUT, commission),
        Leg("credit", FLOATS, amount + commission),
        Leg("credit", FEES_AGENT, fee),
    )


def float_sent(amount: int) -> Legs:
    """Float goes from one agent to another."""
    return (Leg("debit", FLOATS, amount), Leg("credit", FLOATS, amount))


def redeemed(amount: int) -> Legs:
    """Float becomes money in the bank."""
    return (Leg("debit", FLOATS, amount), Leg("credit", TRUST, amount))


def credited(amount: int) -> Legs:
    """The trust bank was credited for a customer."""
    return (Leg("debit", TRUST, amount), Leg("credit", WALLETS, amount))


def unidentified(amount: int) -> Legs:
    """The trust bank was credited, and nobody knows for whom."""
    return (Leg("debit", TRUST, amount), Leg("credit", UNIDENTIFIED, amount))


def assigned(amount: int) -> Legs:
    """It was a customer's after all."""
    return (Leg("debit", UNIDENTIFIED, amount), Leg("credit", WALLETS, amount))


def legs_of(entry: Entry) -> Legs:
    """The legs of an entry as it is."""
    return tuple(Leg(line.direction, line.code, line.amount) for line in entry.lines)


def written(legs: Legs) -> str:
    """Legs in one line, in an order in which they can be compared."""
    return ", ".join(
        f"{leg.direction} {leg.code} {escudos(leg.amount)}"
        for leg in sorted(legs, key=lambda leg: (leg.direction != "debit", leg.code, leg.amount))
    )


def owed_to_switch(entry: Entry) -> int:
    """By how much an entry raises what we owe to the switch."""
    owed = 0
    for line in entry.lines:
        if line.code == SWITCH_PAYABLE:
            owed += int(line.amount) if line.direction == "credit" else -int(line.amount)
    return owed
