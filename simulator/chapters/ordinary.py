"""What happens every day: sign in, pay cash in, take cash from a machine and from an agent."""

from __future__ import annotations

from simulator.bookkeeping import (
    AGENT_FEE,
    CASH_IN_COMMISSION,
    CASH_OUT_COMMISSION,
    atm_fee,
    captured,
    cashed_in,
    cashed_out,
    held,
)
from simulator.machines import agent, phone
from simulator.machines.notes import total
from simulator.scene import Chapter, Scene, StoryBroken
from simulator.words import escudos, notes

PAID_IN = 5_000
FROM_MACHINE = 2_000
FROM_AGENT = 3_000


async def signing_in(scene: Scene) -> None:
    """PIN and second factor. The others of the story do the same unseen."""
    customer, town = scene.customer, scene.town
    pins = {each.phone: each.pin for each in town.people.users}
    for somebody in (customer, scene.another, scene.third):
        somebody.happen(phone.PinTyped(pins[somebody.state.number]))
    scene.till.happen(agent.PinTyped(pins[scene.till.state.phone]))
    await town.work.quiet(60.0)
    await scene.say("A customer types the PIN; the phone's authenticator adds the second factor.")
    scene.show(customer)
    scene.teller.screen("telemóvel", f"Saldo: {escudos(scene.balance(customer))}")
    wanted = town.people.of("customer")[0].user_id
    scene.teller.expect("the session is this customer's", customer.state.user_id, wanted)
    scene.teller.expect("the agent's till is open", scene.till.state.open, wanted=True)


async def cash_in(scene: Scene) -> None:
    """The agent's float becomes the customer's money; the agent earns a commission."""
    customer, till = scene.customer, scene.till
    before, drawer = scene.balance(customer), till.state.drawer
    assert customer.state.user_id is not None, "signed in"
    taken = agent.CashTaken(customer.state.user_id, PAID_IN, scene.town.key())
    await scene.do(till, taken)
    await scene.say(f"The customer hands {escudos(PAID_IN)} over; the agent keys it in.")
    scene.show(till)
    if till.state.newest is None:
        sentence = f"the deposit was refused: {till.state.refused}"
        raise StoryBroken(sentence)
    await scene.expect_entries(till.state.newest, cashed_in(PAID_IN, CASH_IN_COMMISSION))
    await scene.expect_balance(customer, before + PAID_IN, f"{escudos(PAID_IN)} more")
    scene.teller.expect("the cash is in the agent's drawer", till.state.drawer, drawer + PAID_IN)


async def cash_from_the_machine(scene: Scene) -> None:
    """Set aside, approved, dispensed, completed, receipt."""
    customer, machine = scene.customer, scene.machine
    fee = atm_fee(FROM_MACHINE)
    before = scene.balance(customer)
    live = await scene.ask_for_code(customer, FROM_MACHINE)
    await scene.say(f"The customer asks for {escudos(FROM_MACHINE)}: amount and fee are set aside.")
    scene.teller.screen("telemóvel", f"Código de levantamento: {live.code}")
    scene.show(customer)
    await scene.expect_entries(live.transaction_id, held(FROM_MACHINE + fee))
    await scene.expect_balance(customer, before - FROM_MACHINE - fee, "less amount and fee")
    await scene.say("At the machine: number, code and amount. The switch asks, makeba approves.")
    await scene.type_code(customer, live.code, FROM_MACHINE)
    receipt = machine.state.receipt
    if receipt is None:
        sentence = f"the machine has not paid: {machine.state.screen}"
        raise StoryBroken(sentence)
    for line in receipt.lines():
        scene.teller.screen("talão", str(line))
    await scene.say(f"The customer takes the notes: {notes(dict(machine.state.taken))}.")
    scene.teller.expect("the notes are the amount", total(machine.state.taken), FROM_MACHINE)
    scene.expect_status(customer, "completed")
    await scene.expect_entries(
        live.transaction_id,
        held(FROM_MACHINE + fee),
        captured(FROM_MACHINE + fee, FROM_MACHINE, fee),
    )
    await scene.expect_balance(customer, before - FROM_MACHINE - fee, "not charged twice")


async def cash_from_the_agent(scene: Scene) -> None:
    """Set aside, then paid against the pick-up code."""
    customer, till = scene.customer, scene.till
    total_, before = FROM_AGENT + AGENT_FEE, scene.balance(customer)
    wanted = phone.AgentCashWanted(FROM_AGENT, till.state.agent_id, scene.town.key())
    await scene.do(customer, wanted)
    live = scene.live(customer)
    await scene.say(f"The customer asks this agent for {escudos(FROM_AGENT)}; the agent is told.")
    scene.teller.screen("telemóvel", f"Código para o agente: {live.code}")
    await scene.expect_entries(live.transaction_id, held(total_))
    await scene.do(till, agent.QueueWanted())
    waiting = [each.transaction_id for each in till.state.queue]
    scene.teller.expect("the request waits at the counter", live.transaction_id in waiting, True)
    said = agent.CodeSaid(live.transaction_id, live.code, scene.town.key())
    await scene.do(till, said)
    await scene.say("At the counter the customer says the code: only who stands there knows it.")
    scene.show(till)
    scene.teller.expect("the agent hands the cash over", till.state.paid, FROM_AGENT)
    await scene.do(customer, phone.StatusWanted())
    scene.show(customer)
    await scene.expect_entries(
        live.transaction_id,
        held(total_),
        cashed_out(FROM_AGENT, AGENT_FEE, CASH_OUT_COMMISSION),
    )
    await scene.expect_balance(customer, before - total_, "less amount and fee")


CHAPTERS = (
    Chapter("A customer signs in", signing_in),
    Chapter("Depósito: cash in at an agent", cash_in),
    Chapter("Levantamento: cash from a machine, from the code to the notes", cash_from_the_machine),
    Chapter("Levantamento no agente: cash from an agent", cash_from_the_agent),
)
