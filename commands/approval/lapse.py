"""Nobody agreed to a proposal in time: it ends, on record. Judged by the database's clock."""

from __future__ import annotations

from uuid import UUID

from commands.approval.proposal import Proposal, ProposalState
from commands.command import Answer, Command, Rounds
from ledger.books import Books
from ledger.errors import NotFound


class Lapsed(Answer, frozen=True, kw_only=True):
    """Whether it ended now."""

    lapsed: bool


class LapseProposal(Command[Lapsed], frozen=True, kw_only=True):
    """End a proposal that has waited too long; any other is left as it is."""

    proposal_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Proposal.by_id(self.proposal_id),)

    def decide(self, books: Books) -> Lapsed:
        proposal = books.find(Proposal.by_id(self.proposal_id))
        if proposal is None:
            raise NotFound("There is no such proposal.")
        # From here on nothing is refused.
        waits = proposal.state is ProposalState.PROPOSED
        overdue = waits and books.passed(proposal.expires_at)
        if overdue:
            proposal.ended(books, ProposalState.LAPSED)
        return Lapsed(lapsed=overdue)
