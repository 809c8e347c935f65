"""These books are a demo's, for good: the log says so right after they were opened."""

from __future__ import annotations

from commands.books.open_books import THE_BOOKS
from commands.command import Answer, Command, Rounds
from commands.risk.rehearsal import rehearse
from commands.risk.rulebook import THE_RULES
from ledger.books import Books
from ledger.errors import Conflict

MARK = "books.marked_demo"


class DemoMarked(Answer, frozen=True, kw_only=True):
    """It is said."""

    marked: bool


class MarkDemo(Command[DemoMarked], frozen=True, kw_only=True):
    """Mark books in which no money has moved yet. Whoever asks looks that it is not done twice.

    A demo's fraud rules are all in dry run, so that whoever tries it out is not stopped.
    """

    def touches(self, books: Books) -> Rounds:
        yield (THE_RULES,)

    def decide(self, books: Books) -> DemoMarked:
        if books.last_entries:
            raise Conflict("Money has moved in these books already.")
        # From here on nothing is refused.
        books.record(MARK, THE_BOOKS, {})
        rehearse(books)
        return DemoMarked(marked=True)
