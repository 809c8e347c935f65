"""Two people say what becomes of a mismatch: what its kind calls for is posted, or nothing is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.reconciliation.file import SettlementFile
from commands.reconciliation.mention import Mention
from commands.reconciliation.mismatch import Mismatch, MismatchKind, MismatchState, end_mismatch
from commands.reconciliation.redate import redate
from commands.switch.dispute import BREAKS, Dispute, dispute_once
from commands.switch.owed import RECEIVABLE_SWITCH, SETTLEMENT, Settlement
from commands.switch.trace import SwitchTrace
from commands.treasury.breaks import UNCLAIMED, BookBreak, Break, Side
from commands.treasury.own_money import TREASURERS, Said
from commands.withdrawal.advice import note_unknown
from commands.withdrawal.row import Withdrawal
from commands.withdrawal.take_back import refund_keys, take_back
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import Conflict, NotFound
from ledger.money import Money

IN_THE_FILE = "the switch's file"


class MismatchEnd(StrEnum):
    """How a mismatch may end."""

    BOOK = "book"
    DISMISS = "dismiss"  # nothing is posted: the evidence says why


class ResolveMismatch(Change, frozen=True, kw_only=True):
    """Post what the kind of a mismatch calls for, or dismiss it."""

    MAKERS: ClassVar[tuple[Role, ...]] = TREASURERS
    CHECKERS: ClassVar[tuple[Role, ...]] = TREASURERS

    mismatch_id: UUID
    end: MismatchEnd
    evidence: Said

    def touches(self, books: Books) -> Rounds:
        accounts = (BREAKS, UNCLAIMED, SETTLEMENT, RECEIVABLE_SWITCH)
        yield (
            Mismatch.by_id(self.mismatch_id),
            *(Account.by_id(account) for account in accounts),
        )
        found = books.find(Mismatch.by_id(self.mismatch_id))
        if found is None:
            return
        about = found.withdrawal_id
        yield (
            SettlementFile.by_id(found.file_id),
            SwitchTrace.by_id(found.trace.id),
            Mention.of(found.trace.id),
            Dispute.by_id(found.trace.id),
            Settlement.of(found.file_date),
            *((Withdrawal.by_id(about), Break.by_id(about)) if about is not None else ()),
        )
        withdrawal = None if about is None else books.find(Withdrawal.by_id(about))
        if withdrawal is not None:
            assert withdrawal.settlement_date is not None, "an approval has a settlement date"
            yield (Settlement.of(withdrawal.settlement_date), *refund_keys(withdrawal))

    def require_possible(self, books: Books, maker: Person) -> None:
        found = books.find(Mismatch.by_id(self.mismatch_id))
        if found is None:
            raise NotFound("There is no such mismatch.")
        if found.state is not MismatchState.OPEN:
            raise Conflict(state=found.state)
        if self.end is MismatchEnd.BOOK:
            REMEDIES[found.kind].require_possible(books, found, maker)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        found = books.get(Mismatch.by_id(self.mismatch_id))
        dismissed = self.end is MismatchEnd.DISMISS
        end_mismatch(
            books,
            found,
            MismatchState.DISMISSED if dismissed else MismatchState.BOOKED,
            checker_id=checker.id,
            evidence=self.evidence,
            proposal=proposal_id,
        )
        if not dismissed:
            REMEDIES[found.kind].apply(books, found, checker)
        return {"mismatch": found.id, "end": self.end}


class Remedy(msgspec.Struct, frozen=True):
    """What one kind of mismatch calls for, and what stands against it."""

    require_possible: Callable[[Books, Mismatch, Person], None]
    apply: Callable[[Books, Mismatch, Person], None]


# -- the file claims what our books do not owe -----------------------------------------------------


def _require_undisputed(books: Books, found: Mismatch, _maker: Person) -> None:
    """A trace is disputed once: by the switch's message or by its file."""
    dispute = books.find(Dispute.by_id(found.trace.id))
    if dispute is not None:
        raise Conflict("A message of the switch has opened a dispute.", state=dispute.state)
    withdrawal = _withdrawal(books, found)
    if withdrawal is not None and withdrawal.captured:
        raise Conflict("It was completed in the meantime.", state=withdrawal.state)


