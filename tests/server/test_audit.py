"""The audit over HTTP: whoever did, saw or was refused something is found there."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import psycopg
import pytest

from ledger.errors import NetworkError
from queries.check.run import prove
from server.policy import API_POLICY, NOBODY_ELSES, STRANGERS, shows_anothers
from server.roles import OUR_PEOPLE
from server.settings import API, Settings
from tests.server.conftest import Running, serving
from tests.server.people import Somebody

ID = "0197a2b4-1111-7abc-8def-0123456789ab"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """What happened is sealed by whoever reads it, not by the minute; a flood gets through."""
    return Settings(home=settings.home, pin_threads=1, rate_strangers_per_minute=1_000_000)


async def acts(auditor: Somebody, **filters: Any) -> list[dict[str, Any]]:
    answer = await auditor.get("audit", params=filters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_every_refusal_is_found_with_actor_session_request_and_outcome(
    server: Running,
) -> None:
    auditor = await server.somebody("auditor").sign_in()
    customer = await server.somebody("customer").sign_in()
    (session,) = (await customer.get("auth/sessions")).json()["items"]
    answers = {
        "UNAUTHENTICATED": await server.client.get("balance"),
        "FORBIDDEN": await customer.get("journal"),
        "NOT_FOUND": await customer.get(f"withdrawal/{ID}"),
        "INSUFFICIENT_FUNDS": await customer.ask_for_code(150_000),
        "INVALID_REQUEST": await customer.post("withdrawal/atm", {"amount": "?"}),
        "METHOD_NOT_ALLOWED": await server.client.patch("balance"),
    }
    for code, answer in answers.items():
        assert answer.json()["error"]["code"] in (code, "LIMIT_EXCEEDED"), answer.text
        request_id = answer.headers["x-request-id"]
        (act,) = await acts(auditor, requestId=request_id, kind="request.refused")
        assert act["outcome"] == answer.json()["error"]["code"]
        signed_in = code not in ("UNAUTHENTICATED", "METHOD_NOT_ALLOWED")
        assert act["actor"] == (customer.id if signed_in else "nobody")
        assert act["session"] == (session["sessionId"] if signed_in else None)
    (act,) = await acts(auditor, actor=customer.id, outcome="NOT_FOUND")
    assert (act["route"], act["asked"]) == (f"GET {API}/withdrawal/{{transaction_id}}", ID)
    assert (await acts(auditor, subject=ID)) == [act]


async def test_log_ins_and_changes_are_found(server: Running) -> None:
    auditor = await server.somebody("auditor").sign_in()
    customer = server.somebody("customer")
    wrong = {"phone": customer.who.phone, "pin": "000000"}
    assert (await server.client.post("auth/login", json=wrong)).status_code == 401
    await customer.sign_in()
    asked = await customer.ask_for_code()
    mine = await acts(auditor, actor=customer.id)
    ends = {act["kind"]: act["outcome"] for act in mine}
    assert ends["withdrawal.requested"] == ends["session.opened"] == "done"
    assert ends["login.failed"] == "UNAUTHENTICATED"
    (opened,) = [act["subject"] for act in mine if act["kind"] == "session.opened"]
    assert (mine[0]["kind"], mine[0]["session"]) == ("withdrawal.requested", opened)
    assert mine[0]["requestId"] == asked.headers["x-request-id"]
    assert mine[0]["subject"] == asked.json()["transactionId"]
    assert await acts(auditor, session=mine[0]["session"], kind="withdrawal.requested") == mine[:1]


async def test_whoever_reads_what_is_anothers_is_found(server: Running) -> None:
    auditor = await server.somebody("auditor").sign_in()
    operator = await server.somebody("operator").sign_in()
    agent = await server.somebody("agent").sign_in()
    customer = await server.somebody("customer").sign_in()
    (wallet,) = server.ask("SELECT id::text FROM ledger.account WHERE owner = %s", customer.id)[0]
    await auditor.get("journal", params={"account": wallet})
    await agent.get("deposit/agent/name-check", params={"phone": customer.who.phone})
    await operator.get("claims")
    await customer.get("balance")
    await operator.get("tariff")
    read = [
        (act["actor"], act["route"].rpartition(API)[2], act["asked"])
        for act in await acts(auditor, kind="data.read")
    ]
    assert read == [  # this very page will be found on the next one
        (operator.id, "/claims", None),
        (agent.id, "/deposit/agent/name-check", customer.id),
        (auditor.id, "/journal", wallet),
    ]


async def test_what_cannot_be_noted_is_not_shown(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = await server.somebody("operator").sign_in()

    async def away(_trail: Any, _note: Any) -> None:
        raise NetworkError

    monkeypatch.setattr("server.trail.Trail.read", away)
    answer = await operator.get("claims")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "NETWORK_ERROR")
    assert "items" not in answer.text
    assert answer.headers["content-type"] == "application/json"
    assert (await operator.get("tariff")).status_code == 200


async def test_pages_go_on_where_the_one_before_ended(server: Running) -> None:
    auditor = await server.somebody("auditor").sign_in()
    for _ in range(5):
        await server.client.get("balance")
    whole = await acts(auditor, limit=200)
    found: list[dict[str, Any]] = []
    page = (await auditor.get("audit", params={"limit": 7})).json()
    begun = page["items"][1:]
    while page["nextCursor"]:
        found += page["items"]
        page = (
            await auditor.get("audit", params={"limit": 7, "cursor": page["nextCursor"]})
        ).json()
    found += page["items"]
    known = {(act["position"], act["note"]) for act in whole}
    assert begun
    assert [act for act in found if (act["position"], act["note"]) in known] == whole
    assert len({(act["position"], act["note"]) for act in found}) == len(found)


WRONG: list[dict[str, Any]] = [
    {"actor": "a b"}, {"session": "x"}, {"requestId": "é"}, {"kind": "A"}, {"outcome": "no"},
    {"limit": 0}, {"from": "yesterday"}, {"subject": "1"}, {"kind": "x", "cursor": "AAAA"},
]  # fmt: skip


async def test_days_bound_what_is_shown_and_filters_that_are_none_are_refused(
    server: Running,
) -> None:
    auditor = await server.somebody("auditor").sign_in()
    assert await acts(auditor, **{"from": "2000-01-01", "to": "2000-01-02"}) == []
    assert await acts(auditor, **{"from": "2000-01-01"})
    assert await acts(auditor, to="9998-12-31") != []
    for filters in WRONG:
        assert (await auditor.get("audit", params=filters)).status_code == 400


async def test_a_flood_of_strangers_is_counted_to_the_last_and_leaves_the_log_alone(
    server: Running,
) -> None:
    """With the log's lock in other hands all the while, each is answered."""
    before = server.position
    with psycopg.connect(server.installation.urls.commands) as holder:
        holder.execute("SELECT ledger.lock_head()")
        answers = await asyncio.gather(*(server.client.get("balance") for _ in range(1_500)))
    assert {answer.status_code for answer in answers} == {401}
    auditor = await server.somebody("auditor").sign_in()
    refused = await acts(auditor, actor="nobody", outcome="UNAUTHENTICATED", limit=200)
    assert sum(act["times"] for act in refused) == 1_500
    assert len(refused) < 200
    assert server.position < before + 20


