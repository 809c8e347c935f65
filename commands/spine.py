"""The spine: the queue, the batch, the answers. Every write of the product goes through here.

Callers submit commands; one task takes what has piled up, decides it in order under the log's
lock, writes it in one database transaction and answers each caller. There is no timer: a batch
begins when the last one has ended, so one caller alone waits for one commit, and many share one.

It knows transactions, idempotency and the log, and no use case.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Generic

import msgspec
import psycopg
import structlog

from commands.command import A, Command, Rounds, encode
from commands.idempotency import KnownKey, Once
from ledger.batch import Batch, Happened, Head, StoredReply, seal
from ledger.books import Books, NotLoaded
from ledger.errors import (
    Broken,
    NetworkError,
    OutcomeUnknown,
    Overloaded,
    Refusal,
    RefusalBody,
    every_refusal,
)
from ledger.lane import CommitUnknown
from ledger.log import Log

logger = structlog.get_logger(__name__)

ROUNDS_MAX = 6  # a command that names rows in more rounds than this is a bug
DEADLINE_LOOK_SECONDS = 0.02
AHEAD_SLICE = 16  # commands that are decided ahead in one go
DEFERRALS_MAX = 3  # batches that a command may wait for rows it had not named
REFUSALS = {refusal.code: refusal for refusal in every_refusal()}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Everything here that could grow or wait has a number."""

    batch_max: int = 256
    ahead_min: int = 32  # with fewer waiting, the next batch is not decided ahead
    queue_max: int = 4_096
    attempts_max: int = 3
    retry_seconds: float = 0.05  # doubled for each attempt
    deadline_seconds: float = 2.0
    settle_seconds: float = 60.0


class Outcome(msgspec.Struct, Generic[A], frozen=True, kw_only=True):
    """What became of a command that was done.

    `body` is the answer as JSON, the same bytes for every replay; `answer` is the object itself,
    None for a replay. `position` is that of the log after it.
    """

    body: bytes
    position: int
    answer: A | None = None
    replayed: bool = False

    @property
    def fresh(self) -> A:
        """The answer of a command that was decided now."""
        assert self.answer is not None, "a replay has only its body"
        return self.answer


class _Item(Generic[A]):
    """A command in the queue, with whoever waits for it."""

    __slots__ = (
        "actor", "command", "deferrals", "dry_run", "future", "once", "request_id", "started",
    )  # fmt: skip

    def __init__(
        self,
        command: Command[A],
        actor: str,
        request_id: str,
        once: Once | None,
        dry_run: bool,
        future: asyncio.Future[Outcome[A]],
    ) -> None:
        self.command = command
        self.actor = actor
        self.request_id = request_id
        self.once = once
        self.dry_run = dry_run
        self.deferrals = 0
        self.started = False
        self.future = future

    def touches(self, books: Books) -> Rounds:
        if self.once is not None:
            yield (KnownKey.by_hash(self.once.key_hash),)
        yield from self.command.touches(books)

    def answer(self, result: Outcome[A] | Refusal) -> None:
        if self.future.done():
            return  # the caller has gone; what was decided stays decided
        if isinstance(result, Refusal):
            self.future.set_exception(result)
        else:
            self.future.set_result(result)


class _Decided(msgspec.Struct, frozen=True):
    """What one command came to, before it is durable."""

    item: _Item[Any]
    result: Outcome[Any] | Refusal
    happened: tuple[Happened, ...] = ()
    reply: StoredReply | None = None


class _Deadlines:
    """Who has waited too long. One timer looks at all of them: one for each would cost more than
    the waiting."""

    def __init__(self) -> None:
        self._watched: deque[tuple[float, _Item[Any]]] = deque()
        self._task: asyncio.Task[None] | None = None

    def watch(self, item: _Item[Any], deadline: float) -> None:
        """Answer this item when its deadline passes first."""
        self._watched.append((deadline, item))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look(), name="deadlines")

    def stop(self) -> None:
        """There is nobody left to watch for."""
        if self._task is not None:
            self._task.cancel()

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while self._watched:
            await asyncio.sleep(DEADLINE_LOOK_SECONDS)
            now = loop.time()
            waiting = [each for each in self._watched if not each[1].future.done()]
            for deadline, item in waiting:
                if deadline <= now:
                    _out_of_time(item)
            self._watched = deque(waiting)


class _Draft(msgspec.Struct, frozen=True):
    """A batch that was decided, with those who wait for it."""

    items: Sequence[_Item[Any]]
    decided: Sequence[_Decided]
    deferred: Sequence[_Item[Any]]
    batch: Batch


