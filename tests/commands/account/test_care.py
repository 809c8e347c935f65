"""Wallets frozen one way or both, asleep and woken, with a minimum; credits found an owner."""

from __future__ import annotations

from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from commands.account.adjust import Adjust, Adjustment
from commands.account.assign_credit import AssignCredit
from commands.account.dormancy import SleepWallet, WakeWallet
from commands.account.freeze import SetWalletStatus
from commands.account.minimum import SetMinimumBalance
from commands.account.reverse_big_entry import ReverseBigEntry
from commands.account.reverse_entry import ReverseEntry
from commands.account.transfer import Transfer
from commands.agent.cash_in import CashIn
from commands.identity.person import Role
from ledger.accounts import Account, Status
from ledger.errors import (
    ApprovalRequired,
    Conflict,
    Forbidden,
    InsufficientFunds,
    InvalidRequest,
    NotFound,
    WalletNotOpen,
)
from ledger.money import Money
from tests.commands.desk import AGENT_SECONDS, OPERATOR_SECONDS, Desk
from tests.commands.town import Customer, deposit
from tests.commands.withdrawal.street import asks

YEAR = 365 * 86_400


@pytest.fixture
def desk() -> Desk:
    return Desk()


def sets(desk: Desk, status: Status, who: Customer | None = None) -> SetWalletStatus:
    user = (who or desk.ana).user_id
    return SetWalletStatus(user_id=user, status=status, reason="a court's order")


def sends(who: Customer, to: bytes, escudos: int = 100) -> Transfer:
    return Transfer(
        transaction_id=uuid7(), user_id=who.user_id, to_phone=to, amount=Money.of(escudos)
    )


def status(desk: Desk, who: Customer | None = None) -> Status:
    found: Account = desk.find(Account.by_id((who or desk.ana).wallet_id))
    return found.status


class TestFreezing:
    def test_the_reason_is_written_down(self, desk: Desk) -> None:
        desk.do(sets(desk, Status.DEBITS_FROZEN))
        assert desk.last.payload["reason"] == "a court's order"

    def test_frozen_debits_let_money_in_and_none_out(self, desk: Desk) -> None:
        desk.do(sets(desk, Status.DEBITS_FROZEN))
        desk.do(sends_from_rui(desk))
        desk.cash_in(1_000)
        desk.do(deposit(500, phone_index=b"ana"))
        for command in (sends(desk.ana, b"rui"), asks(desk.ana)):
            assert isinstance(desk.refused(command), WalletNotOpen)

    def test_a_frozen_wallet_takes_only_what_cannot_be_turned_away(self, desk: Desk) -> None:
        desk.do(sets(desk, Status.FROZEN))
        desk.do(deposit(500, phone_index=b"ana"))
        refusal = desk.refused(sends_from_rui(desk))
        assert (refusal.code, refusal.facts) == ("WALLET_NOT_OPEN", {"status": Status.FROZEN})
        cash_in = CashIn(
            transaction_id=uuid7(),
            agent_id=desk.agent.agent_id,
            user_id=desk.ana.user_id,
            amount=Money.of(100),
        )
        assert isinstance(desk.refused(cash_in), WalletNotOpen)

    def test_a_freeze_may_become_another(self, desk: Desk) -> None:
        for wanted in (Status.DEBITS_FROZEN, Status.FROZEN, Status.DEBITS_FROZEN, Status.OPEN):
            assert desk.do(sets(desk, wanted)).status is wanted

    def test_nobody_makes_a_wallet_dormant(self, desk: Desk) -> None:
        assert isinstance(desk.refused(sets(desk, Status.DORMANT)), InvalidRequest)


def sends_from_rui(desk: Desk) -> Transfer:
    desk.do(deposit(1_000, phone_index=b"rui"))
    return sends(desk.rui, b"ana")


def sleeps(desk: Desk) -> bool:
    command = SleepWallet(transaction_id=uuid7(), wallet_id=desk.ana.wallet_id, after_seconds=YEAR)
    return desk.do(command).slept


