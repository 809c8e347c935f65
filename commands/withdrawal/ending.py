"""Ends of a withdrawal for which nothing was paid: the whole hold goes back, the fee too."""

from __future__ import annotations

from typing import Any

from commands.risk import gate
from commands.tariff import Operation
from commands.withdrawal.hold import give_back
from commands.withdrawal.lifecycle import Happening, State
from commands.withdrawal.row import Withdrawal
from ledger.books import COUNTRY, Books


def end_unpaid(
    books: Books, withdrawal: Withdrawal, happening: Happening, **facts: Any
) -> Withdrawal:
    """End it. Raises Conflict when that cannot happen to it now; nothing else stops it."""
    return write_unpaid(books, withdrawal.moved(happening), **facts)


def write_unpaid(books: Books, ended: Withdrawal, **facts: Any) -> Withdrawal:
    """Write the end of a withdrawal that has moved already."""
    books.put(ended)
    use_again(books, ended, ended.amount, whole=True)
    books.record(
        f"withdrawal.{ended.state}",
        ended.id,
        ended.facts(**facts),
        give_back(books, ended.wallet_id, ended.held),
    )
    return ended


def use_again(books: Books, withdrawal: Withdrawal, amount: int, *, whole: bool) -> None:
    """Let the customer use so much of a withdrawal, or all of it, once more today or this month."""
    requested_on = withdrawal.requested_at.astimezone(COUNTRY).date()
    gate.give_back(
        books,
        Operation.ATM_WITHDRAWAL,
        withdrawal.wallet_id,
        amount,
        requested_on,
        whole=whole,
    )


def expire_if_overdue(books: Books, withdrawal: Withdrawal) -> Withdrawal:
    """What time has made of it: a code that outlived its time ends here and now."""
    if withdrawal.state is State.ACTIVE and books.passed(withdrawal.expires_at):
        return end_unpaid(books, withdrawal, Happening.EXPIRED)
    return withdrawal
