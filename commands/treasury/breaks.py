"""Breaks: where the switch's file and our books do not agree, until somebody has to bear it.

Money that the file claims and our books do not know, and money that we gave back before the switch
did, stands in suspense as ours (1900); money that our books owe and no file claims, as unidentified
(2900). A break about a withdrawal has that withdrawal's id, so that the switch's word, when it
comes late, meets it.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.switch.dispute import BREAKS
from commands.switch.owed import RECEIVABLE_SWITCH, SETTLEMENT, Settlement, owe, owe_less
from commands.treasury.own_money import TREASURERS, Said
from commands.treasury.trust import require_amount
from commands.withdrawal.row import Withdrawal
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest, NotFound
from ledger.journal import Entry, credit, debit, entry, move
from ledger.money import AMOUNT_MINOR_MAX, Money
from ledger.rows import Key, Row

UNCLAIMED = chart.the(chart.UNIDENTIFIED_CREDITS)


class Side(StrEnum):
    """Who knows of the money."""

    IN_FILE_ONLY = "in_file_only"
    IN_BOOKS_ONLY = "in_books_only"
    CLAIMED = "claimed"  # a customer has it back, the switch has not agreed yet


class Break(Row, frozen=True, kw_only=True):
    """A difference with the switch; `remaining` of it, in minor units, is not resolved yet."""

    id: UUID
    side: Side
    amount: int
    remaining: int
    settlement_date: date
    reference: str
    withdrawal_id: UUID | None

    TABLE: ClassVar[str] = "difference"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, side, amount, remaining, settlement_date, reference,
                withdrawal_id
            FROM ledger.difference
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.difference AS d (
                id, side, amount, remaining, settlement_date, reference, withdrawal_id, version
            )
            SELECT
                r.id, r.side, r.amount, r.remaining, r.settlement_date, r.reference,
                r.withdrawal_id, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, side text, amount bigint, remaining bigint, settlement_date date,
                reference text, withdrawal_id uuid, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                side = excluded.side, amount = excluded.amount,
                remaining = excluded.remaining, reference = excluded.reference,
                version = excluded.version
            WHERE d.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('difference', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(break_id: UUID) -> Key[Break]:
        """The break with this id: its proposal's, or its withdrawal's."""
        return (Break, "id", break_id.int)

    def keys(self) -> tuple[Key[Break], ...]:
        return ((Break, "id", self.id.int),)

    @property
    def account(self) -> UUID:
        """Where its money stands."""
        return UNCLAIMED if self.side is Side.IN_BOOKS_ONLY else BREAKS

    def less(self, minor: int) -> Break:
        """The same when so much of it was resolved."""
        return msgspec.structs.replace(self, remaining=self.remaining - minor)

    def facts(self, **more: Any) -> dict[str, Any]:
        """What every event of its life tells."""
        return {
            "side": self.side,
            "amount": self.amount,
            "remaining": self.remaining,
            "settlementDate": self.settlement_date,
            "reference": self.reference,
            "withdrawal": self.withdrawal_id,
            **more,
        }


class BookBreak(Change, frozen=True, kw_only=True):
    """Book what the file has and our books have not, or the other way about.

    What is only in our books belongs to a withdrawal. The file is matched by trace before: a
    completion that it brings is no break.
    """

    MAKERS: ClassVar[tuple[Role, ...]] = TREASURERS
    CHECKERS: ClassVar[tuple[Role, ...]] = TREASURERS

    side: Side
    amount: Money
    settlement_date: date
    reference: Said
    withdrawal_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        yield (
            Account.by_id(BREAKS),
            Account.by_id(SETTLEMENT),
            Account.by_id(RECEIVABLE_SWITCH),
            Account.by_id(UNCLAIMED),
            Settlement.of(self.settlement_date),
            *(
                (Withdrawal.by_id(self.withdrawal_id), Break.by_id(self.withdrawal_id))
                if self.withdrawal_id is not None
                else ()
            ),
        )

    def require_possible(self, books: Books, maker: Person) -> None:
        if self.side is Side.CLAIMED:
            raise InvalidRequest(field="side", reason="comes from a claim")
        most = AMOUNT_MINOR_MAX
        if self.side is Side.IN_BOOKS_ONLY:
            most = self._captured(books)
        elif self.withdrawal_id is not None:
            raise InvalidRequest(field="withdrawalId", reason="is known: that is no break")
        require_amount(self.amount, most, "captured")

    def _captured(self, books: Books) -> int:
        if self.withdrawal_id is None:
            raise InvalidRequest(field="withdrawalId", reason="says which one no file names")
        withdrawal = books.find(Withdrawal.by_id(self.withdrawal_id))
        if withdrawal is None:
            raise NotFound("There is no such withdrawal.")
        if books.find(Break.by_id(withdrawal.id)) is not None:
            raise Conflict("There is a break about this withdrawal.", state="booked")
        if withdrawal.settlement_date != self.settlement_date:
            raise InvalidRequest(field="settlementDate", reason="is not the withdrawal's")
        return withdrawal.captured

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        booked = Break(
            id=self.withdrawal_id or proposal_id,
            side=self.side,
            amount=self.amount.minor,
            remaining=self.amount.minor,
            settlement_date=self.settlement_date,
            reference=self.reference,
            withdrawal_id=self.withdrawal_id,
        )
        books.put(booked)
        number = books.record(
            "break.booked",
            booked.id,
            booked.facts(checker=checker.id),
            self._entry(books),
        )
        return {"entry": number, "break": booked.id}

    def _entry(self, books: Books) -> Entry:
        """What is in our books only is not owed for its date; when that was paid, too much was."""
        if self.side is Side.IN_FILE_ONLY:
            owe(books, self.settlement_date, self.amount.minor)
            return move(
                self.amount,
                debit_to=BREAKS,
                credit_to=SETTLEMENT,
                value_date=self.settlement_date,
            )
        against = owe_less(books, self.settlement_date, self.amount.minor)
        return entry(
            *(debit(account, Money(part)) for account, part in against.items()),
            credit(UNCLAIMED, self.amount),
            value_date=self.settlement_date,
        )
