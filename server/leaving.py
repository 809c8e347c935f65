"""Leaving: being told at once that the process was asked to, and ending what runs for ever.

uvicorn lets requests finish before it says anything to the application, and a stream of events
never finishes by itself.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

CANCEL_AGAIN_SECONDS = 1.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they have ended, however they end.

    Once is not enough: a cancellation can get lost. On Python 3.11 `asyncio.wait_for`, in which the
    pool waits for a connection, swallows one that comes just when the wait is over; whoever loops
    around it then goes on for ever.
    """
    all_ = tuple(tasks)
    waiting = set(all_)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=CANCEL_AGAIN_SECONDS)
    await asyncio.gather(*all_, return_exceptions=True)


@contextmanager
def told_of_leaving(tell: Callable[[], object]) -> Iterator[None]:
    """Have `tell` called in the event loop when a signal asks the process to leave; whoever
    handled the signal before does so still."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def leave(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    handled = [number for number, handler in before.items() if callable(handler)]
    for number in handled:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, before[number])
