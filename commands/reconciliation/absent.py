"""What a settlement file should have named and has not: a mismatch, or one more reason to think
that nothing was paid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from commands.command import Answer, Command, Rounds
from commands.reconciliation.file import SettlementFile
from commands.reconciliation.item import Heading
from commands.reconciliation.judge import owed_for
from commands.reconciliation.mention import Mention
from commands.reconciliation.mismatch import MismatchKind, Place, find_mismatch
from commands.switch.dispute import Dispute
from commands.switch.trace import SwitchTrace, TraceId
from commands.treasury.breaks import Break, Side
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.errors import Conflict
from ledger.rows import Key

TRACES_MAX = 500


class AbsencesNoted(Answer, frozen=True, kw_only=True):
    """How many mismatches this has led to, and of how many withdrawals in doubt it was noted."""

    missing: int
    noted: int


class NoteAbsences(Command[AbsencesNoted], frozen=True, kw_only=True):
    """Look at traces that a matched file has not named. Somebody else has looked for them: whether
    each really should stand there is decided here."""

    NEVER_SHED = True

    heading: Heading
    traces: tuple[TraceId, ...]

    def touches(self, books: Books) -> Rounds:
        yield (
            SettlementFile.by_id(self.heading.file_id),
            *(key for trace in self.traces for key in _trace_keys(trace)),
        )
        yield tuple(self._withdrawals(books))

    def decide(self, books: Books) -> AbsencesNoted:
        file = books.get(SettlementFile.by_id(self.heading.file_id))
        if file.matched < file.records:
            raise Conflict("This file is not matched yet.", matched=file.matched)
        # From here on nothing is refused.
        missing = 0
        noted: list[list[Any]] = []
        for trace in self.traces:
            withdrawal = _due(books, file, trace)
            if withdrawal is None:
                continue
            before = books.find(Mention.of(trace.id)) or Mention(id=trace.id)
            after = before.absent(file.settlement_date)
            if withdrawal.awaits_word and after != before:
                books.put(after)
                noted.append([withdrawal.id, after.absences, file.settlement_date])
            elif not withdrawal.awaits_word and before.missing_id is None:
                books.put(_missing(books, file, trace, withdrawal, after))
                missing += 1
        if missing or noted:
            books.record(
                "settlement.absences_noted",
                file.id,
                file.facts(missing=missing, absences=noted),
            )
        return AbsencesNoted(missing=missing, noted=len(noted))

    def _withdrawals(self, books: Books) -> Iterator[Key[Any]]:
        for trace in self.traces:
            known = books.find(SwitchTrace.by_id(trace.id))
            if known is not None and known.withdrawal_id is not None:
                yield Withdrawal.by_id(known.withdrawal_id)
                yield Break.by_id(known.withdrawal_id)


def _trace_keys(trace: TraceId) -> tuple[Key[Any], ...]:
    return (SwitchTrace.by_id(trace.id), Mention.of(trace.id), Dispute.by_id(trace.id))


def _due(books: Books, file: SettlementFile, trace: TraceId) -> Withdrawal | None:
    """The withdrawal that the file should have named and has not."""
    known = books.find(SwitchTrace.by_id(trace.id))
    if known is None or known.withdrawal_id is None or trace.acquirer_id != file.acquirer_id:
        return None
    withdrawal = books.get(Withdrawal.by_id(known.withdrawal_id))
    mention = books.find(Mention.of(trace.id))
    if mention is not None and mention.file_id is not None:
        return None
    assert withdrawal.settlement_date is not None, "an approval has a settlement date"
    assert withdrawal.authorised_at is not None, "a trace has approved it"
    due = (
        withdrawal.settlement_date <= file.settlement_date
        and withdrawal.authorised_at <= file.cut_off_at
        and (withdrawal.awaits_word or withdrawal.captured > 0)
    )
    return withdrawal if due and not _unclaimed(books, withdrawal) else None


def _unclaimed(books: Books, withdrawal: Withdrawal) -> bool:
    """Whether it stands as claimed by nobody already."""
    found = books.find(Break.by_id(withdrawal.id))
    return found is not None and found.side is Side.IN_BOOKS_ONLY


def _missing(
    books: Books, file: SettlementFile, trace: TraceId, withdrawal: Withdrawal, mention: Mention
) -> Mention:
    place = Place(file_id=file.id, file_date=file.settlement_date, number=None)
    found = find_mismatch(
        books,
        MismatchKind.MISSING_THERE,
        trace,
        place,
        in_file=0,
        in_books=max(owed_for(books, trace, withdrawal)),
        withdrawal_id=withdrawal.id,
        book_date=withdrawal.settlement_date,
    )
    return msgspec.structs.replace(mention, missing_id=found.id)
