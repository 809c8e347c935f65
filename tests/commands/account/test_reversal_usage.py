"""What a reversed entry had used of limits returns with the money, and floats are watched."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from commands.account.reverse_big_entry import ReverseBigEntry
from commands.account.reverse_entry import ReverseEntry
from commands.account.transfer import Transfer
from commands.agent.float_levels import SetFloatLevels
from commands.agent.send_float import SendFloat
from commands.risk.activity import Activity, Used
from commands.tariff import Operation
from ledger.accounts import Account
from ledger.money import Money
from tests.commands.desk import Desk
from tests.commands.town import deposit

TRANSFER, CASH_IN = Operation.TRANSFER, Operation.AGENT_CASH_IN


@pytest.fixture
def desk() -> Desk:
    return Desk()


def number(desk: Desk) -> int:
    """Of the last entry."""
    found = [event.entry_number for event in desk.just if event.entry_number is not None]
    return found[-1]


def send(desk: Desk, escudos: int) -> int:
    desk.do(
        Transfer(
            transaction_id=uuid7(),
            user_id=desk.ana.user_id,
            to_phone=b"rui",
            amount=Money.of(escudos),
        )
    )
    return number(desk)


def reverse(desk: Desk, entry: int) -> int:
    desk.do(
        ReverseEntry(
            transaction_id=uuid7(), entry_number=entry, reason="-", user_id=desk.accountant
        )
    )
    return number(desk)


def used(desk: Desk, operation: Operation) -> Used:
    """Of Ana's wallet, on the day on which it was counted last."""
    wallet: Account = desk.find(Account.by_id(desk.ana.wallet_id))
    return Activity(subject=wallet.id, state=wallet.activity).using(operation)


def used_at(desk: Desk, place: UUID, operation: Operation) -> Used:
    found: Activity = desk.find(Activity.of(place))
    return found.using(operation)


class TestUsage:
    def test_a_transfer_that_was_wrong_is_not_used_after_all(self, desk: Desk) -> None:
        send(desk, 300)
        entry = send(desk, 1_000)
        assert used(desk, TRANSFER) == (2, 130_000, 2, 130_000)
        reverse(desk, entry)
        assert used(desk, TRANSFER) == (1, 30_000, 1, 30_000)

    def test_a_reversal_that_was_wrong_is_used_again(self, desk: Desk) -> None:
        entry = send(desk, 1_000)
        back = reverse(desk, entry)
        assert used(desk, TRANSFER) == (0, 0, 0, 0)
        again = reverse(desk, back)
        assert used(desk, TRANSFER) == (1, 100_000, 1, 100_000)
        reverse(desk, again)
        assert used(desk, TRANSFER) == (0, 0, 0, 0)

    def test_it_returns_to_the_day_on_which_it_was_counted(self, desk: Desk) -> None:
        entry = send(desk, 1_000)
        desk.now += timedelta(days=1)
        send(desk, 300)
        reverse(desk, entry)
        assert used(desk, TRANSFER) == (1, 30_000, 1, 30_000)
        desk.now += timedelta(days=40)
        late = send(desk, 200)
        desk.now += timedelta(days=40)
        send(desk, 100)
        reverse(desk, late)
        assert used(desk, TRANSFER) == (1, 10_000, 1, 10_000)

    def test_a_cash_in_returns_to_wallet_and_counter(self, desk: Desk) -> None:
        _, entry = desk.cash_in(5_000)
        place = desk.agent.agent_id
        assert used_at(desk, place, CASH_IN) == (1, 500_000, 1, 500_000)
        back = reverse(desk, entry)
        assert used(desk, CASH_IN) == used_at(desk, place, CASH_IN) == (0, 0, 0, 0)
        reverse(desk, back)
        assert used(desk, CASH_IN) == (1, 500_000, 1, 500_000)
        assert used_at(desk, place, CASH_IN) == (1, 500_000, 1, 500_000)

    def test_so_it_does_when_two_people_reverse_it(self, desk: Desk) -> None:
        entry = send(desk, 1_000)
        desk.decide(ReverseBigEntry(entry_number=entry))
        assert used(desk, TRANSFER) == (0, 0, 0, 0)

    def test_what_counts_for_nothing_gives_nothing_back(self, desk: Desk) -> None:
        send(desk, 300)
        desk.do(deposit(700, phone_index=b"ana"))
        back = reverse(desk, number(desk))
        assert "usage" not in desk.last.payload
        reverse(desk, back)
        assert used(desk, TRANSFER) == (1, 30_000, 1, 30_000)


class TestFloat:
    def levels(self, desk: Desk, low: int, ok: int) -> None:
        desk.do(
            SetFloatLevels(
                agent_id=desk.agent.agent_id,
                floor=Money(0),
                low=Money.of(low),
                ok=Money.of(ok),
            )
        )

    def test_a_float_that_falls_by_a_correction_is_told_of(self, desk: Desk) -> None:
        desk.do(deposit(5_000, agent_id=desk.agent.agent_id))
        credit = number(desk)
        self.levels(desk, 42_000, 44_000)
        reverse(desk, credit)
        assert desk.kinds == ["entry.reversed", "float.low"]
        reverse(desk, number(desk))
        assert desk.kinds == ["entry.reversed", "float.ok"]

    def test_one_that_rises_too(self, desk: Desk) -> None:
        self.levels(desk, 39_000, 39_900)
        _, entry = desk.cash_in(5_000)
        assert desk.kinds == ["cash_in.made", "float.low"]
        reverse(desk, entry)
        assert desk.kinds == ["entry.reversed", "float.ok"]

    def test_both_ends_of_float_that_was_sent_are_watched(self, desk: Desk) -> None:
        principal = desk.principal()
        parent = desk.outlet(10_000, principal_id=principal)
        child = desk.outlet(0, principal_id=principal, parent_id=parent.agent_id)
        desk.do(
            SendFloat(
                transaction_id=uuid7(),
                agent_id=parent.agent_id,
                to_agent_id=child.agent_id,
                amount=Money.of(4_000),
            )
        )
        entry = number(desk)
        desk.agent = child
        self.levels(desk, 1_000, 2_000)
        reverse(desk, entry)
        assert desk.kinds == ["entry.reversed", "float.low"]
        assert desk.last.payload["agent"] == child.agent_id
