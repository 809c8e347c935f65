"""Store and forward at a cash machine: an advice is kept until the switch has said that it has it.

None is ever given up: what a machine has paid, nobody else knows.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from simulator.machines.backoff import pause_seconds
from simulator.machines.messages import Advice


class StoredAdvice(msgspec.Struct, frozen=True, kw_only=True):
    """An advice with its own number. `due` is None while it is on its way."""

    advice: Advice
    stan: int
    tries: int = 1
    due: datetime | None = None


Store = tuple[StoredAdvice, ...]


class Advise(msgspec.Struct, frozen=True):
    """Tell the switch what was really paid; it will not be refused. `stan` is the message's own
    number, given as it is stored; `repeats` counts how often it went out before."""

    advice: Advice
    stan: int = 0
    repeats: int = 0


def heard(store: Store, advice: Advice) -> Store:
    """The switch has it."""
    return tuple(each for each in store if each.advice != advice)


def unheard(store: Store, advice: Advice, now: datetime) -> tuple[Store, datetime | None]:
    """It may have it, or not. The store, and when to try again, if there is anything to try."""
    known = next((each for each in store if each.advice == advice), None)
    if known is None:
        return store, None
    due = now + timedelta(seconds=pause_seconds(known.tries))
    return _put(store, replace(known, due=due)), due


def taken(store: Store, now: datetime) -> tuple[Store, Store]:
    """The store, and what of it is due: from now on under way once more."""
    under_way: list[StoredAdvice] = []
    for each in store:
        if each.due is not None and each.due <= now:
            again = replace(each, tries=each.tries + 1, due=None)
            under_way.append(again)
            store = _put(store, again)
    return store, tuple(under_way)


def hurried(store: Store, now: datetime) -> Store:
    """The line is back: whatever waits is due."""
    return tuple(each if each.due is None else replace(each, due=now) for each in store)


def _put(store: Store, stored: StoredAdvice) -> Store:
    return tuple(stored if each.advice == stored.advice else each for each in store)
