"""Lines of bank statements are found in our books: each is one line of one entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

from commands.bank.line import BankLine, LineState, Rule
from commands.bank.take_in import MAY_TAKE_IN
from commands.books.journal_entry import JournalEntry
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person
from commands.identity.staff import require_staff
from commands.treasury.trust import TRUST
from ledger.books import Books
from ledger.rows import Key

MATCHES_MAX = 500
MATCHING = uuid5(NAMESPACE_OID, "makeba bank matching")


class Match(msgspec.Struct, frozen=True, gc=False):
    """That a line is this line of this entry, from 1, as a rule has found."""

    line_id: UUID
    entry_number: int
    entry_line: int
    rule: Rule


class LinesMatched(Answer, frozen=True, kw_only=True):
    """How many were matched; what others were quicker with, or does not fit, is left out."""

    matched: int


class MatchLines(Command[LinesMatched], frozen=True, kw_only=True):
    """Match lines that are open with entry lines of the trust's that no other line is matched with,
    of the same amount. `user_id` is None when a console asks."""

    matches: tuple[Match, ...]
    user_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        yield (
            *((Person.by_id(self.user_id),) if self.user_id is not None else ()),
            *(key for each in self.matches for key in _keys(each)),
        )

    def decide(self, books: Books) -> LinesMatched:
        if self.user_id is not None:
            require_staff(books, self.user_id, *MAY_TAKE_IN)
        # From here on nothing is refused.
        fitting = list(self._fitting(books))
        for line, match in fitting:
            books.put(
                msgspec.structs.replace(
                    line,
                    state=LineState.MATCHED,
                    rule=match.rule,
                    entry_number=match.entry_number,
                    entry_line=match.entry_line,
                )
            )
        if fitting:
            written = [
                [match.line_id, match.rule, match.entry_number, match.entry_line]
                for _, match in fitting
            ]
            books.record("bank.lines_matched", MATCHING, {"matches": written})
        return LinesMatched(matched=len(fitting))

    def _fitting(self, books: Books) -> Iterator[tuple[BankLine, Match]]:
        lines_taken: set[UUID] = set()
        entries_taken: set[tuple[int, int]] = set()
        for match in self.matches:
            line = books.find(BankLine.by_id(match.line_id))
            entry = books.find(JournalEntry.by_number(match.entry_number))
            ours = (match.entry_number, match.entry_line)
            if line is None or entry is None or line.state is not LineState.OPEN:
                continue
            if match.line_id in lines_taken or ours in entries_taken:
                continue
            if books.find(BankLine.by_entry(*ours)) is not None:
                continue
            if not _same(line, entry, match.entry_line):
                continue
            lines_taken.add(match.line_id)
            entries_taken.add(ours)
            yield line, match


def _keys(match: Match) -> tuple[Key[Any], ...]:
    return (
        BankLine.by_id(match.line_id),
        BankLine.by_entry(match.entry_number, match.entry_line),
        JournalEntry.by_number(match.entry_number),
    )


def _same(line: BankLine, entry: JournalEntry, number: int) -> bool:
    if not 1 <= number <= len(entry.accounts):
        return False
    return entry.accounts[number - 1] == TRUST and entry.amounts[number - 1] == line.amount
