"""Latency over HTTP at a constant rate of arrivals, on a real server with its own PostgreSQL.

    python -m benchmarks.latency [--json] [--rate 100] [--seconds 30] [--customers 200]

Arrivals come at a constant rate whatever the server does (an open loop), and each latency counts
from the moment at which the request *should* have been sent, so that a pause of the server is felt
by everybody who would have come meanwhile. Each arrival is one customer who in turn asks for a
code, cancels it, sends money, and reads the balance with the position of that write: the last is
how long after the answer a reader sees it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pyotp
import uvloop

from benchmarks import town
from benchmarks.served import serving

WARM_UP_SECONDS = 3.0
SIGN_INS_AT_ONCE = 8
# What has to be kept, p99 in milliseconds: a half or a quarter of what the contract allows.
TARGETS = {"code": 25.0, "cancel": 50.0, "transfer": 50.0, "balance_visible": 50.0, "balance": 50.0}


class Person:
    """A customer with a session, who does one thing after the other."""

    def __init__(self, client: httpx.AsyncClient, user: dict[str, Any], friend: str) -> None:
        self._client = client
        self._user = user
        self._friend = friend
        self._headers: dict[str, str] = {}
        self._withdrawal = ""
        self._position = ""
        self._turn = itertools.cycle(
            [
                ("code", self._ask_for_code),
                ("cancel", self._cancel),
                ("transfer", self._transfer),
                ("balance_visible", self._see_own_write),
                ("balance", self._read_balance),
            ]
        )

    def next(self) -> tuple[str, Callable[[], Awaitable[None]]]:
        """What this customer does next."""
        return next(self._turn)

    async def sign_in(self) -> None:
        """PIN and second factor."""
        pin = {"phone": self._user["phone"], "pin": self._user["pin"]}
        challenge = await self._post("auth/login", pin)
        code = pyotp.TOTP(self._user["totpSecret"]).now()
        factor = {"challengeId": challenge["challengeId"], "totp": code}
        access = await self._post("auth/factor", factor)
        self._headers = {"Authorization": f"Bearer {access['accessToken']}"}

    async def _ask_for_code(self) -> None:
        body = {"amount": 200, "userId": self._user["userId"]}
        self._withdrawal = (await self._post("withdrawal/atm", body))["transactionId"]

    async def _cancel(self) -> None:
        await self._post(f"withdrawal/{self._withdrawal}/cancel", None)

    async def _transfer(self) -> None:
        await self._post("transfer", {"toPhone": self._friend, "amount": 1})

    async def _see_own_write(self) -> None:
        await self._get("balance", {"X-Log-Position": self._position})

    async def _read_balance(self) -> None:
        await self._get("balance", {})

    async def _post(self, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        headers = self._headers | {"Idempotency-Key": uuid4().hex}
        response = await self._client.post(path, json=body, headers=headers)
        response.raise_for_status()
        self._position = response.headers.get("X-Log-Position", self._position)
        return dict(response.json())

    async def _get(self, path: str, headers: dict[str, str]) -> None:
        response = await self._client.get(path, headers=self._headers | headers)
        response.raise_for_status()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; exit 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rate", type=float, default=100.0, help="arrivals a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--customers", type=int, default=200)
    options = parser.parse_args(arguments)
    with serving(options.customers) as served:
        result = uvloop.run(_measure(served.url, served.customers, options))
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        for name, value in result.items():
            print(f"{name:>18}  {value}")
    return 0 if result["met"] else 1


async def _measure(
    url: str, customers: Sequence[dict[str, Any]], options: argparse.Namespace
) -> dict[str, Any]:
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    base = f"{url}/api/v1/"
    async with httpx.AsyncClient(base_url=base, limits=limits, timeout=10) as client:
        friends = [*customers[1:], customers[0]]
        people = [
            Person(client, user, friend["phone"])
            for user, friend in zip(customers, friends, strict=True)
        ]
        at_once = asyncio.Semaphore(SIGN_INS_AT_ONCE)

        async def sign_in(person: Person) -> None:
            async with at_once:
                await person.sign_in()

        await asyncio.gather(*(sign_in(person) for person in people))
        await _arrivals(people, options.rate, WARM_UP_SECONDS)
        waited = await _arrivals(people, options.rate, options.seconds)
    p99 = {name: _percentile(waited[name], 0.99) for name in TARGETS}
    return {
        "rate_per_s": options.rate,
        "arrivals": sum(len(each) for each in waited.values()),
        "p50_ms": {name: _percentile(waited[name], 0.50) for name in TARGETS},
        "p99_ms": p99,
        "targets_p99_ms": TARGETS,
        "met": all(p99[name] < target for name, target in TARGETS.items()),
        **town.where_and_when(),
    }


async def _arrivals(
    people: Sequence[Person], rate: float, seconds: float
) -> dict[str, list[float]]:
    """Milliseconds from the intended start of each request, by what was asked."""
    waited: dict[str, list[float]] = defaultdict(list)
    queue = itertools.cycle(people)
    running = set()
    begin = time.perf_counter()

    async def serve(person: Person, intended: float) -> None:
        name, act = person.next()
        await act()
        waited[name].append((time.perf_counter() - intended) * 1000)

    for number in range(int(rate * seconds)):
        intended = begin + number / rate
        await asyncio.sleep(intended - time.perf_counter())
        task = asyncio.create_task(serve(next(queue), intended))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    return waited


def _percentile(values: Sequence[float], part: float) -> float:
    return round(sorted(values)[min(int(len(values) * part), len(values) - 1)], 2)


if __name__ == "__main__":
    sys.exit(main())
