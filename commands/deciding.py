"""Deciding the commands of a batch, one after the other, on the same books. No I/O in here.

A refusal and a bug are two things: the first is an answer and may leave what it carries on purpose,
the second fails its own command and leaves nothing.
"""

from __future__ import annotations

import asyncio
from typing import Any, Generic
from uuid import UUID

import msgspec
import structlog

from commands.command import A, Command
from commands.idempotency import KnownKey, Once
from ledger.batch import DONE, Happened, StoredReply
from ledger.books import Books, NotLoaded
from ledger.errors import Broken, Refusal, RefusalBody, every_refusal
from ledger.rows import Key
from ledger.wire import encode

logger = structlog.get_logger(__name__)

DEFERRALS_MAX = 3  # batches that a command may wait for rows it had not named
REFUSALS = {refusal.code: refusal for refusal in every_refusal()}


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


class Submission(Generic[A]):
    """A command in the queue, with whoever waits for it."""

    __slots__ = (
        "actor", "command", "deferrals", "dry_run", "future", "once", "request_id", "session",
        "started",
    )  # fmt: skip

    def __init__(
        self,
        command: Command[A],
        actor: str,
        request_id: str,
        once: Once | None,
        dry_run: bool,
        future: asyncio.Future[Outcome[A]],
        session: UUID | None = None,
    ) -> None:
        self.command = command
        self.actor = actor
        self.request_id = request_id
        self.once = once
        self.dry_run = dry_run
        self.session = session
        self.deferrals = 0
        self.started = False
        self.future = future

    @property
    def known_keys(self) -> tuple[Key[KnownKey], ...]:
        """Where its idempotency key would be found."""
        return () if self.once is None else (KnownKey.by_hash(self.once.key_hash),)

    def answer(self, result: Outcome[A] | Refusal) -> None:
        """Tell whoever waits. If they have gone, what was decided stays decided."""
        if self.future.done():
            return
        if isinstance(result, Refusal):
            self.future.set_exception(result)
        else:
            self.future.set_result(result)


class Decided(msgspec.Struct, frozen=True, gc=False):
    """What one command came to, before it is durable."""

    submission: Submission[Any]
    result: Outcome[Any] | Refusal
    happened: tuple[Happened, ...] = ()
    reply: StoredReply | None = None

    def tell(self) -> None:
        """Answer the caller."""
        self.submission.answer(self.result)


def decide(submission: Submission[Any], books: Books, position: int) -> Decided | None:
    """What a command comes to on these books, which end at a position of the log.

    None: it waits for the next batch, as it has to read rows that were not loaded.
    """
    try:
        return _decide(submission, books, position)
    except NotLoaded as missing:
        # An earlier command of this batch led it to rows that it had not named.
        books.discard()
        submission.deferrals += 1
        return None if submission.deferrals <= DEFERRALS_MAX else _broken(submission, missing)
    except Exception as error:  # noqa: BLE001 - a bug in one decision fails that one alone
        books.discard()
        return _broken(submission, error)


def _decide(submission: Submission[Any], books: Books, position: int) -> Decided:
    once = submission.once
    try:
        if once is not None:
            known = books.find(KnownKey.by_hash(once.key_hash))
            if known is not None:
                known.require_same_body(once)
                return Decided(submission, _replay(known))
        answer = submission.command.decide(books)
    except Refusal as refusal:
        return _refused(submission, books, refusal, position)
    body = encode(answer)
    if submission.dry_run:
        books.discard()
        return Decided(submission, Outcome(body=body, position=position, answer=answer))
    happened = _accept(submission, books, DONE)
    position += len(happened)
    outcome = Outcome(body=body, position=position, answer=answer)
    reply = _keep_reply(once, books, position, refused=False, body=body)
    return Decided(submission, outcome, happened, reply)


def _refused(submission: Submission[Any], books: Books, refusal: Refusal, position: int) -> Decided:
    books.discard()
    if submission.dry_run:
        return Decided(submission, refusal)
    happened: tuple[Happened, ...] = ()
    if refusal.leaves is not None:
        refusal.leaves(books)
        happened = _accept(submission, books, refusal.code)
    reply = None
    if refusal.stored:
        position += len(happened)
        body = msgspec.json.encode(refusal.body())
        reply = _keep_reply(submission.once, books, position, refused=True, body=body)
    return Decided(submission, refusal, happened, reply)


def _accept(submission: Submission[Any], books: Books, outcome: str) -> tuple[Happened, ...]:
    """Keep the draft. The names of its rows stand with its first event."""
    events, touched = books.accept()
    return tuple(
        [
            Happened(
                event,
                submission.actor,
                submission.session,
                submission.request_id,
                outcome,
                () if index else touched,
            )
            for index, event in enumerate(events)
        ]
    )


def _keep_reply(
    once: Once | None, books: Books, position: int, *, refused: bool, body: bytes
) -> StoredReply | None:
    """The reply to keep under the command's key; the batch's later commands see it too."""
    if once is None:
        return None
    known = KnownKey(
        key_hash=once.key_hash,
        body_hash=once.body_hash,
        refused=refused,
        reply=body,
        position=position,
    )
    books.rows[KnownKey.by_hash(once.key_hash)] = known
    return StoredReply(once.key_hash, once.body_hash, refused, body, position)


def _replay(known: KnownKey) -> Outcome[Any] | Refusal:
    if not known.refused:
        return Outcome(body=known.reply, position=known.position, replayed=True)
    body = msgspec.json.decode(known.reply, type=RefusalBody)
    refusal = REFUSALS[body.code](body.message, **body.details)
    refusal.replayed = True
    return refusal


def _broken(submission: Submission[Any], error: Exception) -> Decided:
    logger.error(
        "a decision failed",
        command=type(submission.command).__name__,
        request_id=submission.request_id,
        exc_info=error,
    )
    return Decided(submission, Broken())
