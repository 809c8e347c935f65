"""A wallet's cash under way: its newest withdrawal, all that is set aside, wrong tries."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ledger.rows import Key, Row


class Cardless(Row, frozen=True, kw_only=True):
    """Of one wallet: the withdrawal that a code at an ATM can only mean, and what is held in all.

    `held` counts ATM withdrawals and agents' requests, in minor units: while it is not zero, the
    wallet cannot be closed. `wrong_at` are the times of the newest wrong tries at machines, in
    seconds since 1970; since `suspended_at` no code is given, until its owner enables it again.
    """

    wallet_id: UUID
    withdrawal_id: UUID | None = None
    held: int = 0
    wrong_at: tuple[int, ...] = ()
    suspended_at: datetime | None = None

    TABLE: ClassVar[str] = "cardless"
    IDS: ClassVar[tuple[str, ...]] = ("wallet_id",)
    LOAD: ClassVar[dict[str, str]] = {
        "wallet_id": """
            SELECT
                version, wallet_id, withdrawal_id, held, wrong_at::json AS wrong_at, suspended_at
            FROM ledger.cardless
            WHERE wallet_id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.cardless AS c (
                wallet_id, withdrawal_id, held, wrong_at, suspended_at, version
            )
            SELECT
                r.wallet_id, r.withdrawal_id, r.held, r.wrong_at, r.suspended_at, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                wallet_id uuid, withdrawal_id uuid, held bigint, wrong_at text,
                suspended_at timestamptz, version bigint
            )
            ON CONFLICT (wallet_id) DO UPDATE SET
                withdrawal_id = excluded.withdrawal_id, held = excluded.held,
                wrong_at = excluded.wrong_at, suspended_at = excluded.suspended_at,
                version = excluded.version
            WHERE c.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('cardless', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(wallet_id: UUID) -> Key[Cardless]:
        """That of a wallet."""
        return (Cardless, "wallet_id", wallet_id.int)

    def keys(self) -> tuple[Key[Cardless], ...]:
        return ((Cardless, "wallet_id", self.wallet_id.int),)
