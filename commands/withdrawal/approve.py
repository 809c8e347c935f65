"""The owner approves a withdrawal in the app, because a machine asked for it under step-up."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.withdrawal.lifecycle import State
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.errors import CodeExpired, Conflict, NotFound

GOOD_FOR = timedelta(seconds=120)


class WithdrawalApproved(Answer, frozen=True, kw_only=True):
    """Until when the code may be typed again, at the machine that asked."""

    transaction_id: UUID
    good_until: datetime


class ApproveWithdrawal(Command[WithdrawalApproved], frozen=True, kw_only=True):
    """Approve one's own live withdrawal for two minutes.

    Good at the machine where the right code was typed; at any, when none has asked yet.
    """

    transaction_id: UUID
    user_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Withdrawal.by_id(self.transaction_id),)

    def decide(self, books: Books) -> WithdrawalApproved:
        withdrawal = books.find(Withdrawal.by_id(self.transaction_id))
        if withdrawal is None or withdrawal.user_id != self.user_id:
            raise NotFound
        if withdrawal.state is not State.ACTIVE:
            raise Conflict(state=withdrawal.state)
        if books.passed(withdrawal.expires_at):
            raise CodeExpired
        # From here on nothing is refused.
        good_until = books.now + GOOD_FOR
        approved = msgspec.structs.replace(withdrawal, approved_until=good_until)
        books.put(approved)
        books.record(
            "withdrawal.approved",
            approved.id,
            approved.facts(terminal=approved.wanted_at, goodUntil=good_until),
        )
        return WithdrawalApproved(transaction_id=approved.id, good_until=good_until)
