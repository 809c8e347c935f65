"""A dispute ends: one person proposes who bears it, with evidence; another approves."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_staff
from commands.switch.dispute import BREAKS, SETTLEMENT, Dispute, Resolution
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import Conflict, Forbidden, InsufficientFunds, InvalidRequest, NotFound
from ledger.journal import Entry, credit, debit, entry, move
from ledger.money import Money

MAY_RESOLVE = (Role.OPERATOR, Role.ACCOUNTANT)

WRITE_OFFS = chart.the(chart.WRITE_OFFS)
TRUST = chart.the(chart.TRUST_BANK)
OPERATING = chart.the(chart.OPERATING_BANK)


class DisputeStatus(Answer, frozen=True, kw_only=True):
    """Where a dispute stands."""

    dispute_id: UUID
    state: str
    resolution: Resolution
    timestamp: datetime


class ProposeResolution(Command[DisputeStatus], frozen=True, kw_only=True):
    """Propose how an open dispute ends; a newer proposal takes the place of an older one."""

    dispute_id: UUID
    resolution: Resolution
    evidence: str
    maker_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Dispute.by_id(self.dispute_id), Person.by_id(self.maker_id))

    def decide(self, books: Books) -> DisputeStatus:
        require_staff(books, self.maker_id, *MAY_RESOLVE)
        dispute = _require_open(books, self.dispute_id)
        if self.resolution is Resolution.CHARGE_CUSTOMER and dispute.wallet_id is None:
            raise InvalidRequest(field="resolution", reason="nobody's withdrawal is known")
        # From here on nothing is refused.
        proposed = msgspec.structs.replace(
            dispute,
            resolution=self.resolution,
            evidence=self.evidence,
            maker_id=self.maker_id,
        )
        books.put(proposed)
        books.record(
            "dispute.resolution_proposed",
            dispute.id,
            proposed.facts(resolution=self.resolution, evidence=self.evidence, maker=self.maker_id),
        )
        return _status(books, proposed, self.resolution)


class ApproveResolution(Command[DisputeStatus], frozen=True, kw_only=True):
    """Approve what somebody else proposed, naming it: what was approved is what is booked."""

    dispute_id: UUID
    resolution: Resolution
    checker_id: UUID

    def touches(self, books: Books) -> Rounds:
        accounts = (BREAKS, SETTLEMENT, WRITE_OFFS, TRUST, OPERATING)
        yield (
            Dispute.by_id(self.dispute_id),
            Person.by_id(self.checker_id),
            *(Account.by_id(account) for account in accounts),
        )
        dispute = books.find(Dispute.by_id(self.dispute_id))
        if dispute is not None and dispute.wallet_id is not None:
            yield (Account.by_id(dispute.wallet_id),)

    def decide(self, books: Books) -> DisputeStatus:
        require_staff(books, self.checker_id, *MAY_RESOLVE)
        dispute = _require_open(books, self.dispute_id)
        if dispute.maker_id == self.checker_id:
            raise Forbidden("Somebody else must approve what you proposed.")
        if dispute.resolution is not self.resolution:
            raise Conflict("This is not what was proposed.", proposed=dispute.resolution)
        _require_affordable(books, dispute)
        # From here on nothing is refused.
        closed = msgspec.structs.replace(dispute, state="closed", checker_id=self.checker_id)
        books.put(closed)
        books.record(
            "dispute.resolved",
            dispute.id,
            closed.facts(
                resolution=self.resolution, maker=closed.maker_id, checker=self.checker_id
            ),
            _entry(closed),
        )
        return _status(books, closed, self.resolution)


def _require_open(books: Books, dispute_id: UUID) -> Dispute:
    dispute = books.find(Dispute.by_id(dispute_id))
    if dispute is None:
        raise NotFound
    if dispute.state != "open":
        raise Conflict(state=dispute.state)
    return dispute


def _require_affordable(books: Books, dispute: Dispute) -> None:
    """A freeze does not stop two people of ours; an empty wallet does."""
    if dispute.resolution is Resolution.CHARGE_CUSTOMER:
        assert dispute.wallet_id is not None, "a proposal to charge names a customer"
        if books.account(dispute.wallet_id).free_minor < dispute.amount:
            raise InsufficientFunds


def _entry(dispute: Dispute) -> Entry:
    amount = Money(dispute.amount)
    match dispute.resolution:
        case Resolution.CHARGE_CUSTOMER:
            assert dispute.wallet_id is not None, "a proposal to charge names a customer"
            return move(amount, debit_to=dispute.wallet_id, credit_to=BREAKS)
        case Resolution.WRITE_OFF:  # and the customers' trust is made whole from our own money
            return entry(
                debit(WRITE_OFFS, amount),
                credit(BREAKS, amount),
                debit(TRUST, amount),
                credit(OPERATING, amount),
            )
        case _:
            return move(
                amount,
                debit_to=SETTLEMENT,
                credit_to=BREAKS,
                value_date=dispute.settlement_date,
            )


def _status(books: Books, dispute: Dispute, resolution: Resolution) -> DisputeStatus:
    return DisputeStatus(
        dispute_id=dispute.id,
        state=dispute.state,
        resolution=resolution,
        timestamp=books.now,
    )
