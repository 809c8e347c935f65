"""Principals, outlets, tills, offers and float over HTTP, and who sees what of them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pyotp
import pytest

from ledger.books import COUNTRY
from server.routes.counter import masked
from tests.server.conftest import Running
from tests.server.people import Somebody

NEAR = {"latitudeE6": 14_917_100, "longitudeE6": -23_509_100}
FAR = {"latitudeE6": 16_886_000, "longitudeE6": -24_988_100}
OPERATOR = {"phone": "+2389000456", "name": "Rosa Lopes", "pin": "482915"}


@pytest.fixture
async def agent(server: Running) -> Somebody:
    return await server.somebody("agent").sign_in()


@pytest.fixture
async def operator(server: Running) -> Somebody:
    return await server.somebody("operator").sign_in()


def today() -> str:
    return datetime.now(COUNTRY).date().isoformat()


class Heard:
    """How far anybody here has heard that the log went: so that all see each other's writes."""

    position = "0"


@pytest.fixture(autouse=True)
def _nothing_heard_yet() -> None:
    Heard.position = "0"


async def done(answer: Any, status: int = 200) -> Any:
    found = await answer
    assert found.status_code == status, found.text
    Heard.position = found.headers.get("x-log-position", Heard.position)
    return found.json()


async def read(who: Somebody, path: str, **params: Any) -> Any:
    headers = {"X-Log-Position": Heard.position}
    return await done(who.get(path, params=params, headers=headers))


