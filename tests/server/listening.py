"""Listening to events over a real connection: a stream never ends by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from server.console import serving
from server.installation import Installation
from server.settings import API
from tests.server.people import Somebody

SOON = 10.0  # seconds that a loaded machine may take


@dataclass
class Heard:
    """One message of a stream."""

    id: str
    event: str
    data: dict[str, Any]


class Listening:
    """An open stream, message by message."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()
        self.last_id = ""

    async def next(self) -> Heard:
        """The next message with data; those without only move the id on."""
        async with asyncio.timeout(SOON):
            while True:
                fields = await self._message()
                self.last_id = fields.get("id", self.last_id)
                if "data" in fields:
                    return Heard(self.last_id, fields["event"], json.loads(fields["data"]))

    async def comment(self) -> str:
        """The next comment."""
        async with asyncio.timeout(SOON):
            while True:
                found = (await self._message()).get("", "")
                if found:
                    return found

    async def ready(self) -> None:
        """The first message, which says from where on it listens."""
        async with asyncio.timeout(SOON):
            self.last_id = (await self._message())["id"]

    async def ended(self) -> bool:
        """Whether the server ends it soon."""
        async with asyncio.timeout(SOON):
            async for _ in self._lines:
                pass
        return True

    async def _message(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        async for line in self._lines:
            if not line:
                return fields
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        raise EOFError


@asynccontextmanager
async def over_tcp(installation: Installation) -> AsyncIterator[tuple[httpx.AsyncClient, Any]]:
    """A server on a port of its own, a client of it, and the task that ends with the server."""
    with serving.listening(installation.settings) as sock:
        url = serving.url_of(installation.settings, sock)
        async with (
            serving.serving(installation, sock) as running,
            httpx.AsyncClient(base_url=f"{url}{API}/", timeout=30) as client,
        ):
            yield client, running


@asynccontextmanager
async def listening(somebody: Somebody, last_id: str | None = None) -> AsyncIterator[Listening]:
    """A stream of somebody's events, which is open."""
    headers = dict(somebody.headers)
    if last_id is not None:
        headers["Last-Event-ID"] = last_id
    async with somebody.client.stream("GET", "events", headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = Listening(response)
        await stream.ready()
        yield stream


def told(body: str) -> list[Heard]:
    """The messages of a stream that has ended."""
    found = []
    for message in body.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in message.splitlines() if ": " in line)
        if "data" in fields:
            found.append(Heard(fields["id"], fields["event"], json.loads(fields["data"])))
    return found
