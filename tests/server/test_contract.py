"""The three routes of the contract, to the byte, and the errors of its scenarios."""

from __future__ import annotations

import re

import pytest

from server.settings import Settings
from tests.server.conftest import Running
from tests.server.people import Somebody

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"


@pytest.fixture
async def customer(server: Running) -> Somebody:
    return await server.somebody("customer").sign_in()


def matches(text: str, *members: str) -> bool:
    return re.fullmatch(r"\{" + ",".join(members) + r"\}", text) is not None


async def test_a_code_for_an_atm(customer: Somebody) -> None:
    answer = await customer.ask_for_code(2000)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert matches(
        answer.text,
        r'"code":"\d{6}"',
        f'"expiryTime":"{TIME}"',
        f'"transactionId":"{UUID}"',
    )


async def test_cash_at_an_agent(server: Running, customer: Somebody) -> None:
    agent_id = str(server.somebody("agent").who.agent_id)
    body = {"amount": 1000.5, "userId": customer.id, "agentId": agent_id}
    answer = await customer.post("withdrawal/agent", body)
    assert answer.status_code == 201
    assert matches(
        answer.text, f'"transactionId":"{UUID}"', '"status":"pending"', f'"timestamp":"{TIME}"'
    )


async def test_the_balance(customer: Somebody) -> None:
    answer = await customer.get("balance")
    assert answer.status_code == 200
    assert matches(answer.text, '"balance":100000', '"currency":"CVE"', f'"lastUpdated":"{TIME}"')


async def test_an_amount_with_centavos_stays_exact(server: Running, customer: Somebody) -> None:
    agent_id = str(server.somebody("agent").who.agent_id)
    body = f'{{"amount":0.1e4,"userId":"{customer.id}","agentId":"{agent_id}"}}'.encode()
    headers = {**customer.headers, "Content-Type": "application/json"}
    assert (
        await customer.client.post("withdrawal/agent", content=body, headers=headers)
    ).status_code == 201
    body = body.replace(b"0.1e4", b"1000.07")
    assert (
        await customer.client.post("withdrawal/agent", content=body, headers=headers)
    ).status_code == 201
    assert '"balance":97879.93,' in (await customer.get("balance")).text


async def test_a_code_is_paid_once_and_the_balance_follows(
    server: Running, customer: Somebody
) -> None:
    code = (await customer.ask_for_code(2000)).json()["code"]
    switch = server.switch
    trace = switch.trace()
    asked = {**trace, "phone": customer.who.phone, "code": code, "amount": 2000}
    approved = await switch.send("vinti4/authorisations", asked)
    assert matches(
        approved.text,
        '"responseCode":"00"',
        r'"approvalCode":"\d{6}"',
        f'"transactionId":"{UUID}"',
    )
    again = await switch.send("vinti4/authorisations", asked)
    assert again.content == approved.content
    other = await switch.send("vinti4/authorisations", asked | switch.trace())
    assert other.text == '{"responseCode":"55","approvalCode":null,"transactionId":null}'
    paid = await switch.send("vinti4/completions", {**trace, "amount": 2000})
    assert matches(paid.text, '"responseCode":"00"', f'"transactionId":"{UUID}"')
    assert (await customer.get("balance")).json()["balance"] == 97_975


async def test_too_little_money(customer: Somebody) -> None:
    assert (await customer.post("withdrawal/atm", None)).status_code == 400
    for _ in range(6):
        issued = await customer.ask_for_code(20_000)
        if issued.status_code == 422:
            break
        await server_pays(customer, issued.json()["transactionId"])
    assert issued.text == (
        '{"error":{"code":"INSUFFICIENT_FUNDS",'
        '"message":"The account does not hold enough money for this.","details":{}}}'
    )


async def server_pays(customer: Somebody, transaction_id: str) -> None:
    """Spend the hold elsewhere: at an agent's counter it is as good as gone."""
    assert (await customer.post(f"withdrawal/{transaction_id}/cancel")).status_code == 200
    body = {"amount": 20_000, "userId": customer.id, "agentId": customer.agents[0]}
    assert (await customer.post("withdrawal/agent", body)).status_code == 201


async def test_a_second_code_while_one_lives(customer: Somebody) -> None:
    first = (await customer.ask_for_code()).json()["transactionId"]
    second = await customer.ask_for_code()
    assert second.status_code == 409
    assert second.json()["error"]["code"] == "WITHDRAWAL_PENDING"
    assert second.json()["error"]["details"] == {"transactionId": first}


async def test_a_cancelled_code_frees_the_money(server: Running, customer: Somebody) -> None:
    issued = (await customer.ask_for_code()).json()
    assert (await customer.get("wallet")).json()["held"] == 2025
    cancelled = await customer.post(f"withdrawal/{issued['transactionId']}/cancel", key=None)
    assert cancelled.json()["status"] == "cancelled"
    wallet = (await customer.get("wallet")).json()
    assert (wallet["balance"], wallet["held"], wallet["status"]) == (100_000, 0, "open")
    asked = {"phone": customer.who.phone, "code": issued["code"], "amount": 2000}
    answer = await server.switch.send("vinti4/authorisations", server.switch.trace() | asked)
    assert answer.json()["responseCode"] == "55"


async def test_a_withdrawal_is_followed_from_the_first_moment(customer: Somebody) -> None:
    issued = (await customer.ask_for_code()).json()
    found = await customer.get(f"withdrawal/{issued['transactionId']}")
    assert found.status_code == 200  # never 404 after 201
    assert found.json() | {"channel": "atm", "status": "active", "amount": 2000} == found.json()


async def test_others_withdrawals_are_not_there(server: Running, customer: Somebody) -> None:
    transaction_id = (await customer.ask_for_code()).json()["transactionId"]
    other = await server.somebody("customer", 1).sign_in()
    for answer in (
        await other.get(f"withdrawal/{transaction_id}"),
        await other.get(f"withdrawal/{transaction_id}/pickup-code"),
        await other.get(f"transactions/{transaction_id}"),
        await other.post(f"withdrawal/{transaction_id}/cancel"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


class TestShortLives:
    """With codes that live for a second."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return Settings(
            home=settings.home, pin_threads=1, code_ttl_seconds=1, request_ttl_seconds=1,
            sweep_seconds=0.1,
        )  # fmt: skip

    async def test_an_expired_code_pays_nothing_and_frees_the_money(
        self, server: Running, customer: Somebody
    ) -> None:
        issued = (await customer.ask_for_code()).json()
        await server.until(
            "SELECT state = 'expired' FROM ledger.withdrawal WHERE id = %s", issued["transactionId"]
        )
        asked = {"phone": customer.who.phone, "code": issued["code"], "amount": 2000}
        answer = await server.switch.send("vinti4/authorisations", server.switch.trace() | asked)
        assert answer.json()["responseCode"] == "54"
        position = {"X-Log-Position": str(server.position)}
        assert (await customer.get("balance", headers=position)).json()["balance"] == 100_000

    async def test_a_request_lapses_and_frees_the_money(
        self, server: Running, customer: Somebody
    ) -> None:
        body = {"amount": 1000, "userId": customer.id, "agentId": customer.agents[0]}
        asked = (await customer.post("withdrawal/agent", body)).json()["transactionId"]
        await server.until("SELECT state = 'lapsed' FROM ledger.agent_request WHERE id = %s", asked)
        gone = await customer.get(f"withdrawal/{asked}/pickup-code")
        assert (gone.status_code, gone.json()["error"]["code"]) == (422, "CODE_EXPIRED")
