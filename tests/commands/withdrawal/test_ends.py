"""Ends without the switch: cancelled, expired, in doubt, released by two people."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.identity.person import Role
from commands.withdrawal.cancel import CancelWithdrawal, cancel_active
from commands.withdrawal.doubt import DoubtWithdrawal
from commands.withdrawal.expire import ExpireWithdrawal
from commands.withdrawal.lapse_release import LapseRelease
from commands.withdrawal.lifecycle import State
from commands.withdrawal.release import ApproveRelease, ProposeRelease, Release
from ledger.books import Books
from ledger.errors import CodeExpired, Conflict, Forbidden, NotFound
from tests.commands.withdrawal.street import DOUBT_SECONDS, TTL_SECONDS, Street


@pytest.fixture
def street() -> Street:
    street = Street()
    street.request()
    return street


def cancels(street: Street) -> CancelWithdrawal:
    return CancelWithdrawal(transaction_id=street.id, user_id=street.ana.user_id)


# Cancelling


def test_cancelling_tells_where_it_stands(street: Street) -> None:
    answer = street.do(cancels(street))
    assert (answer.transaction_id, answer.status) == (street.id, "cancelled")
    assert street.kinds == ["withdrawal.cancelled"]


def test_nobody_cancels_what_is_not_theirs(street: Street) -> None:
    rui = street.customer("rui", 0)
    stranger = CancelWithdrawal(transaction_id=street.id, user_id=rui.user_id)
    unknown = CancelWithdrawal(transaction_id=uuid7(), user_id=rui.user_id)
    assert isinstance(street.refused(stranger), NotFound)
    assert isinstance(street.refused(unknown), NotFound)


def test_cancelling_too_late_is_refused_but_frees_the_hold(street: Street) -> None:
    street.later(TTL_SECONDS)
    assert isinstance(street.refused(cancels(street)), CodeExpired)
    assert street.kinds == ["withdrawal.expired"]
    assert street.booked == ["2030 2025 | 2010 2025"]


def test_a_closed_session_takes_its_code_along(street: Street) -> None:
    books = Books(street.now, dict(street.last_entries), dict(street.rows))
    assert cancel_active(books, street.withdrawal(street.id), "session closed")
    street._accept(books)
    assert street.kinds == ["withdrawal.cancelled"]
    assert street.last.payload["reason"] == "session closed"


def test_a_closed_session_leaves_an_approval_alone(street: Street) -> None:
    street.authorise()
    books = Books(street.now, dict(street.last_entries), dict(street.rows))
    assert not cancel_active(books, street.withdrawal(street.id), "session closed")
    assert books.accept() == ([], [])


# Time


def test_the_job_ends_what_is_overdue_once(street: Street) -> None:
    assert not street.later(TTL_SECONDS - 1).expire()
    assert street.later(1).expire()
    assert not street.expire()


def test_no_word_by_the_deadline_means_doubt_and_moves_no_money(street: Street) -> None:
    street.authorise()
    assert not street.later(DOUBT_SECONDS - 1).doubt()
    assert street.later(1).doubt()
    assert street.kinds == ["withdrawal.in_doubt"]
    assert street.booked == []
    assert not street.doubt()


def test_doubt_never_ends_by_itself(street: Street) -> None:
    street.authorise()
    street.later(DOUBT_SECONDS).doubt()
    street.later(10 * 365 * 86_400)
    assert not street.doubt()
    assert not street.expire()
    assert street.withdrawal(street.id).state is State.IN_DOUBT


def test_a_job_that_names_nothing_is_told_so(street: Street) -> None:
    assert isinstance(street.refused(ExpireWithdrawal(transaction_id=uuid7())), NotFound)
    assert isinstance(street.refused(DoubtWithdrawal(transaction_id=uuid7())), NotFound)


# Release by two people


@pytest.fixture
def doubtful() -> Street:
    street = Street()
    street.bring_to(State.IN_DOUBT)
    return street


def test_two_people_release(doubtful: Street) -> None:
    doubtful.propose()
    assert doubtful.kinds == ["withdrawal.release_proposed"]
    assert doubtful.booked == []
    assert doubtful.last.payload["state"] is State.IN_DOUBT
    assert doubtful.last.payload["maker"] == doubtful.operator
    doubtful.approve()
    assert doubtful.booked == ["2030 2025 | 2010 2025"]
    assert doubtful.last.payload["maker"] == doubtful.operator
    assert doubtful.last.payload["checker"] == doubtful.other_operator
    assert doubtful.find(Release.of(doubtful.id)).checker_id == doubtful.other_operator


def test_one_person_alone_releases_nothing(doubtful: Street) -> None:
    doubtful.propose()
    alone = ApproveRelease(transaction_id=doubtful.id, checker_id=doubtful.operator)
    assert isinstance(doubtful.refused(alone), Forbidden)


def test_nothing_is_released_that_nobody_proposed(doubtful: Street) -> None:
    unproposed = ApproveRelease(transaction_id=doubtful.id, checker_id=doubtful.operator)
    assert isinstance(doubtful.refused(unproposed), Conflict)


def test_a_newer_proposal_takes_the_place_of_the_older(doubtful: Street) -> None:
    doubtful.propose()
    doubtful.do(
        ProposeRelease(
            transaction_id=doubtful.id, maker_id=doubtful.other_operator, evidence="journal"
        )
    )
    second_is_own = ApproveRelease(transaction_id=doubtful.id, checker_id=doubtful.other_operator)
    assert isinstance(doubtful.refused(second_is_own), Forbidden)
    doubtful.do(ApproveRelease(transaction_id=doubtful.id, checker_id=doubtful.operator))
    assert doubtful.withdrawal(doubtful.id).state is State.RELEASED


def test_a_release_lapses_while_it_waits(doubtful: Street) -> None:
    doubtful.propose()
    approve = ApproveRelease(
        transaction_id=doubtful.id, checker_id=doubtful.other_operator, ttl_seconds=3_600
    )
    doubtful.now += timedelta(seconds=3_600)
    refusal = doubtful.refused(approve)
    assert isinstance(refusal, Conflict)
    assert refusal.message == "This proposal is too old: propose it again."
    doubtful.propose()
    doubtful.do(approve)
    assert doubtful.withdrawal(doubtful.id).state is State.RELEASED


def test_a_release_that_nobody_touches_ends_on_record(doubtful: Street) -> None:
    doubtful.propose()
    lapse = LapseRelease(transaction_id=doubtful.id, ttl_seconds=3_600)
    assert not doubtful.do(lapse).lapsed
    doubtful.now += timedelta(seconds=3_600)
    assert doubtful.do(lapse).lapsed
    assert doubtful.kinds == ["withdrawal.release_lapsed"]
    assert doubtful.withdrawal(doubtful.id).state is State.IN_DOUBT
    assert not doubtful.do(lapse).lapsed
    approve = ApproveRelease(transaction_id=doubtful.id, checker_id=doubtful.other_operator)
    assert isinstance(doubtful.refused(approve), Conflict)  # even with more patience than before
    doubtful.propose()
    doubtful.do(approve)
    assert doubtful.withdrawal(doubtful.id).state is State.RELEASED
    assert not doubtful.do(lapse).lapsed


def test_a_release_is_bound_to_the_evidence_that_was_read(doubtful: Street) -> None:
    doubtful.propose()
    read = doubtful.last.payload["contentHash"]
    approve = ApproveRelease(
        transaction_id=doubtful.id, checker_id=doubtful.other_operator, content_hash=read
    )
    other = ProposeRelease(
        transaction_id=doubtful.id, maker_id=doubtful.operator, evidence="somebody said so"
    )
    waits = doubtful.do(other).content_hash
    refusal = doubtful.refused(approve)
    assert isinstance(refusal, Conflict)
    assert refusal.facts == {"contentHash": waits} and waits != read
    doubtful.do(msgspec.structs.replace(approve, content_hash=waits))
    assert doubtful.last.payload["contentHash"] == waits


def test_word_from_the_switch_beats_a_proposal(doubtful: Street) -> None:
    doubtful.propose()
    doubtful.complete()
    late = ApproveRelease(transaction_id=doubtful.id, checker_id=doubtful.other_operator)
    refusal = doubtful.refused(late)
    assert isinstance(refusal, Conflict)
    assert refusal.facts == {"state": "completed"}


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN])
def test_only_who_may_release_does(doubtful: Street, role: Role) -> None:
    other = doubtful.staff(role)
    propose = ProposeRelease(transaction_id=doubtful.id, maker_id=other, evidence="-")
    assert isinstance(doubtful.refused(propose), Forbidden)
    doubtful.propose()
    approve = ApproveRelease(transaction_id=doubtful.id, checker_id=other)
    assert isinstance(doubtful.refused(approve), Forbidden)


def test_a_customer_releases_nothing(doubtful: Street) -> None:
    propose = ProposeRelease(
        transaction_id=doubtful.id, maker_id=doubtful.ana.user_id, evidence="-"
    )
    assert isinstance(doubtful.refused(propose), Forbidden)


def test_there_is_nothing_to_release_of_the_unknown(doubtful: Street) -> None:
    propose = ProposeRelease(transaction_id=uuid7(), maker_id=doubtful.operator, evidence="-")
    assert isinstance(doubtful.refused(propose), NotFound)
