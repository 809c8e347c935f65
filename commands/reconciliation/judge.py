"""What an item of a settlement file means for our books, trace by trace.

What the file says is the switch's word: it completes or reverses a withdrawal that still waits for
one. Whatever else differs is found and written down; two people decide what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import msgspec

from commands.reconciliation.interchange import interchange_on
from commands.reconciliation.item import Item, ItemKind
from commands.reconciliation.mention import Mention
from commands.reconciliation.mismatch import (
    Mismatch,
    MismatchKind,
    MismatchState,
    Place,
    end_mismatch,
    find_mismatch,
)
from commands.switch.dispute import Dispute
from commands.switch.trace import SwitchTrace, TraceId
from commands.treasury.breaks import Break, Side
from commands.withdrawal.advice import approved_by
from commands.withdrawal.capture import capture
from commands.withdrawal.reverse import reverse
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.money import Money

BY_FILE = "file"  # instead of a message of the switch


class Outcome(StrEnum):
    """What matching has made of an item."""

    MATCHED = "matched"
    COMPLETED = "completed"  # it was in doubt, or no word had come: the file has completed it
    REVERSED = "reversed"  # the same, with nothing paid
    DISPUTED = "disputed"  # it is the claim of an open dispute
    MISMATCH = "mismatch"


class Judged(NamedTuple):
    """An outcome, and whose withdrawal the item is about."""

    outcome: Outcome
    withdrawal_id: UUID | None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """An item beside what our books know of its trace."""

    books: Books
    item: Item
    place: Place
    trace: TraceId
    mention: Mention
    known: SwitchTrace | None
    withdrawal: Withdrawal | None

    def differs(self, kind: MismatchKind, in_file: int, in_books: int) -> Outcome:
        """It is a mismatch."""
        found = self.withdrawal
        find_mismatch(
            self.books,
            kind,
            self.trace,
            self.place,
            in_file=in_file,
            in_books=in_books,
            withdrawal_id=None if found is None else found.id,
            book_date=None if found is None else found.settlement_date,
        )
        return Outcome.MISMATCH


def judge(books: Books, acquirer_id: str, item: Item, place: Place) -> Judged:
    """Compare an item with our books, and note what it says of its trace."""
    trace = item.trace_of(acquirer_id)
    known = books.find(SwitchTrace.by_id(trace.id))
    case = Case(
        books=books,
        item=item,
        place=place,
        trace=trace,
        mention=books.find(Mention.of(trace.id)) or Mention(id=trace.id),
        known=known,
        withdrawal=approved_by(books, known),
    )
    outcome = JUDGES[item.kind](case)
    withdrawal = case.withdrawal
    return Judged(outcome, None if withdrawal is None else withdrawal.id)


def _captured(case: Case) -> Outcome:
    """The switch claims the amount."""
    item, withdrawal = case.item, case.withdrawal
    if case.mention.claimed:
        return case.differs(MismatchKind.DUPLICATE, item.amount, 0)
    missed = _explain_missing(case)
    if withdrawal is not None and withdrawal.awaits_word:
        outcome = _complete(case, withdrawal)
    elif withdrawal is None or not withdrawal.captured:
        outcome = _compare_uncaptured(case)
    else:
        outcome = _compare_captured(case, withdrawal, missed)
    fee = interchange_on(case.books, case.place.file_date).fee(item.amount)
    if item.fee != fee:
        outcome = case.differs(MismatchKind.FEE, item.fee, fee)
    _note(case, item.amount)
    return outcome


def _complete(case: Case, withdrawal: Withdrawal) -> Outcome:
    """The file is the word that was awaited."""
    assert case.known is not None, "a trace has approved it"
    paid = Money(case.item.amount)
    case.books.put(msgspec.structs.replace(case.known, completed=paid.minor))
    capture(case.books, withdrawal, case.trace, paid, case.place.file_date, source=BY_FILE)
    return Outcome.COMPLETED


def _compare_uncaptured(case: Case) -> Outcome:
    """No capture stands for it: a dispute or a claim that was paid ahead may."""
    amount, owed = case.item.amount, owed_for(case.books, case.trace, case.withdrawal)
    if amount in owed:
        return Outcome.DISPUTED
    if max(owed):
        return case.differs(MismatchKind.AMOUNT, amount, max(owed))
    unknown = case.withdrawal is None
    kind = MismatchKind.MISSING_HERE if unknown else MismatchKind.REVERSED_HERE_ONLY
    return case.differs(kind, amount, 0)


def _compare_captured(case: Case, withdrawal: Withdrawal, missed: bool) -> Outcome:
    amount, owed = case.item.amount, owed_for(case.books, case.trace, withdrawal)
    if amount not in owed:
        return case.differs(MismatchKind.AMOUNT, amount, max(owed))
    if withdrawal.settlement_date != case.place.file_date or missed:
        was_due = missed or case.mention.absences
        kind = MismatchKind.LATE if was_due else MismatchKind.WRONG_DATE
        return case.differs(kind, amount, amount)
    return Outcome.MATCHED


def _reversed(case: Case) -> Outcome:
    """Nothing was paid in the end, and nothing is claimed."""
    withdrawal = case.withdrawal
    if case.mention.claimed:
        return case.differs(MismatchKind.DUPLICATE, 0, 0)
    _explain_missing(case)
    _note(case, 0)
    if withdrawal is not None and withdrawal.awaits_word:
        reverse(case.books, case.trace, Money(0), BY_FILE)
        return Outcome.REVERSED
    if withdrawal is not None and withdrawal.captured:
        return case.differs(MismatchKind.REVERSED_THERE_ONLY, 0, withdrawal.captured)
    disputed = max(owed_for(case.books, case.trace, withdrawal))
    return Outcome.DISPUTED if disputed else Outcome.MATCHED


def _taken_back(case: Case) -> Outcome:
    """Of what an earlier file has claimed, so much is given back."""
    left = case.mention.claimed - case.item.amount
    owed = owed_for(case.books, case.trace, case.withdrawal)
    if left < 0:
        return case.differs(MismatchKind.AMOUNT, case.mention.claimed, case.item.amount)
    _note(case, -case.item.amount)
    if left in owed:
        return Outcome.MATCHED
    more_here = case.withdrawal is not None and case.withdrawal.captured > left
    kind = MismatchKind.REVERSED_THERE_ONLY if more_here else MismatchKind.AMOUNT
    return case.differs(kind, left, max(owed))


JUDGES: Mapping[ItemKind, Callable[[Case], Outcome]] = {
    ItemKind.CAPTURED: _captured,
    ItemKind.REVERSED: _reversed,
    ItemKind.TAKEN_BACK: _taken_back,
}


def owed_for(books: Books, trace: TraceId, withdrawal: Withdrawal | None) -> tuple[int, ...]:
    """What our books owe the switch for a trace, in minor units; more than one answer when a claim
    that was paid ahead of the switch's word has ended, as its money may stand there or not."""
    dispute = books.find(Dispute.by_id(trace.id))
    owed = 0 if dispute is None else dispute.claimed
    if withdrawal is None:
        return (owed,)
    owed += withdrawal.captured
    ahead = books.find(Break.by_id(withdrawal.id))
    if ahead is None or ahead.side is not Side.CLAIMED:
        return (owed,)
    return (owed + ahead.remaining,) if ahead.remaining else (owed, owed + ahead.amount)


def _explain_missing(case: Case) -> bool:
    """A file before should have named it: that mismatch is over. Whether a break was booked for
    it, which stands until somebody ends it."""
    missing_id = case.mention.missing_id
    if missing_id is None:
        return False
    found: Mismatch = case.books.get(Mismatch.by_id(missing_id))
    if found.state is MismatchState.OPEN:
        end_mismatch(case.books, found, MismatchState.EXPLAINED, by=case.place.file_id)
    unclaimed = case.withdrawal and case.books.find(Break.by_id(case.withdrawal.id))
    return bool(unclaimed and unclaimed.side is Side.IN_BOOKS_ONLY and unclaimed.remaining)


def _note(case: Case, claimed: int) -> None:
    mention = case.mention
    case.books.put(
        msgspec.structs.replace(
            mention,
            file_id=case.place.file_id,
            number=case.place.number,
            claimed=mention.claimed + claimed,
            missing_id=None,
        )
    )
