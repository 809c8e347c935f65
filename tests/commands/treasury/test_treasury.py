"""Settling, breaks, and what crosses between trust and own money: what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.approval.approve import Approve
from commands.identity.person import Role
from commands.switch.owed import Settlement
from commands.treasury.breaks import BookBreak, Break, Side
from commands.treasury.own_money import (
    FundCommission,
    PayInCapital,
    PayTax,
    PayTrustCharge,
    SweepFees,
)
from commands.treasury.resolve_break import BreakEnd, ResolveBreak
from commands.treasury.settlement import CollectFromSwitch, SettleSwitch
from ledger.errors import (
    Conflict,
    Forbidden,
    InsufficientFunds,
    InvalidRequest,
    LimitExceeded,
    NotFound,
)
from ledger.money import Money
from tests.commands.desk import Desk
from tests.commands.town import TODAY


@pytest.fixture
def desk() -> Desk:
    return Desk()


def settling(desk: Desk, escudos: int = 2_000, *, supplement: bool = False) -> SettleSwitch:
    return SettleSwitch(
        settlement_date=desk.settlement_date(),
        amount=Money.of(escudos),
        interchange=Money.of(30),
        reference="SISP 1",
        supplement=supplement,
    )


def unnamed(desk: Desk, escudos: int = 2_000, **changes: Any) -> BookBreak:
    """Ana's last withdrawal is in no file."""
    given: dict[str, Any] = {
        "side": Side.IN_BOOKS_ONLY,
        "amount": Money.of(escudos),
        "settlement_date": desk.settlement_date(),
        "reference": "in no file",
        "withdrawal_id": desk.id,
    }
    return BookBreak(**(given | changes))


def in_file(escudos: int = 500) -> BookBreak:
    return BookBreak(
        side=Side.IN_FILE_ONLY,
        amount=Money.of(escudos),
        settlement_date=TODAY,
        reference="line 17",
    )


def borne(found: Any, charged: int, written_off: int, user: Any) -> ResolveBreak:
    return ResolveBreak(
        break_id=found,
        end=BreakEnd.BORNE,
        evidence="two files",
        charged=Money.of(charged),
        written_off=Money.of(written_off),
        user_id=user,
    )


def ends(desk: Desk, end: BreakEnd) -> ResolveBreak:
    """All of the break about Ana's last withdrawal."""
    return ResolveBreak(break_id=desk.id, end=end, evidence="two files")


class TestSettling:
    def test_a_date_is_paid_once_when_it_is_over(self, desk: Desk) -> None:
        desk.pay_out()
        assert isinstance(desk.turned_down(settling(desk)), InvalidRequest)
        desk.next_day()
        desk.decide(settling(desk))
        assert desk.code_holds("2100") == 0
        refusal = desk.turned_down(settling(desk))
        assert isinstance(refusal, Conflict)
        assert refusal.facts == {"state": "settled"}

    def test_what_was_proposed_twice_is_paid_once(self, desk: Desk) -> None:
        desk.pay_out()
        desk.next_day()
        first, second = desk.suggest(settling(desk)), desk.suggest(settling(desk))
        desk.agree(first)
        refusal = desk.refused(
            Approve(
                proposal_id=second.proposal_id,
                checker_id=desk.operator,
                content_hash=second.content_hash,
            )
        )
        assert isinstance(refusal, Conflict)
        assert desk.code_holds("2100") == 0

    def test_no_more_is_paid_than_is_owed(self, desk: Desk) -> None:
        desk.pay_out()
        desk.next_day()
        refusal = desk.turned_down(settling(desk, 2_001))
        assert isinstance(refusal, LimitExceeded)
        assert refusal.facts == {"limit": "owedToSwitch", "left": "2000"}

    def test_no_date_is_paid_with_what_is_owed_for_another(self, desk: Desk) -> None:
        desk.pay_out()
        other = desk.settlement_date()
        desk.next_day()
        desk.pay_out(500, number=2)
        assert desk.settlement_date() > other
        desk.next_day()
        assert desk.code_holds("2100") == 2_500
        refusal = desk.turned_down(settling(desk, 501))
        assert refusal.facts == {"limit": "owedToSwitch", "left": "500"}
        never = msgspec.structs.replace(settling(desk, 1), settlement_date=date(2030, 1, 1))
        assert desk.turned_down(never).facts == {"limit": "owedToSwitch", "left": "0"}
        desk.decide(settling(desk, 500))
        assert desk.turned_down(settling(desk, 1, supplement=True)).facts["left"] == "0"
        assert desk.find(Settlement.of(other)).open == 200_000

    def test_what_was_proposed_is_weighed_again_when_it_is_approved(self, desk: Desk) -> None:
        desk.pay_out()
        desk.next_day()
        proposal = desk.suggest(settling(desk))
        desk.reverse(500)
        refusal = desk.refused(
            Approve(
                proposal_id=proposal.proposal_id,
                checker_id=desk.operator,
                content_hash=proposal.content_hash,
            )
        )
        assert refusal.facts == {"limit": "owedToSwitch", "left": "500"}

    def test_what_is_still_open_of_a_date_comes_before_what_the_switch_owes(
        self, desk: Desk
    ) -> None:
        desk.pay_out()
        on = desk.settlement_date()
        desk.next_day()
        desk.decide(settling(desk, 1_500))
        desk.reverse()
        assert desk.booked == ["2100 500 + 1100 1500 + 4010 25 | 2010 2025"]
        assert desk.last.payload["against"] == {"2100": 50_000, "1100": 150_000}
        assert desk.find(Settlement.of(on)).open == 0

    def test_a_supplement_needs_a_date_that_was_paid(self, desk: Desk) -> None:
        desk.pay_out()
        on = desk.settlement_date()
        desk.next_day()
        assert isinstance(desk.turned_down(settling(desk, supplement=True)), Conflict)
        desk.decide(settling(desk, 1_500))
        more = SettleSwitch(
            settlement_date=on,
            amount=Money.of(500),
            interchange=Money.of(0),
            reference="SISP 2",
            supplement=True,
        )
        desk.decide(more)
        assert desk.booked == ["2100 500 | 1010 500"]

    def test_interchange_is_paid_from_our_own_money(self) -> None:
        poor = Desk()
        poor.pay_out()
        poor.next_day()
        held = int(poor.code_holds("1020"))
        poor.decide(PayTrustCharge(amount=Money.of(held), reference="all of it"))
        assert isinstance(poor.turned_down(settling(poor)), InsufficientFunds)

    def test_only_what_the_switch_owes_is_collected(self, desk: Desk) -> None:
        desk.pay_out()
        desk.next_day()
        desk.decide(settling(desk))
        desk.reverse(500)  # 500 were paid after all
        assert desk.booked == ["1100 1500 | 2010 1500"]
        more = CollectFromSwitch(amount=Money.of(1_501), reference="T")
        assert isinstance(desk.turned_down(more), LimitExceeded)
        desk.decide(CollectFromSwitch(amount=Money.of(1_500), reference="T"))
        assert desk.code_holds("1100") == 0


