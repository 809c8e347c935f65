"""One caller of makeba's published API: errors as exceptions, patience, and own writes read.

ApiError
├── Refused    the server said no, with a code
└── NoReply    nothing came back: whether anything happened there is not known
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

import httpx
import msgspec

from simulator.trust import USUAL, Trust

T = TypeVar("T")

BASE_PATH = "/api/v1/"
LOG_POSITION = "X-Log-Position"
TRIES_MAX = 4
PAUSE_MAX_SECONDS = 3.0  # whoever is asked to wait longer is told, and does not wait
TIMEOUT_SECONDS = 10.0
SILENCE_SECONDS = 45.0  # of a stream: three of its signs of life did not come

encode = msgspec.json.Encoder(decimal_format="number").encode


class ApiError(Exception):
    """A request did not end as it should."""


class Refused(ApiError):
    """The server said no."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: dict[str, Any],
        retry_after_seconds: float | None,
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"{status} {code}: {message}")

    @property
    def nothing_happened(self) -> bool:
        """Whether the same may be sent again without an idempotency key."""
        return self.status == 429 or self.details.get("outcome") == "none"

    @property
    def may_pass(self) -> bool:
        """Whether the same may be answered later: the server has too much to do, or is ill."""
        return self.status == 429 or self.status >= 500


class NoReply(ApiError):
    """Nothing came back."""


class Reply(msgspec.Struct, Generic[T], frozen=True):
    """What came back; `replayed` when the server had answered this key before."""

    value: T
    replayed: bool


class Heard(msgspec.Struct, frozen=True):
    """A message of a stream of events. One without an event says only where the stream is."""

    id: str
    event: str = ""
    data: str = ""


class Bookmark:
    """How far the log was when somebody last heard of it. Readers who share a bookmark see each
    other's writes: the server makes a read wait until it has got there."""

    def __init__(self) -> None:
        self.position = 0

    def note(self, response: httpx.Response) -> None:
        """Remember the position in a reply, if it names one."""
        named = response.headers.get(LOG_POSITION, "")
        if named.isdigit():
            self.position = max(self.position, int(named))


class Api:
    """The API as one caller has it. After `token` is set, requests are that person's."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        bookmark: Bookmark | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.token: str | None = None
        self._client = client
        self._bookmark = bookmark or Bookmark()
        self._sleep = sleep

    async def get(self, path: str, wanted: type[T], **query: Any) -> T:
        """Read. Raises Refused or NoReply."""
        headers = {LOG_POSITION: str(self._bookmark.position)}
        reply = await self._send("GET", path, wanted, headers, params=query)
        return reply.value

    @asynccontextmanager
    async def listen(self, last_id: str | None = None) -> AsyncIterator[AsyncIterator[Heard]]:
        """Events as they happen, after the one with this id or from now on. The first message
        says only from where on. Raises Refused, or NoReply when the line breaks; the iteration ends
        when the server lets go."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        patience = httpx.Timeout(TIMEOUT_SECONDS, read=SILENCE_SECONDS)
        stream = self._client.stream("GET", "events", headers=headers, timeout=patience)
        try:
            async with stream as response:
                if not response.is_success:
                    await response.aread()
                    raise refused_by(response)
                yield _messages(response)
        except httpx.TransportError as error:
            raise NoReply(f"GET events: {type(error).__name__}") from error

    async def post(
        self, path: str, body: Any, wanted: type[T], *, key: str | None = None
    ) -> Reply[T]:
        """Change something, once for each key. Raises Refused or NoReply."""
        headers = {} if key is None else {"Idempotency-Key": key}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = encode(body)
        return await self._send("POST", path, wanted, headers, content=content)

    async def _send(
        self, method: str, path: str, wanted: type[T], headers: dict[str, str], **more: Any
    ) -> Reply[T]:
        """Send it, and again when the server asks for that and it does no harm."""
        harmless = method == "GET" or "Idempotency-Key" in headers
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        for tries in range(1, TRIES_MAX + 1):
            try:
                return await self._once(method, path, wanted, headers, **more)
            except Refused as refused:
                pause = refused.retry_after_seconds
                may_repeat = harmless or refused.nothing_happened
                if tries == TRIES_MAX or not may_repeat or pause is None:
                    raise
                if pause > PAUSE_MAX_SECONDS:
                    raise
                await self._sleep(pause)
        raise AssertionError("the last try has returned or raised")

    async def _once(
        self, method: str, path: str, wanted: type[T], headers: dict[str, str], **more: Any
    ) -> Reply[T]:
        try:
            response = await self._client.request(method, path.lstrip("/"), headers=headers, **more)
        except httpx.TransportError as error:
            raise NoReply(f"{method} {path}: {type(error).__name__}") from error
        self._bookmark.note(response)
        if not response.is_success:
            raise refused_by(response)
        replayed = response.headers.get("Idempotency-Replayed") == "true"
        return Reply(_decoded(response, wanted), replayed)


def connect(
    url: str, transport: httpx.AsyncBaseTransport | None = None, trust: Trust = USUAL
) -> httpx.AsyncClient:
    """A client of the server at this URL, with or without the API's base path."""
    base = url.rstrip("/").removesuffix(BASE_PATH.rstrip("/")) + BASE_PATH
    verify = trust.context() if transport is None else True
    return httpx.AsyncClient(
        base_url=base, transport=transport, timeout=TIMEOUT_SECONDS, verify=verify
    )


def refused_by(response: httpx.Response) -> Refused:
    """A reply that is no success, as an exception; also one that is not in the API's envelope."""
    try:
        envelope = msgspec.json.decode(response.content, type=_Envelope)
        error = envelope.error
    except msgspec.MsgspecError:
        error = _Error(code=f"HTTP_{response.status_code}", message=response.reason_phrase)
    return Refused(
        response.status_code, error.code, error.message, error.details, _retry_after(response)
    )


async def _messages(response: httpx.Response) -> AsyncIterator[Heard]:
    """Messages end with an empty line; what begins with a colon is a sign of life."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        name, _, value = line.partition(":")
        if name:
            fields[name] = value.removeprefix(" ")
        elif not line and "id" in fields:
            yield Heard(fields["id"], fields.get("event", ""), fields.get("data", ""))
            fields = {}


class _Error(msgspec.Struct, frozen=True):
    code: str
    message: str
    details: dict[str, Any] = {}


class _Envelope(msgspec.Struct, frozen=True):
    error: _Error


def _decoded(response: httpx.Response, wanted: type[T]) -> T:
    if wanted is type(None):
        return None
    return msgspec.json.decode(response.content, type=wanted)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds (RFC 9110 §10.2.3); the other form, a date, is not used by this API."""
    named = response.headers.get("Retry-After", "")
    return float(named) if named.isdigit() else None
