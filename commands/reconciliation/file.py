"""Settlement files that were taken in, and how far an acquirer's files have come."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from commands.command import Answer
from ledger.rows import Key, Row


class FileState(StrEnum):
    """Where a file stands."""

    MATCHING = "matching"  # it was taken in; not all of its items are matched yet
    MATCHED = "matched"


class SettlementFile(Row, frozen=True, kw_only=True):
    """One file. `matched` items of it were matched, from the first on; `signed` is what its
    signature is over, which no other content has."""

    id: UUID
    acquirer_id: str
    number: int
    settlement_date: date
    cut_off_at: datetime
    signed: bytes
    records: int
    matched: int = 0
    state: FileState = FileState.MATCHING

    TABLE: ClassVar[str] = "settlement_file"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, acquirer_id, number, settlement_date, cut_off_at, signed, records,
                matched, state
            FROM ledger.settlement_file
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.settlement_file AS f (
                id, acquirer_id, number, settlement_date, cut_off_at, signed, records, matched,
                state, version
            )
            SELECT
                r.id, r.acquirer_id, r.number, r.settlement_date, r.cut_off_at,
                decode(r.signed, 'base64'), r.records, r.matched, r.state, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, acquirer_id text, number bigint, settlement_date date,
                cut_off_at timestamptz, signed text, records integer, matched integer, state text,
                version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                matched = excluded.matched, state = excluded.state, version = excluded.version
            WHERE f.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('settlement_file', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(file_id: UUID) -> Key[SettlementFile]:
        """The file with this id."""
        return (SettlementFile, "id", file_id.int)

    def keys(self) -> tuple[Key[SettlementFile], ...]:
        return ((SettlementFile, "id", self.id.int),)

    def facts(self, **more: Any) -> dict[str, Any]:
        """What every event of its life tells."""
        return {
            "acquirerId": self.acquirer_id,
            "number": self.number,
            "settlementDate": self.settlement_date,
            "records": self.records,
            "state": self.state,
            **more,
        }


class Series(Row, frozen=True, kw_only=True):
    """An acquirer's files: the next one has the number after the last, and no earlier date."""

    acquirer_id: str
    first_date: date
    last_date: date
    last_number: int

    TABLE: ClassVar[str] = "settlement_series"
    IDS: ClassVar[tuple[str, ...]] = ()  # an acquirer names it
    LOAD: ClassVar[dict[str, str]] = {
        "acquirer_id": """
            SELECT version, acquirer_id, first_date, last_date, last_number
            FROM ledger.settlement_series
            WHERE acquirer_id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.settlement_series AS s (
                acquirer_id, first_date, last_date, last_number, version
            )
            SELECT r.acquirer_id, r.first_date, r.last_date, r.last_number, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                acquirer_id text, first_date date, last_date date, last_number bigint,
                version bigint
            )
            ON CONFLICT (acquirer_id) DO UPDATE SET
                last_date = excluded.last_date, last_number = excluded.last_number,
                version = excluded.version
            WHERE s.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('settlement_series', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(acquirer_id: str) -> Key[Series]:
        """That of an acquirer."""
        return (Series, "acquirer_id", acquirer_id)

    def keys(self) -> tuple[Key[Series], ...]:
        return ((Series, "acquirer_id", self.acquirer_id),)


class FileStatus(Answer, frozen=True, kw_only=True):
    """Where a file stands: `matched` of its `records` are matched."""

    file_id: UUID
    acquirer_id: str
    number: int
    settlement_date: date
    state: FileState
    records: int
    matched: int

    @classmethod
    def of(cls, file: SettlementFile) -> FileStatus:
        """That of a file now."""
        return cls(
            file_id=file.id,
            acquirer_id=file.acquirer_id,
            number=file.number,
            settlement_date=file.settlement_date,
            state=file.state,
            records=file.records,
            matched=file.matched,
        )