class TestOwnMoney:
    def test_no_more_fees_are_swept_than_were_earned(self, desk: Desk) -> None:
        desk.pay_out()
        for amount in ("25.01", "1000"):
            refusal = desk.turned_down(SweepFees(amount=Money.of(amount), reference="T"))
            assert isinstance(refusal, LimitExceeded)
            assert refusal.facts == {"limit": "unsweptFees", "left": "25"}
        desk.decide(SweepFees(amount=Money.of(20), reference="T"))
        assert isinstance(
            desk.turned_down(SweepFees(amount=Money.of(6), reference="T")), LimitExceeded
        )
        desk.decide(SweepFees(amount=Money.of(5), reference="T"))

    def test_a_fee_that_goes_back_after_it_was_swept_is_missing_from_the_next(
        self, desk: Desk
    ) -> None:
        desk.pay_out()
        desk.decide(SweepFees(amount=Money.of(25), reference="T"))
        desk.reverse()
        desk.pay_out(number=2)
        refusal = desk.turned_down(SweepFees(amount=Money.of(1), reference="T"))
        assert refusal.facts == {"limit": "unsweptFees", "left": "0"}

    def test_no_more_commission_is_funded_than_was_paid(self, desk: Desk) -> None:
        desk.cash_in(5_000)
        refusal = desk.turned_down(FundCommission(amount=Money.of(26), reference="T"))
        assert refusal.facts == {"limit": "unfundedCommission", "left": "25"}
        desk.decide(FundCommission(amount=Money.of(25), reference="T"))

    def test_a_charge_is_never_paid_by_the_trust(self, desk: Desk) -> None:
        trust = desk.code_holds("1010")
        desk.decide(PayTrustCharge(amount=Money.of(15), reference="T"))
        assert desk.code_holds("1010") == trust
        more = int(desk.code_holds("1020")) + 1
        refusal = desk.turned_down(PayTrustCharge(amount=Money.of(more), reference="T"))
        assert isinstance(refusal, InsufficientFunds)

    def test_no_tax_is_paid_that_is_not_owed(self, desk: Desk) -> None:
        refusal = desk.turned_down(PayTax(amount=Money.of(1), reference="T"))
        assert refusal.facts == {"limit": "taxesPayable", "left": "0"}

    def test_nothing_of_nothing(self, desk: Desk) -> None:
        for change in (SweepFees, FundCommission, PayTrustCharge, PayTax, PayInCapital):
            refusal = desk.turned_down(change(amount=Money(0), reference="T"))
            assert isinstance(refusal, InvalidRequest)

    def test_one_pair_of_eyes_is_not_enough(self, desk: Desk) -> None:
        desk.pay_out()
        proposal = desk.suggest(SweepFees(amount=Money.of(20), reference="T"))
        alone = Approve(
            proposal_id=proposal.proposal_id,
            checker_id=desk.accountant,
            content_hash=proposal.content_hash,
        )
        assert isinstance(desk.refused(alone), Forbidden)
        change = SweepFees(amount=Money.of(20), reference="T")
        for role in (Role.AUDITOR, Role.ADMIN):
            assert isinstance(desk.turned_down(change, desk.staff(role)), Forbidden)


