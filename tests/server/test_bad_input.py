"""What is not well formed: the envelope with the right code, and nothing changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.server.conftest import Running
from tests.server.people import Somebody

AMOUNTS = (
    "0", "-1", "-0.01", "0.001", "2000.005", "1e400", "1e-400", "1e99999999999999999999",
    "1" + "0" * 30, "1" + "0" * 5000, "100.000000000000000000000000000000001", "1e30", "NaN",
    "Infinity", "true", "null", '"2000"', "[2000]", "{}", "0x10", "2000,5", "",
)  # fmt: skip
UNPAYABLE = (1, 100, 300, 199, 2050, 2000.5)
BODIES = (
    b"", b"{", b"[]", b"null", b"42", b'"text"', b"\xff\xfe", b'{"amount":2000}', b'{"a":1}' * 2,
    b'{"amount":' + b"[" * 5000, b"[" * 5000, b'{"amount":2000,"userId":"\\ud800"}', b"not json",
)  # fmt: skip


@pytest.fixture
async def customer(server: Running) -> Somebody:
    return await server.somebody("customer").sign_in()


def is_refused(answer: Any, status: int, code: str) -> bool:
    """Whether it is the envelope, and nothing but it."""
    error = answer.json()["error"]
    assert list(answer.json()) == ["error"]
    assert list(error) == ["code", "message", "details"]
    assert isinstance(error["details"], dict)
    assert "Traceback" not in answer.text
    return (answer.status_code, error["code"]) == (status, code)


async def send(
    customer: Somebody, body: bytes, path: str = "withdrawal/atm", kind: str = "application/json"
) -> Any:
    headers = {**customer.headers, "Content-Type": kind, "Idempotency-Key": "k"}
    return await customer.client.post(path, content=body, headers=headers)


async def test_amounts_that_are_none(server: Running, customer: Somebody) -> None:
    before = server.position
    for amount in AMOUNTS:
        body = f'{{"amount":{amount},"userId":"{customer.id}"}}'.encode()
        answer = await send(customer, body)
        assert is_refused(answer, 400, "INVALID_REQUEST"), (amount[:50], answer.text)
    assert server.position == before


async def test_amounts_that_no_machine_can_pay(server: Running, customer: Somebody) -> None:
    before = server.position
    for amount in UNPAYABLE:
        answer = await customer.ask_for_code(amount)
        assert answer.status_code in {400, 422}, answer.text
    for amount in (20_200, 1_000_000, 10**13):
        assert is_refused(await customer.ask_for_code(amount), 422, "LIMIT_EXCEEDED")
    assert server.position == before


async def test_bodies_that_are_none(server: Running, customer: Somebody) -> None:
    before = server.position
    for body in BODIES:
        for path in ("withdrawal/atm", "withdrawal/agent", "transfer", "auth/login"):
            answer = await send(customer, body, path)
            assert is_refused(answer, 400, "INVALID_REQUEST"), (body[:50], path, answer.text)
    assert server.position == before


async def test_members_that_are_unknown_or_of_another_type(customer: Somebody) -> None:
    good = {"amount": 2000, "userId": customer.id}
    for bad, field in (
        (good | {"colour": "red"}, None),
        (good | {"userId": 5}, "userId"),
        (good | {"userId": None}, "userId"),
        (good | {"userId": "\x00"}, "userId"),
        (good | {"userId": "x" * 500}, "userId"),
        ({"amount": 2000, "userid": customer.id}, None),
    ):
        answer = await send(customer, json.dumps(bad).encode())
        assert is_refused(answer, 400, "INVALID_REQUEST"), bad
        assert answer.json()["error"]["details"].get("field") == field


async def test_a_refusal_does_not_repeat_what_was_sent(customer: Somebody) -> None:
    secret = "9" * 7 + "canary"
    for path, sent in (("auth/login", {secret: "x"}), ("proposals", {"kind": secret})):
        answer = await send(customer, json.dumps(sent).encode(), path)
        assert "canary" not in answer.text
    known = await send(customer, b'{"toPhone":"+2389000001","amount":1,"colour":"red"}', "transfer")
    assert "`colour`" in known.json()["error"]["details"]["reason"]
    asked = await customer.get("statement/file", params={"language": secret})
    assert is_refused(asked, 400, "INVALID_REQUEST")
    assert "canary" not in asked.text
    for body in ({"phone": customer.who.phone, "pin": secret}, {"phone": secret, "pin": "1234"}):
        answer = await send(customer, json.dumps(body).encode(), "auth/login")
        assert is_refused(answer, 400, "INVALID_REQUEST")
        assert "canary" not in answer.text


async def test_somebody_elses_user_id(server: Running, customer: Somebody) -> None:
    other = server.somebody("customer", 1)
    agent_id = customer.agents[0]
    before = server.position
    for user_id in (
        other.id,
        "nobody",
        "00000000-0000-0000-0000-000000000000",
        customer.id.upper(),
    ):
        for path, more in (("withdrawal/atm", {}), ("withdrawal/agent", {"agentId": agent_id})):
            answer = await customer.post(path, {"amount": 2000, "userId": user_id, **more})
            assert is_refused(answer, 403, "FORBIDDEN"), user_id
    assert server.position == before


async def test_an_unknown_agent(customer: Somebody) -> None:
    for agent in ("nobody", "00000000-0000-0000-0000-000000000000", customer.id):
        body = {"amount": 2000, "userId": customer.id, "agentId": agent}
        assert is_refused(await customer.post("withdrawal/agent", body), 404, "NOT_FOUND")


async def test_another_content_type(customer: Somebody) -> None:
    body = json.dumps({"amount": 2000, "userId": customer.id}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "/"):
        answer = await send(customer, body, kind=kind)
        assert is_refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")
    answer = await send(customer, body, kind="application/json; charset=utf-8")
    assert answer.status_code == 201


async def test_a_body_that_is_too_long(server: Running, customer: Somebody) -> None:
    longest = server.installation.settings.body_bytes_max
    for size, status in ((longest, 400), (longest + 1, 413), (10**6, 413)):
        answer = await send(customer, b" " * size)
        assert answer.status_code == status
    assert is_refused(answer, 413, "BODY_TOO_LARGE")

    async def in_parts() -> Any:
        for _ in range(1000):
            yield b" " * 1000

    answer = await customer.client.post(
        "withdrawal/atm",
        content=in_parts(),
        headers={**customer.headers, "Content-Type": "application/json"},
    )
    assert is_refused(answer, 413, "BODY_TOO_LARGE")


async def test_paths_methods_and_queries(customer: Somebody) -> None:
    for method, path, status, code in (
        ("GET", "nothing", 404, "NOT_FOUND"),
        ("GET", "withdrawal/not-an-id", 404, "NOT_FOUND"),
        ("GET", "schema/nothing", 404, "NOT_FOUND"),
        ("GET", "withdrawal/atm", 405, "METHOD_NOT_ALLOWED"),
        ("PUT", "balance", 405, "METHOD_NOT_ALLOWED"),
        ("TRACE", "balance", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "transactions?limit=0", 400, "INVALID_REQUEST"),
        ("GET", "transactions?limit=1000000", 400, "INVALID_REQUEST"),
        ("GET", "transactions?limit=many", 400, "INVALID_REQUEST"),
        ("GET", "transactions?cursor=made-up", 400, "INVALID_REQUEST"),
        ("GET", "transactions?cursor=%00", 400, "INVALID_REQUEST"),
        ("GET", "statement", 400, "INVALID_REQUEST"),
        ("GET", "statement?from=2026-13-01&to=2026-01-01", 400, "INVALID_REQUEST"),
        ("GET", "statement?from=2026-02-01&to=2026-01-01", 400, "INVALID_REQUEST"),
        ("GET", "statement?from=0001-01-01&to=9999-12-31", 400, "INVALID_REQUEST"),
    ):
        answer = await customer.client.request(method, path, headers=customer.headers)
        assert is_refused(answer, status, code), (path, answer.text)
        assert ("allow" in answer.headers) == (status == 405)


async def test_keys_that_are_none(customer: Somebody) -> None:
    for key in (b"", b" ", b"a b", "é".encode(), b"x" * 256):
        token = customer.headers["Authorization"].encode()
        headers = {b"Authorization": token, b"Idempotency-Key": key}
        answer = await customer.client.post(
            "withdrawal/atm",
            json={"amount": 2000, "userId": customer.id},
            headers=headers,
        )
        assert is_refused(answer, 400, "INVALID_REQUEST")


async def test_positions_that_are_none(customer: Somebody) -> None:
    for position in ("", "now", "-1", "1e3", "9" * 19):
        answer = await customer.get("balance", headers={"X-Log-Position": position})
        assert is_refused(answer, 400, "INVALID_REQUEST")


async def test_a_position_that_the_log_does_not_have(customer: Somebody) -> None:
    answer = await customer.get("balance", headers={"X-Log-Position": "9" * 18})
    assert is_refused(answer, 400, "INVALID_REQUEST")
    assert answer.json()["error"]["details"]["field"] == "X-Log-Position"


async def test_a_closed_wallet_gives_and_takes_nothing(server: Running) -> None:
    operator = await server.somebody("operator").sign_in()
    customer = await server.somebody("customer").sign_in()
    frozen = await operator.post(f"wallets/{customer.id}/status", {"status": "frozen"})
    assert frozen.json()["status"] == "frozen"
    other = await server.somebody("customer", 1).sign_in()
    for answer in (
        await customer.ask_for_code(),
        await other.post("transfer", {"amount": 100, "toPhone": customer.who.phone}),
    ):
        assert is_refused(answer, 422, "WALLET_NOT_OPEN")


async def test_problem_json_only_for_who_asks_for_it(customer: Somebody) -> None:
    headers = {"Accept": "application/problem+json"}
    answer = await customer.get("nothing", headers=headers)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "There is no such thing, or it is not yours.",
        "status": 404,
        "detail": "There is nothing at this path.",
        "code": "NOT_FOUND",
        "details": {},
    }
    answer = await customer.get("nothing", headers={"Accept": "*/*"})
    assert is_refused(answer, 404, "NOT_FOUND")


async def test_every_reply_has_its_ids(customer: Somebody) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    parent = f"00-{trace}-b7ad6b7169203331-01"
    headers = {"X-Request-Id": "mine-1", "traceparent": parent}
    for path in ("balance", "nothing"):
        answer = await customer.get(path, headers=headers)
        assert answer.headers["x-request-id"] == "mine-1"
        assert answer.headers["traceparent"].startswith(f"00-{trace}-")
        assert answer.headers["traceparent"] != parent
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    headers = {"X-Request-Id": 'no "id"', "traceparent": "00-0-0-00"}
    answer = await customer.get("balance", headers=headers)
    assert len(answer.headers["x-request-id"]) == 36
    assert len(answer.headers["traceparent"]) == 55
