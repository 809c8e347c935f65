"""Proposals: changes that wait for a second pair of eyes."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.command import Answer
from ledger.books import Books
from ledger.rows import Key, Row


class ProposalState(StrEnum):
    """Where a proposal stands. Only a proposed one can still be applied."""

    PROPOSED = "proposed"
    APPLIED = "applied"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Proposal(Row, frozen=True, kw_only=True):
    """A change as its maker wrote it (JSON), and what became of it."""

    id: UUID
    kind: str
    content: str
    content_hash: str  # SHA-256 of the content, in hexadecimal
    maker_id: UUID
    proposed_at: datetime
    expires_at: datetime
    state: ProposalState = ProposalState.PROPOSED
    checker_id: UUID | None = None

    TABLE: ClassVar[str] = "proposal"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, kind, content, content_hash, maker_id, proposed_at, expires_at,
                state, checker_id
            FROM ledger.proposal
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.proposal AS p (
                id, kind, content, content_hash, maker_id, proposed_at, expires_at, state,
                checker_id, version
            )
            SELECT
                r.id, r.kind, r.content, r.content_hash, r.maker_id, r.proposed_at,
                r.expires_at, r.state, r.checker_id, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, kind text, content text, content_hash text, maker_id uuid,
                proposed_at timestamptz, expires_at timestamptz, state text, checker_id uuid,
                version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                state = excluded.state, checker_id = excluded.checker_id,
                version = excluded.version
            WHERE p.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('proposal', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(proposal_id: UUID) -> Key[Proposal]:
        """The proposal with this id."""
        return (Proposal, "id", proposal_id.int)

    def keys(self) -> tuple[Key[Proposal], ...]:
        return ((Proposal, "id", self.id.int),)

    def ended(
        self, books: Books, state: ProposalState, checker_id: UUID | None = None, **facts: Any
    ) -> Proposal:
        """The same at its end, put and recorded."""
        ended = msgspec.structs.replace(self, state=state, checker_id=checker_id)
        books.put(ended)
        books.record(f"proposal.{state}", ended.id, ended.facts(checker=checker_id, **facts))
        return ended

    def facts(self, **more: Any) -> dict[str, Any]:
        """What every event of its life tells."""
        return {
            "kind": self.kind,
            "contentHash": self.content_hash,
            "state": self.state,
            "maker": self.maker_id,
            **more,
        }


class ProposalStatus(Answer, frozen=True, kw_only=True):
    """Where a proposal stands, and the hash that names its content."""

    proposal_id: UUID
    kind: str
    state: ProposalState
    content_hash: str
    expires_at: datetime

    @classmethod
    def of(cls, proposal: Proposal) -> ProposalStatus:
        """That of a proposal now."""
        return cls(
            proposal_id=proposal.id,
            kind=proposal.kind,
            state=proposal.state,
            content_hash=proposal.content_hash,
            expires_at=proposal.expires_at,
        )


def hash_of(content: str) -> str:
    """The SHA-256 by which a checker names what was read."""
    return hashlib.sha256(content.encode()).hexdigest()