async def test_what_was_noted_is_sealed_when_a_server_leaves(
    server: Running, settings: Settings
) -> None:
    async with serving(server.installation) as app:
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=f"http://x{API}/") as client:
            assert (await client.get("wallet")).status_code == 401
    assert server.ask("SELECT e.position = s.position FROM ledger.trail_end e, ledger.trail_seal s")
    ((payload,),) = server.ask("SELECT payload FROM ledger.log WHERE kind = 'trail.sealed'")
    assert payload["counts"] == [
        {"what": "refused", "route": f"GET {API}/wallet", "outcome": "UNAUTHENTICATED", "times": 1}
    ]
    proof = prove(server.installation.url("makeba_auditor"), full=True)
    assert [each.first_bad for each in proof.findings if not each.held] == []


async def test_processes_that_seal_at_once_seal_everything_once(server: Running) -> None:
    async with serving(server.installation) as other:
        for _ in range(30):
            await server.client.get("balance")
        sealings = [_sealing(server.app), _sealing(other)]
        await asyncio.gather(*(each.seal() for each in sealings * 4))
    spans = server.ask(
        "SELECT payload -> 'after', payload -> 'position' FROM ledger.log"
        " WHERE kind = 'trail.sealed' ORDER BY position"
    )
    ends = [0, *(end for _, end in spans)]
    assert [after for after, _ in spans] == ends[:-1]


def _sealing(app: Any) -> Any:
    while not hasattr(app, "dependencies"):
        app = app._app
    return app.dependencies["sealing"].dependency()


# The policy


def test_what_our_people_read_is_anothers_unless_it_is_said_to_be_nobodys() -> None:
    for role in OUR_PEOPLE:
        assert shows_anothers(f"GET {API}/claims/{{transaction_id}}", role)
        assert shows_anothers(f"GET {API}/accounts", role)
        assert not shows_anothers(f"GET {API}/tariff", role)
        assert not shows_anothers(f"POST {API}/wallets", role)
        assert not shows_anothers("GET /nowhere", role)


def test_the_exceptions_are_routes() -> None:
    assert set(API_POLICY) >= NOBODY_ELSES | STRANGERS
