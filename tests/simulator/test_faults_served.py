"""Each fault, made to happen against a real server: what the journal says then, and the cash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

import pytest
import pytest_asyncio

from simulator import people
from simulator.api import Api
from simulator.bookkeeping import Legs, atm_fee, captured, given_back, held, legs_of, written
from simulator.breaking import LATER_SECONDS
from simulator.contract import JournalPage
from simulator.faults import named
from simulator.machines import atm, phone
from simulator.machines.atm import Stage
from simulator.machines.notes import total
from simulator.machines.phone import LiveCode
from simulator.running import Happened
from simulator.town import AtmAtWork, PhoneAtWork, Town, opened
from tests.simulator.served import serving

pytestmark = [pytest.mark.end_to_end, pytest.mark.asyncio(loop_scope="module")]

CODE_SECONDS = 15
AMOUNT = 4_000  # two notes of 2,000
PART = 2_000
WHOLE = AMOUNT + atm_fee(AMOUNT)
WAIT_SECONDS = 20.0
PATIENCE_SECONDS = 2.0
CLOCK_MARGIN = timedelta(seconds=0.1)  # the code expires by the database's clock
HELD = held(WHOLE)
PAID = captured(WHOLE, AMOUNT, atm_fee(AMOUNT))
PAID_IN_PART = captured(WHOLE, PART, atm_fee(PART))
BACK = given_back(WHOLE)


class Scene:
    """A town, the machine that is used, and the accountant who reads the journal."""

    def __init__(self, town: Town, reader: Api, forgotten: LiveCode) -> None:
        self.town = town
        self.machine: AtmAtWork = town.atms[0]
        self.forgotten = forgotten
        self.customer: PhoneAtWork = town.phones[0]
        self.answers: list[str] = []
        self._reader = reader
        self._stirred = asyncio.Event()
        self.machine.watch(self._hear)
        town.switch.watch(self._hear)

    async def code(self) -> LiveCode:
        """The customer asks for a code."""
        self.answers.clear()
        self.customer.happen(phone.CashWanted(AMOUNT, self.town.key()))
        await self.quiet()
        live = self.customer.state.live
        assert live is not None, self.customer.state.refused
        return live

    async def use(self, live: LiveCode) -> None:
        """Type it at the machine, and wait until that is free again."""
        self.machine.happen(atm.CashAsked(self.customer.state.number, live.code, live.amount))
        await self.idle()

    async def idle(self) -> None:
        """The machine serves nobody."""
        await self.until(lambda: self.machine.state.stage is Stage.IDLE)

    async def quiet(self) -> None:
        """All that was begun is done."""
        await self.town.work.quiet(WAIT_SECONDS)

    async def heal(self) -> None:
        """Nothing goes wrong any more, and all words about cash have arrived."""
        self.town.heal()
        await self.quiet()
        await self.until(lambda: not self.machine.state.store and not self.town.switch.state.stored)

    async def journal(self, live: LiveCode) -> list[str]:
        """The entries of a withdrawal, oldest first."""
        page = await self._reader.get("journal", JournalPage, transactionId=live.transaction_id)
        return [written(legs_of(entry)) for entry in reversed(page.items)]

    async def until(self, so: Callable[[], bool]) -> None:
        """Wait until machine and switch are so."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not so():
                self._stirred.clear()
                await self._stirred.wait()

    def _hear(self, happened: Happened) -> None:
        self._stirred.set()
        if isinstance(happened.event, atm.Replied):
            self.answers.append(happened.event.reply.response_code)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """One server for all, and one code that nobody will use in time."""
    with serving(tmp_path_factory.mktemp("home"), code_ttl_seconds=CODE_SECONDS) as served:
        everybody = people.read(served.demo)
        async with opened(served.url, everybody) as town:
            pins = {each.phone: each.pin for each in everybody.users}
            for each in town.phones[:2]:
                each.happen(phone.PinTyped(pins[each.state.number]))
            reader = await town.reader("accountant")
            await town.work.quiet(WAIT_SECONDS)
            town.phones[1].happen(phone.CashWanted(AMOUNT, town.key()))
            await town.work.quiet(WAIT_SECONDS)
            forgotten = town.phones[1].state.live
            assert forgotten is not None
            yield Scene(town, reader, forgotten)


class Case(NamedTuple):
    """A fault, what the machine hears then, what customers take, and the entries at the end. With
    `again` the code is typed once more when all is healed."""

    fault: str
    heard: tuple[str, ...]
    taken: int
    entries: tuple[Legs, ...]
    again: bool = False