class TestDormancy:
    def test_only_a_wallet_that_rested_long_enough_falls_asleep(self, desk: Desk) -> None:
        desk.do(sends(desk.ana, b"rui"))
        desk.now += timedelta(days=364)
        assert not sleeps(desk)
        desk.do(deposit(10, phone_index=b"ana"))  # what others do is no sign of life
        desk.now += timedelta(days=1)
        assert sleeps(desk)
        assert status(desk) is Status.DORMANT
        assert desk.holds(desk.ana.wallet_id) == 0
        assert not sleeps(desk)

    def test_one_that_was_never_used_counts_from_its_opening(self, desk: Desk) -> None:
        desk.now += timedelta(days=365)
        assert sleeps(desk)

    @pytest.mark.parametrize("way", ["empty", "holding", "frozen", "debits frozen"])
    def test_neither_empty_nor_holding_nor_frozen_wallets_sleep(self, way: str) -> None:
        desk = Desk()
        match way:
            case "empty":
                desk.do(sends(desk.ana, b"rui", 9_980))
            case "holding":
                desk.request()
            case "frozen":
                desk.do(sets(desk, Status.FROZEN))
            case _:
                desk.do(sets(desk, Status.DEBITS_FROZEN))
        desk.now += timedelta(days=400)
        assert not sleeps(desk)

    def test_its_owner_wakes_it(self, desk: Desk) -> None:
        desk.now += timedelta(days=365)
        sleeps(desk)
        wake = WakeWallet(transaction_id=uuid7(), user_id=desk.ana.user_id)
        refusal = desk.refused(sends(desk.ana, b"rui"))
        assert (refusal.code, refusal.facts) == ("WALLET_NOT_OPEN", {"status": Status.DORMANT})
        assert desk.do(wake).amount == Money.of(10_000)
        assert status(desk) is Status.OPEN
        assert desk.holds(desk.ana.wallet_id) == 10_000
        assert isinstance(desk.refused(wake), Conflict)
        assert not sleeps(desk)  # not at once, though nothing was moved yet
        desk.now += timedelta(days=365)
        assert sleeps(desk)

    def test_what_came_in_meanwhile_is_there_too(self, desk: Desk) -> None:
        desk.now += timedelta(days=365)
        sleeps(desk)
        desk.do(deposit(500, phone_index=b"ana"))
        desk.do(WakeWallet(transaction_id=uuid7(), user_id=desk.ana.user_id))
        assert desk.holds(desk.ana.wallet_id) == 10_500

    def test_a_freeze_outlasts_the_sleep(self, desk: Desk) -> None:
        desk.now += timedelta(days=365)
        sleeps(desk)
        desk.do(sets(desk, Status.FROZEN))
        wake = WakeWallet(transaction_id=uuid7(), user_id=desk.ana.user_id)
        assert isinstance(desk.refused(wake), Conflict)
        assert isinstance(desk.refused(sets(desk, Status.CLOSED)), Conflict)
        assert desk.do(sets(desk, Status.OPEN)).status is Status.DORMANT
        desk.do(wake)

    def test_only_a_wallet_sleeps(self, desk: Desk) -> None:
        for account in (uuid7(), desk.agent.float_id):
            command = SleepWallet(transaction_id=uuid7(), wallet_id=account, after_seconds=1)
            assert isinstance(desk.refused(command), NotFound)


class TestMinimum:
    def keeps(self, desk: Desk, escudos: int) -> SetMinimumBalance:
        return SetMinimumBalance(
            user_id=desk.ana.user_id, amount=Money.of(escudos), reason="a court's order"
        )

    def test_what_must_stay_cannot_be_spent(self, desk: Desk) -> None:
        desk.agree(desk.suggest(self.keeps(desk, 4_000), desk.operator), desk.other_operator)
        assert isinstance(desk.refused(asks(desk.ana, 6_000)), InsufficientFunds)
        desk.do(asks(desk.ana, 5_000))
        now = self.keeps(desk, 0)
        desk.agree(desk.suggest(now, desk.operator), desk.other_operator)
        desk.do(sends(desk.ana, b"rui", 4_000))

    def test_a_wallet_that_must_keep_something_does_not_sleep(self, desk: Desk) -> None:
        desk.agree(desk.suggest(self.keeps(desk, 1), desk.operator), desk.other_operator)
        desk.now += timedelta(days=400)
        assert not sleeps(desk)

    def test_it_is_never_above_what_is_there(self, desk: Desk) -> None:
        refusal = desk.turned_down(self.keeps(desk, 10_001), desk.operator)
        assert isinstance(refusal, InsufficientFunds)
        nobody = SetMinimumBalance(user_id=uuid7(), amount=Money.of(1))
        assert isinstance(desk.turned_down(nobody, desk.operator), NotFound)


