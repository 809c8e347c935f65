"""Everybody spends at once, through two servers: nobody passes a limit together."""

from __future__ import annotations

import asyncio

from commands.risk.limits import ILLUSTRATIVE
from commands.spine import Limits, Spine
from commands.tier import Tier
from ledger.database import connect
from ledger.errors import LimitExceeded
from ledger.log import Log
from tests.commands.moves import ACTOR, Customer, customer
from tests.conftest import Database

DAY_COUNT = ILLUSTRATIVE[Tier.BASIC][2]


async def test_the_last_of_a_days_count_is_spent_once_through_two_servers(
    spine: Spine, database: Database
) -> None:
    rival = Spine(Log(lambda: connect(database.commands, "rival")), Limits(deadline_seconds=30))
    rival.start()
    ana = await customer(spine, 10_000_00, tier=Tier.BASIC)
    bea = await customer(spine, 0)
    servers = (spine, rival) * DAY_COUNT
    done = await asyncio.gather(*(_sent(server, ana, bea) for server in servers))
    await rival.close()
    assert sum(done) == DAY_COUNT


async def _sent(spine: Spine, ana: Customer, bea: Customer) -> bool:
    try:
        await spine.submit(ana.send(bea, 100), actor=ACTOR, request_id="send")
    except LimitExceeded as exceeded:
        assert exceeded.facts == {"limit": "dayCount", "left": 0}  # noqa: PT017
        return False
    return True
