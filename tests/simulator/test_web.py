"""The page: for this machine only, with room for a few, each with a town of their own."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError

from simulator.web import HEADERS, VISITORS_MAX, NotHere, opened

WAIT_SECONDS = 20.0
# What textual-serve takes for an app: it says that it is one, and then something to draw.
TOWN = """
import sys
out = sys.stdout.buffer
out.write(b"__GANGLION__\\n" + b"D" + (4).to_bytes(4, "big") + b"town")
out.flush()
sys.stdin.buffer.read()
"""


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    """A page that shows a town of one word."""
    town = tmp_path / "town.py"
    town.write_text(TOWN, encoding="utf-8")
    command = f"exec {shlex.join([sys.executable, str(town)])}"
    async with opened(command, "127.0.0.1", 0) as url:
        yield url


async def test_a_browser_on_this_machine_gets_the_page_that_may_fetch_from_here_only(
    url: str,
) -> None:
    async with httpx.AsyncClient() as client:
        page = await client.get(url)
    assert page.status_code == 200
    assert "makeba" in page.text
    assert {name: page.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "makeba.example"},
        {"Host": "localhost"},
        {"Origin": "http://makeba.example"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/textual.js"])
async def test_who_comes_by_another_name_or_from_another_page_is_refused(
    url: str, path: str, headers: dict[str, str]
) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.get(url + path, headers=headers)).status_code == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "makeba.example"])  # noqa: S104
async def test_it_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(NotHere, match="loopback"):
        async with opened("true", host, 0):
            pass


async def test_a_visitor_gets_a_town_and_whoever_is_one_too_many_none(url: str) -> None:
    async with ClientSession() as session:
        visitors = [await session.ws_connect(f"{url}/ws") for _ in range(VISITORS_MAX)]
        seen = await asyncio.wait_for(visitors[0].receive(), WAIT_SECONDS)
        assert (seen.type, seen.data) == (WSMsgType.BINARY, b"town")
        with pytest.raises(WSServerHandshakeError, match="503"):
            await session.ws_connect(f"{url}/ws")
        for visitor in visitors:
            await visitor.close()
