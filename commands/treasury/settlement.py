"""Settling with the switch: a day's debt is paid once, and what it owes us comes in later."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.switch.owed import RECEIVABLE_SWITCH, SETTLEMENT, Settlement, settlement_on
from commands.treasury.own_money import TREASURERS, Said
from commands.treasury.trust import (
    INTERCHANGE,
    OPERATING,
    TRUST,
    require_amount,
    require_own_money,
)
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest
from ledger.journal import credit, debit, entry, move
from ledger.money import Money


class SettleSwitch(Change, frozen=True, kw_only=True):
    """Pay the switch for a settlement date, no more than is owed for that one: customers' money
    from the trust, its interchange from our own. A `supplement` pays what was found later for a
    date that was paid."""

    MAKERS: ClassVar[tuple[Role, ...]] = TREASURERS
    CHECKERS: ClassVar[tuple[Role, ...]] = TREASURERS

    settlement_date: date
    amount: Money
    interchange: Money
    reference: Said
    supplement: bool = False

    def touches(self, books: Books) -> Rounds:
        accounts = (SETTLEMENT, INTERCHANGE, TRUST, OPERATING)
        yield (
            Settlement.of(self.settlement_date),
            *(Account.by_id(account) for account in accounts),
        )

    def require_possible(self, books: Books, maker: Person) -> None:
        if self.settlement_date >= books.today:
            raise InvalidRequest(field="settlementDate", reason="has not ended yet")
        due = settlement_on(books, self.settlement_date)
        settled = due.settled_at is not None
        if settled is not self.supplement:
            state = "settled" if settled else "open"
            raise Conflict(
                "This date was paid." if settled else "It was not paid yet.", state=state
            )
        if self.interchange.minor < 0:
            raise InvalidRequest(field="interchange", reason="must not be below zero")
        require_amount(self.amount, due.open, "owedToSwitch")
        require_own_money(books, self.interchange)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        due = settlement_on(books, self.settlement_date)
        books.put(
            msgspec.structs.replace(
                due,
                paid=due.paid + self.amount.minor,
                interchange=due.interchange + self.interchange.minor,
                settled_at=due.settled_at or books.now,
            )
        )
        number = books.record(
            "settlement.paid",
            proposal_id,
            {
                "settlementDate": self.settlement_date,
                "amount": self.amount.minor,
                "interchange": self.interchange.minor,
                "reference": self.reference,
                "checker": checker.id,
            },
            entry(
                debit(SETTLEMENT, self.amount),
                debit(INTERCHANGE, self.interchange),
                credit(TRUST, self.amount),
                credit(OPERATING, self.interchange),
                value_date=self.settlement_date,
            ),
        )
        return {"entry": number}


class CollectFromSwitch(Change, frozen=True, kw_only=True):
    """The switch has paid back what it owed us for dates that were settled."""

    MAKERS: ClassVar[tuple[Role, ...]] = TREASURERS
    CHECKERS: ClassVar[tuple[Role, ...]] = TREASURERS

    amount: Money
    reference: Said

    def touches(self, books: Books) -> Rounds:
        yield (Account.by_id(RECEIVABLE_SWITCH), Account.by_id(TRUST))

    def require_possible(self, books: Books, maker: Person) -> None:
        owed = books.account(RECEIVABLE_SWITCH).holds_minor
        require_amount(self.amount, owed, "owedBySwitch")

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        number = books.record(
            "settlement.collected",
            proposal_id,
            {"amount": self.amount.minor, "reference": self.reference, "checker": checker.id},
            move(self.amount, debit_to=TRUST, credit_to=RECEIVABLE_SWITCH),
        )
        return {"entry": number}
