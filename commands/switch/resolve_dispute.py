"""A dispute ends: one person proposes who bears it, with evidence; another approves."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from commands.approval.waiting import WAITS_SECONDS, ends_at, require_read, require_waiting
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_apart, require_staff
from commands.identity.step_up import require_confirmed, session_keys
from commands.switch.dispute import BREAKS, BY_CUSTOMER, PROPOSED, Dispute, Resolution
from commands.switch.owed import RECEIVABLE_SWITCH, SETTLEMENT, Settlement, owe_less
from commands.treasury.debts import OWED_BY_CUSTOMER, charge_or_owe, debt_key, owes
from commands.treasury.trust import OPERATING, TRUST, WRITE_OFFS, require_own_money
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import Conflict, Forbidden, InsufficientFunds, InvalidRequest, NotFound
from ledger.journal import Entry, credit, debit, entry
from ledger.money import Money

MAY_RESOLVE = (Role.OPERATOR, Role.ACCOUNTANT)


class DisputeStatus(Answer, frozen=True, kw_only=True):
    """Where a dispute stands."""

    dispute_id: UUID
    state: str
    resolution: Resolution
    timestamp: datetime
    content_hash: str | None = None  # of what waits for somebody else
    expires_at: datetime | None = None


class ProposeResolution(Command[DisputeStatus], frozen=True, kw_only=True):
    """Propose how an open dispute ends; a newer proposal takes the place of an older one."""

    dispute_id: UUID
    resolution: Resolution
    evidence: str
    maker_id: UUID
    ttl_seconds: int = WAITS_SECONDS
    session_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        session = session_keys(self.session_id)
        yield (Dispute.by_id(self.dispute_id), Person.by_id(self.maker_id), *session)

    def decide(self, books: Books) -> DisputeStatus:
        require_staff(books, self.maker_id, *MAY_RESOLVE)
        if self.resolution not in PROPOSED:
            raise InvalidRequest(field="resolution", reason="is for the switch to say")
        dispute = _require_open(books, self.dispute_id, self.session_id)
        if self.resolution in BY_CUSTOMER and dispute.wallet_id is None:
            raise InvalidRequest(field="resolution", reason="nobody's withdrawal is known")
        # From here on nothing is refused.
        proposed = msgspec.structs.replace(
            dispute,
            resolution=self.resolution,
            evidence=self.evidence,
            maker_id=self.maker_id,
            proposed_at=books.now,
        )
        books.put(proposed)
        expires_at = ends_at(books.now, self.ttl_seconds)
        books.record(
            "dispute.resolution_proposed",
            dispute.id,
            proposed.facts(
                resolution=self.resolution,
                evidence=self.evidence,
                maker=self.maker_id,
                contentHash=proposed.content_hash,
                expiresAt=expires_at,
            ),
        )
        waiting = _status(books, proposed, self.resolution)
        return msgspec.structs.replace(
            waiting, content_hash=proposed.content_hash, expires_at=expires_at
        )


class ApproveResolution(Command[DisputeStatus], frozen=True, kw_only=True):
    """Approve what somebody else proposed, naming it: what was approved is what is booked.

    When `content_hash` is given, it must be that of what waits now, evidence and amount too.
    """

    dispute_id: UUID
    resolution: Resolution
    checker_id: UUID
    content_hash: str | None = None
    ttl_seconds: int = WAITS_SECONDS
    session_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        accounts = (BREAKS, SETTLEMENT, RECEIVABLE_SWITCH, WRITE_OFFS, TRUST, OPERATING)
        yield (
            Dispute.by_id(self.dispute_id),
            Person.by_id(self.checker_id),
            *session_keys(self.session_id),
            *(Account.by_id(account) for account in accounts),
        )
        dispute = books.find(Dispute.by_id(self.dispute_id))
        if dispute is not None:
            yield (
                Settlement.of(dispute.settlement_date),
                *((Account.by_id(dispute.wallet_id),) if dispute.wallet_id is not None else ()),
                *((debt_key(OWED_BY_CUSTOMER, dispute.user_id),) if dispute.user_id else ()),
                *((Person.by_id(dispute.maker_id),) if dispute.maker_id else ()),
            )

    def decide(self, books: Books) -> DisputeStatus:
        checker = require_staff(books, self.checker_id, *MAY_RESOLVE)
        dispute = _require_open(books, self.dispute_id, self.session_id)
        if dispute.maker_id == self.checker_id:
            raise Forbidden("Somebody else must approve what you proposed.")
        if dispute.maker_id is not None:
            require_apart(books.get(Person.by_id(dispute.maker_id)), checker)
        if dispute.resolution is not self.resolution:
            raise Conflict("This is not what was proposed.", proposed=dispute.resolution)
        require_read(dispute.content_hash, self.content_hash)
        require_waiting(books, dispute.proposed_at, self.ttl_seconds)
        _require_affordable(books, dispute)
        # From here on nothing is refused.
        closed = msgspec.structs.replace(dispute, state="closed", checker_id=self.checker_id)
        books.put(closed)
        facts, written = _end(books, closed)
        books.record(
            "dispute.resolved",
            dispute.id,
            closed.facts(
                resolution=self.resolution,
                maker=closed.maker_id,
                checker=self.checker_id,
                contentHash=dispute.content_hash,
                **facts,
            ),
            written,
        )
        return _status(books, closed, self.resolution)


def _require_open(books: Books, dispute_id: UUID, session_id: UUID | None) -> Dispute:
    dispute = books.find(Dispute.by_id(dispute_id))
    if dispute is None:
        raise NotFound
    require_confirmed(books, session_id)
    if dispute.state != "open":
        raise Conflict(state=dispute.state)
    return dispute


def _require_affordable(books: Books, dispute: Dispute) -> None:
    """A freeze does not stop two people of ours; an empty wallet, or bank account, does."""
    if dispute.resolution is Resolution.CHARGE_CUSTOMER:
        assert dispute.wallet_id is not None, "a proposal to charge names a customer"
        if books.account(dispute.wallet_id).free_minor < dispute.disputed:
            raise InsufficientFunds
    elif dispute.resolution is Resolution.WRITE_OFF:
        require_own_money(books, Money(dispute.disputed))


def _end(books: Books, dispute: Dispute) -> tuple[dict[str, Any], Entry]:
    """What the record tells of who bears it, and the entry."""
    amount = Money(dispute.disputed)
    match dispute.resolution:
        case Resolution.CHARGE_CUSTOMER | Resolution.CUSTOMER_OWES:
            return _charge(books, dispute, amount)
        case Resolution.WRITE_OFF:  # and the customers' trust is made whole from our own money
            return {}, entry(
                debit(WRITE_OFFS, amount),
                credit(BREAKS, amount),
                debit(TRUST, amount),
                credit(OPERATING, amount),
            )
        case _:
            against = owe_less(books, dispute.settlement_date, amount.minor)
            return {}, entry(
                *(debit(account, Money(part)) for account, part in against.items()),
                credit(BREAKS, amount),
                value_date=dispute.settlement_date,
            )


def _charge(books: Books, dispute: Dispute, amount: Money) -> tuple[dict[str, Any], Entry]:
    """The wallet pays what it holds; what it does not, its owner owes us."""
    assert dispute.wallet_id is not None, "a proposal to charge names a customer"
    charged, owed = charge_or_owe(books, dispute.wallet_id, amount)
    facts = {"user": dispute.user_id, "wallet": dispute.wallet_id, "charged": charged.minor}
    lines = (debit(dispute.wallet_id, charged), *owes(books, dispute.user_id, owed))
    return {**facts, "owed": owed.minor}, entry(*lines, credit(BREAKS, amount))


def _status(books: Books, dispute: Dispute, resolution: Resolution) -> DisputeStatus:
    return DisputeStatus(
        dispute_id=dispute.id,
        state=dispute.state,
        resolution=resolution,
        timestamp=books.now,
    )
