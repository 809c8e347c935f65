"""The customer takes a withdrawal back before it is paid, at an ATM or at an agent."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from commands.agent import ending as agent_ending
from commands.agent.lifecycle import Happening as RequestHappening
from commands.agent.row import AgentRequest
from commands.command import Answer, Command, Rounds
from commands.withdrawal.ending import end_unpaid
from commands.withdrawal.hold import hold_keys
from commands.withdrawal.lifecycle import Happening, State
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.errors import CodeExpired, NotFound


class Cancelled(Answer, frozen=True, kw_only=True):
    """Where a withdrawal stands now, be it at an ATM or at an agent."""

    transaction_id: UUID
    status: str
    timestamp: datetime


class CancelWithdrawal(Command[Cancelled], frozen=True, kw_only=True):
    """Cancel what has not been paid or approved yet; all of the hold goes back."""

    transaction_id: UUID
    user_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Withdrawal.by_id(self.transaction_id), AgentRequest.by_id(self.transaction_id))
        found = self._find(books)
        if found is not None:
            yield hold_keys(found.wallet_id)

    def decide(self, books: Books) -> Cancelled:
        found = self._find(books)
        if found is None or found.user_id != self.user_id:
            raise NotFound
        if isinstance(found, AgentRequest):
            agent_ending.require_in_time(books, found)
            state = agent_ending.end_unpaid(books, found, RequestHappening.CANCELLED).state.value
        else:
            _require_in_time(books, found)
            state = end_unpaid(books, found, Happening.CANCELLED).state.value
        return Cancelled(transaction_id=self.transaction_id, status=state, timestamp=books.now)

    def _find(self, books: Books) -> Withdrawal | AgentRequest | None:
        withdrawal = books.find(Withdrawal.by_id(self.transaction_id))
        return withdrawal or books.find(AgentRequest.by_id(self.transaction_id))


def cancel_active(books: Books, withdrawal: Withdrawal, reason: str) -> bool:
    """Cancel a withdrawal whose code lives, for the caller's reason; any other is left as it is.

    Touches `hold_keys` of its wallet.
    """
    if withdrawal.state is not State.ACTIVE:
        return False
    end_unpaid(books, withdrawal, Happening.CANCELLED, reason=reason)
    return True


def _require_in_time(books: Books, withdrawal: Withdrawal) -> None:
    """Raises CodeExpired when a live code is overdue; its hold goes back all the same."""
    if withdrawal.state is State.ACTIVE and books.passed(withdrawal.expires_at):
        raise CodeExpired().leaving(partial(_expire, withdrawal=withdrawal))


def _expire(books: Books, withdrawal: Withdrawal) -> None:
    end_unpaid(books, withdrawal, Happening.EXPIRED)
