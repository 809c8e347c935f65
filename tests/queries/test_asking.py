"""A reader asks for somebody: a WHERE that was forgotten shows nothing of anybody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import date
from uuid import UUID

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ledger.errors import NotFound, Overloaded
from ledger.money import Money
from queries import agent_report, agent_requests, balance, history, rebuild, statement, wallet
from queries.projector import Projector
from queries.reader import Pool, Reader
from queries.tables import account, entry, line, metadata, movement, projection, withdrawal
from tests.conftest import Database
from tests.queries.days import today
from tests.queries.people import Agent, Wallet
from tests.queries.town import Town


class Street:
    """Ana and Rui, and Zé's counter, after some of everything."""

    ana: Wallet
    rui: Wallet
    counter: Agent
    other_counter: Agent

    def __init__(self, town: Town) -> None:
        self.town = town

    async def lives(self) -> None:
        town = self.town
        self.ana, self.rui = await town.wallet(50_000_00), await town.wallet(50_000_00)
        self.counter, self.other_counter = await town.agent(90_000_00), await town.agent()
        await town.transfer(self.ana, self.rui, 1_000_00, 10_00)
        for customer in (self.ana, self.rui):
            await town.ask(customer, 2_000_00, 25_00)
            await town.cash_in(self.counter, customer, 500_00, 2_50)
        paid = await town.ask_agent(self.rui, self.counter, 3_000_00, 60_00, 30_00)
        await town.confirm(paid)


@pytest.fixture
async def street(town: Town, projector: Projector) -> Street:
    street = Street(town)
    await street.lives()
    await projector.catch_up()
    return street


@pytest.fixture
async def narrow(database: Database) -> AsyncIterator[Reader]:
    """One connection: whoever asks next has the one on which somebody else has asked."""
    reader = Reader(database.queries, Pool(connections=1, connections_more=0, query_seconds=0.5))
    yield reader
    await reader.close()


@pytest.fixture
def day(database: Database) -> date:
    return today(database)


async def test_a_reader_that_asks_for_nobody_sees_nothing(street: Street, narrow: Reader) -> None:
    for table in metadata.sorted_tables:
        found = await narrow.all(sa.select(table).limit(1))
        assert bool(found) == (table is projection), table.name
    with pytest.raises(NotFound):
        await balance.of_wallet(narrow, street.ana.user)


async def test_a_forgotten_where_shows_only_ones_own(street: Street, narrow: Reader) -> None:
    own = narrow.for_owner(street.ana.user)
    accounts = await own.all(sa.select(account.c.id))
    assert [row.id for row in accounts] == [street.ana.id]
    withdrawals = await own.all(sa.select(withdrawal.c.user_id))
    assert [row.user_id for row in withdrawals] == [street.ana.user]
    movements = await own.all(sa.select(movement.c.account_id).distinct())
    assert [row.account_id for row in movements] == [street.ana.id]
    lines = await own.all(sa.select(line.c.account_id, line.c.entry_number))
    assert {row.account_id for row in lines} == {street.ana.id}
    entries = await own.all(sa.select(entry.c.number))
    assert {row.number for row in entries} == {row.entry_number for row in lines}
    balances = await own.all(balance.BALANCES)
    assert len(balances) == 1


async def test_another_customer_is_not_there_even_when_named(
    street: Street, narrow: Reader, day: date
) -> None:
    own, rui = narrow.for_owner(street.ana.user), street.rui.user
    questions: tuple[Awaitable[object], ...] = (
        balance.of_wallet(own, rui),
        wallet.of(own, rui),
        history.page(own, rui),
        statement.of(own, rui, day, day),
        agent_report.of(own, street.counter.id, day),
    )
    for question in questions:
        with pytest.raises(NotFound):
            await question


async def test_ones_own_is_the_same_as_our_own_people_see_it(
    street: Street, narrow: Reader, day: date
) -> None:
    own, whole, user = narrow.for_owner(street.ana.user), narrow.for_everybody, street.ana.user
    assert await balance.of_wallet(own, user) == await balance.of_wallet(whole, user)
    assert await wallet.of(own, user) == await wallet.of(whole, user)
    assert await history.page(own, user) == await history.page(whole, user)
    span = (user, day, day)
    assert await statement.of(own, *span) == await statement.of(whole, *span)
    at, counter = narrow.for_owner(street.counter.id), street.counter.id
    assert await agent_report.of(at, counter, day) == await agent_report.of(whole, counter, day)


async def test_a_counter_sees_its_requests_and_not_the_customers_money(
    street: Street, projector: Projector, narrow: Reader
) -> None:
    waiting = await street.town.ask_agent(street.ana, street.counter, 2_000_00, 40_00, 20_00)
    await projector.catch_up()
    at = narrow.for_owner(street.counter.id)
    assert [
        item.transaction_id for item in (await agent_requests.queue(at, street.counter.id)).items
    ]
    assert (await agent_requests.one(at, street.counter.id, waiting.id)).amount == Money(2_000_00)
    with pytest.raises(NotFound):
        await balance.of_wallet(at, street.ana.user)
    elsewhere = narrow.for_owner(street.other_counter.id)
    assert await elsewhere.all(sa.select(withdrawal)) == []
    with pytest.raises(NotFound):
        await agent_requests.one(elsewhere, street.counter.id, waiting.id)


async def test_askers_who_share_connections_never_see_each_others(
    street: Street, database: Database
) -> None:
    reader = Reader(database.queries, Pool(connections=2, connections_more=0, wait_seconds=30))
    people = (street.ana, street.rui)

    async def ask(turn: int) -> None:
        who = people[turn % 2]
        rows = await reader.for_owner(who.user).all(sa.select(account.c.id))
        assert [row.id for row in rows] == [who.id]

    await asyncio.gather(*(ask(turn) for turn in range(200)))
    await reader.close()


async def test_a_question_that_failed_leaves_nobody_behind(street: Street, narrow: Reader) -> None:
    with pytest.raises(Overloaded):
        await narrow.for_everybody.all(sa.select(sa.func.pg_sleep(5)))
    assert await narrow.all(sa.select(account)) == []
    own = narrow.for_owner(street.ana.user)
    assert len(await own.all(sa.select(account))) == 1


async def test_an_asker_who_is_nobody_known_sees_nothing(street: Street, narrow: Reader) -> None:
    for stranger in (uuid7(), UUID(int=0)):
        assert await narrow.for_owner(stranger).all(sa.select(account)) == []
        assert await narrow.for_principal(stranger).all(sa.select(account)) == []


async def test_a_rebuild_has_the_same_walls(street: Street, database: Database, day: date) -> None:
    await rebuild.rebuild(database.owner)
    reader = Reader(database.queries)
    assert await reader.all(sa.select(account)) == []
    own = reader.for_owner(street.ana.user)
    assert [row.id for row in await own.all(sa.select(account.c.id))] == [street.ana.id]
    found = await statement.of(own, street.ana.user, day, day)
    assert found.lines
    await reader.close()
