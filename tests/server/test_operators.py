"""What our own people do over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pyotp
import pytest

from server.settings import Settings
from tests.server.conftest import Running
from tests.server.people import Somebody

NEW = {"phone": "+2389000123", "name": "Maria da Luz", "pin": "482915"}


@pytest.fixture
async def operator(server: Running) -> Somebody:
    return await server.somebody("operator").at_work()


async def test_a_wallet_is_opened_and_its_owner_signs_in(
    server: Running, operator: Somebody
) -> None:
    opened = await operator.post("wallets", NEW)
    assert opened.status_code == 201
    assert list(opened.json()) == ["userId", "walletId", "totpSecret", "otpauthUri", "qr"]
    first = await server.client.post("auth/login", json={"phone": NEW["phone"], "pin": NEW["pin"]})
    totp = pyotp.TOTP(opened.json()["totpSecret"]).now()
    second = await server.client.post(
        "auth/factor", json={"challengeId": first.json()["challengeId"], "totp": totp}
    )
    assert second.json()["userId"] == opened.json()["userId"]
    headers = {"Authorization": f"Bearer {second.json()['accessToken']}"}
    assert (await server.client.get("balance", headers=headers)).json()["balance"] == 0


async def test_a_replay_shows_the_secret_until_it_was_used(
    server: Running, operator: Somebody
) -> None:
    opened = await operator.post("wallets", NEW, key="one")
    again = await operator.post("wallets", NEW, key="one")
    assert again.content == opened.content
    server.ask("UPDATE ledger.person SET totp_step = 1 WHERE id = %s", opened.json()["userId"])
    later = await operator.post("wallets", NEW, key="one")
    assert (later.status_code, later.json()["error"]["code"]) == (422, "CODE_EXPIRED")
    assert opened.json()["totpSecret"] not in later.text


async def test_a_number_has_one_wallet(operator: Somebody) -> None:
    assert (await operator.post("wallets", NEW)).status_code == 201
    assert (await operator.post("wallets", NEW)).status_code == 409


async def test_nothing_that_identifies_somebody_is_readable_in_the_database(
    server: Running, operator: Somebody
) -> None:
    opened = (await operator.post("wallets", NEW)).json()
    dumped = str(server.ask("SELECT p::text FROM ledger.person AS p"))
    dumped += str(server.ask("SELECT l::text FROM ledger.log AS l"))
    hexed = [value.encode().hex() for value in (NEW["phone"], NEW["name"], opened["totpSecret"])]
    for secret in (NEW["phone"], NEW["name"], NEW["pin"], opened["totpSecret"], *hexed):
        assert secret not in dumped


async def test_bank_credits_find_their_owner(server: Running, operator: Somebody) -> None:
    customer = server.somebody("customer")
    for more, beneficiary in (
        ({"phone": customer.who.phone}, "wallet"),
        ({"agentId": customer.agents[0]}, "agent_float"),
        ({"phone": "+2389000999"}, "unidentified"),
        ({}, "unidentified"),
    ):
        body = {
            "reference": f"TB {beneficiary} {len(more)}",
            "amount": 250.5,
            "valueDate": "2026-01-02",
        }
        answer = await operator.post("deposit/bank", body | more)
        assert (answer.status_code, answer.json()["beneficiary"]) == (201, beneficiary)


async def test_a_reference_counts_once(server: Running, operator: Somebody) -> None:
    body = {"reference": "TB-1", "amount": 250, "valueDate": "2026-01-02"}
    answers = await asyncio.gather(*(operator.post("deposit/bank", body) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["transactionId"] for answer in answers}) == 1
    other = await operator.post("deposit/bank", body | {"amount": 251})
    assert other.status_code == 409
    both = {"phone": "+2389000999", "agentId": "x"}
    assert (await operator.post("deposit/bank", body | both)).status_code == 400


async def test_an_entry_is_reversed_once(server: Running, operator: Somebody) -> None:
    customer = await server.somebody("customer").sign_in()
    order = {"amount": 1000, "toPhone": server.somebody("customer", 1).who.phone}
    made = (await customer.post("transfer", order)).json()["transactionId"]
    number = (await customer.get(f"transactions/{made}")).json()["entryNumber"]
    answer = await operator.post(f"journal/{number}/reversal", {"reason": "wrong number"})
    assert (answer.status_code, answer.json()["reverses"]) == (201, number)
    again = await operator.post(f"journal/{number}/reversal", {"reason": "wrong number"})
    assert again.status_code == 409
    assert (await operator.post("journal/9/reversal", {"reason": "x"})).status_code == 404
    headers = {"X-Log-Position": answer.headers["x-log-position"]}
    assert (await customer.get("balance", headers=headers)).json()["balance"] == 100_000


async def test_a_dispute_needs_two_people(server: Running, operator: Somebody) -> None:
    trace = server.switch.trace()
    await server.switch.send("vinti4/completions", trace | {"amount": 1000})
    ((dispute,),) = server.ask("SELECT id::text FROM ledger.dispute")
    path = f"disputes/{dispute}/resolution"
    proposed = await operator.post(path, {"resolution": "not_in_file", "evidence": "two files"})
    assert proposed.status_code == 200
    approval = {"resolution": "not_in_file"}
    assert (await operator.post(f"{path}/approve", approval)).status_code == 403
    other = await server.somebody("operator", 1).at_work()
    wrong = await other.post(f"{path}/approve", {"resolution": "write_off"})
    assert wrong.status_code == 409
    assert (await other.post(f"{path}/approve", approval)).json()["state"] == "closed"


class TestDoubt:
    """With approvals that are in doubt after a second, of a switch that brings no files."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return Settings(
            home=settings.home,
            pin_threads=1,
            doubt_seconds=1,
            sweep_seconds=0.1,
            release_absences_min=0,
        )

    async def test_a_withdrawal_in_doubt_is_released_by_four_eyes(
        self, server: Running, operator: Somebody
    ) -> None:
        customer = await server.somebody("customer").sign_in()
        issued = (await customer.ask_for_code()).json()
        asked = {"phone": customer.who.phone, "code": issued["code"], "amount": 2000}
        await server.switch.send("vinti4/authorisations", server.switch.trace() | asked)
        path = f"withdrawal/{issued['transactionId']}/release"
        early = await operator.post(path, {"evidence": "none"})
        assert early.status_code in {200, 409}
        await server.until("SELECT state = 'in_doubt' FROM ledger.withdrawal")
        assert (await operator.post(f"{path}/approve")).status_code in {403, 409}
        proposed = await operator.post(path, {"evidence": "absent from two files"})
        assert proposed.status_code == 200
        assert proposed.json()["expiresAt"] > proposed.json()["timestamp"]
        assert (await operator.post(f"{path}/approve")).status_code == 403
        other: Any = await server.somebody("accountant").at_work()
        something_else = await other.post(f"{path}/approve", {"contentHash": "0" * 64})
        assert something_else.status_code == 409
        told = something_else.json()["error"]["details"]["contentHash"]
        assert told == proposed.json()["contentHash"]
        assert (await other.post(f"{path}/approve")).json()["status"] == "released"
