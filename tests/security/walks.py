"""Chains of calls: what was made just now is asked for, changed and ended, in any order.

Schemathesis follows the links of the API's own document as a state machine; where it makes
something, every second body is one that is right, or nothing would ever come to be.

    python -m tests.security.walks [--walks 100] [--steps 12] [--seed 1]

One JSON line at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky
from joserfc.jwk import ECKey
from schemathesis import Case, Response

from server.links import LINKS
from server.settings import API
from tests.durability.served import Served
from tests.security.campaign import LIVES
from tests.server.test_openapi import HELD, Callers

# What a body was made as is not what is sent.
CHECKS = [check for check in HELD if check.__name__ != "negative_data_rejection"]
# Not what ends the sessions with which others ask, what never ends, or the page itself.
NOT_HERE = r"/auth/|/events$|/schema"
WALKS_AT_ONCE = 10
Body = Callable[[Mapping[str, Any]], dict[str, Any]]


def _phone() -> str:
    return f"+2389{secrets.randbelow(10**6):06}"


def _for_wallet(_: Mapping[str, Any]) -> dict[str, Any]:
    return {"phone": _phone(), "name": "Zé", "pin": "739204"}


BODIES: Mapping[str, Body] = {
    "POST /withdrawal/atm": lambda it: {"amount": 1000, "userId": it["customer"]},
    "POST /withdrawal/agent": lambda it: {
        "amount": 500, "userId": it["customer"], "agentId": it["agent"],
    },
    "POST /transfer": lambda it: {"amount": 1, "toPhone": it["phone"]},
    "POST /deposit/agent": lambda it: {
        "amount": 500, "phone": it["phone"], "agentId": it["agent"],
    },
    "POST /proposals": lambda it: {
        "kind": "set_tier", "userId": it["customer"], "tier": "basic", "reason": "-",
    },
    "POST /people": lambda _: {"phone": _phone(), "name": "Zé", "role": "operator"},
    "POST /wallets": _for_wallet,
    "POST /webhooks": lambda _: {"url": "https://bank.example.com/told"},
    "POST /devices/keys": lambda _: {
        "jwk": ECKey.generate_key("P-256").as_dict(private=False),
    },
}  # fmt: skip


class Walks:
    """What was asked on the way, and what broke."""

    def __init__(self, served: Served) -> None:
        self.walks = 0
        self.calls = 0
        self.breaches: list[str] = []
        self.followed: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self._callers = Callers(served)
        self._callers.confirm()
        users = json.loads((served.home / "demo.json").read_text())["users"]
        customers = [user for user in users if user["role"] == "customer"]
        agent = next(user for user in users if user["role"] == "agent")
        self._known = {
            "customer": customers[0]["userId"],
            "phone": customers[1]["phone"],
            "agent": agent["agentId"],
        }
        document = schemathesis.openapi.from_url(f"{served.url}/schema/openapi.json")
        self._document = document.exclude(path_regex=NOT_HERE)

    def walk(self, walks: int, steps: int, number: int) -> None:
        """So many of them, of so many steps at most."""
        theirs = self

        class Machine(self._document.as_state_machine()):  # type: ignore[misc]
            def setup(self) -> None:
                theirs.walks += 1

            def before_call(self, case: Case[Any]) -> None:
                theirs.prepare(case)

            def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
                return {"auth": theirs.auth(case)}

            def validate_response(
                self, response: Response, case: Case[Any], *_: Any, **__: Any
            ) -> None:
                theirs.note(response, case)

        while self.walks < walks:
            few = settings(
                max_examples=WALKS_AT_ONCE,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            # A server remembers, so a walk that begins like an earlier one may go on differently:
            # Hypothesis ends a round then, and the next one has another seed.
            with contextlib.suppress(Flaky):
                seed(number + self.walks)(Machine).run(settings=few)

    def auth(self, case: Case[Any]) -> requests.auth.AuthBase | None:
        """Somebody who may ask this."""
        return self._callers.for_operation(f"{case.method.upper()} {case.path}")

    def prepare(self, case: Case[Any]) -> None:
        """Every second time, what makes something gets a body that makes it."""
        body = BODIES.get(_name(case))
        if body is not None and self.calls % 2:
            case.body, case.media_type = body(self._known), "application/json"
            case.headers["Idempotency-Key"] = secrets.token_hex(8)

    def note(self, response: Response, case: Case[Any]) -> None:
        """Count it, and look whether it is what the document says."""
        self.calls += 1
        self.statuses[response.status_code] += 1
        if "{" in case.path and response.status_code < 300:
            self.followed[_name(case)] += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - it is what is looked for
            self.breaches.append(f"{_name(case)}: {error}"[:600])


def _name(case: Case[Any]) -> str:
    return f"{case.method.upper()} {case.path.removeprefix(API)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--walks", type=int, default=100)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as where:
        served = Served(Path(where) / "home", **LIVES)
        served.start()
        try:
            walks = Walks(served)
            walks.walk(wanted.walks, wanted.steps, wanted.seed)
        finally:
            served.stop()
        proven = served.makeba("check", "--full") == 0
    broken = sum(many for status, many in walks.statuses.items() if status >= 500)
    print(
        json.dumps(
            {
                "walks": walks.walks,
                "steps_max": wanted.steps,
                "calls": walks.calls,
                "links": sum(len(link.operations) for links in LINKS.values() for link in links),
                "reached_by_a_link": dict(sorted(walks.followed.items())),
                "server_errors": broken,
                "schema_breaches": len(walks.breaches),
                "books_proven": proven,
                "statuses": {str(key): many for key, many in sorted(walks.statuses.items())},
                "seconds": round(time.monotonic() - began),
                "breaches": walks.breaches[:20],
            }
        )
    )
    sys.exit(bool(broken or walks.breaches or not proven))


if __name__ == "__main__":
    main()
