"""Every typology is provoked by what it is about, and not by what is usual."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from commands.account.transfer import Transfer, Transferred
from commands.agent.cash_in import CashIn
from commands.agent.confirm_cash_out import ConfirmCashOut
from commands.agent.enrol_agent import EnrolAgent, Place
from commands.agent.request_cash_out import RequestCashOut
from commands.command import Command
from commands.identity.person import Role
from commands.risk import catalogue
from commands.risk.blacklist import SetBlacklisted
from commands.risk.case import Case
from commands.risk.features import Features
from commands.risk.judge import NOT_CHECKED
from commands.risk.profile import RiskProfile
from commands.risk.rulebook import Action, Mode, Rule
from ledger.accounts import Account, Status
from ledger.money import Money
from tests.commands.risk.rules import dry, live, of_last, publish, signed_in, step_up
from tests.commands.town import Customer, Outlet, Town, deposit
from tests.commands.withdrawal.street import asks

AGENT_BUSINESS = 500_000


class Market(Town):
    """Ana and Rui, and an agent with float."""

    def __init__(self) -> None:
        super().__init__()
        self.ana = self.customer("ana", 100_000)
        self.rui = self.customer("rui", 1_000)
        self.agent = self.outlet(AGENT_BUSINESS)

    def send(
        self, escudos: int, to: Customer, who: Customer | None = None, session: UUID | None = None
    ) -> Command[Transferred]:
        """A transfer, from Ana unless it is said."""
        return Transfer(
            transaction_id=uuid7(),
            user_id=(who or self.ana).user_id,
            to_phone=to.phone_index,
            amount=Money.of(escudos),
            session_id=session,
        )

    def cash_in(self, escudos: int, who: Customer, at: Outlet | None = None) -> CashIn:
        """Somebody pays cash in."""
        return CashIn(
            transaction_id=uuid7(),
            agent_id=(at or self.agent).agent_id,
            user_id=who.user_id,
            amount=Money.of(escudos),
        )

    def cash_out(self, escudos: int, who: Customer) -> RequestCashOut:
        """Somebody wants cash at the agent."""
        return RequestCashOut(
            transaction_id=uuid7(),
            user_id=who.user_id,
            session_id=None,
            agent_id=self.agent.agent_id,
            amount=Money.of(escudos),
            pickup_digest=b"right",
            pickup_seal=b"seal",
            ttl_seconds=600,
        )

    def cases(self) -> list[Case]:
        """All cases."""
        return list(self._all(Case))


@pytest.fixture
def market() -> Market:
    return Market()


def hits(market: Market) -> list[Any]:
    return [payload["rule"] for payload in of_last(market, "risk.hit")]


def test_too_many_movements_in_an_hour_are_seen(market: Market) -> None:
    live(market, "wallet_velocity", Action.REVIEW, hour_count=3)
    for _ in range(3):
        market.do(market.send(100, market.rui))
        assert hits(market) == []
    market.do(market.send(100, market.rui))
    assert hits(market) == ["wallet_velocity"]
    market.later(3_601).do(market.send(100, market.rui))
    assert hits(market) == []


def test_too_much_money_in_an_hour_is_seen(market: Market) -> None:
    live(market, "wallet_velocity", Action.REVIEW, hour_minor=50_000_00)
    market.do(market.send(50_000, market.rui))
    assert hits(market) == []
    market.do(market.send(1, market.rui))
    assert hits(market) == ["wallet_velocity"]


def test_money_to_many_wallets_is_seen(market: Market) -> None:
    live(market, "many_counterparties", counterparties=3)
    others = [market.customer(f"c{number}", 0) for number in range(4)]
    for other in others[:3]:
        market.do(market.send(10, other))
    market.do(market.send(10, others[0]))
    assert hits(market) == []
    market.do(market.send(10, others[3]))
    assert hits(market) == ["many_counterparties"]


def test_a_split_around_a_band_is_seen(market: Market) -> None:
    live(market, "split_around_band", band_minor=5_000_00, least_percent=80, count=3)
    for _ in range(2):
        market.do(market.send(4_900, market.rui))
    market.do(market.send(1_000, market.rui))
    assert hits(market) == []
    market.do(market.send(5_000, market.rui))
    assert hits(market) == ["split_around_band"]


def test_structuring_just_under_a_limit_is_seen(market: Market) -> None:
    live(market, "structuring", limit_minor=20_000_00, percent=5, count=2)
    market.do(market.send(19_500, market.rui))
    market.later(3_600).do(market.send(20_000, market.rui))
    assert hits(market) == []
    market.later(3_600).do(market.send(19_000, market.rui))
    assert hits(market) == ["structuring"]


def test_cash_in_that_goes_out_in_minutes_is_seen(market: Market) -> None:
    live(market, "in_and_out", seconds=900, percent=10)
    market.do(market.cash_in(5_000, market.rui))
    market.do(market.cash_out(2_000, market.rui))
    assert hits(market) == []
    market.do(market.cash_out(3_000, market.rui))
    assert hits(market) == []
    market.do(market.cash_in(900, market.rui))
    market.do(market.cash_out(890, market.rui))
    assert hits(market) == ["in_and_out"]


@pytest.mark.parametrize("stations", [0, 1])
def test_money_that_goes_in_a_circle_is_seen(market: Market, stations: int) -> None:
    live(market, "circular", percent=10)
    way = [market.ana, *(market.customer(f"s{n}", 100) for n in range(stations)), market.rui]
    for sender, receiver in pairwise(way):
        market.do(market.send(1_000, receiver, sender))
        assert hits(market) == []
    market.do(market.send(990, market.ana, market.rui))
    assert hits(market) == ["circular"]


def test_a_mule_is_seen(market: Market) -> None:
    live(market, "pass_through", Action.REVIEW, senders=3, percent=80)
    for number in range(3):
        victim = market.customer(f"v{number}", 2_000)
        market.do(market.send(1_000, market.rui, victim))
    market.do(market.send(1_000, market.ana, market.rui))
    assert hits(market) == []
    market.do(market.send(1_500, market.ana, market.rui))
    assert hits(market) == ["pass_through"]


def test_an_agent_faster_than_hands_is_seen(market: Market) -> None:
    live(market, "agent_velocity", burst_count=4, burst_seconds=60)
    for number in range(4):
        market.do(market.cash_in(100, market.customer(f"c{number}", 0)))
        assert hits(market) == []
    market.do(market.cash_in(100, market.rui))
    assert hits(market) == ["agent_velocity"]


def test_a_float_that_drains_is_seen(market: Market) -> None:
    live(market, "float_drain", percent=80, least_minor=1_000_00)
    small = market.outlet(10_000)
    market.do(market.cash_in(5_000, market.rui, small))
    assert hits(market) == []
    market.do(market.cash_in(3_100, market.rui, small))
    assert hits(market) == ["float_drain"]


def test_an_agent_that_serves_one_wallet_only_is_seen(market: Market) -> None:
    live(market, "self_dealing", least_count=4, percent=60)
    for number in range(4):
        market.do(market.cash_in(100, market.rui if number else market.ana))
        assert hits(market) == []
    market.do(market.cash_in(100, market.rui))
    assert hits(market) == ["self_dealing"]


def test_pickup_codes_that_are_guessed_at_a_counter_are_seen(market: Market) -> None:
    live(market, "counter_of_wrong_codes", wrong_count=2)
    request = market.cash_out(100, market.ana)
    market.do(request)
    for _ in range(2):
        guess = ConfirmCashOut(
            transaction_id=request.transaction_id,
            agent_id=market.agent.agent_id,
            pickup_digest=b"wrong",
        )
        assert market.refused(guess).code == "INVALID_CODE"
    assert market.refused(market.cash_out(100, market.rui)).code == "RISK_REVIEW"
    assert market.later(901).do(market.cash_out(100, market.rui))


def test_a_new_device_has_to_step_up_and_the_first_one_has_not(market: Market) -> None:
    live(market, "new_device", hours=72, least_minor=500_00)
    phone = signed_in(market, market.ana, 1, "phone")
    stolen = signed_in(market, market.ana, 2, "another")
    market.do(market.send(1_000, market.rui, session=phone))
    market.do(market.send(100, market.rui, session=stolen))
    order = market.send(1_000, market.rui, session=stolen)
    assert market.refused(order).code == "STEP_UP_REQUIRED"
    assert hits(market) == ["new_device"]
    assert market.cases() == []
    step_up(market, market.ana, stolen, 3)
    market.do(order)
    market.later(301)
    assert market.refused(market.send(1_000, market.rui, session=stolen)).code == (
        "STEP_UP_REQUIRED"
    )
    market.later(72 * 3_600).do(market.send(1_000, market.rui, session=stolen))


def test_a_device_that_moves_the_wallets_of_many_is_seen(market: Market) -> None:
    live(market, "shared_device", people=3)
    sessions = {}
    for step, who in enumerate((market.ana, market.rui, market.customer("eva", 1_000)), start=1):
        sessions[who.user_id] = signed_in(market, who, step, "borrowed")
        nameless = signed_in(market, who, step + 10, "")
        market.do(
            market.send(10, market.ana if who is not market.ana else market.rui, who, nameless)
        )
    eva = who
    market.do(market.send(10, market.rui, session=sessions[market.ana.user_id]))
    assert hits(market) == []
    market.do(market.send(10, market.rui, eva, sessions[eva.user_id]))
    assert hits(market) == ["shared_device"]
    again = signed_in(market, market.ana, 20, "borrowed")
    market.do(market.send(10, market.rui, session=again))
    assert [case.user_id for case in market.cases()] == [eva.user_id, market.ana.user_id]


def test_the_first_withdrawal_near_the_limit_is_seen(market: Market) -> None:
    live(market, "first_atm_near_limit", Action.REVIEW, limit_minor=20_000_00, percent=80)
    market.do(asks(market.rui, 800))
    assert hits(market) == []
    market.do(asks(market.ana, 16_000, b"another code".ljust(32)))
    assert hits(market) == ["first_atm_near_limit"]


def test_a_wallet_that_wakes_with_a_large_amount_is_seen(market: Market) -> None:
    live(market, "dormant_wakes", Action.REVIEW, days=90, least_minor=5_000_00)
    market.do(market.send(10_000, market.rui))
    assert hits(market) == []
    market.later(91 * 86_400).do(market.send(10_000, market.rui))
    assert hits(market) == ["dormant_wakes"]


def test_a_blacklisted_wallet_pays_nothing_out_and_takes_no_cash(market: Market) -> None:
    live(market, "blacklisted")
    operator = market.staff(Role.OPERATOR)
    put = SetBlacklisted(
        user_id=market.ana.user_id, listed=True, reason="police", operator_id=operator
    )
    market.do(put)
    assert market.refused(market.send(100, market.rui)).code == "RISK_DENIED"
    assert market.refused(market.cash_in(100, market.ana)).code == "RISK_DENIED"
    market.do(
        SetBlacklisted(user_id=market.ana.user_id, listed=False, reason="-", operator_id=operator)
    )
    market.do(market.send(100, market.rui))


def test_what_is_denied_moves_nothing_and_leaves_a_hit_and_one_case(market: Market) -> None:
    live(market, "wallet_velocity", Action.DENY, hour_minor=1_000_00)
    for _ in range(2):
        refusal = market.refused(market.send(2_000, market.rui))
        assert refusal.code == "RISK_DENIED"
        assert hits(market) == ["wallet_velocity"]
        assert market.booked == []
    (case,) = market.cases()
    assert (case.rule, case.wallet_id) == ("wallet_velocity", market.ana.wallet_id)
    assert market.find(RiskProfile.of(market.ana.wallet_id)).case_id == case.id
    assert market.holds(market.ana.wallet_id) == 100_000


def test_freeze_denies_and_freezes_the_wallet(market: Market) -> None:
    live(market, "wallet_velocity", Action.FREEZE, hour_minor=1_000_00)
    assert market.refused(market.send(2_000, market.rui)).code == "RISK_DENIED"
    assert market.find(Account.by_id(market.ana.wallet_id)).status is Status.FROZEN
    assert market.refused(market.send(1, market.rui)).code == "WALLET_NOT_OPEN"


def test_a_dry_run_stops_nobody_and_is_told_in_the_record(market: Market) -> None:
    rule = dry("wallet_velocity")
    publish(market, Rule(
        name=rule.name, action=Action.DENY, mode=Mode.DRY_RUN,
        thresholds=rule.thresholds | {"hour_minor": 100_00},
    ))  # fmt: skip
    market.do(market.send(2_000, market.rui))
    assert market.kinds == ["transfer.made"]
    assert market.last.payload["dryRun"] == ["wallet_velocity"]
    assert market.last.payload["ruleEdition"] == 2
    assert market.cases() == []


def fail(_features: Features, _of: Mapping[str, int]) -> bool:
    raise ZeroDivisionError


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, market: Market) -> Market:
    """One live rule, which cannot be evaluated."""
    known = catalogue.BY_NAME["structuring"]
    broken = catalogue.Typology(
        name=known.name,
        test=fail,
        operations=known.operations,
        action=known.action,
        thresholds=known.thresholds,
    )
    monkeypatch.setitem(catalogue.BY_NAME, "structuring", broken)
    live(market, "structuring")
    return market


def test_money_out_fails_closed_when_a_rule_fails_and_somebody_sees_why(failing: Market) -> None:
    for order in (
        failing.send(100, failing.rui), failing.cash_out(100, failing.ana), asks(failing.ana, 200),
    ):  # fmt: skip
        refusal = failing.refused(order)
        assert refusal.code == "RISK_DENIED"
        assert refusal.message == NOT_CHECKED
        assert of_last(failing, "risk.hit")[0]["failed"] is True
    assert len(failing.cases()) == 1


def test_money_in_passes_with_a_case_when_a_rule_fails(failing: Market) -> None:
    failing.do(failing.cash_in(100, failing.ana))
    assert failing.kinds == ["case.opened", "risk.hit", "cash_in.made"]


def test_thresholds_of_the_catalogue_belong_to_rules_that_exist() -> None:
    for typology in catalogue.TYPOLOGIES:
        assert typology.sentence.endswith(".")
        assert all(value > 0 for value in typology.thresholds.values())


class Isles(Market):
    """An agent in Praia and one on Sal."""

    def placed(self, island: str) -> Outlet:
        """An outlet on an island."""
        made = Outlet(uuid7(), uuid7())
        self.do(
            EnrolAgent(
                agent_id=made.agent_id,
                float_id=made.float_id,
                name=island,
                place=Place(island=island, latitude=15_000_000, longitude=-23_000_000),
            )
        )
        self.do(deposit(50_000, agent_id=made.agent_id))
        return made


def test_nobody_travels_between_islands_in_half_an_hour() -> None:
    isles = Isles()
    live(isles, "impossible_travel", minutes=40)
    praia, sal = isles.placed("Santiago"), isles.placed("Sal")
    isles.do(isles.cash_in(100, isles.ana, praia))
    isles.do(isles.cash_in(100, isles.ana, praia))
    assert hits(isles) == []
    isles.later(1_800).do(isles.cash_in(100, isles.ana, sal))
    assert hits(isles) == ["impossible_travel"]
    isles.later(2_401).do(isles.cash_in(100, isles.ana, praia))
    assert hits(isles) == []
