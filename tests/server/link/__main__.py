"""`make link`: so many messages of each kind on a server of its own, and one JSON object."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import platform
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

import httpx
import structlog

from commands.identity.person import Role
from queries.check.run import prove
from server import demo
from server.demo import Wanted
from server.installation import Installation, installed
from server.settings import API, Settings
from tests.server.conftest import serving
from tests.server.link.attacks import KINDS, Thief, attack, repeated
from tests.server.people import Switch

LINES = "SELECT count(*) FROM ledger.line"


async def campaign(installation: Installation, times: int, seed: int) -> dict[str, Any]:
    """All kinds, one after the other."""
    await installation.open_books()
    found = await demo.seed(installation, Wanted(), refill=True)
    assert found.of(Role.CUSTOMER), "there is money that could be taken"
    async with serving(installation) as app:
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(
            transport=transport, base_url=f"http://makeba{API}/", timeout=60
        ) as client:
            victim = Switch(client, found.switch, found.terminals[0].terminal_id)
            thief = Thief(client, victim, Random(seed))
            await thief.enrol(installation)
            before = installation._one(LINES)
            told = []
            for kind in KINDS:
                began = time.monotonic()
                result = await attack(thief, kind, times)
                told.append(result._asdict() | {"seconds": round(time.monotonic() - began, 1)})
                print(f"{kind}: {result.refused} of {times} refused", file=sys.stderr)
            answers = await repeated(thief, times)
            moved = installation._one(LINES) - before
    return {"kinds": told, "answersToOneAdvice": answers, "linesWritten": moved}


def main() -> int:
    """Exit 0 when all were refused, the advice had one answer, and the books hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as home, installed(Settings(home=Path(home))) as house:
        house.migrate()
        report = asyncio.run(campaign(house, given.messages, given.seed))
        proof = prove(house.url("makeba_auditor"), full=True)
    report |= {
        "messagesOfEachKind": given.messages,
        "seed": given.seed,
        "booksHold": proof.held,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    held = (
        all(each["refused"] == each["sent"] for each in report["kinds"])
        and (report["answersToOneAdvice"], report["linesWritten"]) == (1, 0)
        and proof.held
    )
    print(json.dumps(report | {"held": held}, indent=2))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
