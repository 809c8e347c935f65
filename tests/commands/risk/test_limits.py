"""Limits: one centavo more, one time more, and what comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from commands.account.transfer import Transfer
from commands.agent.cash_in import CashIn
from commands.agent.confirm_cash_out import ConfirmCashOut
from commands.agent.refuse import RefuseCashOut
from commands.agent.request_cash_out import RequestCashOut
from commands.risk.activity import RECENT_MAX, Activity, Used, short, terminal_subject
from commands.risk.limits import Limit
from commands.risk.set_tier import SetTier
from commands.switch.trace import Response
from commands.tariff import Operation
from commands.tier import Tier
from commands.withdrawal.lifecycle import State
from ledger.accounts import Account
from ledger.errors import LimitExceeded
from ledger.money import Money
from tests.commands.agent.test_tills import Shop
from tests.commands.approval.office import Office, limits
from tests.commands.town import TERMINAL, Customer, Outlet, Town
from tests.commands.withdrawal.street import TTL_SECONDS, Street

DAY_SECONDS = 24 * 3_600


class Quarter(Street, Office):
    """A street with an office, Bea who receives, and an agent."""

    def __init__(self) -> None:
        super().__init__()
        self.bea = self.customer("bea", 0)
        self.agent = self.outlet(100_000)

    def send(self, amount: Money, to: Customer | None = None) -> Transfer:
        return Transfer(
            transaction_id=uuid7(),
            user_id=self.ana.user_id,
            to_phone=(to or self.bea).phone_index,
            amount=amount,
        )

    def pay_in(self, escudos: int, to: Customer, at: Outlet | None = None) -> CashIn:
        return CashIn(
            transaction_id=uuid7(),
            agent_id=(at or self.agent).agent_id,
            user_id=to.user_id,
            amount=Money.of(escudos),
        )

    def ask_agent(self, escudos: int) -> UUID:
        command = RequestCashOut(
            transaction_id=uuid7(),
            user_id=self.ana.user_id,
            session_id=None,
            agent_id=self.agent.agent_id,
            amount=Money.of(escudos),
            pickup_digest=b"1".ljust(32),
            pickup_seal=b"-",
            ttl_seconds=600,
        )
        return self.do(command).transaction_id

    def confirmation(self, request_id: UUID) -> ConfirmCashOut:
        return ConfirmCashOut(
            transaction_id=request_id,
            agent_id=self.agent.agent_id,
            pickup_digest=b"1".ljust(32),
        )

    def used(self, operation: Operation, subject: UUID | None = None) -> Used:
        """Of Ana's wallet, or of a place."""
        if subject is None:
            return self.did(self.ana).using(operation)
        activity: Activity | None = self.find(Activity.of(subject))
        return Used() if activity is None else activity.using(operation)

    def did(self, somebody: Customer) -> Activity:
        wallet: Account = self.find(Account.by_id(somebody.wallet_id))
        return Activity(subject=wallet.id, state=wallet.activity)


class TwoTills(Shop, Office):
    """A shop with an office, and Rosa and João each at an open till."""

    def __init__(self) -> None:
        super().__init__()
        self.do(self.opens(0))
        self.do(self.opens(0, by=self.joao, till=self.enrol("Caixa 2")))


@pytest.fixture
def quarter() -> Quarter:
    return Quarter()


def limit_of(quarter: Town, command: Any) -> dict[str, Any]:
    refusal = quarter.refused(command)
    assert isinstance(refusal, LimitExceeded)
    return refusal.facts


def test_an_amount_passes_its_limit_by_no_centavo(quarter: Quarter) -> None:
    quarter.apply(limits("full", "transfer", per_transaction_max=500, per_transaction_min=10))
    quarter.do(quarter.send(Money.of(500)))
    too_much = quarter.send(Money(500_01))
    assert limit_of(quarter, too_much) == {"limit": "perTransactionMax", "left": "500"}
    too_little = quarter.send(Money(9_99))
    assert limit_of(quarter, too_little) == {"limit": "perTransactionMin", "least": "10"}


def test_a_day_has_an_amount_and_the_next_day_another(quarter: Quarter) -> None:
    quarter.apply(limits("full", "transfer", day_amount=1_000))
    quarter.do(quarter.send(Money.of(600)))
    facts = limit_of(quarter, quarter.send(Money(400_01)))
    assert facts == {"limit": "dayAmount", "left": "400"}
    quarter.do(quarter.send(Money.of(400)))
    quarter.later(DAY_SECONDS)
    quarter.do(quarter.send(Money.of(1_000)))


