"""A wallet is frozen, opened again, or closed for good."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person
from commands.withdrawal.cardless import Cardless
from ledger.accounts import Account, Status
from ledger.books import Books
from ledger.errors import Conflict, NotFound


class WalletStatusSet(Answer, frozen=True, kw_only=True):
    """The wallet and what it is now."""

    wallet_id: UUID
    status: Status
    timestamp: datetime


class SetWalletStatus(Command[WalletStatusSet], frozen=True, kw_only=True):
    """Set the status of a customer's wallet. Only an empty one with nothing held can be closed."""

    user_id: UUID
    status: Status

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id),)
        person = books.find(Person.by_id(self.user_id))
        if person is not None and person.wallet_id is not None:
            yield (Account.by_id(person.wallet_id), Cardless.of(person.wallet_id))

    def decide(self, books: Books) -> WalletStatusSet:
        person = books.find(Person.by_id(self.user_id))
        if person is None or person.wallet_id is None:
            raise NotFound
        wallet = books.account(person.wallet_id)
        if wallet.status is not self.status:
            self._require_possible(books, wallet)
            # From here on nothing is refused.
            books.put(msgspec.structs.replace(wallet, status=self.status))
            books.record(
                "wallet.status_changed", wallet.id, {"user": person.id, "status": self.status}
            )
        return WalletStatusSet(wallet_id=wallet.id, status=self.status, timestamp=books.now)

    def _require_possible(self, books: Books, wallet: Account) -> None:
        if wallet.status is Status.CLOSED:
            raise Conflict("A closed wallet stays closed.", status=wallet.status)
        if self.status is Status.CLOSED:
            cardless = books.find(Cardless.of(wallet.id))
            if wallet.balance:
                raise Conflict("There is still money in this wallet.")
            if cardless is not None and cardless.held:
                raise Conflict("Money of this wallet is still held.")
