"""Machines at work: events at once, orders beside, and an end that can be waited for."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from simulator.running import Running, Work


def counting(state: int, event: int, _now: datetime) -> tuple[int, tuple[int, ...]]:
    """Adds up; whatever is above zero is ordered to be counted down."""
    return state + event, (event - 1,) if event > 0 else ()


async def at_once(order: int) -> int | None:
    """What comes of an order is an event, until there is none."""
    return order or None


async def test_what_follows_from_an_event_is_done_when_it_is_quiet() -> None:
    work = Work()
    machine = Running("adder", 0, counting, at_once, work)
    machine.happen(3)
    assert machine.state == 3
    await work.quiet(1.0)
    assert machine.state == 3 + 2 + 1


async def test_a_machine_takes_events_while_its_orders_are_under_way() -> None:
    work, gate = Work(), asyncio.Event()

    async def slow(order: int) -> int | None:
        await gate.wait()
        return order or None

    machine = Running("adder", 0, counting, slow, work)
    machine.happen(1)
    machine.happen(1)
    assert machine.state == 2
    gate.set()
    await work.quiet(1.0)


async def test_who_watches_is_told_of_each_event_in_order() -> None:
    work, told = Work(), []
    machine = Running("adder", 0, counting, at_once, work)
    machine.watch(lambda each: told.append((each.machine, each.before, each.event, each.after)))
    machine.happen(2)
    await work.quiet(1.0)
    assert told == [("adder", 0, 2, 2), ("adder", 2, 1, 3)]


async def test_waiting_for_quiet_has_an_end() -> None:
    work = Work()

    async def never(_order: int) -> None:
        await asyncio.Event().wait()

    Running("adder", 0, counting, never, work).happen(1)
    with pytest.raises(TimeoutError):
        await work.quiet(0.01)
    await work.stop()


async def test_what_fails_is_not_swallowed_and_told_once() -> None:
    work = Work()

    async def broken(_order: int) -> None:
        raise RuntimeError("broken")

    Running("adder", 0, counting, broken, work).happen(1)
    with pytest.raises(RuntimeError, match="broken"):
        await work.quiet(1.0)
    await work.quiet(1.0)


async def test_nobody_waits_for_an_alarm() -> None:
    work, rung = Work(), asyncio.Event()
    work.later(0.01, rung.set)
    await work.quiet(1.0)
    assert not rung.is_set()
    await asyncio.wait_for(rung.wait(), 1.0)


async def test_an_alarm_is_silent_when_the_work_has_stopped() -> None:
    work, rung = Work(), asyncio.Event()
    work.later(0.01, rung.set)
    await work.stop()
    await asyncio.sleep(0.03)
    assert not rung.is_set()
