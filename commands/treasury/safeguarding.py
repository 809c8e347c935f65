"""A day of the trust goes on record: what it held, and what it stood for, term by term; and what
its bank states of a day.

The terms come from the read models, when the day was over and they had caught up. A day is recorded
once, whoever comes first; what the bank says may come before or after, and again when it corrects
itself.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_staff
from ledger.books import Books
from ledger.errors import InvalidRequest
from ledger.money import AMOUNT_MINOR_MAX, Money
from ledger.rows import Key, Row

MAY_STATE = (Role.ACCOUNTANT, Role.OPERATOR)


class TrustDay(Row, frozen=True, kw_only=True):
    """Whether a day is on record, and what the bank says it held when the day ended."""

    day: date
    recorded: bool = False
    statement: int | None = None

    TABLE: ClassVar[str] = "trust_day"
    IDS: ClassVar[tuple[str, ...]] = ()  # a date names it
    LOAD: ClassVar[dict[str, str]] = {
        "day": """
            SELECT version, day, recorded, statement
            FROM ledger.trust_day
            WHERE day = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.trust_day AS t (day, recorded, statement, version)
            SELECT r.day, r.recorded, r.statement, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                day date, recorded boolean, statement bigint, version bigint
            )
            ON CONFLICT (day) DO UPDATE SET
                recorded = excluded.recorded, statement = excluded.statement,
                version = excluded.version
            WHERE t.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('trust_day', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def of(day: date) -> Key[TrustDay]:
        """That of a day."""
        return (TrustDay, "day", day)

    def keys(self) -> tuple[Key[TrustDay], ...]:
        return ((TrustDay, "day", self.day),)


class DayRecorded(Answer, frozen=True, kw_only=True):
    """Whether it was done now, or had been before."""

    recorded: bool


class RecordSafeguarding(Command[DayRecorded], frozen=True, kw_only=True):
    """Put a day on record. `owed` is to customers and switch; amounts are minor units."""

    day: date
    read_to: int  # how far the log had been read
    terms: dict[str, int]
    held: int
    owed: int
    difference: int

    def touches(self, books: Books) -> Rounds:
        yield (TrustDay.of(self.day),)

    def decide(self, books: Books) -> DayRecorded:
        if self.day >= books.today:
            raise InvalidRequest(field="day", reason="has not ended yet")
        row = books.find(TrustDay.of(self.day)) or TrustDay(day=self.day)
        if row.recorded:
            return DayRecorded(recorded=False)
        # From here on nothing is refused.
        held = self.held if row.statement is None else row.statement
        books.put(msgspec.structs.replace(row, recorded=True))
        books.record(
            "safeguarding.recorded",
            day_id(self.day),
            {
                "day": self.day,
                "readAt": self.read_to,
                "terms": self.terms,
                "owed": self.owed,
                "statement": row.statement,
                "difference": self.difference,
                "shortfall": max(0, self.owed - held),
            },
        )
        return DayRecorded(recorded=True)


class BalanceStated(Answer, frozen=True, kw_only=True):
    """It was noted."""

    day: date
    balance: Money


class StateTrustBalance(Command[BalanceStated], frozen=True, kw_only=True):
    """What the trust bank's own statement says it held when a day ended. The last word counts."""

    day: date
    balance: Money
    reference: str
    user_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (Person.by_id(self.user_id), TrustDay.of(self.day))

    def decide(self, books: Books) -> BalanceStated:
        require_staff(books, self.user_id, *MAY_STATE)
        if self.day > books.today:
            raise InvalidRequest(field="day", reason="is still to come")
        if not 0 <= self.balance.minor <= AMOUNT_MINOR_MAX:
            raise InvalidRequest(field="balance", reason="is nothing or more")
        # From here on nothing is refused.
        state_balance(books, self.day, self.balance.minor, self.reference)
        return BalanceStated(day=self.day, balance=self.balance)


def state_balance(books: Books, day: date, balance_minor: int, reference: str) -> None:
    """Note what the trust's bank says it held when a day ended; below the line. Touches
    `TrustDay.of`."""
    row = books.find(TrustDay.of(day)) or TrustDay(day=day)
    books.put(msgspec.structs.replace(row, statement=balance_minor))
    books.record(
        "safeguarding.stated",
        day_id(day),
        {"day": day, "balance": balance_minor, "reference": reference},
    )


def day_id(day: date) -> UUID:
    """Under which a day's records are filed."""
    return uuid5(NAMESPACE_OID, f"makeba trust {day}")
