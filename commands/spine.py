"""The spine: the queue, the batch, the answers. Every write of the product goes through here.

Callers submit commands; one task takes what has piled up, decides it in order under the log's
lock, writes it in one database transaction and answers each caller. There is no timer: a batch
begins when the last one has ended, so one caller alone waits for one commit, and many share one.
When many wait, the next batch is decided while the last one is at the database.

It knows transactions, idempotency and the log, and no use case.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import structlog

from commands.command import A, Command
from commands.deadlines import Deadlines
from commands.deciding import Decided, Outcome, Submission, decide
from commands.idempotency import Once
from ledger.batch import Batch, Head, seal
from ledger.books import Books
from ledger.errors import Broken, NetworkError, OutcomeUnknown, Overloaded, Refusal, brief
from ledger.lane import CommitUnknown
from ledger.log import Log
from ledger.rows import Key

logger = structlog.get_logger(__name__)

ROUNDS_MAX = 6  # a command that names rows in more rounds than this is a bug
AHEAD_SLICE = 32  # commands that are decided ahead in one go


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Everything here that could grow or wait has a number."""

    batch_max: int = 256
    ahead_min: int = 32  # with fewer waiting, the next batch is not decided ahead
    queue_max: int = 4_096
    attempts_max: int = 3
    retry_seconds: float = 0.05  # doubled for each attempt
    deadline_seconds: float = 2.0
    settle_seconds: float = 60.0


class _Draft(msgspec.Struct, frozen=True):
    """A batch that was decided, with those who wait for it."""

    submissions: Sequence[Submission[Any]]
    decided: Sequence[Decided]
    deferred: Sequence[Submission[Any]]
    batch: Batch


