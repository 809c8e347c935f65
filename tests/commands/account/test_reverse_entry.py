"""Corrections: a linked entry takes another one back, once, and only what is still there."""

from __future__ import annotations

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from commands.account.freeze import SetWalletStatus
from commands.account.reverse_entry import ReverseEntry
from commands.account.transfer import Transfer
from commands.agent.cash_in import CashIn
from commands.identity.person import Role
from ledger.accounts import Status
from ledger.errors import Conflict, Forbidden, InsufficientFunds, NotFound, WalletNotOpen
from ledger.money import Money
from tests.commands.town import TODAY, Customer, deposit
from tests.commands.withdrawal.street import Street


class Office(Street):
    """Ana has sent Rui 1,000 escudos; an accountant thinks that was wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.rui = self.customer("rui", 0)
        self.accountant = self.staff(Role.ACCOUNTANT)
        self.send(self.ana, b"rui", 1_000)
        self.transfer = self.number

    @property
    def number(self) -> int:
        """Of the last entry."""
        assert self.last.entry_number is not None
        return self.last.entry_number

    def send(self, who: Customer, phone: bytes, escudos: int) -> None:
        """A transfer."""
        self.do(
            Transfer(
                transaction_id=uuid7(),
                user_id=who.user_id,
                to_phone=phone,
                amount=Money.of(escudos),
            )
        )

    def reverses(self, number: int, by: UUID | None = None) -> ReverseEntry:
        """The accountant's correction."""
        return ReverseEntry(
            transaction_id=uuid7(),
            entry_number=number,
            reason="sent twice",
            user_id=by or self.accountant,
        )


@pytest.fixture
def office() -> Office:
    return Office()


def test_every_line_is_taken_back(office: Office) -> None:
    answer = office.do(office.reverses(office.transfer))
    assert office.booked == ["2010 1000 + 4030 10 | 2010 1010"]
    assert office.holds(office.ana.wallet_id) == 10_000
    assert office.holds(office.rui.wallet_id) == 0
    assert (answer.entry_number, answer.reverses) == (office.number, office.transfer)


def test_the_two_entries_are_linked(office: Office) -> None:
    office.do(office.reverses(office.transfer))
    assert office.kinds == ["entry.reversed"]
    assert office.last.reverses == office.transfer
    assert office.last.payload == {
        "reverses": office.transfer,
        "reason": "sent twice",
        "usage": {
            "operation": "transfer",
            "wallet": office.ana.wallet_id,
            "places": (),
            "amount": 100_000,
            "on": TODAY,
            "counts": False,
        },
    }


def test_an_entry_is_reversed_once(office: Office) -> None:
    office.do(office.reverses(office.transfer))
    refusal = office.refused(office.reverses(office.transfer))
    assert isinstance(refusal, Conflict)
    assert refusal.facts == {"reversedBy": office.number}


def test_a_reversal_that_was_wrong_is_reversed_itself(office: Office) -> None:
    office.do(office.reverses(office.transfer))
    office.do(office.reverses(office.number))
    assert office.holds(office.rui.wallet_id) == 1_000


def test_what_has_been_spent_cannot_be_taken_back(office: Office) -> None:
    office.send(office.rui, b"ana", 500)
    assert isinstance(office.refused(office.reverses(office.transfer)), InsufficientFunds)


def test_a_freeze_does_not_stop_a_correction(office: Office) -> None:
    office.do(SetWalletStatus(user_id=office.rui.user_id, status=Status.FROZEN))
    assert office.do(office.reverses(office.transfer))


def test_a_closed_wallet_is_not_touched_again(office: Office) -> None:
    eva = office.customer("eva", 2_010)
    office.send(eva, b"ana", 2_000)
    number = office.number
    office.do(SetWalletStatus(user_id=eva.user_id, status=Status.CLOSED))
    assert isinstance(office.refused(office.reverses(number)), WalletNotOpen)


def test_cash_in_and_bank_credits_can_be_corrected(office: Office) -> None:
    agent = office.outlet(20_000)
    office.do(
        CashIn(
            transaction_id=uuid7(),
            agent_id=agent.agent_id,
            user_id=office.ana.user_id,
            amount=Money.of(5_000),
        )
    )
    office.do(office.reverses(office.number))
    assert office.booked == ["2010 5000 + 2020 25 | 2020 5000 + 5010 25"]
    office.do(deposit(500))
    office.do(office.reverses(office.number))
    assert office.booked == ["2900 500 | 1010 500"]


def test_entries_with_a_life_of_their_own_are_left_to_it(office: Office) -> None:
    office.request()
    hold = office.number
    office.authorise()
    office.complete(2_500)
    for number in (hold, office.number - 1, office.number):  # hold, capture, dispute
        assert isinstance(office.refused(office.reverses(number)), Conflict)


@pytest.mark.parametrize("number", [-1, 0, 1, 2_030_000_000_999_999, 2**63 - 1, 2**63, 10**30])
def test_there_is_nothing_to_reverse_of_the_unknown(office: Office, number: int) -> None:
    assert isinstance(office.refused(office.reverses(number)), NotFound)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN])
def test_only_who_keeps_the_books_corrects_them(office: Office, role: Role) -> None:
    other = office.staff(role)
    assert isinstance(office.refused(office.reverses(office.transfer, by=other)), Forbidden)
    customer = office.ana.user_id
    assert isinstance(office.refused(office.reverses(office.transfer, by=customer)), Forbidden)
