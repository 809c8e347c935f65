"""People of a crowd: they want cash, pay in, send money, mistype, forget, change their minds."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, NamedTuple

from simulator.machines import agent, atm, phone
from simulator.machines.atm import Stage
from simulator.machines.dialogue import Dialogue
from simulator.machines.messages import Response
from simulator.machines.phone import LiveCode
from simulator.town import CASSETTES, Town
from simulator.using import AtmInUse, InUse, PhoneInUse, TillInUse

PAUSE_SECONDS = 1.0  # of a person between two things, about
ANSWER_SECONDS = 45.0
MACHINE_SECONDS = 60.0
LOOKS_MAX = 20  # for a machine that is free
LOW = 10  # notes of a denomination at which somebody fills the cassettes
TRIES_MAX = 3
AMOUNTS = (200, 500, 600, 1_000, 1_200, 2_000, 2_500, 5_000, 5_200, 8_000, 10_000)
COUNTER_AMOUNTS = (150, 1_000, 2_750, 5_000)
CANCELS, FORGETS, MISTYPES = 0.04, 0.07, 0.12  # shares of those who have a code, one above another
CODES = 10**6


class Unheard(NamedTuple):
    """Something at a counter of which nobody knows whether it was done."""

    till: TillInUse
    event: agent.Event


class Townsfolk:
    """All of them. `did` counts what they did; `unheard` is to be asked again."""

    def __init__(self, town: Town, dice: Random) -> None:
        self.over = False
        self.did: Counter[str] = Counter()
        self.unheard: list[Unheard] = []
        self.customers = tuple(InUse(each) for each in town.phones)
        self._town = town
        self._dice = dice
        self._atms = tuple(InUse(each) for each in town.atms)
        self._tills = tuple(InUse(each) for each in town.tills)
        self._queues = {till.state.agent_id: asyncio.Lock() for till in self._tills}

    async def live(self, customer: PhoneInUse) -> None:
        """Do one thing after the other until it is over."""
        while True:
            await asyncio.sleep(self._dice.uniform(0, 2 * PAUSE_SECONDS))
            if self.over:
                return
            [what] = self._dice.choices(WISHES, SHARES)
            await what(self, customer)

    async def ask_again(self) -> None:
        """The agents find out what has become of what they never heard of."""
        for till, event in self.unheard:
            await self._serve(till, event, agent.CashedIn, agent.Confirmed)

    # -- cash machines ---------------------------------------------------------------------------

    async def cash_from_machine(self, customer: PhoneInUse) -> None:
        """Ask for a code, and mostly use it."""
        amount = self._dice.choice(AMOUNTS)
        wish = phone.CashWanted(amount, self._town.key())
        answer = await self._ask(customer, wish, phone.CodeCame)
        if isinstance(answer, phone.WasRefused) and answer.code == "WITHDRAWAL_PENDING":
            await self._cancel(customer)
        if not isinstance(answer, phone.CodeCame):
            return
        self.did["withdrawals"] += 1
        roll = self._dice.random()
        if roll < CANCELS:
            await self._cancel(customer)
        elif roll > FORGETS:
            await self._use(customer, answer.live, mistypes=roll < MISTYPES)

    async def _use(self, customer: PhoneInUse, live: LiveCode, *, mistypes: bool) -> None:
        """At one machine after the other, until one has paid."""
        for tries in range(TRIES_MAX):
            code = live.code
            if mistypes and not tries:
                code = f"{(int(code) + 1) % CODES:06}"
            machine = await self._free()
            if machine is None or await self._paid(customer, machine, code, live.amount):
                return
            await asyncio.sleep(self._dice.uniform(0, PAUSE_SECONDS))

    async def _paid(self, customer: PhoneInUse, machine: AtmInUse, code: str, amount: int) -> bool:
        """Whether notes came out."""
        mark = machine.mark
        machine.machine.happen(atm.CashAsked(customer.state.number, code, amount))
        await machine.until(lambda: machine.state.stage is Stage.IDLE, MACHINE_SECONDS)
        events = machine.since(mark)
        replies = [each.reply for each in events if isinstance(each, atm.Replied)]
        if replies and replies[-1].response_code == Response.CONFIRM_FIRST:
            await self._ask(customer, phone.ApprovePressed(), phone.Approved)
        return any(isinstance(each, atm.NotesTaken) for each in events)

    async def _free(self) -> AtmInUse | None:
        """A machine at which nobody stands; somebody keeps it filled."""
        for _ in range(LOOKS_MAX):
            machine = self._dice.choice(self._atms)
            if machine.state.stage is Stage.IDLE and machine.state.dialogue is Dialogue.WELCOME:
                low = min(machine.state.cassettes.get(note, 0) for note in CASSETTES) < LOW
                if low and "note-exhausted" not in self._town.faults:
                    machine.machine.happen(atm.CassettesLoaded(CASSETTES))
                return machine
            await asyncio.sleep(self._dice.uniform(0, PAUSE_SECONDS / 2))
        return None

    async def _cancel(self, customer: PhoneInUse) -> None:
        await self._ask(customer, phone.CancelPressed(self._town.key()), phone.Cancelled)

    # -- counters, and at home -------------------------------------------------------------------

    async def cash_at_counter(self, customer: PhoneInUse) -> None:
        """Ask an agent, and say the code there."""
        till = self._dice.choice(self._tills)
        amount = self._dice.choice(COUNTER_AMOUNTS)
        wish = phone.AgentCashWanted(amount, till.state.agent_id, self._town.key())
        answer = await self._ask(customer, wish, phone.CodeCame)
        if not isinstance(answer, phone.CodeCame):
            return
        self.did["cash_outs"] += 1
        live = answer.live
        async with self._queues[till.state.agent_id]:
            await self._serve(till, agent.QueueWanted(), agent.QueueCame)
            said = agent.CodeSaid(live.transaction_id, live.code, self._town.key())
            if live.transaction_id in [each.transaction_id for each in till.state.queue]:
                await self._serve_for_good(till, said, agent.Confirmed)

    async def cash_in(self, customer: PhoneInUse) -> None:
        """Put notes on a counter."""
        till = self._dice.choice(self._tills)
        user_id = customer.state.user_id
        assert user_id is not None, "everybody has signed in"
        taken = agent.CashTaken(user_id, self._dice.choice(COUNTER_AMOUNTS), self._town.key())
        async with self._queues[till.state.agent_id]:
            self.did["cash_ins"] += 1
            await self._serve_for_good(till, taken, agent.CashedIn)

    async def send(self, customer: PhoneInUse) -> None:
        """Send money to somebody else."""
        other = self._dice.choice(self.customers)
        if other is customer:
            return
        amount = self._dice.choice(COUNTER_AMOUNTS)
        wish = phone.TransferWanted(other.state.number, amount, self._town.key())
        self.did["transfers"] += 1
        await self._ask(customer, wish, phone.Sent)

    async def _serve_for_good(self, till: TillInUse, event: agent.Event, answer: type[Any]) -> None:
        if await self._serve(till, event, answer) is None:
            self.unheard.append(Unheard(till, event))

    async def _ask(self, customer: PhoneInUse, event: phone.Event, answer: type[Any]) -> Any:
        return await customer.do(
            event,
            answer,
            phone.WasRefused,
            wait_max_seconds=ANSWER_SECONDS,
            gave_up=lambda: customer.state.refused == "NO_REPLY",
        )

    async def _serve(self, till: TillInUse, event: agent.Event, *answers: type[Any]) -> Any:
        return await till.do(
            event,
            *answers,
            agent.WasRefused,
            wait_max_seconds=ANSWER_SECONDS,
            gave_up=lambda: till.state.refused == "NO_REPLY",
        )


Wish = Callable[[Townsfolk, PhoneInUse], Awaitable[None]]
WISHES: tuple[Wish, ...] = (
    Townsfolk.cash_from_machine,
    Townsfolk.cash_at_counter,
    Townsfolk.cash_in,
    Townsfolk.send,
)
SHARES = (0.7, 0.1, 0.12, 0.08)
