"""Outlets, tills, offers and redemptions in the read models, from what real commands record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from commands.account.credit_from_bank import CreditFromBank
from commands.agent.cash_in import CashIn
from commands.agent.confirm_cash_out import ConfirmCashOut
from commands.agent.enrol_agent import EnrolAgent, Place
from commands.agent.float_levels import SetFloatLevels
from commands.agent.lapse import LapseCashOut
from commands.agent.offer import DeclineOffer, OfferCashOut, TakeOffer
from commands.agent.principal import EnrolPrincipal
from commands.agent.redeem import RequestRedemption
from commands.agent.refuse import RefuseCashOut
from commands.agent.send_float import SendFloat
from commands.agent.set_status import AgentStatus, SetAgentStatus
from commands.agent.work_a_till import CloseTill, EnrolTill, MoveTillCash, OpenTill
from commands.command import Command
from commands.spine import Spine
from ledger.errors import NotFound
from ledger.money import Money
from queries import agent_report, agent_requests, outlets, rebuild, redemptions, tills
from queries.projector import Pace, Projector, connector
from queries.reader import Reader
from tests.commands.moves import ACTOR, Customer, customer
from tests.conftest import Database
from tests.queries.days import today

PLACE = Place(island="Santiago", latitude=14_917_000, longitude=-23_509_000)
HERE = (14_917_100, -23_509_100)
PICKUP = b"271828".ljust(32)


class Market:
    """Two outlets of one principal, the first the other's super-agent, and Ana."""

    def __init__(self, spine: Spine) -> None:
        self._spine = spine
        self.principal, self.till, self.rosa = uuid7(), uuid7(), uuid7()
        self.ana: Customer
        self.agents: list[UUID] = []

    async def do(self, *commands: Command[Any]) -> None:
        for command in commands:
            await self._spine.submit(command, actor=ACTOR, request_id="market")

    async def opens(self) -> None:
        self.ana = await customer(self._spine, 20_000_00)
        await self.do(EnrolPrincipal(principal_id=self.principal, name="Mercearias"))
        for number in range(2):
            agent_id = uuid7()
            await self.do(
                EnrolAgent(
                    agent_id=agent_id,
                    float_id=uuid7(),
                    principal_id=self.principal,
                    parent_id=self.agents[0] if self.agents else None,
                    name=f"Loja {number}",
                    place=PLACE,
                )
            )
            self.agents.append(agent_id)
        await self.do(
            *self.gets_float(10_000),
            SendFloat(
                transaction_id=uuid7(),
                agent_id=self.agents[0],
                to_agent_id=self.agents[1],
                amount=Money.of(4_000),
            ),
            EnrolTill(till_id=self.till, agent_id=self.agents[0], name="Caixa 1"),
        )

    def gets_float(self, escudos: int) -> Iterable[Command[Any]]:
        agent_id = self.agents[0]
        yield CreditFromBank(
            transaction_id=uuid7(),
            reference=str(uuid7()),
            amount=Money.of(escudos),
            value_date=date(2026, 1, 2),
            agent_id=agent_id,
        )
        yield SetFloatLevels(
            agent_id=agent_id, floor=Money(0), low=Money.of(6_500), ok=Money.of(7_000)
        )

    def counts(self, escudos: int, *, closing: bool) -> Command[Any]:
        cash, agent_id = Money.of(escudos), self.agents[0]
        if closing:
            return CloseTill(
                till_id=self.till, agent_id=agent_id, closed_by=self.rosa, counted=cash
            )
        return OpenTill(till_id=self.till, agent_id=agent_id, operator_id=self.rosa, counted=cash)

    def offers(self, id_: UUID) -> OfferCashOut:
        return OfferCashOut(
            transaction_id=id_,
            user_id=self.ana.user_id,
            session_id=None,
            agent_ids=tuple(self.agents),
            amount=Money.of(1_000),
            pickup_digest=PICKUP,
            pickup_seal=b"sealed",
            ttl_seconds=600,
        )

    async def lives(self) -> tuple[UUID, UUID]:
        """A day; returns an offer that was paid and one that still waits for the second agent."""
        one, other = self.agents
        paid, waits, lapsed = uuid7(), uuid7(), uuid7()
        await self.do(
            self.counts(0, closing=False),
            MoveTillCash(
                till_id=self.till,
                agent_id=one,
                operator_id=self.rosa,
                amount_minor=2_000_00,
                reason="safe",
            ),
            CashIn(
                transaction_id=uuid7(),
                agent_id=one,
                user_id=self.ana.user_id,
                amount=Money.of(500),
                operator_id=self.rosa,
            ),
            self.offers(paid),
            TakeOffer(transaction_id=paid, agent_id=other),
            RefuseCashOut(transaction_id=paid, agent_id=other, reason="no cash"),
            TakeOffer(transaction_id=paid, agent_id=one),
            ConfirmCashOut(
                transaction_id=paid, agent_id=one, pickup_digest=PICKUP, operator_id=self.rosa
            ),
            self.counts(1_490, closing=True),
            self.offers(waits),
            DeclineOffer(transaction_id=waits, agent_id=one),
            self.offers(lapsed),
            LapseCashOut(transaction_id=lapsed),
            RequestRedemption(
                redemption_id=uuid7(), agent_id=one, person_id=self.rosa, amount=Money.of(50)
            ),
            SetAgentStatus(agent_id=other, status=AgentStatus.CLOSED, reason="holidays"),
        )
        return paid, waits


