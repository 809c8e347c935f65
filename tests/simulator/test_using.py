"""Somebody uses a machine and waits for what it does."""

from __future__ import annotations

from datetime import datetime

import pytest

from simulator.running import Running, Work
from simulator.using import InUse

Bell = Running[int, str, str]


def rung(bells: int, event: str, _now: datetime) -> tuple[int, tuple[str, ...]]:
    """A bell that counts; whoever rings it hears an echo."""
    return (bells + 1, ("echo",)) if event == "ring" else (bells, ())


async def echo(order: str) -> str | None:
    return order


@pytest.fixture
def bell() -> InUse[int, str]:
    return InUse(Running("bell", 0, rung, echo, Work()))


def never() -> bool:
    return False


async def test_an_answer_is_waited_for(bell: InUse[int, str]) -> None:
    assert await bell.do("ring", str, wait_max_seconds=20, gave_up=never) == "ring"
    assert await bell.until(lambda: "echo" in bell.since(0), 20)
    assert bell.state == 1


async def test_who_waits_long_enough_gives_up(bell: InUse[int, str]) -> None:
    assert await bell.do("ring", bytes, wait_max_seconds=0.05, gave_up=never) is None


async def test_a_machine_that_gives_up_is_not_waited_for(bell: InUse[int, str]) -> None:
    answer = await bell.do("ring", bytes, wait_max_seconds=20, gave_up=lambda: bell.state == 1)
    assert answer is None


async def test_only_what_came_later_is_an_answer(bell: InUse[int, str]) -> None:
    bell.machine.happen("ring")
    mark = bell.mark
    assert bell.since(mark) == ()
    await bell.do("knock", str, wait_max_seconds=20, gave_up=never)
    assert bell.since(mark)[0] == "knock"