class TestUnidentified:
    def assigns(self, desk: Desk, **to: object) -> AssignCredit:
        return AssignCredit(
            transaction_id=uuid7(),
            reference="R1",
            user_id=desk.operator,
            **(to or {"phone_index": b"rui"}),  # type: ignore[arg-type]
        )

    def test_it_is_assigned_once(self, desk: Desk) -> None:
        desk.do(deposit(700, reference="R1"))
        desk.do(self.assigns(desk, agent_id=desk.agent.agent_id))
        assert desk.booked == ["2900 700 | 2020 700"]
        assert desk.refused(self.assigns(desk)).facts == {"state": "assigned"}

    def test_only_what_waits_is_assigned(self, desk: Desk) -> None:
        assert isinstance(desk.refused(self.assigns(desk)), NotFound)
        desk.do(deposit(700, reference="R1", phone_index=b"ana"))
        assert isinstance(desk.refused(self.assigns(desk)), Conflict)

    def test_to_nobody_and_to_a_closed_wallet_is_refused(self, desk: Desk) -> None:
        desk.do(deposit(700, reference="R1"))
        assert isinstance(desk.refused(self.assigns(desk, phone_index=b"nobody")), NotFound)
        assert isinstance(desk.refused(self.assigns(desk, agent_id=uuid7())), NotFound)
        desk.do(sets(desk, Status.CLOSED, desk.rui))
        assert isinstance(desk.refused(self.assigns(desk)), WalletNotOpen)

    def test_taken_back_or_assigned_and_never_both(self, desk: Desk) -> None:
        for number, reference in enumerate(("R1", "R2")):
            desk.do(deposit(700, reference=reference))
            entry = desk.last.entry_number
            assert entry is not None
            reverse = ReverseEntry(
                transaction_id=uuid7(),
                entry_number=entry,
                reason="-",
                user_id=desk.accountant,
            )
            assign = AssignCredit(
                transaction_id=uuid7(),
                reference=reference,
                user_id=desk.operator,
                phone_index=b"rui",
            )
            if number:
                desk.do(reverse)
                assert isinstance(desk.refused(assign), Conflict)
            else:
                desk.do(assign)
                assert isinstance(desk.refused(reverse), Conflict)
        assert desk.code_holds("2900") == 0

    def test_operators_assign(self, desk: Desk) -> None:
        desk.do(deposit(700, reference="R1"))
        command = AssignCredit(
            transaction_id=uuid7(),
            reference="R1",
            user_id=desk.accountant,
            phone_index=b"rui",
        )
        assert isinstance(desk.refused(command), Forbidden)


class TestCashInReversed:
    def test_once_and_by_its_own_agent(self, desk: Desk) -> None:
        made = desk.cash_in(5_000)
        stranger = desk.staff_of(desk.outlet(0))
        assert isinstance(desk.refused(desk.taking_back(made, by=stranger)), NotFound)
        assert isinstance(desk.refused(desk.taking_back((uuid7(), made[1]))), NotFound)
        assert isinstance(desk.refused(desk.taking_back((made[0], 10**30))), NotFound)
        desk.do(desk.taking_back(made))
        assert desk.refused(desk.taking_back(made)).facts == {"state": "reversed"}
        assert isinstance(desk.refused(desk.taking_back(made, by=desk.accountant)), Forbidden)

    def test_the_entry_is_reversed_once_whoever_does(self, desk: Desk) -> None:
        made = desk.cash_in(5_000)
        command = ReverseEntry(
            transaction_id=uuid7(), entry_number=made[1], reason="-", user_id=desk.accountant
        )
        desk.do(command)
        assert isinstance(desk.refused(desk.taking_back(made)), Conflict)

    def test_each_has_a_window(self, desk: Desk) -> None:
        made = desk.cash_in(5_000)
        desk.later(AGENT_SECONDS)
        assert desk.refused(desk.taking_back(made)).facts == {"state": "too_late"}
        desk.later(OPERATOR_SECONDS - AGENT_SECONDS - 1)
        desk.do(desk.taking_back(made, by=desk.operator))
        other = desk.cash_in(5_000)
        desk.later(OPERATOR_SECONDS)
        late = desk.refused(desk.taking_back(other, by=desk.operator))
        assert late.facts == {"state": "too_late"}

    def test_an_agent_takes_nothing_that_was_spent(self, desk: Desk) -> None:
        made = desk.cash_in(5_000, desk.rui)
        desk.do(sends(desk.rui, b"ana", 1_000))
        assert isinstance(desk.refused(desk.taking_back(made)), InsufficientFunds)
        assert desk.do(desk.taking_back(made, by=desk.operator)).shortfall == Money.of(1_010)

    def test_a_closed_wallet_gives_nothing_and_the_agent_owes_all(self, desk: Desk) -> None:
        eva = desk.customer("eva", 0)
        made = desk.cash_in(1_000, eva)
        desk.do(sends(eva, b"ana", 990))
        desk.do(sets(desk, Status.CLOSED, eva))
        assert isinstance(desk.refused(desk.taking_back(made)), WalletNotOpen)
        desk.do(desk.taking_back(made, by=desk.operator))
        assert desk.owed_by("1910", desk.agent.agent_id) == 1_000


