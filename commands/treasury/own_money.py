"""What crosses between the customers' trust and our own money, each by four eyes."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar
from uuid import UUID

from msgspec import Meta

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.treasury.trust import (
    CAPITAL,
    OPERATING,
    TAXES,
    TRUST,
    WRITE_OFFS,
    note,
    require_amount,
    require_own_money,
    trust_keys,
    unfunded_commission,
    unswept_fees,
)
from ledger.accounts import Account
from ledger.books import Books
from ledger.journal import Entry, credit, debit, entry, move
from ledger.money import AMOUNT_MINOR_MAX, Money

TREASURERS = (Role.ACCOUNTANT, Role.OPERATOR)

# What somebody writes beside an amount: the bank's reference, or the evidence.
Said = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")]


class _Crossing(Change, frozen=True, kw_only=True):
    """An amount, and the bank's own reference of the transfer."""

    MAKERS: ClassVar[tuple[Role, ...]] = TREASURERS
    CHECKERS: ClassVar[tuple[Role, ...]] = TREASURERS
    KIND: ClassVar[str]  # of the record

    amount: Money
    reference: Said

    def touches(self, books: Books) -> Rounds:
        yield (*trust_keys(), Account.by_id(CAPITAL))

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        self._count(books)
        number = books.record(
            self.KIND,
            proposal_id,
            {"amount": self.amount.minor, "reference": self.reference, "checker": checker.id},
            self._entry(),
        )
        return {"entry": number}

    def _count(self, books: Books) -> None:
        """What the trust's book notes of it."""

    def _entry(self) -> Entry:
        raise NotImplementedError


class PayInCapital(_Crossing, frozen=True, kw_only=True):
    """The owners pay money of their own in."""

    KIND: ClassVar[str] = "treasury.capital_paid_in"

    def require_possible(self, books: Books, maker: Person) -> None:
        require_amount(self.amount, AMOUNT_MINOR_MAX, "amount")

    def _entry(self) -> Entry:
        return move(self.amount, debit_to=OPERATING, credit_to=CAPITAL)


class SweepFees(_Crossing, frozen=True, kw_only=True):
    """Earned fees, and the tax on them, leave the trust for our own bank: never more than that."""

    KIND: ClassVar[str] = "treasury.fees_swept"

    def require_possible(self, books: Books, maker: Person) -> None:
        require_amount(self.amount, unswept_fees(books), "unsweptFees")

    def _count(self, books: Books) -> None:
        note(books, fees_swept=self.amount.minor)

    def _entry(self) -> Entry:
        return move(self.amount, debit_to=OPERATING, credit_to=TRUST)


class FundCommission(_Crossing, frozen=True, kw_only=True):
    """Our own money pays into the trust for the commission that agents hold as e-money."""

    KIND: ClassVar[str] = "treasury.commission_funded"

    def require_possible(self, books: Books, maker: Person) -> None:
        require_amount(self.amount, unfunded_commission(books), "unfundedCommission")
        require_own_money(books, self.amount)

    def _count(self, books: Books) -> None:
        note(books, commission_funded=self.amount.minor)

    def _entry(self) -> Entry:
        return move(self.amount, debit_to=TRUST, credit_to=OPERATING)


class PayTrustCharge(_Crossing, frozen=True, kw_only=True):
    """The trust bank took a charge: our own money makes the trust whole in the same entry."""

    KIND: ClassVar[str] = "treasury.trust_charge_paid"

    def require_possible(self, books: Books, maker: Person) -> None:
        require_amount(self.amount, AMOUNT_MINOR_MAX, "amount")
        require_own_money(books, self.amount)

    def _entry(self) -> Entry:
        return entry(
            debit(WRITE_OFFS, self.amount),
            debit(TRUST, self.amount),
            credit(TRUST, self.amount),
            credit(OPERATING, self.amount),
        )


class PayTax(_Crossing, frozen=True, kw_only=True):
    """Tax that we have collected with fees goes to the state, from our own bank."""

    KIND: ClassVar[str] = "treasury.tax_paid"

    def require_possible(self, books: Books, maker: Person) -> None:
        require_amount(self.amount, books.account(TAXES).holds_minor, "taxesPayable")
        require_own_money(books, self.amount)

    def _count(self, books: Books) -> None:
        note(books, tax_paid=self.amount.minor)

    def _entry(self) -> Entry:
        return move(self.amount, debit_to=TAXES, credit_to=OPERATING)
