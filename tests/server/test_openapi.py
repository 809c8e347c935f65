"""The API does what its OpenAPI document says, whatever it is sent by whoever may call it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyotp
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema

from server.links import LINKS
from server.policy import POLICY, Rule
from server.settings import API
from simulator.signatures import SwitchSignature, private_key
from tests.durability.served import Served, sign_in

load_all_checks()
HELD: list[Any] = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
    )
]
EXAMPLES = 6  # `make campaign` asks twenty thousand
# Not those that end the session with which the others ask.
ENDING = re.compile(r"/auth/(logout|sessions)")
ENDLESS = re.compile(r"/events$")  # tests/server/test_events.py listens to it
OPERATIONS = sorted(
    name
    for name, rule in POLICY.items()
    if API in name
    and "/schema" not in name
    and rule is not Rule.NOBODY
    and not ENDING.search(name)
    and not ENDLESS.search(name)
)


class Signed(requests.auth.AuthBase):
    """The switch's signature on a request of schemathesis' own client."""

    def __init__(self, key_id: str, pem: str) -> None:
        self._signature = SwitchSignature(key_id, private_key(pem))

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        body = prepared.body or b""
        copy = httpx.Request(
            str(prepared.method),
            str(prepared.url),
            content=body if isinstance(body, bytes) else str(body).encode(),
        )
        self._signature.sign(copy)
        for name in ("Content-Digest", "Signature", "Signature-Input"):
            prepared.headers[name] = copy.headers[name]
        return prepared


class Bearer(requests.auth.AuthBase):
    """A person's session."""

    def __init__(self, token: str) -> None:
        self.header = f"Bearer {token}"

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        prepared.headers["Authorization"] = self.header
        return prepared


class Callers:
    """For each operation somebody who may call it."""

    def __init__(self, served: Served) -> None:
        demo = json.loads((served.home / "demo.json").read_text())
        self._switch = Signed(demo["switch"]["keyId"], demo["switch"]["privateKey"])
        self._url = f"{served.url}/api/v1/"
        self._people = asyncio.run(self._sign_in(demo["users"]))

    async def _sign_in(self, users: list[dict[str, str]]) -> dict[str, Bearer]:
        first = {user["role"]: user for user in reversed(users)}
        self._secrets = {role: user["totpSecret"] for role, user in first.items()}
        async with httpx.AsyncClient(base_url=self._url, timeout=10) as client:
            return {role: Bearer(await sign_in(client, user)) for role, user in first.items()}

    def confirm(self) -> None:
        """Have the people show the second factor again."""
        asyncio.run(self._confirm())

    async def _confirm(self) -> None:
        later = datetime.now(UTC) + timedelta(seconds=30)
        async with httpx.AsyncClient(base_url=self._url, timeout=10) as client:
            for role, bearer in self._people.items():
                totp = pyotp.TOTP(self._secrets[role]).at(later)
                headers = {"Authorization": bearer.header}
                step_up = {"totp": totp}
                answer = await client.post("auth/step-up", json=step_up, headers=headers)
                answer.raise_for_status()

    def named(self, caller: str) -> requests.auth.AuthBase | None:
        """A role, the switch, or somebody unknown."""
        return self._switch if caller == "switch" else self._people.get(caller)

    def for_operation(self, name: str) -> requests.auth.AuthBase | None:
        rule = POLICY[name]
        if rule in (Rule.SWITCH, Rule.SWITCH_READS, Rule.SWITCH_STREAMS):
            return self._switch
        if isinstance(rule, Rule):
            return None
        return self._people[min(rule)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("openapi") / "home"
    # Some reads will name positions of the future.
    served = Served(home, MAKEBA_READ_WAIT_SECONDS="0.1")
    served.start()
    yield served
    served.stop()
    assert served.makeba("check", "--full") == 0


@pytest.fixture(scope="module")
def callers(served: Served) -> Callers:
    return Callers(served)


@pytest.fixture(scope="module")
def document(served: Served) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{served.url}/schema/openapi.json")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_answers_as_its_document_says(
    operation: str, document: BaseSchema, callers: Callers
) -> None:
    method, path = operation.split()
    auth = callers.for_operation(operation)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=document[path][method].as_strategy())
    def ask(case: Case[Any]) -> None:
        case.call_and_validate(auth=auth, checks=HELD)

    ask()


def test_the_document_knows_every_route_that_is_open_to_somebody(document: BaseSchema) -> None:
    documented = {
        f"{result.ok().method.upper()} {result.ok().path}"
        for result in document.get_all_operations()
        if isinstance(result, Ok)
    }
    assert documented >= set(OPERATIONS)


def test_a_link_names_a_member_of_the_answer_and_leads_somewhere(document: BaseSchema) -> None:
    raw: dict[str, Any] = document.raw_schema
    ids = {
        operation["operationId"]: path
        for path, item in raw["paths"].items()
        for operation in item.values()
    }
    for source, links in LINKS.items():
        method, path = source.split()
        answers = raw["paths"][f"{API}{path}"][method.lower()]["responses"]
        (good,) = (answer for status, answer in answers.items() if status.startswith("2"))
        (media,) = good["content"].values()
        kind = raw["components"]["schemas"][media["schema"]["$ref"].rpartition("/")[2]]
        assert len(good["links"]) == sum(len(link.operations) for link in links), source
        for link in good["links"].values():
            ((parameter, expression),) = link["parameters"].items()
            assert expression.rpartition("/")[2] in kind["properties"], source
            assert parameter.replace("path.", "{") + "}" in ids[link["operationId"]], source
