"""A withdrawal in doubt was not paid: one person proposes to release it, another approves.

It must be absent from the switch's files of so many settlement dates, and no count or journal of
the machine may say that anything was dispensed. The rest of the evidence is for people to read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.approval.waiting import (
    WAITS_SECONDS,
    ends_at,
    hash_of_words,
    require_read,
    require_waiting,
)
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_apart, require_staff
from commands.identity.step_up import require_confirmed, session_keys
from commands.reconciliation.mention import Mention
from commands.withdrawal.ending import end_unpaid
from commands.withdrawal.hold import hold_keys
from commands.withdrawal.lifecycle import Happening, State, require_move
from commands.withdrawal.machine_word import MachineWord
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.errors import Conflict, Forbidden, NotFound
from ledger.money import Money
from ledger.rows import Key, Row

MAY_RELEASE = (Role.OPERATOR, Role.ACCOUNTANT)


class Release(Row, frozen=True, kw_only=True):
    """A proposal to release, and who approved it."""

    withdrawal_id: UUID
    evidence: str
    maker_id: UUID
    proposed_at: datetime
    checker_id: UUID | None = None
    lapsed_at: datetime | None = None

    TABLE: ClassVar[str] = "release"
    IDS: ClassVar[tuple[str, ...]] = ("withdrawal_id",)
    LOAD: ClassVar[dict[str, str]] = {
        "withdrawal_id": """
            SELECT
                version, withdrawal_id, evidence, maker_id, proposed_at, checker_id, lapsed_at
            FROM ledger.release
            WHERE withdrawal_id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.release AS p (
                withdrawal_id, evidence, maker_id, proposed_at, checker_id, lapsed_at, version
            )
            SELECT
                r.withdrawal_id, r.evidence, r.maker_id, r.proposed_at, r.checker_id,
                r.lapsed_at, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                withdrawal_id uuid, evidence text, maker_id uuid, proposed_at timestamptz,
                checker_id uuid, lapsed_at timestamptz, version bigint
            )
            ON CONFLICT (withdrawal_id) DO UPDATE SET
                evidence = excluded.evidence, maker_id = excluded.maker_id,
                proposed_at = excluded.proposed_at, checker_id = excluded.checker_id,
                lapsed_at = excluded.lapsed_at, version = excluded.version
            WHERE p.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('release', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(withdrawal_id: UUID) -> Key[Release]:
        """What was proposed about a withdrawal."""
        return (Release, "withdrawal_id", withdrawal_id.int)

    @property
    def content_hash(self) -> str:
        """What its checker agrees to."""
        return hash_of_words(
            withdrawal=self.withdrawal_id, evidence=self.evidence, maker=self.maker_id
        )

    @property
    def waits(self) -> bool:
        """Whether nobody has agreed to it, and it has not lapsed."""
        return self.checker_id is None and self.lapsed_at is None

    @property
    def waits_since(self) -> datetime | None:
        """Since when it waits; None for one that has lapsed."""
        return None if self.lapsed_at is not None else self.proposed_at

    def keys(self) -> tuple[Key[Release], ...]:
        return ((Release, "withdrawal_id", self.withdrawal_id.int),)


class ReleaseStatus(Answer, frozen=True, kw_only=True):
    """Where the withdrawal stands after this."""

    transaction_id: UUID
    status: State
    timestamp: datetime
    content_hash: str | None = None  # of what waits for somebody else
    expires_at: datetime | None = None


class ProposeRelease(Command[ReleaseStatus], frozen=True, kw_only=True):
    """Propose to give a hold back; a newer proposal takes the place of an older one. At least so
    many settlement dates must have passed without its being named."""

    transaction_id: UUID
    maker_id: UUID
    evidence: str
    absences_min: int = 0
    ttl_seconds: int = WAITS_SECONDS
    session_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        session = session_keys(self.session_id)
        yield (*_keys(self.transaction_id), Person.by_id(self.maker_id), *session)
        yield _word_keys(books, self.transaction_id)

    def decide(self, books: Books) -> ReleaseStatus:
        require_staff(books, self.maker_id, *MAY_RELEASE)
        withdrawal = _require_releasable(books, self)
        # From here on nothing is refused.
        before = books.find(Release.of(withdrawal.id))
        proposal = Release(
            withdrawal_id=withdrawal.id,
            evidence=self.evidence,
            maker_id=self.maker_id,
            proposed_at=books.now,
            version=0 if before is None else before.version,
        )
        books.put(proposal)
        expires_at = ends_at(books.now, self.ttl_seconds)
        books.record(
            "withdrawal.release_proposed",
            withdrawal.id,
            withdrawal.facts(
                evidence=self.evidence,
                maker=self.maker_id,
                contentHash=proposal.content_hash,
                expiresAt=expires_at,
            ),
        )
        return ReleaseStatus(
            transaction_id=withdrawal.id,
            status=withdrawal.state,
            timestamp=books.now,
            content_hash=proposal.content_hash,
            expires_at=expires_at,
        )


class ApproveRelease(Command[ReleaseStatus], frozen=True, kw_only=True):
    """Approve what somebody else proposed, and has not become too old: the whole hold goes back.

    When `content_hash` is given, it must be that of what waits now.
    """

    transaction_id: UUID
    checker_id: UUID
    absences_min: int = 0
    content_hash: str | None = None
    ttl_seconds: int = WAITS_SECONDS
    session_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        session = session_keys(self.session_id)
        yield (*_keys(self.transaction_id), Person.by_id(self.checker_id), *session)
        withdrawal = books.find(Withdrawal.by_id(self.transaction_id))
        proposal = books.find(Release.of(self.transaction_id))
        if withdrawal is not None:
            yield (
                *_word_keys(books, self.transaction_id),
                *hold_keys(withdrawal.wallet_id),
                *((Person.by_id(proposal.maker_id),) if proposal is not None else ()),
            )

    def decide(self, books: Books) -> ReleaseStatus:
        checker = require_staff(books, self.checker_id, *MAY_RELEASE)
        withdrawal = _require_releasable(books, self)
        proposal = books.find(Release.of(withdrawal.id))
        if proposal is None:
            raise Conflict("Nobody has proposed this.")
        if proposal.maker_id == self.checker_id:
            raise Forbidden("Somebody else must approve what you proposed.")
        require_apart(books.get(Person.by_id(proposal.maker_id)), checker)
        require_read(proposal.content_hash, self.content_hash)
        require_waiting(books, proposal.waits_since, self.ttl_seconds)
        # From here on nothing is refused.
        books.put(msgspec.structs.replace(proposal, checker_id=self.checker_id))
        released = end_unpaid(
            books,
            withdrawal,
            Happening.RELEASED,
            maker=proposal.maker_id,
            checker=self.checker_id,
            contentHash=proposal.content_hash,
        )
        return ReleaseStatus(transaction_id=released.id, status=released.state, timestamp=books.now)


def _keys(withdrawal_id: UUID) -> tuple[Key[Any], ...]:
    return (
        Withdrawal.by_id(withdrawal_id),
        Release.of(withdrawal_id),
        MachineWord.of(withdrawal_id),
    )


def _word_keys(books: Books, withdrawal_id: UUID) -> tuple[Key[Any], ...]:
    """What the switch's files have said of it."""
    withdrawal = books.find(Withdrawal.by_id(withdrawal_id))
    if withdrawal is None or withdrawal.trace is None:
        return ()
    return (Mention.of(withdrawal.trace),)


def _require_releasable(books: Books, command: ProposeRelease | ApproveRelease) -> Withdrawal:
    """Raises NotFound or StepUpRequired; Conflict unless it is in doubt, and nothing says that it
    was paid."""
    withdrawal = books.find(Withdrawal.by_id(command.transaction_id))
    if withdrawal is None:
        raise NotFound
    require_confirmed(books, command.session_id)
    require_move(withdrawal.state, Happening.RELEASED)
    assert withdrawal.trace is not None, "what is in doubt was authorised"
    word = books.find(MachineWord.of(withdrawal.id))
    if word is not None and word.dispensed:
        dispensed = str(Money(word.dispensed).decimal)
        raise Conflict("The machine says that it has paid.", dispensed=dispensed)
    mention = books.find(Mention.of(withdrawal.trace))
    absences = 0 if mention is None else mention.absences
    if absences < command.absences_min:
        raise Conflict(
            "It is too early: its absence from the switch's files is not certain yet.",
            absences=absences,
            needed=command.absences_min,
        )
    return withdrawal
