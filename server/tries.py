"""Wrong tries at the edge: counted for the address they come from, and answered evenly.

Whoever asks for a number that nobody has must not learn so from the answer's words or from its
time. So what is refused is answered at a multiple of a pause, which is longer than the work.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from ledger.errors import TooMany, Unauthenticated
from server.primary import Primary
from server.settings import Settings
from server.vault import Vault

V6_NETWORK_BITS = 64  # who has an address of IPv6 has its whole network

WAIT = """
    SELECT
        ceil(extract(EPOCH FROM since - clock_timestamp()) + %(window_seconds)s)::integer AS seconds
    FROM ledger.login_source
    WHERE
        source = %(source)s AND failures >= %(tries_max)s
        AND since + make_interval(secs => %(window_seconds)s) > clock_timestamp()
"""
FAILED = """
    INSERT INTO ledger.login_source AS s (source, failures, since)
    VALUES (%(source)s, 1, clock_timestamp())
    ON CONFLICT (source) DO UPDATE SET
        failures = CASE
            WHEN s.since + make_interval(secs => %(window_seconds)s) > clock_timestamp()
                THEN s.failures + 1
            ELSE 1
        END,
        since = CASE
            WHEN s.since + make_interval(secs => %(window_seconds)s) > clock_timestamp()
                THEN s.since
            ELSE excluded.since
        END
"""


class _Wait(msgspec.Struct, frozen=True):
    seconds: int


class Tries:
    """Stands around everything that a stranger may try."""

    def __init__(self, primary: Primary, vault: Vault, settings: Settings) -> None:
        self._primary = primary
        self._vault = vault
        self._settings = settings

    @asynccontextmanager
    async def one_from(self, address: str) -> AsyncIterator[None]:
        """A try from an address. Raises TooMany when too many from there were wrong; what the try
        itself refuses is counted, and told as late as any other refusal."""
        began = time.monotonic()
        source = self._source(address)
        try:
            await self._require_room(source)
            try:
                yield
            except Unauthenticated:
                await self._failed(source)
                raise
        except (Unauthenticated, TooMany):
            await self._evenly(began)
            raise

    async def _require_room(self, source: bytes | None) -> None:
        if source is None:
            return
        settings = self._settings
        waits = await self._primary.rows(
            _Wait,
            WAIT,
            source=source,
            tries_max=settings.source_tries_max,
            window_seconds=settings.source_window_seconds,
        )
        for wait in waits:
            raise TooMany("Too many wrong tries.", retryAfterSeconds=max(1, wait.seconds))

    async def _failed(self, source: bytes | None) -> None:
        if source is not None:
            window = self._settings.source_window_seconds
            await self._primary.change(FAILED, source=source, window_seconds=window)

    async def _evenly(self, began: float) -> None:
        pause = self._settings.login_refusal_seconds
        if pause:
            passed = time.monotonic() - began
            await asyncio.sleep(pause * math.ceil(passed / pause) - passed)

    def _source(self, address: str) -> bytes | None:
        """What an address is counted under; None for this machine, where a proxy that says nothing
        speaks for everybody."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return None
        if parsed.is_loopback:
            return None
        if isinstance(parsed, ipaddress.IPv6Address):
            mapped = parsed.ipv4_mapped
            if mapped is not None:
                return self._source(str(mapped))
            network = ipaddress.ip_network((parsed, V6_NETWORK_BITS), strict=False)
            return self._vault.source(str(network))
        return self._vault.source(str(parsed))
