"""Our own people and jobs: sweeps, the switch's daily file, releases and disputes by two people.

The file is the machines' journal, read a day later; now and then an item is missing from it by
mistake, and two people believe it.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from commands.identity.enrol_staff import EnrolStaff
from commands.identity.person import Role
from commands.switch.dispute import BY_CUSTOMER, Dispute, Resolution
from commands.switch.resolve_dispute import ApproveResolution, ProposeResolution
from commands.switch.trace import SwitchTrace
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.doubt import DoubtWithdrawal
from commands.withdrawal.expire import ExpireWithdrawal
from commands.withdrawal.lifecycle import State
from commands.withdrawal.release import ApproveRelease, ProposeRelease
from commands.withdrawal.reverse import ReverseWithdrawal
from commands.withdrawal.row import Withdrawal
from ledger.books import Event
from ledger.errors import Refusal
from ledger.money import Money
from tests.simulation.app import whatever
from tests.simulation.cash import Operation
from tests.simulation.people import cost
from tests.simulation.world import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from tests.simulation.town import Town

DOUBT_AFTER = 11 * MINUTE
MISSING_BY_MISTAKE = 0.05


class Office:
    """Two operators, the sweeping jobs, and whoever reads the switch's file."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.maker, self.checker = self._hired(), self._hired()
        self.released: set[UUID] = set()  # operations whose hold was given back by two people
        self.borne_of: Counter[UUID] = Counter()  # trace -> what its customer was told to bear
        self.owed: Counter[UUID] = Counter()  # customer -> what they were told that they owe
        self.collected: Counter[UUID] = Counter()  # customer -> of that, from the wallet
        self.open: list[Operation] = []  # operations that may still have to be looked at

    def _hired(self) -> UUID:
        person = self.town.world.some_id()
        self.town.core.do(
            EnrolStaff(
                user_id=person,
                role=Role.OPERATOR,
                phone_index=person.bytes,
                profile_seal=b"-",
                pin_hash="-",
                totp_seal=b"-",
            )
        )
        return person

    # -- jobs ----------------------------------------------------------------------------------

    def sweep(self, withdrawal: UUID) -> None:
        """End a code that is overdue; sometimes the job comes very late."""
        row: Withdrawal | None = self.town.core.find(Withdrawal.by_id(withdrawal))
        if row is not None and row.state is State.ACTIVE:
            self.town.core.submit(ExpireWithdrawal(transaction_id=withdrawal))

    def doubt(self, operation: Operation) -> None:
        """Put what has no word into doubt."""
        row = self.approved(operation)
        if row is not None and row.state is State.AUTHORISED:
            self.town.core.submit(DoubtWithdrawal(transaction_id=row.id))

    # -- the file ------------------------------------------------------------------------------

    def read_file(self) -> None:
        """Every day, go through everything that is not settled between us and the switch."""
        self._reconcile(by_mistake=MISSING_BY_MISTAKE)
        if self.town.world.stormy:
            self.town.world.at(DAY, self.read_file)

    def read_last_file(self) -> None:
        """The same without mistakes."""
        self._reconcile(by_mistake=0.0)

    def _reconcile(self, by_mistake: float) -> None:
        kept = []
        for operation in self.open:
            if self._settled(operation):
                continue
            kept.append(operation)
            missing = operation.paid >= operation.amount and self.town.world.chance(by_mistake)
            if missing:
                self.town.world.faults["missing from the file"] += 1
            self._look_into(operation, 0 if missing else operation.paid)
        self.open = kept

    def _settled(self, operation: Operation) -> bool:
        row, dispute = self.approved(operation), self._dispute(operation)
        waits = row is not None and row.awaits_word
        disputed = dispute is not None and dispute.state == "open"
        words = all(word.acknowledged for word in operation.words)
        quiet = operation.stage != "asking" and not operation.silent and words
        return quiet and not waits and not disputed and not operation.lag

    def _look_into(self, operation: Operation, paid: int) -> None:
        row, dispute = self.approved(operation), self._dispute(operation)
        if row is not None and row.awaits_word:
            if paid:
                self._complete(operation, paid)
            elif row.state is State.IN_DOUBT:
                self._release(operation, row)
            else:
                self.doubt(operation)  # the job that should have done it died; it comes again
        elif dispute is not None and dispute.state == "open" and not _partly(operation, dispute):
            self._resolve(operation, dispute)
        elif operation.lag < 0:
            self.town.core.submit(
                ReverseWithdrawal(
                    trace=operation.trace,
                    nonce_hash=None,
                    amount=Money(operation.paid),
                    reason="file",
                )
            )
        elif operation.lag > 0:
            self._complete(operation, operation.paid)

    def _complete(self, operation: Operation, paid: int) -> None:
        self.town.core.submit(
            CompleteWithdrawal(
                trace=operation.trace, nonce_hash=None, amount=Money(paid), source="file"
            )
        )

    # -- two people ----------------------------------------------------------------------------

    def _release(self, operation: Operation, row: Withdrawal) -> None:
        proposes = ProposeRelease(
            transaction_id=row.id, maker_id=self.maker, evidence="absent from two files"
        )
        self.town.app.ask(proposes, whatever)
        by = self.maker if self.town.world.chance(0.1) else self.checker
        approves = ApproveRelease(transaction_id=row.id, checker_id=by)
        approved = partial(self._released, operation)
        self.town.world.at(HOUR, self.town.app.ask, approves, approved)

    def _released(self, operation: Operation, told: bytes | Refusal) -> None:
        if isinstance(told, Refusal):
            return
        self.released.add(operation.id)
        if operation.paid and self.town.world.chance(0.5):
            self.town.switch.draw_in_later(self.town.machine(operation.terminal), operation)

    def _resolve(self, operation: Operation, dispute: Dispute) -> None:
        if operation.settled - dispute.disputed >= operation.paid:
            resolution = Resolution.NOT_IN_FILE
        elif dispute.wallet_id is not None and self.town.world.chance(0.7):
            resolution = self.town.world.dice.choice(BY_CUSTOMER)
        else:
            resolution = Resolution.WRITE_OFF
        proposes = ProposeResolution(
            dispute_id=dispute.id,
            resolution=resolution,
            evidence="the journal",
            maker_id=self.maker,
        )
        self.town.app.ask(proposes, whatever)
        approves = ApproveResolution(
            dispute_id=dispute.id, resolution=resolution, checker_id=self.checker
        )
        user, ordered = dispute.user_id, False
        if user is not None and resolution is Resolution.CUSTOMER_OWES:
            ordered = self.town.world.chance(0.6) and self.town.desk.keep(user)
        lift = partial(self._lift, user) if ordered else whatever
        self.town.world.at(HOUR, self.town.app.ask, approves, lift)

    def _lift(self, user: UUID | None, _told: bytes | Refusal) -> None:
        """The court's order is over: what the customer owes can be collected."""
        assert user is not None, "an order is about somebody"
        self.town.desk.let_go(user)
        if self.owed[user] and self.town.world.chance(0.5):
            self.town.desk.collect(user, self.owed[user])

    def look_again(self, operation: Operation) -> None:
        """Something has changed about an operation that was thought to be over."""
        if operation not in self.open:
            self.open.append(operation)

    def told(self, event: Event) -> None:
        """Customers read on their screens what of a dispute is theirs to bear, and what no more,
        and what was collected of what they owe."""
        said = event.payload
        if event.kind == "dispute.resolved" and "charged" in said:
            self.borne_of[event.subject] += said["charged"]
            self.owed[said["user"]] += said["owed"]
        elif event.kind == "dispute.lessened" and "refunded" in said:
            self.borne_of[event.subject] -= said["refunded"]
            self.owed[said["user"]] -= said["forgiven"]
        elif event.kind == "adjustment.made":
            self.collected[said["user"]] += said["amount"]
            self.owed[said["user"]] -= said["amount"]

    # -- looking -------------------------------------------------------------------------------

    def borne(self, operation: Operation) -> int:
        """What the customer bears for an operation in the end."""
        row = self.approved(operation)
        own = (
            0
            if row is None or operation.id in self.released
            else cost(operation.paid, operation.amount)
        )
        return own + self.borne_of[operation.id]

    def approved(self, operation: Operation) -> Withdrawal | None:
        """The withdrawal that it was approved for."""
        trace: Any = self.town.core.find(SwitchTrace.by_id(operation.id))
        if trace is None or trace.withdrawal_id is None:
            return None
        row: Withdrawal = self.town.core.find(Withdrawal.by_id(trace.withdrawal_id))
        return row

    def _dispute(self, operation: Operation) -> Dispute | None:
        dispute: Dispute | None = self.town.core.find(Dispute.by_id(operation.id))
        return dispute


def _partly(operation: Operation, dispute: Dispute) -> bool:
    """Whether the file says that a part of what is disputed was paid: then that comes first."""
    return -dispute.disputed < operation.lag < 0
