"""What a wallet, an outlet, a till or a terminal has done lately, in one row.

Limits read how much of a day and a month is used, fraud rules read the newest movements. It is
counted under the log's lock, so that two who spend at once cannot both pass a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, ClassVar
from uuid import UUID, uuid5

import msgspec

from ledger.arrays import BigInts, Bytes, Uuids
from ledger.books import Books
from ledger.rows import Key, Row

RECENT_MAX = 16
TERMINALS = UUID("6d616b65-6261-5000-8000-7465726d696e")


class Used(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """How often and how much, in minor units, on the row's day and in its month."""

    day_count: int = 0
    day_minor: int = 0
    month_count: int = 0
    month_minor: int = 0


class Past(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A movement that was: `at` in seconds since 1970, `other` who stood on its other side, as
    `short` has it."""

    at: int
    operation: str
    inward: bool
    amount: int
    other: int | None = None


class _State(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is stored of an activity: only decisions read it."""

    day: date
    used: dict[str, Used]
    recent: tuple[Past, ...]
    last_at: datetime | None
    opened_at: datetime


SHORT = 2**62 - 1  # UUIDv7 has 62 random bits at its end
NOTHING = Used()
pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder(_State).decode


class Activity(Row, frozen=True, kw_only=True):
    """Of one subject: what it has used on `day` and in that day's month, and its newest movements.

    `recent` has the newest last, RECENT_MAX of them at most. `last_at` is when its owner last moved
    money, or None; a movement that others began leaves it as it is.
    """

    subject: UUID
    day: date
    used: dict[str, Used]
    recent: tuple[Past, ...]
    last_at: datetime | None
    opened_at: datetime

    TABLE: ClassVar[str] = "activity"
    IDS: ClassVar[tuple[str, ...]] = ("subject",)
    WITH_ACCOUNT: ClassVar[bool] = True
    LOAD: ClassVar[dict[str, str]] = {
        "subject": """
            SELECT version, subject, state
            FROM ledger.activity
            WHERE subject = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.activity AS a (subject, state, version)
            SELECT r.subject, r.state, r.version
            FROM unnest(%(subjects)s, %(states)s, %(versions)s) AS r (subject, state, version)
            ON CONFLICT (subject) DO UPDATE SET state = excluded.state, version = excluded.version
            WHERE a.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('activity', (SELECT count(*) FROM saved), %(count)s)
    """

    @classmethod
    def loaded(cls, columns: Sequence[Any]) -> Activity:
        version, subject, packed = columns
        state = unpack(packed)
        return cls(
            version=version,
            subject=subject,
            day=state.day,
            used=state.used,
            recent=state.recent,
            last_at=state.last_at,
            opened_at=state.opened_at,
        )

    @classmethod
    def parameters(cls, rows: Sequence[Activity]) -> dict[str, Any]:
        return {
            "subjects": Uuids.of([row.subject for row in rows]),
            "states": Bytes.of([row.packed for row in rows]),
            "versions": BigInts.of([row.version for row in rows]),
            "count": len(rows),
        }

    @property
    def packed(self) -> bytes:
        """All but subject and version as one value: thousands of such rows are saved a second."""
        return pack(_State(self.day, self.used, self.recent, self.last_at, self.opened_at))

    @staticmethod
    def of(subject: UUID) -> Key[Activity]:
        """That of a wallet, an outlet, a till, or a `terminal_subject`."""
        return (Activity, "subject", subject.int)

    def keys(self) -> tuple[Key[Activity], ...]:
        return ((Activity, "subject", self.subject.int),)

    def on(self, today: date) -> Activity:
        """The same as it counts today: a new day begins at nothing, and so does a new month."""
        if today <= self.day:
            return self
        same_month = today.month == self.day.month and today.year == self.day.year
        used = {
            operation: Used(0, 0, used.month_count, used.month_minor)
            for operation, used in self.used.items()
            if same_month
        }
        return msgspec.structs.replace(self, day=today, used=used)

    def using(self, operation: str) -> Used:
        """What is used for an operation on `day` and in its month."""
        return self.used.get(operation, NOTHING)

    def counted(
        self, now: datetime, operation: str, amount: int, other: UUID | None, *, inward: bool
    ) -> Activity:
        """The same after a movement that its owner made; a row `on` today."""
        before = self.used.get(operation, NOTHING)
        used = Used(
            before.day_count + 1,
            before.day_minor + amount,
            before.month_count + 1,
            before.month_minor + amount,
        )
        return Activity(
            version=self.version,
            subject=self.subject,
            day=self.day,
            used={**self.used, operation: used},
            recent=_newest(self.recent, now, operation, inward, amount, other),
            last_at=now,
            opened_at=self.opened_at,
        )

    def told(self, now: datetime, operation: str, amount: int, other: UUID | None) -> Activity:
        """The same after money came in that somebody else sent: it uses up nothing."""
        return Activity(
            version=self.version,
            subject=self.subject,
            day=self.day,
            used=self.used,
            recent=_newest(self.recent, now, operation, True, amount, other),
            last_at=self.last_at,
            opened_at=self.opened_at,
        )

    def given_back(self, operation: str, amount: int, counted_on: date, *, whole: bool) -> Activity:
        """The same after money that was counted on a day came back; a part keeps its count."""
        before = self.used.get(operation, NOTHING)
        same_day = counted_on == self.day
        same_month = (counted_on.year, counted_on.month) == (self.day.year, self.day.month)
        one = 1 if whole else 0
        used = Used(
            max(0, before.day_count - one * same_day),
            max(0, before.day_minor - amount * same_day),
            max(0, before.month_count - one * same_month),
            max(0, before.month_minor - amount * same_month),
        )
        return msgspec.structs.replace(self, used={**self.used, operation: used})


def short(subject: UUID) -> int:
    """The random end of an id: enough to tell who stands behind a wallet's few movements."""
    return subject.int & SHORT


def _newest(
    recent: tuple[Past, ...],
    now: datetime,
    operation: str,
    inward: bool,
    amount: int,
    other: UUID | None,
) -> tuple[Past, ...]:
    whom = None if other is None else short(other)
    past = Past(int(now.timestamp()), operation, inward, amount, whom)
    return (*recent[1 - RECENT_MAX :], past)


def activity_of(books: Books, subject: UUID) -> Activity:
    """A subject's activity as it counts today; one that has done nothing yet begins now."""
    found = books.find((Activity, "subject", subject.int))
    if found is None:
        return Activity(
            subject=subject,
            day=books.today,
            used={},
            recent=(),
            last_at=None,
            opened_at=books.now,
        )
    return found.on(books.today)


@lru_cache(maxsize=4096)
def terminal_subject(terminal_id: str) -> UUID:
    """The id under which a terminal's activity is kept; its own is text."""
    return uuid5(TERMINALS, terminal_id)
