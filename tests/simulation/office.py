"""Our own people and jobs: sweeps, the switch's daily file, releases and disputes by two people.

The file is the machines' journal, read a day later; now and then an item is missing from it by
mistake, and two people believe it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from commands.identity.enrol_staff import EnrolStaff
from commands.identity.person import Role
from commands.switch.dispute import Dispute, Resolution
from commands.switch.resolve_dispute import ApproveResolution, ProposeResolution
from commands.switch.trace import SwitchTrace
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.doubt import DoubtWithdrawal
from commands.withdrawal.expire import ExpireWithdrawal
from commands.withdrawal.lifecycle import State
from commands.withdrawal.release import ApproveRelease, ProposeRelease
from commands.withdrawal.reverse import ReverseWithdrawal
from commands.withdrawal.row import Withdrawal
from ledger.errors import Refusal
from ledger.money import Money
from tests.simulation.app import whatever
from tests.simulation.cash import Operation, dropped
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
        self.charged: dict[UUID, int] = {}
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
        elif dispute is not None and dispute.state == "open":
            self._resolve(operation, dispute)
        elif row is not None and operation.lag < 0:
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
        operation.contested = True
        proposes = ProposeRelease(
            transaction_id=row.id, maker_id=self.maker, evidence="absent from two files"
        )
        self.town.app.ask(proposes, whatever)
        by = self.maker if self.town.world.chance(0.1) else self.checker
        approves = ApproveRelease(transaction_id=row.id, checker_id=by)
        approved = partial(self._released, operation)
        self.town.world.at(HOUR, self.town.app.ask, approves, approved)

    def _released(self, operation: Operation, told: bytes | Refusal) -> None:
        if not isinstance(told, Refusal):
            self.released.add(operation.id)

    def _resolve(self, operation: Operation, dispute: Dispute) -> None:
        if operation.settled - dispute.amount >= operation.paid:
            resolution = Resolution.NOT_IN_FILE
        elif dispute.wallet_id is not None and self.town.world.chance(0.5):
            resolution = Resolution.CHARGE_CUSTOMER
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
        approved = partial(self._resolved, dispute, resolution)
        self.town.world.at(HOUR, self.town.app.ask, approves, approved)

    def _resolved(self, dispute: Dispute, resolution: Resolution, told: bytes | Refusal) -> None:
        if not isinstance(told, Refusal) and resolution is Resolution.CHARGE_CUSTOMER:
            self.charged[dispute.id] = dispute.amount

    # -- looking -------------------------------------------------------------------------------

    def borne(self, operation: Operation) -> int:
        """What the customer bears for an operation in the end."""
        row = self.approved(operation)
        own = (
            0
            if row is None or operation.id in self.released
            else cost(operation.paid, operation.amount)
        )
        return own + self.charged.get(operation.id, 0)

    def approved(self, operation: Operation) -> Withdrawal | None:
        """The withdrawal that it was approved for."""
        trace: Any = self.town.core.find(SwitchTrace.by_id(operation.id))
        if trace is None or trace.withdrawal_id is None:
            return None
        row: Withdrawal = self.town.core.find(Withdrawal.by_id(trace.withdrawal_id))
        return row

    def _dispute(self, operation: Operation) -> Dispute | None:
        dispute: Dispute | None = self.town.core.find(Dispute.by_id(operation.id))
        return None if dispute is None or dropped(dispute) else dispute
