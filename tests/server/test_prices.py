"""Quotes, tariff, limits and proposals over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.conftest import Running
from tests.server.people import Somebody

BANDS: list[dict[str, Any]] = [
    {"from": 1, "upTo": 100, "fee": 1},
    {"from": 100.01, "upTo": 20000, "fee": 2.5},
]
DEARER = {"kind": "publish_tariff", "operation": "transfer", "bands": BANDS, "tax": 1500}


@pytest.fixture
async def ana(server: Running) -> Somebody:
    return await server.somebody("customer").sign_in()


@pytest.fixture
async def operator(server: Running) -> Somebody:
    return await server.somebody("operator").at_work()


@pytest.fixture
async def accountant(server: Running) -> Somebody:
    return await server.somebody("accountant").at_work()


async def asked(somebody: Somebody, path: str, **query: Any) -> Any:
    answer = await somebody.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_quote_is_what_a_transfer_costs(server: Running, ana: Somebody) -> None:
    quote = await asked(ana, "quote", operation="transfer", amount="1000")
    assert (quote["fee"], quote["tax"], quote["total"]) == (10, 0, 1010)
    assert quote["commission"] is None
    bea = server.somebody("customer", 1)
    done = await ana.post("transfer", {"amount": 1000, "toPhone": bea.who.phone})
    assert done.json()["fee"] == quote["fee"]


async def test_an_agent_is_told_its_commission(server: Running) -> None:
    agent = await server.somebody("agent").sign_in()
    quote = await asked(agent, "quote", operation="agent_cash_in", amount="1000")
    assert (quote["fee"], quote["commission"]) == (0, 25)
    quote = await asked(agent, "quote", operation="agent_cash_out", amount="1000")
    assert (quote["fee"], quote["commission"]) == (None, 30)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"operation": "transfer", "amount": "0"}, 400),
        ({"operation": "transfer", "amount": "1.001"}, 400),
        ({"operation": "transfer", "amount": "x"}, 400),
        ({"operation": "alchemy", "amount": "1"}, 400),
        ({"operation": "transfer", "amount": "1000000"}, 422),
        ({"operation": "agent_cash_out", "amount": "1", "agentId": "nobody"}, 404),
    ],
)
async def test_what_cannot_be_quoted_is_refused(
    ana: Somebody, query: dict[str, str], status: int
) -> None:
    assert (await ana.get("quote", params=query)).status_code == status


async def test_a_wallet_shows_what_is_left_of_its_limits(server: Running, ana: Somebody) -> None:
    before = (await asked(ana, "wallet"))["limits"]
    assert before["tier"] == "full"
    bea = server.somebody("customer", 1)
    await ana.post("transfer", {"amount": 1000, "toPhone": bea.who.phone})
    after = (await asked(ana, "wallet"))["limits"]["operations"]
    was = before["operations"]
    assert was["transfer"]["dayAmountLeft"] - after["transfer"]["dayAmountLeft"] == 1000
    assert was["transfer"]["monthCountLeft"] - after["transfer"]["monthCountLeft"] == 1
    assert was["atm_withdrawal"] == after["atm_withdrawal"]


async def test_a_wallet_is_opened_in_a_tier(server: Running, operator: Somebody) -> None:
    new = {"phone": "+2389000123", "name": "Maria da Luz", "pin": "482915"}
    assert (await operator.post("wallets", new | {"tier": "gold"})).status_code == 400
    opened = (await operator.post("wallets", new | {"tier": "standard"})).json()
    found = server.ask("SELECT tier FROM ledger.person WHERE id = %s", opened["userId"])
    assert found == [("standard",)]


async def test_two_people_change_the_tariff(
    server: Running, operator: Somebody, accountant: Somebody
) -> None:
    made = await operator.post("proposals", DEARER)
    assert made.status_code == 201, made.text
    proposal = await asked(accountant, f"proposals/{made.json()['proposalId']}")
    assert (proposal["state"], proposal["content"]["bands"][1]["fee"]) == ("proposed", 2.5)
    approve = f"proposals/{proposal['proposalId']}/approve"
    read = {"contentHash": proposal["contentHash"]}
    assert (await operator.post(approve, read)).status_code == 403
    assert (await accountant.post(approve, {"contentHash": "0" * 64})).status_code == 409
    assert (await accountant.post(approve, read)).json()["state"] == "applied"
    transfer = (await asked(accountant, "tariff"))["items"][-1]
    assert [edition["number"] for edition in transfer["editions"]] == [1, 2]
    assert transfer["editions"][1]["bands"][1] == {**BANDS[1], "commission": 0}
    listed = await asked(operator, "proposals", state="applied")
    assert [item["proposalId"] for item in listed["items"]] == [proposal["proposalId"]]


async def test_a_proposal_is_turned_down(operator: Somebody, accountant: Somebody) -> None:
    proposed = [(await operator.post("proposals", DEARER)).json() for _ in range(2)]
    down = await accountant.post(
        f"proposals/{proposed[0]['proposalId']}/withdraw", {"reason": "too dear"}
    )
    assert down.json()["state"] == "withdrawn"
    first = await asked(operator, "proposals", limit=1)
    second = await asked(operator, "proposals", limit=1, cursor=first["nextCursor"])
    found = [page["items"][0] for page in (first, second)]
    assert [each["state"] for each in found] == ["proposed", "withdrawn"]
    assert found[1]["why"] == "too dear"


async def test_a_proposal_that_is_too_old_shows_as_lapsed(
    server: Running, operator: Somebody, accountant: Somebody
) -> None:
    made = (await operator.post("proposals", DEARER)).json()
    path = f"proposals/{made['proposalId']}"
    seen = {"X-Log-Position": str(server.position)}
    assert (await accountant.get(path, headers=seen)).json()["state"] == "proposed"
    server.ask("UPDATE queries.proposal SET expires_at = now()")
    assert (await asked(accountant, path))["state"] == "lapsed"
    assert (await asked(accountant, "proposals", state="proposed"))["items"] == []
    assert len((await asked(accountant, "proposals", state="lapsed"))["items"]) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bands": [*BANDS, {"from": 20000.02, "upTo": 30000, "fee": 3}]}, "leaves a gap"),
        ({"bands": [*BANDS, {"from": 20000, "upTo": 30000, "fee": 3}]}, "overlaps"),
        ({"bands": [{"from": 1, "upTo": 100, "fee": -1}]}, "is below zero"),
        ({"bands": [{"from": 1, "upTo": 100, "fee": 0.001}]}, "decimals"),
        ({"kind": "print_money"}, ""),
        ({"more": 1}, ""),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused_when_it_is_entered(
    operator: Somebody, change: dict[str, Any], reason: str
) -> None:
    refused = await operator.post("proposals", DEARER | change)
    assert refused.status_code == 400, refused.text
    assert reason in refused.text


async def test_limits_are_shown_with_their_history(operator: Somebody) -> None:
    (edition,) = (await asked(operator, "limits"))["items"]
    assert edition["number"] == 1
    assert {"basic", "standard", "full", "agent", "till", "terminal", "new_device"} == {
        limit["who"] for limit in edition["limits"]
    }
