"""Cases: what a rule or a watch has found, for an operator to look at."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid5

from commands.command import Answer
from ledger.books import Books
from ledger.rows import Key, Row

CASES = UUID("6d616b65-6261-5000-8000-000000636173")


class CaseState(StrEnum):
    """Where a case stands. Only an open one can be worked on."""

    OPEN = "open"
    RELEASED = "released"  # it was all right: what was held goes on, the wallet is cleared
    REFUSED = "refused"  # it was not: what was held goes back
    CLOSED = "closed"


class Case(Row, frozen=True, kw_only=True):
    """Why somebody has to look, about whom, and who does.

    `transaction_id` is the movement that opened it; a transfer that is held for it has the same id.
    `watch_id` is set when it is about machines instead of a wallet.
    """

    id: UUID
    rule: str
    action: str
    state: CaseState
    wallet_id: UUID | None = None
    user_id: UUID | None = None
    agent_id: UUID | None = None
    transaction_id: UUID | None = None
    watch_id: str | None = None
    amount: int | None = None
    holds: bool = False  # whether a transfer waits for its end
    assignee_id: UUID | None = None
    opened_at: datetime
    ended_by: UUID | None = None

    TABLE: ClassVar[str] = "risk_case"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, rule, action, state, wallet_id, user_id, agent_id, transaction_id,
                watch_id, amount, holds, assignee_id, opened_at, ended_by
            FROM ledger.risk_case
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.risk_case AS c (
                id, rule, action, state, wallet_id, user_id, agent_id, transaction_id, watch_id,
                amount, holds, assignee_id, opened_at, ended_by, version
            )
            SELECT
                r.id, r.rule, r.action, r.state, r.wallet_id, r.user_id, r.agent_id,
                r.transaction_id, r.watch_id, r.amount, r.holds, r.assignee_id, r.opened_at,
                r.ended_by, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, rule text, action text, state text, wallet_id uuid, user_id uuid,
                agent_id uuid, transaction_id uuid, watch_id text, amount bigint, holds boolean,
                assignee_id uuid, opened_at timestamptz, ended_by uuid, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                state = excluded.state, assignee_id = excluded.assignee_id,
                ended_by = excluded.ended_by, version = excluded.version
            WHERE c.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('risk_case', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(case_id: UUID) -> Key[Case]:
        """The case with this id."""
        return (Case, "id", case_id.int)

    def keys(self) -> tuple[Key[Case], ...]:
        return ((Case, "id", self.id.int),)

    def facts(self, **more: Any) -> dict[str, Any]:
        """What every event of its life tells."""
        return {
            "rule": self.rule,
            "action": self.action,
            "state": self.state,
            "wallet": self.wallet_id,
            "user": self.user_id,
            "agent": self.agent_id,
            "transaction": self.transaction_id,
            "watch": self.watch_id,
            "amount": self.amount,
            **more,
        }


class CaseStatus(Answer, frozen=True, kw_only=True):
    """Where a case stands."""

    case_id: UUID
    state: CaseState
    assignee_id: UUID | None
    timestamp: datetime

    @classmethod
    def of(cls, books: Books, case: Case) -> CaseStatus:
        """That of a case now."""
        return cls(
            case_id=case.id, state=case.state, assignee_id=case.assignee_id, timestamp=books.now
        )


def case_id_of(books: Books, subject: object) -> UUID:
    """The id of a case that a subject opens now."""
    return uuid5(CASES, f"{subject} {books.now.timestamp()}")


def open_case(books: Books, case: Case, reason: str) -> None:
    """Write a new case, and why it was opened: a sentence for the operator."""
    books.put(case)
    books.record("case.opened", case.id, case.facts(reason=reason))


def record_hit(
    books: Books,
    case_id: UUID | None,
    subject: UUID,
    *,
    rule: str,
    edition: int,
    action: str,
    dry_run: bool = False,
    **facts: Any,
) -> None:
    """Log that a rule was hit; `subject` is the wallet, agent or machine that hit it."""
    books.record(
        "risk.hit",
        subject,
        {
            "rule": rule,
            "edition": edition,
            "action": action,
            "dryRun": dry_run,
            "case": case_id,
            **facts,
        },
    )
