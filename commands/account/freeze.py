"""A wallet is frozen, wholly or for money that goes out, opened again, or closed for good."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from commands.account.dormancy import Dormancy, asleep, set_status
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person
from commands.treasury.debts import OWED_BY_CUSTOMER, debt_key, debt_of
from commands.withdrawal.cardless import Cardless
from ledger.accounts import Account, Status
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest, NotFound


class WalletStatusSet(Answer, frozen=True, kw_only=True):
    """The wallet and what it is now."""

    wallet_id: UUID
    status: Status
    timestamp: datetime


class SetWalletStatus(Command[WalletStatusSet], frozen=True, kw_only=True):
    """Set the status of a customer's wallet. Only an empty one with nothing held can be closed.

    One whose money is dormant can be frozen; opened again it is dormant as before.
    """

    user_id: UUID
    status: Status
    reason: str = "not given"

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id),)
        person = books.find(Person.by_id(self.user_id))
        if person is not None and person.wallet_id is not None:
            wallet_id = person.wallet_id
            yield (
                Account.by_id(wallet_id),
                Cardless.of(wallet_id),
                Dormancy.of(wallet_id),
                debt_key(OWED_BY_CUSTOMER, self.user_id),
            )

    def decide(self, books: Books) -> WalletStatusSet:
        if self.status is Status.DORMANT:
            raise InvalidRequest(field="status", reason="only time makes a wallet dormant")
        person = books.find(Person.by_id(self.user_id))
        if person is None or person.wallet_id is None:
            raise NotFound
        wallet = books.account(person.wallet_id)
        asleep_again = self.status is Status.OPEN and asleep(books, wallet.id)
        status = Status.DORMANT if asleep_again else self.status
        if wallet.status is not status:
            self._require_possible(books, wallet)
            # From here on nothing is refused.
            set_status(books, wallet, status, reason=self.reason)
        return WalletStatusSet(wallet_id=wallet.id, status=status, timestamp=books.now)

    def _require_possible(self, books: Books, wallet: Account) -> None:
        if wallet.status is Status.CLOSED:
            raise Conflict("A closed wallet stays closed.", status=wallet.status)
        if self.status is Status.CLOSED:
            cardless = books.find(Cardless.of(wallet.id))
            if wallet.balance or asleep(books, wallet.id):
                raise Conflict("There is still money in this wallet.")
            if cardless is not None and cardless.held:
                raise Conflict("Money of this wallet is still held.")
            if debt_of(books, OWED_BY_CUSTOMER, self.user_id):
                raise Conflict("Its owner still owes us money.")
