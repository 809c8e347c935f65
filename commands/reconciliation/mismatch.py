"""Mismatches: where a settlement file, our books and the machine differ, until two people say what
becomes of it, or a later file explains it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid5

import msgspec

from commands.switch.trace import TraceId
from ledger.books import Books
from ledger.rows import Key, Row


class MismatchKind(StrEnum):
    """The classes of breaks, as accountants call them."""

    MISSING_HERE = "missing_here"  # the file claims what our books do not know
    MISSING_THERE = "missing_there"  # our books owe what no file claims
    AMOUNT = "amount"
    DUPLICATE = "duplicate"  # claimed a second time
    REVERSED_HERE_ONLY = "reversed_here_only"
    REVERSED_THERE_ONLY = "reversed_there_only"
    LATE = "late"  # the file of its date did not name it, a later one does
    FEE = "fee"  # other interchange than was agreed
    WRONG_DATE = "wrong_date"  # our books have it on another settlement date


class MismatchState(StrEnum):
    """Where a mismatch stands."""

    OPEN = "open"
    BOOKED = "booked"  # two people have had posted what its kind calls for
    DISMISSED = "dismissed"  # two people have agreed that nothing is to be posted
    EXPLAINED = "explained"  # a later file or message has cleared it up


class Mismatch(Row, frozen=True, kw_only=True):
    """One difference about one trace. `in_file` and `in_books` are minor units: what the file
    claims for it and what our books owe for it; of a fee, the two fees."""

    id: UUID
    kind: MismatchKind
    state: MismatchState = MismatchState.OPEN
    file_id: UUID
    number: int | None  # of the file's item; None: the file lacks it
    acquirer_id: str
    terminal_id: str
    stan: str
    rrn: str
    local_date: date
    withdrawal_id: UUID | None
    in_file: int
    in_books: int
    file_date: date
    book_date: date | None
    checker_id: UUID | None = None

    TABLE: ClassVar[str] = "mismatch"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, kind, state, file_id, number, acquirer_id, terminal_id, stan, rrn,
                local_date, withdrawal_id, in_file, in_books, file_date, book_date, checker_id
            FROM ledger.mismatch
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.mismatch AS m (
                id, kind, state, file_id, number, acquirer_id, terminal_id, stan, rrn, local_date,
                withdrawal_id, in_file, in_books, file_date, book_date, checker_id, version
            )
            SELECT
                r.id, r.kind, r.state, r.file_id, r.number, r.acquirer_id, r.terminal_id, r.stan,
                r.rrn, r.local_date, r.withdrawal_id, r.in_file, r.in_books, r.file_date,
                r.book_date, r.checker_id, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, kind text, state text, file_id uuid, number integer, acquirer_id text,
                terminal_id text, stan text, rrn text, local_date date, withdrawal_id uuid,
                in_file bigint, in_books bigint, file_date date, book_date date, checker_id uuid,
                version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                state = excluded.state, checker_id = excluded.checker_id,
                version = excluded.version
            WHERE m.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('mismatch', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(mismatch_id: UUID) -> Key[Mismatch]:
        """The mismatch with this id."""
        return (Mismatch, "id", mismatch_id.int)

    def keys(self) -> tuple[Key[Mismatch], ...]:
        return ((Mismatch, "id", self.id.int),)

    @property
    def trace(self) -> TraceId:
        """The operation that it is about."""
        return TraceId(
            acquirer_id=self.acquirer_id,
            terminal_id=self.terminal_id,
            stan=self.stan,
            rrn=self.rrn,
            local_date=self.local_date,
        )

    @property
    def difference(self) -> int:
        """By how much they differ; what stands on another date differs by nothing."""
        return abs(self.in_file - self.in_books)

    def facts(self, **more: Any) -> dict[str, Any]:
        """What every event of its life tells."""
        return self.trace.facts(
            kind=self.kind,
            state=self.state,
            file=self.file_id,
            number=self.number,
            withdrawal=self.withdrawal_id,
            inFile=self.in_file,
            inBooks=self.in_books,
            fileDate=self.file_date,
            bookDate=self.book_date,
            **more,
        )


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where something was found: in a file of a date, at an item of it or at none."""

    file_id: UUID
    file_date: date
    number: int | None


def find_mismatch(
    books: Books,
    kind: MismatchKind,
    trace: TraceId,
    place: Place,
    *,
    in_file: int,
    in_books: int,
    withdrawal_id: UUID | None = None,
    book_date: date | None = None,
) -> Mismatch:
    """Put and record a mismatch. A file finds one of a kind about a trace."""
    found = Mismatch(
        id=uuid5(place.file_id, f"{kind} {trace.id}"),
        kind=kind,
        file_id=place.file_id,
        number=place.number,
        acquirer_id=trace.acquirer_id,
        terminal_id=trace.terminal_id,
        stan=trace.stan,
        rrn=trace.rrn,
        local_date=trace.local_date,
        withdrawal_id=withdrawal_id,
        in_file=in_file,
        in_books=in_books,
        file_date=place.file_date,
        book_date=book_date,
    )
    books.put(found)
    books.record("mismatch.found", found.id, found.facts())
    return found


def end_mismatch(
    books: Books,
    found: Mismatch,
    state: MismatchState,
    *,
    checker_id: UUID | None = None,
    **more: Any,
) -> Mismatch:
    """It is over: put and recorded."""
    ended = msgspec.structs.replace(found, state=state, checker_id=checker_id)
    books.put(ended)
    books.record(f"mismatch.{state}", ended.id, ended.facts(checker=checker_id, **more))
    return ended
