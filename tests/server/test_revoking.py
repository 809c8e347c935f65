"""Who is signed out somewhere is signed out everywhere within a second: on another process, and on
a stream that is open there. What clients name of the feed tells them nothing."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import httpx
import msgspec
import pytest

from commands.identity.person import Role
from server.installation import Installation
from server.postgres import Cluster
from server.settings import API, Settings
from tests.server.conftest import Running, World, cloned, serving
from tests.server.listening import listening, over_tcp, told
from tests.server.people import Somebody
from tests.server.test_events import id_of, read

WITHIN = 1.0  # seconds
LOOK = 0.02  # between two looks
TOLD = "SELECT count(*) = %s FROM queries.feed WHERE kind = %s"


@dataclass
class Pair:
    """Two servers on one database."""

    here: httpx.AsyncClient
    there: httpx.AsyncClient
    world: World

    async def both(self, number: int) -> tuple[Somebody, Somebody]:
        """A customer who is signed in, as each of the two is asked."""
        user = self.world.demo.of(Role.CUSTOMER)[number]
        signed_in = await Somebody(self.here, user, []).sign_in()
        return signed_in, replace(signed_in, client=self.there)


@pytest.fixture
async def pair(cluster: Cluster, world: World, settings: Settings) -> AsyncIterator[Pair]:
    with cloned(cluster, world) as owner_url:
        there = Installation(msgspec.structs.replace(settings, port=0), world.keys, owner_url)
        async with serving(Installation(settings, world.keys, owner_url)) as app:
            transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
            async with (
                httpx.AsyncClient(transport=transport, base_url=f"http://a{API}/") as client,
                over_tcp(there) as (other, _),
            ):
                yield Pair(client, other, world)


async def seconds_until_refused(somebody: Somebody, began: float) -> float:
    while (await somebody.get("balance")).status_code != 401:
        assert time.monotonic() - began < 5
        await asyncio.sleep(LOOK)
    return time.monotonic() - began


async def test_revocation_holds_on_the_other_process_and_its_streams(pair: Pair) -> None:
    slowest = 0.0
    ways = ("auth/sessions", "auth/logout", "auth/pin")
    for number, way in enumerate(ways):
        here, there = await pair.both(number)
        if way == "auth/pin":
            await here.step_up()
        async with listening(there) as stream:
            assert (await there.get("balance")).status_code == 200  # known there from now on
            if way == "auth/sessions":
                assert (await here.delete(way)).status_code == 204
            elif way == "auth/logout":
                assert (await here.post(way, key=None)).status_code == 204
            else:
                body = {"current": here.who.pin, "new": "739204"}
                assert (await here.post(way, body, key=None)).status_code == 200
            answered = time.monotonic()
            refused, _ = await asyncio.gather(
                seconds_until_refused(there, answered), stream.ended()
            )
            slowest = max(slowest, refused, time.monotonic() - answered)
    assert slowest <= WITHIN, slowest


async def test_a_code_that_a_revoked_session_asks_for_is_refused_at_once(pair: Pair) -> None:
    """The other process still believes the session; the decision does not."""
    here, there = await pair.both(0)
    assert (await there.get("balance")).status_code == 200
    assert (await here.delete("auth/sessions")).status_code == 204
    answer = await there.ask_for_code()
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHENTICATED")


# -- what clients name ---------------------------------------------------------------------------


async def test_ids_of_events_tell_nothing_and_belong_to_one_listener(server: Running) -> None:
    ana, rui = [await server.somebody("customer", number).sign_in() for number in range(2)]
    start, other = id_of(await read(ana)), id_of(await read(rui))
    for amount in (100, 200, 300):
        body = {"amount": amount, "toPhone": rui.who.phone}
        assert (await ana.post("transfer", body)).status_code == 201
    heard = [each for each in told((await read(ana, start)).text) if each.event == "transfer.made"]
    positions = [
        position for (position,) in server.ask("SELECT position FROM ledger.log ORDER BY position")
    ]
    for each in heard:
        assert set(each.data) == {"event", "subject", "timestamp", "data"}
        raw = base64.urlsafe_b64decode(each.id + "==")
        assert len(raw) == 16
        assert not any(position.to_bytes(8, "big") in raw for position in positions)
    # The same place has another name for each who hears of it.
    mine = [each for each in told((await read(rui, other)).text) if each.event == "transfer.made"]
    assert {each.data["subject"] for each in mine} == {each.data["subject"] for each in heard}
    assert {each.id for each in mine}.isdisjoint(each.id for each in heard)
    for stolen in (heard[0].id, start):
        assert (await read(rui, stolen)).status_code == 400
    rest = told((await read(ana, heard[0].id)).text)
    assert [each.id for each in rest if each.event == "transfer.made"] == [
        each.id for each in heard[1:]
    ]


async def test_a_read_may_name_an_event_instead_of_a_position(server: Running) -> None:
    ana = await server.somebody("customer").sign_in()
    start = id_of(await read(ana))
    issued = (await ana.ask_for_code()).json()
    (heard,) = [
        each for each in told((await read(ana, start)).text) if each.event == "withdrawal.requested"
    ]
    path = f"withdrawal/{issued['transactionId']}"
    answer = await ana.get(path, headers={"X-Log-Position": heard.id})
    assert (answer.status_code, answer.json()["status"]) == (200, "active")
    for bad in ("A" * 22, heard.id[:-1] + ("A" if heard.id[-1] != "A" else "Q"), "-1"):
        answer = await ana.get(path, headers={"X-Log-Position": bad})
        assert answer.status_code == 400


async def test_the_owner_hears_of_a_new_device(server: Running) -> None:
    old = await server.somebody("customer").sign_in("old")
    start = id_of(await read(old))
    new = server.somebody("customer")
    new.step = old.step
    await new.sign_in("new")
    await server.until(TOLD, 2, "device.added")
    heard = {each.event: each.data["data"] for each in told((await read(old, start)).text)}
    assert heard["device.added"]["devices"] == 2
    assert "session.opened" in heard
    operator = await server.somebody("operator").sign_in()
    start = id_of(await read(operator))
    await server.somebody("auditor").sign_in("a-laptop")
    await server.until(TOLD, 4, "staff.device_added")  # to each, and to operators
    events = [each.event for each in told((await read(operator, start)).text)]
    assert "staff.device_added" in events
    assert "device.added" not in events


async def test_our_own_people_hear_of_a_new_device_of_theirs_and_of_nobody_elses(
    server: Running,
) -> None:
    old = await server.somebody("auditor").sign_in("desk")
    other = await server.somebody("accountant").sign_in("desk")
    start, elsewhere = id_of(await read(old)), id_of(await read(other))
    new = replace(old)
    await new.sign_in("a-laptop")
    await server.until(TOLD, 3 * 2, "staff.device_added")  # to each, and to operators
    heard = {each.event: each.data["data"] for each in told((await read(old, start)).text)}
    assert heard["staff.device_added"]["devices"] == 2
    assert told((await read(other, elsewhere)).text) == []
    listed = (await old.get("auth/sessions")).json()["items"]
    first, second = sorted(listed, key=lambda each: str(each["openedAt"]))
    assert (first["deviceSince"], first["cappedUntil"]) == (None, None)
    assert second["deviceSince"] == second["openedAt"]
