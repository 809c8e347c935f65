"""No word came from the switch by the deadline: whether the machine paid is in doubt now."""

from __future__ import annotations

from uuid import UUID

from commands.command import Answer, Command, Rounds
from commands.withdrawal.lifecycle import Happening, State
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.errors import NotFound


class Doubted(Answer, frozen=True, kw_only=True):
    """Whether it is in doubt since now."""

    in_doubt: bool


class DoubtWithdrawal(Command[Doubted], frozen=True, kw_only=True):
    """Put an approval without word into doubt. Its money stays held: it may have been paid."""

    transaction_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Withdrawal.by_id(self.transaction_id),)

    def decide(self, books: Books) -> Doubted:
        withdrawal = books.find(Withdrawal.by_id(self.transaction_id))
        if withdrawal is None:
            raise NotFound
        # From here on nothing is refused.
        if withdrawal.state is not State.AUTHORISED:
            return Doubted(in_doubt=False)
        assert withdrawal.doubt_at is not None, "an approval has a deadline"
        if not books.passed(withdrawal.doubt_at):
            return Doubted(in_doubt=False)
        doubted = withdrawal.moved(Happening.NO_WORD)
        books.put(doubted)
        books.record("withdrawal.in_doubt", doubted.id, doubted.facts())
        return Doubted(in_doubt=True)
