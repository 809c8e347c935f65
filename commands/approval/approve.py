"""A second person approves what a first one proposed: it is applied as it was read."""

from __future__ import annotations

import hmac
from functools import partial
from uuid import UUID

from commands.approval.changes import read_change
from commands.approval.proposal import Proposal, ProposalState, ProposalStatus
from commands.command import Command, Rounds
from commands.identity.person import Person
from commands.identity.staff import require_apart, require_staff
from commands.identity.step_up import session_keys
from commands.risk.hours import note_hours
from commands.risk.rulebook import THE_RULES
from ledger.books import Books
from ledger.errors import Conflict, Forbidden, NotFound


class Approve(Command[ProposalStatus], frozen=True, kw_only=True):
    """Apply a proposal whose content has this hash: what the checker has read, and nothing else."""

    proposal_id: UUID
    checker_id: UUID
    content_hash: str
    session_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        yield (
            Proposal.by_id(self.proposal_id),
            Person.by_id(self.checker_id),
            THE_RULES,
            *session_keys(self.session_id),
        )
        proposal = books.find(Proposal.by_id(self.proposal_id))
        if proposal is None:
            return
        rounds = read_change(proposal.content).touches(books)
        yield (Person.by_id(proposal.maker_id), *next(rounds, ()))
        yield from rounds

    def decide(self, books: Books) -> ProposalStatus:
        proposal = require_proposed(books, self.proposal_id)
        change = read_change(proposal.content)
        checker = require_staff(books, self.checker_id, *change.CHECKERS)
        if proposal.maker_id == self.checker_id:
            raise Forbidden("Somebody else must approve what you proposed.")
        change.require_step_up(books, self.session_id)
        if not hmac.compare_digest(proposal.content_hash, self.content_hash):
            raise Conflict("This is not what was proposed.", contentHash=proposal.content_hash)
        maker = require_staff(books, proposal.maker_id, *change.MAKERS)
        require_apart(maker, checker)
        change.require_possible(books, maker)
        change.require_checker(books, checker)
        # From here on nothing is refused.
        facts = change.apply(books, proposal.id, checker)
        applied = proposal.ended(books, ProposalState.APPLIED, checker.id, **facts)
        note_hours(books, checker, proposal.id, proposal.kind)
        return ProposalStatus.of(applied)


def require_proposed(books: Books, proposal_id: UUID) -> Proposal:
    """A proposal that still waits. Raises NotFound, or Conflict; being too old ends it."""
    proposal = books.find(Proposal.by_id(proposal_id))
    if proposal is None:
        raise NotFound("There is no such proposal.")
    if proposal.state is not ProposalState.PROPOSED:
        raise Conflict(state=proposal.state)
    if books.passed(proposal.expires_at):
        raise Conflict(
            "This proposal is too old: propose it again.", state=ProposalState.LAPSED
        ).leaving(partial(_lapse, proposal=proposal))
    return proposal


def _lapse(books: Books, proposal: Proposal) -> None:
    proposal.ended(books, ProposalState.LAPSED)
