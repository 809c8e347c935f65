"""A code has outlived its time: the hold goes back. Judged by the database's clock."""

from __future__ import annotations

from uuid import UUID

from commands.command import Answer, Command, Rounds
from commands.withdrawal.ending import expire_if_overdue
from commands.withdrawal.hold import hold_keys
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.errors import NotFound


class Expired(Answer, frozen=True, kw_only=True):
    """Whether the code ended now."""

    expired: bool


class ExpireWithdrawal(Command[Expired], frozen=True, kw_only=True):
    """End an active withdrawal that is overdue; any other is left as it is."""

    transaction_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Withdrawal.by_id(self.transaction_id),)
        withdrawal = books.find(Withdrawal.by_id(self.transaction_id))
        if withdrawal is not None:
            yield hold_keys(withdrawal.wallet_id)

    def decide(self, books: Books) -> Expired:
        withdrawal = books.find(Withdrawal.by_id(self.transaction_id))
        if withdrawal is None:
            raise NotFound
        # From here on nothing is refused.
        after = expire_if_overdue(books, withdrawal)
        return Expired(expired=after is not withdrawal)
