"""Customers: they ask for codes, stand at machines and counters, mistype, forget and change minds.

Each keeps a purse book of what their wallet must hold by what they themselves saw: receipts,
screens and notes. In the end it is compared with the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from commands.account.transfer import Transfer
from commands.agent.offer import OfferCashOut
from commands.agent.request_cash_out import RequestCashOut
from commands.switch.trace import Response
from commands.withdrawal.approve import ApproveWithdrawal
from commands.withdrawal.cancel import CancelWithdrawal
from commands.withdrawal.request_code import CodeCandidate, RequestCode
from commands.withdrawal.row import Withdrawal
from ledger.errors import Refusal
from ledger.money import Money
from tests.simulation import prices
from tests.simulation.app import whatever
from tests.simulation.cash import Operation
from tests.simulation.world import HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from tests.simulation.town import Town

TTL_SECONDS = 900
REST = 3 * HOUR  # between two things that a customer does
CODES = 500  # so few that two people often draw the same one
ESCUDO = 100
AMOUNTS = (200, 500, 600, 1_000, 1_200, 2_000, 2_500, 4_000, 5_000, 5_200, 8_000, 10_000, 15_000)
WRONG = b"wrong".ljust(32)
TRIES_AT_MACHINES = 3
NEAR_MAX = 3  # counters that a wish is offered to
CONFIRM_FIRST = Response.CONFIRM_FIRST.value


class Customer:
    """Somebody with a wallet and a phone."""

    def __init__(self, town: Town, name: int) -> None:
        self.town = town
        self.user_id, self.wallet_id = town.world.some_id(), town.world.some_id()
        self.phone = f"phone {name}".encode()
        self.purse = 0  # what the wallet must hold by their own book, but for withdrawals
        self.spent = 0  # about so much at machines
        self.operations: list[Operation] = []
        self.withdrawal: UUID | None = None
        self.amount = 0
        self.code = WRONG
        self.tries = 0

    # -- what to do today ----------------------------------------------------------------------

    def rest(self) -> None:
        """Do something again, some time."""
        if not self.town.over:
            self.town.world.at(int(self.town.world.dice.expovariate(1 / REST)), self.act)

    def act(self) -> None:
        """Do one thing."""
        town, roll = self.town, self.town.world.dice.random()
        if self.town.over:
            return
        if self.purse - self.spent < 20_000 * ESCUDO and roll < 0.8:
            town.bank.credit(self, town.world.dice.choice((20_000, 30_000, 50_000)) * ESCUDO)
        elif roll < 0.80:
            self.ask_for_code()
        elif roll < 0.87:
            self.send_money()
        elif roll < 0.94:
            self.ask_agent()
        else:
            town.dice_counter().take_in(self, town.world.dice.choice(AMOUNTS) * ESCUDO + 50)
        self.rest()

    # -- at a machine --------------------------------------------------------------------------

    def ask_for_code(self) -> None:
        """Ask for a code; more people are poor than machines are."""
        world = self.town.world
        amount = world.dice.choice(AMOUNTS)
        digests = [f"code {world.dice.randrange(CODES)}".encode().ljust(32) for _ in range(8)]
        command = RequestCode(
            transaction_id=world.some_id(),
            user_id=self.user_id,
            session_id=None,
            amount=Money(amount * ESCUDO),
            candidates=tuple([CodeCandidate(digest=each, seal=each) for each in digests]),
            ttl_seconds=TTL_SECONDS,
        )
        self.town.app.ask(
            command, lambda told: self._has_code(command.transaction_id, amount, told)
        )

    def _has_code(self, withdrawal: UUID, amount: int, told: bytes | Refusal) -> None:
        if isinstance(told, Refusal):
            self.town.refusals[told.code] += 1
            return
        self.town.withdrawals += 1
        row = self.town.core.find(Withdrawal.by_id(withdrawal))
        if row.code_seal is None:
            return  # it had died before anybody saw it
        self.withdrawal, self.amount, self.code = withdrawal, amount, row.code_seal
        self.tries = 0
        world, roll = self.town.world, self.town.world.dice.random()
        if roll < 0.05:  # some are at the machine while they cancel
            world.at(world.between(SECOND, 10 * MINUTE), self._cancel, withdrawal)
        if 0.05 < roll < 0.08:
            world.at(world.between(15 * MINUTE, 20 * MINUTE), self.at_machine, withdrawal)
        elif roll < 0.03 or roll > 0.10:
            world.at(world.between(20 * SECOND, 8 * MINUTE), self.at_machine, withdrawal)
        if self.town.world.chance(0.01):
            self.town.thief.watch(self.phone)
        if roll > 0.97:  # one code, two machines, at nearly the same time
            world.at(world.between(20 * SECOND, 8 * MINUTE), self.at_machine, withdrawal)

    def at_machine(self, withdrawal: UUID, terminal: str | None = None) -> None:
        """Type phone, code and amount; mostly without a mistake."""
        if withdrawal != self.withdrawal or self.tries > TRIES_AT_MACHINES:
            return
        world, roll = self.town.world, self.town.world.dice.random()
        code, amount = self.code, self.amount
        if roll < 0.08:
            code = WRONG
        elif roll < 0.10:
            amount = world.dice.choice(AMOUNTS)
        self.tries += 1
        machine = self.town.machine(terminal)
        operation = self.town.switch.ask(machine, self.phone, code, amount, self._served)
        if operation is None:
            world.at(world.between(MINUTE, 2 * MINUTE), self.at_machine, withdrawal)
        else:
            self.operations.append(operation)

    def _served(self, operation: Operation) -> None:
        """Try again elsewhere, unless there was cash or no hope."""
        world, withdrawal = self.town.world, self.withdrawal
        self.spent += operation.paid
        if operation.paid or withdrawal is None:
            return
        if operation.response == CONFIRM_FIRST:
            approves = ApproveWithdrawal(transaction_id=withdrawal, user_id=self.user_id)
            self.town.app.ask(approves, lambda _: self._try_again(withdrawal, operation.terminal))
        elif operation.stage in ("declined", "given up"):
            world.at(world.between(30 * SECOND, 3 * MINUTE), self.at_machine, withdrawal)

    def _try_again(self, withdrawal: UUID, terminal: str) -> None:
        """The app was asked, so go back to the machine that wanted it."""
        world = self.town.world
        world.at(world.between(SECOND, 20 * SECOND), self.at_machine, withdrawal, terminal)

    def _cancel(self, withdrawal: UUID) -> None:
        """Think better of it."""
        command = CancelWithdrawal(transaction_id=withdrawal, user_id=self.user_id)
        self.town.app.ask(command, whatever)

    # -- at a counter, and at home -------------------------------------------------------------

    def ask_agent(self) -> None:
        """Ask for cash at a counter, or at whichever counter takes it first."""
        world, town = self.town.world, self.town
        amount = world.dice.randrange(100 * ESCUDO, 12_000 * ESCUDO)
        counter, secret = town.dice_counter(), world.some_bytes(32)
        wish: dict[str, Any] = {
            "transaction_id": world.some_id(),
            "user_id": self.user_id,
            "session_id": None,
            "amount": Money(amount),
            "pickup_digest": secret,
            "pickup_seal": b"seal",
            "ttl_seconds": TTL_SECONDS,
        }
        request = wish["transaction_id"]
        offered = world.chance(0.4)
        asked: RequestCashOut | OfferCashOut
        if offered:
            agents = tuple([each.agent_id for each in town.counters[:NEAR_MAX]])
            asked = OfferCashOut(**wish, agent_ids=agents)
        else:
            asked = RequestCashOut(**wish, agent_id=counter.agent_id)

        def told(what: bytes | Refusal) -> None:
            if isinstance(what, Refusal):
                town.refusals[what.code] += 1
            elif offered:
                for each in town.counters[:NEAR_MAX]:
                    each.consider(self, request, secret, amount)
            else:
                counter.serve(self, request, secret, amount)

        town.app.ask(asked, told)

    def send_money(self) -> None:
        """Send money to somebody, sometimes to nobody."""
        world = self.town.world
        other = world.dice.choice(self.town.customers)
        amount = world.dice.randrange(50 * ESCUDO, 6_000 * ESCUDO)
        command = Transfer(
            transaction_id=world.some_id(),
            user_id=self.user_id,
            to_phone=b"nobody" if world.chance(0.05) else other.phone,
            amount=Money(amount),
        )

        def told(what: bytes | Refusal) -> None:
            if isinstance(what, Refusal):
                self.town.refusals[what.code] += 1
            elif msgspec.json.decode(what)["status"] == "completed":
                self.purse -= amount + prices.fee(prices.TRANSFER, amount)
                other.purse += amount
            else:
                self.town.world.faults["transfer held"] += 1

        self.town.app.ask(command, told)

    # -- in the end ----------------------------------------------------------------------------

    @property
    def due(self) -> int:
        """What the wallet must hold: the purse, less what machines paid, with its fees."""
        paid = [self.town.office.borne(operation) for operation in self.operations]
        return self.purse - sum(paid) - self.town.office.collected[self.user_id]


def cost(paid: int, asked: int) -> int:
    """What a customer bears for so much cash, when so much was asked for."""
    part = min(paid, asked)
    return part + prices.fee(prices.ATM, part)


class Thief:
    """Has seen a phone number over somebody's shoulder, and guesses at machines."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def watch(self, phone: bytes) -> None:
        """Guess some times, soon."""
        world = self.town.world
        for guess in range(1, 5):
            world.at(guess * world.between(10 * SECOND, 90 * SECOND), self._guess, phone)

    def _guess(self, phone: bytes) -> None:
        world = self.town.world
        amount = world.dice.choice(AMOUNTS)
        self.town.switch.ask(self.town.machine(), phone, WRONG, amount, _gone)


def _gone(_operation: Operation) -> None:
    """Nobody waits for what became of it."""
