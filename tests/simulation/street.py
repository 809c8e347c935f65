"""A street: the simulator's own machines and makeba's own decisions, in one process, for minutes.

Phones, cash machines and the switch are those that people see (simulator.machines); between
cash machines and the switch go bytes of ISO 8583, between the switch and makeba commands. All
chance comes from one seed, and all time from one queue. For some minutes everything goes wrong
that can; five minutes after it has healed, no cash may differ and nothing may be in doubt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from structlog.testing import capture_logs

from commands.account.credit_from_bank import CreditFromBank
from commands.account.open_wallet import OpenWallet
from commands.books.open_books import OpenBooks
from commands.deciding import Decided
from commands.switch.enrol import EnrolTerminal
from commands.switch.trace import SwitchTrace
from commands.tier import Tier
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.doubt import DoubtWithdrawal
from commands.withdrawal.expire import ExpireWithdrawal
from commands.withdrawal.request_code import RequestCode
from commands.withdrawal.row import Withdrawal
from ledger.books import COUNTRY, Books
from ledger.errors import Refusal
from ledger.money import Money
from tests.simulation.core import Broke, Core, Rows
from tests.simulation.passers import Passer
from tests.simulation.street_lines import Lines
from tests.simulation.street_machines import (
    ACQUIRER,
    CODE_SECONDS,
    DOUBT_SECONDS,
    ESCUDO,
    AtmInTime,
    PhoneInTime,
    SwitchInTime,
    trace_id,
)
from tests.simulation.watch import Watch, require
from tests.simulation.world import MINUTE, SECOND, World

BEGINS_WITH = 40_000_00
STORM = (2 * MINUTE, 6 * MINUTE)
AFTER = 5 * MINUTE


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario came to. Amounts are centavos."""

    seed: int
    withdrawals: int
    paid: int
    cash_difference: int
    in_doubt: int
    faults: dict[str, int]
    violations: tuple[str, ...]
    last: tuple[str, ...] = ()

    @property
    def true(self) -> bool:
        """Whether it ended as it must."""
        return not (self.cash_difference or self.in_doubt or self.violations)


