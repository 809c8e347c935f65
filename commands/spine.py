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
from ledger.log import CommitUnknown, Happened, Log, StoredReply, Written

logger = structlog.get_logger(__name__)

ROUNDS_MAX = 6  # a command that names rows in more rounds than this is a bug
DEFERRALS_MAX = 3  # batches that a command may wait for rows it had not named
REFUSALS = {refusal.code: refusal for refusal in every_refusal()}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Everything here that could grow or wait has a number."""

    batch_max: int = 256
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
        self, command: Command[A], actor: str, request_id: str, once: Once | None, dry_run: bool
    ) -> None:
        self.command = command
        self.actor = actor
        self.request_id = request_id
        self.once = once
        self.dry_run = dry_run
        self.deferrals = 0
        self.started = False
        self.future: asyncio.Future[Outcome[A]] = asyncio.get_running_loop().create_future()

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


class Spine:
    """The one door for commands of this process."""

    def __init__(self, log: Log, limits: Limits | None = None) -> None:
        self._log = log
        self._limits = limits or Limits()
        self._queue: deque[_Item[Any]] = deque()
        self._wake = asyncio.Event()
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
        item = _Item(command, actor, request_id, once, dry_run)
        self._queue.append(item)
        self._wake.set()
        if deadline_seconds is None:
            deadline_seconds = self._limits.deadline_seconds
        timer = asyncio.get_running_loop().call_later(deadline_seconds, _out_of_time, item)
        try:
            return await item.future
        finally:
            timer.cancel()

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
        await self._log.disconnect()

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
        if await self._attempt_with_retries(items):
            return
        for item in items:
            if not await self._attempt_with_retries([item]):
                item.answer(Broken())

    async def _attempt_with_retries(self, items: Sequence[_Item[Any]]) -> bool:
        """True when every command of these has its answer, whatever that is."""
        for attempt in range(self._limits.attempts_max):
            try:
                await self._attempt(items)
            except psycopg.OperationalError as error:
                # The database is away, restarting, or another process holds the lock.
                logger.warning("batch failed", error=_brief(error), commands=len(items))
                if attempt + 1 == self._limits.attempts_max:
                    _answer_all(items, NetworkError())
                    return True
            except Exception as error:
                logger.exception("batch failed", error=_brief(error), commands=len(items))
                if attempt:
                    return False
            else:
                return True
            await asyncio.sleep(self._limits.retry_seconds * 2**attempt)
        return False

    async def _attempt(self, items: Sequence[_Item[Any]]) -> None:
        books = None
        try:
            books = await self._log.begin()
            await self._load(items, books)
            decided, deferred = self._decide_all(items, books)
            happened = [each for one in decided for each in one.happened]
            replies = [one.reply for one in decided if one.reply is not None]
            written = await self._log.write(books, happened, replies)
        except BaseException:
            await self._log.rollback()
            raise
        if written is None:
            await self._log.rollback()
        elif not await self._commit(books, written, items):
            return
        self._queue.extendleft(reversed(deferred))
        self._answer(decided, written)
        await self._tell_committed(written)

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

    def _decide_all(
        self, items: Sequence[_Item[Any]], books: Books
    ) -> tuple[list[_Decided], list[_Item[Any]]]:
        """What each command came to, and those that wait for the next batch."""
        decided = []
        deferred = []
        position = self._log.head.position
        for item in items:
            try:
                one = self._decide(item, books, position)
            except NotLoaded as missing:
                # An earlier command of this batch led it to rows that it had not named.
                books.discard()
                item.deferrals += 1
                if item.deferrals <= DEFERRALS_MAX:
                    deferred.append(item)
                    continue
                one = _broken(item, missing)
            except Exception as error:  # noqa: BLE001 - a bug in one decision fails that one alone
                books.discard()
                one = _broken(item, error)
            decided.append(one)
            position += len(one.happened)
        return decided, deferred

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

    async def _commit(
        self, books: Books, written: Written, items: Sequence[_Item[Any]]
    ) -> bool:
        """True when the batch is durable; False when its commands have been answered otherwise."""
        try:
            await self._log.commit(books, written)
        except CommitUnknown as unknown:
            logger.warning("commit unknown", error=str(unknown), position=written.last_position)
            committed = await self._settle(written)
            if committed is None:
                _answer_all(items, OutcomeUnknown(outcome="unknown"))
                return False
            if not committed:
                raise psycopg.OperationalError("the batch was not committed") from unknown
        return True

    async def _settle(self, written: Written) -> bool | None:
        """Find out, within bounds, whether the batch was committed. None: still not known."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._limits.settle_seconds
        pause = self._limits.retry_seconds
        while loop.time() < until:
            try:
                return await self._log.settle(written)
            except psycopg.Error as error:
                logger.warning("cannot settle yet", error=_brief(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)
        return None

    def _answer(self, decided: Sequence[_Decided], written: Written | None) -> None:
        self.batches += 1
        if written is not None:
            self.position = written.last_position
        for one in decided:
            one.item.answer(one.result)

    async def _tell_committed(self, written: Written | None) -> None:
        if written is not None:
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
