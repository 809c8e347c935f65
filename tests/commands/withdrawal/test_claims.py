"""A customer says that no cash came: evidence, two people, and the switch's late word."""

from __future__ import annotations

import pytest
from uuid_utils.compat import uuid7

from commands.account.freeze import SetWalletStatus
from commands.approval.approve import Approve
from commands.identity.person import Role
from commands.treasury.breaks import BookBreak, Break, Side
from commands.treasury.resolve_break import BreakEnd, ResolveBreak
from commands.treasury.settlement import SettleSwitch
from commands.withdrawal.claim import (
    AddEvidence,
    Claim,
    ClaimState,
    OpenClaim,
    ReportEvidence,
    Source,
)
from commands.withdrawal.lifecycle import State
from commands.withdrawal.resolve_claim import ClaimEnd, ResolveClaim
from ledger.accounts import Status
from ledger.errors import Conflict, Forbidden, InvalidRequest, NotFound
from ledger.money import Money
from tests.commands.desk import CLAIM_SECONDS, Desk
from tests.commands.town import trace
from tests.commands.withdrawal.street import nonce


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.pay_out()
    return desk


def opens(desk: Desk, received: int = 0, by: object = None) -> OpenClaim:
    return OpenClaim(
        transaction_id=desk.id,
        user_id=by or desk.ana.user_id,  # type: ignore[arg-type]
        received=Money.of(received),
        text_seal=b"sealed",
        window_seconds=CLAIM_SECONDS,
    )


def ending(desk: Desk, end: ClaimEnd = ClaimEnd.PAY) -> ResolveClaim:
    return ResolveClaim(transaction_id=desk.id, end=end, evidence="cassette 2,000 over")


def state(desk: Desk) -> ClaimState:
    found: Claim = desk.find(Claim.of(desk.id))
    return found.state


def test_a_claim_moves_no_money(desk: Desk) -> None:
    assert desk.claim().status is ClaimState.OPEN
    assert (desk.kinds, desk.booked) == (["claim.opened"], [])
    assert "text" not in str(desk.last.payload)


def test_only_its_owner_claims_and_once(desk: Desk) -> None:
    assert isinstance(desk.refused(opens(desk, by=desk.rui.user_id)), NotFound)
    desk.claim()
    assert isinstance(desk.refused(opens(desk)), Conflict)


@pytest.mark.parametrize("received", [2_000, 3_000])
def test_less_came_out_than_was_asked(desk: Desk, received: int) -> None:
    assert isinstance(desk.refused(opens(desk, received)), InvalidRequest)


def test_what_was_not_paid_by_our_books_cannot_be_claimed(desk: Desk) -> None:
    desk.reverse()
    assert isinstance(desk.refused(opens(desk)), Conflict)


def test_a_claim_can_come_too_late(desk: Desk) -> None:
    desk.later(CLAIM_SECONDS)
    assert desk.refused(opens(desk)).facts == {"state": "too_late"}


def test_a_refused_claim_changes_nothing(desk: Desk) -> None:
    desk.claim()
    desk.decide(ending(desk, ClaimEnd.REFUSE))
    assert (desk.booked, state(desk)) == ([], ClaimState.REFUSED)
    assert isinstance(desk.turned_down(ending(desk)), Conflict)


def test_two_people_decide(desk: Desk) -> None:
    desk.claim()
    proposal = desk.suggest(ending(desk))
    alone = Approve(
        proposal_id=proposal.proposal_id,
        checker_id=desk.accountant,
        content_hash=proposal.content_hash,
    )
    assert isinstance(desk.refused(alone), Forbidden)
    assert isinstance(desk.turned_down(ending(desk), desk.staff(Role.AUDITOR)), Forbidden)
    unknown = ResolveClaim(transaction_id=uuid7(), end=ClaimEnd.PAY, evidence="-")
    assert isinstance(desk.turned_down(unknown), NotFound)


def test_a_part_is_paid_with_what_the_tariff_leaves_of_the_fee(desk: Desk) -> None:
    desk.claim(received=500)
    desk.decide(ending(desk))
    assert desk.booked == ["1900 1500 | 2010 1500"]
    assert desk.withdrawal(desk.id).captured == 50_000


def test_the_switch_agrees_once_however_often_it_says_so(desk: Desk) -> None:
    desk.claim()
    desk.decide(ending(desk))
    desk.reverse()
    assert desk.booked == ["2100 2000 | 1900 2000"]
    desk.reverse()
    assert desk.booked == []
    assert desk.holds(desk.ana.wallet_id) == 10_000