@pytest.fixture
async def market(spine: Spine) -> Market:
    market = Market(spine)
    await market.opens()
    return market


@pytest.mark.parametrize("records_max", [1, 2_000])
async def test_a_day_of_two_outlets_is_read_as_it_was(
    market: Market, reader: Reader, database: Database, records_max: int
) -> None:
    pace = Pace(records_max=records_max)
    projector = Projector(connector(database.projector, pace=pace), pace)
    one, other = market.agents
    paid, waits = await market.lives()
    await projector.catch_up()
    projector.disconnect()

    mine = await outlets.page(reader, market.principal)
    assert [outlet.status for outlet in mine.items] == ["open", "closed"]
    assert [outlet.parent_id for outlet in mine.items] == [None, one]
    assert (mine.items[0].float_state, mine.items[0].principal) == ("low", "Mercearias")
    with pytest.raises(NotFound):
        await outlets.one(reader, one, uuid7())
    near = await outlets.near(reader, *HERE, metres_max=100)
    assert [agent.agent_id for agent in near.items] == [one]
    assert 10 <= near.items[0].metres <= 20
    assert (await outlets.near(reader, *HERE, metres_max=10)).items == ()
    dear = await outlets.near(reader, *HERE, metres_max=100, amount=Money.of(90_000))
    assert dear.items == ()

    assert [item.transaction_id for item in (await agent_requests.offers(reader, other)).items][
        :1
    ] == [waits]
    assert paid not in [r.transaction_id for r in (await agent_requests.offers(reader, one)).items]
    assert (await agent_requests.one(reader, one, paid)).status == "confirmed"
    with pytest.raises(NotFound):
        await agent_requests.one(reader, other, paid)

    (till,) = (await tills.of(reader, one)).items
    assert (till.state, till.cash, till.differences) == ("closed", Money.of(1_490), Money.of(-10))
    report = await agent_report.of(reader, one, today(database))
    (day,) = report.tills
    assert (day.cash_opening, day.cash_closing) == (Money(0), Money.of(1_490))
    assert (day.cash_in, day.cash_out) == (Money.of(500), Money.of(1_000))
    assert day.commission == Money.of(55)
    assert (report.redemptions.amount, report.top_ups.amount) == (
        Money.of(4_000),
        Money.of(10_000),
    )
    assert [each.state for each in (await redemptions.waiting(reader)).items] == ["requested"]

    found = await rebuild.rebuild(database.owner, check=True)
    assert found.differences == ()
