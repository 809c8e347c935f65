"""Money that comes back to a wallet whatever its status: it is never turned away."""

from __future__ import annotations

from uuid import UUID

import msgspec

from ledger.accounts import Account, Status
from ledger.books import Books


def reopen_for_refund(books: Books, wallet_id: UUID) -> None:
    """A closed wallet that gets money back is frozen from now on, until its owner comes for it."""
    wallet: Account = books.account(wallet_id)
    if wallet.status is Status.CLOSED:
        books.put(msgspec.structs.replace(wallet, status=Status.FROZEN))
        books.record(
            "wallet.status_changed",
            wallet.id,
            {
                "user": wallet.owner,
                "wallet": wallet.id,
                "status": Status.FROZEN,
                "reason": "money came back after it was closed",
            },
        )
