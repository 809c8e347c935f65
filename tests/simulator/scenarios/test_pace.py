"""Scenarios are played as fast as it goes, at the speed of people, at ten times that, or paused."""

from __future__ import annotations

import asyncio

from simulator.scenarios.pace import STEP_SECONDS, Pace


class Slept:
    """A bed that notes how long one lay in it."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def test_without_a_speed_nobody_waits() -> None:
    slept = Slept()
    await Pace(None, slept).beat()
    assert slept.seconds == []


async def test_ten_times_faster_is_a_tenth_of_the_pause() -> None:
    slept = Slept()
    await Pace(1.0, slept).beat()
    await Pace(10.0, slept).beat()
    assert slept.seconds == [STEP_SECONDS, STEP_SECONDS / 10]


async def test_paused_it_stands_still_until_it_goes_on() -> None:
    pace = Pace()
    pace.pause()
    beat = asyncio.create_task(pace.beat())
    await asyncio.sleep(0)
    assert pace.paused
    assert not beat.done()
    pace.resume()
    await asyncio.wait_for(beat, 20)
    assert not pace.paused


def test_one_key_goes_through_all_speeds() -> None:
    pace = Pace(1.0)
    seen = []
    for _ in range(4):
        pace.change()
        seen.append("paused" if pace.paused else pace.speed)
    assert seen == [10.0, "paused", 1.0, 10.0]
