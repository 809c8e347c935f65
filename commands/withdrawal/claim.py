"""A customer says that a machine paid nothing, or not all: a claim on one withdrawal.

It changes no money. Evidence is put beside it, and two people decide.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role, require_customer
from commands.identity.staff import require_staff
from commands.risk.profile import RiskProfile, profile_of
from commands.switch.trace import Response, SwitchReply, SwitchTrace, TraceId, nonce_keys, use_nonce
from commands.withdrawal.lifecycle import State
from commands.withdrawal.machine_word import MachineWord, heard
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest, NotFound
from ledger.money import Money
from ledger.rows import Key, Row

CLAIMS_NOTED_MAX = 20


class ClaimState(StrEnum):
    """Where a claim stands."""

    OPEN = "open"
    PAID = "paid"
    REFUSED = "refused"


class Claim(Row, frozen=True, kw_only=True):
    """One a withdrawal at most. `received` is what the customer says came out, in minor units; what
    they wrote is sealed."""

    withdrawal_id: UUID
    user_id: UUID
    wallet_id: UUID
    received: int
    text_seal: bytes
    state: ClaimState
    opened_at: datetime
    checker_id: UUID | None = None

    TABLE: ClassVar[str] = "claim"
    IDS: ClassVar[tuple[str, ...]] = ("withdrawal_id",)
    LOAD: ClassVar[dict[str, str]] = {
        "withdrawal_id": """
            SELECT
                version, withdrawal_id, user_id, wallet_id, received, text_seal, state, opened_at,
                checker_id
            FROM ledger.claim
            WHERE withdrawal_id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.claim AS c (
                withdrawal_id, user_id, wallet_id, received, text_seal, state, opened_at,
                checker_id, version
            )
            SELECT
                r.withdrawal_id, r.user_id, r.wallet_id, r.received,
                decode(r.text_seal, 'base64'), r.state, r.opened_at, r.checker_id,
                r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                withdrawal_id uuid, user_id uuid, wallet_id uuid, received bigint, text_seal text,
                state text, opened_at timestamptz, checker_id uuid, version bigint
            )
            ON CONFLICT (withdrawal_id) DO UPDATE SET
                state = excluded.state, checker_id = excluded.checker_id, version = excluded.version
            WHERE c.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('claim', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(withdrawal_id: UUID) -> Key[Claim]:
        """That of a withdrawal."""
        return (Claim, "withdrawal_id", withdrawal_id.int)

    def keys(self) -> tuple[Key[Claim], ...]:
        return ((Claim, "withdrawal_id", self.withdrawal_id.int),)

    def facts(self, **more: Any) -> dict[str, Any]:
        """What every event of its life tells."""
        return {
            "user": self.user_id,
            "wallet": self.wallet_id,
            "state": self.state,
            "received": self.received,
            **more,
        }


class ClaimStatus(Answer, frozen=True, kw_only=True):
    """Where a claim stands."""

    transaction_id: UUID
    status: ClaimState
    timestamp: datetime


class OpenClaim(Command[ClaimStatus], frozen=True, kw_only=True):
    """Claim what a completed withdrawal did not pay, while it is not too old."""

    transaction_id: UUID
    user_id: UUID
    received: Money
    text_seal: bytes
    window_seconds: int

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Withdrawal.by_id(self.transaction_id),
            Claim.of(self.transaction_id),
        )
        withdrawal = books.find(Withdrawal.by_id(self.transaction_id))
        if withdrawal is not None:
            yield (RiskProfile.of(withdrawal.wallet_id),)

    def decide(self, books: Books) -> ClaimStatus:
        require_customer(books, self.user_id)
        withdrawal = self._require_claimable(books)
        # From here on nothing is refused.
        claim = Claim(
            withdrawal_id=withdrawal.id,
            user_id=withdrawal.user_id,
            wallet_id=withdrawal.wallet_id,
            received=self.received.minor,
            text_seal=self.text_seal,
            state=ClaimState.OPEN,
            opened_at=books.now,
        )
        books.put(claim)
        _note_claim(books, withdrawal.wallet_id)
        books.record(
            "claim.opened",
            withdrawal.id,
            claim.facts(captured=withdrawal.captured, capturedFee=withdrawal.captured_fee),
        )
        return ClaimStatus(transaction_id=withdrawal.id, status=claim.state, timestamp=books.now)

    def _require_claimable(self, books: Books) -> Withdrawal:
        withdrawal = books.find(Withdrawal.by_id(self.transaction_id))
        if withdrawal is None or withdrawal.user_id != self.user_id:
            raise NotFound
        if withdrawal.state is not State.COMPLETED:
            raise Conflict(
                "Only what was paid by our books can be claimed.", state=withdrawal.state
            )
        if books.find(Claim.of(withdrawal.id)) is not None:
            raise Conflict("There is a claim about this withdrawal.", state="claimed")
        if not 0 <= self.received.minor < withdrawal.captured:
            most = str(Money(withdrawal.captured).decimal)
            raise InvalidRequest(field="received", reason=f"is less than {most}, which was asked")
        assert withdrawal.authorised_at is not None, "what was completed was authorised"
        if books.passed(withdrawal.authorised_at + timedelta(seconds=self.window_seconds)):
            raise Conflict("It is too late to claim this.", state="too_late")
        return withdrawal


