"""What a cash machine's body does: it counts notes, and has a cable to the switch."""

from __future__ import annotations

from collections.abc import Callable

from simulator.faults import Dispenser
from simulator.machines import atm
from simulator.machines.atm import Event, Order
from simulator.machines.switch import AtmAdvised, AtmAsked
from simulator.machines.switch import Event as SwitchEvent

ASK_SECONDS = 40.0  # before the customer is told that nobody answers

Cable = Callable[[SwitchEvent], None]
Alarm = Callable[[float, Event], None]


class AtmHands:
    """Carries out the orders of one machine. `cable` leads to the switch; `alarm` tells the machine
    of an event after so many seconds."""

    def __init__(self, dispenser: Dispenser, cable: Cable, alarm: Alarm) -> None:
        self._dispenser = dispenser
        self._cable = cable
        self._alarm = alarm

    async def carry_out(self, order: Order) -> Event | None:
        """Do it, and tell what came of it."""
        match order:
            case atm.Ask():
                self._alarm(ASK_SECONDS, atm.TimedOut(order.request.origin))
                self._cable(AtmAsked(order.request))
                return None
            case atm.Dispense():
                return atm.Dispensed(self._dispenser.pay(order.notes))
            case atm.Advise():
                self._cable(AtmAdvised(order.advice))
                return None
