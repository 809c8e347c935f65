"""Who owes us: each agent and each customer for themselves, and how it is paid in the end."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from commands.account.adjust import Adjust, Adjustment
from commands.account.assign_credit import AssignCredit
from commands.account.freeze import SetWalletStatus
from commands.account.minimum import SetMinimumBalance
from commands.account.reverse_entry import ReverseEntry
from commands.agent.collect_debt import CollectDebt
from commands.agent.float_levels import SetFloatLevels
from commands.agent.redeem import PayRedemption, RequestRedemption
from commands.agent.send_float import SendFloat
from commands.switch.dispute import Resolution
from commands.switch.resolve_dispute import ApproveResolution, ProposeResolution
from commands.treasury.breaks import BookBreak, Side
from commands.treasury.debts import OWED_BY_AGENT, OWED_BY_CUSTOMER
from commands.treasury.own_money import PayTrustCharge
from commands.treasury.resolve_break import BreakEnd, ResolveBreak
from commands.withdrawal.lifecycle import State
from ledger.accounts import Status
from ledger.errors import Conflict, InsufficientFunds, InvalidRequest, LimitExceeded, NotFound
from ledger.money import Money
from tests.commands.desk import Desk
from tests.commands.test_entries_of_the_book import require_safeguarded, send, spend
from tests.commands.town import TODAY, Outlet, deposit, trace

R = Resolution


@pytest.fixture
def desk() -> Desk:
    return Desk()


def owe(desk: Desk, escudos: int, agent: Outlet | None = None) -> None:
    """An agent owes us so much: of a cash-in that an operator takes back, the rest is spent."""
    before, desk.agent = desk.agent, agent or desk.agent
    eva = desk.customer(str(uuid7()), 0)
    made = desk.cash_in(escudos + 10, eva)
    send(desk, escudos, eva.user_id, b"ana")
    desk.do(desk.taking_back(made, by=desk.operator))
    assert desk.last.payload["shortfall"] == (escudos + 10) * 100
    desk.agent = before


def agents_debt(desk: Desk, agent: Outlet | None = None) -> Decimal:
    return desk.owed_by(OWED_BY_AGENT, (agent or desk.agent).agent_id)


def anas_debt(desk: Desk) -> Decimal:
    return desk.owed_by(OWED_BY_CUSTOMER, desk.ana.user_id)


def adjusts(desk: Desk, what: Adjustment, escudos: int, agent: Outlet | None = None) -> Adjust:
    """Of Ana's debt, or of an agent's."""
    agents = what.startswith("agent")
    whose: dict[str, Any] = (
        {"agent_id": (agent or desk.agent).agent_id} if agents else {"user_id": desk.ana.user_id}
    )
    return Adjust(adjustment=what, amount=Money.of(escudos), **whose)


def collect(desk: Desk, agent: Outlet | None = None) -> Decimal:
    """The job has found that an agent owes us."""
    command = CollectDebt(transaction_id=uuid7(), agent_id=(agent or desk.agent).agent_id)
    return desk.do(command).amount.decimal


class TestAgents:
    def test_each_agent_owes_its_own(self, desk: Desk) -> None:
        other = desk.outlet(40_000)
        owe(desk, 990)
        owe(desk, 490, other)
        assert [agents_debt(desk), agents_debt(desk, other)] == [1_000, 500]
        refusal = desk.turned_down(adjusts(desk, Adjustment.AGENT_DEBT_COLLECTED, 501, other))
        assert isinstance(refusal, LimitExceeded)
        assert refusal.facts == {"limit": "owed", "left": "500"}
        desk.decide(adjusts(desk, Adjustment.AGENT_DEBT_WRITTEN_OFF, 500, other))
        assert [agents_debt(desk), agents_debt(desk, other)] == [1_000, 0]
        require_safeguarded(desk)

    def test_the_first_debt_opens_the_account_and_no_later_one(self, desk: Desk) -> None:
        owe(desk, 90)
        assert [e.kind for e in desk.just] == ["receivable.opened", "cash_in.reversed"]
        assert desk.just[0].payload == {
            "debtor": desk.agent.agent_id,
            "code": "1910",
            "currency": "CVE",
        }
        owe(desk, 90)
        assert desk.kinds == ["cash_in.reversed"]
        assert agents_debt(desk) == 200

    def test_the_float_pays_by_itself_as_soon_as_there_is_some(self, desk: Desk) -> None:
        owe(desk, 990)
        float_ = desk.holds(desk.agent.float_id)
        assert collect(desk) == 1_000
        assert desk.booked == ["2020 1000 | 1910 1000"]
        assert desk.just[0].kind == "agent.debt_collected"
        assert desk.just[0].payload == {
            "agent": desk.agent.agent_id,
            "amount": 100_000,
            "owed": 0,
        }
        assert desk.holds(desk.agent.float_id) == float_ - 1_000
        assert collect(desk) == 0
        assert desk.kinds == []
        require_safeguarded(desk)

    def test_it_pays_down_to_its_floor_and_is_watched(self, desk: Desk) -> None:
        owe(desk, 990)
        holds = desk.holds(desk.agent.float_id)
        levels = SetFloatLevels(
            agent_id=desk.agent.agent_id,
            floor=Money.of(holds - 400),
            low=Money.of(holds - 100),
            ok=Money.of(holds),
        )
        desk.do(levels)
        assert collect(desk) == 400
        assert desk.kinds == ["agent.debt_collected", "float.low"]
        assert collect(desk) == 0
        assert agents_debt(desk) == 600

    def test_a_bank_credit_pays_what_is_owed_first(self, desk: Desk) -> None:
        owe(desk, 990)
        agent = desk.agent.agent_id
        desk.do(deposit(700, agent_id=agent))
        assert desk.booked == ["1010 700 | 1910 700"]
        assert desk.last.payload["debtPaid"] == 70_000
        desk.do(deposit(700, agent_id=agent))
        assert desk.booked == ["1010 700 | 1910 300 + 2020 400"]
        desk.do(deposit(700, agent_id=agent))
        assert desk.booked == ["1010 700 | 2020 700"]
        assert "debtPaid" not in desk.last.payload

    def test_so_does_one_that_was_assigned_later(self, desk: Desk) -> None:
        owe(desk, 990)
        desk.do(deposit(1_700, reference="R1"))
        assign = AssignCredit(
            transaction_id=uuid7(),
            reference="R1",
            user_id=desk.operator,
            agent_id=desk.agent.agent_id,
        )
        desk.do(assign)
        assert desk.booked == ["2900 1700 | 1910 1000 + 2020 700"]

    def test_a_credit_that_was_wrong_brings_the_debt_back(self, desk: Desk) -> None:
        owe(desk, 990)
        desk.do(deposit(700, agent_id=desk.agent.agent_id))
        number = desk.last.entry_number
        assert number is not None
        desk.do(
            ReverseEntry(
                transaction_id=uuid7(), entry_number=number, reason="-", user_id=desk.accountant
            )
        )
        assert agents_debt(desk) == 1_000

    def test_who_owes_takes_no_float_away(self, desk: Desk) -> None:
        outlet = desk.outlet(
            5_000, principal_id=desk.principal(), parent_id=None, tills_required=False
        )
        child = desk.outlet(0, principal_id=desk.principals[0], parent_id=outlet.agent_id)
        owe(desk, 990, outlet)
        clerk = desk.staff_of(outlet)
        holds = int(desk.holds(outlet.float_id))
        asks = RequestRedemption(
            redemption_id=uuid7(),
            agent_id=outlet.agent_id,
            person_id=clerk,
            amount=Money.of(holds - 999),
        )
        sends = SendFloat(
            transaction_id=uuid7(),
            agent_id=outlet.agent_id,
            to_agent_id=child.agent_id,
            amount=Money.of(holds - 999),
        )
        for command in (asks, sends):
            refusal = desk.refused(command)
            assert isinstance(refusal, InsufficientFunds)
            assert "owes us" in refusal.message
        less = RequestRedemption(
            redemption_id=uuid7(),
            agent_id=outlet.agent_id,
            person_id=clerk,
            amount=Money.of(holds - 1_000),
        )
        desk.do(less)
        owe(desk, 90, outlet)
        pays = PayRedemption(
            redemption_id=less.redemption_id, operator_id=desk.operator, reference="T1"
        )
        assert isinstance(desk.refused(pays), InsufficientFunds)
        collect(desk, outlet)
        assert isinstance(desk.refused(pays), InsufficientFunds)
        assert agents_debt(desk, outlet) == 0

    def test_nobody_collects_from_nobody(self, desk: Desk) -> None:
        command = CollectDebt(transaction_id=uuid7(), agent_id=uuid7())
        assert isinstance(desk.refused(command), NotFound)
        assert collect(desk) == 0


def disputed(desk: Desk, escudos: int = 2_000) -> UUID:
    """So much was paid for Ana's withdrawal after it was released."""
    desk.bring_to(State.RELEASED)
    desk.complete(escudos)
    return trace(1).id


