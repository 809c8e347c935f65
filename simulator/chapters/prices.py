"""Four eyes: what one person proposes, another approves as it was read, and not a minute sooner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from simulator.api import Api, ApiError, Refused
from simulator.chapters.shapes import LimitBook, Proposal, ProposalStatus, Tariffs
from simulator.scene import Chapter, Scene

DAYS_AHEAD = 30  # nothing in this story is to cost anything else
Bands = list[dict[str, float]]
BANDS: Bands = [
    {"from": 1, "upTo": 5_000, "fee": 12},
    {"from": 5_000.01, "upTo": 100_000, "fee": 45},
]
GAP: Bands = [BANDS[0], {"from": 5_001, "upTo": 100_000, "fee": 45}]


async def a_new_tariff(scene: Scene) -> None:
    """A gap is refused, the maker cannot approve, another person can."""
    operator, accountant = await scene.deciding("operator"), await scene.deciding("accountant")
    await scene.say("An operator enters a new tariff for transfers, with a gap between two bands.")
    gap = await _code_of(scene, operator, "proposals", _change(GAP))
    scene.teller.expect("a tariff with a gap is refused when it is entered", gap, "INVALID_REQUEST")
    made = await operator.post("proposals", _change(BANDS), ProposalStatus, key=scene.town.key())
    path = f"proposals/{made.value.proposal_id}"
    read = await accountant.get(path, Proposal)
    await scene.say(f"Mended, it waits for a second person: {read.content_hash[:12]}…")
    approval = {"contentHash": read.content_hash}
    own = await _code_of(scene, operator, f"{path}/approve", approval)
    scene.teller.expect("nobody approves what they proposed", own, "FORBIDDEN")
    other = await _code_of(scene, accountant, f"{path}/approve", {"contentHash": "0" * 64})
    scene.teller.expect("what was not read is not approved", other, "CONFLICT")
    applied = await accountant.post(
        f"{path}/approve", approval, ProposalStatus, key=scene.town.key()
    )
    scene.teller.expect("the accountant approves what was read", applied.value.state, "applied")
    editions = {
        tariff.operation: tariff.editions
        for tariff in (await accountant.get("tariff", Tariffs)).items
    }
    newest = editions["transfer"][-1]
    scene.teller.expect("the new edition is to come", newest.valid_from > datetime.now(UTC), True)
    limits = await operator.get("limits", LimitBook)
    scene.teller.expect("limits are dated data too", len(limits.items) > 0, True)


async def _code_of(scene: Scene, who: Api, path: str, body: Any) -> str:
    """With which code somebody is refused."""
    try:
        await who.post(path, body, ProposalStatus, key=scene.town.key())
    except Refused as refused:
        return refused.code
    except ApiError as error:
        return str(error)
    return "done"


def _change(bands: Bands) -> dict[str, Any]:
    begins = datetime.now(UTC) + timedelta(days=DAYS_AHEAD)
    return {
        "kind": "publish_tariff",
        "operation": "transfer",
        "validFrom": begins.isoformat(),
        "reason": "as decided by the board",
        "bands": bands,
    }


CHAPTERS = (Chapter("Four eyes: a new tariff", a_new_tariff),)
