"""Being told of what happens, as it happens, and of what happened while nobody listened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

import msgspec

from simulator.api import Api, Heard
from simulator.bookkeeping import credited
from simulator.chapters.shapes import BankCredited
from simulator.contract import Told
from simulator.machines import phone
from simulator.running import Happened
from simulator.scene import Chapter, Scene, StoryBroken
from simulator.words import escudos

PAID_IN = 700
HEARD_SECONDS = 10.0


async def told_as_it_happens(scene: Scene) -> None:
    """An operator listens, hangs up, and comes back with the last id."""
    customer, operator = scene.customer, await scene.deciding("operator")
    before = scene.balance(customer)
    async with operator.listen() as stream:
        await _next(stream)  # from where on it listens
        await scene.say("An operator listens; the bank is credited for a customer.")
        first = await _credit(scene, operator)
        heard = await _hear(stream, "bank.credited")
        scene.teller.expect("the operator hears of it at once", _subject(heard), str(first))
        scene.teller.expect("the customer's phone tells of it", await _rings(scene, first), True)
    await scene.say("The line is cut. The bank is credited once more, and nobody listens.")
    second = await _credit(scene, operator)
    async with operator.listen(heard.id) as stream:
        missed = await _hear(stream, "bank.credited")
    scene.teller.expect("back with the last id, nothing is missed", _subject(missed), str(second))
    for transaction_id in (first, second):
        await scene.expect_entries(transaction_id, credited(PAID_IN))
    more = escudos(2 * PAID_IN)
    await scene.expect_balance(customer, before + 2 * PAID_IN, f"{more} more")


async def _credit(scene: Scene, operator: Api) -> UUID:
    body = {
        "reference": scene.town.key(),
        "amount": PAID_IN,
        "valueDate": "2026-01-02",
        "phone": scene.customer.state.number,
    }
    reply = await operator.post("deposit/bank", body, BankCredited, key=scene.town.key())
    return reply.value.transaction_id


async def _rings(scene: Scene, transaction_id: UUID) -> bool:
    """Whether the customer's phone shows a notice of this, as soon as it does."""
    rung = asyncio.Event()

    def look(_happened: Happened) -> None:
        if transaction_id in [each.subject for each in scene.customer.state.notices]:
            rung.set()

    scene.customer.watch(look)
    scene.customer.happen(phone.BalanceWanted())
    with suppress(TimeoutError):
        await asyncio.wait_for(rung.wait(), HEARD_SECONDS)
    return rung.is_set()


async def _hear(stream: AsyncIterator[Heard], event: str) -> Heard:
    """The next event of this kind. Raises StoryBroken when it does not come."""
    while True:
        heard = await _next(stream)
        if heard.event == event:
            return heard


async def _next(stream: AsyncIterator[Heard]) -> Heard:
    try:
        async with asyncio.timeout(HEARD_SECONDS):
            return await anext(stream)
    except (TimeoutError, StopAsyncIteration) as error:
        raise StoryBroken("nothing was heard") from error


def _subject(heard: Heard) -> str:
    return str(msgspec.json.decode(heard.data, type=Told).subject)


CHAPTERS = (Chapter("Acontecimentos: told as it happens, and after a break", told_as_it_happens),)
