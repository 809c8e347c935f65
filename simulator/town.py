"""The town: everybody of demo.json with a machine in hand, joined up, on one makeba server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from random import Random, SystemRandom

import httpx

from simulator.api import Api, Bookmark, connect
from simulator.authenticator import Authenticator
from simulator.customer import Customer
from simulator.dispenser import Dispenser
from simulator.hands.agent import TillHands
from simulator.hands.atm import ASK_SECONDS, AtmHands
from simulator.hands.cable import Cable
from simulator.hands.issuer import Issuer
from simulator.hands.phone import PhoneHands
from simulator.hands.signing_in import sign_in, step_up
from simulator.hands.switch import SwitchHands
from simulator.line import Line
from simulator.link.keys import KEY_BYTES, LinkKeys
from simulator.link.port import Port
from simulator.link.weather import Weather
from simulator.machines import (
    agent,
    agent_steps,
    atm,
    atm_steps,
    phone,
    phone_steps,
    switch,
    switch_steps,
)
from simulator.machines.agent import Till
from simulator.machines.atm import Atm
from simulator.machines.messages import WithdrawalReply
from simulator.machines.phone import Phone
from simulator.machines.switch import Switch
from simulator.mishaps import Mishaps
from simulator.people import People, Site, Somebody
from simulator.running import Clock, Running, Work, WrongClock, system_clock
from simulator.shown_codes import ShownCodes
from simulator.tape import Tape

SWITCH = "switch"
UNLIMITED = httpx.Limits()  # each listener to events keeps a connection of their own
CUT_OFF_LOOK_SECONDS = 5.0
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
        listens: bool = True,
        ask_seconds: float = ASK_SECONDS,
    ) -> None:
        self.url = url
        self.people = people
        self.work = Work()
        self.bookmark = Bookmark()
        self.tape = Tape()
        self.mishaps = Mishaps()
        self.shown_codes = ShownCodes()
        self.dice = dice or SystemRandom()
        self.clock = clock
        self.ask_seconds = ask_seconds
        self._listens = listens
        trust = people.trust
        self._network = httpx.AsyncHTTPTransport(verify=trust.context(), limits=UNLIMITED)
        self._link = httpx.AsyncHTTPTransport(verify=trust.context(as_switch=True))
        self._lines = {each.phone: Line(self._network) for each in people.users}
        self._lines[SWITCH] = Line(self._link)
        self._clients = {name: connect(url, line) for name, line in self._lines.items()}
        self._apis: dict[str, Api] = {}
        self.phones = tuple(self._phone(each) for each in people.of("customer"))
        self.tills = tuple(self._till(each) for each in people.of("agent"))
        terminals = tuple(site.terminal_id for site in people.terminals)
        self.clocks = {name: WrongClock(clock) for name in (SWITCH, *terminals)}
        self.switch = self._switch()
        self.weathers = {terminal: Weather() for terminal in terminals}
        self.dispensers = {terminal: Dispenser() for terminal in terminals}
        self.customers = {terminal: Customer() for terminal in terminals}
        self._keys = LinkKeys(self.dice.randbytes(KEY_BYTES))
        self._cables: dict[str, Cable] = {}
        self._authenticators: dict[str, Authenticator] = {}  # of the staff, by phone number
        self._keys_line = connect(url, self._network)  # nothing goes wrong on purpose on it
        self._issuer = Issuer(Api(self._keys_line), clock)
        self._port = Port(
            people.switch.acquirer_id,
            self._keys,
            self.switch.happen,
            self.tape,
            self.clocks[SWITCH],
        )
        self.atms = tuple(self._atm(site) for site in people.terminals)
        for phone_ in self.phones:
            phone_.watch(self.shown_codes.notice)
        for atm_ in self.atms:
            atm_.watch(self.shown_codes.notice)

    def line(self, name: str) -> Line:
        """The line of somebody, by phone number, or that of the switch."""
        return self._lines[name]

    def api(self, phone_number: str) -> Api:
        """What the machine of a customer or an agent asks with: signed in as soon as that is."""
        return self._apis[phone_number]

    @property
    def faults(self) -> frozenset[str]:
        """Names of the faults that are on, or wait for their chance."""
        return self.mishaps.faults

    def heal(self) -> None:
        """Nothing goes wrong on purpose any more."""
        self.mishaps.heal()
        for line in self._lines.values():
            line.heal()
        for dispenser in self.dispensers.values():
            dispenser.heal()
        for customer in self.customers.values():
            customer.heal()
        if self.switch.state.waits_for_somebody:
            self.switch.happen(switch.ResendPressed())

    async def reader(self, role: str) -> Api:
        """Somebody of the staff, signed in, who reads what everybody has written."""
        who = self.people.of(role)[0]
        api = Api(self._clients[who.phone], self.bookmark)
        await sign_in(api, self._authenticator(who), who.phone, who.pin)
        return api

    async def confirm(self, api: Api, role: str) -> None:
        """Have the same show the second factor again, for something that matters."""
        await step_up(api, self._authenticator(self.people.of(role)[0]))

    def _authenticator(self, who: Somebody) -> Authenticator:
        return self._authenticators.setdefault(who.phone, Authenticator(who.totp_secret))

    def key(self) -> str:
        """A key for one wish."""
        return f"{self.dice.getrandbits(128):032x}"

    def dial(self) -> None:
        """Have all machines sign on at the switch, before anybody comes."""
        self.work.keep(self._watch_the_clock())
        for cable in self._cables.values():
            self.work.start(cable.dial())

    async def close(self) -> None:
        """Everybody goes home."""
        await self.work.stop()
        for cable in self._cables.values():
            await cable.close()
        await self._port.close()
        for client in self._clients.values():
            await client.aclose()
        await self._keys_line.aclose()
        await self._network.aclose()
        await self._link.aclose()

    def _phone(self, who: Somebody) -> PhoneAtWork:
        def tell(event: phone.Event) -> None:
            machine.happen(event)

        api = self._apis[who.phone] = Api(self._clients[who.phone], self.bookmark)
        hands = PhoneHands(
            api,
            Authenticator(who.totp_secret),
            tell,
            self.work.keep if self._listens else None,
        )
        state = Phone(number=who.phone)
        machine: PhoneAtWork = Running(
            f"phone {who.phone}", state, phone_steps.step, hands.carry_out, self.work, self.clock
        )
        return machine

    def _till(self, who: Somebody) -> TillAtWork:
        def tell(event: agent.Event) -> None:
            machine.happen(event)

        assert who.agent_id is not None, "an agent has a counter"
        api = self._apis[who.phone] = Api(self._clients[who.phone], self.bookmark)
        hands = TillHands(
            api,
            Authenticator(who.totp_secret),
            tell,
            self.work.keep if self._listens else None,
        )
        state = Till(agent_id=who.agent_id, phone=who.phone, drawer=DRAWER)
        machine: TillAtWork = Running(
            f"agent {who.phone}", state, agent_steps.step, hands.carry_out, self.work, self.clock
        )
        return machine

    def _switch(self) -> SwitchAtWork:
        owner = self.people.switch
        client = self._clients[SWITCH]
        hands = SwitchHands(
            client, owner, self._deliver, self.bookmark, self.clocks[SWITCH], self.tape
        )
        self.filing = hands.filing
        clock = self.clocks[SWITCH]
        state = switch.opened(owner.acquirer_id, self.dice, clock())
        return Running(SWITCH, state, switch_steps.step, hands.carry_out, self.work, clock)

    async def _watch_the_clock(self) -> None:
        """The business day ends even when nobody comes."""
        while True:
            await asyncio.sleep(CUT_OFF_LOOK_SECONDS)
            self.switch.happen(switch.Woken())

    def _atm(self, site: Site) -> AtmAtWork:
        def alarm(seconds: float, event: atm.Event) -> None:
            self.work.later(seconds, lambda: machine.happen(event))

        def tell(event: atm.Event) -> None:
            machine.happen(event)

        clock = self.clocks[site.terminal_id]
        weather = self.weathers[site.terminal_id]
        cable = Cable(
            (site.terminal_id, site.place, self.people.switch.acquirer_id),
            self._keys,
            weather,
            self._port.address,
            tell,
            self.work.later,
            self.work.keep,
            clock,
        )
        self._cables[site.terminal_id] = cable
        hands = AtmHands(
            self.dispensers[site.terminal_id],
            self.customers[site.terminal_id],
            cable,
            self._issuer,
            alarm,
            clock,
            self.ask_seconds,
        )
        state = Atm(terminal_id=site.terminal_id, place=site.place, cassettes=CASSETTES)
        machine: AtmAtWork = Running(
            f"atm {site.terminal_id}",
            state,
            atm_steps.step,
            hands.carry_out,
            self.work,
            clock,
        )
        return machine

    def _deliver(self, reply: WithdrawalReply) -> None:
        self._port.reply(reply)


@asynccontextmanager
async def opened(
    url: str, people: People, *, ask_seconds: float = ASK_SECONDS
) -> AsyncIterator[Town]:
    """The town as long as it is needed."""
    town = Town(url, people, ask_seconds=ask_seconds)
    try:
        town.dial()
        yield town
    finally:
        await town.close()
