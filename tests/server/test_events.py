"""Events as they happen: to whom they belong, without loss across a restart, and bounded."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import httpx
import msgspec
import pytest

from commands.identity.person import Role
from queries.feed import Listener
from server.auth import Caller
from server.events import Stream
from server.installation import Installation
from server.postgres import Cluster
from server.settings import Settings
from tests.server.conftest import Running, World, cloned
from tests.server.listening import listening, over_tcp, told
from tests.server.people import Somebody


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(
        settings, port=0, events_heartbeat_seconds=0.2, events_streams_each=2, alert_seconds=0.2
    )


@pytest.fixture
async def installation(
    cluster: Cluster, world: World, settings: Settings
) -> AsyncIterator[Installation]:
    with cloned(cluster, world) as owner_url:
        yield Installation(settings, world.keys, owner_url)


async def customer(client: httpx.AsyncClient, world: World, number: int) -> Somebody:
    user = world.demo.of(Role.CUSTOMER)[number]
    return await Somebody(client, user, []).sign_in()


async def send(sender: Somebody, to: Somebody, amount: int) -> str:
    answer = await sender.post("transfer", {"amount": amount, "toPhone": to.who.phone})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["transactionId"])


async def read(somebody: Somebody, last_id: str = "") -> httpx.Response:
    """What there is after an id, without going on."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    return await somebody.get("events", params={"follow": "false"}, headers=headers)


def id_of(answer: httpx.Response) -> str:
    return next(line[4:] for line in answer.text.splitlines() if line.startswith("id: "))


# -- over a real connection ----------------------------------------------------------------------


async def test_nothing_is_lost_or_told_twice_across_a_restart(
    installation: Installation, world: World
) -> None:
    sent, heard = [], []
    async with over_tcp(installation) as (client, _):
        ana, rui = [await customer(client, world, number) for number in range(2)]
        async with listening(rui) as stream:
            sent.append(await send(ana, rui, 100))
            heard.append(await stream.next())
            sent += [await send(ana, rui, 100 + number) for number in range(3)]
            heard.append(await stream.next())
        sent.append(await send(ana, rui, 200))
    async with over_tcp(installation) as (client, _):
        ana.client = rui.client = client
        sent.append(await send(ana, rui, 300))
        async with listening(rui, heard[-1].id) as stream:
            sent.append(await send(ana, rui, 400))
            heard += [await stream.next() for _ in range(5)]
            assert "still here" in await stream.comment()
    assert [each.data["subject"] for each in heard] == sent
    assert {each.event for each in heard} == {"transfer.made"}
    assert heard[-1].data["data"] == {"amount": 400, "direction": "in"}


async def test_who_logs_out_hears_nothing_more_and_nobody_listens_too_often(
    installation: Installation, world: World
) -> None:
    async with over_tcp(installation) as (client, _), AsyncExitStack() as stack:
        ana = await customer(client, world, 0)
        streams = [await stack.enter_async_context(listening(ana)) for _ in range(2)]
        one_more = await ana.get("events")
        assert (one_more.status_code, one_more.json()["error"]["code"]) == (429, "RATE_LIMITED")
        began = time.monotonic()
        assert (await ana.post("auth/logout", key=None)).status_code < 300
        assert [await each.ended() for each in streams] == [True, True]
        assert time.monotonic() - began < 5


async def test_a_server_that_is_asked_to_leave_lets_listeners_go_at_once(
    installation: Installation, world: World
) -> None:
    async with over_tcp(installation) as (client, running):
        ana = await customer(client, world, 0)
        async with listening(ana) as stream:
            began = time.monotonic()
            os.kill(os.getpid(), signal.SIGTERM)
            assert await stream.ended()
        await asyncio.wait([running], timeout=10)
        assert running.done()
        assert time.monotonic() - began < 5  # and not the time for requests that have begun


# -- without going on ----------------------------------------------------------------------------


