"""PINs: hashed by Argon2id in a few threads, so that a flood of log-ins cannot eat the machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ledger.errors import Overloaded

T = TypeVar("T")

# OWASP's minimum for Argon2id: 19 MiB, two passes, one lane.
MEMORY_KIB = 19_456
PASSES = 2
LANES = 1


class Pins:
    """Hashes and checks PINs. What it gets is a hash of a PIN, never the PIN itself."""

    def __init__(self, threads: int, queue_max: int) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="pins")
        self._most = threads + queue_max
        self._waiting = 0
        # Checked for numbers that nobody has: they must cost the same.
        self._nobody = self._hasher.hash("nobody")

    async def hashed(self, pin_input: str) -> str:
        """The hash to keep. Raises Overloaded."""
        return await self._in_a_thread(lambda: self._hasher.hash(pin_input))

    async def right(self, pin_hash: str | None, pin_input: str) -> bool:
        """Whether it is the PIN; with no hash never, after the same work. Raises Overloaded."""
        return await self._in_a_thread(lambda: self._fits(pin_hash or self._nobody, pin_input))

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(cancel_futures=True)

    def _fits(self, pin_hash: str, pin_input: str) -> bool:
        try:
            return self._hasher.verify(pin_hash, pin_input)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_a_thread(self, work: Callable[[], T]) -> T:
        if self._waiting >= self._most:
            raise Overloaded
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1
