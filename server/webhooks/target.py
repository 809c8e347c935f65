"""Where a webhook may lead to, and one delivery there.

An address comes from outside and its name may be made to lead inside. So a name is resolved here,
every address that it has must be a public one, and the request goes to exactly what was looked at:
between look and request nothing is resolved again. No redirect is followed, no proxy is asked, no
answer is read.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Mapping, Sequence

import httpx
import msgspec

from ledger.errors import InvalidRequest

URL_MAX = 512
CONNECTIONS_MAX = 32
# Networks whose addresses carry others in them: they would be a way around the rule.
CARRIERS = tuple(
    map(
        ipaddress.ip_network,
        ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96"),
    )
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a delivery: a status, or why there is none."""

    status: int | None
    error: str | None
    took_ms: int

    @property
    def taken(self) -> bool:
        """Whether the receiver has it: 2xx, and nothing else."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Whether the receiver wants nothing more, ever."""
        return self.status == httpx.codes.GONE


class NotAllowed(Exception):
    """This address must not be told."""


def require_url(url: str, *, allow_loopback: bool) -> str:
    """A URL that a webhook may have, as far as its text says. Raises InvalidRequest."""
    try:
        parsed = httpx.URL(url)
        parsed.host.encode("ascii")
    except (httpx.InvalidURL, ValueError) as error:
        raise InvalidRequest(field="url", reason="is not a URL") from error
    schemes = ("https", "http") if allow_loopback else ("https",)
    if len(url) > URL_MAX or parsed.scheme not in schemes or not parsed.host:
        raise InvalidRequest(field="url", reason="is an https URL")
    if parsed.userinfo or parsed.fragment:
        raise InvalidRequest(field="url", reason="has neither a user nor a fragment")
    try:
        literal = ipaddress.ip_address(parsed.host)
    except ValueError:
        return url
    if not _allowed(literal, allow_loopback=allow_loopback):
        raise InvalidRequest(field="url", reason="does not lead to a public address")
    return url


class Post:
    """Delivers: one request each, within its time."""

    def __init__(self, *, timeout_seconds: float, allow_loopback: bool) -> None:
        self._timeout_seconds = timeout_seconds
        self._allow_loopback = allow_loopback
        # A connection is for one name: kept, it might serve another one that has its address.
        self._client = httpx.AsyncClient(
            timeout=timeout_seconds,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=0),
        )

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        """Deliver a body. Whatever goes wrong is an answer too."""
        began = time.perf_counter()
        status, error = None, None
        try:
            async with asyncio.timeout(self._timeout_seconds):
                status = await self._send(httpx.URL(url), body, headers)
        except TimeoutError:
            error = "no answer in time"
        except NotAllowed:
            error = "does not lead to a public address"
        except (httpx.HTTPError, OSError, UnicodeError) as problem:
            error = type(problem).__name__
        if status is not None and not 200 <= status < 300:
            error = "redirects" if 300 <= status < 400 else "refuses"
        took_ms = round((time.perf_counter() - began) * 1_000)
        return Answered(status=status, error=error, took_ms=took_ms)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()

    async def _send(self, url: httpx.URL, body: bytes, headers: Mapping[str, str]) -> int:
        port = url.port or (443 if url.scheme == "https" else 80)
        address = require_public(
            await resolved(url.host, port), allow_loopback=self._allow_loopback
        )
        if url.scheme != "https" and not address.is_loopback:
            raise NotAllowed
        request = self._client.build_request(
            "POST",
            url.copy_with(host=str(address)),
            content=body,
            headers={**headers, "Host": url.netloc.decode("ascii")},
            # The certificate must be that of the name, not of the address.
            extensions={"sni_hostname": url.host},
        )
        response = await self._client.send(request, stream=True)
        await response.aclose()
        return response.status_code


async def resolved(host: str, port: int) -> Sequence[Address]:
    """All addresses that a name has now. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]


def require_public(addresses: Sequence[Address], *, allow_loopback: bool) -> Address:
    """The first of these addresses. Raises NotAllowed unless all of them are allowed: of a name
    that leads inside and outside at once, nobody says which one is taken next time."""
    if not addresses or not all(
        _allowed(each, allow_loopback=allow_loopback) for each in addresses
    ):
        raise NotAllowed
    return addresses[0]


def _allowed(address: Address, *, allow_loopback: bool) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return allow_loopback
    if any(address in network for network in CARRIERS if network.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)