async def test_polling_gives_the_same_answer_as_the_events(server: Running) -> None:
    ana = await server.somebody("customer").sign_in()
    start = id_of(await read(ana))
    code = (await ana.ask_for_code()).json()
    withdrawal = f"withdrawal/{code['transactionId']}"
    for order in (None, f"{withdrawal}/cancel"):
        if order is not None:
            assert (await ana.post(order)).status_code == 200
        events = [
            each
            for each in told((await read(ana, start)).text)
            if each.data["subject"] == code["transactionId"]
        ]
        polled = (await ana.get(withdrawal)).json()
        assert events[-1].data["data"]["state"] == polled["status"]
    assert [each.event for each in events] == ["withdrawal.requested", "withdrawal.cancelled"]
    assert code["code"] not in (await read(ana, start)).text


async def test_everybody_hears_of_their_own_affairs_only(server: Running) -> None:
    ana, rui = [await server.somebody("customer", number).sign_in() for number in range(2)]
    agent, operator = (
        await server.somebody("agent").sign_in(),
        await server.somebody("operator").sign_in(),
    )
    starts = {each.id: id_of(await read(each)) for each in (ana, rui, agent, operator)}
    body = {"amount": 1000, "userId": ana.id, "agentId": str(agent.who.agent_id)}
    request = (await ana.post("withdrawal/agent", body)).json()
    heard = {
        each.id: [one.data["subject"] for one in told((await read(each, starts[each.id])).text)]
        for each in (ana, rui, agent, operator)
    }
    assert heard[ana.id] == heard[agent.id] == [request["transactionId"]]
    assert heard[rui.id] == heard[operator.id] == []


async def test_an_id_that_is_not_ours_is_refused(server: Running) -> None:
    ana = await server.somebody("customer").sign_in()
    for forged in ("1", "0" * 28, "AAAAAAAAAAEAAAAAAAAAAAAAAAAA", "é"):
        answer = await ana.get(
            "events", params={"follow": "false"}, headers={"Last-Event-ID": forged.encode()}
        )
        assert answer.status_code == 400, answer.text


# -- alerts and figures --------------------------------------------------------------------------


async def test_an_alert_is_raised_by_what_is_measured_and_told(server: Running) -> None:
    operator = await server.somebody("operator").at_work()
    start = id_of(await read(operator))
    body = {
        "reference": "unknown",
        "amount": 150_000,
        "valueDate": "2030-01-01",
        "phone": "9999999",
    }
    assert (await operator.post("deposit/bank", body)).status_code == 201
    await server.until("SELECT count(*) = 1 FROM queries.alert WHERE raised")
    (alert,) = (await operator.get("alerts", params={"raised": "true"})).json()["items"]
    assert (alert["name"], alert["unit"]) == ("unidentified_credits", "centavos")
    raised = [each for each in told((await read(operator, start)).text) if "alert" in each.event]
    assert [each.data["data"]["name"] for each in raised] == ["unidentified_credits"]
    figures = (await server.client.get("http://makeba/metrics")).text
    assert 'makeba_alerts{name="unidentified_credits"} 1.0' in figures
    assert 'makeba_alerts{name="held_age"} 0.0' in figures
    assert "makeba_projection_lag_records" in figures


async def test_figures_are_for_this_machine(server: Running) -> None:
    transport = httpx.ASGITransport(app=server.app, client=("192.0.2.1", 1))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://makeba") as elsewhere:
        for path in ("/metrics", "/api/v1/metrics"):
            assert (await elsewhere.get(path)).status_code == 403
            assert (await server.client.get(f"http://makeba{path}")).status_code == 200


# -- a stream by itself --------------------------------------------------------------------------


async def test_a_listener_who_is_too_slow_is_let_go_and_costs_nothing_more() -> None:
    caller = Caller(user_id=uuid4(), role=Role.CUSTOMER, session_id=uuid4(), agent_id=None)
    stream = Stream(Listener("customer", caller.user_id), caller, 3)
    for position in range(3):
        stream.push((position, b""))
    assert not stream.over
    stream.push((3, b""))
    assert stream.over
    assert await stream.next(1) is None
