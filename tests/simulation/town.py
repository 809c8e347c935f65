"""A whole town for some days: customers, machines, counters, the office, and what it came to."""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Iterable
from uuid import UUID

import msgspec
from structlog.testing import capture_logs

from commands.account.open_wallet import OpenWallet
from commands.agent.enrol_agent import EnrolAgent
from commands.books.open_books import OpenBooks
from commands.deciding import Decided
from commands.identity.person import Person
from commands.switch.enrol import EnrolTerminal
from commands.tier import Tier
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.request_code import RequestCode
from commands.withdrawal.row import Withdrawal
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import Refusal
from tests.simulation.app import App
from tests.simulation.cash import CashTruth, Operation
from tests.simulation.core import Broke, Core, Rows
from tests.simulation.counters import Bank, Counter
from tests.simulation.desk import Desk
from tests.simulation.machines import ACQUIRER, Machine, Switch
from tests.simulation.office import DOUBT_AFTER, Office
from tests.simulation.people import TTL_SECONDS, Customer, Thief
from tests.simulation.watch import RECEIVABLE, Watch, require
from tests.simulation.world import DAY, HOUR, MINUTE, SECOND, WEATHERS, Weather, World

WITHDRAWALS_EACH = 25
STRICT_EVERY = 2  # every second town lives under a strict rule
TIERS = (Tier.BASIC, Tier.STANDARD, Tier.STANDARD, Tier.FULL)
BEGINS_WITH = 40_000_00


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a history came to."""

    seed: int
    withdrawals: int
    commands: int
    faults: dict[str, int]
    refusals: dict[str, int]
    cash_out: int  # centavos that are out of the machines
    cash_difference: int  # of them, that the books do not know of in the end
    in_doubt: int
    settlements: int  # payments to the switch
    claims_paid: int
    due_from_switch: int  # taken back after its day was paid
    violations: tuple[str, ...]
    last: tuple[str, ...] = ()  # what happened last, when something was violated


class Town:
    """Everybody, and the history that they make together."""

    def __init__(
        self, seed: int, withdrawals: int, weathers: tuple[Weather, ...] = WEATHERS
    ) -> None:
        self.world = World(seed, weathers)
        self.wanted = withdrawals
        self.withdrawals = 0
        self.refusals: Count[str] = Count()
        self.watch = Watch()
        self.core = Core(self.world, self)
        self.cash = CashTruth(self.core.rows, self.watch)
        self.core.do(OpenBooks())
        self.app = App(self.world, self.core)
        self.switch = Switch(self.world, self.core, self.cash)
        self.office, self.bank, self.thief = Office(self), Bank(self), Thief(self)
        self.desk = Desk(self)
        self.desk.pay_capital_in()
        self.settlements = self.claims_paid = 0
        self.switch.left_behind = self._left_behind
        # The issuer may never hear of it, if the machine dies too: the file has it.
        self.switch.paid_unasked = self.office.look_again
        self.machines = [self._machine(number) for number in range(max(4, withdrawals // 500))]
        self.counters = [self._counter() for _ in range(max(2, withdrawals // 2_000))]
        people = max(20, withdrawals // WITHDRAWALS_EACH)
        self.customers = [self._customer(number) for number in range(people)]
        self.owners = {customer.wallet_id: customer for customer in self.customers}

    # -- who lives here ------------------------------------------------------------------------

    def _machine(self, number: int) -> Machine:
        machine = Machine(f"ATM{number:05}")
        self.core.do(
            EnrolTerminal(terminal_id=machine.terminal_id, acquirer_id=ACQUIRER, place="Praia")
        )
        return machine

    def _counter(self) -> Counter:
        counter = Counter(self)
        self.core.do(EnrolAgent(agent_id=counter.agent_id, float_id=counter.float_id))
        return counter

    def _customer(self, number: int) -> Customer:
        customer = Customer(self, number)
        self.core.do(
            OpenWallet(
                user_id=customer.user_id,
                wallet_id=customer.wallet_id,
                phone_index=customer.phone,
                profile_seal=b"-",
                pin_hash="-",
                totp_seal=b"-",
                tier=self.world.dice.choice(TIERS),
            )
        )
        return customer

    def dice_counter(self) -> Counter:
        """Some counter."""
        return self.world.dice.choice(self.counters)

    def machine(self, terminal_id: str | None = None) -> Machine:
        """A machine by its id, or just some machine."""
        if terminal_id is None:
            return self.world.dice.choice(self.machines)
        return self.machines[int(terminal_id.removeprefix("ATM"))]

    @property
    def over(self) -> bool:
        """Whether enough has happened: nobody begins anything new."""
        return self.withdrawals >= self.wanted

    # -- history -------------------------------------------------------------------------------

    def play(self) -> None:
        """Live until enough was withdrawn, then until everything has come to rest."""
        world = self.world
        world.change_weather()
        world.at(DAY, self.office.read_file)
        world.at(DAY + HOUR, self.desk.settle)
        if world.seed % STRICT_EVERY:
            self.desk.be_strict()
        for customer in self.customers:
            self.bank.credit(customer, BEGINS_WITH)
            customer.rest()
        while not self.over:
            if not world.step():
                raise Broke("the town fell asleep")
        world.clear_up()
        for days in range(1, 6):
            world.at(days * DAY, self.office.read_last_file)
            world.at(days * DAY + HOUR, self.desk.settle)
        while world.step():
            pass

    def committed(self, before: Rows, books: Books, decided: Iterable[Decided]) -> None:
        """Have a commit looked at, and the jobs that follow from it put down."""
        decided = tuple(decided)
        self.watch.committed(before, books, decided)
        self.cash.committed(before, books, decided)
        for each in decided:
            for happened in each.happened:
                if happened.event.kind == "case.opened":
                    self.desk.opened(happened.event.subject)
                elif happened.event.kind.startswith(("dispute.", "adjustment.")):
                    self.office.told(happened.event)
            if isinstance(each.result, Refusal):
                continue
            command, world = each.submission.command, self.world
            if isinstance(command, RequestCode):
                late = world.between(TTL_SECONDS * SECOND, TTL_SECONDS * SECOND + 2 * HOUR)
                world.at(late, self.office.sweep, command.transaction_id)
            elif isinstance(command, AuthoriseWithdrawal) and each.happened:
                operation = self.cash.by_rrn[command.trace.rrn]
                self.office.open.append(operation)
                late = world.between(DOUBT_AFTER, DOUBT_AFTER + 10 * MINUTE)
                world.at(late, self.office.doubt, operation)

    def _left_behind(self, operation: Operation) -> None:
        self.office.look_again(operation)
        self.desk.claim(operation)

    # -- in the end ----------------------------------------------------------------------------

    def settle(self) -> None:
        """Everything has come to rest: compare everybody's own book with the ledger."""
        require(self.cash.lag == 0, "I11", f"{self.cash.lag} of cash that the books never heard of")
        require(all(machine.true for machine in self.machines), "I11", "a machine's own count")
        out = sum(machine.dispensed - machine.retracted for machine in self.machines) * 100
        require(out == self.cash.out, "I11", f"{out} out of the machines, {self.cash.out} by trace")
        for customer in self.customers:
            holds = self.holds(customer.wallet_id)
            held = self.watch.held_by[customer.wallet_id]
            same = holds + held == customer.due
            require(same, "purse", f"{customer.phone!r} holds {holds} instead of {customer.due}")
            owes, told = self.owes(customer.user_id), self.office.owed[customer.user_id]
            require(owes == told, "purse", f"{customer.phone!r} owes {owes} instead of {told}")
        for counter in self.counters:
            holds = self.holds(counter.float_id)
            require(holds == counter.float_, "float", f"{holds} instead of {counter.float_}")

    def holds(self, account: UUID) -> int:
        """What an account holds."""
        row: Account = self.core.find(Account.by_id(account))
        return row.holds_minor

    def wallet_of(self, user_id: UUID) -> int:
        """What a customer's wallet holds."""
        person: Person = self.core.find(Person.by_id(user_id))
        return self.holds(person.wallet)

    def owes(self, user_id: UUID) -> int:
        """What a customer owes us."""
        row: Account | None = self.core.find(
            Account.by_id(chart.owed_by(chart.CUSTOMER_RECEIVABLE, user_id))
        )
        return 0 if row is None else row.holds_minor

    @property
    def in_doubt(self) -> int:
        """How many withdrawals still wait for a word."""
        rows = {row.id: row for row in self.core.rows.values() if isinstance(row, Withdrawal)}
        return sum(row.awaits_word for row in rows.values())

    def report(self, violations: tuple[str, ...]) -> Report:
        """What it came to."""
        return Report(
            seed=self.world.seed,
            withdrawals=self.withdrawals,
            commands=self.core.commands,
            faults=dict(self.world.faults),
            refusals=dict(self.refusals),
            cash_out=self.cash.out,
            cash_difference=self.cash.lag,
            in_doubt=self.in_doubt,
            settlements=self.settlements,
            claims_paid=self.claims_paid,
            due_from_switch=self.watch.balances[RECEIVABLE],
            violations=violations,
            last=self.watch.story if violations else (),
        )


def play(seed: int, withdrawals: int, weathers: tuple[Weather, ...] = WEATHERS) -> Report:
    """Live through one history. The same seed and number are the same history, to the byte."""
    with capture_logs() as logs:
        town = Town(seed, withdrawals, weathers)
        town.core.logs = logs
        try:
            town.play()
            town.settle()
        except Broke as broke:
            return town.report((str(broke),))
        return town.report(())
