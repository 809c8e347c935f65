"""Disputes: cash that the switch says was paid, and that no hold of ours covers."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from commands.switch.trace import TraceId
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.journal import move
from ledger.money import Money
from ledger.rows import Key, Row

SETTLEMENT = chart.the(chart.SWITCH_PAYABLE)
BREAKS = chart.the(chart.SUSPENSE_BREAKS)


class Resolution(StrEnum):
    """Who bears a dispute in the end."""

    CHARGE_CUSTOMER = "charge_customer"
    WRITE_OFF = "write_off"
    NOT_IN_FILE = "not_in_file"  # the switch does not claim it after all


class Dispute(Row, frozen=True, kw_only=True):
    """One a trace: we owe the switch, and do not know yet who owes us.

    `wallet_id` is that of the withdrawal, when the trace had approved one. What is proposed about
    it takes effect when somebody else approves.
    """

    id: UUID  # the trace's
    acquirer_id: str
    terminal_id: str
    stan: str
    rrn: str
    local_date: date
    withdrawal_id: UUID | None
    wallet_id: UUID | None
    amount: int
    settlement_date: date
    state: str = "open"
    resolution: Resolution | None = None
    evidence: str | None = None
    maker_id: UUID | None = None
    checker_id: UUID | None = None

    TABLE: ClassVar[str] = "dispute"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, acquirer_id, terminal_id, stan, rrn, local_date, withdrawal_id,
                wallet_id, amount, settlement_date, state, resolution, evidence, maker_id,
                checker_id
            FROM ledger.dispute
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.dispute AS d (
                id, acquirer_id, terminal_id, stan, rrn, local_date, withdrawal_id, wallet_id,
                amount, settlement_date, state, resolution, evidence, maker_id, checker_id, version
            )
            SELECT
                r.id, r.acquirer_id, r.terminal_id, r.stan, r.rrn, r.local_date, r.withdrawal_id,
                r.wallet_id, r.amount, r.settlement_date, r.state, r.resolution, r.evidence,
                r.maker_id, r.checker_id, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, acquirer_id text, terminal_id text, stan text, rrn text, local_date date,
                withdrawal_id uuid, wallet_id uuid, amount bigint, settlement_date date, state text,
                resolution text, evidence text, maker_id uuid, checker_id uuid, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                state = excluded.state, resolution = excluded.resolution,
                evidence = excluded.evidence, maker_id = excluded.maker_id,
                checker_id = excluded.checker_id, version = excluded.version
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

    def facts(self, **more: Any) -> dict[str, Any]:
        """What every event of its life tells."""
        trace = TraceId(
            acquirer_id=self.acquirer_id,
            terminal_id=self.terminal_id,
            stan=self.stan,
            rrn=self.rrn,
            local_date=self.local_date,
        )
        return trace.facts(
            withdrawal=self.withdrawal_id,
            amount=self.amount,
            settlementDate=self.settlement_date,
            state=self.state,
            **more,
        )


def dispute_keys(trace: TraceId) -> tuple[Key[Any], ...]:
    """What `dispute_once` touches."""
    return (Dispute.by_id(trace.id), Account.by_id(SETTLEMENT), Account.by_id(BREAKS))


def dispute_once(
    books: Books,
    trace: TraceId,
    amount: Money,
    settlement_date: date,
    *,
    withdrawal_id: UUID | None = None,
    wallet_id: UUID | None = None,
) -> None:
    """Owe the switch what it says was paid, without a fee; a trace is disputed once."""
    if books.find(Dispute.by_id(trace.id)) is not None:
        return
    dispute = Dispute(
        id=trace.id,
        acquirer_id=trace.acquirer_id,
        terminal_id=trace.terminal_id,
        stan=trace.stan,
        rrn=trace.rrn,
        local_date=trace.local_date,
        withdrawal_id=withdrawal_id,
        wallet_id=wallet_id,
        amount=amount.minor,
        settlement_date=settlement_date,
    )
    books.put(dispute)
    books.record(
        "dispute.opened",
        dispute.id,
        dispute.facts(),
        move(amount, debit_to=BREAKS, credit_to=SETTLEMENT, value_date=settlement_date),
    )
