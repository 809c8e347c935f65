"""The town: everybody of demo.json with a machine in hand, joined up, on one makeba server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from random import Random, SystemRandom

import httpx

from simulator.api import Api, Bookmark, connect
from simulator.authenticator import Authenticator
from simulator.faults import Dispenser, Line
from simulator.hands.agent import TillHands
from simulator.hands.atm import AtmHands
from simulator.hands.phone import PhoneHands
from simulator.hands.signing_in import sign_in
from simulator.hands.switch import SwitchHands
from simulator.machines import agent, atm, phone, switch
from simulator.machines.agent import Till
from simulator.machines.atm import Atm
from simulator.machines.messages import WithdrawalReply
from simulator.machines.phone import Phone
from simulator.machines.switch import Switch
from simulator.people import People, Site, Somebody
from simulator.running import Clock, Running, Work, system_clock

SWITCH = "switch"
DRAWER = Decimal(200_000)
CASSETTES = {5_000: 40, 2_000: 100, 1_000: 100, 500: 100, 200: 100}

PhoneAtWork = Running[Phone, phone.Event, phone.Order]
AtmAtWork = Running[Atm, atm.Event, atm.Order]
TillAtWork = Running[Till, agent.Event, agent.Order]
SwitchAtWork = Running[Switch, switch.Event, switch.Order]


class Town:
    """All machines. Each customer and agent has a line of their own, and so has the switch."""

    def __init__(
        self,
        url: str,
        people: People,
        *,
        clock: Clock = system_clock,
        dice: Random | None = None,
    ) -> None:
        self.people = people
        self.work = Work()
        self.bookmark = Bookmark()
        self.dice = dice or SystemRandom()
        self._clock = clock
        self._network = httpx.AsyncHTTPTransport()
        names = (*(each.phone for each in people.users), SWITCH)
        self._lines = {name: Line(self._network) for name in names}
        self._clients = {name: connect(url, line) for name, line in self._lines.items()}
        self._apis: dict[str, Api] = {}
        self.phones = tuple(self._phone(each) for each in people.of("customer"))
        self.tills = tuple(self._till(each) for each in people.of("agent"))
        self.switch = self._switch()
        self.dispensers = {site.terminal_id: Dispenser() for site in people.terminals}
        self.atms = tuple(self._atm(site) for site in people.terminals)

    def line(self, name: str) -> Line:
        """The line of somebody, by phone number, or that of the switch."""
        return self._lines[name]

    def api(self, phone_number: str) -> Api:
        """What the machine of a customer or an agent asks with: signed in as soon as that is."""
        return self._apis[phone_number]

    def heal(self) -> None:
        """Nothing goes wrong on purpose any more."""
        for line in self._lines.values():
            line.heal()
        for dispenser in self.dispensers.values():
            dispenser.heal()

    async def reader(self, role: str) -> Api:
        """Somebody of the staff, signed in, who reads what everybody has written."""
        who = self.people.of(role)[0]
        api = Api(self._clients[who.phone], self.bookmark)
        await sign_in(api, Authenticator(who.totp_secret), who.phone, who.pin)
        return api

    def key(self) -> str:
        """A key for one wish."""
        return f"{self.dice.getrandbits(128):032x}"

    async def close(self) -> None:
        """Everybody goes home."""
        await self.work.stop()
        for client in self._clients.values():
            await client.aclose()
        await self._network.aclose()

    def _phone(self, who: Somebody) -> PhoneAtWork:
        api = self._apis[who.phone] = Api(self._clients[who.phone], self.bookmark)
        hands = PhoneHands(api, Authenticator(who.totp_secret))
        state = Phone(number=who.phone)
        return Running(
            f"phone {who.phone}", state, phone.step, hands.carry_out, self.work, self._clock
        )

    def _till(self, who: Somebody) -> TillAtWork:
        assert who.agent_id is not None, "an agent has a counter"
        api = self._apis[who.phone] = Api(self._clients[who.phone], self.bookmark)
        hands = TillHands(api, Authenticator(who.totp_secret))
        state = Till(agent_id=who.agent_id, phone=who.phone, drawer=DRAWER)
        return Running(
            f"agent {who.phone}", state, agent.step, hands.carry_out, self.work, self._clock
        )

    def _switch(self) -> SwitchAtWork:
        owner = self.people.switch
        client = self._clients[SWITCH]
        hands = SwitchHands(client, owner, self._deliver, self.bookmark, self._clock)
        state = switch.opened(owner.acquirer_id, self.dice)
        return Running(SWITCH, state, switch.step, hands.carry_out, self.work, self._clock)

    def _atm(self, site: Site) -> AtmAtWork:
        def alarm(seconds: float, event: atm.Event) -> None:
            self.work.later(seconds, lambda: machine.happen(event))

        hands = AtmHands(self.dispensers[site.terminal_id], self.switch.happen, alarm)
        state = Atm(terminal_id=site.terminal_id, place=site.place, cassettes=CASSETTES)
        machine: AtmAtWork = Running(
            f"atm {site.terminal_id}", state, atm.step, hands.carry_out, self.work, self._clock
        )
        return machine

    def _deliver(self, reply: WithdrawalReply) -> None:
        for machine in self.atms:
            if machine.state.terminal_id == reply.origin.terminal_id:
                machine.happen(atm.Replied(reply))


@asynccontextmanager
async def opened(url: str, people: People) -> AsyncIterator[Town]:
    """The town as long as it is needed."""
    town = Town(url, people)
    try:
        yield town
    finally:
        await town.close()
