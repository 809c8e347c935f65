"""Plays a scenario in a town, and checks that journal, wallets and cash are then as it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import NamedTuple
from uuid import UUID

from simulator.api import Api
from simulator.cash_truth import Auditor
from simulator.contract import Entry, JournalPage
from simulator.customer import Attitude
from simulator.machines import agent, phone
from simulator.scenarios import checks
from simulator.scenarios.cast import CannotPlay, Cast
from simulator.scenarios.checks import Check
from simulator.scenarios.doing import NotAsMeant, Stage, spendable
from simulator.scenarios.pace import Pace
from simulator.scenarios.recording import Ending, Opening, Recording, StepTaken, described
from simulator.scenarios.script import Posting, Scenario, Step
from simulator.scenarios.telling import Kind, Tell, Told, told
from simulator.town import Town
from simulator.words import Text

SIGN_IN_SECONDS = 100.0  # an authenticator may have to wait for its next code
SETTLED_SECONDS = 20.0  # for advices that are still under way
LOOK_AGAIN_SECONDS = 0.3
LEAST = 200  # escudos that a machine pays
NOT_QUIET = Text("Há trabalho que não acaba.", "There is work that does not end.")


class Played(NamedTuple):
    """How it went. `checked` is how many things were found true."""

    held: bool
    checked: int
    recording: Recording


class Player:
    """Plays scenarios in one town, one after the other; whoever has signed in stays so."""

    def __init__(self, town: Town, reader: Api, patience_seconds: float = SETTLED_SECONDS) -> None:
        """`reader` may read the journal. What is not as it is written is waited for so long."""
        self._town = town
        self.patience_seconds = patience_seconds
        self._reader = reader
        self._auditor = Auditor(reader, town)

    async def play(
        self, scenario: Scenario, seed: int, tell: Tell, pace: Pace | None = None
    ) -> Played:
        """Play it. Raises CannotPlay when this town is not fit for it, and ApiError."""
        run = _Run(self._town, scenario, seed, tell, pace or Pace(), self.patience_seconds)
        tell(Told(Kind.TITLE, scenario.title))
        tell(Told(Kind.SCREEN, scenario.about))
        await self._auditor.begin()
        attitude = Attitude.TAKES if pace is None or pace.speed is None else Attitude.WAITS
        with _standing(run, attitude):
            await run.sign_in()
            try:
                await run.play()
            finally:
                self._town.heal()
            await run.rest()
        return await self._checked(run)

    async def close(self) -> None:
        """Hang up."""
        await self._auditor.close()

    async def _checked(self, run: _Run) -> Played:
        truth = await self._auditor.settled(self.patience_seconds)
        journal = await self._journal(run)
        for called, wanted in run.scenario.journal.items():
            run.check(checks.journal(called, wanted, journal.get(called, ())))
        for check in (*run.cash(), *await run.wallets()):
            run.check(check)
        run.check(checks.truth(truth))
        return run.played(journal)

    async def _journal(self, run: _Run) -> dict[str, tuple[Entry, ...]]:
        """The entries of each movement, as soon as they are as meant or after a while."""
        deadline = time.monotonic() + self.patience_seconds
        while True:
            made = run.stage.made.items()
            found = {called: await self._entries(movement) for called, movement in made}
            meant = all(
                checks.journal(called, wanted, found.get(called, ())).held
                for called, wanted in run.scenario.journal.items()
            )
            if meant or time.monotonic() > deadline:
                return found
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _entries(self, movement: UUID) -> tuple[Entry, ...]:
        """Oldest first."""
        page = await self._reader.get("journal", JournalPage, transactionId=str(movement))
        return tuple(reversed(page.items))


class _Run:
    """One scenario while it is played."""

    def __init__(
        self,
        town: Town,
        scenario: Scenario,
        seed: int,
        tell: Tell,
        pace: Pace,
        patience_seconds: float,
    ) -> None:
        dice = Random(seed)  # noqa: S311 - a seed repeats a run; nothing is kept secret with it
        self.scenario = scenario
        self.town = town
        self.cast = Cast(town, scenario, dice)
        self.stage = Stage(town, self.cast, dice, pace, patience_seconds)
        self._tell = tell
        self._pace = pace
        self._opening = Opening(scenario=scenario.name, seed=seed)
        self._steps: list[StepTaken] = []
        self._paid = {name: used.state.dispensed for name, used in self.cast.atms.items()}
        self._had: dict[str, int] = {}
        self._held = True
        self._checked = 0

    # -- people and steps ------------------------------------------------------------------------

    async def sign_in(self) -> None:
        """Whoever is not signed in yet does so. Raises CannotPlay."""
        pins = {each.phone: each.pin for each in self.town.people.users}
        for customer in self.cast.phones.values():
            if customer.state.user_id is None:
                customer.machine.happen(phone.PinTyped(pins[customer.state.number]))
        for counter in self.cast.tills.values():
            if not counter.state.open:
                counter.machine.happen(agent.PinTyped(pins[counter.state.phone]))
        await self.town.work.quiet(SIGN_IN_SECONDS)
        absent = [name for name, each in self.cast.phones.items() if each.state.user_id is None]
        absent += [name for name, each in self.cast.tills.items() if not each.state.open]
        if absent:
            raise CannotPlay(f"cannot sign in: {', '.join(absent)}")
        for name in self.cast.phones:
            await self._clear(name)
            self._had[name] = await spendable(self.stage, name)

    async def _clear(self, who: str) -> None:
        """A code that is left over from before is cancelled: asking for one finds it."""
        if self.cast.phones[who].state.held:
            wish = phone.CashWanted(LEAST, self.town.key())
            await self.stage.ask(who, wish, phone.CodeCame)
            await self.stage.ask(who, phone.CancelPressed(self.town.key()), phone.Cancelled)

    async def play(self) -> None:
        """All steps. One that goes wrong in a way that is not meant does not stop the others."""
        for number, step in enumerate(self.scenario.steps, start=1):
            await self._pace.beat()
            await self._take(number, step)

    async def _take(self, number: int, step: Step) -> None:
        marks = {name: used.mark for name, used in self.cast.in_use.items()}
        self._tell(Told(Kind.STEP, told(step, self.cast), getattr(step, "who", "")))
        try:
            await self.stage.do(step)
        except NotAsMeant as broken:
            self.check(Check(held=False, text=broken.text))
        except TimeoutError:
            self.check(Check(held=False, text=NOT_QUIET))
        happened = {
            name: said
            for name, used in self.cast.in_use.items()
            if (said := described(used.since(marks[name])))
        }
        self._steps.append(StepTaken(step=number, happened=happened))
        for name in happened:
            screen = self.cast.in_use[name].state.screen
            self._tell(Told(Kind.SCREEN, screen, self.cast.called(name)))

    async def rest(self) -> None:
        """Everything that was held up comes through."""
        try:
            await self.stage.settle()
        except TimeoutError:
            self.check(Check(held=False, text=NOT_QUIET))

    # -- what must be true -----------------------------------------------------------------------

    def check(self, check: Check) -> None:
        """Tell it."""
        self._held &= check.held
        self._checked += check.held
        self._tell(Told(Kind.HELD if check.held else Kind.BROKEN, check.text))

    def cash(self) -> Iterator[Check]:
        """What came out of each machine."""
        for name, paid in self._paid_out().items():
            yield checks.cash(self.cast.called(name), self.scenario.cash.get(name, 0), paid)

    async def wallets(self) -> tuple[Check, ...]:
        """What has become of the balances that the script names."""
        return tuple(
            [
                checks.wallet(
                    self.cast.called(name),
                    wanted,
                    await spendable(self.stage, name) - self._had[name],
                )
                for name, wanted in self.scenario.wallets.items()
            ]
        )

    def played(self, journal: dict[str, tuple[Entry, ...]]) -> Played:
        """How it went in the end."""
        posted: dict[str, tuple[Posting, ...]] = {
            called: tuple(checks.posted(entry) for entry in entries)
            for called, entries in journal.items()
        }
        ending = Ending(held=self._held, journal=posted, cash=self._paid_out())
        taken = Recording(opening=self._opening, steps=tuple(self._steps), ending=ending)
        return Played(held=self._held, checked=self._checked, recording=taken)

    def _paid_out(self) -> dict[str, int]:
        return {
            name: used.state.dispensed - self._paid[name] for name, used in self.cast.atms.items()
        }


@contextmanager
def _standing(run: _Run, attitude: Attitude) -> Iterator[None]:
    """Customers of the scenario do so about their notes, whoever else stands at the machine."""
    customers = [run.town.customers[used.state.terminal_id] for used in run.cast.atms.values()]
    before = [each.attitude for each in customers]
    for each in customers:
        each.attitude = attitude
    try:
        yield
    finally:
        for each, had in zip(customers, before, strict=True):
            each.attitude = had
