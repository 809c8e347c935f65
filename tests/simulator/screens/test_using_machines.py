"""Somebody uses phone, cash machine and counter by keys and by mouse: the journal says the rest."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from textual.pilot import Pilot

from simulator import people
from simulator.api import Api, connect
from simulator.app import TownApp
from simulator.bookkeeping import (
    AGENT_FEE,
    CASH_IN_COMMISSION,
    CASH_OUT_COMMISSION,
    FEES_TRANSFER,
    WALLETS,
    Leg,
    Legs,
    captured,
    cashed_in,
    cashed_out,
    given_back,
    held,
    legs_of,
    written,
)
from simulator.chapters import fraud
from simulator.contract import JournalPage
from simulator.machines.atm import Atm, Stage
from simulator.machines.dialogue import Dialogue
from simulator.machines.notes import total
from simulator.running import Running
from simulator.scene import Scene
from simulator.screens.atm_panel import CashTray
from simulator.screens.keypad import Key
from simulator.screens.panel import Panel
from simulator.telling import Teller
from simulator.town import Town, opened
from tests.simulator.screens.sights import PROVEN_BOOKS, StillWatch
from tests.simulator.served import Served, serving

WIDE, SMALL = (120, 36), (80, 24)
PATIENCE_SECONDS = 40.0
FEE = 25

pytestmark = pytest.mark.end_to_end
TOKENS: dict[str, str] = {}  # an accountant's second factor is good once in half a minute


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demo server for all of this file."""
    with serving(tmp_path_factory.mktemp("home")) as server:
        yield server


class Hands:
    """Somebody at the screen, who can look into the books."""

    def __init__(self, app: TownApp, pilot: Pilot[None], accountant: Api) -> None:
        self.app = app
        self.town = app.town
        self._pilot = pilot
        self._accountant = accountant

    async def go_to(self, name: str) -> None:
        """Take a panel into the hand."""
        self.app.action_front(name)
        await self._pilot.pause()

    async def press(self, *keys: str) -> None:
        """Keys, one after the other."""
        await self._pilot.press(*keys)
        await self._pilot.pause()

    async def click(self, panel: str, face: str) -> None:
        """On the key of a panel on which this stands."""
        await self._pilot.pause()
        keys = self.app.query_one(f"#{panel}", Panel).query(Key)
        found = [key for key in keys if key.region and face in str(key.render())]
        assert found, f"there is no key {face}"
        await self._pilot.click(found[0])
        await self._pilot.pause()

    async def click_digits(self, panel: str, digits: str) -> None:
        """On the keypad."""
        for digit in digits:
            keys = self.app.query_one(f"#{panel}", Panel).query("Keypad Key").results(Key)
            key = next(each for each in keys if str(each.render()).strip() == digit)
            await self._pilot.click(key)
        await self._pilot.pause()

    async def take_notes(self) -> None:
        """With the mouse, out of the tray."""
        await self._pilot.click(CashTray)
        await self._pilot.pause()

    async def until(self, happened: Callable[[], object], what: str) -> None:
        """Wait for it, with patience."""
        deadline = monotonic() + PATIENCE_SECONDS
        while not happened():
            assert monotonic() < deadline, f"waited in vain: {what}"
            await asyncio.sleep(0.02)
        await self._pilot.pause()

    async def watch_out_for_guesses(self) -> None:
        """The bank makes a rule live: wrong codes in a row, and owners have to approve."""
        scene = Scene(self.town, Teller(io.StringIO()), self._accountant)
        rules = fraud._live(
            await fraud._rules(scene), "wrong_codes_terminal", in_row=fraud.WRONG_IN_ROW
        )
        await fraud._set(scene, rules)

    async def expect_entries(self, transaction_id: UUID | None, *wanted: Legs) -> None:
        """The journal has exactly these for it."""
        page = await self._accountant.get("journal", JournalPage, transactionId=str(transaction_id))
        found = [written(legs_of(each)) for each in reversed(page.items)]
        assert found == [written(legs) for legs in wanted]


