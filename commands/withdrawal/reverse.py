"""The machine did not pay, or not all: what was held or captured for it goes back.

A reversal beats an original that comes later, and never takes back what another one took back.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from commands.command import Command, Rounds
from commands.risk.activity import terminal_subject
from commands.risk.gate import give_back_at
from commands.switch.dispute import Dispute
from commands.switch.lessen import lessen_dispute
from commands.switch.trace import (
    SwitchReply,
    SwitchTrace,
    TraceId,
    require_own_terminal,
    use_nonce,
)
from commands.tariff import Operation
from commands.withdrawal.advice import (
    accepted,
    advice_touches,
    approved_by,
    covered_by,
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
    settlement_date: date | None = None

    def touches(self, books: Books) -> Rounds:
        yield from advice_touches(books, self.trace, self.nonce_hash, self.settlement_date)

    def decide(self, books: Books) -> SwitchReply:
        require_own_terminal(books, self.trace, self.nonce_hash)
        use_nonce(books, self.nonce_hash)
        # From here on nothing is refused.
        return reverse(books, self.trace, self.amount, self.reason, self.settlement_date)


def reverse(
    books: Books, trace: TraceId, paid: Money, reason: str, settlement_date: date | None = None
) -> SwitchReply:
    """Take the switch's word that no more than this was paid. One that it has given before is a
    repeat, whatever has happened since: a completion in between may have known better. What was
    paid is settled on the date that the switch says, else on that of the approval."""
    known = books.find(SwitchTrace.by_id(trace.id))
    withdrawal = approved_by(books, known)
    if known is not None and paid.minor in known.reversed_to:
        return accepted(withdrawal)
    if known is None:
        note_unknown(books, trace, reversed_to=(paid.minor,))
        books.record("switch.reversal_noted", trace.id, trace.facts(reason=reason))
        _uncover(books, trace, None, paid, reason, settlement_date)
        return accepted(None)
    books.put(known.heard(paid.minor))
    if withdrawal is not None and withdrawal.awaits_word:
        _end(books, trace, withdrawal, paid, reason, settlement_date)
        return accepted(withdrawal)
    changed = withdrawal is not None and _take_back(books, trace, withdrawal, paid, reason)
    changed |= _uncover(books, trace, withdrawal, paid, reason, settlement_date)
    if not changed:
        books.record("switch.reversal_noted", trace.id, trace.facts(reason=reason))
    return accepted(withdrawal)


def _end(
    books: Books,
    trace: TraceId,
    withdrawal: Withdrawal,
    paid: Money,
    reason: str,
    settlement_date: date | None,
) -> None:
    """What is held goes back, or, where a part was paid, what is left of it."""
    if paid.minor:
        capture(books, withdrawal, trace, paid, settlement_date, reason=reason)
        return
    end_unpaid(books, withdrawal, Happening.REVERSED, reason=reason)
    _use_terminal_again(books, trace, withdrawal, withdrawal.amount, whole=True)


def _take_back(
    books: Books, trace: TraceId, withdrawal: Withdrawal, paid: Money, reason: str
) -> bool:
    """What was captured goes back, but for what was paid. Whether anything did."""
    agreed = agree(books, withdrawal, paid)
    less = withdrawal.captured - paid.minor
    if less <= 0:
        return agreed
    take_back(books, withdrawal, paid, reason)
    _use_terminal_again(books, trace, withdrawal, less, whole=not paid.minor)
    return True


def _uncover(
    books: Books,
    trace: TraceId,
    before: Withdrawal | None,
    paid: Money,
    reason: str,
    settlement_date: date | None,
) -> bool:
    """What was paid and nothing of ours covers is disputed, and no more than that. Whether this
    was news."""
    withdrawal = None if before is None else books.get(Withdrawal.by_id(before.id))
    uncovered = max(0, paid.minor - covered_by(books, withdrawal))
    if books.find(Dispute.by_id(trace.id)) is not None:
        return lessen_dispute(books, trace, uncovered, reason)
    if not uncovered or (withdrawal is not None and withdrawal.state is not State.RELEASED):
        return False
    dispute_uncovered(books, trace, Money(uncovered), withdrawal, settlement_date)
    return True


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
