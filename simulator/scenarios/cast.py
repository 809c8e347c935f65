"""Who plays which part: drawn by dice from those who live in the town."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from simulator.machines.phone import LiveCode
from simulator.scenarios.script import Part, Scenario
from simulator.town import Town
from simulator.using import AtmInUse, InUse, PhoneInUse, SwitchInUse, TillInUse

M = TypeVar("M")


class CannotPlay(Exception):
    """This scenario cannot be played in this town."""


class Cast:
    """The machines of a scenario by the names that it gives them, and what people have in mind."""

    def __init__(self, town: Town, scenario: Scenario, dice: Random) -> None:
        """Raises CannotPlay."""
        customers = _drawn(town.phones, scenario.playing(Part.CUSTOMER), "customers", dice)
        agents = _drawn(town.tills, scenario.playing(Part.AGENT), "agents", dice)
        machines = _drawn(town.atms, scenario.playing(Part.ATM), "cash machines", dice)
        self.phones: dict[str, PhoneInUse] = {name: InUse(each) for name, each in customers.items()}
        self.tills: dict[str, TillInUse] = {name: InUse(each) for name, each in agents.items()}
        self.atms: dict[str, AtmInUse] = {name: InUse(each) for name, each in machines.items()}
        self.switch: SwitchInUse = InUse(town.switch)
        self.codes: dict[str, LiveCode] = {}  # the newest that each customer remembers
        self.keys: dict[str, str] = {}  # the key of each customer's newest wish

    @property
    def in_use(self) -> dict[str, PhoneInUse | TillInUse | AtmInUse]:
        """All of them."""
        return {**self.phones, **self.tills, **self.atms}

    def called(self, name: str) -> str:
        """A name as it is told: people's as they are, machines' as they stand on them."""
        machine = self.atms.get(name)
        return name.capitalize() if machine is None else machine.state.terminal_id


def _drawn(all_: Sequence[M], names: Sequence[str], noun: str, dice: Random) -> dict[str, M]:
    if len(names) > len(all_):
        raise CannotPlay(f"it takes {len(names)} {noun}, and there are {len(all_)}")
    return dict(zip(names, dice.sample(all_, len(names)), strict=True))
