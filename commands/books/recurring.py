"""An entry that recurs: two people approve it once, with its schedule, and each posting of it is on
record, one for each day on which it is due.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid5

import msgspec

from commands.approval.change import Change, encode
from commands.books.manual_lines import (
    ManualLine,
    line_keys,
    posted,
    require_covered,
    require_lines,
)
from commands.books.periods import THE_PERIODS, count_late, day_taken
from commands.books.planned_reversal import Posted
from commands.books.schedule import Schedule
from commands.command import Answer, Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_staff
from commands.identity.step_up import require_confirmed, session_keys
from commands.treasury.own_money import Said
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest, NotFound
from ledger.journal import Entry
from ledger.money import Money
from ledger.rows import Key, Row

RECURRED = "manual.recurred"


class RecurringState(StrEnum):
    """Whether it still posts."""

    ACTIVE = "active"
    ENDED = "ended"


class Recurs(msgspec.Struct, frozen=True, kw_only=True):
    """What is posted each time, as the row keeps it: amounts in minor units, debit positive."""

    document: str
    schedule: Schedule
    lines: tuple[tuple[str, int], ...]  # code, amount


class RecurringEntry(Row, frozen=True, kw_only=True):
    """One that was approved: what it posts, and when the next time is."""

    id: UUID  # of its proposal
    content: str  # Recurs, as JSON
    next_on: date | None
    state: RecurringState = RecurringState.ACTIVE

    TABLE: ClassVar[str] = "recurring_entry"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT version, id, content, next_on, state
            FROM ledger.recurring_entry
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.recurring_entry AS p (id, content, next_on, state, version)
            SELECT r.id, r.content, r.next_on, r.state, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, content text, next_on date, state text, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                next_on = excluded.next_on, state = excluded.state, version = excluded.version
            WHERE p.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('recurring_entry', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(recurring_id: UUID) -> Key[RecurringEntry]:
        """The one with this id."""
        return (RecurringEntry, "id", recurring_id.int)

    def keys(self) -> tuple[Key[RecurringEntry], ...]:
        return ((RecurringEntry, "id", self.id.int),)

    @property
    def recurs(self) -> Recurs:
        """What it posts."""
        return msgspec.json.decode(self.content, type=Recurs)

    @property
    def manual_lines(self) -> tuple[ManualLine, ...]:
        """Its lines, as they were approved."""
        return tuple(
            ManualLine(code=code, debit=Money(max(minor, 0)), credit=Money(max(-minor, 0)))
            for code, minor in self.recurs.lines
        )


class RecurringPosting(Row, frozen=True, kw_only=True):
    """That it was posted for a day, which happens once."""

    id: UUID  # made from which it is and the day
    recurring_id: UUID
    due_on: date
    entry_number: int

    TABLE: ClassVar[str] = "recurring_posting"
    INSERT_ONLY: ClassVar[bool] = True
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT 0 AS version, id, recurring_id, due_on, entry_number
            FROM ledger.recurring_posting
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.recurring_posting (id, recurring_id, due_on, entry_number)
            SELECT r.id, r.recurring_id, r.due_on, r.entry_number
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, recurring_id uuid, due_on date, entry_number bigint
            )
            RETURNING 1
        )
        SELECT ledger.saved_all('recurring_posting', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(posting_id: UUID) -> Key[RecurringPosting]:
        """The one with this id."""
        return (RecurringPosting, "id", posting_id.int)

    def keys(self) -> tuple[Key[RecurringPosting], ...]:
        return ((RecurringPosting, "id", self.id.int),)


class StartRecurringEntry(Change, frozen=True, kw_only=True):
    """Post these lines again and again by a schedule, without anybody's further word."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT,)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT,)

    name: Said
    lines: tuple[ManualLine, ...]
    document: Said
    schedule: Schedule

    def touches(self, books: Books) -> Rounds:
        yield line_keys(self.lines)

    def require_possible(self, books: Books, maker: Person) -> None:
        if not self.reason.strip():
            raise InvalidRequest(field="reason", reason="says why it recurs")
        require_lines(self.lines)
        self.schedule.require_sound(books.today)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        recurs = Recurs(
            document=self.document,
            schedule=self.schedule,
            lines=tuple((line.code, line.minor) for line in self.lines),
        )
        row = RecurringEntry(
            id=proposal_id, content=encode(recurs).decode(), next_on=self.schedule.first
        )
        books.put(row)
        books.record(
            "recurring.started",
            row.id,
            {
                "name": self.name,
                "content": row.content,
                "nextOn": row.next_on,
                "state": row.state,
                "checker": checker.id,
            },
        )
        return {"recurring": row.id}


class PostRecurring(Command[Posted], frozen=True, kw_only=True):
    """Post one that is due, for its day: booked on it while its period is open, else today."""

    recurring_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (RecurringEntry.by_id(self.recurring_id), THE_PERIODS)
        row = books.find(RecurringEntry.by_id(self.recurring_id))
        if row is not None:
            yield line_keys(row.manual_lines)

    def decide(self, books: Books) -> Posted:
        row = books.find(RecurringEntry.by_id(self.recurring_id))
        due = None if row is None or row.state is RecurringState.ENDED else row.next_on
        if row is None or due is None or books.today < due:
            return Posted(entry_number=None)
        lines, recurs = posted(row.manual_lines), row.recurs
        require_covered(books, lines)
        # From here on nothing is refused.
        day, id_ = day_taken(books, due), uuid5(row.id, str(due))
        after = recurs.schedule.after(due)
        state = RecurringState.ENDED if after is None else RecurringState.ACTIVE
        books.put(msgspec.structs.replace(row, next_on=after, state=state))
        facts = {"document": recurs.document, "recurring": row.id, "due": due, "nextOn": after}
        number = books.record(
            RECURRED,
            id_,
            facts | {"state": state},
            Entry(lines, booking_date=day, value_date=due),
        )
        assert number is not None, "it is an entry"
        count_late(books, day)
        books.put(RecurringPosting(id=id_, recurring_id=row.id, due_on=due, entry_number=number))
        return Posted(entry_number=number)


class RecurringEnded(Answer, frozen=True, kw_only=True):
    """It posts no more."""

    recurring_id: UUID
    state: RecurringState


class EndRecurringEntry(Command[RecurringEnded], frozen=True, kw_only=True):
    """Let one recur no more. One accountant may: nothing is posted by it."""

    recurring_id: UUID
    user_id: UUID
    reason: str
    session_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            RecurringEntry.by_id(self.recurring_id),
            *session_keys(self.session_id),
        )

    def decide(self, books: Books) -> RecurringEnded:
        person = require_staff(books, self.user_id, Role.ACCOUNTANT)
        row = books.find(RecurringEntry.by_id(self.recurring_id))
        if row is None:
            raise NotFound("There is no such recurring entry.")
        require_confirmed(books, self.session_id)
        if row.state is RecurringState.ENDED:
            raise Conflict("It recurs no more.", state=row.state)
        # From here on nothing is refused.
        ended = msgspec.structs.replace(row, next_on=None, state=RecurringState.ENDED)
        books.put(ended)
        facts = {"state": ended.state, "nextOn": None, "by": person.id, "reason": self.reason}
        books.record("recurring.ended", row.id, facts)
        return RecurringEnded(recurring_id=row.id, state=ended.state)
