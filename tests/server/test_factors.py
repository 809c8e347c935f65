"""What people sign in with, over HTTP: changed by step-up, used once, and gone when it is over."""

from __future__ import annotations

import dataclasses
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import msgspec
import pyotp

from tests.server.authenticator import Authenticator
from tests.server.conftest import Running
from tests.server.people import Somebody, this_step

NEW_PIN = "739204"


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def change(somebody: Somebody, current: str, new: str) -> httpx.Response:
    return await somebody.post("auth/pin", {"current": current, "new": new}, key=None)


async def confirm(somebody: Somebody, **factor: str) -> httpx.Response:
    body = {"challengeId": await somebody.challenge(), **factor}
    return await somebody.client.post("auth/factor", json=body)


def as_one_who(somebody: Somebody, **changes: Any) -> Somebody:
    who = msgspec.structs.replace(somebody.who, **changes)
    return dataclasses.replace(somebody, who=who, token="")


# -- PIN -----------------------------------------------------------------------------------------


async def test_a_new_pin_signs_everybody_out_and_ends_a_live_code(server: Running) -> None:
    thief = await server.somebody("customer").sign_in()
    await thief.ask_for_code()
    owner = server.somebody("customer")
    owner.step = thief.step
    await owner.sign_in()
    pin = owner.who.pin
    assert refused(await change(owner, pin, NEW_PIN)) == (403, "STEP_UP_REQUIRED")
    await owner.step_up()
    for bad, why in (
        ("123456", "many choose"),
        ("111111", "many choose"),
        ("987654", "many choose"),
        ("12345", "six to twelve"),
        (owner.who.phone[-6:], "your number"),
        (pin, "the old one"),
    ):
        answer = await change(owner, pin, bad)
        assert refused(answer) == (400, "INVALID_REQUEST")
        assert why in answer.json()["error"]["details"]["reason"]
    assert refused(await change(owner, "000001", NEW_PIN)) == (401, "UNAUTHENTICATED")
    changed = await change(owner, pin, NEW_PIN)
    assert (changed.status_code, changed.json()) == (200, {"codeCancelled": True})
    for each in (owner, thief):
        assert (await each.get("balance")).status_code == 401
    body = {"phone": owner.who.phone, "pin": pin}
    assert (await owner.client.post("auth/login", json=body)).status_code == 401
    assert await as_one_who(owner, pin=NEW_PIN).challenge()


# -- authenticator -------------------------------------------------------------------------------


async def test_another_authenticator_counts_from_its_first_code_on(server: Running) -> None:
    ana = await server.somebody("customer").sign_in()
    offered = (await ana.post("auth/totp", key=None)).json()
    uri = urlsplit(offered["otpauthUri"])
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == f"/makeba:{ana.who.phone}"
    assert parse_qs(uri.query) == {"secret": [offered["totpSecret"]], "issuer": ["makeba"]}
    assert offered["qr"].startswith("data:image/svg+xml")
    code = pyotp.TOTP(offered["totpSecret"]).now()
    taken = {"challengeId": offered["challengeId"], "totp": code}
    early = await ana.post("auth/totp/confirm", taken, key=None)
    assert refused(early) == (403, "STEP_UP_REQUIRED")
    await ana.step_up()
    wrong = taken | {"totp": f"{(int(code) + 1) % 10**6:06}"}
    assert refused(await ana.post("auth/totp/confirm", wrong, key=None))[0] == 401
    assert (await ana.post("auth/totp/confirm", taken, key=None)).status_code == 200
    assert (await ana.get("balance")).status_code == 401
    assert refused(await confirm(ana, totp=ana.totp()))[0] == 401  # the old one's
    assert refused(await confirm(ana, totp=code))[0] == 401  # used
    new = as_one_who(ana, totp_secret=offered["totpSecret"])
    new.step = this_step()
    assert (await (await new.sign_in()).get("balance")).status_code == 200


