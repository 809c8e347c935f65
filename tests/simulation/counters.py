"""Agents and the bank: cash over a counter, and money that comes in from outside.

An agent keeps a book of the float too, by what the till's screen has said.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from commands.account.credit_from_bank import CreditFromBank
from commands.agent.cash_in import CashIn
from commands.agent.confirm_cash_out import ConfirmCashOut
from commands.agent.lapse import LapseCashOut
from commands.agent.offer import DeclineOffer, TakeOffer
from commands.agent.refuse import RefuseCashOut
from commands.withdrawal.cancel import CancelWithdrawal
from ledger.books import COUNTRY
from ledger.errors import Refusal
from ledger.money import Money
from tests.simulation import prices
from tests.simulation.app import whatever
from tests.simulation.world import MINUTE, SECOND

if TYPE_CHECKING:
    from tests.simulation.people import Customer
    from tests.simulation.town import Town

ENOUGH_FLOAT = 300_000_00


class Counter:
    """One agent with a float."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.agent_id, self.float_id = town.world.some_id(), town.world.some_id()
        self.float_ = 0

    def take_in(self, customer: Customer, amount: int) -> None:
        """A customer brings cash."""
        if self.float_ < ENOUGH_FLOAT:
            self.town.bank.credit(self, 3 * ENOUGH_FLOAT)
        command = CashIn(
            transaction_id=self.town.world.some_id(),
            agent_id=self.agent_id,
            user_id=customer.user_id,
            amount=Money(amount),
        )

        def told(what: bytes | Refusal) -> None:
            if isinstance(what, Refusal):
                self.town.refusals[what.code] += 1
                return
            self.float_ += prices.fee(prices.CASH_IN_PAYS, amount) - amount
            customer.purse += amount

        self.town.app.ask(command, told)

    def consider(self, customer: Customer, request: UUID, secret: bytes, amount: int) -> None:
        """Somebody near wants cash: take it before the others do, or say no."""
        world = self.town.world
        what = TakeOffer if world.chance(0.7) else DeclineOffer
        asks = what(transaction_id=request, agent_id=self.agent_id)

        def told(answer: bytes | Refusal) -> None:
            if what is TakeOffer and not isinstance(answer, Refusal):
                self.serve(customer, request, secret, amount)

        world.at(world.between(SECOND, 3 * MINUTE), self.town.app.ask, asks, told)
        world.at(world.between(15 * MINUTE, 30 * MINUTE), self._lapse, request)

    def serve(self, customer: Customer, request: UUID, secret: bytes, amount: int) -> None:
        """A customer is on the way, or never comes."""
        world, roll = self.town.world, self.town.world.dice.random()
        soon = world.between(MINUTE, 9 * MINUTE)
        world.at(world.between(15 * MINUTE, 30 * MINUTE), self._lapse, request)
        if roll < 0.80:
            wrong = world.chance(0.08)
            world.at(soon, self._pay, customer, request, secret, amount, wrong)
        elif roll < 0.85:
            refuses = RefuseCashOut(
                transaction_id=request, agent_id=self.agent_id, reason="no cash"
            )
            world.at(soon, self.town.app.ask, refuses, whatever)
        elif roll < 0.90:
            cancels = CancelWithdrawal(transaction_id=request, user_id=customer.user_id)
            world.at(soon, self.town.app.ask, cancels, whatever)

    def _pay(
        self, customer: Customer, request: UUID, secret: bytes, amount: int, wrong: bool
    ) -> None:
        command = ConfirmCashOut(
            transaction_id=request,
            agent_id=self.agent_id,
            pickup_digest=bytes(32) if wrong else secret,
        )

        def told(what: bytes | Refusal) -> None:
            if not isinstance(what, Refusal):
                self.float_ += amount + prices.fee(prices.CASH_OUT_PAYS, amount)
                customer.purse -= amount + prices.fee(prices.CASH_OUT, amount)
            elif wrong:
                self._pay(customer, request, secret, amount, self.town.world.chance(0.3))

        self.town.app.ask(command, told)

    def _lapse(self, request: UUID) -> None:
        self.town.core.submit(LapseCashOut(transaction_id=request))


class Bank:
    """The trust bank: it reports credits, each under a reference of its own, sometimes twice."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.unidentified = 0

    def credit(self, to: Customer | Counter | None, amount: int) -> None:
        """Money has come in for somebody, or for nobody known."""
        reference = self.town.world.some_bytes().hex()
        told = _Once(partial(self._credited, to, amount))
        self._report(to, amount, reference, told)
        if self.town.world.chance(0.1):
            later = self.town.world.between(SECOND, MINUTE)
            self.town.world.at(later, self._report, to, amount, reference, told)

    def _report(self, to: Customer | Counter | None, amount: int, ref: str, told: _Once) -> None:
        world = self.town.world
        command = CreditFromBank(
            transaction_id=world.some_id(),
            reference=ref,
            amount=Money(amount),
            value_date=world.time.astimezone(COUNTRY).date(),
            phone_index=getattr(to, "phone", None),
            agent_id=getattr(to, "agent_id", None),
        )
        self.town.app.ask(command, told)

    def _credited(self, to: Customer | Counter | None, amount: int) -> None:
        if isinstance(to, Counter):
            to.float_ += amount
        elif to is None:
            self.unidentified += amount
        else:
            to.purse += amount


class _Once:
    """Told any number of times, it acts the first time."""

    def __init__(self, act: partial[None]) -> None:
        self.act: partial[None] | None = act

    def __call__(self, told: bytes | Refusal) -> None:
        assert not isinstance(told, Refusal), "money in the bank is never turned away"
        if self.act is not None:
            act, self.act = self.act, None
            act()