async def test_an_offer_is_taken_by_one_of_two_and_paid(server: Running, agent: Somebody) -> None:
    customer = await server.somebody("customer").sign_in()
    other = await server.somebody("agent", 1).sign_in()
    near = await read(customer, "agents/near", **NEAR)
    assert [one["agentId"] for one in near["items"]] == [
        str(each.who.agent_id) for each in (agent, other)
    ]
    body = {"amount": 3000, "userId": customer.id}
    far = await customer.post("withdrawal/agent/offer", body | FAR)
    assert (far.status_code, far.json()["error"]["code"]) == (404, "NOT_FOUND")
    offer = await done(customer.post("withdrawal/agent/offer", body | NEAR), 201)
    id_ = offer["transactionId"]
    for each in (agent, other):
        offers = await read(each, "agent/offers")
        assert [item["transactionId"] for item in offers["items"]] == [id_]
        assert (await read(each, "agent/requests"))["items"] == []
    answers = await asyncio.gather(
        *(each.post(f"agent/offers/{id_}/take") for each in (agent, other))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    winner = agent if answers[0].status_code == 200 else other
    Heard.position = max(answer.headers.get("x-log-position", "") for answer in answers)
    status = await read(customer, f"withdrawal/{id_}")
    assert (status["status"], status["agentId"]) == ("pending", str(winner.who.agent_id))
    code = (await read(customer, f"withdrawal/{id_}/pickup-code"))["pickupCode"]
    await done(winner.post(f"agent/requests/{id_}/confirm", {"pickupCode": code}))
    receipt = await read(winner, f"agent/receipts/{id_}")
    assert (receipt["title"], receipt["amount"], receipt["fee"]) == ("levantamento", 3000, 60)
    loser = other if winner is agent else agent
    assert (await loser.get(f"agent/receipts/{id_}")).status_code == 404
    assert (await read(loser, "agent/offers"))["items"] == []
    movement = await read(customer, f"transactions/{id_}")
    assert movement["counterparty"] == str(winner.who.agent_id)


async def test_an_offer_that_all_decline_comes_back(server: Running, agent: Somebody) -> None:
    customer = await server.somebody("customer").sign_in()
    other = await server.somebody("agent", 1).sign_in()
    body = {"amount": 3000, "userId": customer.id} | NEAR
    id_ = (await done(customer.post("withdrawal/agent/offer", body), 201))["transactionId"]
    await done(agent.post(f"agent/offers/{id_}/take"))
    refused = await done(agent.post(f"agent/requests/{id_}/refuse", {"reason": "no cash"}))
    assert refused["status"] == "pending"
    assert (await read(customer, f"withdrawal/{id_}"))["agentId"] is None
    assert (await read(agent, "agent/offers"))["items"] == []
    assert (await done(other.post(f"agent/offers/{id_}/decline")))["status"] == "refused"
    assert (await read(customer, "wallet"))["held"] == 0


async def test_a_till_from_the_morning_to_the_evening(server: Running, agent: Somebody) -> None:
    customer = server.somebody("customer")
    (till,) = (await read(agent, "agent/tills"))["items"]
    path = f"agent/tills/{till['tillId']}"
    assert (await done(agent.post(f"{path}/open", {"cash": 0})))["difference"] == 0
    moved = {"amount": 20_000, "way": "brought", "reason": "from the safe"}
    await done(agent.post(f"{path}/cash", moved))
    body = {"amount": 5000, "userId": customer.id, "agentId": str(agent.who.agent_id)}
    deposit = await done(agent.post("deposit/agent", body), 201)
    receipt = await read(agent, f"agent/receipts/{deposit['transactionId']}")
    assert (receipt["title"], receipt["amount"], receipt["fee"]) == ("depósito", 5000, 0)
    assert (await agent.post(f"{path}/open", {"cash": 0})).status_code == 409
    closed = await done(agent.post(f"{path}/close", {"cash": 24_990}))
    assert (closed["cash"], closed["difference"]) == (24_990, -10)
    report = await read(agent, "agent/report", day=today())
    (day,) = report["tills"]
    assert day | {"tillId": 0} == {
        "tillId": 0,
        "name": "Caixa 1",
        "cashOpening": 0,
        "cashInCount": 1,
        "cashIn": 5000,
        "cashOutCount": 0,
        "cashOut": 0,
        "brought": 20_000,
        "differences": -10,
        "cashClosing": 24_990,
        "commission": 25,
    }
    manager = await server.somebody("agent_manager").sign_in()
    seen = await read(manager, f"agents/{agent.who.agent_id}/report", day=today())
    assert seen["tills"] == report["tills"]


async def test_a_manager_sees_the_own_outlets_only(server: Running, operator: Somebody) -> None:
    manager = await server.somebody("agent_manager").sign_in()
    firm = await done(operator.post("principals", {"name": "Outra Casa"}), 201)
    outlet = {"principalId": firm["principalId"], "name": "Balcão"}
    made = await done(operator.post("agents", outlet), 201)
    mine = (await read(manager, "agents"))["items"]
    assert {one["principal"] for one in mine} == {"Mercearias Unidas"}
    for path in ("", "/report", "/tills"):
        foreign = f"agents/{made['agentId']}{path}"
        assert (await manager.get(foreign, params={"day": today()})).status_code == 404
        assert (await operator.get(foreign, params={"day": today()})).status_code == 200
    first = await read(operator, "agents", limit=1)
    rest = await read(operator, "agents", cursor=first["nextCursor"])
    assert len(first["items"]) + len(rest["items"]) == len(mine) + 1


async def test_who_is_enrolled_at_a_counter_signs_in_and_works_there(
    server: Running, operator: Somebody
) -> None:
    agent_id = str(server.somebody("agent").who.agent_id)
    customer = server.somebody("customer")
    body = OPERATOR | {"customerId": customer.id}
    path = f"agents/{agent_id}/operators"
    made = await done(operator.post(path, body, key="one"), 201)
    assert await done(operator.post(path, body, key="one"), 201) == made
    first = await server.client.post("auth/login", json={k: OPERATOR[k] for k in ("phone", "pin")})
    second = await server.client.post(
        "auth/factor",
        json={
            "challengeId": first.json()["challengeId"],
            "totp": pyotp.TOTP(made["totpSecret"]).now(),
        },
    )
    assert (second.json()["userId"], second.json()["role"]) == (made["userId"], "agent")
    again = await operator.post(path, body, key="one")
    assert (again.status_code, again.json()["error"]["code"]) == (422, "CODE_EXPIRED")
    headers = {"Authorization": f"Bearer {second.json()['accessToken']}", "Idempotency-Key": "k"}
    own = {"amount": 100, "userId": customer.id, "agentId": agent_id}
    refused = await server.client.post("deposit/agent", json=own, headers=headers)
    assert refused.json()["error"]["code"] == "AGENT_SERVES_ITSELF"
    checked = await server.client.get(
        "deposit/agent/name-check", params={"phone": customer.who.phone}, headers=headers
    )
    assert checked.json() == {"userId": customer.id, "name": "Demo c."}


async def test_a_manager_is_enrolled_for_a_principal(operator: Somebody) -> None:
    firm = await done(operator.post("principals", {"name": "Outra Casa"}), 201)
    path = f"principals/{firm['principalId']}/managers"
    await done(operator.post(path, OPERATOR), 201)
    assert (await operator.post(path, OPERATOR)).status_code == 409
    unknown = "principals/00000000-0000-0000-0000-000000000001/managers"
    other = OPERATOR | {"phone": "+2389000457"}
    assert (await operator.post(unknown, other)).status_code == 404


async def test_float_comes_from_a_super_agent_and_goes_to_the_bank(
    server: Running, agent: Somebody, operator: Somebody
) -> None:
    other = server.somebody("agent", 1)
    sent = {"amount": 10_000, "toAgentId": str(other.who.agent_id)}
    await done(agent.post("agent/float-transfers", sent), 201)
    asked = await done(agent.post("agent/redemptions", {"amount": 4_000}), 201)
    (waiting,) = (await read(operator, "redemptions"))["items"]
    assert (waiting["redemptionId"], waiting["amount"]) == (asked["redemptionId"], 4_000)
    path = f"redemptions/{asked['redemptionId']}"
    paid = await done(operator.post(f"{path}/pay", {"reference": "TB-77"}))
    assert paid["state"] == "paid"
    assert (await operator.post(f"{path}/refuse", {"reason": "late"})).status_code == 409
    (mine,) = (await read(agent, "agent/redemptions"))["items"]
    assert (mine["state"], mine["reference"]) == ("paid", "TB-77")
    report = await read(agent, "agent/report", day=today())
    assert report["redemptions"] == {"count": 2, "amount": 14_000, "commission": 0}
    assert report["topUps"]["count"] == 1
    assert report["other"]["count"] == 0
    assert report["floatClosing"] == 486_000


async def test_levels_and_status_of_an_outlet_are_set_by_operators(
    server: Running, operator: Somebody
) -> None:
    agent_id = server.somebody("agent").who.agent_id
    levels = {"floor": 1_000, "low": 500_001, "ok": 600_000}
    told = await done(operator.post(f"agents/{agent_id}/float-levels", levels))
    assert told["floatState"] == "low"
    closed = {"status": "closed", "reason": "holidays"}
    await done(operator.post(f"agents/{agent_id}/status", closed))
    till = await operator.post(f"agents/{agent_id}/tills", {"name": "Caixa 2"})
    assert till.status_code == 404
    seen = await read(operator, f"agents/{agent_id}")
    assert (seen["status"], seen["floatState"], seen["floatFloor"]) == ("closed", "low", 1_000)
    assert (await read(operator, f"agents/{agent_id}/tills"))["items"][0]["state"] == "closed"


async def test_a_number_of_nobody_has_no_name(agent: Somebody) -> None:
    for phone, status in (("+2389000999", 404), ("12", 400), ("+351912345678", 404)):
        answer = await agent.get("deposit/agent/name-check", params={"phone": phone})
        assert answer.status_code == status


def test_a_name_is_shown_in_part() -> None:
    assert masked("Maria da Luz") == "Maria d. L."
    assert masked("Ana") == "Ana"
    assert masked(" ") == "–"