class TestBigEntries:
    def test_one_person_may_reverse_up_to_an_amount(self, desk: Desk) -> None:
        for escudos, alone in ((50_000, True), (50_001, False)):
            desk.do(deposit(escudos, phone_index=b"ana"))
            number = desk.last.entry_number
            assert number is not None
            command = ReverseEntry(
                transaction_id=uuid7(), entry_number=number, reason="-", user_id=desk.accountant
            )
            if alone:
                desk.do(command)
                continue
            refusal = desk.refused(command)
            assert isinstance(refusal, ApprovalRequired)
            assert refusal.facts == {"alone": "50000", "propose": "reverse_big_entry"}
            desk.decide(ReverseBigEntry(entry_number=number))
            assert desk.booked == ["2010 50001 | 1010 50001"]
            assert isinstance(desk.turned_down(ReverseBigEntry(entry_number=number)), Conflict)

    def test_what_was_spent_between_proposal_and_approval_stops_it(self, desk: Desk) -> None:
        desk.do(deposit(60_000, phone_index=b"rui"))
        number = desk.last.entry_number
        assert number is not None
        proposal = desk.suggest(ReverseBigEntry(entry_number=number))
        desk.do(sends(desk.rui, b"ana", 100))
        with pytest.raises(InsufficientFunds):
            desk.agree(proposal)


class TestAdjustments:
    def adjusts(self, adjustment: Adjustment, escudos: int, **whose: object) -> Adjust:
        return Adjust(adjustment=adjustment, amount=Money.of(escudos), **whose)  # type: ignore[arg-type]

    def test_goodwill_is_paid_from_our_own_money(self, desk: Desk) -> None:
        whose = {"agent_id": desk.agent.agent_id}
        desk.decide(self.adjusts(Adjustment.GOODWILL, 40, **whose))
        assert desk.booked == ["5090 40 + 1010 40 | 2020 40 + 1020 40"]
        more = int(desk.code_holds("1020")) + 1
        refusal = desk.turned_down(self.adjusts(Adjustment.GOODWILL, more, **whose))
        assert isinstance(refusal, InsufficientFunds)

    def test_whose_it_is_must_be_said(self, desk: Desk) -> None:
        both = {"user_id": desk.ana.user_id, "agent_id": desk.agent.agent_id}
        for whose in ({}, both):
            refusal = desk.turned_down(self.adjusts(Adjustment.GOODWILL, 1, **whose))
            assert isinstance(refusal, InvalidRequest)
        refusal = desk.turned_down(self.adjusts(Adjustment.GOODWILL, 1, user_id=uuid7()))
        assert isinstance(refusal, NotFound)

    def test_nobody_adjusts_without_the_role(self, desk: Desk) -> None:
        change = self.adjusts(Adjustment.GOODWILL, 1, user_id=desk.ana.user_id)
        assert isinstance(desk.turned_down(change, desk.staff(Role.ADMIN)), Forbidden)
