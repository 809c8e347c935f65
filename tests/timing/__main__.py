"""Measures whether a stranger's number is told from a customer's by the time of the refusal.

    python -m tests.timing [--samples 2000]

Wrong PINs, in random order, for numbers that somebody has and for numbers that nobody has, over
real HTTP at a server in a process of its own. Prints one JSON line; exits 1 when the test of Mann
and Whitney finds a difference.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import secrets
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from tests.durability.served import Served
from tests.timing import ALPHA, p_value

PEOPLE = 40  # of each kind: nobody is tried so often that the account locks
TRIES_MAX = 100
LANES = 4  # at once, so that a run does not take for ever
SETTINGS = {"MAKEBA_PIN_TRIES_MAX": str(TRIES_MAX)}


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=2_000)
    samples = parser.parse_args().samples
    assert samples < PEOPLE * TRIES_MAX, "an account would lock"
    with tempfile.TemporaryDirectory() as directory:
        served = Served(Path(directory) / "home", **SETTINGS)
        assert served.makeba("seed", "--demo", "--customers", str(PEOPLE)) == 0
        served.start()
        try:
            phones = [user["phone"] for user in served.people]
            found = asyncio.run(_measure(served.url, phones[:PEOPLE], samples))
        finally:
            served.stop()
    sys.stdout.write(json.dumps(found) + "\n")
    return 0 if found["p"] > ALPHA else 1


async def _measure(url: str, known: list[str], samples: int) -> dict[str, Any]:
    strangers = [f"+2389{secrets.randbelow(10**6):06}" for _ in known]
    order = [
        (kind, phones[number % len(phones)])
        for kind, phones in (("known", known), ("unknown", strangers))
        for number in range(samples)
    ]
    random.shuffle(order)
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    refused: set[bytes] = set()

    async def lane(client: httpx.AsyncClient) -> None:
        while order:
            kind, phone = order.pop()
            began = time.perf_counter()
            answer = await client.post("auth/login", json={"phone": phone, "pin": "000001"})
            took[kind].append(time.perf_counter() - began)
            assert answer.status_code == 401, answer.text
            refused.add(answer.content)

    async with httpx.AsyncClient(base_url=f"{url}/api/v1/", timeout=30) as client:
        await asyncio.gather(*(lane(client) for _ in range(LANES)))
    assert len(refused) == 1, "one answer for all"
    return {
        "samples": samples,
        "p": p_value(took["known"], took["unknown"]),
        "known": _figures(took["known"]),
        "unknown": _figures(took["unknown"]),
        "answers": len(refused),
    }


def _figures(seconds: list[float]) -> dict[str, float]:
    in_order = sorted(seconds)
    return {
        "medianMs": round(median(in_order) * 1000, 2),
        "p99Ms": round(in_order[int(len(in_order) * 0.99)] * 1000, 2),
        "mostMs": round(in_order[-1] * 1000, 2),
    }


if __name__ == "__main__":
    sys.exit(main())
