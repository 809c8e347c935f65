"""A customer sends money to another customer's wallet, by phone number."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role, require_customer
from commands.risk.gate import gate_keys, require_passed
from commands.risk.held_transfer import HeldState, hold_transfer
from commands.risk.judge import may_hold
from commands.risk.movement import Movement
from commands.tariff import TAXES, Edition, Operation, Tariff
from commands.withdrawal.hold import hold_keys
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import InvalidRequest, NotFound
from ledger.journal import credit, debit, entry
from ledger.money import Money
from ledger.rows import Key


class Transferred(Answer, frozen=True, kw_only=True):
    """The movement, what it cost, and when it was booked.

    While its status is `held` the receiver does not have it: somebody looks at it first.
    """

    transaction_id: UUID
    amount: Money
    fee: Money
    timestamp: datetime
    status: str = "completed"


class Transfer(Command[Transferred], frozen=True, kw_only=True):
    """Send an amount; the sender pays the fee on top."""

    transaction_id: UUID
    user_id: UUID
    to_phone: bytes  # keyed hash of the number
    amount: Money
    session_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Person.by_phone(self.to_phone),
            FEE_ACCOUNT,
            TAX_ACCOUNT,
            TARIFF,
        )
        sender = books.find(Person.by_id(self.user_id))
        receiver = books.find(Person.by_phone(self.to_phone))
        if sender is None or sender.wallet_id is None:
            return
        accounts: tuple[Key[Any], ...] = (Account.by_id(sender.wallet_id),)
        to_wallet_id = None if receiver is None else receiver.wallet_id
        if to_wallet_id is not None:
            accounts += (Account.by_id(to_wallet_id),)
        yield accounts + gate_keys(sender.wallet_id, session_id=self.session_id)
        if may_hold(books, Operation.TRANSFER):
            yield hold_keys(sender.wallet_id)

    def decide(self, books: Books) -> Transferred:
        person = require_customer(books, self.user_id)
        to_person = self._receiver(books)
        sender, receiver = books.account(person.wallet), books.account(to_person.wallet)
        edition = books.get(TARIFF).now(books)
        fee = Money(edition.band(self.amount, person.tier).fee)
        books.require_receiving(receiver)
        books.require_covered(sender, self.amount.minor + fee.minor)
        movement = Movement(
            operation=Operation.TRANSFER,
            amount=self.amount.minor,
            fee=fee.minor,
            person=person,
            wallet=sender,
            session_id=self.session_id,
            to_person=to_person,
            to_wallet=receiver,
        )
        passed = require_passed(books, movement)
        # From here on nothing is refused.
        facts = passed.note(books, self.transaction_id)
        if passed.held:
            hold_transfer(books, self.transaction_id, movement, edition.number, **facts)
        else:
            self._send(books, movement, edition, facts)
        return Transferred(
            transaction_id=self.transaction_id,
            amount=self.amount,
            fee=fee,
            timestamp=books.now,
            status=HeldState.HELD if passed.held else "completed",
        )

    def _send(
        self, books: Books, movement: Movement, edition: Edition, facts: dict[str, Any]
    ) -> None:
        assert movement.to_wallet is not None, "a transfer has a receiver"
        fee = Money(movement.fee)
        books.record(
            "transfer.made",
            self.transaction_id,
            {
                "from": movement.wallet.id,
                "to": movement.to_wallet.id,
                "amount": movement.amount,
                "fee": movement.fee,
                "tariffEdition": edition.number,
                **facts,
            },
            entry(
                debit(movement.wallet.id, self.amount + fee),
                credit(movement.to_wallet.id, self.amount),
                *edition.earned(FEES, fee),
            ),
        )

    def _receiver(self, books: Books) -> Person:
        person = books.find(Person.by_phone(self.to_phone))
        if person is None or person.role is not Role.CUSTOMER or not person.active:
            raise NotFound("There is no wallet with this phone number.")
        if person.id == self.user_id:
            raise InvalidRequest(field="phone", reason="is your own")
        return person


FEES = chart.the(chart.FEE_TRANSFER)
FEE_ACCOUNT = Account.by_id(FEES)
TAX_ACCOUNT = Account.by_id(TAXES)
TARIFF = Tariff.of(Operation.TRANSFER)
