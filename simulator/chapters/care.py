"""What an operations desk does: deposits are placed, claims decided, the trust is weighed."""

from __future__ import annotations

from typing import Any

from simulator.api import Api
from simulator.bookkeeping import assigned, atm_fee, captured, held, unidentified
from simulator.chapters.shapes import (
    BankCredited,
    ClaimStatus,
    CreditAssigned,
    EvidenceAdded,
    Proposal,
    ProposalStatus,
    Treasury,
)
from simulator.scene import Chapter, Scene
from simulator.words import escudos

DEPOSITED = 1_500
CLAIMED = 1_000
NOBODYS = "+2389000042"


async def an_unidentified_credit(scene: Scene) -> None:
    """The money is in the bank, so it is kept; later somebody knows whose it is."""
    customer, operator = scene.customer, await scene.deciding("operator")
    before = scene.balance(customer)
    body = {
        "reference": f"TB {scene.town.key()[:20]}",
        "amount": DEPOSITED,
        "valueDate": "2026-01-02",
        "phone": NOBODYS,
    }
    credited = await operator.post("deposit/bank", body, BankCredited, key=scene.town.key())
    await scene.say(f"The bank was credited {escudos(DEPOSITED)} for a number that nobody has.")
    scene.teller.expect("it waits for an owner", credited.value.beneficiary, "unidentified")
    await scene.expect_entries(credited.value.transaction_id, unidentified(DEPOSITED))
    owner = {"reference": body["reference"], "phone": customer.state.number}
    placed = await operator.post(
        "deposit/unidentified/assign", owner, CreditAssigned, key=scene.town.key()
    )
    await scene.say("The customer shows the slip: a digit was wrong. The operator assigns it.")
    await scene.expect_entries(placed.value.transaction_id, assigned(DEPOSITED))
    await scene.expect_balance(customer, before + DEPOSITED, f"{escudos(DEPOSITED)} more")


async def a_claim(scene: Scene) -> None:
    """A customer says that no cash came; the machine's own count says that it did."""
    customer, operator = scene.customer, await scene.deciding("operator")
    live = await scene.ask_for_code(customer, CLAIMED)
    await scene.type_code(customer, live.code, CLAIMED)
    fee = atm_fee(CLAIMED)
    whole = CLAIMED + fee
    await scene.expect_entries(live.transaction_id, held(whole), captured(whole, CLAIMED, fee))
    before = scene.balance(customer)
    path = f"withdrawal/{live.transaction_id}"
    app = scene.town.api(customer.state.number)
    claim = await app.post(
        f"{path}/claim", {"text": "Não saiu nada."}, ClaimStatus, key=scene.town.key()
    )
    await scene.say("In the app the customer says that no cash came. Nothing moves yet.")
    scene.teller.expect("the claim is open", claim.value.status, "open")
    evidence = {"source": "cassette_count", "dispensed": CLAIMED, "note": "count agrees"}
    await operator.post(f"{path}/evidence", evidence, EvidenceAdded, key=scene.town.key())
    await scene.say("The cassettes were counted: the notes are gone. Two people refuse the claim.")
    change = {
        "kind": "resolve_claim",
        "transactionId": str(live.transaction_id),
        "end": "refuse",
        "evidence": "count agrees",
    }
    state = await _decide(scene, operator, change)
    scene.teller.expect("the second person agrees", state, "applied")
    own = await app.get(f"{path}/claim", ClaimStatus)
    scene.teller.expect("the customer sees that it was refused", own.status, "refused")
    await scene.expect_balance(customer, before, "nothing was paid twice")


async def the_trust(scene: Scene) -> None:
    """Customers' money and our own are two things, and the books know which is which."""
    operator = await scene.deciding("operator")
    treasury = await operator.get("treasury", Treasury)
    scene.teller.expect("the trust bank holds what it stands for", treasury.trust.difference, 0)
    earned = treasury.trust.unswept_fees
    await scene.say(f"Fees of {escudos(earned)} lie in the trust; they are swept to our own bank.")
    change = {"kind": "sweep_fees", "amount": float(earned), "reference": scene.town.key()[:20]}
    state = await _decide(scene, operator, change)
    scene.teller.expect("two people have swept them", state, "applied")
    treasury = await operator.get("treasury", Treasury)
    scene.teller.expect("none is left in the trust", treasury.trust.unswept_fees, 0)
    scene.teller.expect("it still holds what it stands for", treasury.trust.difference, 0)


async def _decide(scene: Scene, maker: Api, change: dict[str, Any]) -> str:
    """Proposed by one, read and approved by another: where the proposal stands then."""
    accountant = await scene.deciding("accountant")
    made = await maker.post("proposals", change, ProposalStatus, key=scene.town.key())
    path = f"proposals/{made.value.proposal_id}"
    read = await accountant.get(path, Proposal)
    approval = {"contentHash": read.content_hash}
    applied = await accountant.post(
        f"{path}/approve", approval, ProposalStatus, key=scene.town.key()
    )
    return applied.value.state


CHAPTERS = (
    Chapter("A deposit that nobody could place", an_unidentified_credit),
    Chapter("A claim: no cash came", a_claim),
    Chapter("The trust and our own money", the_trust),
)
