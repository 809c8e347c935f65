"""What fraud rules remember of a wallet beside its movements: its open case, clearances, claims."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

import msgspec

from ledger.books import Books
from ledger.rows import Key, Row

CLEARED_FOR = timedelta(hours=24)
ISLAND_AGAIN = timedelta(minutes=10)  # seen at the same place, it is noted so often


class RiskProfile(Row, frozen=True, kw_only=True):
    """Of one wallet. While a case about it is open, new hits join that case.

    `cleared` has, for each rule that an operator has cleared it of, until when that counts.
    `island` is where it was last seen with cash, `claims_at` when it last said that no cash came.
    """

    wallet_id: UUID
    case_id: UUID | None = None
    cleared: dict[str, datetime] = msgspec.field(default_factory=dict)
    blacklisted: str | None = None  # why
    island: str | None = None
    island_at: datetime | None = None
    claims_at: tuple[datetime, ...] = ()

    TABLE: ClassVar[str] = "risk_profile"
    IDS: ClassVar[tuple[str, ...]] = ("wallet_id",)
    LOAD: ClassVar[dict[str, str]] = {
        "wallet_id": """
            SELECT
                version, wallet_id, case_id, cleared::json AS cleared, blacklisted, island,
                island_at, claims_at::json AS claims_at
            FROM ledger.risk_profile
            WHERE wallet_id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.risk_profile AS p (
                wallet_id, case_id, cleared, blacklisted, island, island_at, claims_at, version
            )
            SELECT
                r.wallet_id, r.case_id, r.cleared, r.blacklisted, r.island, r.island_at,
                r.claims_at, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                wallet_id uuid, case_id uuid, cleared text, blacklisted text, island text,
                island_at timestamptz, claims_at text, version bigint
            )
            ON CONFLICT (wallet_id) DO UPDATE SET
                case_id = excluded.case_id, cleared = excluded.cleared,
                blacklisted = excluded.blacklisted, island = excluded.island,
                island_at = excluded.island_at, claims_at = excluded.claims_at,
                version = excluded.version
            WHERE p.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('risk_profile', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(wallet_id: UUID) -> Key[RiskProfile]:
        """That of a wallet."""
        return (RiskProfile, "wallet_id", wallet_id.int)

    def keys(self) -> tuple[Key[RiskProfile], ...]:
        return ((RiskProfile, "wallet_id", self.wallet_id.int),)

    def is_cleared(self, books: Books, rule: str) -> bool:
        """Whether an operator has cleared the wallet of this rule, and that still counts."""
        until = self.cleared.get(rule)
        return until is not None and not books.passed(until)

    def clear_of(self, books: Books, rule: str) -> RiskProfile:
        """The same, cleared of a rule for a day; clearances that are over are forgotten."""
        kept = {name: until for name, until in self.cleared.items() if until > books.now}
        return msgspec.structs.replace(self, cleared={**kept, rule: books.now + CLEARED_FOR})


def profile_of(books: Books, wallet_id: UUID) -> RiskProfile:
    """A wallet's profile; one of which nothing is known yet is empty."""
    return books.find((RiskProfile, "wallet_id", wallet_id.int)) or RiskProfile(wallet_id=wallet_id)


def note_island(books: Books, wallet_id: UUID, island: str | None) -> None:
    """The owner stands at a counter on this island; below the line. The caller records why."""
    profile = profile_of(books, wallet_id)
    fresh = profile.island_at is not None and books.now - profile.island_at < ISLAND_AGAIN
    if island is None or (island == profile.island and fresh):
        return
    books.put(msgspec.structs.replace(profile, island=island, island_at=books.now))
