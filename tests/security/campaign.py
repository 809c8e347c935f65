"""Every operation of the API, asked by everybody with what nobody would send.

It may refuse, but not break, and what it answers is what its document says.

    python -m tests.security.campaign [--examples 18] [--seed 1]

One JSON line at the end. The short form, by whoever may call, is tests/server/test_openapi.py.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case

from commands.identity.person import Role
from server.policy import POLICY
from tests.durability.served import Served
from tests.server.test_openapi import HELD, OPERATIONS, Callers

CALLERS = (*(role.value for role in Role), "switch", "anonymous")
LIVES = {
    "MAKEBA_READ_WAIT_SECONDS": "0.1",
    "MAKEBA_SESSION_IDLE_SECONDS": "86400",
    "MAKEBA_STAFF_IDLE_SECONDS": "86400",
    "MAKEBA_SESSION_ABSOLUTE_SECONDS": "604800",
}


class Campaign:
    """What was asked, and what broke."""

    def __init__(self, served: Served) -> None:
        self.cases = 0
        self.statuses: Counter[int] = Counter()
        self.breaches: list[str] = []
        self._callers = Callers(served)
        self._document = schemathesis.openapi.from_url(f"{served.url}/schema/openapi.json")

    def auth(self, caller: str) -> requests.auth.AuthBase | None:
        """How this caller says who asks."""
        return self._callers.named(caller)

    def ask_all(self, examples: int, number: int) -> None:
        """Each operation as each caller."""
        for caller in CALLERS:
            for operation in OPERATIONS:
                self._ask(caller, operation, examples, number)

    def _ask(self, caller: str, operation: str, examples: int, number: int) -> None:
        method, path = operation.split()
        auth = self.auth(caller)

        @seed(number)
        @settings(
            max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=self._document[path][method].as_strategy())
        def ask(case: Case[Any]) -> None:
            answer = case.call(auth=auth)
            self.cases += 1
            self.statuses[answer.status_code] += 1
            case.validate_response(answer, checks=HELD)

        try:
            ask()
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - it is what is looked for
            self.breaches.append(f"{caller}: {operation}: {error}"[:600])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=18)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as where:
        served = Served(Path(where) / "home", **LIVES)
        served.start()
        try:
            campaign = Campaign(served)
            campaign.ask_all(wanted.examples, wanted.seed)
        finally:
            served.stop()
        proven = served.makeba("check", "--full") == 0
    broken = sum(many for status, many in campaign.statuses.items() if status >= 500)
    print(
        json.dumps(
            {
                "cases": campaign.cases,
                "operations": len(OPERATIONS),
                "callers": len(CALLERS),
                "server_errors": broken,
                "schema_breaches": len(campaign.breaches),
                "books_proven": proven,
                "statuses": {str(key): many for key, many in sorted(campaign.statuses.items())},
                "seconds": round(time.monotonic() - began),
                "breaches": campaign.breaches[:20],
            }
        )
    )
    sys.exit(bool(broken or campaign.breaches or not proven))


if __name__ == "__main__":
    assert POLICY, "there is something to ask"
    main()
