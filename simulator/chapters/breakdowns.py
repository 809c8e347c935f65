"""When machines and lines fail: no notes, some of the notes, a lost reply, no reply at all."""

from __future__ import annotations

from simulator.bookkeeping import atm_fee, captured, given_back, held
from simulator.machines.messages import Origin
from simulator.machines.notes import total
from simulator.scene import Chapter, Scene, StoryBroken
from simulator.town import SWITCH
from simulator.words import escudos, notes

AMOUNT = 1_000
LARGE = 10_000
AUTHORISATIONS = "vinti4/authorisations"
COMPLETIONS = "vinti4/completions"
REVERSALS = "vinti4/reversals"


async def no_notes(scene: Scene) -> None:
    """Nothing is paid, so nothing is charged."""
    customer = scene.customer
    held_, before = AMOUNT + atm_fee(AMOUNT), scene.balance(customer)
    live = await scene.ask_for_code(customer, AMOUNT)
    scene.town.dispensers[scene.machine.state.terminal_id].jam()
    await scene.say("The code is right, the dispenser jams: reversed, nothing paid (450).")
    await scene.type_code(customer, live.code, AMOUNT)
    scene.teller.expect("no notes were taken", total(scene.machine.state.taken), 0)
    scene.expect_status(customer, "reversed")
    scene.show(customer)
    await scene.expect_entries(live.transaction_id, held(held_), given_back(held_))
    await scene.expect_balance(customer, before, "all of it is back, the fee too")


async def some_notes(scene: Scene) -> None:
    """What is paid is charged, and the fee for that; the rest comes back."""
    customer, machine = scene.customer, scene.machine
    held_, before = LARGE + atm_fee(LARGE), scene.balance(customer)
    live = await scene.ask_for_code(customer, LARGE)
    scene.town.dispensers[machine.state.terminal_id].jam(after_notes=1)
    await scene.say(f"{escudos(LARGE)} approved; the dispenser stops after the first note (451).")
    await scene.type_code(customer, live.code, LARGE)
    paid = total(machine.state.taken)
    scene.teller.screen("caixa", f"Notas: {notes(dict(machine.state.taken))}")
    scene.teller.expect("a part was paid", 0 < paid < LARGE, wanted=True)
    fee = atm_fee(paid)
    scene.expect_status(customer, "completed")
    await scene.expect_entries(live.transaction_id, held(held_), captured(held_, paid, fee))
    await scene.expect_balance(customer, before - paid - fee, "less the part and its own fee")


async def lost_replies(scene: Scene) -> None:
    """The switch repeats with the same trace, and everything happens once."""
    customer, switch = scene.customer, scene.town.switch
    fee, before = atm_fee(AMOUNT), scene.balance(customer)
    live = await scene.ask_for_code(customer, AMOUNT)
    line = scene.town.line(SWITCH)
    line.lose(AUTHORISATIONS)
    line.lose(COMPLETIONS, times=2)
    forwarded, lost = switch.state.forwarded, line.lost
    await scene.say("The switch hears nothing and asks again with the same STAN and RRN.")
    await scene.type_code(customer, live.code, AMOUNT)
    scene.teller.expect("replies that were lost on the way", line.lost - lost, 3)
    asked = switch.state.asked[_origin(scene)]
    scene.teller.expect("asked twice, under one trace", asked.tries, 2)
    sent = switch.state.forwarded - forwarded
    scene.teller.expect("two requests and three advices went out", sent, 5)
    scene.teller.expect("the switch's store is empty again", len(switch.state.stored), 0)
    scene.teller.expect("the notes came out once", total(scene.machine.state.taken), AMOUNT)
    scene.expect_status(customer, "completed")
    await scene.expect_entries(
        live.transaction_id, held(AMOUNT + fee), captured(AMOUNT + fee, AMOUNT, fee)
    )
    await scene.expect_balance(customer, before - AMOUNT - fee, "charged once")


async def silent_issuer(scene: Scene) -> None:
    """The switch gives up, and takes back what it never heard of."""
    customer, switch = scene.customer, scene.town.switch
    held_, before = AMOUNT + atm_fee(AMOUNT), scene.balance(customer)
    live = await scene.ask_for_code(customer, AMOUNT)
    line = scene.town.line(SWITCH)
    line.lose(AUTHORISATIONS, times=3)
    line.lose(REVERSALS)
    await scene.say("After three tries the switch declines, and reverses (402) until it is heard.")
    await scene.type_code(customer, live.code, AMOUNT)
    reply = switch.state.asked[_origin(scene)].reply
    scene.teller.expect("the machine was told 91", reply and reply.response_code, "91")
    scene.teller.expect("no notes came out", total(scene.machine.state.taken), 0)
    scene.teller.expect("the switch's store is empty again", len(switch.state.stored), 0)
    scene.expect_status(customer, "reversed")
    scene.show(customer)
    await scene.expect_entries(live.transaction_id, held(held_), given_back(held_))
    await scene.expect_balance(customer, before, "all of it is back")


def _origin(scene: Scene) -> Origin:
    """What the machine at the corner last asked the switch."""
    if scene.machine.state.request is None:
        raise StoryBroken("the machine has asked for nothing")
    return scene.machine.state.request.origin


CHAPTERS = (
    Chapter("Approved, but the dispenser jams: no notes", no_notes),
    Chapter("Approved, but only a part comes out", some_notes),
    Chapter("makeba approves, and its answer is lost", lost_replies),
    Chapter("makeba approves, and the switch never hears of it", silent_issuer),
)
