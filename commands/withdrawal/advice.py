"""What the switch advises after an approval: how much was really paid. Never refused."""

from __future__ import annotations

from datetime import date

from commands.command import Rounds
from commands.risk.activity import Activity, terminal_subject
from commands.switch.dispute import dispute_keys, dispute_once
from commands.switch.trace import Response, SwitchReply, SwitchTrace, TraceId, nonce_keys
from commands.tariff import TAXES, Operation, Tariff
from commands.withdrawal.capture import FEES
from commands.withdrawal.hold import hold_keys
from commands.withdrawal.row import Withdrawal
from commands.withdrawal.take_back import take_back_keys
from ledger.accounts import Account
from ledger.books import Books
from ledger.money import Money


def advice_touches(books: Books, trace: TraceId, nonce_hash: bytes | None) -> Rounds:
    """The rows that an advice about this trace may change."""
    yield (
        *nonce_keys(nonce_hash),
        SwitchTrace.by_id(trace.id),
        Tariff.of(Operation.ATM_WITHDRAWAL),
        Account.by_id(FEES),
        Account.by_id(TAXES),
        *dispute_keys(trace),
        Activity.of(terminal_subject(trace.terminal_id)),
    )
    known = books.find(SwitchTrace.by_id(trace.id))
    if known is None or known.withdrawal_id is None:
        return
    yield (Withdrawal.by_id(known.withdrawal_id),)
    withdrawal = books.find(Withdrawal.by_id(known.withdrawal_id))
    if withdrawal is not None:
        yield (*hold_keys(withdrawal.wallet_id), *take_back_keys(withdrawal))


def approved_by(books: Books, known: SwitchTrace | None) -> Withdrawal | None:
    """The withdrawal that a trace has approved, if it has."""
    if known is None or known.withdrawal_id is None:
        return None
    return books.get(Withdrawal.by_id(known.withdrawal_id))


def note_unknown(books: Books, trace: TraceId, completed: int | None = None) -> None:
    """Remember that an original which we have never seen, should it come, comes too late."""
    books.put(
        SwitchTrace(
            id=trace.id,
            amount=None,
            response_code=Response.LATE,
            completed=completed,
        )
    )


def dispute_uncovered(
    books: Books,
    trace: TraceId,
    paid: Money,
    withdrawal: Withdrawal | None,
    settlement_date: date | None = None,
) -> None:
    """Cash is out that no hold covers, or none any more."""
    if withdrawal is None:
        dispute_once(books, trace, paid, settlement_date or trace.local_date)
        return
    dispute_once(
        books,
        trace,
        paid,
        settlement_date or withdrawal.settlement_date or trace.local_date,
        withdrawal_id=withdrawal.id,
        wallet_id=withdrawal.wallet_id,
    )


def accepted(withdrawal: Withdrawal | None) -> SwitchReply:
    """The answer to an advice."""
    return SwitchReply(
        response_code=Response.APPROVED,
        transaction_id=None if withdrawal is None else withdrawal.id,
    )
