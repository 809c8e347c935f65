"""Counter truth: the cash that tills took in and handed out against the journal, by movement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

import msgspec

from simulator.bookkeeping import (
    COMMISSION_CASH_IN,
    COMMISSION_CASH_OUT,
    FEES_AGENT,
    HELD,
    WALLETS,
)
from simulator.contract import Entry
from simulator.machines.agent import CashedIn, Confirmed
from simulator.running import Happened
from simulator.town import Town

NOTHING = Decimal(0)


class CounterTruth(msgspec.Struct, frozen=True, kw_only=True):
    """How the two sides compare. `wrong` says each difference in a sentence."""

    movements: int
    difference: Decimal
    wrong: tuple[str, ...]


class CounterLog:
    """Writes down what tills do, from now on: escudos that came in, less those that went out."""

    def __init__(self, *towns: Town) -> None:
        self.cash: dict[UUID, Decimal] = {}
        for town in towns:
            for till in town.tills:
                till.watch(self._at_till)

    def _at_till(self, happened: Happened) -> None:
        """A till that asks twice hears twice: that is one movement."""
        event = happened.event
        if isinstance(event, CashedIn):
            self.cash[event.transaction_id] = event.amount
        elif isinstance(event, Confirmed):
            self.cash[event.request.transaction_id] = -event.request.amount


def compare(cash: Mapping[UUID, Decimal], entries: Iterable[Entry]) -> CounterTruth:
    """Both sides, movement by movement."""
    booked = _booked(entries)
    wrong = {
        movement: (cash.get(movement, NOTHING), booked.get(movement, NOTHING))
        for movement in cash.keys() | booked.keys()
        if cash.get(movement, NOTHING) != booked.get(movement, NOTHING)
    }
    return CounterTruth(
        movements=len(cash),
        difference=sum((abs(mine - theirs) for mine, theirs in wrong.values()), NOTHING),
        wrong=tuple(
            f"{movement}: {mine} at the counter, {theirs} in the journal"
            for movement, (mine, theirs) in wrong.items()
        ),
    )


def _booked(entries: Iterable[Entry]) -> dict[UUID, Decimal]:
    """What the journal says of each movement over a counter."""
    booked: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for entry in entries:
        codes = {line.code for line in entry.lines}
        if COMMISSION_CASH_IN in codes:
            booked[entry.transaction_id] += _net(entry, WALLETS)
        elif COMMISSION_CASH_OUT in codes:
            booked[entry.transaction_id] += _net(entry, HELD) + _net(entry, FEES_AGENT)
    return dict(booked)


def _net(entry: Entry, code: str) -> Decimal:
    """By how much an account of ours or a customer's grows: credits less debits."""
    sides = {"credit": 1, "debit": -1}
    lines = (line for line in entry.lines if line.code == code)
    return sum((sides[line.direction] * line.amount for line in lines), NOTHING)
