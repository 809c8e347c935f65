"""Nobody agreed to how a dispute ends in time: it stays open, and the proposal ends on record."""

from __future__ import annotations

from uuid import UUID

import msgspec

from commands.approval.lapse import Lapsed
from commands.approval.waiting import WAITS_SECONDS, too_old
from commands.command import Command, Rounds
from commands.switch.dispute import Dispute
from ledger.books import Books
from ledger.errors import NotFound


class LapseResolution(Command[Lapsed], frozen=True, kw_only=True):
    """Take off a dispute what has waited too long; any other is left as it is."""

    dispute_id: UUID
    ttl_seconds: int = WAITS_SECONDS

    def touches(self, books: Books) -> Rounds:
        yield (Dispute.by_id(self.dispute_id),)

    def decide(self, books: Books) -> Lapsed:
        dispute = books.find(Dispute.by_id(self.dispute_id))
        if dispute is None:
            raise NotFound
        # From here on nothing is refused.
        waits = dispute.state == "open" and dispute.maker_id is not None
        overdue = waits and too_old(books, dispute.proposed_at, self.ttl_seconds)
        if overdue:
            open_ = msgspec.structs.replace(
                dispute, resolution=None, evidence=None, maker_id=None, proposed_at=None
            )
            books.put(open_)
            told = {
                "resolution": dispute.resolution,
                "maker": dispute.maker_id,
                "contentHash": dispute.content_hash,
            }
            books.record("dispute.resolution_lapsed", dispute.id, open_.facts(**told))
        return Lapsed(lapsed=overdue)
