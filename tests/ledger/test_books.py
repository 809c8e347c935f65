"""Books: what a draft leaves, without a database."""

from __future__ import annotations

from datetime import UTC, datetime

from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.journal import move
from ledger.money import Money

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
BANK, CAPITAL = chart.the(chart.OPERATING_BANK), chart.the(chart.CAPITAL)


def books_with(*codes: str) -> Books:
    opened = [chart.opened(code, chart.the(code), owner=None) for code in codes]
    return Books(NOON, {}, {account.keys()[0]: account for account in opened})


def test_what_is_remembered_of_an_account_that_is_posted_to_goes_with_its_balance() -> None:
    books = books_with(chart.OPERATING_BANK, chart.CAPITAL)
    books.remember(BANK, b"did this")
    books.record("test.moved", BANK, {}, move(Money(5), debit_to=BANK, credit_to=CAPITAL))
    _, touched = books.accept()
    assert books.account(BANK).activity == b"did this" and books.account(BANK).balance == 5
    assert books.remembered == {Account.by_id(BANK)} and not books.put_rows and not touched


def test_what_is_remembered_of_any_other_account_is_saved_and_named() -> None:
    books = books_with(chart.OPERATING_BANK)
    books.remember(BANK, b"did this")
    books.record("test.happened", BANK, {})
    _, touched = books.accept()
    assert books.put_rows == {Account.by_id(BANK)} and touched == [f"account:{BANK}"]


def test_what_a_discarded_draft_remembered_is_forgotten() -> None:
    books = books_with(chart.OPERATING_BANK)
    books.remember(BANK, b"did this")
    books.discard()
    assert books.account(BANK).activity == b"" and not books.remembered