def _note_claim(books: Books, wallet_id: UUID) -> None:
    """Who claims often is looked at: see docs/fraud.md."""
    profile = profile_of(books, wallet_id)
    claims_at = (*profile.claims_at[1 - CLAIMS_NOTED_MAX :], books.now)
    books.put(msgspec.structs.replace(profile, claims_at=claims_at))


class Source(StrEnum):
    """Where evidence comes from."""

    CASSETTE_COUNT = "cassette_count"
    ATM_JOURNAL = "atm_journal"
    SWITCH_FILE = "switch_file"
    OTHER = "other"


MACHINES_OWN = (Source.CASSETTE_COUNT, Source.ATM_JOURNAL)


class EvidenceAdded(Answer, frozen=True, kw_only=True):
    """It stands beside the withdrawal now."""

    transaction_id: UUID
    timestamp: datetime


class AddEvidence(Command[EvidenceAdded], frozen=True, kw_only=True):
    """One of us puts evidence beside a withdrawal: what a source says was really dispensed."""

    transaction_id: UUID
    user_id: UUID
    source: Source
    dispensed: Money
    note: str

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Withdrawal.by_id(self.transaction_id),
            MachineWord.of(self.transaction_id),
        )

    def decide(self, books: Books) -> EvidenceAdded:
        require_staff(books, self.user_id, Role.OPERATOR, Role.ACCOUNTANT)
        withdrawal = books.find(Withdrawal.by_id(self.transaction_id))
        if withdrawal is None:
            raise NotFound
        # From here on nothing is refused.
        _write_evidence(books, withdrawal, self.source, self.dispensed, self.note)
        return EvidenceAdded(transaction_id=withdrawal.id, timestamp=books.now)


class ReportEvidence(Command[SwitchReply], frozen=True, kw_only=True):
    """The switch reports what a machine's count or journal says of one of its operations."""

    trace: TraceId
    nonce_hash: bytes | None
    source: Source
    dispensed: Money
    note: str

    def touches(self, books: Books) -> Rounds:
        yield (*nonce_keys(self.nonce_hash), SwitchTrace.by_id(self.trace.id))
        known = books.find(SwitchTrace.by_id(self.trace.id))
        if known is not None and known.withdrawal_id is not None:
            yield (Withdrawal.by_id(known.withdrawal_id), MachineWord.of(known.withdrawal_id))

    def decide(self, books: Books) -> SwitchReply:
        use_nonce(books, self.nonce_hash)
        # From here on nothing is refused.
        known = books.find(SwitchTrace.by_id(self.trace.id))
        if known is None or known.withdrawal_id is None:
            return SwitchReply(response_code=Response.UNKNOWN_ORIGINAL)
        withdrawal = books.get(Withdrawal.by_id(known.withdrawal_id))
        _write_evidence(books, withdrawal, self.source, self.dispensed, self.note)
        return SwitchReply(response_code=Response.APPROVED, transaction_id=withdrawal.id)


def _write_evidence(
    books: Books, withdrawal: Withdrawal, source: Source, dispensed: Money, note: str
) -> None:
    if source in MACHINES_OWN:
        heard(books, withdrawal.id, dispensed.minor)
    books.record(
        "claim.evidence_added",
        withdrawal.id,
        {
            "user": withdrawal.user_id,
            "wallet": withdrawal.wallet_id,
            "source": source,
            "dispensed": dispensed.minor,
            "note": note,
        },
    )
