"""Hearing of events: the stream again and again, each time from where the last one broke off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from simulator.api import Api, NoReply, Refused
from simulator.contract import Told

PAUSE_FIRST_SECONDS = 0.5
PAUSE_MAX_SECONDS = 5.0
BAD_REQUEST = 400
UNAUTHENTICATED = 401


class Listener(Protocol):
    """Who is told."""

    def heard(self, told: Told) -> None:
        """Of an event."""

    def line(self, *, up: bool) -> None:
        """That the line broke, or is back."""

    def session_over(self, refused: Refused) -> None:
        """That nothing is told any more until somebody signs in again."""


class Ear:
    """Listens for one machine. Whoever signs in again hears what was told in the meantime."""

    def __init__(
        self,
        api: Api,
        listener: Listener,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._api = api
        self._listener = listener
        self._sleep = sleep
        self._last_id: str | None = None
        self._up = True
        self._pause_seconds = PAUSE_FIRST_SECONDS
        self._listens = False

    async def listen(self) -> None:
        """Tell of everything until the session is over. A second call while one listens ends."""
        if self._listens:
            return
        self._listens = True
        try:
            while await self._once():
                await self._sleep(self._pause_seconds)
                self._pause_seconds = min(2 * self._pause_seconds, PAUSE_MAX_SECONDS)
        finally:
            self._listens = False

    async def _once(self) -> bool:
        """One stream, from its beginning to its end: whether to come back."""
        try:
            await self._stream()
        except NoReply:
            self._mark(up=False)
        except Refused as refused:
            if refused.status == UNAUTHENTICATED:
                self._listener.session_over(refused)
                return False
            if refused.status == BAD_REQUEST:  # the id is of a server that was there before
                self._last_id = None
            self._mark(up=False)
        return True

    async def _stream(self) -> None:
        async with self._api.listen(self._last_id) as stream:
            async for heard in stream:
                self._mark(up=True)
                self._pause_seconds = PAUSE_FIRST_SECONDS
                self._last_id = heard.id
                if heard.event:
                    self._listener.heard(msgspec.json.decode(heard.data, type=Told))

    def _mark(self, *, up: bool) -> None:
        if up is not self._up:
            self._up = up
            self._listener.line(up=up)
