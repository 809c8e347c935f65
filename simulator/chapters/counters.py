"""Agents among themselves: an offer that goes round, a till that is counted, float that moves."""

from __future__ import annotations

from simulator.api import Api, Refused
from simulator.bookkeeping import (
    AGENT_FEE,
    CASH_IN_COMMISSION,
    CASH_OUT_COMMISSION,
    cashed_in,
    cashed_out,
    float_sent,
    held,
    redeemed,
)
from simulator.chapters.shapes import (
    FloatSent,
    Outlets,
    Receipt,
    RedemptionStatus,
    TillCounted,
    Tills,
)
from simulator.contract import AgentQueue, CashedIn, NameChecked, PickupCode, RequestMade
from simulator.machines import agent
from simulator.scene import Chapter, Scene
from simulator.words import escudos

PLATEAU = {"latitudeE6": 14_918_000, "longitudeE6": -23_508_500}
WANTED = 3_000
BROUGHT, PAID_IN, MISSING = 10_000, 5_000, 10
SENT, REDEEMED = 10_000, 4_000


async def offered_around(scene: Scene) -> None:
    """Two agents near are asked; the first cannot pay after all, the other does."""
    customer, town = scene.customer, scene.town
    one, other = town.tills[:2]
    pins = {each.phone: each.pin for each in town.people.users}
    await scene.do(other, agent.PinTyped(pins[other.state.phone]))
    asking, first, second = (
        town.api(each) for each in (customer.state.number, one.state.phone, other.state.phone)
    )
    before = scene.balance(customer)
    body = {"amount": WANTED, "userId": customer.state.user_id, **PLATEAU}
    made = await asking.post("withdrawal/agent/offer", body, RequestMade, key=town.key())
    request = made.value.transaction_id
    await scene.say(f"The customer asks all agents near for {escudos(WANTED)}.")
    await scene.expect_entries(request, held(WANTED + AGENT_FEE))
    for name, each in (("one agent", first), ("the other", second)):
        queue = await each.get("agent/offers", AgentQueue)
        asked = request in [item.transaction_id for item in queue.items]
        scene.teller.expect(f"{name} is asked", asked, True)
    await _answer(scene, second, f"agent/offers/{request}/take")
    late = await _refusal(scene, first, f"agent/offers/{request}/take")
    scene.teller.expect("who comes second is told so", late, "CONFLICT")
    reason = {"reason": "sem dinheiro"}
    passed = await second.post(
        f"agent/requests/{request}/refuse", reason, RequestMade, key=town.key()
    )
    scene.teller.expect("it goes back to the others", passed.value.status, "pending")
    await _answer(scene, first, f"agent/offers/{request}/take")
    code = await asking.get(f"withdrawal/{request}/pickup-code", PickupCode)
    said = {"pickupCode": code.pickup_code}
    await first.post(f"agent/requests/{request}/confirm", said, RequestMade, key=town.key())
    await scene.say("The agent has no cash after all and passes it on; the other one pays.")
    await scene.expect_entries(
        request,
        held(WANTED + AGENT_FEE),
        cashed_out(WANTED, AGENT_FEE, CASH_OUT_COMMISSION),
    )
    await scene.expect_balance(customer, before - WANTED - AGENT_FEE, "less amount and fee, once")


async def tills_day(scene: Scene) -> None:
    """Opened, worked at, closed and counted: a difference is booked in the till's cash book."""
    town, customer, before = scene.town, scene.customer, scene.balance(scene.customer)
    counter = town.api(scene.till.state.phone)
    (till,) = (await counter.get("agent/tills", Tills)).items
    path = f"agent/tills/{till.till_id}"
    await counter.post(f"{path}/open", {"cash": 0}, TillCounted, key=town.key())
    moved = {"amount": BROUGHT, "way": "brought", "reason": "do cofre"}
    await counter.post(f"{path}/cash", moved, TillCounted, key=town.key())
    await scene.say(f"The agent opens the till and puts {escudos(BROUGHT)} into it.")
    whose = await counter.get("deposit/agent/name-check", NameChecked, phone=customer.state.number)
    scene.teller.expect("the number is the customer's", whose.user_id, customer.state.user_id)
    body = {"amount": PAID_IN, "userId": whose.user_id, "agentId": scene.till.state.agent_id}
    deposit = await counter.post("deposit/agent", body, CashedIn, key=town.key())
    receipt = await counter.get(f"agent/receipts/{deposit.value.transaction_id}", Receipt)
    scene.teller.screen("talão", f"{receipt.agent} · {receipt.title} {escudos(receipt.amount)}")
    await scene.expect_entries(deposit.value.transaction_id, cashed_in(PAID_IN, CASH_IN_COMMISSION))
    await scene.expect_balance(customer, before + PAID_IN, f"{escudos(PAID_IN)} more")
    counted = {"cash": BROUGHT + PAID_IN - MISSING}
    closed = await counter.post(f"{path}/close", counted, TillCounted, key=town.key())
    await scene.say("In the evening the cash is counted.")
    scene.teller.expect("the difference is seen", closed.value.difference, -MISSING)


async def float_moves(scene: Scene) -> None:
    """From a super-agent to its outlet, and from float to money in the bank, by two people."""
    town = scene.town
    counter, clerk = town.api(scene.till.state.phone), await scene.staff("operator")
    order = {"amount": SENT, "toAgentId": town.tills[1].state.agent_id}
    sent = await counter.post("agent/float-transfers", order, FloatSent, key=town.key())
    await scene.say(f"A super-agent gives {escudos(SENT)} of float to one of its outlets.")
    await scene.expect_entries(sent.value.transaction_id, float_sent(SENT))
    asked = await counter.post(
        "agent/redemptions", {"amount": REDEEMED}, RedemptionStatus, key=town.key()
    )
    transfer = {"reference": f"TB-{town.key()[:12]}"}
    id_ = asked.value.redemption_id
    paid = await clerk.post(f"redemptions/{id_}/pay", transfer, RedemptionStatus, key=town.key())
    await scene.say(f"It asks for {escudos(REDEEMED)} in the bank; somebody of ours pays.")
    scene.teller.expect("the redemption is paid", paid.value.state, "paid")
    await scene.expect_entries(id_, redeemed(REDEEMED))
    manager = await scene.staff("agent_manager")
    seen = {each.agent_id for each in (await manager.get("agents", Outlets)).items}
    mine = {each.state.agent_id for each in town.tills}
    scene.teller.expect("the manager sees the own outlets and no other", seen, mine)


async def _answer(scene: Scene, who: Api, path: str) -> None:
    await who.post(path, None, RequestMade, key=scene.town.key())


async def _refusal(scene: Scene, who: Api, path: str) -> str:
    try:
        await _answer(scene, who, path)
    except Refused as refused:
        return refused.code
    return "done"


CHAPTERS = (
    Chapter("Agentes perto: an offer that one of two takes", offered_around),
    Chapter("Caixa do agente: a till from morning to evening", tills_day),
    Chapter("Float: from a super-agent, and to the bank", float_moves),
)
