"""The first thing that ever happens: the chart's accounts and the first tariff come into being."""

from __future__ import annotations

from uuid import UUID

from commands.command import Answer, Command, Rounds
from commands.reconciliation.interchange import FIRST, THE_INTERCHANGE, Interchange
from commands.risk.catalogue import first_book
from commands.risk.limits import THE_LIMITS, LimitBook
from commands.risk.rulebook import THE_RULES, record_edition
from commands.tariff import Operation, Tariff, illustrative
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.rows import Row

THE_BOOKS = UUID(int=0)


class BooksOpened(Answer, frozen=True, kw_only=True):
    """Whether they were opened now, or had been before."""

    opened: bool


class OpenBooks(Command[BooksOpened], frozen=True, kw_only=True):
    """Open the books, once: a second time changes nothing."""

    def touches(self, books: Books) -> Rounds:
        accounts = tuple(account.keys()[0] for account in chart.fixed_accounts())
        tariffs = (Tariff.of(operation) for operation in Operation)
        yield (*accounts, *tariffs, THE_LIMITS, THE_RULES, THE_INTERCHANGE)

    def decide(self, books: Books) -> BooksOpened:
        missing = [
            account
            for account in chart.fixed_accounts()
            if books.find(Account.by_id(account.id)) is None
        ]
        tariffs = [
            tariff for tariff in illustrative(books.now) if books.find(tariff.keys()[0]) is None
        ]
        limits = [] if books.find(THE_LIMITS) else [LimitBook.first(books.now)]
        rules = [] if books.find(THE_RULES) else [first_book(books.now)]
        agreed = [] if books.find(THE_INTERCHANGE) else [Interchange(editions=(FIRST,))]
        opening: tuple[Row, ...] = (*missing, *tariffs, *limits, *rules, *agreed)
        if not opening:
            return BooksOpened(opened=False)
        for row in opening:
            books.put(row)
        books.record(
            "books.opened",
            THE_BOOKS,
            {
                "accounts": [_described(account) for account in missing],
                "tariffs": [tariff.kind.value for tariff in tariffs],
                "limits": [book.editions[0].number for book in limits],
            },
        )
        for book in rules:
            record_edition(books, book.editions[0])
        return BooksOpened(opened=True)


def _described(account: Account) -> dict[str, str | UUID | None]:
    return {
        "id": account.id,
        "code": account.code,
        "kind": account.kind.value,
        "currency": account.currency,
        "owner": account.owner,
    }
