"""Somebody proposes a change: it waits, as written, for another person's approval."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from commands.approval.change import Change
from commands.approval.proposal import Proposal, ProposalStatus, hash_of
from commands.command import Command, Rounds
from commands.identity.person import Person
from commands.identity.staff import require_staff
from commands.identity.step_up import session_keys
from commands.risk.hours import note_hours
from commands.risk.rulebook import THE_RULES
from ledger.books import Books


class Propose(Command[ProposalStatus], frozen=True, kw_only=True):
    """Keep a change for approval. One that cannot be applied is refused at once."""

    proposal_id: UUID
    maker_id: UUID
    change: Change
    ttl_seconds: int
    session_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.maker_id), THE_RULES, *session_keys(self.session_id))
        yield from self.change.touches(books)

    def decide(self, books: Books) -> ProposalStatus:
        maker = require_staff(books, self.maker_id, *self.change.MAKERS)
        self.change.require_step_up(books, self.session_id)
        self.change.require_possible(books, maker)
        # From here on nothing is refused.
        proposal = keep_proposal(books, self.proposal_id, maker, self.change, self.ttl_seconds)
        return ProposalStatus.of(proposal)


def keep_proposal(
    books: Books, proposal_id: UUID, maker: Person, change: Change, ttl_seconds: int
) -> Proposal:
    """Keep a change that was found possible, as written. Touches THE_RULES."""
    content = change.content
    proposal = Proposal(
        id=proposal_id,
        kind=change.kind,
        content=content,
        content_hash=hash_of(content),
        maker_id=maker.id,
        proposed_at=books.now,
        expires_at=books.now + timedelta(seconds=ttl_seconds),
    )
    books.put(proposal)
    books.record(
        "proposal.proposed",
        proposal.id,
        proposal.facts(content=content, expiresAt=proposal.expires_at),
    )
    note_hours(books, maker, proposal.id, proposal.kind)
    return proposal
