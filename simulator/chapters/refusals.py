"""When the answer is no: wrong code, no money, second thoughts, the same wish twice, too late."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from simulator.bookkeeping import (
    AGENT_AMOUNT_MAX,
    AGENT_FEE_MOST,
    atm_fee,
    given_back,
    held,
)
from simulator.machines import atm, phone
from simulator.scene import Chapter, Scene, StoryBroken
from simulator.town import PhoneAtWork
from simulator.words import escudos

AMOUNT = 1_000
TRIES_MAX = 3
TOO_MUCH = 10_000
LEFT_OVER = 1_000
REQUESTS_MAX = 20
WAIT_MAX_SECONDS = 20.0
CLOCK_MARGIN_SECONDS = 0.1  # the code expires by the database's clock, we wait by ours
BIG_NOTES = {5_000: 20}


async def forgotten(scene: Scene) -> None:
    """A code that will not be used in time."""
    scene.before_forgetting = scene.balance(scene.another)
    live = scene.forgotten = await scene.ask_for_code(scene.another, AMOUNT)
    await scene.say(f"Another customer asks for {escudos(AMOUNT)} and puts the phone away.")
    scene.show(scene.another)
    await scene.expect_entries(live.transaction_id, held(AMOUNT + atm_fee(AMOUNT)))


async def wrong_code(scene: Scene) -> None:
    """The third wrong try locks the code and gives the money back."""
    customer, total = scene.customer, AMOUNT + atm_fee(AMOUNT)
    before = scene.balance(customer)
    live = await scene.ask_for_code(customer, AMOUNT)
    await scene.say("Somebody stands at the machine who knows the number, but not the code.")
    for guess in range(1, TRIES_MAX + 1):
        wrong = f"{(int(live.code) + guess) % 10**6:06}"
        await scene.type_code(customer, wrong, AMOUNT)
        wanted = "75" if guess == TRIES_MAX else "55"
        scene.teller.expect(f"try {guess}: the switch hears {wanted}", _heard(scene), wanted)
    scene.expect_status(customer, "locked")
    scene.show(customer)
    await scene.expect_entries(live.transaction_id, held(total), given_back(total))
    await scene.expect_balance(customer, before, "all of it is back")
    await scene.say("Now the right code, too late.")
    await scene.type_code(customer, live.code, AMOUNT)
    scene.teller.expect("the right code opens nothing any more", _heard(scene), "75")
    await scene.expect_entries(live.transaction_id, held(total), given_back(total))


async def insufficient_funds(scene: Scene) -> None:
    """What is set aside cannot be spent again."""
    customer = scene.third
    before = scene.balance(customer)
    requests = await _set_almost_all_aside(scene, customer)
    await scene.say("A third customer has set nearly all aside at agents, and wants still more.")
    scene.teller.screen("telemóvel", f"Saldo: {escudos(scene.balance(customer))}")
    await scene.do(customer, phone.CashWanted(TOO_MUCH, scene.town.key()))
    scene.show(customer)
    wanted = "INSUFFICIENT_FUNDS"
    scene.teller.expect(f"{escudos(TOO_MUCH)}: {wanted}", customer.state.refused, wanted)
    await scene.say("So the customer cancels what waits at the agents.")
    for transaction_id, total in requests:
        await scene.do(customer, phone.CancelPressed(scene.town.key(), transaction_id))
        await scene.expect_entries(transaction_id, held(total), given_back(total))
    await scene.expect_balance(customer, before, "as before: what was refused moved nothing")


async def _set_almost_all_aside(scene: Scene, customer: PhoneAtWork) -> list[tuple[UUID, int]]:
    """Ask agents for cash until less than TOO_MUCH is left. The requests, and what each holds."""
    requests: list[tuple[UUID, int]] = []
    while (balance := scene.balance(customer)) > TOO_MUCH and len(requests) < REQUESTS_MAX:
        amount = min(AGENT_AMOUNT_MAX, int(balance) - LEFT_OVER - AGENT_FEE_MOST)
        agent_id = scene.till.state.agent_id
        await scene.do(customer, phone.AgentCashWanted(amount, agent_id, scene.town.key()))
        total = int(balance - scene.balance(customer))
        requests.append((scene.live(customer).transaction_id, total))
    return requests


async def big_notes_only(scene: Scene) -> None:
    """A machine that cannot pay burns no code; then the customer cancels."""
    customer, other = scene.customer, scene.town.atms[-1]
    total, before = AMOUNT + atm_fee(AMOUNT), scene.balance(customer)
    live = await scene.ask_for_code(customer, AMOUNT)
    await scene.do(other, atm.CassettesLoaded(BIG_NOTES))
    forwarded = scene.town.switch.state.forwarded
    await scene.do(other, atm.CashAsked(customer.state.number, live.code, AMOUNT))
    await scene.say("The other machine has only notes of 5.000: it says so before it asks anybody.")
    scene.show(other)
    asked = scene.town.switch.state.forwarded - forwarded
    scene.teller.expect("makeba was not asked, the code is not burnt", asked, 0)
    await scene.do(customer, phone.CancelPressed(scene.town.key()))
    await scene.say("The customer cancels.")
    scene.show(customer)
    await scene.expect_entries(live.transaction_id, held(total), given_back(total))
    await scene.expect_balance(customer, before, "all of it is back")
    await scene.type_code(customer, live.code, AMOUNT)
    scene.teller.expect("the cancelled code is a wrong code", _heard(scene), "55")
    scene.expect_status(customer, "cancelled")


async def one_wish_sent_twice(scene: Scene) -> None:
    """The same wish under the same key is one wish, however often it is sent."""
    customer, key = scene.customer, scene.town.key()
    total, before = AMOUNT + atm_fee(AMOUNT), scene.balance(customer)
    scene.town.line(customer.state.number).lose("withdrawal/atm")
    await scene.do(customer, phone.CashWanted(AMOUNT, key))
    first = scene.live(customer)
    await scene.say("The reply is lost; the app sends the same again under the same key.")
    scene.show(customer)
    scene.teller.expect("the answer says that it is a replay", customer.state.replayed, True)
    await scene.expect_entries(first.transaction_id, held(total))
    await scene.expect_balance(customer, before - total, "set aside once")
    await scene.do(customer, phone.CashWanted(AMOUNT, key))
    again = scene.live(customer)
    scene.teller.expect(
        "a third time: same code, same transaction",
        (again.code == first.code, again.transaction_id),
        (True, first.transaction_id),
    )
    await scene.do(customer, phone.CashWanted(2 * AMOUNT, key))
    wanted = "IDEMPOTENCY_CONFLICT"
    scene.teller.expect("the same key with another amount", customer.state.refused, wanted)
    await scene.do(customer, phone.CashWanted(AMOUNT, scene.town.key()))
    wanted = "WITHDRAWAL_PENDING"
    scene.teller.expect("another key while the code lives", customer.state.refused, wanted)
    scene.show(customer)
    await scene.do(customer, phone.CancelPressed(scene.town.key()))
    await scene.expect_entries(first.transaction_id, held(total), given_back(total))
    await scene.expect_balance(customer, before, "cancelled, all of it is back")


async def expired(scene: Scene) -> None:
    """After its time a code opens nothing, and what was set aside comes back."""
    customer, live = scene.another, scene.forgotten
    if live is None:
        raise StoryBroken("nobody has forgotten a code")
    total = AMOUNT + atm_fee(AMOUNT)
    wait_seconds = (live.expiry_time - datetime.now(UTC)).total_seconds()
    if wait_seconds > WAIT_MAX_SECONDS:
        sentence = f"the code lives for another {wait_seconds:.0f} s; a demo gives it a few seconds"
        raise StoryBroken(sentence)
    await asyncio.sleep(max(0.0, wait_seconds) + CLOCK_MARGIN_SECONDS)
    await scene.say("The other customer has come to the machine after the code's time.")
    await scene.type_code(customer, live.code, AMOUNT)
    scene.teller.expect("the switch hears 54, the screen tells nobody why", _heard(scene), "54")
    scene.expect_status(customer, "expired")
    scene.show(customer)
    await scene.expect_entries(live.transaction_id, held(total), given_back(total))
    await scene.expect_balance(customer, scene.before_forgetting, "all of it is back")


def _heard(scene: Scene) -> str | None:
    """What the switch was last told for the machine at the corner."""
    reply = scene.machine.state.reply
    return None if reply is None else reply.response_code


FIRST = (Chapter("Somebody else asks for a code, and forgets it", forgotten),)
CHAPTERS = (
    Chapter("Three wrong codes", wrong_code),
    Chapter("Saldo insuficiente: more than there is", insufficient_funds),
    Chapter("A machine without small notes, and second thoughts", big_notes_only),
    Chapter("One wish, sent twice", one_wish_sent_twice),
)
LAST = (Chapter("The forgotten code is found again", expired),)
