"""What the switch advises after an approval: how much was really paid. Never refused."""

from __future__ import annotations

from datetime import date

from commands.command import Rounds
from commands.risk.activity import Activity, terminal_subject
from commands.switch.dispute import Dispute, dispute_keys, dispute_once
from commands.switch.lessen import lessen_keys
from commands.switch.owed import Settlement
from commands.switch.trace import (
    Response,
    SwitchReply,
    SwitchTrace,
    Terminal,
    TraceId,
    nonce_keys,
)
from commands.tariff import TAXES, Operation, Tariff
from commands.withdrawal.capture import FEES
from commands.withdrawal.hold import hold_keys
from commands.withdrawal.row import Withdrawal
from commands.withdrawal.take_back import claimed_of, take_back_keys
from ledger.accounts import Account
from ledger.books import Books
from ledger.money import Money


def advice_touches(
    books: Books,
    trace: TraceId,
    nonce_hash: bytes | None,
    settlement_date: date | None = None,
) -> Rounds:
    """The rows that an advice about this trace, which may bring a date, can change."""
    yield (
        *nonce_keys(nonce_hash),
        SwitchTrace.by_id(trace.id),
        Terminal.by_id(trace.terminal_id),
        Tariff.of(Operation.ATM_WITHDRAWAL),
        Account.by_id(FEES),
        Account.by_id(TAXES),
        *dispute_keys(trace),
        Settlement.of(settlement_date or trace.local_date),
        Activity.of(terminal_subject(trace.terminal_id)),
    )
    known = books.find(SwitchTrace.by_id(trace.id))
    dispute = books.find(Dispute.by_id(trace.id))
    disputed = () if dispute is None else lessen_keys(dispute)
    if known is None or known.withdrawal_id is None:
        yield disputed
        return
    yield (Withdrawal.by_id(known.withdrawal_id), *disputed)
    withdrawal = books.find(Withdrawal.by_id(known.withdrawal_id))
    if withdrawal is not None:
        assert withdrawal.settlement_date is not None, "an approval has a settlement date"
        yield (
            *hold_keys(withdrawal.wallet_id),
            *take_back_keys(withdrawal),
            Settlement.of(withdrawal.settlement_date),
        )


def approved_by(books: Books, known: SwitchTrace | None) -> Withdrawal | None:
    """The withdrawal that a trace has approved, if it has."""
    if known is None or known.withdrawal_id is None:
        return None
    return books.get(Withdrawal.by_id(known.withdrawal_id))


def note_unknown(
    books: Books, trace: TraceId, completed: int | None = None, reversed_to: tuple[int, ...] = ()
) -> None:
    """Remember that an original which we have never seen, should it come, comes too late."""
    books.put(
        SwitchTrace(
            id=trace.id,
            amount=None,
            response_code=Response.LATE,
            completed=completed,
            reversed_to=reversed_to,
        )
    )


def covered_by(books: Books, withdrawal: Withdrawal | None) -> int:
    """How much of what was paid for a trace its withdrawal has captured, or had before its customer
    was paid ahead of the switch."""
    if withdrawal is None:
        return 0
    claimed = claimed_of(books, withdrawal)
    return withdrawal.captured + (0 if claimed is None else claimed.remaining)


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
        user_id=withdrawal.user_id,
        wallet_id=withdrawal.wallet_id,
    )


def accepted(withdrawal: Withdrawal | None) -> SwitchReply:
    """The answer to an advice."""
    return SwitchReply(
        response_code=Response.APPROVED,
        transaction_id=None if withdrawal is None else withdrawal.id,
    )
