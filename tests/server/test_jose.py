"""Codes that only their reader can read: from a machine to us, from us to one device."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import httpx
import pytest
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from server.jose import BadJose, IssuerKeys, device_key, sealed_for
from server.keyring import Keyring
from server.secrets import KeyName, LiveKeyring
from tests.server.conftest import Running
from tests.server.people import Somebody
from tests.server.test_switch import refused

JOSE: dict[str, Any] = {"Accept": "application/jose"}
AUTHORISE = "vinti4/authorisations"


@pytest.fixture(scope="module")
def ours() -> IssuerKeys:
    return IssuerKeys(LiveKeyring(KeyName.ISSUER, Keyring.new()))


def encrypted(keys: list[dict[str, str]], typed: dict[str, Any], **header: Any) -> str:
    first = keys[0]
    asked = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": first["kid"]} | header
    members: Any = {name: first[name] for name in ("kty", "crv", "x", "y")}
    content = json.dumps(typed).encode()
    return jwe.encrypt_compact(asked, content, ECKey.import_key(members), algorithms=list(ALGS))


ALGS = ("ECDH-ES", "ECDH-ES+A256KW", "A256GCM", "A128GCM")


# From the machine to us


async def asked_by_machine(server: Running, **changes: Any) -> tuple[dict[str, Any], str]:
    """What a machine sends for a live code, and the code."""
    customer = await server.somebody("customer").sign_in()
    code = (await customer.ask_for_code()).json()["code"]
    trace = server.switch.trace()
    typed = {
        "code": code,
        "phone": customer.who.phone,
        "terminalId": trace["terminalId"],
        "amount": 2000,
    }
    keys = (await server.client.get("vinti4/issuer-keys")).json()["keys"]
    body = trace | {"phone": customer.who.phone, "amount": 2000}
    return body | {"encryptedCode": encrypted(keys, typed | changes)}, code


async def test_a_code_that_the_switch_cannot_read_pays(server: Running) -> None:
    body, code = await asked_by_machine(server)
    assert code not in json.dumps(body)
    answer = await server.switch.send(AUTHORISE, body)
    assert answer.json()["responseCode"] == "00"
    again = await server.switch.send(AUTHORISE, body)
    assert again.json() == answer.json()


async def test_what_was_typed_for_something_else_is_nothing(server: Running) -> None:
    body, _ = await asked_by_machine(server)
    for changed in (
        {"phone": server.somebody("customer", 1).who.phone},
        {"amount": 1000},
        {"terminalId": server.demo.terminals[1].terminal_id},
    ):
        answer = await server.switch.send(AUTHORISE, body | changed)
        assert refused(answer, 400, "INVALID_REQUEST"), changed
        details = answer.json()["error"]["details"]
        assert details == {"field": "encryptedCode", "reason": "was typed for something else"}
    assert (await server.switch.send(AUTHORISE, body)).json()["responseCode"] == "00"


async def test_exactly_one_of_the_two_forms_is_asked_for(server: Running) -> None:
    body, code = await asked_by_machine(server)
    both, none = body | {"code": code}, dict(body)
    del none["encryptedCode"]
    for wrong in (both, none, body | {"encryptedCode": "x"}, body | {"encryptedCode": "a.b.c.d"}):
        assert refused(await server.switch.send(AUTHORISE, wrong), 400, "INVALID_REQUEST")
    assert (await server.switch.send(AUTHORISE, none | {"code": code})).json()[
        "responseCode"
    ] == "00"


@pytest.mark.parametrize("changes", [{"code": "12345"}, {"amount": "2000"}, {"more": 1}])
async def test_what_is_wrong_inside_is_not_told_to_who_stands_between(
    server: Running, changes: dict[str, Any]
) -> None:
    body, _ = await asked_by_machine(server, **changes)
    answer = await server.switch.send(AUTHORISE, body)
    assert answer.json()["error"]["details"]["reason"] == "holds something else"


def test_only_the_one_way_of_encrypting_is_opened(ours: IssuerKeys) -> None:
    keys = [
        {name: getattr(key, name) for name in key.__struct_fields__} for key in ours.published()
    ]
    good = encrypted(keys, {"code": "042137"})
    assert json.loads(ours.open(good)) == {"code": "042137"}
    assert good != encrypted(keys, {"code": "042137"})
    head, _, iv, text, tag = good.split(".")
    wrong = (
        encrypted(keys, {}, alg="ECDH-ES+A256KW"),
        encrypted(keys, {}, enc="A128GCM"),
        encrypted(keys, {}, kid="issuer-2"),
        with_header(good, zip="DEF"),
        with_header(good, crit=["exp"]),
        with_header(good, alg="dir"),
        with_header(good, alg="none"),
        with_header(good, epk={"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
        with_header(good, epk=None),
        f"{head}..{iv}.{text}.{tag[:-2]}{'AA' if tag[-2:] != 'AA' else 'BB'}",
        f"{head}.AAAA.{iv}.{text}.{tag}",
        f"{head}..{iv}..{tag}",
        f"e30..{iv}.{text}.{tag}",
        f"!..{iv}.{text}.{tag}",
        good + ".x", "....", "", good + "A" * 1_024,
    )  # fmt: skip
    for each in wrong:
        with pytest.raises(BadJose) as error:
            ours.open(each)
        assert "042137" not in str(error.value)


def test_nothing_is_unfolded(ours: IssuerKeys) -> None:
    """A megabyte of nothing in a few bytes: refused by its header, before anything is decrypted."""
    keys = [
        {name: getattr(key, name) for name in key.__struct_fields__} for key in ours.published()
    ]
    bomb = with_header(encrypted(keys, {"x": zlib.compress(bytes(1_000)).hex()}), zip="DEF")
    with pytest.raises(BadJose, match="more in it than is known"):
        ours.open(bomb)


def test_an_old_key_opens_until_it_is_retired() -> None:
    ring = LiveKeyring(KeyName.ISSUER, Keyring.new())
    ours = IssuerKeys(ring)
    (first,) = ours.published()
    keys = [{name: getattr(first, name) for name in first.__struct_fields__}]
    sealed = encrypted(keys, {"code": "042137"})
    ring.now = ring.now.with_new(since=0.0)
    assert [key.kid for key in ours.published()] == ["issuer-2", "issuer-1"]
    assert ours.open(sealed)
    ring.now = ring.now.without(1)
    with pytest.raises(BadJose, match="do not have"):
        ours.open(sealed)


def with_header(token: str, **changes: Any) -> str:
    head, *others = token.split(".")
    members = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))) | changes
    raw = base64.urlsafe_b64encode(json.dumps(members).encode()).rstrip(b"=").decode()
    return ".".join([raw, *others])


# From us to one device


async def enrolled(somebody: Somebody, key: Any) -> str:
    await somebody.post("auth/step-up", {"totp": somebody.totp()})
    answer = await somebody.post("devices/keys", {"jwk": key.as_dict(private=False)}, key=None)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["kid"])


def opened(answer: httpx.Response, key: Any, kid: str) -> Any:
    assert answer.headers["content-type"] == "application/jose"
    read = jwe.decrypt_compact(answer.content, key, algorithms=[*ALGS, "RSA-OAEP-256"])
    header = read.headers()
    assert (header["kid"], header["enc"], header["cty"]) == (kid, "A256GCM", "json")
    return json.loads(read.plaintext or b"")


async def test_a_code_comes_encrypted_to_the_device_that_asked(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    first, second = ECKey.generate_key("P-256"), RSAKey.generate_key(2048)
    kids = [await enrolled(customer, first)]
    sent: dict[str, Any] = {**JOSE, "key": "once"}
    answer = await customer.ask_for_code(**sent)
    assert answer.status_code == 201
    issued = opened(answer, first, kids[0])
    assert set(issued) == {"code", "expiryTime", "transactionId"}
    assert issued["code"].encode() not in answer.content
    again = await customer.ask_for_code(**sent)
    assert again.headers["idempotency-replayed"] == "true"
    assert opened(again, first, kids[0]) == issued
    assert again.content != answer.content
    with pytest.raises(JoseError):
        opened(answer, ECKey.generate_key("P-256"), kids[0])
    kids.append(await enrolled(customer, second))
    newest = await customer.ask_for_code(**sent)  # the newest, unless another one is named
    assert opened(newest, second, kids[1]) == issued
    by: dict[str, Any] = {"X-Device-Key": kids[0]}
    named = await customer.ask_for_code(**sent, **by)
    assert opened(named, first, kids[0]) == issued
    asked = {"phone": customer.who.phone, "code": issued["code"], "amount": 2000}
    paid = await server.switch.send(AUTHORISE, server.switch.trace() | asked)
    assert paid.json()["responseCode"] == "00"


async def test_who_wants_it_encrypted_does_not_get_it_in_the_clear(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    before = server.position
    answer = await customer.ask_for_code(**JOSE)
    assert answer.json()["error"]["details"]["field"] == "Accept"
    await enrolled(customer, ECKey.generate_key("P-256"))
    unknown: dict[str, Any] = {**JOSE, "X-Device-Key": "k" * 43}
    answer = await customer.ask_for_code(**unknown)
    assert answer.json()["error"]["details"]["field"] == "X-Device-Key"
    live = "SELECT count(*) FROM ledger.withdrawal WHERE state = 'active'"
    assert server.ask(live) == [(0,)]  # nothing was set aside for nothing
    assert server.position > before
    other: dict[str, Any] = {"Accept": "application/json, text/x-jose"}
    assert set((await customer.ask_for_code(**other)).json()) >= {"code"}


async def test_a_pickup_code_comes_encrypted_too(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    key = ECKey.generate_key("P-256")
    kid = await enrolled(customer, key)
    body = {"amount": 1000, "userId": customer.id, "agentId": customer.agents[0]}
    made = (await customer.post("withdrawal/agent", body)).json()
    path = f"withdrawal/{made['transactionId']}/pickup-code"
    plain = (await customer.get(path)).json()
    sealed = await customer.get(path, headers=JOSE)
    assert (sealed.status_code, opened(sealed, key, kid)) == (200, plain)


async def test_keys_are_listed_and_removed(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    key = ECKey.generate_key("P-256")
    answer = await customer.post("devices/keys", {"jwk": key.as_dict(private=False)}, key=None)
    assert refused(answer, 403, "STEP_UP_REQUIRED")
    kid = await enrolled(customer, key)
    assert kid == key.thumbprint()
    assert await enrolled_again(customer, key) == kid
    assert [each["kid"] for each in (await customer.get("devices/keys")).json()["items"]] == [kid]
    stranger = await server.somebody("customer", 1).sign_in()
    assert (await stranger.get("devices/keys")).json()["items"] == []
    for who, status in ((stranger, 404), (customer, 200), (customer, 404)):
        answer = await who.client.delete(f"devices/keys/{kid}", headers=who.headers)
        assert answer.status_code == status
    assert (await customer.ask_for_code(**JOSE)).status_code == 400


async def enrolled_again(customer: Somebody, key: Any) -> str:
    answer = await customer.post("devices/keys", {"jwk": key.as_dict(private=False)}, key=None)
    return str(answer.json()["kid"])


P256 = ECKey.generate_key("P-256").as_dict(private=False)


@pytest.mark.parametrize(
    "jwk",
    [
        {}, {"kty": "EC"}, {"kty": []}, {**P256, "x": "AAAA"}, {**P256, "x": 1},
        {**P256, "crv": "P-999"}, {**P256, "crv": "P-384"},
        ECKey.generate_key("P-256").as_dict(private=True),
        ECKey.generate_key("secp256k1").as_dict(private=False),
        OKPKey.generate_key("X25519").as_dict(private=False),
        OctKey.generate_key(256).as_dict(private=True),
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
    ],
)  # fmt: skip
def test_what_is_no_good_public_key_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(BadJose):
        device_key(jwk)


def test_of_a_key_only_its_public_members_are_kept() -> None:
    kid, kept = device_key({**P256, "use": "enc", "name": "Maria's phone"})
    assert set(json.loads(kept)) == {"kty", "crv", "x", "y"}
    assert len(kid) == 43
    assert sealed_for(kid, kept, b"{}").count(b".") == 4
