"""A wallet must keep a part of its money: a court's order, or a pledge."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from ledger.accounts import Account, Status
from ledger.books import Books
from ledger.errors import InsufficientFunds, InvalidRequest, NotFound, WalletNotOpen
from ledger.money import Money


class SetMinimumBalance(Change, frozen=True, kw_only=True):
    """Raise or lower the floor of one customer's wallet. It is never above what the wallet holds.

    What a tier must keep is a limit beside it: see docs/limits.md.
    """

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR,)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR,)

    user_id: UUID
    amount: Money

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id),)
        person = books.find(Person.by_id(self.user_id))
        if person is not None and person.wallet_id is not None:
            yield (Account.by_id(person.wallet_id),)

    def require_possible(self, books: Books, maker: Person) -> None:
        wallet = self._wallet(books)
        if self.amount.minor < 0:
            raise InvalidRequest(field="amount", reason="must not be below zero")
        if wallet.status in (Status.CLOSED, Status.DORMANT):
            raise WalletNotOpen(status=wallet.status)
        if wallet.holds_minor < self.amount.minor:
            raise InsufficientFunds("The wallet does not hold as much as it shall keep.")

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        wallet = self._wallet(books)
        books.put(msgspec.structs.replace(wallet, floor=self.amount.minor))
        books.record(
            "wallet.minimum_set",
            wallet.id,
            {
                "user": self.user_id,
                "wallet": wallet.id,
                "amount": self.amount.minor,
                "checker": checker.id,
            },
        )
        return {"wallet": wallet.id}

    def _wallet(self, books: Books) -> Account:
        person = books.find(Person.by_id(self.user_id))
        if person is None or person.wallet_id is None:
            raise NotFound("There is no such customer.")
        return books.account(person.wallet_id)
