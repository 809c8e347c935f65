"""Wrong tries at the door: throttled for where they come from, and answered evenly."""

from __future__ import annotations

import asyncio
import secrets
import time
from statistics import NormalDist

import httpx
import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.identity.confirm_factor import OpenSession
from commands.identity.person import Role
from commands.identity.shown import TotpShown
from commands.identity.tries import TryLimits
from commands.spine import Spine
from ledger.errors import InvalidRequest, Refusal
from server.chosen import COMMON, require_choosable
from server.settings import API, Settings
from tests.commands.moves import ACTOR, customer
from tests.server.conftest import Running
from tests.timing import p_value

SOURCE_TRIES = 3


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, source_tries_max=SOURCE_TRIES, source_window_seconds=2)


def from_address(server: Running, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=server.app, client=(address, 1))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=f"http://makeba{API}/")


async def tried(client: httpx.AsyncClient, phone: str, pin: str) -> int:
    return (await client.post("auth/login", json={"phone": phone, "pin": pin})).status_code


def stranger() -> str:
    return f"+2389{secrets.randbelow(10**6):06}"


async def test_an_address_of_too_many_wrong_tries_has_to_wait(server: Running) -> None:
    who = server.somebody("customer").who
    async with from_address(server, "192.0.2.1") as guesser:
        assert [await tried(guesser, stranger(), "482915") for _ in range(SOURCE_TRIES)] == [
            401
        ] * 3
        locked = await guesser.post("auth/login", json={"phone": who.phone, "pin": who.pin})
        assert (locked.status_code, locked.json()["error"]["code"]) == (429, "RATE_LIMITED")
        assert 1 <= int(locked.headers["retry-after"]) <= 2
        # What else a stranger may try is tried from the same place.
        for path, body in (
            ("auth/factor", {"challengeId": "AAAA", "totp": "123456"}),
            ("auth/passkey", {"challengeId": "AAAA", "credential": {"id": "AAAA"}}),
            ("auth/reset", {"phone": who.phone, "code": "A" * 16, "new": "739204"}),
            ("auth/reset/confirm", {"challengeId": "AAAA", "totp": "123456"}),
        ):
            assert (await guesser.post(path, json=body)).status_code == 429, path
        async with from_address(server, "192.0.2.2") as neighbour:
            assert await tried(neighbour, who.phone, who.pin) == 200
        await asyncio.sleep(2)
        assert await tried(guesser, who.phone, who.pin) == 200


async def test_a_network_of_ipv6_is_one_address_and_this_machine_none(server: Running) -> None:
    for number in range(SOURCE_TRIES):
        async with from_address(server, f"2001:db8::{number + 1}") as each:
            assert await tried(each, stranger(), "482915") == 401
    async with from_address(server, "2001:db8::ffff") as last:
        assert await tried(last, stranger(), "482915") == 429
    async with from_address(server, "2001:db8:1::1") as other:
        assert await tried(other, stranger(), "482915") == 401
    for _ in range(SOURCE_TRIES + 2):
        assert await tried(server.client, stranger(), "482915") == 401
    kept = server.ask("SELECT source FROM ledger.login_source")
    assert all(len(bytes(source)) == 34 for (source,) in kept)  # a key's number and keyed hashes


async def test_every_refusal_takes_as_long_whoever_it_is(server: Running) -> None:
    """The short version of `make timing`: no difference that so few tries could show."""
    people = [server.somebody("customer", number).who for number in range(3)]
    strangers = [stranger() for _ in people]
    took: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(4):
        for known, phone in [(True, each.phone) for each in people] + [
            (False, each) for each in strangers
        ]:
            began = time.perf_counter()
            assert await tried(server.client, phone, "000001") == 401
            took[known].append(time.perf_counter() - began)
    assert all(each >= 0.1 for each in took[True] + took[False])
    # One run of the suite in ten thousand may fail here for nothing, and not one in a hundred.
    assert p_value(took[True], took[False]) > 0.0001


def test_the_statistic_knows_a_difference() -> None:
    """What was measured before refusals were evened out would have been found."""
    slow = [NormalDist(0.033, 0.004).inv_cdf((each + 0.5) / 200) for each in range(200)]
    fast = [NormalDist(0.030, 0.004).inv_cdf((each + 0.5) / 200) for each in range(200)]
    assert p_value(slow, fast) < 0.001
    assert p_value(slow, slow) > 0.9
    assert p_value([1.0] * 50, [1.0] * 50) == 1.0


# -- a code is accepted once -----------------------------------------------------------------------


async def test_a_code_shown_a_thousand_times_at_once_is_accepted_once(spine: Spine) -> None:
    user = await customer(spine, 0)
    many = TryLimits(tries_max=10_000)

    async def show(step: int) -> bool:
        command = OpenSession(
            user_id=user.user_id,
            session_id=uuid7(),
            token_hash=secrets.token_bytes(32),
            shown=TotpShown(step),
            epoch=0,
            idle_seconds=600,
            absolute_seconds=3_600,
            limits=many,
        )
        try:
            await spine.submit(command, actor=ACTOR, request_id="show")
        except Refusal:
            return False
        return True

    assert sum(await asyncio.gather(*(show(100) for _ in range(1_000)))) == 1
    assert sum(await asyncio.gather(*(show(100) for _ in range(1_000)))) == 0
    assert sum(await asyncio.gather(*(show(99 + each % 3) for each in range(300)))) == 1


# -- what may be chosen ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secret", "role"),
    [
        ("739204", Role.CUSTOMER),
        ("604817395026", Role.AGENT),
        ("cavala com arroz", Role.ADMIN),
        ("pão quente às seis", Role.AUDITOR),
        ("x7#Kq2!v", Role.OPERATOR),
    ],
)
def test_what_may_be_chosen(secret: str, role: Role) -> None:
    require_choosable(secret, role, "+2389912345", "Ana Silva")


@pytest.mark.parametrize(
    ("secret", "role"),
    [
        ("12345", Role.CUSTOMER),
        ("1234567890123", Role.CUSTOMER),
        ("12a456", Role.CUSTOMER),
        ("٧٣٩٢٠٤", Role.CUSTOMER),
        ("000000", Role.CUSTOMER),
        ("121212", Role.CUSTOMER),
        ("345678", Role.CUSTOMER),
        ("876543", Role.AGENT),
        ("159753", Role.AGENT),
        ("912345", Role.CUSTOMER),
        ("short", Role.ADMIN),
        ("password1", Role.ADMIN),
        ("PASSWORD1", Role.ADMIN),
        ("abcdefgh", Role.ADMIN),
        ("abababab", Role.ADMIN),
        ("makeba makeba", Role.ADMIN),
        ("ana silva", Role.ADMIN),
        ("Silva9912345", Role.ADMIN),
        ("x" * 65, Role.ADMIN),
    ],
)
def test_what_may_not_be_chosen(secret: str, role: Role) -> None:
    with pytest.raises(InvalidRequest):
        require_choosable(secret, role, "+2389912345", "Ana Silva")


def test_the_list_of_common_secrets_is_long() -> None:
    assert len(COMMON) >= 10_000
    assert {"123456", "password", "benfica"} <= COMMON
