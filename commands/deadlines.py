"""Who has waited too long. One timer looks at all: one for each would cost more than waiting."""

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
        self._watched: deque[tuple[float, Submission[Any]]] = deque()
        self._task: asyncio.Task[None] | None = None

    def watch(self, submission: Submission[Any], deadline: float) -> None:
        """Answer this submission when the loop's clock reaches the deadline first."""
        self._watched.append((deadline, submission))
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
            waiting = [each for each in self._watched if not each[1].future.done()]
            for deadline, submission in waiting:
                if deadline <= now:
                    _out_of_time(submission)
            self._watched = deque(waiting)


def _out_of_time(submission: Submission[Any]) -> None:
    # What still waits in the queue is passed over from now on; what has begun goes on.
    begun = submission.started
    submission.answer(OutcomeUnknown(outcome="unknown") if begun else Overloaded(outcome="none"))
