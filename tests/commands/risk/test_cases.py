"""Cases: what is held waits for them, and an operator ends them one way or the other."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.account.transfer import Transferred
from commands.approval.approve import Approve
from commands.approval.propose import Propose
from commands.identity.person import Role
from commands.risk.case import Case, CaseState
from commands.risk.release_big_case import ReleaseBigCase
from commands.risk.rulebook import Action
from commands.risk.work_case import AssignCase, CloseCase, NoteCase, RefuseCase, ReleaseCase
from commands.withdrawal.cardless import Cardless
from ledger.errors import ApprovalRequired, Forbidden
from ledger.money import Money
from tests.commands.risk.rules import live, of_last
from tests.commands.risk.test_rules import Market


class Office(Market):
    """A market with two operators, in which large transfers are held."""

    def __init__(self) -> None:
        super().__init__()
        self.operator, self.other = self.staff(Role.OPERATOR), self.staff(Role.OPERATOR)
        live(self, "wallet_velocity", Action.HOLD, hour_minor=5_000_00)

    @property
    def case(self) -> Case:
        """The newest case."""
        return max(self.cases(), key=lambda case: case.opened_at)

    def hold(self) -> Transferred:
        """Ana's transfer of 10,000 (fee 20) that is held."""
        return self.do(self.send(10_000, self.rui))

    def release(self, case_id: UUID | None = None) -> ReleaseCase:
        return ReleaseCase(
            case_id=case_id or self.case.id, operator_id=self.operator, text="she called us"
        )

    def refuse(self) -> RefuseCase:
        return RefuseCase(case_id=self.case.id, operator_id=self.operator, text="it was not she")


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_held_transfer_sets_money_and_fee_aside_and_opens_a_case(office: Office) -> None:
    answer = office.hold()
    assert answer.status == "held"
    assert office.kinds == ["case.opened", "risk.hit", "transfer.held"]
    assert office.booked == ["2010 10020 | 2030 10020"]
    assert office.case.transaction_id == answer.transaction_id
    assert office.find(Cardless.of(office.ana.wallet_id)).held == 10_020_00


def test_releasing_the_case_sends_the_money_on_and_earns_the_fee(office: Office) -> None:
    office.hold()
    office.do(office.release())
    assert office.kinds == ["transfer.released", "case.released"]
    assert office.booked == ["2030 10020 | 2010 10000 + 4030 20"]
    assert office.find(Cardless.of(office.ana.wallet_id)).held == 0


def test_much_money_is_released_by_two_operators(office: Office) -> None:
    office.hold()
    alone = msgspec.structs.replace(office.release(), alone_max=Money.of(9_999))
    refusal = office.refused(alone)
    assert isinstance(refusal, ApprovalRequired)
    assert refusal.facts == {"alone": "9999", "propose": "release_big_case"}
    change = ReleaseBigCase(case_id=office.case.id, text="she called us")
    proposal = office.do(
        Propose(proposal_id=uuid7(), maker_id=office.operator, change=change, ttl_seconds=60)
    )
    assert office.booked == []
    approve = Approve(
        proposal_id=proposal.proposal_id,
        checker_id=office.operator,
        content_hash=proposal.content_hash,
    )
    assert isinstance(office.refused(approve), Forbidden)
    office.do(msgspec.structs.replace(approve, checker_id=office.other))
    assert office.kinds == ["transfer.released", "case.released", "proposal.applied"]
    assert office.booked == ["2030 10020 | 2010 10000 + 4030 20"]
    assert office.find(Case.by_id(alone.case_id)).ended_by == office.other


def test_up_to_the_amount_one_operator_releases_alone(office: Office) -> None:
    office.hold()
    office.do(msgspec.structs.replace(office.release(), alone_max=Money.of(10_000)))
    assert office.kinds == ["transfer.released", "case.released"]


def test_refusing_the_case_sends_all_of_it_back_and_its_usage(office: Office) -> None:
    office.hold()
    office.do(office.refuse())
    assert office.booked == ["2030 10020 | 2010 10020"]
    assert office.holds(office.ana.wallet_id) == 100_000


def test_each_held_transfer_has_a_case_of_its_own(office: Office) -> None:
    office.hold()
    first = office.case.id
    office.later(1).hold()
    assert office.case.id != first
    office.do(office.release(first))
    assert office.code_holds("2030") == 10_020


def test_a_case_ends_once(office: Office) -> None:
    office.hold()
    release, refuse = office.release(), office.refuse()
    office.do(release)
    for again in (release, refuse):
        assert office.refused(again).facts == {"state": CaseState.RELEASED}
    assert office.code_holds("2030") == 0


def test_a_case_cannot_be_closed_while_money_waits(office: Office) -> None:
    office.hold()
    close = CloseCase(case_id=office.case.id, operator_id=office.operator, text="-")
    assert office.refused(close).code == "CONFLICT"


def test_a_closed_case_leaves_the_wallet_to_a_new_one(office: Office) -> None:
    live(office, "wallet_velocity", Action.REVIEW, hour_minor=5_000_00)
    office.hold()
    first = office.case.id
    office.later(1).hold()
    assert office.kinds == ["risk.hit", "transfer.made"]
    office.do(CloseCase(case_id=first, operator_id=office.operator, text="known"))
    office.later(1).hold()
    assert office.case.id != first


def test_cash_under_hold_is_refused_and_a_release_clears_the_wallet_for_a_day(
    office: Office,
) -> None:
    wish = office.cash_out(6_000, office.ana)
    assert office.refused(wish).code == "RISK_REVIEW"
    assert office.refused(wish).code == "RISK_REVIEW"
    office.do(office.release())
    office.do(wish)
    assert office.just[-1].payload["dryRun"] == ["wallet_velocity"]
    again = office.later(86_400).cash_out(6_000, office.ana)
    assert office.refused(again).code == "RISK_REVIEW"


def test_only_operators_work_cases_and_only_open_ones(office: Office) -> None:
    office.hold()
    case_id = office.case.id
    clerk = office.staff(Role.ACCOUNTANT)
    note = NoteCase(case_id=case_id, operator_id=clerk, text="-")
    assert office.refused(note).code == "FORBIDDEN"
    unknown = NoteCase(case_id=UUID(int=1), operator_id=office.operator, text="-")
    assert office.refused(unknown).code == "NOT_FOUND"
    office.do(AssignCase(case_id=case_id, operator_id=office.operator, assignee_id=office.other))
    assert office.case.assignee_id == office.other
    nobody = AssignCase(case_id=case_id, operator_id=office.operator, assignee_id=clerk)
    assert office.refused(nobody).code == "NOT_FOUND"
    office.do(NoteCase(case_id=case_id, operator_id=office.other, text="called her"))
    assert of_last(office, "case.noted")[0]["text"] == "called her"
    office.do(office.release())
    late = NoteCase(case_id=case_id, operator_id=office.operator, text="-")
    assert office.refused(late).code == "CONFLICT"