async def test_an_authenticator_that_was_offered_to_somebody_else_cannot_be_taken(
    server: Running,
) -> None:
    ana, rui = [await server.somebody("customer", each).sign_in() for each in range(2)]
    offered = (await rui.post("auth/totp", key=None)).json()
    await ana.step_up()
    code = pyotp.TOTP(offered["totpSecret"]).now()
    for challenge in (offered["challengeId"], "AAAA", offered["challengeId"][:-8]):
        body = {"challengeId": challenge, "totp": code}
        answer = await ana.post("auth/totp/confirm", body, key=None)
        assert refused(answer) == (400, "INVALID_REQUEST")


# -- recovery codes ------------------------------------------------------------------------------


async def test_recovery_codes_work_once_and_new_ones_end_the_old(server: Running) -> None:
    ana = await server.somebody("customer").sign_in()
    assert refused(await ana.post("auth/recovery-codes", key=None)) == (403, "STEP_UP_REQUIRED")
    await ana.step_up()
    codes = (await ana.post("auth/recovery-codes", key=None)).json()["codes"]
    assert len(set(codes)) == 10
    stored = str(server.ask("SELECT f::text FROM ledger.factors AS f"))
    stored += str(server.ask("SELECT l::text FROM ledger.log AS l"))
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)
    lost = codes[0].lower().replace("-", " ")  # however it is written
    assert (await confirm(ana, recoveryCode=lost)).status_code == 200
    assert refused(await confirm(ana, recoveryCode=codes[0]))[0] == 401
    raised = await ana.post("auth/step-up", {"recoveryCode": codes[1]}, key=None)
    assert raised.status_code == 200
    assert (await ana.get("auth/factors")).json()["recoveryCodes"] == 8
    assert (await ana.post("auth/recovery-codes", key=None)).status_code == 200
    assert refused(await confirm(ana, recoveryCode=codes[2]))[0] == 401
    both = await confirm(ana, recoveryCode=codes[2], totp="123456")
    assert refused(both) == (400, "INVALID_REQUEST")
    assert refused(await confirm(ana)) == (400, "INVALID_REQUEST")


# -- devices -------------------------------------------------------------------------------------


async def test_a_new_device_is_told_of_and_moves_little_after_step_up(server: Running) -> None:
    old = await server.somebody("customer").sign_in("phone-one")
    new = server.somebody("customer")
    new.step = old.step
    await new.sign_in("phone-two")
    assert refused(await new.ask_for_code(6_000)) == (422, "LIMIT_EXCEEDED")
    told = (await new.ask_for_code(6_000)).json()["error"]["details"]
    assert (told["limit"], told["of"]) == ("perTransactionMax", "new_device")
    assert refused(await new.ask_for_code(2_000)) == (403, "STEP_UP_REQUIRED")
    await new.step_up()
    assert (await new.ask_for_code(2_000)).status_code == 201
    listed = (await old.get("auth/devices")).json()["items"]
    assert len({each["deviceId"] for each in listed}) == 2
    sessions = (await old.get("auth/sessions")).json()["items"]
    assert [each["cappedUntil"] is not None for each in sessions] == [True, False]
    kinds = "SELECT kind FROM ledger.log WHERE starts_with(kind, 'device.')"
    assert server.ask(kinds) == [("device.added",)] * 2
    # A device that is forgotten is signed out, with the code that it asked for.
    gone = await old.delete(f"auth/devices/{listed[1]['deviceId']}")
    assert gone.status_code == 204
    assert (await new.get("balance")).status_code == 401
    assert server.ask("SELECT state FROM ledger.withdrawal") == [("cancelled",)]
    assert (await old.get("balance")).status_code == 200
    assert (await old.ask_for_code(6_000)).status_code == 201
    again = await old.delete(f"auth/devices/{listed[1]['deviceId']}")
    assert refused(again) == (404, "NOT_FOUND")


# -- passkeys ------------------------------------------------------------------------------------


async def add_passkey(
    somebody: Somebody, device: Authenticator, name: str = "laptop"
) -> httpx.Response:
    asked = (await somebody.post("auth/passkeys/options", key=None)).json()
    body = {
        "challengeId": asked["challengeId"],
        "name": name,
        "credential": device.make(asked["options"]),
    }
    return await somebody.post("auth/passkeys", body, key=None)


