"""Deposits placed and taken back, claims, the treasury: over HTTP, with the read models behind."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from commands.risk.activity import Activity
from queries.check.run import prove
from queries.rebuild import rebuild
from server.settings import Settings
from tests.server.conftest import Running
from tests.server.people import Somebody


@pytest.fixture
async def operator(server: Running) -> Somebody:
    return await server.somebody("operator").sign_in()


@pytest.fixture
async def accountant(server: Running) -> Somebody:
    return await server.somebody("accountant").sign_in()


async def decide(maker: Somebody, checker: Somebody, **change: Any) -> httpx.Response:
    """Proposed by one of ours, approved by another."""
    proposed = await maker.post("proposals", change)
    assert proposed.status_code == 201, proposed.text
    told = proposed.json()
    return await checker.post(
        f"proposals/{told['proposalId']}/approve", {"contentHash": told["contentHash"]}
    )


async def test_a_credit_that_nobody_could_place_finds_its_owner(
    server: Running, operator: Somebody
) -> None:
    body = {"reference": "TB-7", "amount": 700.5, "valueDate": "2026-01-02"}
    await operator.post("deposit/bank", body)
    listed = (await operator.get("deposit/unidentified")).json()
    assert (listed["count"], listed["total"]) == (1, 700.5)
    assert listed["items"][0]["reference"] == "TB-7"
    customer = await server.somebody("customer").sign_in()
    owner = {"reference": "TB-7", "phone": customer.who.phone}
    before = (await customer.get("balance")).json()["balance"]
    assigned = await operator.post("deposit/unidentified/assign", owner)
    assert (assigned.status_code, assigned.json()["beneficiary"]) == (200, "wallet")
    assert (await operator.get("deposit/unidentified")).json()["items"] == []
    assert (await customer.get("balance")).json()["balance"] == before + 700.5
    again = await operator.post("deposit/unidentified/assign", owner)
    assert (again.status_code, again.json()["error"]["details"]) == (409, {"state": "assigned"})
    both = owner | {"agentId": customer.agents[0]}
    assert (await operator.post("deposit/unidentified/assign", both)).status_code == 400


async def test_an_agent_takes_a_cash_in_back(server: Running) -> None:
    agent = await server.somebody("agent").sign_in()
    customer = await server.somebody("customer").sign_in()
    body = {"amount": 1000, "userId": customer.id, "agentId": str(agent.who.agent_id)}
    made = (await agent.post("deposit/agent", body)).json()
    before = (await customer.get("balance")).json()["balance"]
    path = f"deposit/agent/{made['transactionId']}/reversal"
    taken = await agent.post(path, {"reason": "wrong customer"})
    assert (taken.status_code, taken.json()["shortfall"]) == (201, 0)
    headers = {"X-Log-Position": taken.headers["x-log-position"]}
    after = (await customer.get("balance", headers=headers)).json()["balance"]
    assert after == before - 1000
    assert (await agent.post(path, {"reason": "again"})).status_code == 409
    await prove_all(server)
    other = await server.somebody("agent", 1).sign_in()
    assert (await other.post(path, {"reason": "not mine"})).status_code == 404


async def prove_all(server: Running) -> None:
    """The books hold, and the read models are what a rebuild makes of the log."""
    owner_url = server.installation.owner_url
    proof = await asyncio.to_thread(prove, owner_url, full=True)
    assert proof.held, [finding.first_bad for finding in proof.findings if not finding.held]
    report = await rebuild(owner_url, check=True)
    assert report.same, report.differences


async def paid_out(server: Running, customer: Somebody) -> tuple[str, dict[str, Any]]:
    """A withdrawal whose notes the machine says are out: its id and its trace."""
    issued = (await customer.ask_for_code()).json()
    trace = server.switch.trace()
    asked = {"phone": customer.who.phone, "code": issued["code"], "amount": 2000}
    answer = await server.switch.send("vinti4/authorisations", trace | asked)
    assert answer.json()["responseCode"] == "00"
    await server.switch.send("vinti4/completions", trace | {"amount": 2000})
    return issued["transactionId"], trace


async def test_a_claim_goes_its_way_with_evidence_and_two_people(
    server: Running, operator: Somebody, accountant: Somebody
) -> None:
    customer = await server.somebody("customer").sign_in()
    id_, trace = await paid_out(server, customer)
    claimed = await customer.post(f"withdrawal/{id_}/claim", {"text": "Não saiu nada, diz a Ana"})
    assert (claimed.status_code, claimed.json()["status"]) == (201, "open")
    evidence = {"source": "atm_journal", "dispensed": 0, "note": "jam at 10:02"}
    reported = await server.switch.send("vinti4/evidence", trace | evidence)
    assert reported.json() == {"responseCode": "00", "transactionId": id_}
    unknown = server.switch.trace()
    answer = await server.switch.send("vinti4/evidence", unknown | evidence)
    assert answer.json()["responseCode"] == "25"
    count = evidence | {"source": "cassette_count", "note": "2,000 over"}
    assert (await operator.post(f"withdrawal/{id_}/evidence", count)).status_code == 201
    (waiting,) = (await operator.get("claims")).json()["items"]
    assert waiting["transactionId"] == id_
    whole = (await operator.get(f"claims/{id_}")).json()
    assert [each["source"] for each in whole["evidence"]] == ["atm_journal", "cassette_count"]
    assert (whole["rrn"], whole["asked"]) == (trace["rrn"], 2000)
    text = (await operator.get(f"claims/{id_}/text")).json()["text"]
    assert text == "Não saiu nada, diz a Ana"
    assert "Ana" not in str(server.ask("SELECT payload FROM ledger.log"))
    change = {"kind": "resolve_claim", "transactionId": id_, "end": "pay", "evidence": "both"}
    decided = await decide(operator, accountant, **change)
    assert (decided.status_code, decided.json()["state"]) == (200, "applied"), decided.text
    headers = {"X-Log-Position": decided.headers["x-log-position"]}
    own = (await customer.get(f"withdrawal/{id_}/claim", headers=headers)).json()
    assert (own["status"], own["paid"]) == ("paid", 2025)
    assert (await customer.get("balance")).json()["balance"] == 100_000
    treasury = (await operator.get("treasury", headers=headers)).json()
    assert [each["remaining"] for each in treasury["breaks"]] == [2000]
    assert treasury["trust"]["difference"] == 0
    await server.switch.send("vinti4/reversals", trace | {"amount": 0, "reason": "454"})
    position = {"X-Log-Position": str(server.position)}
    treasury = (await operator.get("treasury", headers=position)).json()
    assert (treasury["breaks"], treasury["trust"]["difference"]) == ([], 0)
    stranger = await server.somebody("customer", 1).sign_in()
    assert (await stranger.get(f"withdrawal/{id_}/claim")).status_code == 404
    await prove_all(server)


async def test_the_treasury_pays_in_and_shows_what_is_owed(
    server: Running, operator: Somebody, accountant: Somebody
) -> None:
    customer = await server.somebody("customer").sign_in()
    await paid_out(server, customer)
    capital = {"kind": "pay_in_capital", "amount": 50_000, "reference": "owners"}
    assert (await decide(operator, accountant, **capital)).status_code == 200
    sweep = {"kind": "sweep_fees", "amount": 25.01, "reference": "T1"}
    refused = await operator.post("proposals", sweep)
    assert refused.json()["error"]["details"] == {"limit": "unsweptFees", "left": "25"}
    assert (await decide(operator, accountant, **(sweep | {"amount": 25}))).status_code == 200
    headers = {"X-Log-Position": str(server.position)}
    told = (await operator.get("treasury", headers=headers)).json()
    assert told["trust"]["ownMoney"] == 50_025
    assert told["trust"]["unsweptFees"] == 0
    assert told["trust"]["difference"] == 0
    (owed,) = told["settlements"]
    assert (owed["owed"], owed["paid"]) == (2000, None)
    await prove_all(server)


async def test_a_large_entry_takes_two_people(
    server: Running, operator: Somebody, accountant: Somebody
) -> None:
    customer = server.somebody("customer")
    body = {
        "reference": "TB-9",
        "amount": 60_000,
        "valueDate": "2026-01-02",
        "phone": customer.who.phone,
    }
    await operator.post("deposit/bank", body)
    number = server.ask("SELECT max(entry_number) FROM ledger.log")[0][0]
    alone = await operator.post(f"journal/{number}/reversal", {"reason": "wrong number"})
    assert (alone.status_code, alone.json()["error"]["code"]) == (409, "APPROVAL_REQUIRED")
    change = {"kind": alone.json()["error"]["details"]["propose"], "entryNumber": number}
    assert (await decide(operator, accountant, **change)).json()["state"] == "applied"


async def test_freezing_says_why_and_which_way(server: Running, operator: Somebody) -> None:
    customer = await server.somebody("customer").sign_in()
    path = f"wallets/{customer.id}/status"
    answer = await operator.post(path, {"status": "debits_frozen", "reason": "a court's order"})
    assert answer.json()["status"] == "debits_frozen"
    assert (await customer.ask_for_code()).json()["error"]["code"] == "WALLET_NOT_OPEN"
    assert (await operator.post(path, {"status": "dormant"})).status_code == 400


class TestDormancy:
    """With wallets that fall asleep at the next look."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return Settings(
            home=settings.home, pin_threads=1, dormant_after_days=1, dormancy_sweep_seconds=0.2
        )

    async def test_a_wallet_falls_asleep_and_its_owner_wakes_it(self, server: Running) -> None:
        customer = await server.somebody("customer").sign_in()
        find = "SELECT wallet_id FROM ledger.person WHERE id = %s"
        wallet = server.ask(find, customer.id)[0][0]
        found = server.ask("SELECT activity FROM ledger.account WHERE id = %s", wallet)
        long_ago = datetime.now(UTC) - timedelta(days=2)
        rested = Activity(subject=wallet, state=found[0][0]).counted(
            int(long_ago.timestamp() * 1e6), "transfer", 1_00, None, inward=False
        )
        server.ask("UPDATE ledger.account SET activity = %s WHERE id = %s", rested.state, wallet)
        await server.until(
            "SELECT status = 'dormant' FROM ledger.account WHERE owner = %s", customer.id
        )
        refused = await customer.ask_for_code()
        assert refused.json()["error"]["details"] == {"status": "dormant"}
        woken = await customer.post("wallet/wake")
        assert (woken.status_code, woken.json()["status"]) == (200, "open")
        assert Decimal(str((await customer.get("balance")).json()["balance"])) == 100_000
        await prove_all(server)