@asynccontextmanager
async def hands(served: Served, size: tuple[int, int] = WIDE) -> AsyncIterator[Hands]:
    """At the screen of the town."""
    async with opened(served.url, people.read(served.demo)) as town:
        app = TownApp(town, watch=StillWatch(PROVEN_BOOKS))
        async with connect(served.url) as client, app.run_test(size=size) as pilot:
            await pilot.pause()
            yield Hands(app, pilot, await _accountant(town, Api(client, town.bookmark)))


async def _accountant(town: Town, api: Api) -> Api:
    if "accountant" not in TOKENS:
        token = (await town.reader("accountant")).token
        assert token is not None, "signed in"
        TOKENS["accountant"] = token
    api.token = TOKENS["accountant"]
    return api


def at(machine: Running[Atm, Any, Any], stage: Stage) -> Callable[[], bool]:
    """Whether a cash machine has got there."""
    return lambda: machine.state.stage is stage


async def sign_in(hand: Hands, which: int = 0) -> None:
    """A customer in a hurry, at the phone."""
    await hand.go_to("phone")
    for _ in range(which):
        await hand.press("]")
    await hand.press("v")
    phone = hand.town.phones[which]
    await hand.until(lambda: phone.state.balance is not None, "a balance")


async def test_from_the_phone_to_notes_in_the_tray_with_six_keys(served: Served) -> None:
    async with hands(served) as hand:
        phone, machine = hand.town.phones[0], hand.town.atms[0]
        await sign_in(hand)
        await hand.press("v")
        await hand.until(lambda: phone.state.live, "a code")
        await hand.go_to("atm")
        await hand.press("v")
        await hand.until(lambda: machine.state.dialogue is Dialogue.CONFIRM, "the question")
        await hand.press("enter")
        await hand.until(at(machine, Stage.PRESENTING), "notes")
        assert total(machine.state.tray) == 2_000
        await hand.expect_entries(phone.state.newest, held(2_000 + FEE))
        await hand.press("enter")
        assert (machine.state.dispensed, total(machine.state.tray)) == (2_000, 0)
        await hand.until(lambda: phone.state.status == "completed", "the push")
        both = (held(2_000 + FEE), captured(2_000 + FEE, 2_000, FEE))
        await hand.expect_entries(phone.state.newest, *both)
        assert phone.state.live is None


async def test_with_the_mouse_alone_in_a_small_window(served: Served) -> None:
    async with hands(served, SMALL) as hand:
        phone, machine = hand.town.phones[1], hand.town.atms[0]
        await hand.go_to("phone")
        await hand.press("]")
        await hand.click_digits("phone", hand.town.people.of("customer")[1].pin)
        await hand.click("phone", "OK")
        await hand.until(lambda: phone.state.balance is not None, "a balance")
        await hand.click("phone", "Levantar numa caixa")
        await hand.click("phone", "1.000$00")
        await hand.until(lambda: phone.state.live, "a code")
        live = phone.state.live
        assert live is not None
        await hand.go_to("atm")
        await hand.click_digits("atm", phone.state.number.removeprefix("+238"))
        await hand.click("atm", "CONTINUAR")
        await hand.click_digits("atm", live.code)
        await hand.click("atm", "CONTINUAR")
        await hand.click("atm", "a▕")  # 1.000$00, beside the screen
        await hand.click("atm", "▏h")  # yes
        await hand.until(at(machine, Stage.PRESENTING), "notes")
        await hand.take_notes()
        assert machine.state.dispensed == 1_000
        await hand.until(lambda: phone.state.status == "completed", "the push")
        both = (held(1_000 + FEE), captured(1_000 + FEE, 1_000, FEE))
        await hand.expect_entries(live.transaction_id, *both)
        await hand.go_to("phone")
        await hand.click("phone", "Levantar numa caixa")
        await hand.click("phone", "2.000$00")
        await hand.until(lambda: phone.state.live, "another code")
        await hand.click("phone", "Anular o levantamento")
        await hand.until(lambda: phone.state.live is None, "the money back")
        back = (held(2_000 + FEE), given_back(2_000 + FEE))
        await hand.expect_entries(phone.state.newest, *back)


