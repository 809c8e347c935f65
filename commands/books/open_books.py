"""The first thing that ever happens: the chart's accounts and the first tariff come into being."""

from __future__ import annotations

from uuid import UUID

from commands.command import Answer, Command, Rounds
from commands.tariff import Operation, Tariff, illustrative
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books

THE_BOOKS = UUID(int=0)


class BooksOpened(Answer, frozen=True, kw_only=True):
    """Whether they were opened now, or had been before."""

    opened: bool


class OpenBooks(Command[BooksOpened], frozen=True, kw_only=True):
    """Open the books, once: a second time changes nothing."""

    def touches(self, books: Books) -> Rounds:
        accounts = tuple(account.keys()[0] for account in chart.fixed_accounts())
        yield accounts + tuple(Tariff.of(operation) for operation in Operation)

    def decide(self, books: Books) -> BooksOpened:
        missing = [
            account
            for account in chart.fixed_accounts()
            if books.find(Account.by_id(account.id)) is None
        ]
        tariffs = [
            tariff for tariff in illustrative(books.now) if books.find(tariff.keys()[0]) is None
        ]
        if not missing and not tariffs:
            return BooksOpened(opened=False)
        for row in (*missing, *tariffs):
            books.put(row)
        books.record(
            "books.opened",
            THE_BOOKS,
            {
                "accounts": [_described(account) for account in missing],
                "tariffs": [tariff.kind.value for tariff in tariffs],
            },
        )
        return BooksOpened(opened=True)


def _described(account: Account) -> dict[str, str | UUID | None]:
    return {
        "id": account.id,
        "code": account.code,
        "kind": account.kind.value,
        "currency": account.currency,
        "owner": account.owner,
    }
