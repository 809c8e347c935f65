"""Asking for a code: what is set aside, what is refused, and what nobody may see."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.account.freeze import SetWalletStatus
from commands.identity.person import Role
from commands.withdrawal.lifecycle import State
from commands.withdrawal.row import Withdrawal
from ledger.accounts import Status
from ledger.errors import (
    Forbidden,
    InsufficientFunds,
    InvalidRequest,
    LimitExceeded,
    NotFound,
    Overloaded,
    WalletNotOpen,
    WithdrawalPending,
)
from ledger.money import Money
from ledger.wire import encode
from tests.commands.withdrawal.street import CODE, OTHER_CODE, TTL_SECONDS, Street, asks


@pytest.fixture
def street() -> Street:
    return Street()


def test_the_amount_and_the_fee_are_set_aside(street: Street) -> None:
    street.request(2_000)
    assert street.booked == ["2010 2025 | 2030 2025"]
    assert street.holds(street.ana.wallet_id) == 7_975


def test_the_event_tells_what_the_readers_need(street: Street) -> None:
    withdrawal = street.request(2_000)
    assert street.kinds == ["withdrawal.requested"]
    assert street.last.subject == withdrawal.id
    assert street.last.payload == {
        "user": street.ana.user_id,
        "wallet": street.ana.wallet_id,
        "state": State.ACTIVE,
        "amount": 200_000,
        "fee": 2_500,
        "captured": 0,
        "capturedFee": 0,
        "tariffEdition": 1,
        "expiresAt": withdrawal.expires_at,
        "session": None,
    }


def test_the_answer_has_the_seal_but_its_json_has_not(street: Street) -> None:
    answer = street.do(asks(street.ana))
    assert answer.seal == b"sealed " + CODE
    assert set(msgspec.json.decode(encode(answer))) == {"expiryTime", "transactionId"}


def test_no_event_holds_the_code(street: Street) -> None:
    street.request()
    street.authorise()
    street.complete()
    written = msgspec.json.encode([event.payload for event in street.events])
    assert CODE not in written
    assert CODE.hex().encode() not in written


def test_a_code_that_lives_elsewhere_is_passed_over(street: Street) -> None:
    street.request(code=CODE)
    rui = street.customer("rui", 5_000)
    answer = street.do(asks(rui, 2_000, CODE, OTHER_CODE))
    assert street.withdrawal(answer.transaction_id).code_digest == OTHER_CODE


def test_when_every_drawn_code_lives_elsewhere_we_are_overloaded(street: Street) -> None:
    street.request(code=CODE)
    rui = street.customer("rui", 5_000)
    assert isinstance(street.refused(asks(rui, 2_000, CODE)), Overloaded)


@pytest.mark.parametrize("state", [State.EXPIRED, State.CANCELLED, State.LOCKED, State.AUTHORISED])
def test_a_dead_code_may_live_again_for_somebody_else(street: Street, state: State) -> None:
    street.bring_to(state)
    rui = street.customer("rui", 5_000)
    assert street.request(who=rui, code=CODE).code_digest == CODE


def test_a_second_request_while_a_code_lives_names_the_first(street: Street) -> None:
    first = street.request()
    refusal = street.refused(asks(street.ana, 2_000, OTHER_CODE))
    assert isinstance(refusal, WithdrawalPending)
    assert refusal.facts == {"transactionId": str(first.id)}


@pytest.mark.parametrize("state", [s for s in State if s is not State.ACTIVE])
def test_any_other_withdrawal_leaves_room_for_a_new_code(street: Street, state: State) -> None:
    street.bring_to(state)
    assert street.request(code=OTHER_CODE).state is State.ACTIVE


def test_an_overdue_code_ends_before_the_next_one_begins(street: Street) -> None:
    first = street.request(10_000 - 200)
    street.later(TTL_SECONDS)
    street.request(10_000 - 200)  # the money is there again, and so is the code
    assert street.kinds == ["withdrawal.expired", "withdrawal.requested"]
    assert street.booked == ["2030 9850 | 2010 9850", "2010 9850 | 2030 9850"]
    assert street.withdrawal(first.id).state is State.EXPIRED


def test_a_code_lives_until_the_last_microsecond_of_its_time(street: Street) -> None:
    street.request()
    street.later(TTL_SECONDS - 0.000001)
    assert isinstance(street.refused(asks(street.ana, 2_000)), WithdrawalPending)


def test_a_wallet_can_be_emptied_to_its_last_escudo_and_no_further(street: Street) -> None:
    rui = street.customer("rui", 2_025)
    eva = street.customer("eva", 2_024)
    assert street.request(who=rui).state is State.ACTIVE
    assert street.holds(rui.wallet_id) == 0
    assert isinstance(street.refused(asks(eva, 2_000, OTHER_CODE)), InsufficientFunds)


PAYABLE = ["200", "400", "500", "600", "700", "800", "1100", "1300", "5000", "20000"]
UNPAYABLE = ["0", "-200", "100", "300", "150", "250", "200.50", "1050", "999.99"]


@pytest.mark.parametrize("amount", PAYABLE)
def test_whole_notes_can_be_paid(street: Street, amount: str) -> None:
    rich = street.customer("rich", 100_000)
    command = msgspec.structs.replace(asks(rich), amount=Money.of(Decimal(amount)))
    assert street.do(command)


@pytest.mark.parametrize("amount", UNPAYABLE)
def test_what_no_notes_make_is_refused(street: Street, amount: str) -> None:
    command = msgspec.structs.replace(asks(street.ana), amount=Money.of(Decimal(amount)))
    refusal = street.refused(command)
    assert isinstance(refusal, InvalidRequest)
    assert refusal.facts["field"] == "amount"


def test_more_than_the_tariff_knows_is_over_the_limit(street: Street) -> None:
    rich = street.customer("rich", 100_000)
    refusal = street.refused(asks(rich, 20_200))
    assert isinstance(refusal, LimitExceeded)
    assert refusal.facts == {"least": "200", "most": "20000"}


@pytest.mark.parametrize(
    ("escudos", "fee"), [(200, 25), (5_000, 25), (5_200, 50), (10_000, 50), (20_000, 80)]
)
def test_the_fee_is_that_of_the_amounts_band(street: Street, escudos: int, fee: int) -> None:
    rich = street.customer("rich", 100_000)
    assert street.request(escudos, who=rich).fee == fee * 100


@pytest.mark.parametrize("status", [Status.FROZEN, Status.CLOSED])
def test_a_wallet_that_is_not_open_gives_no_cash(street: Street, status: Status) -> None:
    poor = street.customer("poor", 0)
    street.do(SetWalletStatus(user_id=poor.user_id, status=status))
    refusal = street.refused(asks(poor))
    assert isinstance(refusal, WalletNotOpen)
    assert refusal.facts == {"status": status}


def test_only_customers_withdraw(street: Street) -> None:
    nobody = msgspec.structs.replace(street.ana, user_id=uuid7())
    clerk = msgspec.structs.replace(street.ana, user_id=street.staff(Role.ACCOUNTANT))
    assert isinstance(street.refused(asks(nobody)), NotFound)
    assert isinstance(street.refused(asks(clerk)), Forbidden)


def test_a_refused_request_leaves_nothing(street: Street) -> None:
    before = dict(street.rows)
    street.refused(asks(street.ana, 20_000))
    assert street.rows == before
    assert street.just == []


def test_only_the_live_code_is_found_by_its_hash(street: Street) -> None:
    withdrawal = street.request()
    assert street.find(Withdrawal.by_code(CODE)) == withdrawal
    street.cancel()
    assert street.find(Withdrawal.by_code(CODE)) is None
