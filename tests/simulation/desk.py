"""What two people of ours decide: settling with the switch, stricter rules, and cases about holds.

A strict town has a rule that sets many transfers aside and sends cash away until somebody has
looked. Every town pays the switch a day later what its books owe it for that day, and pays some
claims of customers before the switch has given its word.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from commands.account.adjust import Adjust, Adjustment
from commands.account.minimum import SetMinimumBalance
from commands.approval.approve import Approve
from commands.approval.change import Change
from commands.approval.propose import Propose
from commands.deciding import Outcome
from commands.risk.case import Case
from commands.risk.catalogue import first_book
from commands.risk.held_transfer import HeldTransfer
from commands.risk.rulebook import Action, Mode, Rule
from commands.risk.set_rules import SetRules
from commands.risk.work_case import RefuseCase, ReleaseCase
from commands.treasury.own_money import PayInCapital
from commands.treasury.settlement import SettleSwitch
from commands.withdrawal.claim import OpenClaim
from commands.withdrawal.resolve_claim import ClaimEnd, ResolveClaim
from ledger.books import COUNTRY
from ledger.errors import Refusal
from ledger.money import Money
from tests.simulation.cash import Operation
from tests.simulation.world import BEGIN, DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from tests.simulation.town import Town

STRICT = "wallet_velocity"
TTL_SECONDS = 3_600
CLAIM_SECONDS = 90 * 86_400
CAPITAL = 100_000_000_00


class Desk:
    """Two operators with papers between them."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def change(self, change: Change) -> bool:
        """One proposes, the other approves what was proposed; whether it was applied."""
        proposal = self.town.world.some_id()
        proposes = Propose(
            proposal_id=proposal,
            maker_id=self.town.office.maker,
            change=change,
            ttl_seconds=TTL_SECONDS,
        )
        proposed = self.town.core.attempt(proposes)
        if not isinstance(proposed, Outcome):
            return False
        approves = Approve(
            proposal_id=proposal,
            checker_id=self.town.office.checker,
            content_hash=proposed.fresh.content_hash,
        )
        return isinstance(self.town.core.attempt(approves), Outcome)

    def pay_capital_in(self) -> None:
        """What the house can bear: no loss is written off with money that is not there."""
        paid = self.change(PayInCapital(amount=Money(CAPITAL), reference="owners"))
        assert paid, "nothing stands against capital"

    # -- the switch ----------------------------------------------------------------------------

    def settle(self) -> None:
        """Pay the switch what the books owe it for days that have ended."""
        today = self.town.world.time.astimezone(COUNTRY).date()
        watch = self.town.watch
        for day, amount in sorted(watch.due.items()):
            if day < today and amount > 0:
                paid = SettleSwitch(
                    settlement_date=day,
                    amount=Money(amount),
                    interchange=Money(0),
                    reference=f"file of {day}",
                    supplement=day in watch.settled,
                )
                self.town.settlements += self.change(paid)
        if self.town.world.stormy:
            self.town.world.at(DAY, self.settle)

    # -- claims --------------------------------------------------------------------------------

    def claim(self, operation: Operation) -> None:
        """Some who have less than the books say do not wait for the switch, and claim it."""
        withdrawal = self.town.office.approved(operation)
        if withdrawal is None or not self.town.world.chance(0.4):
            return
        opens = OpenClaim(
            transaction_id=withdrawal.id,
            user_id=withdrawal.user_id,
            received=Money(operation.paid),
            text_seal=b"seal",
            window_seconds=CLAIM_SECONDS,
        )
        later = self.town.world.between(MINUTE, 12 * HOUR)
        decided = partial(self._claimed, withdrawal.id)
        self.town.world.at(later, self.town.app.ask, opens, decided)

    def _claimed(self, withdrawal: UUID, told: bytes | Refusal) -> None:
        if not isinstance(told, Refusal):
            later = self.town.world.between(HOUR, DAY)
            self.town.world.at(later, self._pay_claim, withdrawal)

    def _pay_claim(self, withdrawal: UUID) -> None:
        pays = ResolveClaim(transaction_id=withdrawal, end=ClaimEnd.PAY, evidence="the journal")
        self.town.claims_paid += self.change(pays)

    # -- debts ---------------------------------------------------------------------------------

    def keep(self, user: UUID) -> bool:
        """A court orders that a customer keeps all that the wallet holds; whether it could."""
        return self.change(SetMinimumBalance(user_id=user, amount=Money(self.town.wallet_of(user))))

    def let_go(self, user: UUID) -> None:
        """The order is over."""
        assert self.change(SetMinimumBalance(user_id=user, amount=Money(0))), "nothing stands"

    def collect(self, user: UUID, amount: int) -> None:
        """Collect what a customer owes, if the wallet holds it."""
        self.change(
            Adjust(
                adjustment=Adjustment.CUSTOMER_DEBT_COLLECTED, amount=Money(amount), user_id=user
            )
        )

    # -- rules and cases -----------------------------------------------------------------------

    def be_strict(self) -> None:
        """From now on more than two movements an hour wait for a look."""
        applied = self.change(SetRules(rules=tuple(_stricter(rule) for rule in _rules())))
        assert applied, "nothing stands against these rules"

    def opened(self, case_id: UUID) -> None:
        """A case lies on the desk; somebody looks at it some time."""
        later = self.town.world.between(MINUTE, 6 * HOUR)
        self.town.world.at(later, self._look, case_id)

    def _look(self, case_id: UUID) -> None:
        case: Case = self.town.core.find(Case.by_id(case_id))
        good = self.town.world.chance(0.7)
        what = ReleaseCase if good else RefuseCase
        ends = what(case_id=case_id, operator_id=self.town.office.checker, text="looked at")
        self.town.app.ask(ends, partial(self._ended, case, good))

    def _ended(self, case: Case, good: bool, told: bytes | Refusal) -> None:
        """Sender and receiver read on their screens what became of a transfer that was held."""
        if not isinstance(told, Refusal) and case.holds and case.transaction_id is not None:
            held: HeldTransfer = self.town.core.find(HeldTransfer.by_id(case.transaction_id))
            if good:
                self.town.owners[held.wallet_id].purse -= held.amount + held.fee
                self.town.owners[held.to_wallet_id].purse += held.amount


def _rules() -> tuple[Rule, ...]:
    return first_book(BEGIN).editions[0].rules


def _stricter(rule: Rule) -> Rule:
    if rule.name != STRICT:
        return rule
    return msgspec.structs.replace(
        rule,
        action=Action.HOLD,
        mode=Mode.LIVE,
        thresholds=rule.thresholds | {"hour_count": 2},
    )
