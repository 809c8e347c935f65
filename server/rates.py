"""How often, and how many at once, one caller may ask: a bucket for each, and so many buckets.

A bucket fills evenly and holds a minute's worth, so that whoever was quiet may be quick for once.
Whoever is signed in has buckets of their own, wherever they come from; whoever is not shares that
of the address. Each process counts for itself. The switch has none: advices are never refused, and
its authorisations are limited by the queue.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from enum import StrEnum

import msgspec

from ledger.errors import TooMany
from server.settings import Settings

MINUTE = 60.0
BUCKETS_MAX = 20_000  # of one class; the longest unused is forgotten, and is full when it returns


class RouteClass(StrEnum):
    """What a request asks of us."""

    SIGN_IN = "sign_in"
    PUBLIC = "public"
    STRANGER = "stranger"  # asked where somebody has to be signed in, and was nobody we know
    READ = "read"
    WRITE = "write"


class _Bucket(msgspec.Struct):
    """What is left, and when that was counted."""

    left: float
    at: float


class Buckets:
    """The buckets of one class, each with the same size."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._now = now
        self._known: OrderedDict[Hashable, _Bucket] = OrderedDict()

    def take(self, key: Hashable) -> float:
        """Take one; the seconds until there is one when there is none."""
        bucket = self._filled(key)
        if bucket.left < 1:
            return (1 - bucket.left) * MINUTE / self._per_minute
        bucket.left -= 1
        return 0.0

    def lack(self, key: Hashable) -> float:
        """The seconds until there is one, without taking it."""
        return max(0.0, 1 - self._filled(key).left) * MINUTE / self._per_minute

    def __len__(self) -> int:
        return len(self._known)

    def _filled(self, key: Hashable) -> _Bucket:
        now = self._now()
        bucket = self._known.get(key)
        if bucket is None:
            bucket = self._known[key] = _Bucket(float(self._per_minute), now)
            if len(self._known) > BUCKETS_MAX:
                self._known.popitem(last=False)
            return bucket
        gained = (now - bucket.at) * self._per_minute / MINUTE
        bucket.left, bucket.at = min(float(self._per_minute), bucket.left + gained), now
        self._known.move_to_end(key)
        return bucket


class Rates:
    """All limits of this process."""

    def __init__(self, settings: Settings) -> None:
        self._per_minute = {
            RouteClass.SIGN_IN: settings.rate_sign_in_per_minute,
            RouteClass.PUBLIC: settings.rate_public_per_minute,
            RouteClass.STRANGER: settings.rate_strangers_per_minute,
            RouteClass.READ: settings.rate_reads_per_minute,
            RouteClass.WRITE: settings.rate_writes_per_minute,
        }
        self._buckets = {each: Buckets(rate) for each, rate in self._per_minute.items()}
        self._at_once_max = settings.requests_each
        self._at_once: dict[Hashable, int] = {}

    def require(self, what: RouteClass, key: Hashable) -> None:
        """Count a request. Raises TooMany."""
        self._refuse(what, self._buckets[what].take(key))

    def require_some_left(self, what: RouteClass, key: Hashable) -> None:
        """Raises TooMany when nothing is left, and counts nothing."""
        self._refuse(what, self._buckets[what].lack(key))

    def spend(self, what: RouteClass, key: Hashable) -> None:
        """Count what has gone wrong already."""
        self._buckets[what].take(key)

    def enter(self, key: Hashable) -> Callable[[], None]:
        """Let a request in beside the caller's others; what is to be called when it has ended.

        Raises TooMany.
        """
        now = self._at_once.get(key, 0)
        if now >= self._at_once_max:
            raise TooMany("You ask for too many things at once.", atOnce=self._at_once_max)
        self._at_once[key] = now + 1

        def leave() -> None:
            self._at_once[key] -= 1
            if not self._at_once[key]:
                del self._at_once[key]

        return leave

    def _refuse(self, what: RouteClass, seconds: float) -> None:
        if seconds > 0:
            raise TooMany(
                routes=what.value,
                perMinute=self._per_minute[what],
                retryAfterSeconds=max(1, math.ceil(seconds)),
            )