def test_a_day_has_a_count(quarter: Quarter) -> None:
    quarter.apply(limits("full", "transfer", day_count=2))
    quarter.do(quarter.send(Money.of(1)))
    quarter.do(quarter.send(Money.of(1)))
    assert limit_of(quarter, quarter.send(Money.of(1))) == {"limit": "dayCount", "left": 0}
    quarter.later(DAY_SECONDS)
    quarter.do(quarter.send(Money.of(1)))


def test_a_month_outlasts_its_days(quarter: Quarter) -> None:
    quarter.apply(limits("full", "transfer", day_count=3, month_count=3))
    for _ in range(3):
        quarter.do(quarter.send(Money.of(10)))
        quarter.later(DAY_SECONDS)
    assert limit_of(quarter, quarter.send(Money.of(1))) == {"limit": "monthCount", "left": 0}
    quarter.later(20 * DAY_SECONDS)
    quarter.do(quarter.send(Money.of(1)))


def test_tiers_have_limits_of_their_own(quarter: Quarter) -> None:
    quarter.apply(SetTier(user_id=quarter.ana.user_id, tier=Tier.BASIC))
    quarter.apply(limits("basic", "transfer", day_count=1))
    quarter.do(quarter.send(Money.of(1)))
    assert limit_of(quarter, quarter.send(Money.of(1)))["limit"] == "dayCount"
    quarter.apply(SetTier(user_id=quarter.ana.user_id, tier=Tier.STANDARD))
    quarter.do(quarter.send(Money.of(1)))


def test_a_wallet_holds_no_more_than_its_tier_may(quarter: Quarter) -> None:
    cid = quarter.customer("cid", 49_500, tier=Tier.BASIC)
    quarter.do(quarter.send(Money.of(500), to=cid))
    one_more = quarter.send(Money(1_00), to=cid)
    assert limit_of(quarter, one_more) == {"limit": "balanceMax"}
    assert limit_of(quarter, quarter.pay_in(1, cid)) == {"limit": "balanceMax"}


def test_an_agent_has_a_day_too(quarter: Quarter) -> None:
    quarter.apply(limits("agent", "agent_cash_in", day_amount=1_000))
    quarter.do(quarter.pay_in(600, quarter.bea))
    facts = limit_of(quarter, quarter.pay_in(401, quarter.ana))
    assert facts == {"limit": "dayAmount", "left": "400", "of": "agent"}
    quarter.do(quarter.pay_in(401, quarter.ana, at=quarter.outlet(1_000)))


def test_an_agents_day_is_spent_when_it_pays_and_not_when_it_is_asked(quarter: Quarter) -> None:
    quarter.apply(limits("agent", "agent_cash_out", day_count=1))
    first, second = quarter.ask_agent(100), quarter.ask_agent(100)
    quarter.do(quarter.confirmation(first))
    assert limit_of(quarter, quarter.confirmation(second))["of"] == "agent"
    quarter.later(-1)
    refuse = RefuseCashOut(transaction_id=second, agent_id=quarter.agent.agent_id, reason="-")
    quarter.do(refuse)
    assert quarter.used(Operation.AGENT_CASH_OUT) == Used(1, 100_00, 1, 100_00)


def test_two_tills_of_an_agent_share_its_day_and_have_their_own() -> None:
    shop = TwoTills()
    shop.apply(limits("agent", "agent_cash_in", day_amount=1_000))
    shop.do(shop.pays_in(600, by=shop.rosa))
    assert limit_of(shop, shop.pays_in(401, by=shop.joao))["of"] == "agent"
    shop.apply(limits("till", "agent_cash_in", day_amount=700))
    assert limit_of(shop, shop.pays_in(101, by=shop.rosa))["of"] == "till"
    shop.do(shop.pays_in(400, by=shop.joao))


def test_so_much_has_to_stay_in_a_wallet(quarter: Quarter) -> None:
    change = limits()
    kept = tuple(
        msgspec.structs.replace(balance, balance_min=Money.of(500)) for balance in change.balances
    )
    quarter.apply(msgspec.structs.replace(change, balances=kept))
    facts = limit_of(quarter, quarter.send(Money(9_480_01)))  # a fee of 20
    assert facts == {"limit": "balanceMin", "left": "9480"}
    quarter.do(quarter.send(Money.of(9_480)))