class Street:
    """Some customers, one or two machines, the switch, and makeba."""

    def __init__(self, seed: int) -> None:
        self.world = World(seed)
        self.lines = Lines(self.world)
        self.watch = Watch()
        self.core = Core(self.world, self)
        self.core.do(OpenBooks())
        self.switch = SwitchInTime(self.world, self.lines, self.core)
        self.atms = tuple(self._atm(number) for number in range(self.world.dice.choice((1, 2))))
        number = self.world.dice.choice((1, 2, 3))
        self.passers = tuple(self._passer(number) for number in range(number))

    # -- who is there --------------------------------------------------------------------------

    def _atm(self, number: int) -> AtmInTime:
        terminal_id = f"ATM{number:05}"
        self.core.do(EnrolTerminal(terminal_id=terminal_id, acquirer_id=ACQUIRER, place="Praia"))
        return AtmInTime(self.world, self.lines, terminal_id, self.switch)

    def _passer(self, number: int) -> Passer:
        user_id, phone_number = self.world.some_id(), f"+2389{number:06}"
        self.core.do(
            OpenWallet(
                user_id=user_id,
                wallet_id=self.world.some_id(),
                phone_index=phone_number.encode(),
                profile_seal=b"-",
                pin_hash="-",
                totp_seal=b"-",
                tier=Tier.FULL,
            )
        )
        self.core.do(
            CreditFromBank(
                transaction_id=self.world.some_id(),
                reference=f"street {number}",
                amount=Money(BEGINS_WITH),
                value_date=self.world.time.astimezone(COUNTRY).date(),
                phone_index=phone_number.encode(),
                agent_id=None,
            )
        )
        phone = PhoneInTime(self.world, self.lines, self.core, phone_number, user_id)
        return Passer(self.world, phone, self.atms)

    # -- minutes -------------------------------------------------------------------------------

    def play(self) -> None:
        """The storm, the healing, and five minutes."""
        for atm in self.atms:
            atm.begin()
        for passer in self.passers:
            passer.begin()
        self.switch.begin()
        self._live(self.world.between(*STORM))
        self.heal()
        self._live(AFTER)

    def heal(self) -> None:
        """Everything works again, and nobody begins anything new."""
        self.world.clear_up()
        self.lines.heal()
        for passer in self.passers:
            passer.over = True
        for atm in self.atms:
            atm.heal()
        self.switch.heal()

    def _live(self, microseconds: int) -> None:
        over: list[bool] = []
        self.world.at(microseconds, over.append, True)
        while not over:
            self.world.step()

    def committed(self, before: Rows, books: Books, decided: Iterable[Decided]) -> None:
        """Have a commit looked at, and the jobs that follow from it put down."""
        decided = tuple(decided)
        self.watch.committed(before, books, decided)
        for each in decided:
            command: Any = each.submission.command
            if isinstance(each.result, Refusal):
                continue
            if isinstance(command, RequestCode):
                expires = ExpireWithdrawal(transaction_id=command.transaction_id)
                self._sweep(CODE_SECONDS, expires)
            elif isinstance(command, AuthoriseWithdrawal) and each.happened:
                trace = self.core.find(SwitchTrace.by_id(command.trace.id))
                if trace is not None and trace.withdrawal_id is not None:
                    self._sweep(DOUBT_SECONDS, DoubtWithdrawal(transaction_id=trace.withdrawal_id))

    def _sweep(self, seconds: int, command: Any) -> None:
        """A job looks at it soon after its time, and again, should the server have died over it."""
        late = self.world.between(seconds * SECOND, (seconds + 5) * SECOND)
        for again in (0, 30 * SECOND):
            self.world.at(late + again, self.core.submit, command)

    # -- in the end ----------------------------------------------------------------------------

    @property
    def paid(self) -> int:
        """What customers have taken from machines."""
        return sum(atm.state.dispensed for atm in self.atms) * ESCUDO

    @property
    def cash_difference(self) -> int:
        """What machines have paid and what was captured for it, withdrawal by withdrawal."""
        paid: Counter[UUID | None] = Counter()
        for atm in self.atms:
            for origin, escudos in atm.paid.items():
                trace = trace_id(self.switch.state.asked[origin].trace)
                known = self.core.find(SwitchTrace.by_id(trace.id))
                paid[None if known is None else known.withdrawal_id] += escudos * ESCUDO
        for each in self._withdrawals():
            paid[each.id] -= each.captured
        return sum(abs(amount) for amount in paid.values())

    @property
    def in_doubt(self) -> int:
        """How many withdrawals still wait for a word."""
        return sum(bool(each.awaits_word) for each in self._withdrawals())

    def settle(self) -> None:
        """Everything has come to rest."""
        owed = self.watch.owed_to_switch
        require(owed == self.paid, "I11", f"{self.paid} paid, {owed} owed to the switch")
        require(self.watch.held == 0, "I5", f"{self.watch.held} is still held")
        for atm in self.atms:
            state = atm.state
            require(state.inside + state.dispensed == state.loaded, "I11", "a machine's own count")
            require(not state.store, "store", f"{len(state.store)} advices are still stored")
        left = (*self.switch.state.stored, *self.switch.state.laid_aside)
        require(not left, "store", f"the switch has still {len(left)} advices")
        self._settle_files()

    def _settle_files(self) -> None:
        """The files, and that of the day that is open, claim what machines have paid."""
        day, claimed = self.switch.state.day, Counter(self.switch.files.claimed)
        require(not self.switch.state.outgoing.files, "files", "one is still on its way")
        for item in day.items.values():
            claimed[item.trace.rrn] += item.paid - item.claimed
        for atm in self.atms:
            for origin, escudos in atm.paid.items():
                claimed[self.switch.state.asked[origin].trace.rrn] -= escudos
        require(not any(claimed.values()), "files", f"files claim {claimed} too much")

    def _withdrawals(self) -> tuple[Withdrawal, ...]:
        rows = {row.id: row for row in self.core.rows.values() if isinstance(row, Withdrawal)}
        return tuple(rows.values())

    def came(self, violations: tuple[str, ...]) -> Came:
        """What it came to."""
        return Came(
            seed=self.world.seed,
            withdrawals=len(self._withdrawals()),
            paid=self.paid,
            cash_difference=self.cash_difference,
            in_doubt=self.in_doubt,
            faults={**self.lines.met, **self.world.faults},
            violations=violations,
            last=self.watch.story if violations else (),
        )


def play(seed: int) -> Came:
    """Play one scenario. The same seed is the same one, to the byte."""
    with capture_logs() as logs:
        street = Street(seed)
        street.core.logs = logs
        try:
            street.play()
            street.settle()
        except Broke as broke:
            return street.came((str(broke),))
        return street.came(())
