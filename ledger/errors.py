"""Refusals: answers that say no, each with a code, facts and one sentence (its docstring).

    Refusal
    ├── Invalid            the request itself is wrong                 400
    ├── Unauthenticated    we do not know who asks                     401
    ├── Forbidden          we know, and the answer is no               403
    ├── NotFound           there is no such thing for this caller      404
    ├── Conflict           not in the state that it is in now          409
    ├── Unprocessable      understood, but the world does not allow it 422
    ├── TooMany            this caller asks too often                  429
    ├── Broken             a bug of ours stopped this one command      500
    └── Unavailable        we cannot answer now; try again             503

A refusal is the world's fault or the caller's; a bug of ours is an `assert` or any other exception.
Refusals that were decided under the log's lock are stored under their idempotency key, but those
whose `stored` is false: they say nothing about the command, only about the moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar, Self

import msgspec
import psycopg

if TYPE_CHECKING:
    from ledger.books import Books

Fact = str | int | bool | None


def brief(error: BaseException) -> str:
    """An error as a log may hold it: what it is and which rule of PostgreSQL's it broke. None of
    its words: they quote what it was given."""
    name = type(error).__name__
    if not isinstance(error, psycopg.Error):
        return name
    return " ".join(filter(None, (name, error.sqlstate, error.diag.constraint_name)))


class Refusal(Exception):
    """The answer is no."""

    code: ClassVar[str] = ""
    status: ClassVar[int] = 0
    stored: ClassVar[bool] = True

    def __init__(self, message: str | None = None, /, **facts: Fact) -> None:
        self.message = message or self.sentence()
        self.facts = facts
        self.leaves: Callable[[Books], None] | None = None
        self.replayed = False  # it is the stored answer to an earlier request
        super().__init__(self.message)

    @classmethod
    def sentence(cls) -> str:
        """The one sentence that says what this refusal means."""
        return (cls.__doc__ or "").strip().splitlines()[0]

    def leaving(self, trace: Callable[[Books], None]) -> Self:
        """Keep what `trace` writes although the command is refused (a wrong try is counted)."""
        self.leaves = trace
        return self

    def body(self) -> RefusalBody:
        """What the caller is told."""
        return RefusalBody(code=self.code, message=self.message, details=self.facts)


class RefusalBody(msgspec.Struct, frozen=True):
    """A refusal as it is stored and as it goes out: code, sentence, facts."""

    code: str
    message: str
    details: dict[str, Fact]


class Invalid(Refusal):
    """The request is not well formed."""

    status = 400
    stored = False


class Unauthenticated(Refusal):
    """Sign in first: there is no valid session or signature with this request."""

    code = "UNAUTHENTICATED"
    status = 401
    stored = False


class Forbidden(Refusal):
    """This caller may not do this."""

    code = "FORBIDDEN"
    status = 403
    stored = False


class NotFound(Refusal):
    """There is no such thing, or it is not yours."""

    code = "NOT_FOUND"
    status = 404


class Conflict(Refusal):
    """It is not in a state in which this can be done."""

    code = "CONFLICT"
    status = 409


class Unprocessable(Refusal):
    """The request was understood, but it cannot be done."""

    status = 422


class TooMany(Refusal):
    """This caller asks too often."""

    code = "RATE_LIMITED"
    status = 429
    stored = False


class Broken(Refusal):
    """Something went wrong on our side; nothing was changed."""

    code = "SYSTEM_ERROR"
    status = 500
    stored = False


class Unavailable(Refusal):
    """We cannot answer now; try again with the same key."""

    status = 503
    stored = False


class InvalidRequest(Invalid):
    """The request is malformed or a value in it is not allowed."""

    code = "INVALID_REQUEST"


class ApprovalRequired(Conflict):
    """This takes two people: propose it, and let somebody else approve."""

    code = "APPROVAL_REQUIRED"


class PeriodClosed(Conflict):
    """The period of this day is closed: book it in one that is open."""

    code = "PERIOD_CLOSED"


class PeriodNotReady(Conflict):
    """The close checklist of this period is not in order."""

    code = "PERIOD_NOT_READY"


class WithdrawalPending(Conflict):
    """A withdrawal code is still live: use it, or cancel it."""

    code = "WITHDRAWAL_PENDING"


class InsufficientFunds(Unprocessable):
    """The account does not hold enough money for this."""

    code = "INSUFFICIENT_FUNDS"


class InvalidCode(Unprocessable):
    """The code is not right."""

    code = "INVALID_CODE"


class CodeExpired(Unprocessable):
    """The code is no longer valid."""

    code = "CODE_EXPIRED"


class LimitExceeded(Unprocessable):
    """The amount is outside what is allowed."""

    code = "LIMIT_EXCEEDED"


class WalletNotOpen(Unprocessable):
    """The wallet, agent or account is frozen, dormant or closed."""

    code = "WALLET_NOT_OPEN"


class StepUpRequired(Forbidden):
    """Confirm with your second factor first, then try again."""

    code = "STEP_UP_REQUIRED"


class RiskDenied(Unprocessable):
    """We stopped this to protect your money: please contact support."""

    code = "RISK_DENIED"


class RiskReview(Unprocessable):
    """We want to look at this first: support will contact you, then try again."""

    code = "RISK_REVIEW"


class CardlessSuspended(Unprocessable):
    """Too many wrong codes were tried: confirm with your second factor to use cash codes again."""

    code = "CARDLESS_SUSPENDED"


class ServesItself(Unprocessable):
    """An agent may not serve the wallets of its owner or of its own people."""

    code = "AGENT_SERVES_ITSELF"


class TillNotReady(Conflict):
    """The till is not open for this operator, or its cash book does not hold this much."""

    code = "TILL_NOT_READY"


class FileRefused(Unprocessable):
    """This file is not taken in, and nothing of it was posted."""

    code = "FILE_REFUSED"

    @classmethod
    def at(cls, line: int, reason: str, **facts: Fact) -> Self:
        """The refusal that says which line is wrong, and what is wrong about it."""
        sentence = f"Line {line}: {reason}. {cls.sentence()}"
        return cls(sentence, line=line, reason=reason, **facts)


class IdempotencyConflict(Unprocessable):
    """This idempotency key was used before with another request."""

    code = "IDEMPOTENCY_CONFLICT"
    stored = False


class Overloaded(Unavailable):
    """We have more work than we can do at this moment; nothing was changed."""

    code = "OVERLOADED"


class NetworkError(Unavailable):
    """The database or the switch cannot be reached; nothing was changed."""

    code = "NETWORK_ERROR"


class OutcomeUnknown(Unavailable):
    """It is not known whether this was done: ask again with the same key."""

    code = "OUTCOME_UNKNOWN"


def every_refusal(of: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """All refusals that have a code, for the table of errors and its test."""
    if of.code:
        yield of
    for kind in of.__subclasses__():
        yield from every_refusal(kind)
