"""What a machine was said to have paid goes back to the customer, whole or in part.

Who bears it depends on what was settled in the meantime: our debt to the switch is less, or, once
that day was paid, the switch owes us; what stood in suspense as claimed by nobody is used first.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from commands.account.refund import reopen_for_refund
from commands.switch.dispute import BREAKS
from commands.switch.owed import RECEIVABLE_SWITCH, SETTLEMENT, Settlement, owe_less
from commands.tariff import TAXES, Operation, Tariff
from commands.treasury.breaks import UNCLAIMED, Break, Side
from commands.withdrawal.capture import FEES, edition_of, fee_of_part
from commands.withdrawal.ending import use_again
from commands.withdrawal.hold import hold_keys
from commands.withdrawal.lifecycle import Happening
from commands.withdrawal.row import Withdrawal
from ledger.accounts import Account
from ledger.books import Books
from ledger.journal import credit, debit, entry
from ledger.money import Money
from ledger.rows import Key


def take_back_keys(withdrawal: Withdrawal) -> tuple[Key[Any], ...]:
    """What `take_back` and `agree` touch beyond the rows of an advice; nothing while the machine's
    word is still awaited."""
    if withdrawal.settlement_date is None or withdrawal.awaits_word:
        return ()
    return (
        Break.by_id(withdrawal.id),
        Settlement.of(withdrawal.settlement_date),
        *(Account.by_id(account) for account in (UNCLAIMED, RECEIVABLE_SWITCH)),
    )


def refund_keys(withdrawal: Withdrawal) -> tuple[Key[Any], ...]:
    """All that `take_back` touches, for whoever brings no advice of the switch."""
    accounts = (FEES, TAXES, SETTLEMENT, BREAKS)
    return (
        Tariff.of(Operation.ATM_WITHDRAWAL),
        *(Account.by_id(account) for account in accounts),
        *hold_keys(withdrawal.wallet_id),
        *take_back_keys(withdrawal),
    )


def take_back(
    books: Books, withdrawal: Withdrawal, paid: Money, reason: str, suspense: UUID | None = None
) -> Withdrawal:
    """Reverse a capture down to what was paid, with what the tariff then leaves of the fee.

    With `suspense` the money is ahead of the switch's word and stands there until it comes.
    """
    fee = fee_of_part(books, withdrawal, paid, withdrawal.captured_fee)
    less = Money(withdrawal.captured) - paid
    less_fee = Money(withdrawal.captured_fee) - fee
    after = withdrawal.moved(
        Happening.REVERSED_IN_PART if paid.minor else Happening.REVERSED,
        captured=paid.minor,
        captured_fee=fee.minor,
        capture_entry=None,
    )
    against = _bearers(books, withdrawal, less.minor, suspense)
    books.put(after)
    use_again(books, withdrawal, less.minor, whole=not paid.minor)
    reopen_for_refund(books, after.wallet_id)
    books.record(
        "withdrawal.reversed",
        after.id,
        after.facts(reason=reason, **_told(books, against)),
        entry(
            *(debit(account, Money(minor)) for account, minor in against.items()),
            *edition_of(books, withdrawal).given_up(FEES, Money(withdrawal.captured_fee), fee),
            credit(after.wallet_id, less + less_fee),
            value_date=after.settlement_date,
            reverses=withdrawal.capture_entry,
        ),
    )
    return after


def claimed_of(books: Books, withdrawal: Withdrawal) -> Break | None:
    """What its customer was paid ahead of the switch's word, if that still has to come."""
    claimed = books.find(Break.by_id(withdrawal.id))
    if claimed is None or claimed.side is not Side.CLAIMED or not claimed.remaining:
        return None
    return claimed


def agree(books: Books, withdrawal: Withdrawal, paid: Money) -> bool:
    """The switch's word about a withdrawal whose customer we have paid ahead of it. Whether it
    agrees, in part at least."""
    claimed = claimed_of(books, withdrawal)
    if claimed is None:
        return False
    known = max(paid.minor, withdrawal.captured)
    agreed = min(claimed.remaining, withdrawal.captured + claimed.amount - known)
    if agreed > 0:
        resolve(books, claimed, agreed, "switch_agreed")
    return agreed > 0


def resolve(books: Books, found: Break, minor: int, how: str) -> None:
    """So much of a break that stood as ours is the switch's to bear after all."""
    less = found.less(minor)
    against = owe_less(books, found.settlement_date, minor)
    books.put(less)
    books.record(
        "break.resolved",
        less.id,
        less.facts(how=how, resolved=minor),
        entry(
            *(debit(account, Money(part)) for account, part in against.items()),
            credit(found.account, Money(minor)),
            value_date=found.settlement_date,
        ),
    )


def _bearers(
    books: Books, withdrawal: Withdrawal, less: int, suspense: UUID | None
) -> dict[UUID, int]:
    """The accounts that are debited, with how much."""
    unclaimed = books.find(Break.by_id(withdrawal.id))
    first = 0
    if unclaimed is not None and unclaimed.side is Side.IN_BOOKS_ONLY:
        first = min(less, unclaimed.remaining)
    bearers = {}
    if first:
        assert unclaimed is not None, "there is something to take first"
        used = unclaimed.less(first)
        books.put(used)
        books.record("break.resolved", used.id, used.facts(how="for_customer", resolved=first))
        bearers[UNCLAIMED] = first
    if less > first and suspense is not None:
        bearers[suspense] = less - first
    elif less > first:
        assert withdrawal.settlement_date is not None, "what was captured has its date"
        bearers |= owe_less(books, withdrawal.settlement_date, less - first)
    return bearers


def _told(books: Books, against: dict[UUID, int]) -> dict[str, Any]:
    """What the record says of who bears it, when it is not simply our debt to the switch."""
    if list(against) == [SETTLEMENT]:
        return {}
    return {"against": {books.account(account).code: minor for account, minor in against.items()}}
