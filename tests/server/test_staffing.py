"""Who works here, over HTTP: two admins give rights, one takes them, and forgotten secrets are set
anew by their owners alone."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import httpx
import msgspec
import pyotp
import pytest

from commands.identity.person import Role
from server.demo import DemoUser
from server.settings import Settings
from tests.server.conftest import Running
from tests.server.people import Somebody, this_step
from tests.server.test_factors import as_one_who, confirm, refused

PHONE = "+2389000321"
PASSWORD = "cavala com arroz"
COOL_OFF = 2


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, reset_cool_off_seconds=COOL_OFF)


async def two(server: Running, role: str) -> tuple[Somebody, Somebody]:
    """Two of them, who have both shown their second factor just now."""
    one, other = [await server.somebody(role, number).sign_in() for number in range(2)]
    return await one.step_up(), await other.step_up()


async def propose(maker: Somebody, **change: Any) -> httpx.Response:
    return await maker.post("proposals", {"reason": "asked for", **change})


async def agree(checker: Somebody, proposed: dict[str, Any]) -> httpx.Response:
    path = f"proposals/{proposed['proposalId']}/approve"
    return await checker.post(path, {"contentHash": proposed["contentHash"]})


async def decide(maker: Somebody, checker: Somebody, **change: Any) -> None:
    proposed = await propose(maker, **change)
    assert proposed.status_code == 201, proposed.text
    agreed = await agree(checker, proposed.json())
    assert agreed.status_code == 200, agreed.text


async def code_for(helper: Somebody, user_id: str) -> dict[str, Any]:
    answer = await helper.post(f"people/{user_id}/reset-code", key=None)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def reset(server: Running, **body: Any) -> httpx.Response:
    return await server.client.post("auth/reset", json=body)


# -- inviting ------------------------------------------------------------------------------------


async def invited(server: Running, ana: Somebody, rui: Somebody, role: str) -> Somebody:
    """Somebody new, who has chosen a password and an authenticator, and signed in."""
    body = {"phone": PHONE, "name": "Eva Lima", "role": role}
    proposed = (await ana.post("people", body)).json()
    assert (await agree(rui, proposed)).status_code == 200
    code = (await code_for(ana, proposed["userId"]))["code"]
    offered = (await reset(server, phone=PHONE, code=code, new=PASSWORD)).json()
    secret = offered["totpSecret"]
    taken = {"challengeId": offered["challengeId"], "totp": pyotp.TOTP(secret).now()}
    done = await server.client.post("auth/reset/confirm", json=taken)
    assert (done.status_code, done.json()["done"]) == (200, True), done.text
    who = DemoUser(
        role=Role(role), user_id=proposed["userId"], phone=PHONE, pin="", totp_secret=secret
    )
    eva = Somebody(server.client, who, [], step=this_step())
    body = {"phone": PHONE, "password": PASSWORD}
    challenge = (await server.client.post("auth/login", json=body)).json()["challengeId"]
    access = await server.client.post(
        "auth/factor", json={"challengeId": challenge, "totp": eva.totp()}
    )
    assert (access.status_code, access.json()["role"]) == (200, role)
    return dataclasses.replace(eva, token=access.json()["accessToken"])


async def test_whoever_is_invited_comes_in_when_a_second_admin_has_agreed(server: Running) -> None:
    ana, rui = await two(server, "admin")
    body = {"phone": PHONE, "name": "Eva Lima", "role": "accountant"}
    proposed = (await ana.post("people", body)).json()
    assert refused(await ana.post("people", body)) == (409, "CONFLICT")  # the number is taken
    early = await ana.post(f"people/{proposed['userId']}/reset-code", key=None)
    assert refused(early) == (404, "NOT_FOUND")
    assert refused(await agree(ana, proposed)) == (403, "FORBIDDEN")
    assert (await agree(rui, proposed)).status_code == 200
    code = (await code_for(rui, proposed["userId"]))["code"]
    for bad in ("short", "password1", "makeba makeba", "Eva Lima 9000321"):
        answer = await reset(server, phone=PHONE, code=code, new=bad)
        assert refused(answer) == (400, "INVALID_REQUEST"), bad
    assert refused(await reset(server, phone=PHONE, code="A" * 16, new=PASSWORD))[0] == 401
    assert refused(await reset(server, phone="+2389000999", code=code, new=PASSWORD))[0] == 401
    offered = (await reset(server, phone=PHONE, code=code, new=PASSWORD)).json()
    assert (offered["what"], offered["done"]) == ("both", False)
    taken = {
        "challengeId": offered["challengeId"],
        "totp": pyotp.TOTP(offered["totpSecret"]).now(),
    }
    done = await server.client.post("auth/reset/confirm", json=taken)
    assert (done.json()["done"], done.status_code) == (True, 200)
    again = await server.client.post("auth/reset/confirm", json=taken)
    assert refused(again) == (401, "UNAUTHENTICATED")
    stored = str(server.ask("SELECT l::text FROM ledger.log AS l"))
    for secret in (code, code.replace("-", ""), PASSWORD, offered["totpSecret"], "Eva Lima", PHONE):
        assert secret not in stored


async def test_roles_change_by_two_and_end_by_one(server: Running) -> None:
    ana, rui = await two(server, "admin")
    eva = await invited(server, ana, rui, "accountant")
    assert (await eva.get("accounts")).status_code == 200
    change = {"kind": "change_role", "userId": eva.id, "role": "auditor"}
    proposed = (await propose(ana, **change)).json()
    assert refused(await agree(ana, proposed)) == (403, "FORBIDDEN")
    assert (await agree(rui, proposed)).status_code == 200
    await asyncio.sleep(1)
    assert (await eva.get("accounts")).status_code == 401  # signed out, to come back as an auditor
    disabled = await ana.post(f"people/{eva.id}/disable", {"reason": "left us"})
    assert disabled.json() == {"userId": eva.id, "status": "disabled"}
    body = {"phone": PHONE, "password": PASSWORD}
    assert (await server.client.post("auth/login", json=body)).status_code == 401
    assert refused(await ana.post(f"people/{eva.id}/disable", {"reason": "x"}))[0] == 409
    await decide(ana, rui, kind="enable_person", userId=eva.id)
    assert (await server.client.post("auth/login", json=body)).status_code == 200


async def test_nobody_decides_on_themselves_and_a_house_keeps_an_admin(server: Running) -> None:
    ana, rui = await two(server, "admin")
    mine = {"kind": "change_role", "userId": ana.id, "role": "auditor"}
    assert refused(await propose(ana, **mine)) == (403, "FORBIDDEN")
    proposed = (await propose(rui, **mine)).json()
    assert refused(await agree(ana, proposed)) == (403, "FORBIDDEN")
    assert (await ana.post(f"people/{rui.id}/disable", {"reason": "x"})).status_code == 200
    alone = await ana.post(f"people/{ana.id}/disable", {"reason": "x"})
    assert refused(alone) == (409, "CONFLICT")


async def test_admins_neither_propose_nor_see_what_is_about_money(server: Running) -> None:
    ana, _ = await two(server, "admin")
    operator = await server.somebody("operator").at_work()
    tier = {
        "kind": "set_tier",
        "userId": server.somebody("customer").id,
        "tier": "basic",
        "reason": "x",
    }
    assert refused(await ana.post("proposals", tier)) == (403, "FORBIDDEN")
    proposed = (await operator.post("proposals", tier)).json()
    assert refused(await agree(ana, proposed)) == (403, "FORBIDDEN")
    path = f"proposals/{proposed['proposalId']}"
    assert (await operator.get(path)).status_code == 200
    assert (await ana.get(path)).status_code == 404
    assert (await ana.get("proposals")).json()["items"] == []
    staffing = {"kind": "change_role", "userId": operator.id, "role": "admin"}
    assert refused(await propose(operator, **staffing)) == (403, "FORBIDDEN")


async def test_rights_need_the_second_factor_again(server: Running) -> None:
    ana, rui = [await server.somebody("admin", number).sign_in() for number in range(2)]
    operator = server.somebody("operator")
    change = {"kind": "change_role", "userId": operator.id, "role": "auditor"}
    assert refused(await propose(ana, **change)) == (403, "STEP_UP_REQUIRED")
    body = {"phone": PHONE, "name": "Eva", "role": "admin"}
    for path, sent in (("people", body), (f"people/{operator.id}/disable", {"reason": "x"})):
        assert refused(await ana.post(path, sent)) == (403, "STEP_UP_REQUIRED")
    await ana.step_up()
    proposed = (await propose(ana, **change)).json()
    assert refused(await agree(rui, proposed)) == (403, "STEP_UP_REQUIRED")


# -- resets --------------------------------------------------------------------------------------


async def test_a_pin_is_reset_by_two_operators_and_set_by_its_owner(server: Running) -> None:
    one, other = await two(server, "operator")
    ana = await server.somebody("customer").sign_in()
    change = {"kind": "reset_factor", "userId": ana.id, "factor": "pin"}
    proposed = (await propose(one, **change)).json()
    assert refused(await agree(one, proposed)) == (403, "FORBIDDEN")
    assert (await agree(other, proposed)).status_code == 200
    code = (await code_for(one, ana.id))["code"]
    body = {"phone": ana.who.phone, "code": code, "new": "739204", "totp": ana.totp()}
    assert refused(await reset(server, **body)) == (409, "CONFLICT")  # it cools off
    assert (await ana.get("auth/factors")).json()["reset"]["what"] == "pin"
    await asyncio.sleep(COOL_OFF)
    without = {name: body[name] for name in ("phone", "code", "new")}
    assert refused(await reset(server, **without))[0] == 401
    done = await reset(server, **body)
    assert (done.status_code, done.json()["done"]) == (200, True), done.text
    assert (await ana.get("balance")).status_code == 401
    assert refused(await reset(server, **body))[0] == 401  # used
    assert await as_one_who(ana, pin="739204").challenge()
    # Whoever comes first afterwards is new, and moves little.
    known = server.ask("SELECT known FROM ledger.devices WHERE person_id = %s", ana.id)
    assert known[0][0].startswith('[["none",')


async def test_an_authenticator_is_reset_with_the_pin_and_its_first_code(server: Running) -> None:
    one, other = await two(server, "operator")
    ana = server.somebody("customer")
    await decide(one, other, kind="reset_factor", userId=ana.id, factor="totp")
    code = (await code_for(other, ana.id))["code"]
    await asyncio.sleep(COOL_OFF)
    wrong = f"{(int(ana.who.pin) + 1) % 10**6:06}"
    assert refused(await reset(server, phone=ana.who.phone, code=code, current=wrong))[0] == 401
    offered = await reset(server, phone=ana.who.phone, code=code, current=ana.who.pin)
    assert offered.status_code == 200, offered.text
    secret = offered.json()["totpSecret"]
    taken = {"challengeId": offered.json()["challengeId"], "totp": pyotp.TOTP(secret).now()}
    assert (await server.client.post("auth/reset/confirm", json=taken)).status_code == 200
    assert refused(await confirm(ana, totp=ana.totp()))[0] == 401
    new = as_one_who(ana, totp_secret=secret)
    new.step = this_step()
    assert (await (await new.sign_in()).get("balance")).status_code == 200


async def test_an_owner_objects_and_the_reset_is_over(server: Running) -> None:
    one, other = await two(server, "operator")
    ana = await server.somebody("customer").sign_in()
    await decide(one, other, kind="reset_factor", userId=ana.id, factor="pin")
    twice = {"kind": "reset_factor", "userId": ana.id, "factor": "totp"}
    assert refused(await propose(one, **twice)) == (409, "CONFLICT")  # one after the other
    code = (await code_for(one, ana.id))["code"]
    assert (await ana.delete("auth/reset")).json() == {"what": "pin"}
    await asyncio.sleep(COOL_OFF)
    body = {"phone": ana.who.phone, "code": code, "new": "739204", "totp": ana.totp()}
    assert refused(await reset(server, **body))[0] == 401
    told = "SELECT kind FROM ledger.log WHERE starts_with(kind, 'reset.') ORDER BY position"
    assert [kind for (kind,) in server.ask(told)] == [
        "reset.opened",
        "reset.code_issued",
        "reset.objected",
    ]


async def test_operators_help_customers_and_admins_help_staff(server: Running) -> None:
    operator = await (await server.somebody("operator").sign_in()).step_up()
    admin = await (await server.somebody("admin").sign_in()).step_up()
    customer, colleague = server.somebody("customer"), server.somebody("auditor")
    for helper, person in ((operator, colleague), (admin, customer)):
        change = {"kind": "reset_factor", "userId": person.id, "factor": "pin"}
        assert refused(await propose(helper, **change)) == (403, "FORBIDDEN")
    change = {"kind": "reset_factor", "userId": admin.id, "factor": "pin"}
    assert refused(await propose(admin, **change)) == (403, "FORBIDDEN")


# -- the review ----------------------------------------------------------------------------------


async def test_the_review_says_who_can_do_what_and_when_they_last_did(server: Running) -> None:
    ana, rui = await two(server, "admin")
    eva = await invited(server, ana, rui, "auditor")
    await eva.post("auth/step-up", {"totp": "000000"}, key=None)
    await decide(ana, rui, kind="change_role", userId=eva.id, role="accountant")
    page = (await ana.get("access", params={"limit": 200})).json()
    found = {each["access"]["userId"]: each for each in page["items"]}
    assert {each["access"]["role"] for each in found.values()} >= {"agent", "agent_manager"}
    assert "customer" not in {each["access"]["role"] for each in found.values()}
    row = found[eva.id]["access"]
    assert (found[eva.id]["name"], row["role"], row["status"]) == (
        "Eva Lima",
        "accountant",
        "active",
    )
    assert (row["givenBy"], row["letInBy"]) == (ana.id, None)
    assert found[rui.id]["access"]["givenBy"] is None  # was here from the beginning
    assert row["pinSetAt"] == row["totpSetAt"]
    assert (row["devices"], row["passkeys"], row["recoveryCodes"]) == (1, 0, 0)
    assert row["lastActedAt"] >= row["lastSignInAt"] > row["enrolledAt"]
    assert found[rui.id]["access"]["lastAct"] == "proposal.applied"
    only = (await ana.get("access", params={"role": "admin"})).json()["items"]
    assert {each["access"]["userId"] for each in only} == {ana.id, rui.id}
    roles = {
        each["role"]: each["routes"] for each in (await ana.get("access/roles")).json()["items"]
    }
    assert "POST /people" in roles["admin"]
    assert "POST /people" not in roles["operator"]
    first = (await ana.get("access", params={"limit": 1})).json()
    rest = (await ana.get("access", params={"limit": 200, "cursor": first["nextCursor"]})).json()
    assert len(rest["items"]) == len(page["items"]) - 1