def test_usage_returns_with_the_money(quarter: Quarter) -> None:
    for end in (quarter.cancel, lambda: quarter.later(TTL_SECONDS).expire()):
        quarter.request()
        assert quarter.used(Operation.ATM_WITHDRAWAL) == Used(1, 2_000_00, 1, 2_000_00)
        end()
        assert quarter.used(Operation.ATM_WITHDRAWAL) == Used()


def test_usage_of_yesterday_returns_to_the_month_alone(quarter: Quarter) -> None:
    quarter.bring_to(State.AUTHORISED)
    quarter.later(DAY_SECONDS)
    quarter.do(quarter.send(Money.of(1)))
    quarter.reverse()
    assert quarter.used(Operation.ATM_WITHDRAWAL) == Used()
    assert quarter.used(Operation.TRANSFER) == Used(1, 1_00, 1, 1_00)


def test_a_part_that_was_not_paid_returns_and_its_count_stays(quarter: Quarter) -> None:
    quarter.bring_to(State.AUTHORISED)
    quarter.reverse(500)
    assert quarter.used(Operation.ATM_WITHDRAWAL) == Used(1, 500_00, 1, 500_00)


def test_a_late_reversal_returns_usage_of_wallet_and_terminal(quarter: Quarter) -> None:
    quarter.bring_to(State.COMPLETED)
    terminal = terminal_subject(TERMINAL)
    assert quarter.used(Operation.ATM_WITHDRAWAL, terminal) == Used(1, 2_000_00, 1, 2_000_00)
    quarter.reverse(500)
    for subject in (None, terminal):
        assert quarter.used(Operation.ATM_WITHDRAWAL, subject) == Used(1, 500_00, 1, 500_00)


def test_a_refused_movement_uses_nothing(quarter: Quarter) -> None:
    quarter.refused(quarter.send(Money.of(50_000)))
    assert quarter.used(Operation.TRANSFER) == Used()


def test_a_terminal_over_its_limit_declines_and_burns_no_code(quarter: Quarter) -> None:
    quarter.apply(limits("terminal", "atm_withdrawal", day_amount=1_999))
    quarter.request()
    assert quarter.authorise().response_code is Response.OVER_LIMIT
    assert quarter.withdrawal(quarter.id).tries == 0
    quarter.apply(limits("terminal", "atm_withdrawal", day_amount=2_000))
    assert quarter.authorise(2).response_code is Response.APPROVED


def test_a_code_asked_for_under_wider_limits_waits_under_narrower_ones(quarter: Quarter) -> None:
    quarter.request()
    quarter.apply(limits("full", "atm_withdrawal", day_amount=1_000))
    assert quarter.authorise().response_code is Response.OVER_LIMIT
    assert quarter.withdrawal(quarter.id).state is State.ACTIVE


def test_limits_to_come_count_from_their_moment(quarter: Quarter) -> None:
    change = limits("full", "transfer", day_count=0)
    later = msgspec.structs.replace(change, valid_from=quarter.now + timedelta(hours=1))
    quarter.apply(later)
    quarter.do(quarter.send(Money.of(1)))
    quarter.later(3_600)
    assert limit_of(quarter, quarter.send(Money.of(1)))["limit"] == "dayCount"


def test_only_the_newest_movements_are_kept(quarter: Quarter) -> None:
    for _ in range(RECENT_MAX + 3):
        quarter.do(quarter.send(Money.of(1)))
    mine, theirs = quarter.did(quarter.ana), quarter.did(quarter.bea)
    assert len(mine.recent.at) == len(theirs.recent.at) == RECENT_MAX
    assert not mine.recent.inward[-1] and theirs.recent.inward[-1]
    assert theirs.recent.other[-1] == short(quarter.ana.wallet_id)
    assert mine.last_at == quarter.now and theirs.last_at is None


@settings(max_examples=200, deadline=None)
@given(
    most=st.integers(0, 10_000),
    amounts=st.lists(st.integers(1, 4_000), max_size=12),
    count=st.integers(0, 8),
)
def test_no_order_of_amounts_passes_a_limit(most: int, amounts: list[int], count: int) -> None:
    limit = Limit(day_minor=most, day_count=count)
    used = Used()
    for amount in amounts:
        try:
            limit.require_room(used, amount)
        except LimitExceeded:
            continue
        used = Used(used.day_count + 1, used.day_minor + amount)
    assert used.day_minor <= most and used.day_count <= count
