"""Settling with the switch: a day's debt is paid once, and what it owes us comes in later."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.switch.dispute import SETTLEMENT
from commands.treasury.own_money import TREASURERS, Said
from commands.treasury.trust import (
    INTERCHANGE,
    OPERATING,
    RECEIVABLE_SWITCH,
    TRUST,
    require_amount,
    require_own_money,
)
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest
from ledger.journal import credit, debit, entry, move
from ledger.money import Money
from ledger.rows import Key, Row


class Settlement(Row, frozen=True, kw_only=True):
    """A settlement date that was paid, in minor units; a supplement adds to it."""

    settlement_date: date
    amount: int
    interchange: int
    settled_at: datetime

    TABLE: ClassVar[str] = "settlement"
    IDS: ClassVar[tuple[str, ...]] = ()  # a date names it
    LOAD: ClassVar[dict[str, str]] = {
        "settlement_date": """
            SELECT version, settlement_date, amount, interchange, settled_at
            FROM ledger.settlement
            WHERE settlement_date = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.settlement AS s (
                settlement_date, amount, interchange, settled_at, version
            )
            SELECT r.settlement_date, r.amount, r.interchange, r.settled_at, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                settlement_date date, amount bigint, interchange bigint, settled_at timestamptz,
                version bigint
            )
            ON CONFLICT (settlement_date) DO UPDATE SET
                amount = excluded.amount, interchange = excluded.interchange,
                version = excluded.version
            WHERE s.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('settlement', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(settlement_date: date) -> Key[Settlement]:
        """That of a settlement date."""
        return (Settlement, "settlement_date", settlement_date)

    def keys(self) -> tuple[Key[Settlement], ...]:
        return ((Settlement, "settlement_date", self.settlement_date),)


def owed_on(books: Books, settlement_date: date | None) -> UUID:
    """Where the switch's share of a capture stands now: our debt to it, or, once that date was
    paid, its debt to us. Touches `Settlement.of` the date."""
    if settlement_date is None or books.find(Settlement.of(settlement_date)) is None:
        return SETTLEMENT
    return RECEIVABLE_SWITCH


class SettleSwitch(Change, frozen=True, kw_only=True):
    """Pay the switch for a settlement date: customers' money from the trust, its interchange from
    our own. A `supplement` pays what was found later for a date that was paid."""

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
        settled = books.find(Settlement.of(self.settlement_date)) is not None
        if settled is not self.supplement:
            state = "settled" if settled else "open"
            raise Conflict(
                "This date was paid." if settled else "It was not paid yet.", state=state
            )
        if self.interchange.minor < 0:
            raise InvalidRequest(field="interchange", reason="must not be below zero")
        require_amount(self.amount, books.account(SETTLEMENT).holds_minor, "owedToSwitch")
        require_own_money(books, self.interchange)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        before = books.find(Settlement.of(self.settlement_date))
        books.put(
            Settlement(
                settlement_date=self.settlement_date,
                amount=self.amount.minor + (before.amount if before else 0),
                interchange=self.interchange.minor + (before.interchange if before else 0),
                settled_at=before.settled_at if before else books.now,
                version=before.version if before else 0,
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
