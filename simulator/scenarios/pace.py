"""How fast a scenario is played: as fast as it goes, at the speed of people, ten times that, or
not at all for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

STEP_SECONDS = 2.0  # between two things that people do
KEY_SECONDS = 0.25  # between two keys that they press
SPEEDS = (1.0, 10.0)


class Pace:
    """`speed` 1 is that of people, None does not wait at all."""

    def __init__(
        self,
        speed: float | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.speed = speed
        self._sleep = sleep
        self._goes_on = asyncio.Event()
        self._goes_on.set()

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        return not self._goes_on.is_set()

    def pause(self) -> None:
        """Stand still before the next thing."""
        self._goes_on.clear()

    def resume(self) -> None:
        """Go on."""
        self._goes_on.set()

    def change(self) -> None:
        """The next of ×1, ×10 and standing still."""
        if self.paused:
            self.speed = SPEEDS[0]
            self.resume()
        elif self.speed == SPEEDS[0]:
            self.speed = SPEEDS[1]
        else:
            self.pause()

    async def beat(self, seconds: float = STEP_SECONDS) -> None:
        """The pause before the next thing."""
        if self.speed is not None:
            await self._sleep(seconds / self.speed)
        await self._goes_on.wait()