def _dispute(books: Books, found: Mismatch, _checker: Person) -> None:
    """Owe it, as a dispute: nobody knows yet who bears it. A late original finds it is too late."""
    withdrawal = _withdrawal(books, found)
    if books.find(SwitchTrace.by_id(found.trace.id)) is None:
        note_unknown(books, found.trace, found.in_file)
    dispute_once(
        books,
        found.trace,
        Money(found.difference),
        found.file_date,
        withdrawal_id=None if withdrawal is None else withdrawal.id,
        user_id=None if withdrawal is None else withdrawal.user_id,
        wallet_id=None if withdrawal is None else withdrawal.wallet_id,
    )


def _require_break(books: Books, found: Mismatch, maker: Person) -> None:
    _break(books, found).require_possible(books, maker)


def _book_break(books: Books, found: Mismatch, checker: Person) -> None:
    _break(books, found).apply(books, found.id, checker)


def _break(books: Books, found: Mismatch) -> BookBreak:
    """The break for what one side has more than the other."""
    in_file_only = found.in_file >= found.in_books
    withdrawal = None if in_file_only else _withdrawal(books, found)
    on = found.file_date if withdrawal is None else withdrawal.settlement_date
    assert on is not None, "what was captured has its date"
    file = books.get(SettlementFile.by_id(found.file_id))
    return BookBreak(
        side=Side.IN_FILE_ONLY if in_file_only else Side.IN_BOOKS_ONLY,
        amount=Money(found.difference),
        settlement_date=on,
        reference=f"file {file.number} of {file.settlement_date}, RRN {found.rrn}",
        withdrawal_id=None if withdrawal is None else withdrawal.id,
    )


# -- our books owe what the file does not claim ----------------------------------------------------


def _require_still_missing(books: Books, found: Mismatch, maker: Person) -> None:
    _require_as_found(books, found)
    mention = books.find(Mention.of(found.trace.id))
    if mention is not None and mention.file_id is not None:
        raise Conflict("A later file has named it.", state=MismatchState.EXPLAINED)
    _require_break(books, found, maker)


def _require_captured(books: Books, found: Mismatch, _maker: Person) -> None:
    _require_as_found(books, found)


def _give_back(books: Books, found: Mismatch, _checker: Person) -> None:
    """The switch says that it was not paid, or not all: the customer has it back."""
    withdrawal = _withdrawal(books, found)
    assert withdrawal is not None, "what was captured is somebody's withdrawal"
    take_back(books, withdrawal, Money(found.in_file), IN_THE_FILE)


def _require_as_found(books: Books, found: Mismatch) -> None:
    """Raises Conflict when our books have gone on since."""
    withdrawal = _withdrawal(books, found)
    assert withdrawal is not None, "what our books owe is somebody's withdrawal"
    changed = withdrawal.captured != found.in_books or withdrawal.settlement_date != found.book_date
    if changed:
        raise Conflict("It has changed since the file came.", state=withdrawal.state)


# -- both have it, on two dates, or with two fees --------------------------------------------------


def _redate(books: Books, found: Mismatch, _checker: Person) -> None:
    withdrawal = _withdrawal(books, found)
    assert withdrawal is not None, "what our books owe is somebody's withdrawal"
    redate(books, withdrawal, found.file_date)


def _always(_books: Books, _found: Mismatch, _maker: Person) -> None:
    """Nothing stands against it."""


def _accept(_books: Books, _found: Mismatch, _checker: Person) -> None:
    """What the switch asks is accepted: it is paid with its date, and nothing is posted now."""


def _withdrawal(books: Books, found: Mismatch) -> Withdrawal | None:
    if found.withdrawal_id is None:
        return None
    return books.get(Withdrawal.by_id(found.withdrawal_id))


CLAIMED = Remedy(_require_undisputed, _dispute)
REMEDIES: Mapping[MismatchKind, Remedy] = {
    MismatchKind.MISSING_HERE: CLAIMED,
    MismatchKind.REVERSED_HERE_ONLY: CLAIMED,
    MismatchKind.MISSING_THERE: Remedy(_require_still_missing, _book_break),
    MismatchKind.AMOUNT: Remedy(_require_break, _book_break),
    MismatchKind.DUPLICATE: Remedy(_require_break, _book_break),
    MismatchKind.REVERSED_THERE_ONLY: Remedy(_require_captured, _give_back),
    MismatchKind.LATE: Remedy(_require_captured, _redate),
    MismatchKind.WRONG_DATE: Remedy(_require_captured, _redate),
    MismatchKind.FEE: Remedy(_always, _accept),
}
