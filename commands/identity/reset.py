"""Resets: somebody forgot the PIN or lost the authenticator, and two of ours have agreed to help.

Nobody of ours learns a secret, and no reset alone opens an account: whoever has the reset code
still needs the factor that was not reset. The owner is told at once and may object while it cools
off. What an invitation opens is the same for both factors, and does not wait.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

from commands.approval.change import Change
from commands.command import Answer, Command, Rounds
from commands.identity.person import STAFF, Person, Role
from commands.identity.session import Session
from commands.identity.step_up import require_own, require_stepped_up
from ledger.books import Books
from ledger.errors import Conflict, Forbidden, NotFound, Refusal
from ledger.rows import Key, Row


class What(StrEnum):
    """Which factors are set anew."""

    PIN = "pin"
    TOTP = "totp"
    BOTH = "both"  # of somebody who was invited


class ResetState(StrEnum):
    """Where a reset stands. Only an open one can still be used."""

    OPEN = "open"
    USED = "used"
    OBJECTED = "objected"
    LAPSED = "lapsed"


class ResetTimes(msgspec.Struct, frozen=True):
    """How long a reset waits before it may be used, and how long it may be used then."""

    cool_off_seconds: int
    open_seconds: int


class Reset(Row, frozen=True, kw_only=True):
    """The newest reset of a person. Of its code there is a keyed hash."""

    person_id: UUID
    what: What
    state: ResetState
    opened_at: datetime
    code_digest: bytes | None = None

    TABLE: ClassVar[str] = "reset"
    IDS: ClassVar[tuple[str, ...]] = ("person_id",)
    LOAD: ClassVar[dict[str, str]] = {
        "person_id": """
            SELECT version, person_id, what, state, opened_at, code_digest
            FROM ledger.reset
            WHERE person_id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.reset AS x (person_id, what, state, opened_at, code_digest, version)
            SELECT
                r.person_id, r.what, r.state, r.opened_at, decode(r.code_digest, 'base64'),
                r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                person_id uuid, what text, state text, opened_at timestamptz, code_digest text,
                version bigint
            )
            ON CONFLICT (person_id) DO UPDATE SET
                what = excluded.what, state = excluded.state, opened_at = excluded.opened_at,
                code_digest = excluded.code_digest, version = excluded.version
            WHERE x.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('reset', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(person_id: UUID) -> Key[Reset]:
        """That of a person."""
        return (Reset, "person_id", person_id.int)

    def keys(self) -> tuple[Key[Reset], ...]:
        return ((Reset, "person_id", self.person_id.int),)

    @property
    def is_open(self) -> bool:
        """Whether it may still be used, or objected to."""
        return self.state is ResetState.OPEN

    def usable_at(self, times: ResetTimes) -> datetime:
        """From when on it may be used."""
        waits = 0 if self.what is What.BOTH else times.cool_off_seconds
        return self.opened_at + timedelta(seconds=waits)

    def lapses_at(self, times: ResetTimes) -> datetime:
        """Until when it may be used."""
        return self.usable_at(times) + timedelta(seconds=times.open_seconds)

    def matches(self, code_digest: bytes) -> bool:
        """Whether this is the keyed hash of its code."""
        return self.code_digest is not None and hmac.compare_digest(self.code_digest, code_digest)

    def ended(self, books: Books, state: ResetState, **facts: Any) -> None:
        """Put it at its end, and record it."""
        books.put(msgspec.structs.replace(self, state=state, code_digest=None))
        told = {"user": self.person_id, "what": self.what, **facts}
        books.record(f"reset.{state}", self.person_id, told)


def open_reset(books: Books, person: Person, what: What, **facts: Any) -> None:
    """A reset begins, in place of one that is over. Touches `Reset.of`."""
    before = books.find(Reset.of(person.id))
    opened = Reset(person_id=person.id, what=what, state=ResetState.OPEN, opened_at=books.now)
    if before is not None:
        opened = msgspec.structs.replace(opened, version=before.version)
    books.put(opened)
    told = {"user": person.id, "role": person.role, "what": what, **facts}
    books.record("reset.opened", person.id, told)


def require_helper(helper: Person, person: Person) -> None:
    """Raises Forbidden unless it is this one's office to help that one: admins help staff,
    operators everybody else, and nobody themselves."""
    wanted = Role.ADMIN if person.role in STAFF else Role.OPERATOR
    if helper.role is not wanted or not helper.active:
        raise Forbidden
    if helper.id == person.id:
        raise Forbidden("Somebody else must do this for you.")


class ResetFactor(Change, frozen=True, kw_only=True):
    """One factor of somebody is to be set anew, by themselves, after a while."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR, Role.ADMIN)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR, Role.ADMIN)
    IN_SESSIONS: ClassVar[bool] = True

    user_id: UUID
    factor: Literal["pin", "totp"]

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id), Reset.of(self.user_id))

    def require_possible(self, books: Books, maker: Person) -> None:
        person = books.find(Person.by_id(self.user_id))
        if person is None or not person.active:
            raise NotFound("There is nobody with this id who signs in.")
        require_helper(maker, person)
        reset = books.find(Reset.of(person.id))
        if reset is not None and reset.is_open and reset.what is not What(self.factor):
            raise Conflict("The other factor is being reset: one after the other.", what=reset.what)

    def require_checker(self, books: Books, checker: Person) -> None:
        require_helper(checker, books.get(Person.by_id(self.user_id)))

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        person = books.get(Person.by_id(self.user_id))
        open_reset(books, person, What(self.factor), proposal=proposal_id)
        return {"user": person.id}


class ResetCodeIssued(Answer, frozen=True, kw_only=True):
    """When the code can be used. The code itself was told at the edge, once."""

    user_id: UUID
    what: What
    usable_at: datetime
    expires_at: datetime


class IssueResetCode(Command[ResetCodeIssued], frozen=True, kw_only=True):
    """Give a reset its code, to be handed to its owner. A code before it is no longer good."""

    user_id: UUID
    helper_id: UUID
    session_id: UUID
    code_digest: bytes
    times: ResetTimes

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Person.by_id(self.helper_id),
            Session.by_id(self.session_id),
            Reset.of(self.user_id),
        )

    def decide(self, books: Books) -> ResetCodeIssued:
        helper = require_own(books, self.helper_id, self.session_id)
        reset = require_open(books, self.user_id, self.times)
        person = books.get(Person.by_id(self.user_id))
        require_stepped_up(books, self.session_id)
        require_helper(helper, person)
        # From here on nothing is refused.
        books.put(msgspec.structs.replace(reset, code_digest=self.code_digest))
        facts = {"user": person.id, "what": reset.what, "by": helper.id}
        books.record("reset.code_issued", person.id, facts)
        return ResetCodeIssued(
            user_id=person.id,
            what=reset.what,
            usable_at=reset.usable_at(self.times),
            expires_at=reset.lapses_at(self.times),
        )


class Objected(Answer, frozen=True, kw_only=True):
    """The reset that came to nothing."""

    what: What


class ObjectToReset(Command[Objected], frozen=True, kw_only=True):
    """The owner, who signs in as ever, wants no reset."""

    user_id: UUID
    times: ResetTimes

    def touches(self, books: Books) -> Rounds:
        yield (Reset.of(self.user_id),)

    def decide(self, books: Books) -> Objected:
        newest = books.find(Reset.of(self.user_id))
        if newest is None or not newest.is_open:
            raise Conflict("No reset is open.")
        reset = require_open(books, self.user_id, self.times)
        # From here on nothing is refused.
        reset.ended(books, ResetState.OBJECTED)
        return Objected(what=reset.what)


def require_open(books: Books, user_id: UUID, times: ResetTimes) -> Reset:
    """The open reset of somebody. Raises NotFound; being too old ends it."""
    reset = books.find(Reset.of(user_id))
    if reset is None or not reset.is_open:
        raise NotFound("No reset is open.")
    if books.passed(reset.lapses_at(times)):
        raise lapsed(reset)
    return reset


def lapsed(reset: Reset) -> Refusal:
    """The refusal of a reset that is too old, which ends it."""
    refusal = Conflict("This reset is too old: ask for another.", state=ResetState.LAPSED)
    return refusal.leaving(partial(reset.ended, state=ResetState.LAPSED))
