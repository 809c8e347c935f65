"""Rows that are kept: as many as there is room for, the oldest let go, at one price for each."""

from __future__ import annotations

import time
from uuid import UUID

from commands.reconciliation.mention import Mention
from ledger.cache import Cache

ROOM = 90_000  # the more, the wider the gaps


def mention(number: int) -> Mention:
    """A row like many others."""
    return Mention(id=UUID(int=number))


def seconds_to_keep(numbers: range, cache: Cache) -> float:
    began = time.process_time()
    for number in numbers:
        cache.keep(mention(number))
    return time.process_time() - began


def test_the_oldest_go_when_there_is_no_room() -> None:
    cache = Cache(rows_max=2)
    seconds_to_keep(range(3), cache)
    kept = [cache.find(Mention.of(UUID(int=number))) for number in range(3)]
    assert kept == [None, mention(1), mention(2)]


def test_a_cache_that_is_full_costs_no_more_for_each_row() -> None:
    """It did: to find the oldest it walked over the gaps of all that had gone."""
    cache = Cache(ROOM)
    filling = seconds_to_keep(range(ROOM), cache)
    full = seconds_to_keep(range(ROOM, 2 * ROOM), cache)
    assert full < 4 * filling
