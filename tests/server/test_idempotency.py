"""One effect for each key, and the same reply to the byte."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from server.settings import Settings
from tests.server.conftest import Running
from tests.server.people import Somebody


@pytest.fixture
async def customer(server: Running) -> Somebody:
    return await server.somebody("customer").sign_in()


def is_replay(answer: Any, of: Any) -> bool:
    same = (answer.status_code, answer.content) == (of.status_code, of.content)
    return same and answer.headers.get("idempotency-replayed") == "true"


async def test_a_code_is_shown_again_while_it_lives(customer: Somebody) -> None:
    first = await customer.ask_for_code(key="one")
    assert "idempotency-replayed" not in first.headers
    again = await customer.ask_for_code(key="one")
    assert is_replay(again, first)
    assert again.headers["x-log-position"] == first.headers["x-log-position"]


async def test_afterwards_it_is_not(customer: Somebody) -> None:
    first = await customer.ask_for_code(key="one")
    await customer.post(f"withdrawal/{first.json()['transactionId']}/cancel")
    again = await customer.ask_for_code(key="one")
    assert again.status_code == 422
    assert again.json()["error"]["code"] == "CODE_EXPIRED"
    assert first.json()["code"] not in again.text


async def test_the_code_is_not_in_the_stored_reply(server: Running, customer: Somebody) -> None:
    issued = (await customer.ask_for_code(key="one")).json()
    stored = server.ask("SELECT convert_from(reply, 'utf8') FROM ledger.idempotency")
    assert stored == [
        (f'{{"transactionId":"{issued["transactionId"]}","expiryTime":"{issued["expiryTime"]}"}}',)
    ]


class TestAtOnce:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(home=tmp_path, pin_threads=1, requests_each=100)

    async def test_a_hundred_at_once_have_one_effect(
        self, server: Running, customer: Somebody
    ) -> None:
        answers = await asyncio.gather(*(customer.ask_for_code(key="one") for _ in range(100)))
        assert len({answer.content for answer in answers}) == 1
        assert {answer.status_code for answer in answers} == {201}
        assert server.ask("SELECT count(*) FROM ledger.withdrawal") == [(1,)]


async def test_the_same_key_with_another_order_is_a_conflict(customer: Somebody) -> None:
    await customer.ask_for_code(2000, key="one")
    for answer in (
        await customer.ask_for_code(1000, key="one"),
        await customer.post("transfer", {"amount": 2000, "toPhone": "+2389912345"}, key="one"),
    ):
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "IDEMPOTENCY_CONFLICT"


async def test_the_same_order_in_other_words_is_the_same(customer: Somebody) -> None:
    first = await customer.ask_for_code(2000, key="one")
    body = f'{{ "userId": "{customer.id}", "amount": 2.0e3 }}'.encode()
    again = await customer.client.post(
        "withdrawal/atm",
        content=body,
        headers={**customer.headers, "Content-Type": "application/json", "Idempotency-Key": "one"},
    )
    assert is_replay(again, first)


async def test_keys_are_the_callers_own(server: Running, customer: Somebody) -> None:
    other = await server.somebody("customer", 1).sign_in()
    first = await customer.ask_for_code(key="one")
    theirs = await other.ask_for_code(key="one")
    assert theirs.status_code == 201
    assert theirs.json()["transactionId"] != first.json()["transactionId"]


async def test_a_refusal_is_replayed_too(server: Running, customer: Somebody) -> None:
    first = await customer.ask_for_code(1_000_000, key="one")
    assert first.status_code == 422
    position = server.position
    again = await customer.ask_for_code(1_000_000, key="one")
    assert (again.status_code, again.content) == (422, first.content)
    assert server.position == position


async def test_what_says_nothing_of_the_order_is_not_stored(
    server: Running, customer: Somebody
) -> None:
    assert (await customer.ask_for_code(-1, key="one")).status_code == 400
    assert (await customer.ask_for_code(2000, key="one")).status_code == 201


async def test_a_transfer_needs_a_key(server: Running, customer: Somebody) -> None:
    other = server.somebody("customer", 1)
    order = {"amount": 1000, "toPhone": other.who.phone}
    without = await customer.post("transfer", order, key=None)
    assert without.status_code == 400
    assert without.json()["error"]["details"]["field"] == "Idempotency-Key"
    first = await customer.post("transfer", order, key="one")
    assert first.status_code == 201
    assert is_replay(await customer.post("transfer", order, key="one"), first)
    assert (await customer.get("balance")).json()["balance"] == 98_990


async def test_without_a_key_the_contracts_routes_still_work(customer: Somebody) -> None:
    assert (await customer.ask_for_code(key=None)).status_code == 201


class TestShortSessions:
    """A replay is for a live session."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return Settings(home=settings.home, pin_threads=1, session_cache_seconds=0)

    async def test_after_signing_out_the_code_is_gone(self, customer: Somebody) -> None:
        await customer.ask_for_code(key="one")
        assert (await customer.post("auth/logout")).status_code == 204
        assert (await customer.ask_for_code(key="one")).status_code == 401
        again = await (await customer.sign_in()).ask_for_code(key="one")
        assert again.json()["error"]["code"] == "CODE_EXPIRED"
