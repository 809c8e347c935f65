"""Where webhooks may lead: receivers that hang, redirect, drip, or point inward."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from ledger.errors import InvalidRequest
from server.webhooks import target
from server.webhooks.target import Answered, NotAllowed, Post, require_public, require_url

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SOON = 0.3  # seconds that a delivery may take here


@asynccontextmanager
async def receiver(talk: Talk) -> AsyncIterator[str]:
    """A receiver on this machine, and where it listens."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/told"
        server.close()


async def deliver(url: str, *, allow_loopback: bool = True) -> Answered:
    post = Post(timeout_seconds=SOON, allow_loopback=allow_loopback)
    try:
        return await post.send(url, b"{}", {"webhook-id": "msg_1"})
    finally:
        await post.close()


def saying(head: str) -> Talk:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode())
        await writer.drain()

    return talk


async def test_two_hundred_is_taken() -> None:
    async with receiver(saying("HTTP/1.1 204 No Content\r\n\r\n")) as url:
        answered = await deliver(url)
    assert (answered.taken, answered.status, answered.error) == (True, 204, None)


@pytest.mark.parametrize(
    ("status", "error"), [(500, "refuses"), (404, "refuses"), (410, "refuses")]
)
async def test_any_other_answer_is_not(status: int, error: str) -> None:
    async with receiver(saying(f"HTTP/1.1 {status} No\r\ncontent-length: 0\r\n\r\n")) as url:
        answered = await deliver(url)
    assert (answered.taken, answered.status, answered.error) == (False, status, error)
    assert answered.gone == (status == 410)


async def test_a_redirect_is_not_followed() -> None:
    asked = 0

    async def count(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.write(b"HTTP/1.1 302 Found\r\nlocation: /else\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()

    async with receiver(count) as url:
        answered = await deliver(url)
    assert (answered.taken, answered.error, asked) == (False, "redirects", 1)


async def test_one_that_hangs_is_left_in_time() -> None:
    async def hang(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async with receiver(hang) as url:
        answered = await deliver(url)
    assert answered.error == "no answer in time"
    assert answered.took_ms < 2_000


async def test_one_that_drips_headers_is_left_in_time() -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100):
            writer.write(f"x-{number}: 1\r\n".encode())
            await writer.drain()
            await asyncio.sleep(0.05)

    began = time.monotonic()
    async with receiver(drip) as url:
        answered = await deliver(url)
    assert answered.error == "no answer in time"
    assert time.monotonic() - began < 3


async def test_an_answer_without_an_end_is_not_read() -> None:
    async def pour(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            await writer.drain()

    async with receiver(pour) as url:
        assert (await deliver(url)).taken


async def test_nobody_there_is_an_answer_too() -> None:
    async with receiver(saying("")) as url:
        pass
    assert (await deliver(url)).error == "ConnectError"


async def test_what_leads_to_this_machine_is_not_told_unless_that_is_allowed() -> None:
    async with receiver(saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")) as url:
        answered = await deliver(url, allow_loopback=False)
    assert (answered.status, answered.error) == (None, "does not lead to a public address")


async def test_a_name_that_leads_inward_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it had led outside when the webhook was added."""

    async def rebound(_host: str, _port: int) -> list[target.Address]:
        return [ipaddress.ip_address("169.254.169.254")]

    monkeypatch.setattr(target, "resolved", rebound)
    answered = await deliver("https://bank.example.com/told", allow_loopback=True)
    assert answered.error == "does not lead to a public address"


@pytest.mark.parametrize(
    "inside",
    [
        "10.0.0.1", "172.16.5.5", "192.168.1.1", "127.0.0.1", "127.9.9.9", "0.1.2.3",
        "169.254.169.254", "100.64.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::",
        "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::10.0.0.1",
        "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:a00:1::1", "2001:0:a00:1::1",
    ],
)  # fmt: skip
def test_an_address_inside_is_not_allowed(inside: str) -> None:
    address = ipaddress.ip_address(inside)
    with pytest.raises(NotAllowed):
        require_public([address], allow_loopback=False)
    with pytest.raises(NotAllowed):
        require_public([ipaddress.ip_address("1.1.1.1"), address], allow_loopback=False)


@pytest.mark.parametrize("outside", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_outside_is_allowed(outside: str) -> None:
    address = ipaddress.ip_address(outside)
    assert require_public([address], allow_loopback=False) == address


def test_a_name_without_an_address_is_not_allowed() -> None:
    with pytest.raises(NotAllowed):
        require_public([], allow_loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://bank.example.com/", "ftp://bank.example.com/", "https:///told", "told",
        "https://user:pin@bank.example.com/", "https://bank.example.com/#part",
        "https://10.0.0.1/", "https://[::1]/", "https://127.0.0.1/", "https://169.254.169.254/",
        f"https://bank.example.com/{'x' * 512}",
    ],
)  # fmt: skip
def test_a_url_that_cannot_be_right_is_refused_when_it_is_given(url: str) -> None:
    with pytest.raises(InvalidRequest):
        require_url(url, allow_loopback=False)


def test_a_url_of_a_name_outside_is_taken() -> None:
    url = "https://bank.example.com:8443/told?by=makeba"
    assert require_url(url, allow_loopback=False) == url
