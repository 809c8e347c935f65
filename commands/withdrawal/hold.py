"""Holds: money that is set aside for cash on its way, and goes back or onward later."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from commands.withdrawal.cardless import Cardless
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.journal import Entry, move
from ledger.money import Money
from ledger.rows import Key

HELD = chart.the(chart.HELD)


def hold_keys(wallet_id: UUID) -> tuple[Key[Any], ...]:
    """The rows that a wallet's holds touch."""
    return (Account.by_id(wallet_id), Account.by_id(HELD), Cardless.of(wallet_id))


def set_aside(
    books: Books, wallet_id: UUID, money: Money, withdrawal_id: UUID | None = None
) -> Entry:
    """The entry that holds a customer's money; with an id, for the wallet's newest withdrawal."""
    before = books.find(Cardless.of(wallet_id)) or Cardless(wallet_id=wallet_id)
    books.put(
        msgspec.structs.replace(
            before,
            held=before.held + money.minor,
            withdrawal_id=withdrawal_id or before.withdrawal_id,
        )
    )
    return move(money, debit_to=wallet_id, credit_to=HELD)


def give_back(books: Books, wallet_id: UUID, money: Money) -> Entry:
    """The entry that gives all of a hold back."""
    end_hold(books, wallet_id, money)
    return move(money, debit_to=HELD, credit_to=wallet_id)


def end_hold(books: Books, wallet_id: UUID, money: Money) -> None:
    """A hold is over, wherever its money goes."""
    before = books.get(Cardless.of(wallet_id))
    books.put(msgspec.structs.replace(before, held=before.held - money.minor))
