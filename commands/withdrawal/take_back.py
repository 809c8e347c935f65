"""What a machine was said to have paid goes back to the customer, whole or in part.

Who bears it depends on what was settled in the meantime: our debt to the switch is less, or, once
that day was paid, the switch owes us; what stood in suspense as claimed by nobody is used first.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from commands.switch.dispute import BREAKS, SETTLEMENT
from commands.tariff import TAXES, Operation, Tariff
from commands.treasury.breaks import UNCLAIMED, Break, Side
from commands.treasury.settlement import Settlement, owed_on
from commands.treasury.trust import RECEIVABLE_SWITCH
from commands.withdrawal.capture import FEES, edition_of, fee_of_part
from commands.withdrawal.ending import use_again
from commands.withdrawal.hold import hold_keys
from commands.withdrawal.lifecycle import Happening
from commands.withdrawal.row import Withdrawal
from ledger.accounts import Account, Status
from ledger.books import Books
from ledger.journal import credit, debit, entry, move
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
    _reopen_for_refund(books, after)
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


def agree(books: Books, withdrawal: Withdrawal, paid: Money) -> None:
    """The switch's word about a withdrawal whose customer we have paid ahead of it."""
    claimed = books.find(Break.by_id(withdrawal.id))
    if claimed is None or claimed.side is not Side.CLAIMED or not claimed.remaining:
        return
    known = max(paid.minor, withdrawal.captured)
    agreed = min(claimed.remaining, withdrawal.captured + claimed.amount - known)
    if agreed > 0:
        resolve(books, claimed, agreed, owed_on(books, claimed.settlement_date), "switch_agreed")


def resolve(books: Books, found: Break, minor: int, debtor: UUID, how: str) -> None:
    """So much of a break that stood as ours is the switch's to bear after all."""
    less = found.less(minor)
    books.put(less)
    books.record(
        "break.resolved",
        less.id,
        less.facts(how=how, resolved=minor),
        move(
            Money(minor),
            debit_to=debtor,
            credit_to=found.account,
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
    if less > first:
        bearers[suspense or owed_on(books, withdrawal.settlement_date)] = less - first
    return bearers


def _told(books: Books, against: dict[UUID, int]) -> dict[str, Any]:
    """What the record says of who bears it, when it is not simply our debt to the switch."""
    if list(against) == [SETTLEMENT]:
        return {}
    return {"against": {books.account(account).code: minor for account, minor in against.items()}}


def _reopen_for_refund(books: Books, withdrawal: Withdrawal) -> None:
    """A closed wallet that gets money back is frozen from now on, until its owner comes for it."""
    wallet = books.account(withdrawal.wallet_id)
    if wallet.status is Status.CLOSED:
        books.put(msgspec.structs.replace(wallet, status=Status.FROZEN))
        books.record(
            "wallet.status_changed",
            wallet.id,
            {
                "user": withdrawal.user_id,
                "wallet": wallet.id,
                "status": Status.FROZEN,
                "reason": "money came back after it was closed",
            },
        )
