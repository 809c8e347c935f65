"""What runs for ever ends when the server leaves, also when it does not hear that at first."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, cast
from uuid import uuid4

import pytest
from psycopg_pool._acompat import ACondition

from server import leaving
from server.leaving import ended
from server.settings import Settings
from server.webhooks.desk import Receiver
from server.webhooks.sender import Sender

SOON = 5.0
EVER = 3_600.0


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "CANCEL_AGAIN_SECONDS", 0.02)


class Deaf:
    """Waits for ever, and does not hear the first cancellation of each wait."""

    def __init__(self, times: int = 1) -> None:
        self.times = times

    async def wait(self) -> None:
        while True:
            try:
                await asyncio.sleep(EVER)
            except asyncio.CancelledError:
                if not self.times:
                    raise
                self.times -= 1
                return


class DeafDesk:
    """The deliveries' tables, behind a pool that loses a cancellation now and then."""

    def __init__(self, *receivers: Receiver) -> None:
        self.all = list(receivers)
        self.deaf = Deaf()
        self.turns = 0

    async def receivers(self) -> list[Receiver]:
        self.turns += 1
        if self.turns > 1 or not self.all:
            await self.deaf.wait()
        return self.all

    async def begin_at(self, *_: Any) -> None:
        """Nothing to do."""

    async def claim(self, *_: Any) -> list[Any]:
        await self.deaf.wait()
        return []


def sender(desk: DeafDesk) -> Sender:
    nobody = cast("Any", None)
    return Sender(cast("Any", desk), nobody, nobody, nobody, Settings(), nobody)


async def begun(coroutine: Any) -> asyncio.Task[Any]:
    task = asyncio.create_task(coroutine)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="wait_for hears every cancellation there")
async def test_a_wait_of_the_pool_can_lose_a_cancellation() -> None:
    """Why once is not enough: the wait is over, and its caller has not gone on yet."""
    condition = ACondition()

    async def waits() -> bool:
        async with condition:
            return await condition.wait_timeout(EVER)

    task = await begun(waits())
    await asyncio.sleep(0.01)
    async with condition:
        condition.notify()
    task.cancel()
    assert await asyncio.wait_for(task, SOON), "it came to its end as if nobody had cancelled it"


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_what_is_cancelled_ends_however_often_it_takes(times: int) -> None:
    async def loops(deaf: Deaf) -> None:
        while True:
            await deaf.wait()

    tasks = [await begun(loops(Deaf(each))) for each in (times, 0)]
    async with asyncio.timeout(SOON):
        await ended(tasks)
    assert all(task.cancelled() for task in tasks)


async def test_one_that_fails_instead_does_not_stop_the_others() -> None:
    async def fails() -> None:
        try:
            await asyncio.sleep(EVER)
        except asyncio.CancelledError:
            raise ValueError from None

    tasks = [await begun(fails()), await begun(Deaf(0).wait())]
    async with asyncio.timeout(SOON):
        await ended(tasks)
    assert isinstance(tasks[0].exception(), ValueError)
    await ended([])


async def test_the_sender_of_webhooks_ends_when_it_was_deaf() -> None:
    desk = DeafDesk()
    running = await begun(sender(desk).run())
    async with asyncio.timeout(SOON):
        await ended([running])
    assert running.cancelled()
    assert desk.deaf.times == 0, "it did not hear the first time"


async def test_so_does_every_delivery_that_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = Receiver(
        id=uuid4(),
        url="https://example.com",
        kinds=(),
        state="active",
        reason=None,
        added_at=cast("Any", None),
        secret_seal=b"-",
        old_secret_seal=None,
        old_until=None,
        position=1,
    )
    desk = DeafDesk(receiver)
    sends = sender(desk)
    sends.reached(1)  # nothing is new: it goes on to what is due
    await sends.turn()
    await asyncio.sleep(0.01)
    assert len(sends._serving) == 1
    async with asyncio.timeout(SOON):
        await sends.close()
    assert not sends._serving