def resolve(desk: Desk, dispute: UUID, resolution: Resolution = R.CUSTOMER_OWES) -> None:
    desk.do(
        ProposeResolution(
            dispute_id=dispute,
            resolution=resolution,
            evidence="the machine's journal",
            maker_id=desk.operator,
        )
    )
    desk.do(
        ApproveResolution(dispute_id=dispute, resolution=resolution, checker_id=desk.other_operator)
    )


class TestCustomers:
    def test_what_the_wallet_lacks_its_owner_owes(self, desk: Desk) -> None:
        dispute = disputed(desk)
        spend(desk, 1_500)
        resolve(desk, dispute)
        assert desk.booked == ["2010 1500 + 1920 500 | 1900 2000"]
        told = desk.last.payload
        assert (told["user"], told["wallet"]) == (desk.ana.user_id, desk.ana.wallet_id)
        assert (told["charged"], told["owed"]) == (150_000, 50_000)
        assert anas_debt(desk) == 500
        require_safeguarded(desk)

    def test_who_has_it_all_owes_nothing(self, desk: Desk) -> None:
        resolve(desk, disputed(desk))
        assert desk.booked == ["2010 2000 | 1900 2000"]
        assert desk.kinds == ["dispute.resolved"]

    def test_who_has_nothing_owes_all_of_it(self, desk: Desk) -> None:
        dispute = disputed(desk)
        spend(desk, 0)
        resolve(desk, dispute)
        assert desk.booked == ["1920 2000 | 1900 2000"]

    def test_what_must_stay_in_the_wallet_stays(self, desk: Desk) -> None:
        dispute = disputed(desk)
        spend(desk, 1_500)
        keeps = SetMinimumBalance(user_id=desk.ana.user_id, amount=Money.of(1_200))
        desk.agree(desk.suggest(keeps, desk.operator), desk.other_operator)
        resolve(desk, dispute)
        assert desk.booked == ["2010 300 + 1920 1700 | 1900 2000"]

    def test_somebody_unknown_cannot_owe(self, desk: Desk) -> None:
        desk.complete(2_000, number=9)
        proposes = ProposeResolution(
            dispute_id=trace(9).id,
            resolution=R.CUSTOMER_OWES,
            evidence="-",
            maker_id=desk.operator,
        )
        assert isinstance(desk.refused(proposes), InvalidRequest)

    def test_a_break_may_be_owed_too(self, desk: Desk) -> None:
        spend(desk, 200)
        booked = desk.decide(
            BookBreak(
                side=Side.IN_FILE_ONLY,
                amount=Money.of(500),
                settlement_date=TODAY,
                reference="line 17",
            )
        )

        def charges(*, rest_owed: bool) -> ResolveBreak:
            return ResolveBreak(
                break_id=booked.proposal_id,
                end=BreakEnd.BORNE,
                evidence="two files",
                charged=Money.of(300),
                written_off=Money.of(200),
                user_id=desk.ana.user_id,
                rest_owed=rest_owed,
            )

        assert isinstance(desk.turned_down(charges(rest_owed=False)), InsufficientFunds)
        desk.decide(charges(rest_owed=True))
        assert desk.booked == [
            "2010 200 + 1920 100 + 5090 200 + 1010 200 | 1900 300 + 1900 200 + 1020 200"
        ]
        assert (desk.last.kind, desk.just[1].payload["owed"]) == ("proposal.applied", 10_000)
        assert anas_debt(desk) == 100
        require_safeguarded(desk)

    def test_two_people_collect_it_when_there_is_money(self, desk: Desk) -> None:
        dispute = disputed(desk)
        spend(desk, 0)
        resolve(desk, dispute)
        collects = adjusts(desk, Adjustment.CUSTOMER_DEBT_COLLECTED, 2_000)
        assert isinstance(desk.turned_down(collects), InsufficientFunds)
        desk.do(deposit(2_500, phone_index=b"ana"))
        refusal = desk.turned_down(adjusts(desk, Adjustment.CUSTOMER_DEBT_COLLECTED, 2_001))
        assert refusal.facts == {"limit": "owed", "left": "2000"}
        desk.decide(collects)
        assert desk.booked == ["2010 2000 | 1920 2000"]
        assert anas_debt(desk) == 0
        assert isinstance(desk.turned_down(collects), LimitExceeded)
        require_safeguarded(desk)

    def test_or_give_it_up_from_our_own_money(self, desk: Desk) -> None:
        dispute = disputed(desk)
        spend(desk, 0)
        resolve(desk, dispute)
        gives_up = adjusts(desk, Adjustment.CUSTOMER_DEBT_WRITTEN_OFF, 2_000)
        desk.decide(PayTrustCharge(amount=Money.of(48_001), reference="T1"))
        assert isinstance(desk.turned_down(gives_up), InsufficientFunds)
        desk.decide(adjusts(desk, Adjustment.CUSTOMER_DEBT_WRITTEN_OFF, 1_999))
        assert desk.booked == ["5090 1999 + 1010 1999 | 1920 1999 + 1020 1999"]
        assert anas_debt(desk) == 1
        require_safeguarded(desk)

    @pytest.mark.parametrize(
        ("what", "field"),
        [
            (Adjustment.CUSTOMER_DEBT_COLLECTED, "userId"),
            (Adjustment.CUSTOMER_DEBT_WRITTEN_OFF, "userId"),
            (Adjustment.AGENT_DEBT_COLLECTED, "agentId"),
            (Adjustment.AGENT_DEBT_WRITTEN_OFF, "agentId"),
        ],
    )
    def test_a_debt_is_of_the_right_kind_of_debtor(
        self, desk: Desk, what: Adjustment, field: str
    ) -> None:
        wrong: dict[str, Any] = {"agent_id": desk.agent.agent_id}
        if field == "agentId":
            wrong = {"user_id": desk.ana.user_id}
        refusal = desk.turned_down(Adjust(adjustment=what, amount=Money.of(1), **wrong))
        assert isinstance(refusal, InvalidRequest)
        assert refusal.facts["field"] == field

    def test_who_owes_cannot_close_the_wallet(self, desk: Desk) -> None:
        dispute = disputed(desk)
        spend(desk, 0)
        resolve(desk, dispute)
        closes = SetWalletStatus(user_id=desk.ana.user_id, status=Status.CLOSED, reason="-")
        refusal = desk.refused(closes)
        assert isinstance(refusal, Conflict)
        assert refusal.message == "Its owner still owes us money."

    def test_a_debt_outlives_a_wallet_that_was_closed_before(self, desk: Desk) -> None:
        dispute = disputed(desk)
        spend(desk, 0)
        desk.do(SetWalletStatus(user_id=desk.ana.user_id, status=Status.CLOSED, reason="-"))
        resolve(desk, dispute)
        assert anas_debt(desk) == 2_000
        desk.decide(adjusts(desk, Adjustment.CUSTOMER_DEBT_WRITTEN_OFF, 2_000))
        assert anas_debt(desk) == 0

    def test_a_frozen_wallet_pays_all_the_same(self, desk: Desk) -> None:
        dispute = disputed(desk)
        desk.do(SetWalletStatus(user_id=desk.ana.user_id, status=Status.FROZEN, reason="-"))
        resolve(desk, dispute)
        assert desk.booked == ["2010 2000 | 1900 2000"]

    def test_what_sleeps_is_not_taken_and_is_collected_when_it_wakes(self, desk: Desk) -> None:
        dispute = disputed(desk)
        desk.now += timedelta(days=366)
        desk.fall_asleep()
        resolve(desk, dispute)
        assert desk.booked == ["1920 2000 | 1900 2000"]
        desk.wake()
        desk.decide(adjusts(desk, Adjustment.CUSTOMER_DEBT_COLLECTED, 2_000))
        assert anas_debt(desk) == 0
