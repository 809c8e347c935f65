"""Balance, held, status: what a customer sees of the wallet."""

from __future__ import annotations

from uuid import uuid4

import pytest

from ledger import wire
from ledger.errors import NotFound
from ledger.money import Money
from queries import balance, wallet
from queries.projector import Projector
from queries.reader import Reader
from tests.queries.town import Town


async def test_a_new_wallet_is_empty_and_open(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet()
    await projector.catch_up()
    found = await wallet.of(reader, ana.user)
    assert (found.balance, found.held, found.status) == (Money(0), Money(0), "open")


async def test_the_balance_is_what_is_left_after_a_transfer_and_its_fee(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, rui = await town.wallet(5_000_00), await town.wallet()
    await town.transfer(ana, rui, 1_000_00, 10_50)
    await projector.catch_up()
    assert (await balance.of_wallet(reader, ana.user)).balance == Money(3_989_50)
    assert (await balance.of_wallet(reader, rui.user)).balance == Money(1_000_00)


async def test_a_balance_is_encoded_as_a_number_of_escudos(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet(2_000_50)
    await projector.catch_up()
    body = wire.encode(await balance.of_wallet(reader, ana.user))
    assert body.startswith(b'{"balance":2000.5,"currency":"CVE","lastUpdated":"')


async def test_a_code_holds_its_amount_and_fee(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet(5_000_00)
    await town.ask(ana, 2_000_00, 25_00)
    await projector.catch_up()
    found = await wallet.of(reader, ana.user)
    assert (found.balance, found.held) == (Money(2_975_00), Money(2_025_00))


async def test_codes_and_requests_at_agents_are_held_together(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, agent = await town.wallet(9_000_00), await town.agent()
    await town.ask(ana, 2_000_00, 25_00)
    await town.ask_agent(ana, agent, 3_000_00, 60_00, 30_00)
    await projector.catch_up()
    assert (await wallet.of(reader, ana.user)).held == Money(5_085_00)


@pytest.mark.parametrize("doubted", [False, True])
async def test_money_stays_held_while_the_switch_has_not_spoken(
    town: Town, projector: Projector, reader: Reader, doubted: bool
) -> None:
    ana = await town.wallet(5_000_00)
    cash = await town.ask(ana, 2_000_00, 25_00)
    await town.authorise(cash)
    if doubted:
        await town.doubt(cash)
    await projector.catch_up()
    assert (await wallet.of(reader, ana.user)).held == Money(2_025_00)


@pytest.mark.parametrize("state", ["expired", "cancelled", "locked"])
async def test_what_was_held_comes_back_when_the_code_ends_unused(
    town: Town, projector: Projector, reader: Reader, state: str
) -> None:
    ana = await town.wallet(5_000_00)
    await town.give_back(await town.ask(ana, 2_000_00, 25_00), state)
    await projector.catch_up()
    found = await wallet.of(reader, ana.user)
    assert (found.balance, found.held) == (Money(5_000_00), Money(0))


async def test_a_capture_ends_the_hold_and_counts_as_an_update_of_the_wallet(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet(5_000_00)
    cash = await town.ask(ana, 2_000_00, 25_00)
    await town.authorise(cash)
    await projector.catch_up()
    before = await wallet.of(reader, ana.user)
    await town.complete(cash, 2_000_00, 25_00)
    await projector.catch_up()
    after = await wallet.of(reader, ana.user)
    assert (after.balance, after.held) == (Money(2_975_00), Money(0))
    assert after.last_updated > before.last_updated


async def test_a_frozen_wallet_is_shown_as_frozen(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet()
    await town.set_status(ana, "frozen")
    await town.set_status(ana, "open")
    await town.set_status(ana, "frozen")
    await projector.catch_up()
    assert (await wallet.of(reader, ana.user)).status == "frozen"


async def test_who_has_no_wallet_has_no_balance(reader: Reader) -> None:
    with pytest.raises(NotFound):
        await balance.of_wallet(reader, uuid4())
    with pytest.raises(NotFound):
        await wallet.of(reader, uuid4())
