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
    return await server.somebody("operator").at_work()


@pytest.fixture
async def accountant(server: Running) -> Somebody:
    return await server.somebody("accountant").at_work()


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


async def spend(server: Running, customer: Somebody) -> float:
    """A customer sends nearly everything to another; what is left."""
    phone = server.somebody("customer", 1).who.phone
    for part in (2, 1):
        has = (await customer.get("balance")).json()["balance"]
        order = {"amount": (has - 440) // part, "toPhone": phone}
        sent = await customer.post("transfer", order)
        assert sent.status_code == 201, sent.text
    left: float = (await customer.get("balance")).json()["balance"]
    return left


async def spent_cash_in(server: Running, operator: Somebody) -> tuple[Somebody, float]:
    """An agent whose cash-in of 1,000 an operator has taken back when most of it was spent, and
    what the agent owes us for that."""
    agent = await server.somebody("agent").sign_in()
    customer = await server.somebody("customer").sign_in()
    body = {"amount": 1000, "userId": customer.id, "agentId": str(agent.who.agent_id)}
    made = (await agent.post("deposit/agent", body)).json()
    left = await spend(server, customer)
    path = f"deposit/agent/{made['transactionId']}/reversal"
    taken = await operator.post(path, {"reason": "wrong customer"})
    assert (taken.status_code, taken.json()["shortfall"]) == (201, 1000 - left), taken.text
    return agent, 1000 - left


class TestDebts:
    async def test_what_an_agent_owes_us_is_shown_until_the_bank_has_it(
        self, server: Running, operator: Somebody, accountant: Somebody
    ) -> None:
        agent, owed = await spent_cash_in(server, operator)
        agent_id = str(agent.who.agent_id)
        headers = {"X-Log-Position": str(server.position)}
        told = (await operator.get("treasury", headers=headers)).json()
        (debtor,) = told["debtors"]
        assert (debtor["code"], debtor["owner"], debtor["owed"]) == ("1910", agent_id, owed)
        assert (told["trust"]["owedToUs"], told["trust"]["difference"]) == (owed, 0)
        lines = (await accountant.get(f"accounts/{debtor['accountId']}/lines")).json()
        assert [each["balanceAfter"] for each in lines["items"]] == [owed]
        assert (await operator.get(f"agents/{agent_id}")).json()["owed"] == owed
        today = server.ask("SELECT max(booking_date)::text FROM ledger.log")[0][0]
        report = (await agent.get(f"agent/report?day={today}")).json()
        assert (report["owedOpening"], report["owedClosing"]) == (0, owed)
        credit = {"reference": "TB-8", "amount": 5000, "valueDate": today, "agentId": agent_id}
        paid = await operator.post("deposit/bank", credit)
        headers = {"X-Log-Position": paid.headers["x-log-position"]}
        told = (await operator.get("treasury", headers=headers)).json()
        assert (told["debtors"], told["trust"]["difference"]) == ([], 0)
        after = (await agent.get(f"agent/report?day={today}")).json()
        assert after["owedClosing"] == 0
        assert after["topUps"]["amount"] == report["topUps"]["amount"] + 5000 - owed
        assert after["floatClosing"] == report["floatClosing"] + 5000 - owed
        await prove_all(server)

    async def test_what_a_customer_owes_us_is_shown_and_collected_by_two(
        self, server: Running, operator: Somebody, accountant: Somebody
    ) -> None:
        customer = await server.somebody("customer").sign_in()
        issued = (await customer.ask_for_code()).json()
        trace = server.switch.trace()
        asked = {"phone": customer.who.phone, "code": issued["code"], "amount": 2000}
        await server.switch.send("vinti4/authorisations", trace | asked)
        await server.switch.send("vinti4/reversals", trace | {"amount": 0, "reason": "450"})
        await server.switch.send("vinti4/completions", trace | {"amount": 2000})
        left = await spend(server, customer)
        dispute = server.ask("SELECT id::text FROM ledger.dispute")[0][0]
        end = {"resolution": "customer_owes", "evidence": "the journal"}
        path = f"disputes/{dispute}/resolution"
        assert (await operator.post(path, end)).status_code == 200
        said = {"resolution": "customer_owes"}
        resolved = await accountant.post(f"{path}/approve", said)
        assert resolved.status_code == 200, resolved.text
        headers = {"X-Log-Position": resolved.headers["x-log-position"]}
        wallet = (await customer.get("wallet", headers=headers)).json()
        assert (wallet["balance"], wallet["owed"]) == (0, 2000 - left)
        (debtor,) = (await operator.get("treasury")).json()["debtors"]
        assert (debtor["code"], debtor["owner"]) == ("1920", customer.id)
        credit = {"reference": "TB-9", "amount": 3000, "valueDate": "2026-01-02"}
        await operator.post("deposit/bank", credit | {"phone": customer.who.phone})
        adjust = {"kind": "adjust", "adjustment": "customer_debt_collected", "userId": customer.id}
        decided = await decide(operator, accountant, **adjust, amount=2000 - left)
        assert decided.status_code == 200, decided.text
        headers = {"X-Log-Position": decided.headers["x-log-position"]}
        wallet = (await customer.get("wallet", headers=headers)).json()
        assert (wallet["balance"], wallet["owed"]) == (3000 - (2000 - left), 0)
        await prove_all(server)


class TestCollecting:
    """With debts that are looked for all the time."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return Settings(home=settings.home, pin_threads=1, debt_sweep_seconds=0.2)

    async def test_the_float_of_an_agent_that_owes_us_pays_by_itself(
        self, server: Running, operator: Somebody
    ) -> None:
        agent, owed = await spent_cash_in(server, operator)
        await server.until(
            "SELECT balance = 0 FROM ledger.account WHERE code = '1910' AND owner = %s",
            agent.who.agent_id,
        )
        told = server.ask("SELECT payload FROM ledger.log WHERE kind = 'agent.debt_collected'")
        assert [each["amount"] for (each,) in told] == [owed * 100]
        await prove_all(server)


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
