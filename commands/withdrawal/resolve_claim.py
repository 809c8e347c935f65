"""A claim ends, as two people say: the customer has the money back at once, or not at all.

When the customer is paid before the switch has agreed, the money stands in suspense (1900) until
its word comes, or somebody bears it: see commands/treasury/breaks.py.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.switch.dispute import BREAKS
from commands.treasury.breaks import Break, Side
from commands.treasury.own_money import Said
from commands.withdrawal.claim import Claim, ClaimState
from commands.withdrawal.row import Withdrawal
from commands.withdrawal.take_back import refund_keys, take_back
from ledger.books import Books
from ledger.errors import Conflict, Forbidden, NotFound
from ledger.money import Money


class ClaimEnd(StrEnum):
    """How a claim may end."""

    PAY = "pay"
    REFUSE = "refuse"


class ResolveClaim(Change, frozen=True, kw_only=True):
    """Pay a claim, with the part of the fee that the tariff does not leave, or refuse it."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR, Role.ACCOUNTANT)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR, Role.ACCOUNTANT)

    transaction_id: UUID
    end: ClaimEnd
    evidence: Said

    def touches(self, books: Books) -> Rounds:
        yield (Claim.of(self.transaction_id), Withdrawal.by_id(self.transaction_id))
        withdrawal = books.find(Withdrawal.by_id(self.transaction_id))
        if withdrawal is not None:
            yield refund_keys(withdrawal)

    def require_possible(self, books: Books, maker: Person) -> None:
        claim = self._require_open(books)
        if maker.id == claim.user_id:
            raise Forbidden("Nobody decides about their own claim.")
        if self.end is ClaimEnd.PAY:
            withdrawal = books.get(Withdrawal.by_id(self.transaction_id))
            if withdrawal.captured <= claim.received:
                raise Conflict("The switch has given it back already.", state=withdrawal.state)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        claim = self._require_open(books)
        paid = self._pay(books, claim) if self.end is ClaimEnd.PAY else 0
        ended = msgspec.structs.replace(
            claim,
            state=ClaimState.PAID if self.end is ClaimEnd.PAY else ClaimState.REFUSED,
            checker_id=checker.id,
        )
        books.put(ended)
        books.record(
            f"claim.{ended.state}",
            ended.withdrawal_id,
            ended.facts(
                paid=paid, evidence=self.evidence, proposal=proposal_id, checker=checker.id
            ),
        )
        return {"claim": ended.withdrawal_id, "end": self.end}

    def _require_open(self, books: Books) -> Claim:
        claim = books.find(Claim.of(self.transaction_id))
        if claim is None:
            raise NotFound("There is no such claim.")
        if claim.state is not ClaimState.OPEN:
            raise Conflict("This claim has ended.", state=claim.state)
        return claim

    def _pay(self, books: Books, claim: Claim) -> int:
        """Give it back; returns how much came into the wallet. What no file names pays first."""
        withdrawal = books.get(Withdrawal.by_id(claim.withdrawal_id))
        unclaimed = books.find(Break.by_id(withdrawal.id))
        before = withdrawal.captured + withdrawal.captured_fee
        after = take_back(books, withdrawal, Money(claim.received), "claim", BREAKS)
        ahead = withdrawal.captured - claim.received - (unclaimed.remaining if unclaimed else 0)
        if ahead > 0:
            _note_ahead(books, after, ahead, unclaimed)
        return before - after.captured - after.captured_fee


def _note_ahead(books: Books, withdrawal: Withdrawal, ahead: int, known: Break | None) -> None:
    """We have paid so much before the switch: its word will meet this break."""
    assert withdrawal.settlement_date is not None, "what was captured has its date"
    claimed = Break(
        id=withdrawal.id,
        side=Side.CLAIMED,
        amount=ahead,
        remaining=ahead,
        settlement_date=withdrawal.settlement_date,
        reference="claim",
        withdrawal_id=withdrawal.id,
        version=0 if known is None else known.version,
    )
    books.put(claimed)
    books.record("break.booked", claimed.id, claimed.facts())
