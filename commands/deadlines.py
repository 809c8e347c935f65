"""Who has waited too long. One task looks at all: a timer for each would cost more than waiting."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from commands.deciding import Submission
from ledger.errors import OutcomeUnknown, Overloaded

LOOK_SECONDS = 0.02


class Deadlines:
    """Answers the submissions whose deadlines pass before their outcomes are known."""

    def __init__(self) -> None:
        # A queue for each length of wait: within it, whoever came first is first out of time.
        self._watched: dict[float, deque[tuple[float, Submission[Any]]]] = {}
        self._task: asyncio.Task[None] | None = None

    def watch(self, submission: Submission[Any], now: float, seconds: float) -> None:
        """Answer this submission when so many seconds of the loop's clock pass first."""
        queue = self._watched.get(seconds)
        if queue is None:
            queue = self._watched[seconds] = deque()
        queue.append((now + seconds, submission))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look(), name="deadlines")

    def stop(self) -> None:
        """There is nobody left to watch for."""
        if self._task is not None:
            self._task.cancel()

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while self._watched:
            await asyncio.sleep(LOOK_SECONDS)
            now = loop.time()
            for seconds, queue in list(self._watched.items()):
                while queue and (queue[0][1].future.done() or queue[0][0] <= now):
                    _out_of_time(queue.popleft()[1])
                if not queue:
                    del self._watched[seconds]


def _out_of_time(submission: Submission[Any]) -> None:
    # What still waits in the queue is passed over from now on; what has begun goes on; and to whom
    # was answered is answered.
    begun = submission.started
    if not submission.future.done():
        refusal = OutcomeUnknown(outcome="unknown") if begun else Overloaded(outcome="none")
        submission.answer(refusal)