async def test_wrong_codes_lead_to_an_approval_on_the_phone(served: Served) -> None:
    async with hands(served) as hand:
        await hand.watch_out_for_guesses()
        phone, machine = hand.town.phones[1], hand.town.atms[1]
        await sign_in(hand, 1)
        await hand.press("v")
        await hand.until(lambda: phone.state.live, "a code")
        live = phone.state.live
        assert live is not None
        await hand.go_to("atm")
        await hand.press("]")
        stranger = hand.town.phones[2].state.number.removeprefix("+238")
        for _ in range(fraud.WRONG_IN_ROW):
            await hand.press(*stranger, "enter", *"000000", "enter", *"2000", "enter", "enter")
            await hand.until(at(machine, Stage.IDLE), "an answer")
        await hand.press("v")
        await hand.until(lambda: machine.state.dialogue is Dialogue.CONFIRM, "the question")
        await hand.press("enter")
        await hand.until(lambda: phone.state.approval, "a push to the owner")
        assert machine.state.dispensed == 0
        await hand.go_to("phone")
        await hand.press("1")
        await hand.until(lambda: phone.state.approval is None, "the approval")
        await hand.go_to("atm")
        await hand.press("v")
        await hand.until(lambda: machine.state.dialogue is Dialogue.CONFIRM, "the question")
        await hand.press("enter")
        await hand.until(at(machine, Stage.PRESENTING), "notes")
        await hand.press("enter")
        await hand.until(lambda: phone.state.status == "completed", "the push")
        both = (held(2_000 + FEE), captured(2_000 + FEE, 2_000, FEE))
        await hand.expect_entries(live.transaction_id, *both)


async def test_the_counter_pays_takes_cash_and_refuses(served: Served) -> None:
    async with hands(served) as hand:
        phone, till = hand.town.phones[2], hand.town.tills[0]
        drawer = till.state.drawer
        await sign_in(hand, 2)
        await _ask_at_counter(hand, "3000")
        request = phone.state.newest
        await hand.go_to("agent")
        await hand.press("v")
        await hand.until(lambda: till.state.queue, "somebody in the queue")
        await hand.press("1")
        assert phone.state.live is not None
        await hand.press(*phone.state.live.code, "enter")
        await hand.until(lambda: till.state.paid == 3_000, "the cash")
        total_ = 3_000 + AGENT_FEE
        paid = cashed_out(3_000, AGENT_FEE, CASH_OUT_COMMISSION)
        await hand.expect_entries(request, held(total_), paid)
        await hand.until(lambda: phone.state.live is None, "the push")

        await hand.press("1", *phone.state.number.removeprefix("+238"), "enter")
        await hand.until(lambda: till.state.customer, "a name")
        await hand.press(*"5000", "enter")
        await hand.until(lambda: till.state.customer is None, "the deposit")
        await hand.expect_entries(till.state.newest, cashed_in(5_000, CASH_IN_COMMISSION))
        assert till.state.drawer == drawer - 3_000 + 5_000

        await _ask_at_counter(hand, "1000")
        await hand.go_to("agent")
        await hand.until(lambda: till.state.queue, "somebody in the queue")
        await hand.press("2")
        await hand.until(lambda: phone.state.status == "refused", "the push")
        back = (held(1_000 + AGENT_FEE), given_back(1_000 + AGENT_FEE))
        await hand.expect_entries(phone.state.newest, *back)


async def _ask_at_counter(hand: Hands, amount: str) -> None:
    """The customer of the counter's test, at the phone."""
    phone = hand.town.phones[2]
    await hand.go_to("phone")
    await hand.press("2", "1", *amount, "enter")
    await hand.until(lambda: phone.state.live, "a code for the counter")


async def test_money_goes_from_phone_to_phone(served: Served) -> None:
    async with hands(served) as hand:
        phone, other = hand.town.phones[0], hand.town.phones[1]
        await sign_in(hand)
        await hand.press("3", *other.state.number.removeprefix("+238"), "enter", *"1000", "enter")
        await hand.until(lambda: phone.state.sent, "the transfer")
        fee = 10
        sent: Legs = (
            Leg("debit", WALLETS, 1_000 + fee),
            Leg("credit", WALLETS, 1_000),
            Leg("credit", FEES_TRANSFER, fee),
        )
        await hand.expect_entries(phone.state.sent, sent)
