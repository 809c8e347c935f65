"""Wallets are frozen, opened again, and closed when nothing is in them or under way."""

from __future__ import annotations

import pytest
from uuid_utils.compat import uuid7

from commands.account.freeze import SetWalletStatus
from commands.identity.person import Role
from ledger.accounts import Status
from ledger.errors import Conflict, NotFound
from tests.commands.agent.counter import Counter, asks
from tests.commands.town import Customer, Town
from tests.commands.withdrawal.street import Street


@pytest.fixture
def town() -> Town:
    return Town()


def sets(who: Customer, status: Status) -> SetWalletStatus:
    return SetWalletStatus(user_id=who.user_id, status=status)


def test_a_change_is_written_down(town: Town) -> None:
    ana = town.customer("ana", 100)
    answer = town.do(sets(ana, Status.FROZEN))
    assert (answer.wallet_id, answer.status) == (ana.wallet_id, Status.FROZEN)
    assert town.kinds == ["wallet.status_changed"]
    assert town.last.subject == ana.wallet_id
    assert town.last.payload == {
        "user": ana.user_id,
        "wallet": ana.wallet_id,
        "status": Status.FROZEN,
        "reason": "not given",
    }


def test_the_same_again_changes_nothing(town: Town) -> None:
    ana = town.customer("ana", 100)
    assert town.do(sets(ana, Status.OPEN)).status is Status.OPEN
    assert town.kinds == []


def test_a_frozen_wallet_opens_again(town: Town) -> None:
    ana = town.customer("ana", 100)
    town.do(sets(ana, Status.FROZEN))
    assert town.do(sets(ana, Status.OPEN)).status is Status.OPEN


def test_a_wallet_with_money_stays(town: Town) -> None:
    ana = town.customer("ana", 1)
    assert isinstance(town.refused(sets(ana, Status.CLOSED)), Conflict)


def test_a_wallet_with_a_hold_stays() -> None:
    street = Street()
    rui = street.customer("rui", 2_025)
    street.request(who=rui)
    assert street.holds(rui.wallet_id) == 0
    assert isinstance(street.refused(sets(rui, Status.CLOSED)), Conflict)
    street.authorise(phone=b"rui")
    assert isinstance(street.refused(sets(rui, Status.CLOSED)), Conflict)
    street.complete()
    assert street.do(sets(rui, Status.CLOSED)).status is Status.CLOSED


def test_a_wallet_with_a_request_at_an_agent_stays() -> None:
    counter = Counter()
    rui = counter.customer("rui", 3_060)
    counter.do(asks(rui, counter.agent))
    assert isinstance(counter.refused(sets(rui, Status.CLOSED)), Conflict)


@pytest.mark.parametrize("status", [Status.OPEN, Status.FROZEN])
def test_a_closed_wallet_stays_closed(town: Town, status: Status) -> None:
    ana = town.customer("ana", 0)
    town.do(sets(ana, Status.CLOSED))
    assert isinstance(town.refused(sets(ana, status)), Conflict)


def test_only_customers_have_a_wallet_to_freeze(town: Town) -> None:
    staff = SetWalletStatus(user_id=town.staff(Role.OPERATOR), status=Status.FROZEN)
    nobody = SetWalletStatus(user_id=uuid7(), status=Status.FROZEN)
    assert isinstance(town.refused(staff), NotFound)
    assert isinstance(town.refused(nobody), NotFound)
