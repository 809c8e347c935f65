"""Clients who are slow on purpose: how long a connection may take to say what it wants, to send it,
and to read the answer; and how many of one address there may be.

uvicorn waits for ever for all three. Whoever is too slow is cut off without an answer: there is
nobody to read it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import msgspec
import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ledger.errors import InvalidRequest
from server.context import ALWAYS
from server.errors import JSON, rendered
from server.settings import Settings
from server.tls import told_by

logger = structlog.get_logger(__name__)

_connections: Counter[str] = Counter()  # of each address that has any, in this process


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long, how much, how many."""

    head_seconds: float
    body_seconds: float
    reading_seconds: float
    head_bytes_max: int
    connections_each: int

    @classmethod
    def of(cls, settings: Settings) -> Patience:
        """As the settings have it."""
        return cls(
            head_seconds=settings.head_seconds,
            body_seconds=settings.body_seconds,
            reading_seconds=settings.reading_seconds,
            head_bytes_max=settings.head_bytes_max,
            connections_each=settings.connections_each,
        )


class Config(uvicorn.Config):
    """uvicorn's, with our patience; workers are sent it whole."""

    def __init__(self, app: Any, patience: Patience, **more: Any) -> None:
        super().__init__(app, http=Impatient, **more)
        self.patience = patience


class Impatient(HttpToolsProtocol):
    """uvicorn's protocol, which does not wait for ever."""

    _timer: asyncio.TimerHandle | None = None
    _slow_reader: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_head = False
    _address = ""

    @property
    def patience(self) -> Patience:
        """That of this server."""
        assert isinstance(self.config, Config), "the server is made with our configuration"
        return self.config.patience

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self.app_state = self.app_state | told_by(transport, self._address)
        _connections[self._address] += 1
        if _connections[self._address] > self.patience.connections_each:
            self._cut("too many connections")
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        _connections[self._address] -= 1
        if not _connections[self._address]:
            del _connections[self._address]
        self._stop_waiting()
        self._stop_watching_reader()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._in_head and self._timer is None:
            self._await_head()  # the next request of a connection that was kept
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > self.patience.head_bytes_max:
            self._cut("head too long")

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._wait(self.patience.body_seconds, "slow body")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._stop_waiting()
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stop_watching_reader()
        self._slow_reader = self.loop.call_later(
            self.patience.reading_seconds, self._cut, "slow reader"
        )

    def resume_writing(self) -> None:
        self._stop_watching_reader()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is answered like everything else: the envelope, and the same headers."""
        body, _ = rendered(InvalidRequest(reason="is not HTTP that can be read"), "")
        head = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: " + JSON.encode()
        head += b"\r\ncontent-length: %d\r\n" % len(body)
        head += b"".join(name + b": " + value + b"\r\n" for name, value in ALWAYS)
        self.transport.write(head + b"\r\n" + body)
        self.transport.close()

    # -- inside ----------------------------------------------------------------------------------

    def _await_head(self) -> None:
        self._in_head, self._head_bytes = True, 0
        self._wait(self.patience.head_seconds, "slow head")

    def _wait(self, seconds: float, why: str) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(seconds, self._cut, why)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_watching_reader(self) -> None:
        if self._slow_reader is not None:
            self._slow_reader.cancel()
            self._slow_reader = None

    def _cut(self, why: str) -> None:
        self._stop_waiting()
        self._stop_watching_reader()
        if not self.transport.is_closing():
            logger.info("connection cut", reason=why)
        self.transport.abort()
