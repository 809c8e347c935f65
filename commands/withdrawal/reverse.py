"""The machine did not pay, or not all: what was held or captured for it goes back.

A reversal beats an original that comes later, and never takes back what another one took back.
"""

from __future__ import annotations

from typing import ClassVar

from commands.command import Command, Rounds
from commands.risk.activity import terminal_subject
from commands.risk.gate import give_back_at
from commands.switch.trace import SwitchReply, SwitchTrace, TraceId, use_nonce
from commands.tariff import Operation
from commands.withdrawal.advice import (
    accepted,
    advice_touches,
    approved_by,
    dispute_uncovered,
    note_unknown,
)
from commands.withdrawal.capture import capture
from commands.withdrawal.ending import end_unpaid
from commands.withdrawal.lifecycle import Happening, State
from commands.withdrawal.row import Withdrawal
from commands.withdrawal.take_back import agree, take_back
from ledger.books import COUNTRY, Books
from ledger.money import Money


class ReverseWithdrawal(Command[SwitchReply], frozen=True, kw_only=True):
    """Give back what was not paid. `amount` is what was really paid: nothing, or a part."""

    NEVER_SHED: ClassVar[bool] = True

    trace: TraceId
    nonce_hash: bytes | None
    amount: Money
    reason: str

    def touches(self, books: Books) -> Rounds:
        yield from advice_touches(books, self.trace, self.nonce_hash)

    def decide(self, books: Books) -> SwitchReply:
        use_nonce(books, self.nonce_hash)
        # From here on nothing is refused.
        return reverse(books, self.trace, self.amount, self.reason)


def reverse(books: Books, trace: TraceId, paid: Money, reason: str) -> SwitchReply:
    """Take the switch's word that no more than this was paid."""
    known = books.find(SwitchTrace.by_id(trace.id))
    withdrawal = approved_by(books, known)
    if known is None:
        note_unknown(books, trace)
        books.record("switch.reversal_noted", trace.id, trace.facts(reason=reason))
    elif withdrawal is not None and withdrawal.awaits_word:
        if paid.minor:
            capture(books, withdrawal, trace, paid, reason=reason)
        else:
            end_unpaid(books, withdrawal, Happening.REVERSED, reason=reason)
            _use_terminal_again(books, trace, withdrawal, withdrawal.amount, whole=True)
        return accepted(withdrawal)
    elif withdrawal is not None and withdrawal.state in (State.COMPLETED, State.REVERSED):
        agree(books, withdrawal, paid)
        less = withdrawal.captured - paid.minor
        if less > 0:
            take_back(books, withdrawal, paid, reason)
            _use_terminal_again(books, trace, withdrawal, less, whole=not paid.minor)
        return accepted(withdrawal)
    if paid.minor and (withdrawal is None or withdrawal.state is State.RELEASED):
        dispute_uncovered(books, trace, paid, withdrawal)
    return accepted(withdrawal)


def _use_terminal_again(
    books: Books, trace: TraceId, withdrawal: Withdrawal, amount: int, *, whole: bool
) -> None:
    """What a terminal has not paid does not count there."""
    assert withdrawal.authorised_at is not None, "a trace has approved it"
    give_back_at(
        books,
        Operation.ATM_WITHDRAWAL,
        terminal_subject(trace.terminal_id),
        amount,
        withdrawal.authorised_at.astimezone(COUNTRY).date(),
        whole=whole,
    )
