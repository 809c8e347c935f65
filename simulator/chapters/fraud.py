"""Fraud: a transfer that somebody looks at first, and a machine at which codes are guessed."""

from __future__ import annotations

from typing import Any

from simulator.bookkeeping import atm_fee, captured, held, transfer_released
from simulator.chapters.shapes import Case, Cases, CaseStatus, Proposal, ProposalStatus, RuleHistory
from simulator.contract import Transferred
from simulator.machines import phone
from simulator.scene import Chapter, Scene
from simulator.words import escudos

SENT = 700
TRANSFER_FEE = 10
CASH = 1_000
WRONG_IN_ROW = 3
Rules = list[dict[str, Any]]


async def held_for_a_look(scene: Scene) -> None:
    """The rule holds the money, an operator releases it."""
    operator = await scene.deciding("operator")
    before = await _rules(scene)
    await _set(scene, _live(before, "wallet_velocity", action="hold", hour_minor=1))
    await scene.say("The bank makes a rule live, by four eyes: who sends much is looked at first.")
    try:
        receiver, customer = scene.third, scene.customer
        had = scene.balance(receiver)
        order = {"amount": SENT, "toPhone": receiver.state.number}
        app = scene.town.api(customer.state.number)
        sent = (await app.post("transfer", order, Transferred, key=scene.town.key())).value
        await scene.say(f"A customer sends {escudos(SENT)} to another one.")
        scene.teller.expect("the transfer waits", sent.status, "held")
        whole = held(SENT + TRANSFER_FEE)
        await scene.expect_entries(sent.transaction_id, whole)
        case = await _case_of(scene, sent)
        scene.teller.expect("a case is open for it", case.rule, "wallet_velocity")
        words = {"text": "she told us whom she pays, and why"}
        path = f"cases/{case.case_id}/release"
        ended = await operator.post(path, words, CaseStatus, key=scene.town.key())
        await scene.say("An operator calls her, and releases the case.")
        scene.teller.expect("the case is released", ended.value.state, "released")
        await scene.expect_entries(
            sent.transaction_id, whole, transfer_released(SENT, TRANSFER_FEE)
        )
        await scene.expect_balance(receiver, had + SENT, f"{escudos(SENT)} more")
    finally:
        await _set(scene, before)


async def guessed_codes(scene: Scene) -> None:
    """Three wrong codes: from then on the owner has to approve in the app."""
    customer = scene.customer
    before = await _rules(scene)
    await _set(scene, _live(before, "wrong_codes_terminal", in_row=WRONG_IN_ROW))
    try:
        live = await scene.ask_for_code(customer, CASH)
        await scene.say("Somebody types codes for a number that nobody has, at the machine.")
        for _ in range(WRONG_IN_ROW):
            await scene.type_for(NOBODYS, "000000", CASH)
        await scene.say("Now the customer comes, with the right code.")
        await scene.type_code(customer, live.code, CASH)
        scene.teller.expect("the switch hears 1A: confirm first", scene.heard, "1A")
        await scene.do(customer, phone.ApprovePressed())
        scene.show(customer)
        await scene.say("The app asks, the customer approves, and types the code again.")
        await scene.type_code(customer, live.code, CASH)
        fee = atm_fee(CASH)
        await scene.expect_entries(
            live.transaction_id, held(CASH + fee), captured(CASH + fee, CASH, fee)
        )
    finally:
        await _set(scene, before)


async def _rules(scene: Scene) -> Rules:
    """All rules as they count now."""
    history = await (await scene.staff("operator")).get("rules", RuleHistory)
    return next(each.rules for each in history.editions if each.edition == history.current)


def _live(rules: Rules, name: str, action: str | None = None, **thresholds: int) -> Rules:
    """The same with one rule live, and some of its thresholds changed."""
    return [
        {
            **rule,
            "mode": "live",
            "action": action or rule["action"],
            "thresholds": {**rule["thresholds"], **thresholds},
        }
        if rule["name"] == name
        else rule
        for rule in rules
    ]


async def _set(scene: Scene, rules: Rules) -> None:
    """An operator proposes these rules, and the accountant approves what was read."""
    operator, accountant = await scene.deciding("operator"), await scene.deciding("accountant")
    change = {"kind": "set_rules", "reason": "the story", "rules": rules}
    made = await operator.post("proposals", change, ProposalStatus, key=scene.town.key())
    path = f"proposals/{made.value.proposal_id}"
    read = await accountant.get(path, Proposal)
    approval = {"contentHash": read.content_hash}
    await accountant.post(f"{path}/approve", approval, ProposalStatus, key=scene.town.key())


async def _case_of(scene: Scene, sent: Transferred) -> Case:
    """The open case about a movement."""
    page = await (await scene.staff("operator")).get("cases", Cases, state="open", limit="200")
    return next(case for case in page.items if case.transaction_id == sent.transaction_id)


NOBODYS = "+2389000043"
CHAPTERS = (
    Chapter("A transfer that somebody looks at first", held_for_a_look),
    Chapter("Guessed codes, and a customer who approves", guessed_codes),
)
