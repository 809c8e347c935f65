"""History: one item for each transaction, as its customer would tell it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from ledger.errors import InvalidRequest, NotFound
from ledger.journal import Line
from ledger.money import Money
from queries import history
from queries.answer import Direction
from queries.history import Movement
from queries.projector import Projector
from queries.reader import Reader
from tests.queries.people import Wallet
from tests.queries.town import FEE_TRANSFER, Town


async def newest(reader: Reader, wallet: Wallet) -> Movement:
    return (await history.page(reader, wallet.user)).items[0]


async def test_the_sender_sees_the_amount_and_the_fee_and_the_receiver_the_amount(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, rui = await town.wallet(5_000_00), await town.wallet()
    id_, number = await town.transfer(ana, rui, 1_000_00, 10_00)
    await projector.catch_up()
    sent, received = await newest(reader, ana), await newest(reader, rui)
    assert sent == Movement(
        transaction_id=id_,
        kind="transfer",
        direction=Direction.OUT,
        amount=Money(1_000_00),
        fee=Money(10_00),
        counterparty=str(rui.user),
        status="completed",
        timestamp=sent.timestamp,
        balance_after=Money(3_990_00),
        entry_number=number,
    )
    assert (received.direction, received.amount, received.fee) == (
        Direction.IN,
        Money(1_000_00),
        Money(0),
    )
    assert received.counterparty == str(ana.user)


async def test_a_withdrawal_is_one_item_with_its_present_status(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet(5_000_00)
    cash = await town.ask(ana, 2_000_00, 25_00)
    seen = []
    for step in (
        town.authorise(cash),
        town.doubt(cash),
        town.complete(cash, 2_000_00, 25_00),
        town.refund(cash),
    ):
        await projector.catch_up()
        (item,) = (await history.page(reader, ana.user)).items[:-1]
        seen.append((item.status, item.balance_after.minor))
        await step
    await projector.catch_up()
    item = await newest(reader, ana)
    seen.append((item.status, item.balance_after.minor))
    assert seen == [
        ("active", 2_975_00),
        ("authorised", 2_975_00),
        ("in_doubt", 2_975_00),
        ("completed", 2_975_00),
        ("reversed", 5_000_00),
    ]
    assert (item.kind, item.direction, item.amount) == (
        "atm_withdrawal",
        Direction.OUT,
        Money(2_000_00),
    )


async def test_of_a_withdrawal_paid_in_part_the_part_counts(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet(9_000_00)
    cash = await town.ask(ana, 6_000_00, 50_00)
    await town.authorise(cash)
    await town.complete(cash, 4_000_00, 25_00)
    await projector.catch_up()
    item = await newest(reader, ana)
    assert (item.amount, item.fee) == (Money(4_000_00), Money(25_00))
    assert item.balance_after == Money(4_975_00)
    assert item.counterparty == "ATM00001"


async def test_agents_appear_in_deposits_and_withdrawals(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, agent = await town.wallet(), await town.agent(50_000_00)
    await town.cash_in(agent, ana, 5_000_00, 25_00)
    await town.confirm(await town.ask_agent(ana, agent, 3_000_00, 60_00, 30_00))
    await projector.catch_up()
    out, in_ = (await history.page(reader, ana.user)).items
    assert (in_.kind, in_.direction, in_.amount, in_.fee) == (
        "agent_deposit",
        Direction.IN,
        Money(5_000_00),
        Money(0),
    )
    assert (out.kind, out.direction, out.amount, out.fee, out.status) == (
        "agent_withdrawal",
        Direction.OUT,
        Money(3_000_00),
        Money(60_00),
        "confirmed",
    )
    assert in_.counterparty == out.counterparty == str(agent.id)


async def test_an_entry_that_was_taken_back_says_so_and_its_reversal_is_an_item(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, rui = await town.wallet(5_000_00), await town.wallet()
    _, number = await town.transfer(ana, rui, 1_000_00, 10_00)
    lines = [Line(ana.id, 1_010_00), Line(rui.id, -1_000_00), Line(FEE_TRANSFER, -10_00)]
    await town.take_back(number, lines)
    await projector.catch_up()
    back, transfer, _ = (await history.page(reader, ana.user)).items
    assert (transfer.status, transfer.balance_after) == ("reversed", Money(3_990_00))
    assert (back.kind, back.direction, back.amount) == ("reversal", Direction.IN, Money(1_010_00))


async def test_a_dispute_that_the_customer_bears_is_an_item_of_its_own(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet(5_000_00)
    cash = await town.ask(ana, 2_000_00, 25_00)
    await town.authorise(cash, "000009")
    await town.give_back(cash, "reversed")
    trace = await town.dispute("000009", 1_000_00, cash)
    await town.charge(trace, "000009", 1_000_00, cash)
    await projector.catch_up()
    charge, withdrawal, _ = (await history.page(reader, ana.user)).items
    assert (charge.kind, charge.direction, charge.amount) == (
        "dispute",
        Direction.OUT,
        Money(1_000_00),
    )
    assert charge.balance_after == Money(4_000_00)
    assert (withdrawal.status, withdrawal.balance_after) == ("reversed", Money(5_000_00))


async def test_pages_show_everything_once_even_while_more_happens(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet()
    made = [await town.credit(ana.id, 1_00) for _ in range(7)]
    await projector.catch_up()
    seen, after = [], None
    while True:
        page = await history.page(reader, ana.user, limit=3, after=after)
        seen += [item.transaction_id for item in page.items]
        after = page.next_cursor
        if after is None:
            break
        await town.credit(ana.id, 1_00)
        await projector.catch_up()
    assert seen == made[::-1]


async def test_a_cursor_of_another_customer_is_refused(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, rui = await town.wallet(1_00), await town.wallet(1_00)
    await town.credit(ana.id, 1_00)
    await projector.catch_up()
    page = await history.page(reader, ana.user, limit=1)
    with pytest.raises(InvalidRequest):
        await history.page(reader, rui.user, limit=1, after=page.next_cursor)


@pytest.mark.parametrize("limit", [-1, 0, 201])
async def test_pages_have_bounds(reader: Reader, limit: int) -> None:
    with pytest.raises(InvalidRequest):
        await history.page(reader, uuid4(), limit=limit)


async def test_one_movement_is_found_by_its_transaction_by_its_owner_only(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, rui, eva = await town.wallet(5_000_00), await town.wallet(), await town.wallet()
    id_, _ = await town.transfer(ana, rui, 1_000_00, 10_00)
    await projector.catch_up()
    assert (await history.one(reader, ana.user, id_)).direction is Direction.OUT
    assert (await history.one(reader, rui.user, id_)).direction is Direction.IN
    for stranger in (eva.user, uuid4()):
        with pytest.raises(NotFound):
            await history.one(reader, stranger, id_)
