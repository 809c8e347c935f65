"""Disputes: cash that the switch says was paid, and that no hold of ours covers."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.approval.waiting import hash_of_words
from commands.switch.owed import SETTLEMENT, owe
from commands.switch.trace import TraceId
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.journal import move
from ledger.money import Money
from ledger.rows import Key, Row

BREAKS = chart.the(chart.SUSPENSE_BREAKS)


class Resolution(StrEnum):
    """Who bears a dispute in the end."""

    CHARGE_CUSTOMER = "charge_customer"
    CUSTOMER_OWES = "customer_owes"  # what the wallet does not hold, its owner owes us
    WRITE_OFF = "write_off"
    NOT_IN_FILE = "not_in_file"  # the switch does not claim it after all
    TAKEN_BACK = "taken_back"  # the switch itself said that nothing of it was paid


# What two people may say.
PROPOSED = (
    Resolution.CHARGE_CUSTOMER,
    Resolution.CUSTOMER_OWES,
    Resolution.WRITE_OFF,
    Resolution.NOT_IN_FILE,
)
BY_CUSTOMER = (Resolution.CHARGE_CUSTOMER, Resolution.CUSTOMER_OWES)


class Dispute(Row, frozen=True, kw_only=True):
    """One a trace: we owe the switch, and do not know yet who owes us.

    `user_id` and `wallet_id` are those of the withdrawal, when the trace had approved one. What is
    proposed about it takes effect when somebody else approves. Of the amount, the switch itself has
    taken back so much since; `entry` is that which opened it, for its first word to that effect.
    """

    id: UUID  # the trace's
    acquirer_id: str
    terminal_id: str
    stan: str
    rrn: str
    local_date: date
    withdrawal_id: UUID | None
    user_id: UUID | None
    wallet_id: UUID | None
    amount: int
    settlement_date: date
    entry: int | None = None
    taken_back: int = 0
    state: str = "open"
    resolution: Resolution | None = None
    evidence: str | None = None
    maker_id: UUID | None = None
    checker_id: UUID | None = None
    proposed_at: datetime | None = None

    TABLE: ClassVar[str] = "dispute"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, acquirer_id, terminal_id, stan, rrn, local_date, withdrawal_id,
                user_id, wallet_id, amount, settlement_date, entry, taken_back, state, resolution,
                evidence, maker_id, checker_id, proposed_at
            FROM ledger.dispute
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.dispute AS d (
                id, acquirer_id, terminal_id, stan, rrn, local_date, withdrawal_id, user_id,
                wallet_id, amount, settlement_date, entry, taken_back, state, resolution, evidence,
                maker_id, checker_id, proposed_at, version
            )
            SELECT
                r.id, r.acquirer_id, r.terminal_id, r.stan, r.rrn, r.local_date, r.withdrawal_id,
                r.user_id, r.wallet_id, r.amount, r.settlement_date, r.entry, r.taken_back,
                r.state, r.resolution, r.evidence, r.maker_id, r.checker_id,
                r.proposed_at, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, acquirer_id text, terminal_id text, stan text, rrn text, local_date date,
                withdrawal_id uuid, user_id uuid, wallet_id uuid, amount bigint,
                settlement_date date, entry bigint, taken_back bigint, state text,
                resolution text, evidence text, maker_id uuid, checker_id uuid,
                proposed_at timestamptz, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                entry = excluded.entry, taken_back = excluded.taken_back, state = excluded.state,
                resolution = excluded.resolution, evidence = excluded.evidence,
                maker_id = excluded.maker_id, checker_id = excluded.checker_id,
                proposed_at = excluded.proposed_at, version = excluded.version
            WHERE d.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('dispute', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(trace_id: UUID) -> Key[Dispute]:
        """The dispute about this trace."""
        return (Dispute, "id", trace_id.int)

    def keys(self) -> tuple[Key[Dispute], ...]:
        return ((Dispute, "id", self.id.int),)

    @property
    def disputed(self) -> int:
        """What of it the switch has not taken back."""
        return self.amount - self.taken_back

    @property
    def content_hash(self) -> str:
        """What the checker of the resolution that is proposed agrees to."""
        return hash_of_words(
            dispute=self.id,
            resolution=self.resolution,
            evidence=self.evidence,
            amount=self.disputed,
            maker=self.maker_id,
        )

    @property
    def claimed(self) -> int:
        """The same, unless people have found that the switch does not claim it."""
        dropped = self.state == "closed" and self.resolution is Resolution.NOT_IN_FILE
        return 0 if dropped else self.disputed

    def facts(self, **more: Any) -> dict[str, Any]:
        """What every event of its life tells; the amount is what is still disputed."""
        trace = TraceId(
            acquirer_id=self.acquirer_id,
            terminal_id=self.terminal_id,
            stan=self.stan,
            rrn=self.rrn,
            local_date=self.local_date,
        )
        return trace.facts(
            withdrawal=self.withdrawal_id,
            amount=self.disputed,
            settlementDate=self.settlement_date,
            state=self.state,
            **more,
        )


def dispute_keys(trace: TraceId) -> tuple[Key[Any], ...]:
    """What `dispute_once` touches, beside the `Settlement` of its date."""
    return (Dispute.by_id(trace.id), Account.by_id(SETTLEMENT), Account.by_id(BREAKS))


def dispute_once(
    books: Books,
    trace: TraceId,
    amount: Money,
    settlement_date: date,
    *,
    withdrawal_id: UUID | None = None,
    user_id: UUID | None = None,
    wallet_id: UUID | None = None,
) -> None:
    """Owe the switch what it says was paid, without a fee; a trace is disputed once."""
    if books.find(Dispute.by_id(trace.id)) is not None:
        return
    opened = Dispute(
        id=trace.id,
        acquirer_id=trace.acquirer_id,
        terminal_id=trace.terminal_id,
        stan=trace.stan,
        rrn=trace.rrn,
        local_date=trace.local_date,
        withdrawal_id=withdrawal_id,
        user_id=user_id,
        wallet_id=wallet_id,
        amount=amount.minor,
        settlement_date=settlement_date,
    )
    owe(books, settlement_date, amount.minor)
    number = books.record(
        "dispute.opened",
        opened.id,
        opened.facts(),
        move(amount, debit_to=BREAKS, credit_to=SETTLEMENT, value_date=settlement_date),
    )
    books.put(msgspec.structs.replace(opened, entry=number))
