"""Somebody's line to makeba under its weather. The server does all that it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from weakref import WeakSet

import httpx

from simulator.api import BASE_PATH
from simulator.link.weather import Ill, Trouble, Weather
from simulator.mishaps import Mishap

SIGNATURE = "signature"


class Line(httpx.AsyncBaseTransport):
    """A network on which some of the requests and some of the replies fare badly.

    A request is named by its path after the base path. One that is late arrives right behind the
    next of another name, when whoever sent it has given up.
    """

    def __init__(self, network: httpx.AsyncBaseTransport) -> None:
        self.weather = Weather()
        self._network = network
        self._late: list[httpx.Request] = []
        self._streams: WeakSet[_Stream] = WeakSet()
        self.weather.watch(self._changed)

    @property
    def lost(self) -> int:
        """Replies that did not arrive."""
        return self.weather.struck[Ill.REPLY_LOST]

    def lose(self, path: str, times: int = 1) -> None:
        """Lose the next replies to requests whose path begins so."""
        self.weather.suffer(Trouble(Ill.REPLY_LOST, Mishap("reply-lost", times), path))

    def heal(self) -> None:
        """Carry everything both ways again."""
        self.weather.heal()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry it there and back, as far as the weather lets it."""
        passage = self.weather.decide(request.url.path.removeprefix(BASE_PATH))
        if Ill.DOWN in passage.ills:
            raise httpx.ConnectError("the line is down", request=request)
        if Ill.REQUEST_LATE in passage.ills:
            self._late.append(request)
        if passage.copies == 0 or Ill.REQUEST_LATE in passage.ills:
            raise httpx.ReadTimeout("nobody has answered", request=request)
        if passage.breaks_mac:
            request.headers[SIGNATURE] = request.headers.get(SIGNATURE, "").swapcase()
        response = await self._carried(request)
        for _ in range(1, passage.copies):
            await self._unheard(request)
        if not passage.reply_arrives:
            await _forget(response)
            raise httpx.ReadError("the reply got lost", request=request)
        await asyncio.sleep(passage.reply_delay_seconds)
        return self._cut_when_down(response) if _is_stream(response) else response

    async def _carried(self, request: httpx.Request) -> httpx.Response:
        """There and back; then what it has overtaken arrives too."""
        response = await self._network.handle_async_request(request)
        overtaken = [each for each in self._late if each.url.path != request.url.path]
        self._late = [each for each in self._late if each.url.path == request.url.path]
        for late in overtaken:
            await self._unheard(late)
        return response

    async def _unheard(self, request: httpx.Request) -> None:
        """Arrives, and nobody waits for the answer."""
        await _forget(await self._network.handle_async_request(request))

    def _cut_when_down(self, response: httpx.Response) -> httpx.Response:
        assert isinstance(response.stream, httpx.AsyncByteStream), "it came over this network"
        stream = _Stream(response.stream)
        self._streams.add(stream)
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=stream,
            extensions=response.extensions,
        )

    def _changed(self) -> None:
        if self.weather.down:
            for stream in self._streams:
                stream.cut()


class _Stream(httpx.AsyncByteStream):
    """What goes on arriving until it ends, or until the line goes down."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream
        self._cut = asyncio.Event()

    def cut(self) -> None:
        """Break off, at once."""
        self._cut.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """What arrives. Raises httpx.ReadError when it breaks off."""
        chunks = aiter(self._stream)
        while (chunk := await self._unless_cut(anext(chunks, None))) is not None:
            yield chunk

    async def _unless_cut(self, coming: Awaitable[bytes | None]) -> bytes | None:
        arriving = asyncio.ensure_future(coming)
        cut = asyncio.ensure_future(self._cut.wait())
        try:
            await asyncio.wait((arriving, cut), return_when=asyncio.FIRST_COMPLETED)
            if self._cut.is_set():
                raise httpx.ReadError("the line went down")
            return await arriving
        finally:
            arriving.cancel()
            cut.cancel()
            await asyncio.gather(arriving, cut, return_exceptions=True)

    async def aclose(self) -> None:
        """Let go."""
        await self._stream.aclose()


def _is_stream(response: httpx.Response) -> bool:
    return str(response.headers.get("content-type", "")).startswith("text/event-stream")


async def _forget(response: httpx.Response) -> None:
    await response.aread()
    await response.aclose()
