"""The machine has paid: all that was approved, a part of it, or more than it should have."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

import msgspec

from commands.command import Command, Rounds
from commands.switch.trace import (
    Response,
    SwitchReply,
    SwitchTrace,
    TraceId,
    require_own_terminal,
    use_nonce,
)
from commands.withdrawal.advice import (
    accepted,
    advice_touches,
    approved_by,
    dispute_uncovered,
    note_unknown,
)
from commands.withdrawal.capture import capture
from commands.withdrawal.lifecycle import State
from commands.withdrawal.reverse import reverse
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.money import Money


class CompleteWithdrawal(Command[SwitchReply], frozen=True, kw_only=True):
    """Capture what was really paid, once. From the switch's file it comes without a nonce."""

    NEVER_SHED: ClassVar[bool] = True

    trace: TraceId
    nonce_hash: bytes | None
    amount: Money
    settlement_date: date | None = None
    source: Literal["switch", "file"] = "switch"

    def touches(self, books: Books) -> Rounds:
        yield from advice_touches(books, self.trace, self.nonce_hash, self.settlement_date)

    def decide(self, books: Books) -> SwitchReply:
        require_own_terminal(books, self.trace, self.nonce_hash)
        use_nonce(books, self.nonce_hash)
        # From here on nothing is refused.
        if self.amount.minor == 0:
            return reverse(books, self.trace, self.amount, reason="nothing was paid")
        known = books.find(SwitchTrace.by_id(self.trace.id))
        withdrawal = approved_by(books, known)
        if known is None or withdrawal is None:
            return self._dispute_unapproved(books, known)
        if known.completed == self.amount.minor:
            return accepted(withdrawal)
        if withdrawal.awaits_word:
            return self._capture(books, known, withdrawal)
        if withdrawal.state is State.COMPLETED:
            same = withdrawal.captured == self.amount.minor
            return accepted(withdrawal) if same else SwitchReply(response_code=Response.DUPLICATE)
        dispute_uncovered(books, self.trace, self.amount, withdrawal, self.settlement_date)
        return accepted(withdrawal)

    def _capture(self, books: Books, known: SwitchTrace, withdrawal: Withdrawal) -> SwitchReply:
        books.put(msgspec.structs.replace(known, completed=self.amount.minor))
        capture(
            books, withdrawal, self.trace, self.amount, self.settlement_date, source=self.source
        )
        return accepted(withdrawal)

    def _dispute_unapproved(self, books: Books, known: SwitchTrace | None) -> SwitchReply:
        if known is None:
            note_unknown(books, self.trace, self.amount.minor)
        dispute_uncovered(books, self.trace, self.amount, None, self.settlement_date)
        return accepted(None)
