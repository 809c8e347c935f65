"""Signing in over HTTP: two steps, one answer for every mistake, and sessions that end."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
from typing import Any

import pytest

from server.settings import Settings
from tests.server.conftest import Running
from tests.server.people import Somebody

NOBODY = "+2389000001"


def said(answer: Any) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


async def log_in(somebody: Somebody, phone: str = "", pin: str = "") -> Any:
    body = {"phone": phone or somebody.who.phone, "pin": pin or somebody.who.pin}
    return await somebody.client.post("auth/login", json=body)


async def factor(somebody: Somebody, challenge: str, totp: str) -> Any:
    body = {"challengeId": challenge, "totp": totp}
    return await somebody.client.post("auth/factor", json=body)


def wrong(pin: str) -> str:
    return f"{(int(pin) + 1) % 10 ** len(pin):0{len(pin)}}"


def test_a_pin_costs_what_owasp_asks_for_at_least() -> None:
    program = "from server.pins import Pins; print(Pins(1, 1)._nobody)"
    done = subprocess.run(  # noqa: S603 - our own words; a process whose PINs are not made cheap
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_both_steps_open_a_session(server: Running) -> None:
    customer = server.somebody("customer")
    first = await log_in(customer)
    assert first.status_code == 200
    assert list(first.json()) == ["challengeId", "factors"]
    assert first.json()["factors"] == ["totp"]
    second = await factor(customer, first.json()["challengeId"], customer.totp())
    assert second.status_code == 200
    assert list(second.json()) == ["accessToken", "expiresAt", "userId", "role"]
    assert (second.json()["userId"], second.json()["role"]) == (customer.id, "customer")
    assert second.headers["cache-control"] == "no-store"


async def test_what_was_begun_before_signing_out_everywhere_comes_to_nothing(
    server: Running,
) -> None:
    customer = await server.somebody("customer").sign_in()
    begun = (await log_in(customer)).json()["challengeId"]
    assert (await customer.delete("auth/sessions")).status_code == 204
    totp = customer.totp()
    late = said(await factor(customer, begun, totp))
    assert late == (401, "UNAUTHENTICATED", "Begin again with number and PIN.")
    again = (await log_in(customer)).json()["challengeId"]
    assert (await factor(customer, again, totp)).status_code == 200  # the code was not used up


async def test_a_number_may_be_written_as_people_do(server: Running) -> None:
    customer = server.somebody("customer")
    local = customer.who.phone.removeprefix("+238")
    for phone in (local, f"{local[:3]} {local[3:5]} {local[5:]}"):
        assert (await log_in(customer, phone)).status_code == 200


async def test_the_token_is_kept_nowhere(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    raw = base64.urlsafe_b64decode(customer.token + "=")
    assert len(raw) == 32
    stored = server.ask("SELECT token_hash FROM ledger.session")
    assert all(bytes(row[0]) not in (raw, customer.token.encode()) for row in stored)


async def test_whose_number_it_is_cannot_be_told(server: Running) -> None:
    customer = server.somebody("customer")
    for phone in (customer.who.phone, NOBODY):
        answers = [said(await log_in(customer, phone, wrong(customer.who.pin))) for _ in range(7)]
        assert answers[:5] == [(401, "UNAUTHENTICATED", "That is not right.")] * 5
        assert answers[5:] == [(429, "RATE_LIMITED", "Too many wrong tries.")] * 2


async def test_a_locked_account_says_when_to_come_again(server: Running) -> None:
    customer = server.somebody("customer")
    for _ in range(5):
        await log_in(customer, pin=wrong(customer.who.pin))
    for phone in (customer.who.phone, NOBODY):
        if phone == NOBODY:
            for _ in range(5):
                await log_in(customer, phone)
        locked = await log_in(customer, phone)
        assert locked.status_code == 429
        assert 890 <= int(locked.headers["retry-after"]) <= 900


async def test_a_second_factor_is_accepted_once(server: Running) -> None:
    customer = server.somebody("customer")
    totp = customer.totp()
    assert (await factor(customer, await customer.challenge(), totp)).status_code == 200
    assert said(await factor(customer, await customer.challenge(), totp))[0] == 401
    later = customer.totp()
    assert (await factor(customer, await customer.challenge(), later)).status_code == 200


async def test_two_at_once_with_one_code_open_one_session(server: Running) -> None:
    customer = server.somebody("customer")
    challenge, totp = await customer.challenge(), customer.totp()
    answers = await asyncio.gather(*(factor(customer, challenge, totp) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


async def test_a_challenge_that_we_did_not_give(server: Running) -> None:
    customer, other = server.somebody("customer"), server.somebody("customer", 1)
    challenge = await customer.challenge()
    spoilt = ("A" if challenge[0] != "A" else "B") + challenge[1:]
    for bad in (spoilt, challenge[:-4], "made-up", challenge + "AAAA"):
        answer = await factor(customer, bad, customer.totp())
        assert said(answer) == (401, "UNAUTHENTICATED", "Begin again with number and PIN.")
    assert (await factor(customer, challenge, other.totp())).status_code == 401


async def test_tokens_that_are_none(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    for header in (
        "", "Bearer", f"Bearer {customer.token}x", f"Bearer {'A' * 43}", f"Basic {customer.token}",
        customer.token, f"Bearer {customer.token} {customer.token}", "Bearer \u00e9",
    ):  # fmt: skip
        headers = {"Authorization": header.encode()}
        answer = await customer.client.get("balance", headers=headers)  # type: ignore[arg-type]
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), header
    assert (await customer.client.get("balance")).status_code == 401


async def test_sessions_are_listed_and_ended(server: Running) -> None:
    here = await server.somebody("customer").sign_in()
    there = server.somebody("customer")
    there.step = here.step
    await there.sign_in()
    items = (await there.get("auth/sessions")).json()["items"]
    assert [item["current"] for item in items] == [True, False]
    ended = await there.client.delete(
        f"auth/sessions/{items[1]['sessionId']}", headers=there.headers
    )
    assert ended.status_code == 204
    assert (await here.get("balance")).status_code == 401  # at once in this process
    assert (await there.get("balance")).status_code == 200
    ended = await there.client.delete(
        f"auth/sessions/{items[1]['sessionId']}", headers=there.headers
    )
    assert ended.status_code == 204  # and a second time it is still over
    assert (await there.client.delete("auth/sessions", headers=there.headers)).status_code == 204
    assert (await there.get("balance")).status_code == 401


async def test_somebody_elses_session_cannot_be_ended(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    other = await server.somebody("customer", 1).sign_in()
    session_id = (await other.get("auth/sessions")).json()["items"][0]["sessionId"]
    answer = await customer.client.delete(f"auth/sessions/{session_id}", headers=customer.headers)
    assert answer.status_code == 404
    assert (await other.get("balance")).status_code == 200


async def test_leaving_ends_a_live_code(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    await customer.ask_for_code()
    assert (await customer.post("auth/logout", key=None)).status_code == 204
    assert server.ask("SELECT state FROM ledger.withdrawal") == [("cancelled",)]


async def test_a_session_that_was_ended_elsewhere_is_over_within_a_second(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    assert (await customer.get("balance")).status_code == 200
    server.ask("UPDATE ledger.session SET revoked_at = clock_timestamp()")
    await asyncio.sleep(1.05)
    assert (await customer.get("balance")).status_code == 401


async def test_use_is_noted_once_a_minute_and_outside_the_log(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    position = server.position
    for _ in range(3):
        await customer.get("balance")
    await server.until("SELECT count(*) = 1 FROM ledger.session_use")
    seen = server.ask("SELECT last_seen FROM ledger.session_use")
    await customer.get("balance")
    assert server.ask("SELECT last_seen FROM ledger.session_use") == seen
    assert server.position == position


class TestShortSessions:
    """With sessions that end soon."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return Settings(
            home=settings.home, pin_threads=1, session_cache_seconds=0, challenge_ttl_seconds=1,
            session_idle_seconds=2, staff_idle_seconds=60, session_absolute_seconds=4,
        )  # fmt: skip

    async def test_a_session_idles_out_and_use_keeps_it_until_its_end(
        self, server: Running
    ) -> None:
        idle = await server.somebody("customer").sign_in()
        busy = await server.somebody("customer", 1).sign_in()
        for _ in range(5):
            await asyncio.sleep(0.6)
            assert (await busy.get("balance")).status_code == 200
        assert (await idle.get("balance")).status_code == 401
        await asyncio.sleep(1.2)
        assert (await busy.get("balance")).status_code == 401

    async def test_a_challenge_is_good_for_a_while(self, server: Running) -> None:
        customer = server.somebody("customer")
        challenge = await customer.challenge()
        await asyncio.sleep(1.1)
        assert (await factor(customer, challenge, customer.totp())).status_code == 401
