"""The link to the switch: who signs, what is signed, and that it counts once."""

from __future__ import annotations

import asyncio
import base64
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageVerifier,
    InvalidSignature,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ED25519

from commands.command import Command
from commands.switch.enrol import EnrolSwitchKey, RetireSwitchKey
from server.reply_keys import public_key
from server.secrets import private_key_pem
from tests.server.conftest import Running
from tests.server.people import COVERED, Switch

ECHO = "vinti4/echo"


def echo(server: Running) -> dict[str, str]:
    return {"acquirerId": server.demo.switch.acquirer_id}


def refused(answer: Any, status: int, code: str) -> bool:
    return (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_a_signed_echo_is_answered(server: Running) -> None:
    answer = await server.switch.send(ECHO, echo(server))
    assert (answer.status_code, answer.json()["responseCode"]) == (200, "00")


async def test_a_clock_may_be_off_by_two_minutes(server: Running) -> None:
    for age in (-118, -60, 60, 118):
        assert (await server.switch.send(ECHO, echo(server), age_seconds=age)).status_code == 200


async def test_signatures_that_do_not_count(server: Running) -> None:
    other = private_key_pem(Ed25519PrivateKey.generate())
    digest = f"sha-256=:{base64.b64encode(bytes(32)).decode()}:"
    spoilt: list[dict[str, Any]] = [
        {"age_seconds": 122},
        {"age_seconds": -122},
        {"private_key": other},
        {"key_id": "unknown"},
        {"nonce": None},
        {"nonce": "x" * 129},
        {"label": "sig2"},
        {"include_alg": False},
        {"covered": COVERED[:1]},
        {"covered": COVERED[1:]},
        {"covered": ("@method", "@path")},
        {"tamper": {"Content-Digest": digest}},
        {"tamper": {"Signature": "sig1=:AAAA:"}},
        {"tamper": {"Signature": "nonsense"}},
        {"tamper": {"Signature-Input": ""}},
        {"tamper": {"Signature-Input": "sig1=()"}},
    ]
    for how in spoilt:
        covers_body = "content-digest" in how.get("covered", COVERED)
        answer = await server.switch.send(ECHO, echo(server), sign_body=covers_body, **how)
        assert refused(answer, 401, "UNAUTHENTICATED"), how


async def test_a_body_or_path_other_than_was_signed(server: Running) -> None:
    switch = server.switch
    answer = await switch.send(ECHO, echo(server), content=b'{"acquirerId": "OTHER"}')
    assert refused(answer, 401, "UNAUTHENTICATED")
    request = server.client.build_request("POST", ECHO, json=echo(server))
    signed = switch.signed("POST", str(request.url), request.content)
    elsewhere = server.client.build_request("POST", "vinti4/completions", json=echo(server))
    elsewhere.headers.update(signed)
    assert refused(await server.client.send(elsewhere), 401, "UNAUTHENTICATED")


async def test_a_nonce_is_used_once(server: Running) -> None:
    body = server.switch.trace() | {"phone": "+2389900001", "code": "000000", "amount": 2000}
    first = await server.switch.send("vinti4/authorisations", body, nonce="same")
    assert first.json()["responseCode"] == "14"
    for path, again in (("vinti4/authorisations", body), (ECHO, echo(server))):
        answer = await server.switch.send(path, again, nonce="same")
        assert refused(answer, 401, "UNAUTHENTICATED")
    await server.switch.send(ECHO, echo(server), nonce="other")
    answer = await server.switch.send("vinti4/authorisations", body, nonce="other")
    assert refused(answer, 401, "UNAUTHENTICATED")


async def test_one_nonce_many_times_at_once_counts_once(server: Running) -> None:
    body = server.switch.trace() | {"phone": "+2389900001", "code": "000000", "amount": 2000}
    answers = await asyncio.gather(
        *(server.switch.send("vinti4/authorisations", body, nonce="same") for _ in range(10)),
        *(server.switch.send(ECHO, echo(server), nonce="same") for _ in range(10)),
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 19


async def test_a_repeat_with_a_new_nonce_has_one_effect(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    code = (await customer.ask_for_code()).json()["code"]
    body = server.switch.trace() | {"phone": customer.who.phone, "code": code, "amount": 2000}
    answers = await asyncio.gather(
        *(server.switch.send("vinti4/authorisations", body) for _ in range(20))
    )
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["responseCode"] == "00"


async def test_two_hundred_machines_with_one_code_pay_once(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    code = (await customer.ask_for_code()).json()["code"]
    asked = {"phone": customer.who.phone, "code": code, "amount": 2000}
    answers = await asyncio.gather(
        *(
            server.switch.send("vinti4/authorisations", server.switch.trace() | asked)
            for _ in range(200)
        )
    )
    said = [answer.json()["responseCode"] for answer in answers]
    assert said.count("00") == 1
    assert set(said) == {"00", "55"}


async def test_a_key_speaks_for_its_own_acquirer_only(server: Running) -> None:
    asked = {"phone": "+2389900001", "code": "000000", "amount": 2000}
    foreign = server.switch.trace(acquirerId="SOMEBODY")
    for path, body in (
        ("vinti4/authorisations", foreign | asked),
        ("vinti4/completions", foreign | {"amount": 2000}),
        ("vinti4/reversals", foreign | {"amount": 0, "reason": "time-out"}),
        (ECHO, {"acquirerId": "SOMEBODY"}),
    ):
        assert refused(await server.switch.send(path, body), 403, "FORBIDDEN"), path


async def test_a_terminal_of_somebody_else_is_not_permitted(server: Running) -> None:
    asked = {"phone": "+2389900001", "code": "000000", "amount": 2000}
    trace = server.switch.trace(terminalId="ELSEWHERE")
    answer = await server.switch.send("vinti4/authorisations", trace | asked)
    assert answer.json()["responseCode"] == "57"
    for path, body in (
        ("vinti4/completions", trace | {"amount": 2000}),
        ("vinti4/reversals", trace | {"amount": 0, "reason": "time-out"}),
    ):
        assert refused(await server.switch.send(path, body), 403, "FORBIDDEN"), path


async def test_a_new_key_is_good_beside_the_old_one_until_that_is_retired(server: Running) -> None:
    own = server.demo.switch.acquirer_id
    key = Ed25519PrivateKey.generate()
    raw = base64.b64decode(public_key(key))
    new: Any = SimpleNamespace(acquirer_id=own, key_id="new-1", private_key=private_key_pem(key))
    after = Switch(server.client, new, server.switch.terminal_id)
    assert refused(await after.send(ECHO, echo(server)), 401, "UNAUTHENTICATED")
    await do(server, EnrolSwitchKey(key_id="new-1", acquirer_id=own, public_key=raw))
    for switch in (server.switch, after):
        assert (await switch.send(ECHO, echo(server))).status_code == 200
    await do(server, RetireSwitchKey(key_id=server.demo.switch.key_id))
    assert refused(await server.switch.send(ECHO, echo(server)), 401, "UNAUTHENTICATED")
    assert (await after.send(ECHO, echo(server))).status_code == 200
    admin = await server.somebody("admin").sign_in()
    listed = (await admin.get("switch/credentials")).json()
    assert {each["keyId"]: each["retiredAt"] is None for each in listed["keys"]} == {
        server.demo.switch.key_id: False, "new-1": True,
    }  # fmt: skip
    assert len(listed["terminals"]) == 2


async def test_messages_that_are_malformed(server: Running) -> None:
    good = server.switch.trace() | {"phone": "+2389900001", "code": "000000", "amount": 2000}
    for spoilt in (
        {"stan": "1"}, {"rrn": "12"}, {"localDate": "yesterday"}, {"localDate": "2026-02-30"},
        {"amount": 0}, {"amount": -1}, {"amount": "2000"}, {"amount": 0.001}, {"code": 1},
        {"code": "12345"}, {"terminalId": "a b"}, {"terminalId": ""}, {"phone": "x"},
        {"extra": 1}, {"acquirerId": None},
    ):  # fmt: skip
        answer = await server.switch.send("vinti4/authorisations", good | spoilt)
        assert refused(answer, 400, "INVALID_REQUEST"), spoilt


async def test_what_was_not_paid_comes_back(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    switch, trace = await approved(server, customer)
    answer = await switch.send("vinti4/reversals", trace | {"amount": 0, "reason": "no notes"})
    assert answer.json()["responseCode"] == "00"
    assert (await customer.get("wallet", headers=at(answer))).json()["balance"] == 100_000


async def test_a_part_that_was_paid_is_taken(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    switch, trace = await approved(server, customer)
    answer = await switch.send("vinti4/reversals", trace | {"amount": 500, "reason": "jam"})
    assert answer.json()["responseCode"] == "00"
    wallet = (await customer.get("wallet", headers=at(answer))).json()
    assert (wallet["balance"], wallet["held"]) == (99_475, 0)


async def test_an_advice_for_an_unknown_original_is_accepted(server: Running) -> None:
    trace = server.switch.trace()
    late = await server.switch.send("vinti4/reversals", trace | {"amount": 0, "reason": "lost"})
    assert late.json() == {"responseCode": "00", "transactionId": None}
    asked = {"phone": "+2389900001", "code": "000000", "amount": 2000}
    answer = await server.switch.send("vinti4/authorisations", trace | asked)
    assert answer.json()["responseCode"] == "68"


async def test_the_look_up_shows_what_is_committed_and_ones_own_only(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    switch, trace = await approved(server, customer)
    query = f"localDate={trace['localDate']}"
    path = f"vinti4/transactions/{trace['rrn']}"
    found = await switch.send(f"{path}?{query}", None, method="GET")
    assert found.status_code == 200, found.text
    assert [item["responseCode"] for item in found.json()["items"]] == ["00"]
    await enrol_another(server)
    other = Switch(server.client, OTHER, "ATMX")
    assert refused(await other.send(f"{path}?{query}", None, method="GET"), 404, "NOT_FOUND")
    wrong_day = await switch.send(f"{path}?localDate=2020-01-01", None, method="GET")
    assert refused(wrong_day, 404, "NOT_FOUND")
    assert refused(await switch.send(path, None, method="GET"), 400, "INVALID_REQUEST")


async def test_replies_are_signed_with_the_request_that_they_answer(server: Running) -> None:
    keys = (await server.client.get("vinti4/keys")).json()["keys"]
    public = {
        key["keyId"]: Ed25519PublicKey.from_public_bytes(base64.b64decode(key["publicKey"]))
        for key in keys
    }
    verifier = HTTPMessageVerifier(
        signature_algorithm=ED25519,
        key_resolver=MappingKeyResolver(public_keys=public, private_keys={}),
    )
    accepted = await server.switch.send(ECHO, echo(server))
    declined = await server.switch.send(ECHO, {"acquirerId": "SOMEBODY"})
    for answer in (accepted, declined):
        (result,) = verifier.verify(as_message(answer), body=answer.content)
        assert set(result.covered_components) == {
            '"@status"', '"content-digest"', '"signature";req;key="sig1"', '"@signature-params"',
        }  # fmt: skip
    unsigned = await server.client.post(ECHO, json=echo(server))
    verifier.verify(as_message(unsigned), body=unsigned.content)
    assert '"signature";req' not in unsigned.headers["signature-input"]
    with pytest.raises(InvalidSignature):
        verifier.verify(as_message(accepted, request=declined.request), body=accepted.content)


def as_message(answer: Any, request: Any = None) -> Any:
    request = request or answer.request
    asked = SimpleNamespace(
        method=request.method, url=str(request.url), headers=dict(request.headers)
    )
    return SimpleNamespace(
        status_code=answer.status_code, headers=dict(answer.headers), request=asked
    )


def at(answer: Any) -> dict[str, str]:
    return {"X-Log-Position": answer.headers["x-log-position"]}


async def approved(server: Running, customer: Any) -> tuple[Switch, dict[str, Any]]:
    code = (await customer.ask_for_code()).json()["code"]
    trace = server.switch.trace()
    asked = {"phone": customer.who.phone, "code": code, "amount": 2000}
    answer = await server.switch.send("vinti4/authorisations", trace | asked)
    assert answer.json()["responseCode"] == "00"
    return server.switch, trace


OTHER_KEY = Ed25519PrivateKey.generate()
OTHER: Any = SimpleNamespace(
    acquirer_id="OTHER", key_id="other-1", private_key=private_key_pem(OTHER_KEY)
)


async def enrol_another(server: Running) -> None:
    await do(
        server,
        EnrolSwitchKey(
            key_id=OTHER.key_id,
            acquirer_id=OTHER.acquirer_id,
            public_key=base64.b64decode(public_key(OTHER_KEY)),
        ),
    )


async def do(server: Running, command: Command[Any]) -> None:
    async with server.installation.spine() as spine:
        await spine.submit(command, actor="system:test", request_id="link")
    await asyncio.sleep(1.05)  # the list of keys is believed for a second
