"""Phone and till against a real server: what they do, and what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal

import pytest
import pytest_asyncio

from simulator import people
from simulator.api import Api
from simulator.bookkeeping import (
    AGENT_FEE,
    CASH_IN_COMMISSION,
    CASH_OUT_COMMISSION,
    Legs,
    atm_fee,
    cashed_in,
    cashed_out,
    given_back,
    held,
    legs_of,
    written,
)
from simulator.contract import JournalPage
from simulator.customer import Attitude
from simulator.machines import agent, atm, phone
from simulator.machines.atm import KeyPressed
from simulator.machines.notes import total
from simulator.machines.phone import Stage
from simulator.town import PhoneAtWork, TillAtWork, Town, opened
from tests.simulator.served import Served, serving

pytestmark = [pytest.mark.end_to_end, pytest.mark.asyncio(loop_scope="module")]
QUIET_SECONDS = 60.0
HEARD_SECONDS = 20.0
AMOUNT = 1_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demo server for the tests of this file."""
    with serving(tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(served: Served) -> AsyncIterator[Town]:
    """Its town, with two customers and an agent signed in."""
    async with opened(served.url, people.read(served.demo)) as town:
        for each in town.phones[:2]:
            each.happen(phone.PinTyped(pin_of(town, each.state.number)))
        town.tills[0].happen(agent.PinTyped(pin_of(town, town.tills[0].state.phone)))
        await town.work.quiet(QUIET_SECONDS)
        yield town


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def accountant(town: Town) -> Api:
    """Who reads the journal."""
    return await town.reader("accountant")


def pin_of(town: Town, number: str) -> str:
    """Somebody's PIN."""
    return next(each.pin for each in town.people.users if each.phone == number)


async def until(true: Callable[[], bool]) -> None:
    """Wait for what comes by itself."""
    async with asyncio.timeout(HEARD_SECONDS):
        while not true():  # noqa: ASYNC110 - somebody else's clock
            await asyncio.sleep(0.02)


async def live_code(town: Town, customer: PhoneAtWork) -> phone.LiveCode:
    """A code for the machine."""
    customer.happen(phone.CashWanted(AMOUNT, town.key()))
    await town.work.quiet(QUIET_SECONDS)
    assert customer.state.live is not None
    return customer.state.live


async def entries(accountant: Api, transaction_id: object) -> list[str]:
    """What the journal has for it, oldest first."""
    page = await accountant.get("journal", JournalPage, transactionId=str(transaction_id))
    return [written(legs_of(each)) for each in reversed(page.items)]


def meant(*legs: Legs) -> list[str]:
    """Entries in the same words."""
    return [written(each) for each in legs]


def heard_by(machine: PhoneAtWork | TillAtWork) -> set[str]:
    """The kinds of what it was told."""
    return {each.kind for each in machine.state.notices}


async def test_the_app_signs_in_with_pin_and_authenticator(town: Town) -> None:
    customer = town.phones[0]
    assert (customer.state.stage, customer.state.online) == (Stage.HOME, True)
    assert customer.state.totp is None
    assert customer.state.balance is not None


async def test_a_name_is_checked_cash_taken_and_both_are_told(town: Town, accountant: Api) -> None:
    customer, till = town.phones[1], town.tills[0]
    before, drawer = till.state.float_holds, till.state.drawer
    till.happen(agent.NameWanted(customer.state.number))
    await town.work.quiet(QUIET_SECONDS)
    assert till.state.customer is not None
    assert till.state.customer.user_id == customer.state.user_id
    till.happen(agent.CashTaken(till.state.customer.user_id, AMOUNT, town.key()))
    await town.work.quiet(QUIET_SECONDS)
    assert till.state.drawer == drawer + AMOUNT
    assert before is not None
    assert till.state.float_holds == before - AMOUNT + CASH_IN_COMMISSION
    wanted = meant(cashed_in(AMOUNT, CASH_IN_COMMISSION))
    assert await entries(accountant, till.state.newest) == wanted
    await until(lambda: "cash_in.made" in heard_by(customer) & heard_by(till))


async def test_a_request_appears_at_the_counter_by_itself_and_its_end_on_the_phone(
    town: Town, accountant: Api
) -> None:
    customer, till = town.phones[1], town.tills[0]
    wish = phone.AgentCashWanted(AMOUNT, till.state.agent_id, town.key())
    customer.happen(wish)
    await until(lambda: bool(till.state.queue) and customer.state.live is not None)
    live = customer.state.live
    assert live is not None
    assert till.state.queue[0].expiry_time == live.expiry_time
    till.happen(agent.CodeSaid(live.transaction_id, live.code, town.key()))
    await until(lambda: customer.state.status == "confirmed")
    assert (customer.state.live, till.state.paid) == (None, Decimal(AMOUNT))
    assert await entries(accountant, live.transaction_id) == meant(
        held(AMOUNT + AGENT_FEE), cashed_out(AMOUNT, AGENT_FEE, CASH_OUT_COMMISSION)
    )


async def test_a_refused_request_gives_the_money_back(town: Town, accountant: Api) -> None:
    customer, till = town.phones[1], town.tills[0]
    customer.happen(phone.AgentCashWanted(AMOUNT, till.state.agent_id, town.key()))
    await until(lambda: bool(till.state.queue) and customer.state.live is not None)
    request = till.state.queue[0].transaction_id
    till.happen(agent.RefusePressed(request, "sem dinheiro", town.key()))
    await until(lambda: customer.state.status == "refused")
    await town.work.quiet(QUIET_SECONDS)
    whole = AMOUNT + AGENT_FEE
    assert await entries(accountant, request) == meant(held(whole), given_back(whole))
    assert (till.state.queue, customer.state.live) == ((), None)


async def test_money_is_sent_and_the_other_phone_rings(town: Town) -> None:
    sender, receiver = town.phones[:2]
    before = receiver.state.balance
    assert before is not None
    sender.happen(phone.TransferWanted(receiver.state.number, AMOUNT, town.key()))
    await until(lambda: receiver.state.balance == before + AMOUNT)
    assert "Recebeu 1.000$00." in {each.text.pt for each in receiver.state.notices}
    sender.happen(phone.HistoryWanted())
    await town.work.quiet(QUIET_SECONDS)
    assert sender.state.history[0].transaction_id == sender.state.sent


async def test_the_switch_relays_a_code_that_it_cannot_read(town: Town) -> None:
    customer, machine = town.phones[0], town.atms[0]
    live = await live_code(town, customer)
    machine.happen(atm.CashAsked(customer.state.number, live.code, AMOUNT))
    await until(lambda: customer.state.status == "completed")
    relayed = [
        field.value
        for message in town.tape.messages
        for field in message.fields
        if field.label in {"DE 48", "encryptedCode"}
    ]
    assert len(relayed) == 2  # from the machine, and on to makeba
    assert all(".." in each and live.code not in each for each in relayed)


async def test_typed_key_by_key_and_taken_by_hand(town: Town) -> None:
    customer, machine = town.phones[0], town.atms[0]
    live = await live_code(town, customer)
    town.customers[machine.state.terminal_id].attitude = Attitude.WAITS
    for digits in (customer.state.number.removeprefix("+238"), live.code, str(AMOUNT)):
        for digit in digits:
            machine.happen(KeyPressed(digit))
        machine.happen(atm.ContinuePressed())
    machine.happen(atm.ContinuePressed())
    await until(lambda: machine.state.stage is atm.Stage.PRESENTING)
    assert total(machine.state.tray) == AMOUNT
    assert customer.state.status != "completed"
    machine.happen(atm.NotesTaken())
    await until(lambda: customer.state.status == "completed")
    assert (customer.state.live, total(machine.state.taken)) == (None, AMOUNT)


async def test_who_walks_away_has_the_money_back(town: Town, accountant: Api) -> None:
    customer, machine = town.phones[0], town.atms[0]
    terminal, dispensed = machine.state.terminal_id, machine.state.dispensed
    live = await live_code(town, customer)
    town.customers[terminal].walk_away()
    machine.happen(atm.CashAsked(customer.state.number, live.code, AMOUNT))
    await until(lambda: customer.state.status == "reversed")
    assert total(machine.state.retracted) == AMOUNT
    assert machine.state.dispensed == dispensed
    whole = AMOUNT + atm_fee(AMOUNT)
    assert await entries(accountant, live.transaction_id) == meant(held(whole), given_back(whole))
