"""What waits for an agent, and the agent's day."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from ledger.errors import InvalidRequest, NotFound
from ledger.money import Money
from queries import agent_report, agent_requests
from queries.agent_report import Total
from queries.projector import Projector
from queries.reader import Reader
from tests.conftest import Database
from tests.queries.days import book_back, today
from tests.queries.town import Town


def total(count: int, amount: int, commission: int = 0) -> Total:
    return Total(count=count, amount=Money(amount), commission=Money(commission))


async def test_an_agent_sees_the_requests_that_wait_the_oldest_first(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, agent, other = await town.wallet(90_000_00), await town.agent(), await town.agent()
    asked = [await town.ask_agent(ana, agent, n * 100_00, 60_00, 30_00) for n in range(1, 6)]
    await town.ask_agent(ana, other, 100_00, 60_00, 30_00)
    await town.confirm(asked[0])
    for cash, state in zip(asked[1:3], ("refused", "lapsed"), strict=True):
        await town.give_back(cash, state)
    await projector.catch_up()
    found = await agent_requests.queue(reader, agent.id)
    assert [request.transaction_id for request in found.items] == [x.id for x in asked[3:]]
    assert (found.items[0].amount, found.items[0].commission) == (Money(400_00), Money(30_00))


async def test_a_request_is_shown_to_its_own_agent_whatever_became_of_it(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, agent, other = await town.wallet(9_000_00), await town.agent(), await town.agent()
    cash = await town.ask_agent(ana, agent, 1_000_00, 60_00, 30_00)
    await town.give_back(cash, "refused", "no cash")
    await projector.catch_up()
    found = await agent_requests.one(reader, agent.id, cash.id)
    assert (found.status, found.reason) == ("refused", "no cash")
    with pytest.raises(NotFound):
        await agent_requests.one(reader, other.id, cash.id)


async def test_a_days_report_goes_from_the_float_at_its_beginning_to_that_at_its_end(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    ana, agent = await town.wallet(9_000_00), await town.agent(40_000_00)
    await book_back(town, projector, database, days=1)
    await town.cash_in(agent, ana, 5_000_00, 25_00)
    await town.cash_in(agent, ana, 1_000_00, 25_00)
    await town.confirm(await town.ask_agent(ana, agent, 3_000_00, 60_00, 30_00))
    await town.ask_agent(ana, agent, 100_00, 60_00, 30_00)
    await town.credit(agent.float, 2_000_00, "agent_float")
    await projector.catch_up()
    found = await agent_report.of(reader, agent.id, today(database))
    assert (found.cash_in, found.cash_out, found.top_ups, found.other) == (
        total(2, 6_000_00, 50_00),
        total(1, 3_000_00, 30_00),
        total(1, 2_000_00),
        total(0, 0),
    )
    assert (found.float_opening, found.float_closing) == (Money(40_000_00), Money(39_080_00))
    before = await agent_report.of(reader, agent.id, today(database) - timedelta(days=1))
    assert (before.float_opening, before.float_closing) == (Money(0), Money(40_000_00))
    assert before.top_ups == total(1, 40_000_00)


@pytest.mark.parametrize("amount", [10_00, 25_00])
async def test_a_cash_in_takes_from_the_float_even_when_it_earns_no_less(
    town: Town, projector: Projector, reader: Reader, database: Database, amount: int
) -> None:
    ana, agent = await town.wallet(), await town.agent(1_000_00)
    await town.cash_in(agent, ana, 100_00, 25_00)
    await town.cash_in(agent, ana, amount, 25_00)
    await projector.catch_up()
    found = await agent_report.of(reader, agent.id, today(database))
    assert found.cash_in == total(2, 100_00 + amount, 50_00)
    page = await agent_report.operations(reader, agent.id, today(database))
    assert [item.direction for item in page.items] == ["out", "out", "in"]


async def test_a_days_operations_come_in_pages(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    ana, agent = await town.wallet(9_000_00), await town.agent(40_000_00)
    done = [await town.cash_in(agent, ana, 5_000_00, 25_00) for _ in range(3)]
    await projector.catch_up()
    first = await agent_report.operations(reader, agent.id, today(database), limit=2)
    rest = await agent_report.operations(
        reader, agent.id, today(database), limit=2, after=first.next_cursor
    )
    items = first.items + rest.items
    assert [item.transaction_id for item in items[:3]] == done[::-1]
    assert [item.kind for item in items] == ["cash_in"] * 3 + ["top_up"]
    assert (items[0].float_after, items[0].commission) == (Money(25_075_00), Money(25_00))
    assert items[0].customer_id == ana.user
    with pytest.raises(InvalidRequest):
        await agent_report.operations(
            reader, agent.id, today(database) - timedelta(days=1), after=first.next_cursor
        )


async def test_who_is_no_agent_has_no_report(reader: Reader, database: Database) -> None:
    with pytest.raises(NotFound):
        await agent_report.of(reader, uuid4(), today(database))
    assert (await agent_requests.queue(reader, uuid4())).items == ()
