"""A proposal is taken back by its maker, or turned down by somebody who could have approved it."""

from __future__ import annotations

from uuid import UUID

from commands.approval.approve import require_proposed
from commands.approval.changes import read_change
from commands.approval.proposal import Proposal, ProposalState, ProposalStatus
from commands.command import Command, Rounds
from commands.identity.person import Person
from commands.identity.staff import require_staff
from ledger.books import Books


class Withdraw(Command[ProposalStatus], frozen=True, kw_only=True):
    """End a proposal with nothing changed."""

    proposal_id: UUID
    user_id: UUID
    reason: str

    def touches(self, books: Books) -> Rounds:
        yield (Proposal.by_id(self.proposal_id), Person.by_id(self.user_id))

    def decide(self, books: Books) -> ProposalStatus:
        proposal = require_proposed(books, self.proposal_id)
        change = read_change(proposal.content)
        may = change.MAKERS if proposal.maker_id == self.user_id else change.CHECKERS
        person = require_staff(books, self.user_id, *may)
        # From here on nothing is refused.
        by = None if person.id == proposal.maker_id else person.id
        withdrawn = proposal.ended(books, ProposalState.WITHDRAWN, by, why=self.reason)
        return ProposalStatus.of(withdrawn)
