"""How each fault is brought about: on lines, in dispensers, clocks and files.

What can befall several machines befalls whichever comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from simulator.link.weather import Ill, Trouble
from simulator.machines import atm
from simulator.machines.atm import Stage
from simulator.machines.notes import DENOMINATIONS
from simulator.machines.switch import CutOffPressed, Woken
from simulator.mishaps import Mishap
from simulator.town import SWITCH, AtmAtWork, Town

AUTHORISATIONS = "vinti4/authorisations"
AUTHORISATION_TRIES = 3  # of the switch, before it gives up
REQUEST = "0200"
REVERSAL = "0420"
SLOW_SECONDS = 3.0
LATER_SECONDS = 0.5  # until a machine that serves somebody is looked at again
SKEW = timedelta(minutes=-5)


def network_down(town: Town, _dice: Random, fault: str) -> None:
    """The switch cannot reach makeba."""
    _on_issuer_line(town, Ill.DOWN, town.mishaps.begin(fault, None))


def machines_cut_off(town: Town, _dice: Random, fault: str) -> None:
    """No machine can reach the switch."""
    _on_machine_lines(town, Ill.DOWN, town.mishaps.begin(fault, None))


def phones_offline(town: Town, _dice: Random, fault: str) -> None:
    """No phone can reach makeba."""
    mishap = town.mishaps.begin(fault, None)
    for phone in town.phones:
        town.line(phone.state.number).weather.suffer(Trouble(Ill.DOWN, mishap))


def issuer_slow(town: Town, _dice: Random, fault: str) -> None:
    """makeba takes its time to answer the switch."""
    mishap = town.mishaps.begin(fault, None)
    _on_issuer_line(town, Ill.REPLY_LATE, mishap, seconds=SLOW_SECONDS)


def issuer_silent(town: Town, _dice: Random, fault: str) -> None:
    """No try of the switch to ask is answered."""
    mishap = town.mishaps.begin(fault, AUTHORISATION_TRIES)
    _on_issuer_line(town, Ill.REPLY_LOST, mishap, AUTHORISATIONS)


def reply_lost(town: Town, _dice: Random, fault: str) -> None:
    """One of makeba's answers to the switch does not arrive."""
    _on_issuer_line(town, Ill.REPLY_LOST, town.mishaps.begin(fault), AUTHORISATIONS)


def request_duplicated(town: Town, _dice: Random, fault: str) -> None:
    """A machine's request reaches the switch twice."""
    _on_machine_lines(town, Ill.REQUEST_TWICE, town.mishaps.begin(fault), REQUEST)


def bad_mac(town: Town, _dice: Random, fault: str) -> None:
    """A machine's request is altered on its way."""
    _on_machine_lines(town, Ill.MAC_BROKEN, town.mishaps.begin(fault), REQUEST)


def reversal_lost(town: Town, _dice: Random, fault: str) -> None:
    """A machine pays nothing, and its first word of that gets lost."""
    _pay_nothing(town, town.mishaps.begin(fault))
    _on_machine_lines(town, Ill.REQUEST_LOST, town.mishaps.begin(fault), REVERSAL)


def reversal_repeated(town: Town, _dice: Random, fault: str) -> None:
    """A machine pays nothing, and its word of that arrives twice."""
    _pay_nothing(town, town.mishaps.begin(fault))
    _on_machine_lines(town, Ill.REQUEST_TWICE, town.mishaps.begin(fault), REVERSAL)


def reversal_first(town: Town, _dice: Random, fault: str) -> None:
    """All tries of the switch to ask are held up until its reversal has passed."""
    mishap = town.mishaps.begin(fault, AUTHORISATION_TRIES)
    _on_issuer_line(town, Ill.REQUEST_LATE, mishap, AUTHORISATIONS)


def nothing_dispensed(town: Town, _dice: Random, fault: str) -> None:
    """A payment without notes."""
    _pay_nothing(town, town.mishaps.begin(fault))


def part_dispensed(town: Town, _dice: Random, fault: str) -> None:
    """A payment that stops half way."""
    mishap = town.mishaps.begin(fault)
    for dispenser in town.dispensers.values():
        dispenser.stop_half_way(mishap)


def jam(town: Town, _dice: Random, fault: str) -> None:
    """No payment brings notes."""
    _pay_nothing(town, town.mishaps.begin(fault, None))


def walks_away(town: Town, _dice: Random, fault: str) -> None:
    """Somebody leaves the notes in the tray."""
    mishap = town.mishaps.begin(fault)
    for customer in town.customers.values():
        customer.walk_away(mishap)


def note_exhausted(town: Town, dice: Random, fault: str) -> None:
    """One denomination is taken out of every machine, and brought back at the end."""
    note = dice.choice(DENOMINATIONS)
    kept: dict[str, int] = {}

    def take_out(machine: AtmAtWork) -> None:
        count = machine.state.cassettes.get(note, 0)
        if mishap.on and count:
            kept[machine.name] = count
            _add(machine, note, -count)

    def bring_back(machine: AtmAtWork) -> None:
        if machine.name in kept:
            _add(machine, note, kept.pop(machine.name))

    def bring_all_back() -> None:
        for machine in town.atms:
            _when_free(town, machine, bring_back)

    mishap = town.mishaps.begin(fault, None, at_end=bring_all_back)
    for machine in town.atms:
        _when_free(town, machine, take_out)


def _when_free(town: Town, machine: AtmAtWork, what: Callable[[AtmAtWork], None]) -> None:
    """Nobody opens a machine while it serves somebody."""
    if machine.state.stage is Stage.IDLE:
        what(machine)
    else:
        town.work.later(LATER_SECONDS, lambda: _when_free(town, machine, what))


def _add(machine: AtmAtWork, note: int, count: int) -> None:
    before = machine.state.cassettes
    machine.happen(atm.CassettesLoaded({**before, note: before.get(note, 0) + count}))


def clock_skew(town: Town, _dice: Random, fault: str) -> None:
    """The switch's clock is slow. What it has put off by that clock is due when it is right."""
    clock = town.clocks[SWITCH]

    def put_right() -> None:
        clock.off = timedelta(0)
        town.switch.happen(Woken())

    town.mishaps.begin(fault, None, at_end=put_right)
    clock.off = SKEW


def tampered_file(town: Town, _dice: Random, fault: str) -> None:
    """The switch writes its file, and somebody puts more money into it on its way."""
    town.filing.tamper(town.mishaps.begin(fault))
    town.switch.happen(CutOffPressed())


def reply_late(town: Town, _dice: Random, fault: str) -> None:
    """An answer reaches its machine when that waits no more."""
    mishap = town.mishaps.begin(fault)
    late_seconds = town.ask_seconds + LATER_SECONDS
    _on_machine_lines(town, Ill.REPLY_LATE, mishap, REQUEST, late_seconds)


def _pay_nothing(town: Town, mishap: Mishap) -> None:
    for dispenser in town.dispensers.values():
        dispenser.jam(mishap=mishap)


def _on_issuer_line(
    town: Town, ill: Ill, mishap: Mishap, path: str = "", seconds: float = 0.0
) -> None:
    town.line(SWITCH).weather.suffer(Trouble(ill, mishap, path, seconds))


def _on_machine_lines(
    town: Town, ill: Ill, mishap: Mishap, mti: str = "", seconds: float = 0.0
) -> None:
    for weather in town.weathers.values():
        weather.suffer(Trouble(ill, mishap, mti, seconds))