def test_the_switch_agrees_in_part(desk: Desk) -> None:
    desk.claim()
    desk.decide(ending(desk))
    desk.reverse(1_200)  # it says that 1,200 were paid
    assert desk.booked == ["2100 800 | 1900 800"]
    found: Break = desk.find(Break.by_id(desk.id))
    assert found.remaining == 120_000
    charge = ResolveBreak(
        break_id=desk.id,
        end=BreakEnd.BORNE,
        evidence="film",
        charged=Money.of(1_200),
        user_id=desk.ana.user_id,
    )
    desk.decide(charge)
    assert desk.booked == ["2010 1200 | 1900 1200"]


def test_more_was_missing_than_the_customer_said(desk: Desk) -> None:
    desk.claim(received=500)
    desk.decide(ending(desk))
    desk.reverse()  # nothing was paid at all
    assert desk.booked == ["2100 1500 | 1900 1500", "2100 500 + 4010 25 | 2010 525"]
    assert desk.holds(desk.ana.wallet_id) == 10_000


def test_a_settled_date_makes_the_switch_our_debtor(desk: Desk) -> None:
    desk.claim()
    desk.decide(ending(desk))
    on = desk.settlement_date()
    desk.next_day()
    amount, none = Money.of(2_000), Money.of(0)
    desk.decide(
        SettleSwitch(settlement_date=on, amount=amount, interchange=none, reference="SISP 1")
    )
    desk.reverse()
    assert desk.booked == ["1100 2000 | 1900 2000"]


def test_a_reversal_before_the_decision_leaves_nothing_to_pay(desk: Desk) -> None:
    desk.claim()
    desk.reverse()
    assert isinstance(desk.turned_down(ending(desk)), Conflict)
    desk.decide(ending(desk, ClaimEnd.REFUSE))
    assert desk.withdrawal(desk.id).state is State.REVERSED


def test_what_no_file_names_pays_first(desk: Desk) -> None:
    desk.decide(
        BookBreak(
            side=Side.IN_BOOKS_ONLY,
            amount=Money.of(1_500),
            settlement_date=desk.settlement_date(),
            reference="in no file",
            withdrawal_id=desk.id,
        )
    )
    desk.claim()
    desk.decide(ending(desk))
    assert desk.booked == ["2900 1500 + 1900 500 + 4010 25 | 2010 2025"]
    found: Break = desk.find(Break.by_id(desk.id))
    assert (found.side, found.remaining) == (Side.CLAIMED, 50_000)


def test_a_closed_wallet_is_paid_and_waits_for_its_owner() -> None:
    desk = Desk()
    eva = desk.customer("eva", 2_025)
    desk.pay_out(who=eva)
    desk.do(opens(desk, by=eva.user_id))
    desk.do(SetWalletStatus(user_id=eva.user_id, status=Status.CLOSED))
    desk.decide(ending(desk))
    assert desk.holds(eva.wallet_id) == 2_025


def test_evidence_stands_in_the_log(desk: Desk) -> None:
    desk.do(
        AddEvidence(
            transaction_id=desk.id,
            user_id=desk.operator,
            source=Source.CASSETTE_COUNT,
            dispensed=Money(0),
            note="2,000 over",
        )
    )
    assert desk.last.kind == "claim.evidence_added"
    told = {"source": "cassette_count", "dispensed": 0, "note": "2,000 over"}
    assert told.items() <= dict(desk.last.payload).items()
    outsider = AddEvidence(
        transaction_id=desk.id,
        user_id=desk.ana.user_id,
        source=Source.OTHER,
        dispensed=Money(0),
        note="-",
    )
    assert isinstance(desk.refused(outsider), Forbidden)


def test_the_switch_reports_evidence_of_its_own_operations(desk: Desk) -> None:
    def reports(number: int) -> ReportEvidence:
        return ReportEvidence(
            trace=trace(number),
            nonce_hash=nonce(),
            source=Source.ATM_JOURNAL,
            dispensed=Money.of(2_000),
            note="paid at 10:02",
        )

    answer = desk.do(reports(1))
    assert (answer.response_code, answer.transaction_id) == ("00", desk.id)
    assert desk.kinds == ["claim.evidence_added"]
    assert desk.do(reports(99)).response_code == "25"
    assert desk.kinds == []
