"""A database that goes away for a moment, and too much work: refused in order, then all is well."""

from __future__ import annotations

import asyncio

import pytest

from server.settings import Settings
from tests.server.conftest import Running

KILL = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def test_lost_connections_are_made_again(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    for _ in range(3):
        server.ask(KILL)
        answers = [
            await customer.get("balance"),
            await customer.get("auth/sessions"),
            await customer.post("transfer", {"amount": 100, "toPhone": other(server)}),
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 201]


async def test_work_goes_on_through_a_storm_of_lost_connections(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    order = {"amount": 100, "toPhone": other(server)}

    async def pay(key: str) -> int:
        while True:
            answer = await customer.post("transfer", order, key=key)
            if answer.status_code == 201:
                return int(answer.json()["amount"])
            assert answer.status_code == 503, answer.text
            assert answer.json()["error"]["details"]["outcome"] in {"none", "unknown"}
            await asyncio.sleep(0.05)

    async def storm() -> None:
        for _ in range(5):
            await asyncio.sleep(0.1)
            server.ask(KILL)

    paid = asyncio.gather(*(pay(f"key-{number}") for number in range(40)))
    await storm()
    assert sum(await paid) == 4000
    at = {"X-Log-Position": str(server.position)}
    assert (await customer.get("balance", headers=at)).json()["balance"] == 100_000 - 40 * 110


async def test_a_database_that_refuses_everybody_is_a_503(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    name = server.ask("SELECT current_database()")[0][0]
    server.ask(KILL)
    server.ask(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
    try:
        server.ask(KILL)
        for answer in (
            await customer.get("balance"),
            await customer.get("health/ready"),
            await customer.post("transfer", {"amount": 100, "toPhone": other(server)}),
        ):
            assert answer.status_code == 503
            assert answer.json()["error"]["code"] in {"NETWORK_ERROR", "OVERLOADED"}
            assert int(answer.headers["retry-after"]) >= 1
        assert (await customer.get("health/live")).status_code == 200
    finally:
        server.ask(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')
    async with asyncio.timeout(20):
        while (await customer.get("health/ready")).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


def other(server: Running) -> str:
    return server.somebody("customer", 1).who.phone


class TestLittleRoom:
    """With room for few requests."""

    @pytest.fixture
    def settings(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
        """And PINs that cost what they cost in earnest."""
        monkeypatch.setattr("server.pins.MEMORY_KIB", 19_456)
        return Settings(home=settings.home, pin_threads=1, requests_max=4, pin_queue_max=1)

    async def test_too_many_requests_are_refused_at_once_but_for_the_switch(
        self, server: Running
    ) -> None:
        customer = await server.somebody("customer").sign_in()
        answers = await asyncio.gather(*(customer.get("balance") for _ in range(40)))
        codes = {answer.status_code for answer in answers}
        assert codes == {200, 503}
        full = next(answer for answer in answers if answer.status_code == 503)
        assert full.json()["error"]["code"] == "OVERLOADED"
        assert full.headers["retry-after"] == "1"
        assert full.headers["x-request-id"]
        echo = {"acquirerId": server.demo.switch.acquirer_id}
        signed = await asyncio.gather(*(server.switch.send("vinti4/echo", echo) for _ in range(20)))
        assert {answer.status_code for answer in signed} == {200}

    async def test_a_flood_of_log_ins_is_refused(self, server: Running) -> None:
        body = {"phone": "+2389000001", "pin": "000000"}
        answers = await asyncio.gather(
            *(server.client.post("auth/login", json=body) for _ in range(4))
        )
        assert 503 in {answer.status_code for answer in answers}
