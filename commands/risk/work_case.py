"""An operator works a case: takes it, writes notes, and ends it one way or the other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from commands.command import Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_staff
from commands.identity.step_up import require_confirmed, session_keys
from commands.risk.case import Case, CaseState, CaseStatus
from commands.risk.held_transfer import HeldTransfer, ending_keys, refuse, release
from commands.risk.profile import RiskProfile, profile_of
from commands.risk.watch import Watch
from ledger.books import Books
from ledger.errors import ApprovalRequired, Conflict, Forbidden, NotFound
from ledger.money import Money

MAY_WORK = (Role.OPERATOR,)
ALONE_MAX = Money.of(50_000)  # illustrative; MAKEBA_CASE_ALONE_MAX_ESCUDOS says otherwise


class CaseWork(Command[CaseStatus], frozen=True, kw_only=True):
    """What all have in common: an open case, and an operator whom it is not about."""

    case_id: UUID
    operator_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Case.by_id(self.case_id), Person.by_id(self.operator_id))

    def require_open(self, books: Books) -> Case:
        """The case. Raises Forbidden, NotFound, or Conflict when it has ended."""
        require_staff(books, self.operator_id, *MAY_WORK)
        case = books.find(Case.by_id(self.case_id))
        if case is None:
            raise NotFound
        if case.user_id == self.operator_id:
            raise Forbidden("Somebody else must work a case about your own money.")
        if case.state is not CaseState.OPEN:
            raise Conflict(state=case.state)
        return case


class AssignCase(CaseWork, frozen=True, kw_only=True):
    """Somebody takes a case, or gives it to another operator."""

    assignee_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield from super().touches(books)
        yield (Person.by_id(self.assignee_id),)

    def decide(self, books: Books) -> CaseStatus:
        case = self.require_open(books)
        assignee = books.find(Person.by_id(self.assignee_id))
        if assignee is None or not assignee.active or assignee.role not in MAY_WORK:
            raise NotFound("There is no such operator.")
        # From here on nothing is refused.
        assigned = msgspec.structs.replace(case, assignee_id=assignee.id)
        books.put(assigned)
        books.record("case.assigned", case.id, assigned.facts(assignee=assignee.id))
        return CaseStatus.of(books, assigned)


class NoteCase(CaseWork, frozen=True, kw_only=True):
    """Somebody writes down what was found. It stays in the log: ids, not names."""

    text: str

    def decide(self, books: Books) -> CaseStatus:
        case = self.require_open(books)
        # From here on nothing is refused.
        books.record("case.noted", case.id, case.facts(text=self.text, author=self.operator_id))
        return CaseStatus.of(books, case)


class EndCase(CaseWork, frozen=True, kw_only=True):
    """What the three ends have in common: new hits open a new case from now on."""

    text: str

    def touches(self, books: Books) -> Rounds:
        yield from super().touches(books)
        case = books.find(Case.by_id(self.case_id))
        if case is None:
            return
        yield _about(case)
        held = _held(books, case)
        if held is not None:
            yield ending_keys(held)

    def end(self, books: Books, case: Case, state: CaseState) -> CaseStatus:
        """End it; below the line."""
        ended = msgspec.structs.replace(case, state=state, ended_by=self.operator_id)
        books.put(ended)
        _forget(books, case)
        books.record(f"case.{state}", case.id, ended.facts(text=self.text, author=self.operator_id))
        return CaseStatus.of(books, ended)


class ReleaseCase(EndCase, frozen=True, kw_only=True):
    """It was all right: a held transfer goes on, the wallet is cleared of the rule for a day.

    `alone_max` is the largest transfer that one person may release; None: of any amount, for whom
    somebody else has agreed (`ReleaseBigCase`).
    """

    alone_max: Money | None = ALONE_MAX
    session_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        rounds = super().touches(books)
        yield (*next(rounds), *session_keys(self.session_id))
        yield from rounds

    def decide(self, books: Books) -> CaseStatus:
        case = self.require_releasable(books)
        # From here on nothing is refused.
        held = _held(books, case)
        if held is not None:
            release(books, held, case=case.id, operator=self.operator_id)
        if case.wallet_id is not None:
            books.put(profile_of(books, case.wallet_id).clear_of(books, case.rule))
        return self.end(books, case, CaseState.RELEASED)

    def require_releasable(self, books: Books) -> Case:
        """The case. Raises ApprovalRequired, and what stands against the transfer."""
        case = self.require_open(books)
        held = _held(books, case)
        if held is not None:
            books.require_receiving(books.account(held.to_wallet_id))
            if self.alone_max is not None and held.amount > self.alone_max.minor:
                alone = str(self.alone_max.decimal)
                raise ApprovalRequired(alone=alone, propose="release_big_case")
            require_confirmed(books, self.session_id)
        return case


class RefuseCase(EndCase, frozen=True, kw_only=True):
    """It was not: a held transfer goes back, the fee too."""

    def decide(self, books: Books) -> CaseStatus:
        case = self.require_open(books)
        # From here on nothing is refused.
        held = _held(books, case)
        if held is not None:
            refuse(books, held, case=case.id, operator=self.operator_id)
        return self.end(books, case, CaseState.REFUSED)


class CloseCase(EndCase, frozen=True, kw_only=True):
    """Nothing is left to do. Where money waits, it must be released or refused instead."""

    def decide(self, books: Books) -> CaseStatus:
        case = self.require_open(books)
        if _held(books, case) is not None:
            raise Conflict("Money waits for this case: release or refuse it.")
        # From here on nothing is refused.
        return self.end(books, case, CaseState.CLOSED)


def _about(case: Case) -> tuple[Any, ...]:
    """The rows of those whom it is about."""
    keys: tuple[Any, ...] = ()
    if case.wallet_id is not None:
        keys += (RiskProfile.of(case.wallet_id),)
    if case.watch_id is not None:
        keys += (Watch.by_id(case.watch_id),)
    if case.holds and case.transaction_id is not None:
        keys += (HeldTransfer.by_id(case.transaction_id),)
    return keys


def _held(books: Books, case: Case) -> HeldTransfer | None:
    if not case.holds or case.transaction_id is None:
        return None
    return books.get(HeldTransfer.by_id(case.transaction_id))


def _forget(books: Books, case: Case) -> None:
    """The wallet or machine has no open case any more."""
    if case.wallet_id is not None:
        profile = profile_of(books, case.wallet_id)
        if profile.case_id == case.id:
            books.put(msgspec.structs.replace(profile, case_id=None))
    if case.watch_id is not None:
        watch = books.get(Watch.by_id(case.watch_id))
        if watch.case_id == case.id:
            books.put(msgspec.structs.replace(watch, case_id=None))