class Spine:
    """The one door for commands of this process."""

    def __init__(self, log: Log, limits: Limits | None = None) -> None:
        self._log = log
        self._limits = limits or Limits()
        self._queue: deque[Submission[Any]] = deque()
        self._wake = asyncio.Event()
        self._deadlines = Deadlines()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self.position = 0  # of the newest record that this process has written
        self.batches = 0

    # -- for callers -----------------------------------------------------------------------------

    async def submit(
        self,
        command: Command[A],
        *,
        actor: str,
        request_id: str,
        session: UUID | None = None,
        once: Once | None = None,
        dry_run: bool = False,
        deadline_seconds: float | None = None,
    ) -> Outcome[A]:
        """Have a command decided, and wait until its outcome is durable.

        With `once`, a second submission replays the stored reply. With `dry_run` it is decided in
        the same way and nothing is kept. Raises the Refusal; Overloaded at once when the queue is
        full; OutcomeUnknown when it had begun and the deadline passed. A caller that goes away
        cancels nothing that has begun.
        """
        if self._closing or self._full_for(command):
            raise Overloaded
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome[A]] = loop.create_future()
        submission = Submission(command, actor, request_id, once, dry_run, future, session)
        self._queue.append(submission)
        self._wake.set()
        seconds = self._limits.deadline_seconds if deadline_seconds is None else deadline_seconds
        self._deadlines.watch(submission, loop.time(), seconds)
        return await future

    @property
    def waiting(self) -> int:
        """How many commands are queued."""
        return len(self._queue)

    def start(self) -> None:
        """Begin to work. Call it once, inside the event loop."""
        assert self._task is None, "a spine is started once"
        self._task = asyncio.create_task(self._run(), name="spine")

    async def close(self) -> None:
        """Refuse new commands, finish those that are queued, and let go of the database."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        self._deadlines.stop()
        self._log.disconnect()

    def _full_for(self, command: Command[Any]) -> bool:
        most = self._limits.queue_max * (2 if command.NEVER_SHED else 1)
        return len(self._queue) >= most

    # -- a batch, and again ----------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            while not self._queue:
                if self._closing:
                    return
                self._wake.clear()
                await self._wake.wait()
            await self._work_off(self._take())

    def _take(self) -> list[Submission[Any]]:
        taken: list[Submission[Any]] = []
        while self._queue and len(taken) < self._limits.batch_max:
            submission = self._queue.popleft()
            if not submission.future.done():
                submission.started = True
                taken.append(submission)
        return taken

    def _put_back(self, submissions: Sequence[Submission[Any]]) -> None:
        self._queue.extendleft(reversed(submissions))

    async def _work_off(self, submissions: Sequence[Submission[Any]]) -> None:
        """Try the batch, bounded; then each command alone, so that a bad one fails alone."""
        for attempt in range(self._limits.attempts_max):
            try:
                await self._attempt(submissions)
            except psycopg.OperationalError as error:
                # The database is away, restarting, or another process holds the lock.
                logger.warning("batch failed", error=brief(error), commands=len(submissions))
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are answered
                logger.error("batch failed", error=brief(error), commands=len(submissions))
                if attempt:
                    break
            else:
                return
            await asyncio.sleep(self._limits.retry_seconds * 2**attempt)
        else:
            _answer_all(submissions, NetworkError())
            return
        if len(submissions) == 1:
            submissions[0].answer(Broken())
            return
        for submission in submissions:
            await self._work_off([submission])

    async def _attempt(self, submissions: Sequence[Submission[Any]]) -> None:
        """Decide these under the lock and write them; go on with what is decided ahead meanwhile.

        Raises when these were not done. What was decided ahead in vain is back in the queue then.
        """
        try:
            books = await self._log.begin()
            draft = await self._draft(submissions, self._log.head, books)
        except BaseException:
            await self._log.abandon()
            raise
        finishing = asyncio.create_task(self._finish(draft, ahead=False), name="batch")
        following = await self._decide_following(draft)
        after = self._send_ahead(following)
        try:
            await finishing
        except BaseException:
            await self._log.abandon()
            await self._ended_well(following, after)
            raise
        while following is not None:
            draft, finishing = following, after
            following = await self._decide_following(draft)
            after = self._send_ahead(following)
            if not await self._ended_well(draft, finishing):
                await self._ended_well(following, after)
                return

    # -- ahead -----------------------------------------------------------------------------------

    async def _decide_following(self, draft: _Draft) -> _Draft | None:
        """Decide the next batch while this one is at the database, if enough is waiting for it."""
        if draft.batch.empty or len(self._queue) < self._limits.ahead_min:
            return None
        taken = self._take()
        try:
            following = await self._draft(taken, draft.batch.head, self._log.ahead(draft.batch))
        except Exception as error:  # noqa: BLE001 - it will be tried again, under the lock
            logger.warning("could not decide ahead", error=brief(error))
            following = None
        if following is None or following.batch.empty:
            self._put_back(taken)
            return None
        return following

    def _send_ahead(self, draft: _Draft | None) -> asyncio.Task[None]:
        """It waits for the lock at the database, behind the batch that it builds on."""
        return asyncio.create_task(self._finish(draft, ahead=True), name="batch ahead")

    async def _ended_well(self, draft: _Draft | None, finishing: asyncio.Task[None]) -> bool:
        """Wait for a batch that was decided ahead; if it came to nothing, queue it again."""
        try:
            await finishing
        except Exception as error:  # noqa: BLE001 - whatever it was, it is decided again
            logger.info("decided ahead in vain", error=brief(error))
            await self._log.abandon()
            if draft is not None:
                self._put_back(draft.submissions)
            return False
        return True

    # -- deciding and writing --------------------------------------------------------------------

    async def _draft(
        self, submissions: Sequence[Submission[Any]], basis: Head, books: Books
    ) -> _Draft:
        await self._load(submissions, books)
        decided: list[Decided] = []
        deferred: list[Submission[Any]] = []
        position = basis.position
        for number, submission in enumerate(submissions, start=1):
            one = decide(submission, books, position)
            if one is None:
                deferred.append(submission)
            else:
                decided.append(one)
                position += len(one.happened)
            if books.before is not None and number % AHEAD_SLICE == 0:
                await asyncio.sleep(0)  # the batch at the database has its own messages to send
        happened = [each for one in decided for each in one.happened]
        replies = [one.reply for one in decided if one.reply is not None]
        return _Draft(submissions, decided, deferred, seal(basis, books, happened, replies))

    async def _load(self, submissions: Sequence[Submission[Any]], books: Books) -> None:
        """The idempotency keys, which always have to be asked for, and meanwhile the rest."""
        known = [key for submission in submissions for key in submission.known_keys]
        looking = asyncio.create_task(self._log.load(books, known), name="keys")
        try:
            await asyncio.sleep(0)  # it asks
            await self._load_rounds(submissions, books)
        finally:
            await looking

    async def _load_rounds(self, submissions: Sequence[Submission[Any]], books: Books) -> None:
        rounds = [submission.command.touches(books) for submission in submissions]
        for _ in range(ROUNDS_MAX):
            keys: list[Key[Any]] = []
            going_on = []
            for each in rounds:
                named = next(each, None)
                if named is not None:
                    keys.extend(named)
                    going_on.append(each)
            if not going_on:
                return
            await self._log.load(books, keys)
            rounds = going_on
        raise AssertionError(f"a command names rows in more than {ROUNDS_MAX} rounds")

    async def _finish(self, draft: _Draft | None, *, ahead: bool) -> None:
        """Write, commit, answer. Raises psycopg.Error when nothing was done."""
        if draft is None:
            return
        if draft.batch.empty:
            await self._log.release()
        else:
            try:
                await self._log.finish(draft.batch, ahead=ahead)
            except CommitUnknown as unknown:
                if not await self._settled(draft, unknown):
                    return
        self._put_back(draft.deferred)
        self.batches += 1
        self.position = max(self.position, draft.batch.head.position)
        for one in draft.decided:
            one.tell()

    # -- unknown ---------------------------------------------------------------------------------

    async def _settled(self, draft: _Draft, unknown: CommitUnknown) -> bool:
        """True when the batch is durable; False when its callers were told that nobody knows."""
        logger.warning("commit unknown", error=brief(unknown), head=draft.batch.head.position)
        committed = await self._settle(draft.batch)
        if committed is None:
            _answer_all(draft.submissions, OutcomeUnknown(outcome="unknown"))
            return False
        if not committed:
            raise psycopg.OperationalError("the batch was not committed") from unknown
        return True

    async def _settle(self, batch: Batch) -> bool | None:
        """Find out, within bounds, whether the batch was committed. None: still not known."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._limits.settle_seconds
        pause = self._limits.retry_seconds
        while loop.time() < until:
            try:
                return await self._log.settle(batch)
            except psycopg.Error as error:
                logger.warning("cannot settle yet", error=brief(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)
        return None


def _answer_all(submissions: Sequence[Submission[Any]], refusal: Refusal) -> None:
    for submission in submissions:
        submission.answer(refusal)
