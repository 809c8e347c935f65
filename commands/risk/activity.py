"""What a wallet, an outlet, a till or a terminal has done lately, in one value.

Limits read how much of a day and a month is used, fraud rules read the newest movements. It is
counted under the log's lock, so that two who spend at once cannot both pass a limit.

Two of them change with most commands, so one is kept as it is stored: bytes of fixed places,
little-endian, with a wallet's account, or as a row of its own for any other place. First stand the
day, when its owner last moved money and when it began; then what is used, for each operation; then
the newest movements. Counting writes one place anew and appends; rules unpack single columns.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import compress
from operator import not_
from typing import Any, ClassVar, NamedTuple
from uuid import UUID, uuid5

from commands.tariff import Operation
from ledger.accounts import Account
from ledger.arrays import BigInts, Bytes, Uuids
from ledger.books import EPOCH, Books
from ledger.rows import Key, Row

RECENT_MAX = 16
TERMINALS = UUID("6d616b65-6261-5000-8000-7465726d696e")
SHORT = 2**62 - 1  # UUIDv7 has 62 random bits at its end

_DAY = struct.Struct("<I")  # counted from the year 1
_TIME = struct.Struct("<q")  # microseconds since 1970; 0 is never
_USED = struct.Struct("<IqIq")
_PAST = struct.Struct("<IB?qQ")  # seconds since 1970, which operation, inward, amount, other
# One column of so many movements: the other places are passed over.
_ATS, _AMOUNTS, _OTHERS = (
    tuple(struct.Struct("<" + column * count) for count in range(RECENT_MAX + 1))
    for column in ("I18x", "6xq8x", "14xQ")
)
_AT = struct.Struct("<I")
_OPERATION, _INWARD = 4, 5  # each is one byte
_LAST_AT = _DAY.size
_OPENED_AT = _LAST_AT + _TIME.size
_USED_FROM = _OPENED_AT + _TIME.size
# The order is that of what is stored: a new operation comes last.
OPERATIONS = (
    Operation.ATM_WITHDRAWAL,
    Operation.AGENT_CASH_OUT,
    Operation.AGENT_CASH_IN,
    Operation.TRANSFER,
)
assert set(OPERATIONS) == set(Operation), "every operation has its place"
_NUMBER = {operation.value: number for number, operation in enumerate(OPERATIONS)}
_PLACE = {name: _USED_FROM + number * _USED.size for name, number in _NUMBER.items()}
_RECENT_FROM = _USED_FROM + len(OPERATIONS) * _USED.size
_STATE_MAX = _RECENT_FROM + RECENT_MAX * _PAST.size


class Used(NamedTuple):
    """How often and how much, in minor units, on the row's day and in its month."""

    day_count: int = 0
    day_minor: int = 0
    month_count: int = 0
    month_minor: int = 0


