"""The lives of withdrawals and of requests at agents, as the log tells them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from queries.check.reading import Record

BEGINS = ("withdrawal.requested", "cash_out.requested")
ATM = "withdrawal."
AGENT = "cash_out."
# While it is in one of these states, its money lies on the held account.
HOLDING = frozenset({"active", "authorised", "in_doubt", "pending"})


class Told(msgspec.Struct, frozen=True, rename="camel"):
    """What an event of a life says of it; more may stand there."""

    wallet: str
    state: str  # after the event
    amount: int
    fee: int
    expires_at: datetime | None = None
    captured: int = 0
    captured_fee: int = 0


class Life(NamedTuple):
    """A withdrawal or request after an event. `whole`: we saw it from its beginning."""

    state: str
    wallet: str
    amount: int
    fee: int
    captured: int
    captured_fee: int
    expires_at: datetime | None
    approvals: int
    captures: int
    whole: bool
    at_agent: bool
    position: int  # of its newest event

    @property
    def holds(self) -> int:
        """What must lie on the held account for it, in minor units."""
        return self.amount + self.fee if self.state in HOLDING else 0


class Move(NamedTuple):
    """One event of one life. `told` is None when its payload cannot be read."""

    record: Record
    before: Life | None
    told: Told | None
    after: Life | None

    @property
    def what(self) -> str:
        """The life as an accountant looks it up, and where in the log the event stands."""
        at_agent = self.record.kind.startswith(AGENT)
        return (
            f"{'request' if at_agent else 'withdrawal'} {self.record.subject}"
            f" (record {self.record.position}, {self.record.kind})"
        )


class Lives:
    """All lives that were seen, each as its newest event left it."""

    def __init__(self) -> None:
        self.known: dict[UUID, Life] = {}

    def follow(self, record: Record) -> tuple[Move, ...]:
        """What a record did to a life: one move, or none."""
        if not record.kind.startswith((ATM, AGENT)):
            return ()
        before = self.known.get(record.subject)
        try:
            told = msgspec.convert(record.payload, Told)
        except msgspec.ValidationError:
            return (Move(record, before, None, before),)
        after = self.known[record.subject] = _lived_on(record, before, told)
        return (Move(record, before, told, after),)


def _lived_on(record: Record, before: Life | None, told: Told) -> Life:
    begins = record.kind in BEGINS
    return Life(
        state=told.state,
        wallet=told.wallet,
        amount=told.amount,
        fee=told.fee,
        captured=told.captured,
        captured_fee=told.captured_fee,
        expires_at=told.expires_at if before is None else before.expires_at,
        approvals=(before.approvals if before else 0) + (record.kind == "withdrawal.authorised"),
        captures=(before.captures if before else 0) + (record.kind == "withdrawal.completed"),
        whole=before.whole if before else begins,
        at_agent=record.kind.startswith(AGENT),
        position=record.position,
    )
