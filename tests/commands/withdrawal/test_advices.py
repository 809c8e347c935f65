"""Completions and reversals: early, late, twice, in part, and about what we have never seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from commands.account.freeze import SetWalletStatus
from commands.switch.dispute import Dispute
from commands.switch.enrol import EnrolTerminal
from commands.switch.trace import Nonce
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.lifecycle import State
from commands.withdrawal.reverse import ReverseWithdrawal
from ledger.accounts import Account, Status
from ledger.errors import Forbidden, Unauthenticated
from ledger.money import Money
from tests.commands.town import TERMINAL, TODAY, trace
from tests.commands.withdrawal.street import DOUBT_SECONDS, OTHER_CODE, Street

LATER_DAY = TODAY + timedelta(days=3)


@pytest.fixture
def street() -> Street:
    return Street()


def approved(street: Street, escudos: int = 2_000) -> Street:
    street.request(escudos)
    assert street.authorise(escudos=escudos).response_code == "00"
    return street


# Completion


def test_a_completion_counts_on_the_settlement_date(street: Street) -> None:
    approved(street).complete()
    assert street.last.value_date == TODAY
    assert street.last.booking_date == TODAY


def test_a_completion_may_bring_another_settlement_date(street: Street) -> None:
    approved(street).complete(settlement_date=LATER_DAY)
    assert street.last.value_date == LATER_DAY
    assert street.withdrawal(street.id).settlement_date == LATER_DAY


def test_the_event_tells_what_was_really_paid(street: Street) -> None:
    approved(street, 6_000).complete(2_000)
    assert street.kinds == ["withdrawal.completed"]
    assert street.last.payload == {
        "user": street.ana.user_id,
        "wallet": street.ana.wallet_id,
        "state": State.COMPLETED,
        "amount": 600_000,
        "fee": 5_000,
        "captured": 200_000,
        "capturedFee": 2_500,
        "settlementDate": TODAY,
        "source": "switch",
    }


def test_a_part_costs_what_the_tariff_says_of_the_part(street: Street) -> None:
    approved(street, 6_000).complete(2_000)
    assert street.booked == ["2030 6050 | 2100 2000 + 4010 25 + 2010 4025"]
    assert street.holds(street.ana.wallet_id) == 7_975


@pytest.mark.parametrize("escudos", [2_000, 500, 2_500])
def test_a_completion_that_comes_twice_has_one_effect(street: Street, escudos: int) -> None:
    first = approved(street).complete(escudos)
    assert street.complete(escudos) == first
    assert street.kinds == []


def test_more_than_approved_is_captured_up_to_it_and_the_rest_disputed(street: Street) -> None:
    approved(street).complete(2_500)
    assert street.kinds == ["withdrawal.completed", "dispute.opened"]
    dispute: Dispute = street.find(Dispute.by_id(trace(1).id))
    assert (dispute.amount, dispute.withdrawal_id) == (50_000, street.id)
    assert street.withdrawal(street.id).captured == 200_000


def test_a_completion_in_doubt_is_as_good_as_an_early_one(street: Street) -> None:
    approved(street).later(DOUBT_SECONDS).doubt()
    assert street.complete().response_code == "00"
    assert street.booked == ["2030 2025 | 2100 2000 + 4010 25"]


def test_the_switchs_file_completes_without_a_nonce(street: Street) -> None:
    approved(street).later(DOUBT_SECONDS).doubt()
    street.do(
        CompleteWithdrawal(trace=trace(1), nonce_hash=None, amount=Money.of(2_000), source="file")
    )
    assert street.last.payload["source"] == "file"
    assert street.withdrawal(street.id).state is State.COMPLETED


# Disputes


def test_a_completion_for_an_unknown_original_is_disputed_without_a_fee(street: Street) -> None:
    reply = street.complete(2_000, number=9)
    assert reply.response_code == "00"
    assert reply.transaction_id is None
    assert street.booked == ["1900 2000 | 2100 2000"]
    assert street.kinds == ["dispute.opened"]
    assert street.last.subject == trace(9).id
    assert street.last.payload == {
        "acquirerId": "SISP",
        "terminalId": TERMINAL,
        "stan": "000009",
        "rrn": "000000000009",
        "localDate": TODAY,
        "withdrawal": None,
        "amount": 200_000,
        "settlementDate": TODAY,
        "state": "open",
    }


def test_an_original_that_comes_after_its_completion_is_too_late(street: Street) -> None:
    street.request()
    street.complete()
    assert street.authorise().response_code == "68"
    assert street.withdrawal(street.id).state is State.ACTIVE


@pytest.mark.parametrize("escudos", [2_000, 500])
def test_a_trace_is_disputed_once(street: Street, escudos: int) -> None:
    street.complete(2_000)
    assert street.complete(escudos).response_code == "00"
    assert street.kinds == []


def test_a_completion_of_what_was_declined_is_disputed(street: Street) -> None:
    street.request()
    street.authorise(code=OTHER_CODE)
    assert street.complete().response_code == "00"
    assert street.booked == ["1900 2000 | 2100 2000"]
    assert street.find(Dispute.by_id(trace(1).id)).wallet_id is None


@pytest.mark.parametrize("state", [State.REVERSED, State.RELEASED])
def test_a_completion_after_the_end_is_disputed_and_names_the_withdrawal(
    street: Street, state: State
) -> None:
    street.bring_to(state)
    street.complete(settlement_date=LATER_DAY)
    assert street.last.payload["withdrawal"] == street.id
    assert street.last.value_date == LATER_DAY
    assert street.find(Dispute.by_id(trace(1).id)).wallet_id == street.ana.wallet_id
    assert street.withdrawal(street.id).state is state


def test_a_repeated_completion_after_a_late_reversal_is_no_dispute(street: Street) -> None:
    street.bring_to(State.COMPLETED)
    street.reverse()
    assert street.complete().response_code == "00"
    assert street.kinds == []


# Reversal


def test_a_part_that_was_paid_is_settled_on_the_date_that_the_reversal_brings(
    street: Street,
) -> None:
    approved(street).reverse(1_000, settlement_date=LATER_DAY)
    assert street.last.value_date == LATER_DAY
    assert street.withdrawal(street.id).settlement_date == LATER_DAY


def test_what_no_hold_covers_is_disputed_on_the_date_that_the_reversal_brings(
    street: Street,
) -> None:
    street.bring_to(State.RELEASED)
    street.reverse(1_000, settlement_date=LATER_DAY)
    assert street.last.value_date == LATER_DAY


def test_a_reversal_gives_the_fee_back_too(street: Street) -> None:
    approved(street).reverse()
    assert street.booked == ["2030 2025 | 2010 2025"]
    assert street.last.payload["reason"] == "450"


def test_an_original_that_comes_after_its_reversal_is_too_late(street: Street) -> None:
    street.request()
    reply = street.reverse()
    assert reply.response_code == "00"
    assert street.kinds == ["switch.reversal_noted"]
    assert street.last.subject == trace(1).id
    assert street.authorise().response_code == "68"
    assert street.authorise(escudos=500).response_code == "68"
    assert street.withdrawal(street.id).state is State.ACTIVE


def test_a_noted_reversal_that_comes_again_changes_nothing(street: Street) -> None:
    street.reverse()
    assert street.reverse().response_code == "00"
    assert street.kinds == []


def test_a_part_paid_for_an_unknown_original_is_disputed(street: Street) -> None:
    street.reverse(500)
    assert street.kinds == ["switch.reversal_noted", "dispute.opened"]
    assert street.booked == ["1900 500 | 2100 500"]


def test_a_reversal_of_a_decline_moves_nothing(street: Street) -> None:
    street.request()
    street.authorise(code=OTHER_CODE)
    assert street.reverse().response_code == "00"
    assert (street.kinds, street.booked) == (["switch.reversal_noted"], [])
    assert street.reverse().response_code == "00"
    assert street.kinds == []
    assert street.authorise().response_code == "55"


@pytest.mark.parametrize("escudos", [0, 500])
def test_a_reversal_that_comes_twice_has_one_effect(street: Street, escudos: int) -> None:
    first = approved(street).reverse(escudos)
    assert street.reverse(escudos) == first
    assert street.kinds == []


def test_the_completion_of_a_part_that_a_reversal_told_is_no_news(street: Street) -> None:
    approved(street).reverse(500)
    assert street.complete(500).response_code == "00"
    assert street.kinds == []


# Late reversal


def test_a_late_reversal_is_linked_to_the_capture(street: Street) -> None:
    street.bring_to(State.COMPLETED)
    capture = street.last.entry_number
    street.later(86_400).reverse()
    assert street.kinds == ["withdrawal.reversed"]
    assert street.last.reverses == capture
    assert street.last.value_date == TODAY
    assert street.last.booking_date == TODAY + timedelta(days=1)
    assert street.holds(street.ana.wallet_id) == 10_000
    assert street.last.payload["captured"] == 0


def test_a_late_reversal_in_part_gives_back_the_rest_and_the_fee_between(street: Street) -> None:
    approved(street, 6_000).complete(6_000)
    capture = street.last.entry_number
    street.reverse(2_000)
    assert street.booked == ["2100 4000 + 4010 25 | 2010 4025"]
    assert street.last.reverses == capture
    assert street.last.payload["state"] is State.COMPLETED
    assert street.last.payload["captured"] == 200_000
    assert street.last.payload["capturedFee"] == 2_500


@pytest.mark.parametrize("escudos", [2_000, 6_000, 4_000])
def test_a_reversal_never_takes_less_back_than_the_one_before(street: Street, escudos: int) -> None:
    approved(street, 6_000).complete(6_000)
    street.reverse(2_000)
    assert street.reverse(escudos).response_code == "00"
    assert street.booked == []
    assert street.reverse(escudos).response_code == "00"
    assert street.kinds == []


def test_a_second_late_reversal_takes_back_what_was_left(street: Street) -> None:
    approved(street, 6_000).complete(6_000)
    street.reverse(2_000)
    street.reverse(0)
    assert street.booked == ["2100 2000 + 4010 25 | 2010 2025"]
    assert street.last.reverses is None  # an entry is reversed once
    assert street.withdrawal(street.id).state is State.REVERSED
    assert street.holds(street.ana.wallet_id) == 10_000


# Never refused


ADVICES = ["complete", "reverse"]


@pytest.mark.parametrize("advice", ADVICES)
def test_an_advice_passes_a_freeze(street: Street, advice: str) -> None:
    approved(street)
    street.do(SetWalletStatus(user_id=street.ana.user_id, status=Status.FROZEN))
    assert getattr(street, advice)().response_code == "00"


def test_money_that_comes_back_to_a_closed_wallet_freezes_it(street: Street) -> None:
    rui = street.customer("rui", 2_025)
    street.request(who=rui)
    street.authorise(phone=b"rui")
    street.complete()
    street.do(SetWalletStatus(user_id=rui.user_id, status=Status.CLOSED))
    assert street.reverse().response_code == "00"
    assert street.kinds == ["wallet.status_changed", "withdrawal.reversed"]
    wallet: Account = street.find(Account.by_id(rui.wallet_id))
    assert (wallet.status, wallet.holds_minor) == (Status.FROZEN, 202_500)


def test_an_advice_with_a_used_nonce_is_nobodys(street: Street) -> None:
    approved(street)
    reversal = ReverseWithdrawal(
        trace=trace(1), nonce_hash=b"same", amount=Money.of(0), reason="450"
    )
    completion = CompleteWithdrawal(trace=trace(1), nonce_hash=b"same", amount=Money.of(2_000))
    street.do(completion)
    assert isinstance(street.refused(reversal), Unauthenticated)
    assert isinstance(street.refused(completion), Unauthenticated)


def test_advices_are_never_shed() -> None:
    assert CompleteWithdrawal.NEVER_SHED
    assert ReverseWithdrawal.NEVER_SHED


# Machines of others


@pytest.mark.parametrize("terminal", ["NOBODYS", "ELSEWHERE"])
@pytest.mark.parametrize("kind", [CompleteWithdrawal, ReverseWithdrawal])
def test_an_advice_speaks_for_machines_of_its_own_acquirer_only(
    street: Street, terminal: str, kind: type[CompleteWithdrawal | ReverseWithdrawal]
) -> None:
    street.do(EnrolTerminal(terminal_id="ELSEWHERE", acquirer_id="ANOTHER", place="Sal"))
    made: dict[str, Any] = {
        "trace": trace(terminal=terminal),
        "amount": Money.of(2_000),
        "nonce_hash": b"n",
    }
    if kind is ReverseWithdrawal:
        made["reason"] = "450"
    assert isinstance(street.refused(kind(**made)), Forbidden)
    assert street.find(Dispute.by_id(trace(terminal=terminal).id)) is None
    assert street.find(Nonce.by_hash(b"n")) is None


def test_the_switchs_file_is_no_message_and_may_name_any_machine(street: Street) -> None:
    said = trace(terminal="NOBODYS")
    street.do(CompleteWithdrawal(trace=said, nonce_hash=None, amount=Money.of(2_000)))
    assert street.find(Dispute.by_id(said.id)).amount == 2_000_00
