"""A withdrawal at an ATM, as decisions see it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.tier import Tier
from commands.withdrawal.lifecycle import Happening, State, require_move
from ledger.money import Money
from ledger.rows import Key, Row


class Withdrawal(Row, frozen=True, kw_only=True):
    """One withdrawal, from the request of its code to its end.

    `amount` and `fee` are what was held for it; `captured` and `captured_fee` what the customer
    really paid in the end. `capture_entry` is the entry that a late reversal takes back; None
    before there is one and after it was taken back, in part or whole: that happens once.
    `wanted_at` is the machine at which its owner's approval was asked for, and until
    `approved_until` its owner's approval is good there (anywhere, when none was asked for).
    """

    id: UUID
    user_id: UUID
    wallet_id: UUID
    session_id: UUID | None
    state: State
    amount: int
    fee: int
    tariff_edition: int
    code_digest: bytes | None
    code_seal: bytes | None
    tries: int = 0
    requested_at: datetime
    expires_at: datetime
    authorised_at: datetime | None = None
    doubt_at: datetime | None = None
    trace: UUID | None = None
    settlement_date: date | None = None
    captured: int = 0
    captured_fee: int = 0
    capture_entry: int | None = None
    wanted_at: str | None = None
    approved_until: datetime | None = None
    tier: Tier | None = None  # of the customer when it was asked for: the fee of a part goes by it

    TABLE: ClassVar[str] = "withdrawal"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, user_id, wallet_id, session_id, state, amount, fee, tariff_edition,
                code_digest, code_seal, tries, requested_at, expires_at, authorised_at, doubt_at,
                trace, settlement_date, captured, captured_fee, capture_entry, wanted_at,
                approved_until, tier
            FROM ledger.withdrawal
            WHERE id = ANY(%(values)s)
        """,
        "code_digest": """
            SELECT
                version, id, user_id, wallet_id, session_id, state, amount, fee, tariff_edition,
                code_digest, code_seal, tries, requested_at, expires_at, authorised_at, doubt_at,
                trace, settlement_date, captured, captured_fee, capture_entry, wanted_at,
                approved_until, tier
            FROM ledger.withdrawal
            WHERE code_digest = ANY(%(values)s) AND state = 'active'
        """,
    }
    # Codes that die are saved before those that begin to live: the same batch may give a code, or
    # a wallet's one place for a code, from one withdrawal to the next.
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.withdrawal AS w (
                id, user_id, wallet_id, session_id, state, amount, fee, tariff_edition, code_digest,
                code_seal, tries, requested_at, expires_at, authorised_at, doubt_at, trace,
                settlement_date, captured, captured_fee, capture_entry, wanted_at, approved_until,
                tier, version
            )
            SELECT
                r.id, r.user_id, r.wallet_id, r.session_id, r.state, r.amount, r.fee,
                r.tariff_edition, decode(r.code_digest, 'base64'), decode(r.code_seal, 'base64'),
                r.tries, r.requested_at, r.expires_at, r.authorised_at, r.doubt_at, r.trace,
                r.settlement_date, r.captured, r.captured_fee, r.capture_entry, r.wanted_at,
                r.approved_until, r.tier, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, user_id uuid, wallet_id uuid, session_id uuid, state text, amount bigint,
                fee bigint, tariff_edition integer, code_digest text, code_seal text,
                tries smallint, requested_at timestamptz, expires_at timestamptz,
                authorised_at timestamptz, doubt_at timestamptz, trace uuid,
                settlement_date date, captured bigint, captured_fee bigint, capture_entry bigint,
                wanted_at text, approved_until timestamptz, tier text, version bigint
            )
            ORDER BY r.state = 'active'
            ON CONFLICT (id) DO UPDATE SET
                state = excluded.state, code_digest = excluded.code_digest,
                code_seal = excluded.code_seal, tries = excluded.tries,
                authorised_at = excluded.authorised_at, doubt_at = excluded.doubt_at,
                trace = excluded.trace, settlement_date = excluded.settlement_date,
                captured = excluded.captured, captured_fee = excluded.captured_fee,
                capture_entry = excluded.capture_entry, wanted_at = excluded.wanted_at,
                approved_until = excluded.approved_until, version = excluded.version
            WHERE w.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('withdrawal', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(withdrawal_id: UUID) -> Key[Withdrawal]:
        """The withdrawal with this id."""
        return (Withdrawal, "id", withdrawal_id.int)

    @staticmethod
    def by_code(code_digest: bytes) -> Key[Withdrawal]:
        """The withdrawal whose live code has this keyed hash."""
        return (Withdrawal, "code_digest", code_digest)

    def keys(self) -> tuple[Key[Withdrawal], ...]:
        if self.code_digest is None:
            return ((Withdrawal, "id", self.id.int),)
        return ((Withdrawal, "id", self.id.int), (Withdrawal, "code_digest", self.code_digest))

    @property
    def held(self) -> Money:
        """What was set aside for it: the amount and its fee."""
        return Money(self.amount + self.fee)

    @property
    def awaits_word(self) -> bool:
        """Whether the machine was told to pay, and has not said yet what it did."""
        return self.state in (State.AUTHORISED, State.IN_DOUBT)

    def moved(self, happening: Happening, **changes: Any) -> Withdrawal:
        """The same withdrawal after something happened to it. Raises Conflict.

        A code that no longer lives is gone from here.
        """
        state = require_move(self.state, happening)
        if state is not State.ACTIVE:
            changes |= {"code_digest": None, "code_seal": None}
        return msgspec.structs.replace(self, state=state, **changes)

    def facts(self, **more: Any) -> dict[str, Any]:
        """What every event of its life tells."""
        return {
            "wallet": self.wallet_id,
            "user": self.user_id,
            "state": self.state,
            "amount": self.amount,
            "fee": self.fee,
            "captured": self.captured,
            "capturedFee": self.captured_fee,
            **more,
        }
