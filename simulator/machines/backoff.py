"""How long to wait before something is sent again: longer each time, up to a bound."""

from __future__ import annotations

BACKOFF_FIRST_SECONDS = 0.2
BACKOFF_MAX_SECONDS = 30.0


def pause_seconds(tries: int) -> float:
    """After so many tries."""
    return min(BACKOFF_FIRST_SECONDS * 2.0 ** min(tries - 1, 16), BACKOFF_MAX_SECONDS)
