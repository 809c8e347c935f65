"""The machine did not pay, or not all: what was held or captured for it goes back.

A reversal beats an original that comes later, and never takes back what another one took back.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from commands.command import Command, Rounds
from commands.switch.dispute import SETTLEMENT
from commands.switch.trace import SwitchReply, SwitchTrace, TraceId, use_nonce
from commands.withdrawal.advice import (
    accepted,
    advice_touches,
    approved_by,
    dispute_uncovered,
    note_unknown,
)
from commands.withdrawal.capture import FEES, capture, fee_of_part
from commands.withdrawal.ending import end_unpaid
from commands.withdrawal.lifecycle import Happening, State
from commands.withdrawal.row import Withdrawal
from ledger.accounts import Status
from ledger.books import Books
from ledger.journal import credit, debit, entry
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
        return accepted(withdrawal)
    elif withdrawal is not None and paid.minor < withdrawal.captured:
        _take_back(books, withdrawal, paid, reason)
        return accepted(withdrawal)
    if paid.minor and (withdrawal is None or withdrawal.state is State.RELEASED):
        dispute_uncovered(books, trace, paid, withdrawal)
    return accepted(withdrawal)


def _take_back(books: Books, withdrawal: Withdrawal, paid: Money, reason: str) -> None:
    """Reverse a capture, whole or in part, with what the tariff then leaves of the fee."""
    fee = fee_of_part(books, withdrawal, paid, withdrawal.captured_fee)
    less = Money(withdrawal.captured) - paid
    less_fee = Money(withdrawal.captured_fee) - fee
    after = withdrawal.moved(
        Happening.REVERSED_IN_PART if paid.minor else Happening.REVERSED,
        captured=paid.minor,
        captured_fee=fee.minor,
        capture_entry=None,
    )
    books.put(after)
    _reopen_for_refund(books, after)
    books.record(
        "withdrawal.reversed",
        after.id,
        after.facts(reason=reason),
        entry(
            debit(SETTLEMENT, less),
            debit(FEES, less_fee),
            credit(after.wallet_id, less + less_fee),
            value_date=after.settlement_date,
            reverses=withdrawal.capture_entry,
        ),
    )


def _reopen_for_refund(books: Books, withdrawal: Withdrawal) -> None:
    """A closed wallet that gets money back is frozen from now on, until its owner comes for it."""
    wallet = books.account(withdrawal.wallet_id)
    if wallet.status is Status.CLOSED:
        books.put(msgspec.structs.replace(wallet, status=Status.FROZEN))
        books.record(
            "wallet.status_changed",
            wallet.id,
            {"user": withdrawal.user_id, "status": Status.FROZEN},
        )