class TestBreaks:
    def test_the_parts_make_up_the_whole(self, desk: Desk) -> None:
        found = desk.decide(in_file()).proposal_id
        ana = desk.ana.user_id
        for charged, written_off, user in ((300, 199, ana), (300, 201, ana), (500, 0, None)):
            refusal = desk.turned_down(borne(found, charged, written_off, user))
            assert isinstance(refusal, InvalidRequest)
        assert isinstance(desk.turned_down(borne(found, 500, 0, uuid7())), NotFound)
        assert isinstance(
            desk.turned_down(borne(found, 500, 0, desk.rui.user_id)), InsufficientFunds
        )
        desk.decide(borne(found, 0, 500, None))
        assert desk.booked == ["5090 500 + 1010 500 | 1900 500 + 1020 500"]
        assert isinstance(desk.turned_down(borne(found, 0, 500, None)), Conflict)

    def test_the_switch_may_agree(self, desk: Desk) -> None:
        found = desk.decide(in_file()).proposal_id
        end = ResolveBreak(break_id=found, end=BreakEnd.FOR_SWITCH, evidence="it was an error")
        desk.decide(end)
        assert desk.booked == ["2100 500 | 1900 500"]

    def test_what_only_our_books_know_is_one_withdrawals(self, desk: Desk) -> None:
        desk.pay_out()
        for change, refused in (
            (unnamed(desk, withdrawal_id=None), InvalidRequest),
            (unnamed(desk, withdrawal_id=uuid7()), NotFound),
            (unnamed(desk, 2_001), LimitExceeded),
            (unnamed(desk, settlement_date=date(2030, 1, 1)), InvalidRequest),
            (unnamed(desk, side=Side.CLAIMED), InvalidRequest),
            (unnamed(desk, side=Side.IN_FILE_ONLY), InvalidRequest),
        ):
            assert isinstance(desk.turned_down(change), refused)
        desk.decide(unnamed(desk))
        assert isinstance(desk.turned_down(unnamed(desk)), Conflict)

    def test_a_later_file_may_name_it(self, desk: Desk) -> None:
        desk.pay_out()
        desk.decide(unnamed(desk))
        desk.decide(ends(desk, BreakEnd.FOR_SWITCH))
        assert desk.booked == ["2900 2000 | 2100 2000"]
        assert desk.withdrawal(desk.id).captured == 200_000

    def test_a_reversal_that_comes_meanwhile_takes_what_nobody_claimed(self, desk: Desk) -> None:
        desk.pay_out()
        desk.decide(unnamed(desk, 1_500))
        desk.reverse()
        assert desk.booked == ["2900 1500 + 2100 500 + 4010 25 | 2010 2025"]
        assert desk.last.payload["against"] == {"2900": 150_000, "2100": 50_000}
        found: Break = desk.find(Break.by_id(desk.id))
        assert found.remaining == 0
        assert isinstance(desk.turned_down(ends(desk, BreakEnd.FOR_CUSTOMER)), Conflict)

    def test_what_no_file_names_and_was_paid_all_the_same_the_switch_owes(self, desk: Desk) -> None:
        desk.pay_out()
        desk.next_day()
        desk.decide(settling(desk))
        desk.decide(unnamed(desk))
        assert desk.booked == ["1100 2000 | 2900 2000"]
        desk.decide(ends(desk, BreakEnd.FOR_CUSTOMER))
        assert desk.booked == ["2900 2000 + 4010 25 | 2010 2025"]

    def test_each_side_has_its_own_ends(self, desk: Desk) -> None:
        desk.pay_out()
        desk.decide(unnamed(desk))
        assert isinstance(desk.turned_down(borne(desk.id, 0, 2_000, None)), InvalidRequest)
        found = desk.decide(in_file()).proposal_id
        end = ResolveBreak(break_id=found, end=BreakEnd.FOR_CUSTOMER, evidence="-")
        assert isinstance(desk.turned_down(end), InvalidRequest)
        nobody = ResolveBreak(break_id=uuid7(), end=BreakEnd.FOR_SWITCH, evidence="-")
        assert isinstance(desk.turned_down(nobody), NotFound)

    @pytest.mark.parametrize("paid", [False, True])
    def test_a_break_that_was_paid_is_owed_by_the_switch(self, paid: bool) -> None:
        desk = Desk()
        desk.pay_out()
        desk.next_day()
        desk.decide(settling(desk))
        late = BookBreak(
            side=Side.IN_FILE_ONLY,
            amount=Money.of(500),
            settlement_date=desk.settlement_date(),
            reference="line 18",
        )
        found = desk.decide(late).proposal_id
        if paid:
            desk.decide(settling(desk, 500, supplement=True))
        end = ResolveBreak(break_id=found, end=BreakEnd.FOR_SWITCH, evidence="an error of theirs")
        desk.decide(end)
        assert desk.booked == [f"{'1100' if paid else '2100'} 500 | 1900 500"]