class Spine:
    """The one door for commands of this process."""

    def __init__(self, log: Log, limits: Limits | None = None) -> None:
        self._log = log
        self._limits = limits or Limits()
        self._queue: deque[_Item[Any]] = deque()
        self._wake = asyncio.Event()
        self._deadlines = _Deadlines()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self.committed = asyncio.Condition()
        self.position = 0  # of the newest record that this process has written
        self.batches = 0

    # -- for callers -----------------------------------------------------------------------------

    async def submit(
        self,
        command: Command[A],
        *,
        actor: str,
        request_id: str,
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
        item = _Item(command, actor, request_id, once, dry_run, future)
        self._queue.append(item)
        self._wake.set()
        seconds = self._limits.deadline_seconds if deadline_seconds is None else deadline_seconds
        self._deadlines.watch(item, loop.time() + seconds)
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

    # -- the batch -------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            while not self._queue:
                if self._closing:
                    return
                self._wake.clear()
                await self._wake.wait()
            await self._work_off(self._take())

    def _take(self) -> list[_Item[Any]]:
        items: list[_Item[Any]] = []
        while self._queue and len(items) < self._limits.batch_max:
            item = self._queue.popleft()
            if not item.future.done():
                item.started = True
                items.append(item)
        return items

    async def _work_off(self, items: Sequence[_Item[Any]]) -> None:
        """Try the batch, bounded; then each command alone, so that a bad one fails alone."""
        for attempt in range(self._limits.attempts_max):
            try:
                await self._attempt(items)
            except psycopg.OperationalError as error:
                # The database is away, restarting, or another process holds the lock.
                logger.warning("batch failed", error=_brief(error), commands=len(items))
            except Exception as error:
                logger.exception("batch failed", error=_brief(error), commands=len(items))
                if attempt:
                    break
            else:
                return
            await asyncio.sleep(self._limits.retry_seconds * 2**attempt)
        else:
            _answer_all(items, NetworkError())
            return
        if len(items) == 1:
            items[0].answer(Broken())
            return
        for item in items:
            await self._work_off([item])

    async def _attempt(self, items: Sequence[_Item[Any]]) -> None:
        """Decide and write these under the lock, and what gathers meanwhile ahead of it.

        Raises when these were not done; what was decided ahead on top of them is queued again.
        """
        try:
            books = await self._log.begin()
            draft = await self._draft(items, self._log.head, books)
        except BaseException:
            await self._log.rollback()
            raise
        finishing = asyncio.create_task(self._finish(draft, ahead=False), name="batch")
        first = True
        while True:
            following = await self._decide_following(draft)
            if following is None:
                await self._finished(finishing, draft, first=first)
                return
            after = asyncio.create_task(self._finish(following, ahead=True), name="batch ahead")
            try:
                done = await self._finished(finishing, draft, first=first)
            except BaseException:
                await self._finished(after, following, first=False)
                raise
            draft, finishing, first = following, after, False
            if not done:
                await self._finished(finishing, draft, first=False)
                return

    async def _finished(
        self, finishing: asyncio.Task[None], draft: _Draft, *, first: bool
    ) -> bool:
        """Wait for a batch. One that was decided ahead and came to nothing is queued again."""
        try:
            await finishing
        except Exception as error:
            if first:
                raise
            logger.info("decided ahead in vain", error=_brief(error))
            self._put_back(draft.items)
            await self._log.rollback()
            return False
        return True

    async def _decide_following(self, draft: _Draft) -> _Draft | None:
        """Decide the next batch while this one is at the database, if enough is waiting for it."""
        if draft.batch.empty or len(self._queue) < self._limits.ahead_min:
            return None
        items = self._take()
        try:
            following = await self._draft(items, draft.batch.head, self._log.ahead(draft.batch))
        except Exception as error:  # noqa: BLE001 - it will be tried again, under the lock
            logger.warning("could not decide ahead", error=_brief(error))
            self._put_back(items)
            return None
        if following.batch.empty:
            self._put_back(items)
            return None
        return following

    def _put_back(self, items: Sequence[_Item[Any]]) -> None:
        self._queue.extendleft(reversed(items))

    async def _draft(
        self, items: Sequence[_Item[Any]], basis: Head, books: Books
    ) -> _Draft:
        await self._load(items, books)
        decided: list[_Decided] = []
        deferred: list[_Item[Any]] = []
        position = basis.position
        for number, item in enumerate(items, start=1):
            one = self._decide_safely(item, books, position)
            if one is None:
                deferred.append(item)
            else:
                decided.append(one)
                position += len(one.happened)
            if books.before is not None and number % AHEAD_SLICE == 0:
                await asyncio.sleep(0)  # the batch at the database has its own messages to send
        happened = [each for one in decided for each in one.happened]
        replies = [one.reply for one in decided if one.reply is not None]
        return _Draft(items, decided, deferred, seal(basis, books, happened, replies))

    async def _finish(self, draft: _Draft, *, ahead: bool) -> None:
        """Write, commit, answer. Raises psycopg.Error when nothing was done."""
        if draft.batch.empty:
            await self._log.rollback()
        else:
            try:
                await self._log.finish(draft.batch, ahead=ahead)
            except CommitUnknown as unknown:
                if not await self._settled(draft, unknown):
                    return
            except psycopg.Error:
                if not ahead:
                    await self._log.rollback()
                raise
        self._put_back(draft.deferred)
        self._answer(draft)
        await self._tell_committed(draft.batch)

    async def _load(self, items: Sequence[_Item[Any]], books: Books) -> None:
        rounds = [item.touches(books) for item in items]
        for _ in range(ROUNDS_MAX):
            keys = []
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

    def _decide_safely(
        self, item: _Item[Any], books: Books, position: int
    ) -> _Decided | None:
        """What a command came to. None: it waits for the next batch."""
        try:
            return self._decide(item, books, position)
        except NotLoaded as missing:
            # An earlier command of this batch led it to rows that it had not named.
            books.discard()
            item.deferrals += 1
            return None if item.deferrals <= DEFERRALS_MAX else _broken(item, missing)
        except Exception as error:  # noqa: BLE001 - a bug in one decision fails that one alone
            books.discard()
            return _broken(item, error)

    def _decide(self, item: _Item[Any], books: Books, position: int) -> _Decided:
        try:
            if item.once is not None:
                known = books.find(KnownKey.by_hash(item.once.key_hash))
                if known is not None:
                    known.require_same_body(item.once)
                    return _Decided(item, _replay(known))
            answer = item.command.decide(books)
        except Refusal as refusal:
            return self._refused(item, books, refusal, position)
        body = encode(answer)
        if item.dry_run:
            books.discard()
            return _Decided(item, Outcome(body=body, position=position, answer=answer))
        happened = _accept(item, books)
        position += len(happened)
        return _Decided(
            item,
            Outcome(body=body, position=position, answer=answer),
            happened,
            _stored(item, books, position, refused=False, reply=body),
        )

    def _refused(
        self, item: _Item[Any], books: Books, refusal: Refusal, position: int
    ) -> _Decided:
        books.discard()
        if item.dry_run:
            return _Decided(item, refusal)
        happened: tuple[Happened, ...] = ()
        if refusal.leaves is not None:
            refusal.leaves(books)
            happened = _accept(item, books)
        reply = None
        if refusal.stored:
            position += len(happened)
            body = msgspec.json.encode(refusal.body())
            reply = _stored(item, books, position, refused=True, reply=body)
        return _Decided(item, refusal, happened, reply)

    # -- after the batch -------------------------------------------------------------------------

    async def _settled(self, draft: _Draft, unknown: CommitUnknown) -> bool:
        """True when the batch is durable; False when its commands were told that nobody knows."""
        logger.warning("commit unknown", error=str(unknown), head=draft.batch.head.position)
        committed = await self._settle(draft.batch)
        if committed is None:
            _answer_all(draft.items, OutcomeUnknown(outcome="unknown"))
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
                logger.warning("cannot settle yet", error=_brief(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)
        return None

    def _answer(self, draft: _Draft) -> None:
        self.batches += 1
        self.position = max(self.position, draft.batch.head.position)
        for one in draft.decided:
            one.item.answer(one.result)

    async def _tell_committed(self, batch: Batch) -> None:
        if not batch.empty:
            async with self.committed:
                self.committed.notify_all()


def _broken(item: _Item[Any], error: Exception) -> _Decided:
    logger.error(
        "a decision failed",
        command=type(item.command).__name__,
        request_id=item.request_id,
        error=f"{type(error).__name__}: {_brief(error)}",
        exc_info=error,
    )
    return _Decided(item, Broken())


def _out_of_time(item: _Item[Any]) -> None:
    item.answer(OutcomeUnknown(outcome="unknown") if item.started else Overloaded(outcome="none"))


def _answer_all(items: Sequence[_Item[Any]], refusal: Refusal) -> None:
    for item in items:
        item.answer(refusal)


def _accept(item: _Item[Any], books: Books) -> tuple[Happened, ...]:
    """Keep the draft. The names of its rows stand with its first event."""
    events, touched = books.accept()
    return tuple(
        Happened(event, item.actor, item.request_id, () if index else touched)
        for index, event in enumerate(events)
    )


def _stored(
    item: _Item[Any], books: Books, position: int, *, refused: bool, reply: bytes
) -> StoredReply | None:
    """The reply to keep under the command's key; the batch's later commands see it too."""
    if item.once is None:
        return None
    key_hash, body_hash = item.once.key_hash, item.once.body_hash
    known = KnownKey(
        key_hash=key_hash, body_hash=body_hash, refused=refused, reply=reply, position=position
    )
    books.rows[known.keys()[0]] = known
    return StoredReply(key_hash, body_hash, refused, reply, position)


def _replay(known: KnownKey) -> Outcome[Any] | Refusal:
    if not known.refused:
        return Outcome(body=known.reply, position=known.position, replayed=True)
    body = msgspec.json.decode(known.reply, type=RefusalBody)
    return REFUSALS[body.code](body.message, **body.details)


def _brief(error: BaseException) -> str:
    """The first line of an error. Never its parameters: they may hold what a log must not."""
    return str(error).partition("\n")[0]
