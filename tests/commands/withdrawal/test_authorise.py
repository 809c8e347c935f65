"""The switch asks: who is told what, what a wrong try costs, and that one code pays once."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import msgspec
import pytest

from commands.account.freeze import SetWalletStatus
from commands.identity.person import Person, Role
from commands.switch.trace import Response, SwitchTrace
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.lifecycle import State
from ledger.accounts import Status
from ledger.books import COUNTRY
from ledger.errors import Unauthenticated
from ledger.money import Money
from tests.commands.town import TERMINAL, TODAY, trace
from tests.commands.withdrawal.street import (
    CODE,
    CUTOFF,
    DOUBT_SECONDS,
    OTHER_CODE,
    STEP_UP_SECONDS,
    TTL_SECONDS,
    Street,
)

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def street() -> Street:
    street = Street()
    street.request()
    return street


def test_phone_code_and_amount_together_are_approved(street: Street) -> None:
    reply = street.authorise()
    assert reply.response_code == "00"
    assert reply.transaction_id == street.id
    assert reply.approval_code == f"{street.id.int % 10**6:06}"
    assert street.booked == []


def test_the_event_tells_what_the_readers_need(street: Street) -> None:
    reply = street.authorise()
    assert street.kinds == ["withdrawal.authorised"]
    payload = dict(street.last.payload)
    assert payload.pop("wallet") == street.ana.wallet_id
    assert payload.pop("user") == street.ana.user_id
    assert payload == {
        "state": State.AUTHORISED,
        "amount": 200_000,
        "fee": 2_500,
        "captured": 0,
        "capturedFee": 0,
        "acquirerId": "SISP",
        "terminalId": TERMINAL,
        "stan": "000001",
        "rrn": "000000000001",
        "localDate": TODAY,
        "approvalCode": reply.approval_code,
        "settlementDate": TODAY,
        "doubtAt": street.now + timedelta(seconds=DOUBT_SECONDS),
    }


def test_an_approved_code_is_purged(street: Street) -> None:
    street.authorise()
    withdrawal = street.withdrawal(street.id)
    assert withdrawal.code_digest is None
    assert withdrawal.code_seal is None


def test_an_approved_hold_outlives_the_code(street: Street) -> None:
    street.authorise()
    street.later(TTL_SECONDS)
    assert not street.expire()
    assert street.complete().response_code == "00"


def test_a_repeat_hears_the_same_and_does_nothing(street: Street) -> None:
    first = street.authorise()
    assert street.authorise() == first
    assert street.kinds == []


def test_a_repeat_of_a_decline_counts_no_try(street: Street) -> None:
    for _ in range(5):
        assert street.authorise(code=OTHER_CODE).response_code == "55"
    assert street.withdrawal(street.id).tries == 1


def test_a_repeat_with_another_amount_is_a_duplicate(street: Street) -> None:
    street.authorise()
    assert street.authorise(escudos=1_000).response_code == "94"
    assert street.kinds == []
    assert street.withdrawal(street.id).state is State.AUTHORISED


def test_a_second_machine_with_the_same_code_gets_nothing(street: Street) -> None:
    street.authorise(1)
    assert street.authorise(2).response_code == "55"


@pytest.mark.parametrize(
    "other",
    [
        {"acquirer_id": "OTHER"},
        {"terminal_id": "ATM00002"},
        {"stan": "000002"},
        {"rrn": "000000000002"},
        {"local_date": TOMORROW},
    ],
)
def test_each_part_of_a_trace_makes_it_another(other: dict[str, str | date]) -> None:
    changed = msgspec.structs.replace(trace(1), **other)
    assert changed.hash != trace(1).hash
    assert len(changed.hash) == 16
    assert changed.id.bytes == changed.hash


def test_parts_of_a_trace_cannot_run_into_each_other() -> None:
    one = msgspec.structs.replace(trace(1), acquirer_id="A", terminal_id="BC")
    other = msgspec.structs.replace(trace(1), acquirer_id="AB", terminal_id="C")
    assert one.hash != other.hash


def test_a_nonce_is_used_once(street: Street) -> None:
    command = AuthoriseWithdrawal(
        trace=trace(1),
        nonce_hash=b"the same",
        phone_index=b"ana",
        code_digest=CODE,
        amount=Money.of(2_000),
        settlement_date=None,
        doubt_seconds=DOUBT_SECONDS,
        cutoff=CUTOFF,
    )
    street.do(command)
    assert isinstance(street.refused(command), Unauthenticated)
    assert street.authorise().response_code == "00"  # the same message, signed anew


def test_an_unknown_terminal_is_not_permitted(street: Street) -> None:
    reply = street.authorise(of=trace(1, terminal="ATM99999"))
    assert reply.response_code == "57"


def test_a_terminal_of_another_acquirer_is_not_permitted(street: Street) -> None:
    stranger = msgspec.structs.replace(trace(1), acquirer_id="OTHER")
    assert street.authorise(of=stranger).response_code == "57"


def test_an_unknown_phone_is_an_unknown_account(street: Street) -> None:
    assert street.authorise(phone=b"nobody").response_code == "14"


def test_the_phone_of_somebody_who_works_here_is_an_unknown_account(street: Street) -> None:
    phone = street.staff(Role.AUDITOR).bytes
    assert street.authorise(phone=phone).response_code == "14"


def test_the_phone_of_a_person_who_has_left_is_an_unknown_account(street: Street) -> None:
    person = street.find(Person.by_phone(b"ana"))
    gone = msgspec.structs.replace(person, status="closed")
    street.rows.update(dict.fromkeys(gone.keys(), gone))
    assert street.authorise().response_code == "14"


def test_a_customer_who_never_asked_has_no_right_code(street: Street) -> None:
    street.customer("rui", 0)
    assert street.authorise(phone=b"rui").response_code == "55"


def test_the_code_of_somebody_else_is_wrong(street: Street) -> None:
    rui = street.customer("rui", 5_000)
    street.request(who=rui, code=OTHER_CODE)
    assert street.authorise(phone=b"rui", code=CODE).response_code == "55"


def test_a_frozen_wallet_is_told_so_and_loses_no_try(street: Street) -> None:
    street.do(SetWalletStatus(user_id=street.ana.user_id, status=Status.FROZEN))
    assert street.authorise().response_code == "62"
    assert street.withdrawal(street.id).tries == 0


def test_an_overdue_code_expires_here_and_now(street: Street) -> None:
    street.later(TTL_SECONDS)
    assert street.authorise().response_code == "54"
    assert street.kinds == ["withdrawal.expired", "switch.declined"]
    assert street.booked == ["2030 2025 | 2010 2025"]


TRIES = [
    # code, amount, answer to the first two tries
    (OTHER_CODE, 2_000, "55"),
    (OTHER_CODE, 1_000, "55"),
    (CODE, 1_000, "13"),
]


@pytest.mark.parametrize(("code", "escudos", "answer"), TRIES)
def test_the_third_wrong_try_locks_the_code_and_frees_the_hold(
    street: Street, code: bytes, escudos: int, answer: str
) -> None:
    for number in (1, 2):
        reply = street.authorise(number, code=code, escudos=escudos)
        assert reply.response_code == answer
        assert street.kinds == ["withdrawal.code_tried", "switch.declined"]
        assert street.events[-2].payload["tries"] == number
    assert street.authorise(3, code=code, escudos=escudos).response_code == "75"
    assert street.kinds[0] == "withdrawal.locked"
    assert street.kinds[-1] == "switch.declined"
    assert street.booked == ["2030 2025 | 2010 2025"]
    assert street.later(STEP_UP_SECONDS).authorise(4).response_code == "75"
    assert street.holds(street.ana.wallet_id) == 10_000


def test_two_wrong_tries_leave_the_right_code_its_chance(street: Street) -> None:
    street.authorise(1, code=OTHER_CODE)
    street.authorise(2, escudos=1_000)
    assert street.authorise(3).response_code == "00"


def test_a_new_code_has_new_tries(street: Street) -> None:
    for number in (1, 2):
        street.authorise(number, code=OTHER_CODE)
    street.cancel()
    street.request()
    assert street.authorise(3, code=OTHER_CODE).response_code == "55"


def test_a_decline_is_written_down_with_its_trace(street: Street) -> None:
    street.authorise(7, code=OTHER_CODE)
    assert street.last.kind == "switch.declined"
    assert street.last.subject == trace(7).id
    assert street.last.payload == {
        "acquirerId": "SISP",
        "terminalId": TERMINAL,
        "stan": "000007",
        "rrn": "000000000007",
        "localDate": TODAY,
        "responseCode": Response.WRONG_CODE,
        "amount": 200_000,
        "withdrawal": street.id,
    }


def test_a_decline_tells_nothing_but_its_code(street: Street) -> None:
    reply = street.authorise(code=OTHER_CODE)
    assert reply.approval_code is None
    assert reply.transaction_id is None
    assert street.find(SwitchTrace.by_id(trace(1).id)).withdrawal_id is None


THE_DAY_BEFORE, THE_DAY, NEXT_DAY = (TODAY + timedelta(days=days) for days in (6, 7, 8))
SETTLEMENT = [
    # local time, local date of the message, its own settlement date, what counts
    ("09:30", THE_DAY, None, THE_DAY),
    ("14:59", THE_DAY, None, THE_DAY),
    ("15:00", THE_DAY, None, NEXT_DAY),
    ("23:59", THE_DAY, None, NEXT_DAY),
    ("00:01", THE_DAY_BEFORE, None, THE_DAY),  # it was on its way over midnight
    ("09:30", NEXT_DAY, None, NEXT_DAY),  # its clock is ahead of ours
    ("15:00", THE_DAY, THE_DAY, THE_DAY),
    ("09:30", THE_DAY, NEXT_DAY, NEXT_DAY),
]


@pytest.mark.parametrize(("clock", "local_date", "own", "settled"), SETTLEMENT)
def test_the_settlement_date_follows_the_cut_off(
    clock: str, local_date: date, own: date | None, settled: date
) -> None:
    street = Street()
    street.now = datetime.combine(THE_DAY, time.fromisoformat(clock), COUNTRY)
    street.request()
    street.authorise(of=trace(1, local_date=local_date), settlement_date=own)
    assert street.withdrawal(street.id).settlement_date == settled
