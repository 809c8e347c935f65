"""A customer sends money to another customer's wallet, by phone number."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role, require_customer
from commands.tariff import Operation, Tariff
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import InvalidRequest, NotFound
from ledger.journal import credit, debit, entry
from ledger.money import Money


class Transferred(Answer, frozen=True, kw_only=True):
    """The movement, what it cost, and when it was booked."""

    transaction_id: UUID
    amount: Money
    fee: Money
    timestamp: datetime


class Transfer(Command[Transferred], frozen=True, kw_only=True):
    """Send an amount; the sender pays the fee on top."""

    transaction_id: UUID
    user_id: UUID
    to_phone: bytes  # keyed hash of the number
    amount: Money

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Person.by_phone(self.to_phone),
            FEE_ACCOUNT,
            TARIFF,
        )
        sender = books.find(Person.by_id(self.user_id))
        receiver = books.find(Person.by_phone(self.to_phone))
        yield tuple(
            [
                Account.by_id(person.wallet_id)
                for person in (sender, receiver)
                if person is not None and person.wallet_id is not None
            ]
        )

    def decide(self, books: Books) -> Transferred:
        sender = books.account(require_customer(books, self.user_id).wallet)
        receiver = self._receiver(books)
        edition = books.get(TARIFF).now(books)
        fee = Money(edition.band(self.amount).fee)
        cost = self.amount + fee
        books.require_open(receiver)
        books.require_covered(sender, cost.minor)
        # From here on nothing is refused.
        books.record(
            "transfer.made",
            self.transaction_id,
            {
                "from": sender.id,
                "to": receiver.id,
                "amount": self.amount.minor,
                "fee": fee.minor,
                "tariffEdition": edition.number,
            },
            entry(debit(sender.id, cost), credit(receiver.id, self.amount), credit(FEES, fee)),
        )
        return Transferred(
            transaction_id=self.transaction_id, amount=self.amount, fee=fee, timestamp=books.now
        )

    def _receiver(self, books: Books) -> Account:
        person = books.find(Person.by_phone(self.to_phone))
        if person is None or person.role is not Role.CUSTOMER or not person.active:
            raise NotFound("There is no wallet with this phone number.")
        if person.id == self.user_id:
            raise InvalidRequest(field="phone", reason="is your own")
        return books.account(person.wallet)


FEES = chart.the(chart.FEE_TRANSFER)
FEE_ACCOUNT = Account.by_id(FEES)
TARIFF = Tariff.of(Operation.TRANSFER)
