"""Time, chance and mail: what happens when, and what becomes of a message on its way.

All chance comes from one seeded source and all time from one queue, so a seed is a whole history.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random
from typing import Any
from uuid import UUID

import msgspec

BEGIN = datetime(2030, 5, 14, 8, 0, tzinfo=UTC)
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
DELAY_MAX = DAY

Call = Callable[..., Any]


class Weather(msgspec.Struct, frozen=True, gc=False):
    """How bad the lines are: shares of messages that are lost, come twice, or come very late."""

    loss: float
    duplicates: float
    late: float


CALM = Weather(0.0, 0.0, 0.0)
WEATHERS = (
    Weather(0.0, 0.02, 0.0),
    Weather(0.02, 0.05, 0.002),
    Weather(0.10, 0.20, 0.01),
    Weather(0.30, 0.50, 0.03),
)
WORST = WEATHERS[-1]
WEATHER_LASTS = 90 * MINUTE


class World:
    """One history: its clock, its dice, its mail and what it has done to it."""

    def __init__(self, seed: int, weathers: tuple[Weather, ...] = WEATHERS) -> None:
        self.seed = seed
        self.weathers = weathers
        self.dice = Random(seed)
        self.now = 0  # microseconds since the beginning
        self.faults: Counter[str] = Counter()
        self.weather = CALM
        self.stormy = True  # until the end of the history, when everything still on its way comes
        self._queue: list[tuple[int, int, Call, tuple[Any, ...]]] = []
        self._made = 0

    # -- time ----------------------------------------------------------------------------------

    @property
    def time(self) -> datetime:
        """Now, as the database would say it."""
        return BEGIN + timedelta(microseconds=self.now)

    def at(self, delay: int, call: Call, *arguments: Any) -> None:
        """Have something done after a while; what is due at once comes in the order of asking."""
        self._made += 1
        heappush(self._queue, (self.now + delay, self._made, call, arguments))

    def step(self) -> bool:
        """Let the next thing happen. False: nothing is left to happen."""
        if not self._queue:
            return False
        self.now, _, call, arguments = heappop(self._queue)
        call(*arguments)
        return True

    # -- chance --------------------------------------------------------------------------------

    def chance(self, share: float) -> bool:
        """Whether something happens that happens in this share of cases."""
        return self.dice.random() < share

    def between(self, least: int, most: int) -> int:
        """A while that lies between two."""
        return least + int(self.dice.random() * (most - least))

    def some_id(self) -> UUID:
        """An id that nobody has."""
        return UUID(int=self.dice.getrandbits(128))

    def some_bytes(self, length: int = 16) -> bytes:
        """Bytes that nobody has."""
        return self.dice.randbytes(length)

    # -- mail ----------------------------------------------------------------------------------

    def send(self, deliver: Call, *arguments: Any) -> None:
        """Send a message: it may be lost, come twice, late, and after what was sent later."""
        weather = self.weather
        if self.dice.random() < weather.loss:
            self.faults["lost"] += 1
            return
        self.at(self._delay(weather), deliver, *arguments)
        if self.dice.random() < weather.duplicates:
            self.faults["duplicated"] += 1
            self.at(self._delay(weather), deliver, *arguments)

    def _delay(self, weather: Weather) -> int:
        roll = self.dice.random()
        if roll < weather.late:
            self.faults["delayed"] += 1
            return int(MINUTE * (DELAY_MAX / MINUTE) ** self.dice.random())
        if roll < 10 * weather.late:
            self.faults["reordered"] += 1
            return self.between(SECOND, 30 * SECOND)
        return 20_000 + int(self.dice.random() * 280_000)

    def change_weather(self) -> None:
        """Draw the weather of the next while, and again after it."""
        self.weather = self.dice.choice(self.weathers) if self.stormy else CALM
        if self.stormy:
            self.at(WEATHER_LASTS, self.change_weather)

    def clear_up(self) -> None:
        """From now on all mail arrives once and soon; what is on its way still comes as it will."""
        self.stormy, self.weather = False, CALM
