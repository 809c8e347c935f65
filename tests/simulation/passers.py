"""Customers of a street: they ask for codes, type them, mistype, and change their minds."""

from __future__ import annotations

from typing import Any

from simulator.machines import atm, phone
from simulator.machines.atm import Stage
from simulator.machines.dialogue import Dialogue
from simulator.machines.messages import Response
from simulator.machines.phone import LiveCode
from tests.simulation.street_machines import CODES, AtmInTime, PhoneInTime
from tests.simulation.world import SECOND, World

AMOUNTS = (200, 500, 600, 1_000, 2_000, 2_500, 5_000, 5_200, 8_000)
REST = 25 * SECOND
TRIES_MAX = 4
MISTYPES, CANCELS, FORGETS = 0.1, 0.05, 0.05


class Passer:
    """Somebody with a phone."""

    def __init__(self, world: World, phone_: PhoneInTime, atms: tuple[AtmInTime, ...]) -> None:
        self.world, self.phone, self.atms = world, phone_, atms
        self.over = False
        self._tried: LiveCode | None = None
        self._tries = 0

    def begin(self) -> None:
        """Do something, and again and again."""
        self.world.at(int(self.world.dice.expovariate(1 / REST)), self._act)

    def _act(self) -> None:
        if self.over:
            return
        live = self.phone.state.live
        if live is None or self._tries >= TRIES_MAX:
            self._ask()
        elif self.world.chance(CANCELS):
            self.phone.happen(phone.CancelPressed(self._key()))
        elif not self.world.chance(FORGETS):
            self._type(live)
        self.begin()

    def _ask(self) -> None:
        """Ask for a code. One that is left over is cancelled first."""
        if self.phone.state.pending is not None:
            self.phone.happen(phone.CancelPressed(self._key()))
        amount = self.world.dice.choice(AMOUNTS)
        self.phone.happen(phone.CashWanted(amount, self._key()))
        self._tries = 0

    def _type(self, live: LiveCode) -> None:
        """Key by key, at a machine at which nobody stands; later the phone looks at it."""
        machine = self.world.dice.choice(self.atms)
        state = machine.state
        if state.stage is not Stage.IDLE or state.dialogue is not Dialogue.WELCOME:
            return
        self._tries += 1
        code = live.code
        if self.world.chance(MISTYPES):
            code = f"{(int(code) + 1) % CODES:06}"
        for typed in (self.phone.state.number[-7:], code, str(live.amount)):
            for digit in typed:
                machine.happen(atm.KeyPressed(digit))
            machine.happen(atm.ContinuePressed())
        last: Any = atm.ContinuePressed()
        if machine.state.dialogue is not Dialogue.CONFIRM:
            last = atm.CancelPressed()
        machine.happen(last)
        self.world.at(self.world.between(5 * SECOND, 60 * SECOND), self._look, machine)

    def _look(self, machine: AtmInTime) -> None:
        """Who was told to confirm first does so."""
        reply = machine.state.reply
        if reply is not None and reply.response_code == Response.CONFIRM_FIRST:
            self.phone.happen(phone.ApprovePressed())
        self.phone.happen(phone.StatusWanted())

    def _key(self) -> str:
        return f"{self.world.dice.getrandbits(128):032x}"
