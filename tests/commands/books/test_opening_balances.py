"""Balances of other books are taken over once, whole or not at all."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.approval.approve import Approve
from commands.approval.proposal import ProposalStatus
from commands.approval.propose import Propose
from commands.books.opening_balances import OpeningLine, TakeOverBalances
from commands.identity.person import Role
from ledger.errors import Conflict, Forbidden, InsufficientFunds, InvalidRequest, NotFound
from ledger.money import Money
from tests.commands.approval.office import TTL_SECONDS, Office


@pytest.fixture
def office() -> Office:
    return Office()


def line(code: str, escudos: int, **more: Any) -> OpeningLine:
    """Debit positive."""
    amount, nothing = Money.of(abs(escudos)), Money(0)
    debit, credit = (amount, nothing) if escudos > 0 else (nothing, amount)
    return OpeningLine(code=code, debit=debit, credit=credit, **more)


def change(office: Office, *lines: OpeningLine) -> TakeOverBalances:
    return TakeOverBalances(document="books of 2029, page 1", lines=lines)


def proposed(office: Office, wanted: TakeOverBalances) -> ProposalStatus:
    return office.do(
        Propose(
            proposal_id=uuid7(),
            maker_id=office.accountant,
            change=wanted,
            ttl_seconds=TTL_SECONDS,
        )
    )


def taken_over(office: Office, *lines: OpeningLine) -> None:
    status = proposed(office, change(office, *lines))
    office.do(
        Approve(
            proposal_id=status.proposal_id,
            checker_id=office.checker,
            content_hash=status.content_hash,
        )
    )


def test_they_become_one_entry_by_two_people(office: Office) -> None:
    ana, outlet = office.customer("Ana", 0), office.outlet(0)
    taken_over(
        office,
        line("1010", 1_500),
        line("2010", -1_000, user_id=ana.user_id),
        line("2020", -500, agent_id=outlet.agent_id),
        line("1020", 300),
        line("3010", -300),
    )
    event = next(each for each in office.just if each.kind == "balances.taken_over")
    assert event.payload["document"] == "books of 2029, page 1"
    assert office.holds(ana.wallet_id) == 1_000
    assert office.holds(outlet.float_id) == 500
    assert office.code_holds("1010") == 1_500


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        ((), InvalidRequest),
        ((("1010", 5),), InvalidRequest),
        ((("1010", 5), ("3010", -4)), InvalidRequest),
        ((("1010", 5), ("3010", -5)), InvalidRequest),  # a trust that holds what it is not for
        ((("1020", 5), ("1020", -5)), InvalidRequest),
        ((("1020", 5), ("2030", -5)), InvalidRequest),
        ((("1020", 5), ("2040", -5)), InvalidRequest),
        ((("1020", 5), ("9999", -5)), InvalidRequest),
        ((("1910", 5), ("3010", -5)), InvalidRequest),  # a debt has its debtor's account
        ((("1010", 5), ("2010", -5)), InvalidRequest),  # whose?
    ],
)
def test_what_cannot_be_taken_over_is_refused(
    office: Office, lines: tuple[tuple[str, int], ...], refused: type[Exception]
) -> None:
    with pytest.raises(refused):
        proposed(office, change(office, *(line(code, amount) for code, amount in lines)))


def test_a_line_has_one_side_above_zero(office: Office) -> None:
    both = OpeningLine(code="1020", debit=Money.of(5), credit=Money.of(5))
    for wrong in (both, OpeningLine(code="1020")):
        with pytest.raises(InvalidRequest):
            proposed(office, change(office, wrong, line("3010", -5)))


def test_owners_are_known_and_owe_nothing(office: Office) -> None:
    ana = office.customer("Ana", 0)
    for wanted, refused in (
        (change(office, line("1010", 5), line("2010", -5, user_id=uuid7())), NotFound),
        (change(office, line("1010", 5), line("2020", -5, agent_id=uuid7())), NotFound),
        (change(office, line("1010", 5), line("2020", -5, user_id=ana.user_id)), InvalidRequest),
        (change(office, line("1010", -5), line("2010", 5, user_id=ana.user_id)), InsufficientFunds),
    ):
        with pytest.raises(refused):
            proposed(office, wanted)


def test_books_in_which_money_has_moved_take_nothing_over(office: Office) -> None:
    office.customer("Ana", 500)
    with pytest.raises(Conflict):
        proposed(office, change(office, line("1020", 5), line("3010", -5)))


def test_only_an_accountant_proposes_them(office: Office) -> None:
    wanted = change(office, line("1020", 5), line("3010", -5))
    with pytest.raises(Forbidden):
        office.put_forward(wanted)
    command = Propose(
        proposal_id=uuid7(),
        maker_id=office.staff(Role.ACCOUNTANT),
        change=wanted,
        ttl_seconds=TTL_SECONDS,
    )
    status = office.do(command)
    own = Approve(
        proposal_id=status.proposal_id,
        checker_id=command.maker_id,
        content_hash=status.content_hash,
    )
    with pytest.raises(Forbidden):
        office.do(own)


def test_it_is_read_back_as_it_was_written(office: Office) -> None:
    wanted = change(office, line("1020", 5), line("3010", -5))
    assert msgspec.json.decode(wanted.content)["kind"] == "take_over_balances"
