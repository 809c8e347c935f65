"""Cash is out: we owe it to the switch, the fee is earned, the rest of the hold goes back."""

from __future__ import annotations

from datetime import date

import msgspec

from commands.switch.dispute import dispute_once
from commands.switch.owed import SETTLEMENT, owe
from commands.switch.trace import TraceId
from commands.tariff import Edition, Operation, Tariff
from commands.withdrawal.ending import use_again
from commands.withdrawal.hold import HELD, end_hold
from commands.withdrawal.lifecycle import Happening
from commands.withdrawal.row import Withdrawal
from ledger import chart
from ledger.books import Books
from ledger.journal import credit, debit, entry
from ledger.money import Money

FEES = chart.the(chart.FEE_ATM)


def capture(
    books: Books,
    withdrawal: Withdrawal,
    trace: TraceId,
    paid: Money,
    settlement_date: date | None = None,
    **facts: str,
) -> None:
    """Book what a machine has paid for a withdrawal that awaits its word; `paid` is above zero.

    Never more than was approved: what goes beyond becomes a dispute.
    """
    assert paid.minor > 0, "nothing paid is no capture"
    captured = Money(min(paid.minor, withdrawal.amount))
    fee = fee_of_part(books, withdrawal, captured, withdrawal.fee)
    whole = captured.minor == withdrawal.amount
    completed = withdrawal.moved(
        Happening.COMPLETED if whole else Happening.COMPLETED_IN_PART,
        captured=captured.minor,
        captured_fee=fee.minor,
        settlement_date=settlement_date or withdrawal.settlement_date,
    )
    assert completed.settlement_date is not None, "an approval has a settlement date"
    owe(books, completed.settlement_date, captured.minor)
    end_hold(books, withdrawal.wallet_id, withdrawal.held)
    if not whole:
        use_again(books, withdrawal, withdrawal.amount - captured.minor, whole=False)
    number = books.record(
        "withdrawal.completed",
        completed.id,
        completed.facts(settlementDate=completed.settlement_date, **facts),
        entry(
            debit(HELD, completed.held),
            credit(SETTLEMENT, captured),
            *edition_of(books, withdrawal).earned(FEES, fee),
            credit(withdrawal.wallet_id, completed.held - captured - fee),
            value_date=completed.settlement_date,
        ),
    )
    books.put(msgspec.structs.replace(completed, capture_entry=number))
    if paid > captured:
        dispute_once(
            books,
            trace,
            paid - captured,
            completed.settlement_date,
            withdrawal_id=completed.id,
            user_id=completed.user_id,
            wallet_id=completed.wallet_id,
        )


def fee_of_part(books: Books, withdrawal: Withdrawal, part: Money, most: int) -> Money:
    """The fee for a part of a withdrawal, by the tariff under which it was asked for."""
    edition = edition_of(books, withdrawal)
    return Money(edition.fee_up_to(part, most, withdrawal.tier))


def edition_of(books: Books, withdrawal: Withdrawal) -> Edition:
    """The tariff under which a withdrawal was asked for."""
    return books.get(Tariff.of(Operation.ATM_WITHDRAWAL)).edition(withdrawal.tariff_edition)
