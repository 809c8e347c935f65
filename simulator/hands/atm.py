"""What a cash machine's body does: it counts notes, and has a cable to the switch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from simulator.api import ApiError
from simulator.customer import Attitude, Customer
from simulator.dispenser import Dispenser
from simulator.hands.cable import Cable
from simulator.hands.issuer import Issuer
from simulator.machines import atm, atm_line
from simulator.machines.atm import Event, Order
from simulator.machines.messages import WithdrawalRequest
from simulator.machines.store import Advise
from simulator.running import Clock, system_clock

ASK_SECONDS = 40.0  # before the customer is told that nobody answers
GONE_SECONDS = 1.0  # before the machine notices that nobody stands there any more

Alarm = Callable[[float, Event], None]


class AtmHands:
    """Carries out the orders of one machine. `cable` leads to the switch; codes are for the
    `issuer`; `alarm` tells the machine of an event after so many seconds."""

    def __init__(
        self,
        dispenser: Dispenser,
        customer: Customer,
        cable: Cable,
        issuer: Issuer,
        alarm: Alarm,
        clock: Clock = system_clock,
        ask_seconds: float = ASK_SECONDS,
    ) -> None:
        self._dispenser = dispenser
        self._customer = customer
        self._cable = cable
        self._issuer = issuer
        self._alarm = alarm
        self._clock = clock
        self._ask_seconds = ask_seconds

    async def carry_out(self, order: Order) -> Event | None:
        """Do it, and tell what came of it."""
        match order:
            case atm.Ask():
                return await self._asked(order.request)
            case atm.Dispense():
                return atm.Dispensed(self._dispenser.pay(order.notes))
            case Advise():
                await self._cable.advise(order)
                return None
            case atm_line.Manage():
                await self._cable.manage(order.request)
                return None
            case atm_line.WakeStore():
                await asyncio.sleep(max(0.0, (order.due - self._clock()).total_seconds()))
                return atm_line.StoreWoken()
            case atm.AwaitKey():
                self._alarm(order.seconds, atm.WaitedTooLong(order.token))
                return None
            case atm.AwaitTaking():
                return await self._taken(order)

    async def _asked(self, request: WithdrawalRequest) -> Event | None:
        self._alarm(self._ask_seconds, atm.TimedOut(request.origin))
        try:
            sealed = await self._issuer.sealed(request)
        except ApiError:  # in the clear it does not go out
            return atm.TimedOut(request.origin)
        await self._cable.ask(sealed, self._ask_seconds)
        return None

    async def _taken(self, order: atm.AwaitTaking) -> Event | None:
        match self._customer.decide():
            case Attitude.TAKES:
                return atm.NotesTaken()
            case Attitude.LEAVES:
                await asyncio.sleep(min(GONE_SECONDS, order.seconds))
                return atm.WaitedTooLong(order.token)
            case Attitude.WAITS:
                self._alarm(order.seconds, atm.WaitedTooLong(order.token))
                return None
