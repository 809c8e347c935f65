"""What our books owe for one settlement date the switch claims on another: the debt moves there."""

from __future__ import annotations

from datetime import date

import msgspec

from commands.switch.dispute import BREAKS
from commands.switch.owed import SETTLEMENT, owe, owe_less
from commands.treasury.breaks import UNCLAIMED, Break, Side
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.journal import credit, debit, entry, move
from ledger.money import Money

REDATED = "settlement.redated"


def redate(books: Books, withdrawal: Withdrawal, to: date) -> None:
    """Owe a captured withdrawal for this date. What stands as claimed by nobody is claimed now;
    the rest moves by two entries, as an entry has one value date."""
    unclaimed = books.find(Break.by_id(withdrawal.id))
    if unclaimed is not None and unclaimed.side is not Side.IN_BOOKS_ONLY:
        unclaimed = None
    found_again = unclaimed.remaining if unclaimed is not None else 0
    moved = withdrawal.captured - found_again
    before = withdrawal.settlement_date
    assert before is not None, "what was captured has its date"
    books.put(msgspec.structs.replace(withdrawal, settlement_date=to))
    if unclaimed is not None and found_again:
        _claim(books, unclaimed, to)
    if moved and before != to:
        _move(books, withdrawal, Money(moved), before, to)
    books.record(REDATED, withdrawal.id, {"from": before, "to": to, "amount": withdrawal.captured})


def _claim(books: Books, unclaimed: Break, to: date) -> None:
    less = unclaimed.less(unclaimed.remaining)
    books.put(less)
    owe(books, to, unclaimed.remaining)
    books.record(
        "break.resolved",
        less.id,
        less.facts(how="named_late", resolved=unclaimed.remaining),
        move(
            Money(unclaimed.remaining),
            debit_to=UNCLAIMED,
            credit_to=SETTLEMENT,
            value_date=to,
        ),
    )


def _move(books: Books, withdrawal: Withdrawal, amount: Money, before: date, to: date) -> None:
    against = owe_less(books, before, amount.minor)
    facts = {"withdrawal": withdrawal.id, "amount": amount.minor}
    books.record(
        "settlement.debt_moved",
        withdrawal.id,
        facts | {"date": before},
        entry(
            *(debit(account, Money(part)) for account, part in against.items()),
            credit(BREAKS, amount),
            value_date=before,
        ),
    )
    owe(books, to, amount.minor)
    books.record(
        "settlement.debt_moved",
        withdrawal.id,
        facts | {"date": to},
        move(amount, debit_to=BREAKS, credit_to=SETTLEMENT, value_date=to),
    )
