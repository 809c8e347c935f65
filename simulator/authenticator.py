"""The authenticator in somebody's phone: RFC 6238 codes, none of them sent twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pyotp

STEP_SECONDS = 30
STEPS_AHEAD = 1  # servers allow for so much drift (RFC 6238 §5.2)
CODES_MAX = 3  # before somebody who is not let in gives up: a server counts wrong codes


class Authenticator:
    """Makes codes. A server takes each step once and only later ones after it, so the code of the
    next step is sent when this one's was used, and only after that one waits."""

    def __init__(
        self,
        secret: str,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._totp = pyotp.TOTP(secret)
        self._clock = clock
        self._sleep = sleep
        self._used = 0

    async def codes(self) -> AsyncIterator[str]:
        """The codes to try, one after the other, until the server has taken one."""
        for _ in range(CODES_MAX):
            step = max(self._step(), self._used + 1)
            too_early = (step - STEPS_AHEAD) * STEP_SECONDS - self._clock()
            if too_early > 0:
                await self._sleep(too_early)
            self._used = step
            yield self._totp.generate_otp(step)

    def _step(self) -> int:
        return int(self._clock()) // STEP_SECONDS
