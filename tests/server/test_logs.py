"""Logs: JSON lines, with the request's id, and never a secret."""

from __future__ import annotations

import io
import json
import logging
import sys

import pytest
import structlog

from server import logs
from server.secrets import Secret
from tests.server.conftest import Running


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_is_json_with_what_is_bound(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("debug")
    structlog.contextvars.bind_contextvars(request_id="r1")
    structlog.get_logger("x").info("said", number=5)
    logging.getLogger("library").warning("said by %s", "another")
    first, second = lines(capsys)
    assert first | {"event": "said", "number": 5, "request_id": "r1", "level": "info"} == first
    assert second | {"event": "said by another", "request_id": "r1", "level": "warning"} == second


def test_values_whose_name_says_so_are_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("debug")
    structlog.get_logger("x").info(
        "said",
        pin="1234",
        accessToken="t",
        headers={"Authorization": "Bearer t", "host": "here"},
        password=Secret("p"),
        anything=Secret("q"),
        code="042137",
        response_code="00",
    )
    (line,) = lines(capsys)
    assert {name for name, value in line.items() if value == logs.HIDDEN} == {
        "pin", "accessToken", "password", "code",
    }  # fmt: skip
    assert line["headers"] == {"Authorization": logs.HIDDEN, "host": "here"}
    assert (line["anything"], line["response_code"]) == ("Secret('…')", "00")


def test_below_its_level_nothing_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning")
    structlog.get_logger("x").info("quiet")
    logging.getLogger("library").info("quiet")
    assert lines(capsys) == []


async def test_no_secret_of_a_whole_story_is_logged(
    server: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug")
    customer, agent = server.somebody("customer"), server.somebody("agent")
    secrets = [
        customer.who.pin,
        customer.who.totp_secret,
        customer.who.phone,
        customer.who.phone[4:],
    ]
    totp = customer.totp()
    challenge = await customer.challenge()
    bad = await server.client.post(
        "auth/login", json={"phone": customer.who.phone, "pin": "987654321"}
    )
    assert bad.status_code == 401
    answer = await server.client.post("auth/factor", json={"challengeId": challenge, "totp": totp})
    customer.token = answer.json()["accessToken"]
    await agent.sign_in()
    issued = (await customer.ask_for_code(key="idempotency-canary")).json()
    await customer.client.get(f"balance?token={customer.token}", headers=customer.headers)
    body = {"amount": 1000, "userId": customer.id, "agentId": customer.agents[0]}
    asked = (await customer.post("withdrawal/agent", body)).json()["transactionId"]
    pickup = (await customer.get(f"withdrawal/{asked}/pickup-code")).json()["pickupCode"]
    await agent.post(f"agent/requests/{asked}/confirm", {"pickupCode": "x" + pickup})
    await agent.post(f"agent/requests/{asked}/confirm", {"pickupCode": pickup})
    code = {"phone": customer.who.phone, "code": issued["code"], "amount": 2000}
    await server.switch.send("vinti4/authorisations", server.switch.trace() | code)
    await server.switch.send("vinti4/authorisations", {"code": issued["code"]}, key_id="unknown")
    await customer.post("auth/logout")
    secrets += [challenge, totp, customer.token, agent.token, issued["code"], pickup, "987654321"]
    secrets += [
        "idempotency-canary",
        server.installation.keys.passwords["makeba_commands"].reveal(),
    ]
    written = capsys.readouterr().err
    said = [json.loads(line) for line in written.splitlines()]
    assert len([line for line in said if line["event"] == "request"]) >= 14
    for line in said:
        values = [str(value) for name, value in line.items() if name not in NUMBERS]
        for secret in secrets:
            assert all(secret not in value for value in values), (secret, line)


# Random or counted: six digits turn up there by chance.
NUMBERS = frozenset({"trace_id", "request_id", "timestamp", "ms", "user"})


async def test_a_bug_is_logged_under_the_requests_id_and_not_told(
    server: Running, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.configure("debug")
    customer = await server.somebody("customer").sign_in()

    async def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug of ours")

    monkeypatch.setattr("queries.balance.of_wallet", broken)
    answer = await customer.get("balance", headers={"X-Request-Id": "find-me"})
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "SYSTEM_ERROR"
    assert "bug of ours" not in answer.text
    (line,) = [each for each in lines(capsys) if each["event"] == "unhandled"]
    assert line["request_id"] == "find-me"
    assert "a bug of ours" in str(line["exception"])


def test_an_exception_is_logged_without_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("debug")
    words = ["482915", "cavala", "739204"]
    try:
        try:
            {"known": 1}[words[0]]
        except KeyError as error:
            error.add_note(words[2])
            raise ValueError(" ".join(words)) from error
    except ValueError as error:
        structlog.get_logger("x").error("said", exc_info=error)
        logging.getLogger("library").exception("said\nfuture: %r", error)  # noqa: TRY401 - as asyncio does
    ours, theirs = lines(capsys)
    for line in (ours, theirs):
        assert line["event"] == "said"
        told = str(line["exception"])
        assert "KeyError" in told
        assert told.endswith("ValueError")
        assert "test_logs.py" in told
        assert not any(word in str(line) for word in words)


async def test_a_request_is_logged_by_its_route(
    server: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug")
    await server.client.get("withdrawal/482915")
    await server.client.get("482915/x")
    await server.client.request("CAVALA", "balance")
    customer = await server.somebody("customer").sign_in()
    await customer.get(f"withdrawal/{customer.id}")
    said = [each["route"] for each in lines(capsys) if each["event"] == "request"]
    assert said[:3] == ["unknown"] * 3
    assert said[-1] == "GET /api/v1/withdrawal/{transaction_id}"


def test_whoever_reads_the_lines_may_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody_reads = NobodyReads()
    monkeypatch.setattr(sys, "stderr", nobody_reads)
    logs.configure("debug")
    structlog.get_logger("x").info("said to nobody")
    logging.getLogger("library").warning("nor this")
    assert nobody_reads.lines_lost == 2


class NobodyReads(io.StringIO):
    """Standard error after the death of what it was piped to."""

    lines_lost = 0

    def write(self, _text: str) -> int:
        self.lines_lost += 1
        raise BrokenPipeError