class Recent:
    """Movements that were, the newest last, in columns: `at` in seconds since 1970, the operation's
    number, whether money came in, how much, and who stood on the other side, as `short` has it.
    Each is unpacked when it is asked for: a rule looks at few of them, and most rules at none."""

    __slots__ = ("_amount", "_in_minor", "_inward", "_movements", "_other")

    def __init__(self, movements: bytes) -> None:
        self._movements = movements
        self._amount: tuple[int, ...] | None = None
        self._other: tuple[int, ...] | None = None
        self._inward: bytes | None = None
        self._in_minor: int | None = None

    def __len__(self) -> int:
        return len(self._movements) // _PAST.size

    @property
    def at(self) -> tuple[int, ...]:
        """When each was."""
        return _ATS[len(self._movements) // _PAST.size].unpack(self._movements)

    @property
    def operation(self) -> bytes:
        """Which operation each was, a byte for each."""
        return self._movements[_OPERATION :: _PAST.size]

    @property
    def inward(self) -> bytes:
        """Whether money came in, a byte of 0 or 1 for each."""
        if self._inward is None:
            self._inward = self._movements[_INWARD :: _PAST.size]
        return self._inward

    @property
    def amount(self) -> tuple[int, ...]:
        """How much each was."""
        if self._amount is None:
            movements = self._movements
            self._amount = _AMOUNTS[len(movements) // _PAST.size].unpack(movements)
        return self._amount

    @property
    def other(self) -> tuple[int, ...]:
        """Who stood on the other side of each."""
        if self._other is None:
            movements = self._movements
            self._other = _OTHERS[len(movements) // _PAST.size].unpack(movements)
        return self._other

    def since(self, at: int) -> Recent:
        """Those at this second or later."""
        movements = self._movements
        if not movements or _AT.unpack_from(movements)[0] >= at:
            return self
        if _AT.unpack_from(movements, len(movements) - _PAST.size)[0] < at:
            return NONE
        return Recent(movements[bisect_left(self.at, at) * _PAST.size :])

    @property
    def in_minor(self) -> int:
        """How much came in."""
        if self._in_minor is None:
            self._in_minor = sum(compress(self.amount, self.inward))
        return self._in_minor

    @property
    def out_minor(self) -> int:
        """How much went out."""
        return sum(self.amount) - self.in_minor

    @property
    def out_count(self) -> int:
        """How often money went out."""
        return self.inward.count(0)

    @property
    def senders(self) -> set[int]:
        """From whom money came in."""
        return set(compress(self.other, self.inward))

    @property
    def receivers(self) -> set[int]:
        """To whom money went out."""
        return set(compress(self.other, map(not_, self.inward)))


NONE = Recent(b"")


class Activity(Row, frozen=True, kw_only=True):
    """Of one subject: what it has used on a day and in that day's month, and its newest movements,
    RECENT_MAX of them at most. A wallet's is kept with its account."""

    subject: UUID
    state: bytes

    TABLE: ClassVar[str] = "activity"
    IDS: ClassVar[tuple[str, ...]] = ("subject",)
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
    def parameters(cls, rows: Sequence[Activity]) -> dict[str, Any]:
        return {
            "subjects": Uuids.of([row.subject for row in rows]),
            "states": Bytes.of([row.state for row in rows]),
            "versions": BigInts.of([row.version for row in rows]),
            "count": len(rows),
        }

    @staticmethod
    def begun(subject: UUID, books: Books) -> Activity:
        """That of a subject which has done nothing until now."""
        times = _DAY.pack(books.today.toordinal()) + _TIME.pack(0) + _TIME.pack(books.micros)
        return Activity(subject=subject, state=times.ljust(_RECENT_FROM, b"\0"))

    @staticmethod
    def of(subject: UUID) -> Key[Activity]:
        """That of an outlet, a till, or a `terminal_subject`."""
        return (Activity, "subject", subject.int)

    def keys(self) -> tuple[Key[Activity], ...]:
        return ((Activity, "subject", self.subject.int),)

    @property
    def day(self) -> date:
        """The day on which it was counted last."""
        return date.fromordinal(_DAY.unpack_from(self.state)[0])

    @property
    def last_at(self) -> datetime | None:
        """When its owner last moved money; a movement that others began leaves it as it is."""
        return self._time(_LAST_AT)

    @property
    def rests_since(self) -> datetime:
        """Since when its owner has moved no money."""
        since = self._time(_LAST_AT) or self._time(_OPENED_AT)
        assert since is not None, "it has begun at some time"
        return since

    @property
    def recent(self) -> Recent:
        """The newest movements."""
        return Recent(self.state[_RECENT_FROM:])

    def using(self, operation: str) -> Used:
        """What is used for an operation on its day and in that day's month."""
        return Used._make(_USED.unpack_from(self.state, _PLACE[operation]))

    def on(self, today: date) -> Activity:
        """The same as it counts today: a new day begins at nothing, and so does a new month."""
        ordinal = _DAY.unpack_from(self.state)[0]
        if today.toordinal() <= ordinal:
            return self
        day = date.fromordinal(ordinal)
        same_month = today.month == day.month and today.year == day.year
        used = b"".join(
            [
                _USED.pack(0, 0, *self.using(operation)[2:]) if same_month else bytes(_USED.size)
                for operation in OPERATIONS
            ]
        )
        state = self.state
        return self._with(
            _DAY.pack(today.toordinal()) + state[_LAST_AT:_USED_FROM] + used + state[_RECENT_FROM:]
        )

    def counted(
        self, micros: int, operation: str, amount: int, other: UUID | None, *, inward: bool
    ) -> Activity:
        """The same after a movement that its owner made, so many microseconds after 1970; a row
        `on` today."""
        state, place = self.state, _PLACE[operation]
        day_count, day_minor, month_count, month_minor = _USED.unpack_from(state, place)
        used = _USED.pack(day_count + 1, day_minor + amount, month_count + 1, month_minor + amount)
        return self._with(
            state[:_LAST_AT]
            + _TIME.pack(micros)
            + state[_OPENED_AT:place]
            + used
            + state[place + _USED.size : _RECENT_FROM]
            + _with_newest(state, micros, operation, inward, amount, other)
        )

    def told(self, micros: int, operation: str, amount: int, other: UUID | None) -> Activity:
        """The same after money came in that somebody else sent: it uses up nothing."""
        state = self.state
        newest = _with_newest(state, micros, operation, True, amount, other)
        return self._with(state[:_RECENT_FROM] + newest)

    def given_back(self, operation: str, amount: int, counted_on: date, *, whole: bool) -> Activity:
        """The same after money that was counted on a day came back; a part keeps its count."""
        return self._used(operation, -1 if whole else 0, -amount, counted_on)

    def counted_again(self, operation: str, amount: int, counted_on: date) -> Activity:
        """The same when what came back goes after all: it counts on the day on which it did before.
        Its owner has moved nothing anew."""
        return self._used(operation, 1, amount, counted_on)

    def _used(self, operation: str, count: int, amount: int, counted_on: date) -> Activity:
        before, day = self.using(operation), self.day
        same_day = counted_on == day
        same_month = (counted_on.year, counted_on.month) == (day.year, day.month)
        used = _USED.pack(
            max(0, before.day_count + count * same_day),
            max(0, before.day_minor + amount * same_day),
            max(0, before.month_count + count * same_month),
            max(0, before.month_minor + amount * same_month),
        )
        place = _PLACE[operation]
        return self._with(self.state[:place] + used + self.state[place + _USED.size :])

    def keep_with(self, books: Books) -> None:
        """Keep a wallet's with its account."""
        books.remember(self.subject, self.state)

    def _with(self, state: bytes) -> Activity:
        return Activity(version=self.version, subject=self.subject, state=state)

    def _time(self, place: int) -> datetime | None:
        micros = _TIME.unpack_from(self.state, place)[0]
        return EPOCH + timedelta(microseconds=micros) if micros else None


def short(subject: UUID | None) -> int:
    """The random end of an id: enough to tell who stands behind a wallet's few movements. Nobody is
    0."""
    return 0 if subject is None else subject.int & SHORT


def number_of(operation: str) -> int:
    """An operation as `Recent` has it."""
    return _NUMBER[operation]


def _with_newest(
    state: bytes, micros: int, operation: str, inward: bool, amount: int, other: UUID | None
) -> bytes:
    """The movements after one more; the oldest of RECENT_MAX is forgotten."""
    kept_from = _RECENT_FROM if len(state) < _STATE_MAX else _RECENT_FROM + _PAST.size
    newest = _PAST.pack(micros // 1_000_000, _NUMBER[operation], inward, amount, short(other))
    return state[kept_from:] + newest


def activity_of(books: Books, subject: UUID) -> Activity:
    """A place's activity as it counts today; one that has done nothing yet begins now."""
    found = books.find((Activity, "subject", subject.int))
    return Activity.begun(subject, books) if found is None else found.on(books.today)


def activity_of_wallet(books: Books, wallet: Account) -> Activity:
    """The same of a wallet."""
    if not wallet.activity:
        return Activity.begun(wallet.id, books)
    return Activity(subject=wallet.id, state=wallet.activity).on(books.today)


@lru_cache(maxsize=4096)
def terminal_subject(terminal_id: str) -> UUID:
    """The id under which a terminal's activity is kept; its own is text."""
    return uuid5(TERMINALS, terminal_id)
