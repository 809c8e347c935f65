"""Nobody agreed to a release in time: the hold stays in doubt, and the proposal ends on record."""

from __future__ import annotations

from uuid import UUID

import msgspec

from commands.approval.lapse import Lapsed
from commands.approval.waiting import WAITS_SECONDS, too_old
from commands.command import Command, Rounds
from commands.withdrawal.lifecycle import State
from commands.withdrawal.release import Release
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.errors import NotFound


class LapseRelease(Command[Lapsed], frozen=True, kw_only=True):
    """End a proposed release that has waited too long, while the hold is still in doubt; any other
    is left as it is."""

    transaction_id: UUID
    ttl_seconds: int = WAITS_SECONDS

    def touches(self, books: Books) -> Rounds:
        yield (Withdrawal.by_id(self.transaction_id), Release.of(self.transaction_id))

    def decide(self, books: Books) -> Lapsed:
        withdrawal = books.find(Withdrawal.by_id(self.transaction_id))
        proposal = books.find(Release.of(self.transaction_id))
        if withdrawal is None or proposal is None:
            raise NotFound("Nobody has proposed this.")
        # From here on nothing is refused.
        waits = proposal.waits and withdrawal.state is State.IN_DOUBT
        overdue = waits and too_old(books, proposal.proposed_at, self.ttl_seconds)
        if overdue:
            books.put(msgspec.structs.replace(proposal, lapsed_at=books.now))
            told = {"maker": proposal.maker_id, "contentHash": proposal.content_hash}
            books.record("withdrawal.release_lapsed", withdrawal.id, withdrawal.facts(**told))
        return Lapsed(lapsed=overdue)
