"""Fraud over HTTP: step-up, approval in the app, rules by four eyes, a held transfer, its case."""

from __future__ import annotations

from typing import Any

from tests.server.conftest import Running
from tests.server.people import Somebody

WRONG = "000000"


async def test_step_up_takes_a_fresh_code_of_the_authenticator(server: Running) -> None:
    ana = await server.somebody("customer").sign_in()
    wrong = await ana.post("auth/step-up", {"totp": WRONG})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "UNAUTHENTICATED")
    done = await ana.post("auth/step-up", {"totp": ana.totp()})
    assert done.status_code == 200
    assert done.json()["goodUntil"]
    enabled = await ana.post("withdrawal/cardless/enable")
    assert enabled.json()["enabled"] is False


async def test_codes_stay_suspended_without_step_up(server: Running) -> None:
    ana = await server.somebody("customer").sign_in()
    answer = await ana.post("withdrawal/cardless/enable")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "STEP_UP_REQUIRED")


async def set_rules(server: Running, *rules: dict[str, Any]) -> Somebody:
    """One operator proposes these rules and another person approves them."""
    maker = await server.somebody("operator").at_work()
    checker = await server.somebody("accountant").at_work()
    answer = await maker.post("proposals", {"kind": "set_rules", "rules": list(rules)})
    assert answer.status_code == 201, answer.text
    proposed = answer.json()
    approved = await checker.post(
        f"proposals/{proposed['proposalId']}/approve", {"contentHash": proposed["contentHash"]}
    )
    assert approved.status_code == 200, approved.text
    return maker


def rule(name: str, action: str, **thresholds: int) -> dict[str, Any]:
    return {"name": name, "action": action, "mode": "live", "thresholds": thresholds}


VELOCITY = {"hour_count": 1000, "hour_minor": 100_00, "day_count": 1000, "month_count": 10_000}


async def test_a_held_transfer_waits_for_its_case(server: Running) -> None:
    operator = await set_rules(server, rule("wallet_velocity", "hold", **VELOCITY))
    ana = await server.somebody("customer").sign_in()
    rui = await server.somebody("customer", 1).sign_in()
    before = (await rui.get("balance")).json()["balance"]
    sent = await ana.post("transfer", {"amount": 500, "toPhone": rui.who.phone})
    assert sent.json()["status"] == "held"
    path = f"transactions/{sent.json()['transactionId']}"
    assert (await ana.get(path)).json()["status"] == "held"
    assert (await ana.get("wallet")).json()["held"] == 510
    assert (await rui.get("balance")).json()["balance"] == before
    (case,) = (await operator.get("cases", params={"state": "open"})).json()["items"]
    assert (case["rule"], case["amount"]) == ("wallet_velocity", 500)
    note = await operator.post(f"cases/{case['caseId']}/note", {"text": "called her"})
    assert note.status_code == 200, note.text
    ended = await operator.post(f"cases/{case['caseId']}/release", {"text": "it was she"})
    assert ended.json()["state"] == "released"
    seen = {"X-Log-Position": ended.headers["X-Log-Position"]}
    assert (await ana.get(path, headers=seen)).json()["status"] == "completed"
    assert (await rui.get("balance", headers=seen)).json()["balance"] == before + 500
    file = (await operator.get(f"cases/{case['caseId']}")).json()
    assert [event["kind"] for event in file["events"]] == ["noted", "released"]
    assert [hit["rule"] for hit in file["hits"]] == ["wallet_velocity"]


async def test_the_history_of_the_rules_is_told_and_hits_of_a_dry_run_too(server: Running) -> None:
    quiet = rule("wallet_velocity", "deny", **VELOCITY) | {"mode": "dry_run"}
    await set_rules(server, quiet)
    ana = await server.somebody("customer").sign_in()
    rui = server.somebody("customer", 1)
    sent = await ana.post("transfer", {"amount": 500, "toPhone": rui.who.phone})
    assert sent.json()["status"] == "completed"
    auditor = await server.somebody("auditor").sign_in()
    history = (await auditor.get("rules")).json()
    assert history["current"] == 3
    assert [edition["edition"] for edition in history["editions"]] == [3, 2, 1]
    (hit,) = (await auditor.get("rules/hits", params={"rule": "wallet_velocity"})).json()["items"]
    assert (hit["action"], hit["transactionId"]) == (None, sent.json()["transactionId"])


async def test_under_step_up_the_owner_approves_in_the_app(server: Running) -> None:
    await set_rules(server, rule("wrong_codes_terminal", "step_up", in_row=3))
    ana = await server.somebody("customer").sign_in()
    code = (await ana.ask_for_code(2000)).json()
    asked = {"phone": ana.who.phone, "code": code["code"], "amount": 2000}
    for _ in range(3):
        unknown = {**server.switch.trace(), **asked, "phone": "+2389999999", "code": WRONG}
        answer = await server.switch.send("vinti4/authorisations", unknown)
        assert answer.json()["responseCode"] == "14"
    answer = await server.switch.send("vinti4/authorisations", {**server.switch.trace(), **asked})
    assert answer.json()["responseCode"] == "1A"
    approved = await ana.post(f"withdrawal/{code['transactionId']}/approve")
    assert approved.status_code == 200, approved.text
    answer = await server.switch.send("vinti4/authorisations", {**server.switch.trace(), **asked})
    assert answer.json()["responseCode"] == "00"


async def test_rules_that_nobody_wrote_are_refused(server: Running) -> None:
    maker = await server.somebody("operator").at_work()
    for wrong in (
        rule("unheard_of", "deny"),
        rule("wallet_velocity", "deny", hour_count=3),
        rule("wallet_velocity", "deny", **VELOCITY | {"hour_count": 0}),
        rule("wrong_codes_terminal", "deny", in_row=3),
        rule("blacklisted", "forgive"),
    ):
        answer = await maker.post("proposals", {"kind": "set_rules", "rules": [wrong]})
        assert answer.status_code == 400, answer.text


async def test_a_blacklisted_customer_is_denied_when_the_rule_is_live(server: Running) -> None:
    operator = await set_rules(server, rule("blacklisted", "deny"))
    ana = await server.somebody("customer").sign_in()
    listed = await operator.post(
        f"wallets/{ana.id}/blacklist", {"listed": True, "reason": "police"}
    )
    assert listed.status_code == 200, listed.text
    answer = await ana.ask_for_code(2000)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "RISK_DENIED")
