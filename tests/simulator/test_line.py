"""The line to makeba: what the server gets, and what whoever asked hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from simulator.line import SIGNATURE, Line
from simulator.link.weather import Ill, Trouble
from simulator.mishaps import Mishap

BASE = "http://makeba/api/v1/"
AUTHORISATIONS = "vinti4/authorisations"
REVERSALS = "vinti4/reversals"


class Server:
    """Remembers what arrives, by path."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self.signatures: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.arrived.append(request.url.path.removeprefix("/api/v1/"))
        self.signatures.append(request.headers.get(SIGNATURE))
        return httpx.Response(200, text=f"answer {len(self.arrived)}")


class Caller:
    """A client on a line to a server."""

    def __init__(self) -> None:
        self.server = Server()
        self.line = Line(httpx.MockTransport(self.server))
        self._client = httpx.AsyncClient(base_url=BASE, transport=self.line)

    def suffer(self, ill: Ill, path: str = "", times: int | None = 1) -> Mishap:
        """Let this happen on the line."""
        mishap = Mishap("a fault", times)
        self.line.weather.suffer(Trouble(ill, mishap, path, 0.01))
        return mishap

    async def post(self, path: str) -> str:
        """What is heard, or how nothing is."""
        try:
            response = await self._client.post(path, headers={SIGNATURE: "Sig=:aBc:"})
        except httpx.TransportError as error:
            return type(error).__name__
        return response.text


@pytest.fixture
def caller() -> Caller:
    return Caller()


async def test_in_fair_weather_everything_is_carried_both_ways(caller: Caller) -> None:
    assert await caller.post(AUTHORISATIONS) == "answer 1"
    assert caller.server.arrived == [AUTHORISATIONS]


@pytest.mark.parametrize(
    ("ill", "heard", "arrived"),
    [
        (Ill.DOWN, "ConnectError", 0),
        (Ill.REQUEST_LOST, "ReadTimeout", 0),
        (Ill.REQUEST_TWICE, "answer 1", 2),
        (Ill.REPLY_LOST, "ReadError", 1),
        (Ill.REPLY_LATE, "answer 1", 1),
    ],
)
async def test_what_is_heard_and_what_arrives(
    caller: Caller, ill: Ill, heard: str, arrived: int
) -> None:
    caller.suffer(ill)
    assert await caller.post(AUTHORISATIONS) == heard
    assert len(caller.server.arrived) == arrived


async def test_only_the_named_requests_fare_badly_and_only_so_often(caller: Caller) -> None:
    caller.line.lose(AUTHORISATIONS, times=2)
    assert await caller.post(REVERSALS) == "answer 1"
    heard = [await caller.post(AUTHORISATIONS) for _ in range(3)]
    assert heard == ["ReadError", "ReadError", "answer 4"]
    assert caller.line.lost == 2


async def test_a_late_request_arrives_behind_the_next_of_another_name(caller: Caller) -> None:
    caller.suffer(Ill.REQUEST_LATE, AUTHORISATIONS, times=2)
    assert [await caller.post(AUTHORISATIONS) for _ in range(2)] == ["ReadTimeout"] * 2
    assert caller.server.arrived == []
    assert await caller.post(REVERSALS) == "answer 1"
    assert caller.server.arrived == [REVERSALS, AUTHORISATIONS, AUTHORISATIONS]


async def test_a_broken_signature_is_not_the_one_that_was_made(caller: Caller) -> None:
    caller.suffer(Ill.MAC_BROKEN)
    await caller.post(AUTHORISATIONS)
    await caller.post(AUTHORISATIONS)
    assert caller.server.signatures == ["sIG=:AbC:", "Sig=:aBc:"]


async def test_healed_it_carries_everything_again(caller: Caller) -> None:
    caller.suffer(Ill.DOWN, times=None)
    assert await caller.post(REVERSALS) == "ConnectError"
    caller.line.heal()
    assert await caller.post(REVERSALS) == "answer 1"


class Endless(httpx.AsyncByteStream):
    """A stream of events that never ends by itself."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"id: 1\n\n"
        await asyncio.Event().wait()


async def test_a_stream_breaks_off_when_the_line_goes_down() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, stream=Endless())

    line = Line(httpx.MockTransport(answer))
    async with (
        httpx.AsyncClient(base_url=BASE, transport=line) as client,
        client.stream("GET", "events") as response,
    ):
        arriving = response.aiter_bytes()
        assert await anext(arriving) == b"id: 1\n\n"
        waiting = asyncio.ensure_future(anext(arriving))
        await asyncio.sleep(0)
        line.weather.suffer(Trouble(Ill.DOWN, Mishap("phones-offline", None)))
        with pytest.raises(httpx.ReadError):
            await waiting