async def signature(client: httpx.AsyncClient, device: Authenticator) -> dict[str, Any]:
    asked = (await client.post("auth/passkey/options")).json()
    return {"challengeId": asked["challengeId"], "credential": device.sign(asked["options"])}


async def test_a_passkey_signs_in_in_one_step_until_it_is_removed(server: Running) -> None:
    clerk, device = await server.somebody("accountant").sign_in(), Authenticator()
    assert refused(await add_passkey(clerk, device)) == (403, "STEP_UP_REQUIRED")
    await clerk.step_up()
    added = await add_passkey(clerk, device)
    assert added.status_code == 201, added.text
    assert refused(await add_passkey(clerk, device)) == (409, "CONFLICT")
    answer = await server.client.post("auth/passkey", json=await signature(server.client, device))
    assert (answer.status_code, answer.json()["role"]) == (200, "accountant")
    assert list(answer.json()) == ["accessToken", "expiresAt", "userId", "role"]
    fresh = dataclasses.replace(clerk, token=answer.json()["accessToken"])
    items = (await fresh.get("auth/passkeys")).json()["items"]
    assert [(each["name"], each["usedAt"] is not None) for each in items] == [("laptop", True)]
    # It confirms a session too.
    body = {"passkey": await signature(server.client, device)}
    assert (await fresh.post("auth/step-up", body, key=None)).status_code == 200
    path = f"auth/passkeys/{added.json()['passkeyId']}"
    assert (await fresh.delete(path)).status_code == 204
    late = await server.client.post("auth/passkey", json=await signature(server.client, device))
    assert refused(late) == (401, "UNAUTHENTICATED")
    assert refused(await fresh.delete(path)) == (404, "NOT_FOUND")


async def test_signatures_that_are_none(server: Running) -> None:
    clerk, device = await server.somebody("auditor").sign_in(), Authenticator()
    await clerk.step_up()
    assert (await add_passkey(clerk, device)).status_code == 201
    good = await signature(server.client, device)
    assert (await server.client.post("auth/passkey", json=good)).status_code == 200
    copy = dataclasses.replace(device, count=0)  # of the key, which counts anew
    forger = dataclasses.replace(device, key=Authenticator().key, count=99)
    elsewhere = dataclasses.replace(device, origin="https://makeba.example", count=99)
    unseen = dataclasses.replace(device, verifies=False, count=99)
    for body in (
        good,  # shown before
        await signature(server.client, copy),
        await signature(server.client, forger),
        await signature(server.client, elsewhere),
        await signature(server.client, unseen),
        await signature(server.client, Authenticator()),
        good | {"challengeId": "AAAA"},
        good | {"credential": {}},
        good | {"credential": {"id": 7}},
    ):
        answer = await server.client.post("auth/passkey", json=body)
        assert refused(answer) == (401, "UNAUTHENTICATED"), body
    better = dataclasses.replace(device, count=50)
    answer = await server.client.post("auth/passkey", json=await signature(server.client, better))
    assert answer.status_code == 200


async def test_authenticators_that_never_count_are_good_too_and_attestations_are_looked_at(
    server: Running,
) -> None:
    clerk, device = await server.somebody("operator").sign_in(), Authenticator(counts=False)
    await clerk.step_up()
    assert (await add_passkey(clerk, device)).status_code == 201
    for _ in range(2):
        body = await signature(server.client, device)
        assert (await server.client.post("auth/passkey", json=body)).status_code == 200
    for bad in (Authenticator(verifies=False), Authenticator(origin="https://makeba.example")):
        assert refused(await add_passkey(clerk, bad)) == (400, "INVALID_REQUEST")


async def test_a_wrong_pin_elsewhere_locks_nobody_out_of_a_passkey(server: Running) -> None:
    clerk, device = await server.somebody("admin").sign_in(), Authenticator()
    await clerk.step_up()
    await add_passkey(clerk, device)
    wrong = {"phone": clerk.who.phone, "pin": f"{(int(clerk.who.pin) + 1) % 10**6:06}"}
    for _ in range(6):
        locked = await server.client.post("auth/login", json=wrong)
    assert refused(locked) == (429, "RATE_LIMITED")
    body = await signature(server.client, device)
    assert (await server.client.post("auth/passkey", json=body)).status_code == 200