CASES = (
    Case("network-down", ("91", "00"), AMOUNT, (HELD, PAID), again=True),
    Case("machines-cut-off", ("00",), AMOUNT, (HELD, PAID), again=True),
    Case("phones-offline", ("00",), AMOUNT, (HELD, PAID)),
    Case("issuer-slow", ("00",), AMOUNT, (HELD, PAID)),
    Case("issuer-silent", ("91",), 0, (HELD, BACK)),
    Case("reply-lost", ("00",), AMOUNT, (HELD, PAID)),
    Case("request-duplicated", ("00",), AMOUNT, (HELD, PAID)),
    Case("bad-mac", ("30", "00"), AMOUNT, (HELD, PAID), again=True),
    Case("clock-skew", ("91", "00"), AMOUNT, (HELD, PAID), again=True),
    Case("reversal-lost", ("00",), 0, (HELD, BACK)),
    Case("reversal-repeated", ("00",), 0, (HELD, BACK)),
    Case("reversal-first", ("91", "00"), AMOUNT, (HELD, PAID), again=True),
    Case("nothing-dispensed", ("00",), 0, (HELD, BACK)),
    Case("part-dispensed", ("00",), PART, (HELD, PAID_IN_PART)),
    Case("note-exhausted", ("00",), AMOUNT, (HELD, PAID)),
    Case("jam", ("00",), 0, (HELD, BACK)),
    Case("walks-away", ("00",), 0, (HELD, BACK)),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault)
async def test_the_journal_is_true_whatever_went_wrong(scene: Scene, case: Case) -> None:
    before = scene.machine.state
    live = await scene.code()
    named(case.fault).apply(scene.town, Random(1))
    assert case.fault in scene.town.faults
    await scene.use(live)
    await scene.heal()
    if case.again:
        await scene.use(live)
        await scene.heal()
    assert tuple(scene.answers) == case.heard
    assert await scene.journal(live) == [written(legs) for legs in case.entries]
    after = scene.machine.state
    assert after.dispensed - before.dispensed == case.taken
    assert after.loaded - after.dispensed == after.inside
    assert scene.town.switch.state.laid_aside == ()


async def test_an_answer_that_comes_too_late_is_taken_back(scene: Scene) -> None:
    live, number = await scene.code(), scene.customer.state.number
    hurried = Town(scene.town.url, scene.town.people, ask_seconds=PATIENCE_SECONDS, listens=False)
    machine = hurried.atms[0]
    named("reply-late").apply(hurried, Random(1))
    machine.happen(atm.CashAsked(number, live.code, live.amount))
    await hurried.work.quiet(WAIT_SECONDS)
    await asyncio.sleep(PATIENCE_SECONDS + 2 * LATER_SECONDS)
    await hurried.work.quiet(WAIT_SECONDS)
    assert machine.state.stage is Stage.IDLE
    assert machine.state.dispensed == 0
    assert (machine.state.store, hurried.switch.state.stored) == ((), ())
    assert await scene.journal(live) == [written(HELD), written(BACK)]
    await hurried.close()


async def test_notes_that_nobody_took_lie_in_the_bin(scene: Scene) -> None:
    before = total(scene.machine.state.retracted)
    live = await scene.code()
    named("walks-away").apply(scene.town, Random(1))
    await scene.use(live)
    await scene.heal()
    assert total(scene.machine.state.retracted) - before == AMOUNT
    assert await scene.journal(live) == [written(HELD), written(BACK)]


@pytest.mark.parametrize("slip", ["wrong-code", "other-phone"])
async def test_a_code_that_does_not_fit_moves_nothing_and_the_right_one_pays(
    scene: Scene, slip: str
) -> None:
    before = scene.machine.state.dispensed
    live = await scene.code()
    named(slip).apply(scene.town, Random(1))
    await scene.idle()
    await scene.heal()
    assert await scene.journal(live) == [written(HELD)]
    await scene.use(live)
    await scene.heal()
    assert scene.answers[1:] == ["00"]
    assert scene.answers[0] != "00"
    assert await scene.journal(live) == [written(HELD), written(PAID)]
    assert scene.machine.state.dispensed - before == AMOUNT


async def test_a_code_that_was_paid_opens_nothing(scene: Scene) -> None:
    live = await scene.code()
    await scene.use(live)
    await scene.heal()
    named("used-code").apply(scene.town, Random(1))
    await scene.idle()
    await scene.heal()
    assert scene.answers == ["00", "55"]
    assert await scene.journal(live) == [written(HELD), written(PAID)]


async def test_a_code_after_its_time_opens_nothing_and_gives_all_back(scene: Scene) -> None:
    late = scene.forgotten.expiry_time - datetime.now(UTC) + CLOCK_MARGIN
    await asyncio.sleep(max(0.0, late.total_seconds()))
    scene.answers.clear()
    named("expired-code").apply(scene.town, Random(1))
    await scene.idle()
    await scene.heal()
    assert scene.answers == ["54"]
    assert await scene.journal(scene.forgotten) == [written(HELD), written(BACK)]
