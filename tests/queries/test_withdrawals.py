"""The status of a withdrawal, at a machine or at a counter."""

from __future__ import annotations

import pytest

from ledger.errors import NotFound
from ledger.money import Money
from queries import withdrawal
from queries.projector import Projector
from queries.reader import Reader
from tests.queries.town import LATER, Town


async def test_a_new_code_is_active_until_its_time(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet(5_000_00)
    cash = await town.ask(ana, 2_000_00, 25_00)
    await projector.catch_up()
    found = await withdrawal.status(reader, ana.user, cash.id)
    assert (found.channel, found.status, found.expiry_time) == ("atm", "active", LATER)
    assert (found.amount, found.fee) == (Money(2_000_00), Money(25_00))


@pytest.mark.parametrize(
    ("path", "amount", "fee"),
    [
        (["authorised"], 6_000_00, 50_00),
        (["authorised", "in_doubt"], 6_000_00, 50_00),
        (["authorised", "completed"], 4_000_00, 25_00),
        (["authorised", "completed", "reversed"], 6_000_00, 50_00),
        (["authorised", "released"], 6_000_00, 50_00),
        (["expired"], 6_000_00, 50_00),
        (["cancelled"], 6_000_00, 50_00),
        (["locked"], 6_000_00, 50_00),
    ],
)
@pytest.mark.parametrize("at_once", [False, True])
async def test_its_status_is_the_last_that_happened(
    town: Town,
    projector: Projector,
    reader: Reader,
    path: list[str],
    amount: int,
    fee: int,
    at_once: bool,
) -> None:
    ana = await town.wallet(9_000_00)
    cash = await town.ask(ana, 6_000_00, 50_00)
    for state in path:
        match state:
            case "authorised":
                await town.authorise(cash)
            case "in_doubt":
                await town.doubt(cash)
            case "completed":
                await town.complete(cash, 4_000_00, 25_00)
            case "reversed":
                await town.refund(cash)
            case _:
                await town.give_back(cash, state, "as it is")
        if not at_once:
            await projector.catch_up()
    await projector.catch_up()
    found = await withdrawal.status(reader, ana.user, cash.id)
    assert (found.status, found.amount, found.fee) == (path[-1], Money(amount), Money(fee))
    assert found.requested == Money(6_000_00)


async def test_a_wrong_try_changes_nothing_that_a_customer_sees_but_the_time(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet(5_000_00)
    cash = await town.ask(ana, 2_000_00, 25_00)
    await projector.catch_up()
    before = await withdrawal.status(reader, ana.user, cash.id)
    await town.try_code(cash, 1)
    await projector.catch_up()
    after = await withdrawal.status(reader, ana.user, cash.id)
    assert (after.status, after.timestamp > before.timestamp) == ("active", True)


async def test_a_request_at_an_agent_says_which_and_why_it_was_refused(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, agent = await town.wallet(5_000_00), await town.agent()
    cash = await town.ask_agent(ana, agent, 3_000_00, 60_00, 30_00)
    await town.give_back(cash, "refused", "no cash")
    await projector.catch_up()
    found = await withdrawal.status(reader, ana.user, cash.id)
    assert (found.channel, found.agent_id) == ("agent", agent.id)
    assert (found.status, found.reason) == ("refused", "no cash")


async def test_nobody_sees_the_withdrawals_of_others(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, rui = await town.wallet(5_000_00), await town.wallet()
    cash = await town.ask(ana, 2_000_00, 25_00)
    await projector.catch_up()
    with pytest.raises(NotFound):
        await withdrawal.status(reader, rui.user, cash.id)
