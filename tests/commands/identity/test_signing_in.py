"""Signing in, being locked out, and leaving: decided without a database."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from commands.identity.confirm_factor import OpenSession, SessionOpened
from commands.identity.enrol_staff import EnrolStaff
from commands.identity.log_in import RecordPin
from commands.identity.log_out import CloseSession
from commands.identity.person import Person, Role
from commands.identity.session import Session
from commands.identity.shown import TotpShown
from commands.identity.tries import TryLimits
from commands.withdrawal.lifecycle import State
from commands.withdrawal.request_code import CodeCandidate, RequestCode
from ledger.errors import (
    Conflict,
    InvalidRequest,
    NotFound,
    Refusal,
    TooMany,
    Unauthenticated,
)
from ledger.money import Money
from tests.commands.town import Customer, Town

LIMITS = TryLimits(tries_max=5, lock_seconds=900)


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def customer(town: Town) -> Customer:
    return town.customer("ana", 10_000)


def person(town: Town, user_id: UUID) -> Person:
    found: Person = town.find(Person.by_id(user_id))
    return found


def open_session(town: Town, customer: Customer, step: int | None) -> SessionOpened:
    return town.do(
        OpenSession(
            user_id=customer.user_id,
            session_id=uuid7(),
            token_hash=uuid7().bytes,
            shown=TotpShown(step),
            epoch=person(town, customer.user_id).session_epoch,
            idle_seconds=600,
            absolute_seconds=3600,
            limits=LIMITS,
        )
    )


def pin(town: Town, customer: Customer, *, right: bool) -> None:
    town.do(RecordPin(user_id=customer.user_id, right=right, limits=LIMITS))


def wrong_pin(town: Town, customer: Customer) -> Refusal:
    with pytest.raises(Refusal) as refused:
        pin(town, customer, right=False)
    return refused.value


def test_a_right_pin_leaves_nothing_behind(town: Town, customer: Customer) -> None:
    before = len(town.events)
    pin(town, customer, right=True)
    assert len(town.events) == before


def test_a_stranger_is_told_the_same_as_one_who_forgot_the_pin(town: Town) -> None:
    with pytest.raises(Unauthenticated):
        town.do(RecordPin(user_id=uuid7(), right=True, limits=LIMITS))


def test_a_wrong_pin_is_counted_although_it_is_refused(town: Town, customer: Customer) -> None:
    assert isinstance(wrong_pin(town, customer), Unauthenticated)
    assert person(town, customer.user_id).pin_failures == 1
    assert town.last.kind == "login.failed"
    told = {"user": customer.user_id, "reason": "pin", "failures": 1, "locked": False}
    assert town.last.payload == told


def test_the_fifth_wrong_try_locks_for_a_quarter_of_an_hour(town: Town, customer: Customer) -> None:
    for _ in range(5):
        assert isinstance(wrong_pin(town, customer), Unauthenticated)
    with pytest.raises(TooMany) as refused:
        pin(town, customer, right=True)
    assert refused.value.facts == {"retryAfterSeconds": 900}
    town.later(900)
    pin(town, customer, right=True)


def test_tries_while_locked_do_not_count(town: Town, customer: Customer) -> None:
    for _ in range(5):
        wrong_pin(town, customer)
    assert isinstance(wrong_pin(town, customer), TooMany)
    assert person(town, customer.user_id).pin_failures == 5


def test_after_a_lock_five_more_tries_lock_again(town: Town, customer: Customer) -> None:
    for _ in range(5):
        wrong_pin(town, customer)
    town.later(901)
    for _ in range(5):
        assert isinstance(wrong_pin(town, customer), Unauthenticated)
    assert isinstance(wrong_pin(town, customer), TooMany)


def test_both_factors_share_one_count(town: Town, customer: Customer) -> None:
    for _ in range(3):
        wrong_pin(town, customer)
    pin(town, customer, right=True)
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            open_session(town, customer, None)
    with pytest.raises(TooMany):
        open_session(town, customer, 100)


def test_a_session_is_opened_and_the_count_begins_anew(town: Town, customer: Customer) -> None:
    wrong_pin(town, customer)
    opened = open_session(town, customer, 100)
    assert opened.expires_at == town.now + timedelta(seconds=3600)
    assert (opened.user_id, opened.role) == (customer.user_id, Role.CUSTOMER)
    assert person(town, customer.user_id).pin_failures == 0
    assert town.last.payload == {"user": customer.user_id, "role": Role.CUSTOMER}


@pytest.mark.parametrize("step", [100, 99, 0, None])
def test_a_code_that_is_not_later_than_the_last_one_is_refused(
    town: Town, customer: Customer, step: int | None
) -> None:
    open_session(town, customer, 100)
    with pytest.raises(Unauthenticated):
        open_session(town, customer, step)
    assert person(town, customer.user_id).totp_step == 100
    assert town.last.payload["reason"] == "totp"
    open_session(town, customer, 101)


# Leaving


def with_code(town: Town, customer: Customer, session_id: UUID | None) -> UUID:
    transaction_id = uuid7()
    town.do(
        RequestCode(
            transaction_id=transaction_id,
            user_id=customer.user_id,
            session_id=session_id,
            amount=Money(200_000),
            candidates=(CodeCandidate(digest=uuid7().bytes, seal=b"sealed"),),
            ttl_seconds=900,
        )
    )
    return transaction_id


def close(town: Town, customer: Customer, session_id: UUID) -> tuple[bool, bool]:
    closed = town.do(CloseSession(session_id=session_id, user_id=customer.user_id))
    return closed.closed, closed.code_cancelled


def test_leaving_ends_the_session_once(town: Town, customer: Customer) -> None:
    session_id = open_session(town, customer, 100).session_id
    assert close(town, customer, session_id) == (True, False)
    assert town.find(Session.by_id(session_id)).revoked_at == town.now
    assert close(town, customer, session_id) == (False, False)


def test_a_code_ends_with_the_session_that_asked_for_it(town: Town, customer: Customer) -> None:
    session_id = open_session(town, customer, 100).session_id
    withdrawal_id = with_code(town, customer, session_id)
    assert close(town, customer, session_id) == (True, True)
    assert town.withdrawal(withdrawal_id).state is State.CANCELLED


def test_a_code_of_another_session_lives_on(town: Town, customer: Customer) -> None:
    session_id = open_session(town, customer, 100).session_id
    withdrawal_id = with_code(town, customer, uuid7())
    assert close(town, customer, session_id) == (True, False)
    assert town.withdrawal(withdrawal_id).state is State.ACTIVE


def test_somebody_elses_session_cannot_be_ended(town: Town, customer: Customer) -> None:
    session_id = open_session(town, customer, 100).session_id
    other = town.customer("rui", 10_000)
    with pytest.raises(NotFound):
        close(town, other, session_id)
    with pytest.raises(NotFound):
        close(town, customer, uuid7())


# Staff


def enrol(town: Town, role: Role, agent_id: UUID | None = None, phone: bytes = b"new") -> None:
    town.do(
        EnrolStaff(
            user_id=uuid7(),
            role=role,
            phone_index=phone,
            profile_seal=b"profile",
            pin_hash="pin",
            totp_seal=b"totp",
            agent_id=agent_id,
        )
    )


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.OPERATOR, Role.AUDITOR, Role.ADMIN])
def test_staff_are_enrolled_without_agent(town: Town, role: Role) -> None:
    enrol(town, role)
    assert (town.last.kind, town.last.payload) == ("person.enrolled", {"role": role})


def test_whoever_stands_at_a_counter_belongs_to_an_agent(town: Town) -> None:
    enrol(town, Role.AGENT, town.outlet(1_000).agent_id)
    with pytest.raises(NotFound):
        enrol(town, Role.AGENT, uuid7(), b"another")
    with pytest.raises(InvalidRequest):
        enrol(town, Role.AGENT, None, b"another")


def test_customers_and_people_with_two_jobs_are_not_staff(town: Town) -> None:
    with pytest.raises(InvalidRequest):
        enrol(town, Role.CUSTOMER)
    with pytest.raises(InvalidRequest):
        enrol(town, Role.AUDITOR, town.outlet(1_000).agent_id)


def test_a_number_belongs_to_one_person(town: Town, customer: Customer) -> None:
    with pytest.raises(Conflict):
        enrol(town, Role.AUDITOR, None, customer.phone_index)
