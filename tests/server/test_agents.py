"""An agent's counter over HTTP."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from ledger.books import COUNTRY
from tests.server.conftest import Running
from tests.server.people import Somebody


@pytest.fixture
async def customer(server: Running) -> Somebody:
    return await server.somebody("customer").sign_in()


@pytest.fixture
async def agent(server: Running) -> Somebody:
    return await server.somebody("agent").sign_in()


async def asked(customer: Somebody, agent: Somebody, amount: int = 3000) -> tuple[str, str]:
    """A request and its pick-up code."""
    body = {"amount": amount, "userId": customer.id, "agentId": str(agent.who.agent_id)}
    transaction_id = (await customer.post("withdrawal/agent", body)).json()["transactionId"]
    shown = await customer.get(f"withdrawal/{transaction_id}/pickup-code")
    assert shown.headers["cache-control"] == "no-store"
    return transaction_id, shown.json()["pickupCode"]


async def confirm(agent: Somebody, transaction_id: str, code: str, **options: Any) -> Any:
    path = f"agent/requests/{transaction_id}/confirm"
    return await agent.post(path, {"pickupCode": code}, **options)


def other_code(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


async def test_cash_out_from_request_to_report(customer: Somebody, agent: Somebody) -> None:
    transaction_id, code = await asked(customer, agent)
    queue = (await agent.get("agent/requests")).json()["items"]
    assert [(item["transactionId"], item["amount"]) for item in queue] == [(transaction_id, 3000)]
    done = await confirm(agent, transaction_id, code)
    assert (done.status_code, done.json()["status"]) == (200, "confirmed")
    assert (await agent.get("agent/requests")).json()["items"] == []
    headers = {"X-Log-Position": done.headers["x-log-position"]}
    assert (await customer.get("balance", headers=headers)).json()["balance"] == 96_940
    day = datetime.now(COUNTRY).date().isoformat()
    report = (await agent.get("agent/report", params={"day": day})).json()
    assert report["cashOut"] == {"count": 1, "amount": 3000, "commission": 30}


async def test_the_pickup_code_is_for_its_owner_while_the_request_waits(
    customer: Somebody, agent: Somebody
) -> None:
    transaction_id, code = await asked(customer, agent)
    seen = await agent.get("agent/requests")
    assert code not in seen.text
    assert (await agent.get(f"withdrawal/{transaction_id}/pickup-code")).status_code == 403
    await confirm(agent, transaction_id, code)
    gone = await customer.get(f"withdrawal/{transaction_id}/pickup-code")
    assert (gone.status_code, gone.json()["error"]["code"]) == (422, "CODE_EXPIRED")


async def test_three_wrong_codes_refuse_the_request(customer: Somebody, agent: Somebody) -> None:
    transaction_id, code = await asked(customer, agent)
    for _ in range(3):
        answer = await confirm(agent, transaction_id, other_code(code))
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "INVALID_CODE")
    assert (await confirm(agent, transaction_id, code)).status_code == 409
    position = {"X-Log-Position": str(10**3)}
    position["X-Log-Position"] = "0"
    wallet = (await customer.get("wallet", headers=position)).json()
    assert wallet["balance"] + wallet["held"] == 100_000


async def test_a_wrong_code_that_is_repeated_with_its_key_counts_once(
    server: Running, customer: Somebody, agent: Somebody
) -> None:
    transaction_id, code = await asked(customer, agent)
    for _ in range(5):
        answer = await confirm(agent, transaction_id, other_code(code), key="same")
        assert answer.status_code == 422
    assert server.ask("SELECT tries FROM ledger.agent_request") == [(1,)]


async def test_ten_confirmations_at_once_pay_once(
    server: Running, customer: Somebody, agent: Somebody
) -> None:
    transaction_id, code = await asked(customer, agent)
    answers = await asyncio.gather(*(confirm(agent, transaction_id, code) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9


async def test_another_agent_sees_nothing_of_it(
    server: Running, customer: Somebody, agent: Somebody
) -> None:
    transaction_id, code = await asked(customer, agent)
    other = await server.somebody("agent", 1).sign_in()
    assert (await other.get("agent/requests")).json()["items"] == []
    assert (await confirm(other, transaction_id, code)).status_code == 404
    path = f"agent/requests/{transaction_id}/refuse"
    assert (await other.post(path, {"reason": "no"})).status_code == 404


async def test_an_agent_may_refuse(customer: Somebody, agent: Somebody) -> None:
    transaction_id, _ = await asked(customer, agent)
    path = f"agent/requests/{transaction_id}/refuse"
    answer = await agent.post(path, {"reason": "no cash"}, key=None)
    assert answer.json()["status"] == "refused"
    headers = {"X-Log-Position": answer.headers["x-log-position"]}
    assert (await customer.get("balance", headers=headers)).json()["balance"] == 100_000


async def test_a_confirmation_needs_a_key(customer: Somebody, agent: Somebody) -> None:
    transaction_id, code = await asked(customer, agent)
    assert (await confirm(agent, transaction_id, code, key=None)).status_code == 400


async def test_cash_in(customer: Somebody, agent: Somebody) -> None:
    body = {"amount": 5000, "userId": customer.id, "agentId": str(agent.who.agent_id)}
    done = await agent.post("deposit/agent", body)
    assert (done.status_code, done.json()["amount"], done.json()["commission"]) == (201, 5000, 25)
    headers = {"X-Log-Position": done.headers["x-log-position"]}
    assert (await customer.get("balance", headers=headers)).json()["balance"] == 105_000


async def test_cash_in_is_for_ones_own_counter(
    server: Running, customer: Somebody, agent: Somebody
) -> None:
    other = str(server.somebody("agent", 1).who.agent_id)
    body = {"amount": 5000, "userId": customer.id, "agentId": other}
    assert (await agent.post("deposit/agent", body)).status_code == 403
    for unknown in ("nobody", agent.id):
        body = {"amount": 5000, "userId": unknown, "agentId": str(agent.who.agent_id)}
        assert (await agent.post("deposit/agent", body)).status_code in {403, 404}


async def test_cash_in_beyond_the_float_is_refused(customer: Somebody, agent: Somebody) -> None:
    body = {"amount": 100_000, "userId": customer.id, "agentId": str(agent.who.agent_id)}
    codes = [(await agent.post("deposit/agent", body)).status_code for _ in range(6)]
    assert codes[0] == 201
    assert codes[-1] == 422
