"""Mischief begins faults one after the other, and ends those that would last."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any, cast

import pytest

from simulator import mischief
from simulator.faults import Fault
from simulator.mischief import Mischief
from simulator.mishaps import Mishaps
from simulator.town import Town
from simulator.words import Text


class Place:
    """As much of a town as a fault needs."""

    def __init__(self) -> None:
        self.mishaps = Mishaps()

    @property
    def faults(self) -> frozenset[str]:
        return self.mishaps.faults


def begin(town: Town, _dice: Random, fault: str) -> None:
    town.mishaps.begin(fault, times=None)


def fault(name: str, *, lasting: bool) -> Fault:
    text = Text(name, name)
    return Fault(name=name, key="x", title=text, help=text, begin=begin, lasting=lasting)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(mischief, "PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(mischief, "LASTS_SECONDS", 0.001)
    return Place()


async def go_on(place: Place, *faults: Fault, until: Any) -> Mischief:
    striking = Mischief(cast("Town", place), Random(1), faults)
    task = asyncio.create_task(striking.go_on())
    async with asyncio.timeout(20):
        while not until(striking):  # noqa: ASYNC110 - it counts, and tells nobody
            await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return striking


async def test_a_lasting_fault_ends_and_begins_again(place: Place) -> None:
    rain = fault("rain", lasting=True)
    struck = await go_on(place, rain, until=lambda each: each.begun["rain"] > 2)
    assert struck.begun.total() > 2


async def test_what_waits_for_its_chance_is_not_begun_twice(place: Place) -> None:
    faults = (fault("trap", lasting=False), fault("rain", lasting=True))
    struck = await go_on(place, *faults, until=lambda each: each.begun["rain"] > 5)
    assert struck.begun["trap"] <= 1
