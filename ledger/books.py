"""Books: the working set that one batch of decisions reads and changes. No I/O in here.

A batch has one Books. Each command is decided on a draft above it: an accepted draft becomes part
of what the next command sees, a refused one is dropped as if it had never been.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from ledger.accounts import Account, Status
from ledger.errors import InsufficientFunds, WalletNotOpen
from ledger.journal import Entry, Line, entry_number
from ledger.rows import Key, R, Row, name_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
OPEN = Status.OPEN  # an enum looks its members up each time
COUNTRY = ZoneInfo("Atlantic/Cape_Verde")
Payload = Mapping[str, Any]


class Dated(Protocol):
    """An edition of something that changes: it counts from a moment on."""

    @property
    def valid_from(self) -> datetime: ...


D = TypeVar("D", bound=Dated)


class NotLoaded(Exception):
    """A decision asks for a row that was not loaded; the command waits for the next batch."""

    def __init__(self, key: Key[Any]) -> None:
        self.key = key
        super().__init__(name_of(key))


class BalanceAfter(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line as it stands in the journal: with the balance that it left."""

    account: UUID
    amount: int
    balance: int


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that happened, before it has its place in the log.

    `payload` holds whole numbers, text, ids, dates, booleans, null, lists and objects only, and no
    secret.
    """

    kind: str
    subject: UUID
    payload: Payload
    lines: tuple[BalanceAfter, ...] = ()
    entry_number: int | None = None
    booking_date: date | None = None
    value_date: date | None = None
    reverses: int | None = None


class Books:
    """The rows that a batch works on, the events that it makes, and the time at which it does."""

    __slots__ = (
        "_draft_events",
        "_draft_low",
        "_draft_numbers",
        "_draft_posted",
        "_draft_put",
        "_draft_remembered",
        "_draft_rows",
        "_in_force",
        "before",
        "fetched",
        "last_entries",
        "micros",
        "now",
        "posted",
        "put_rows",
        "remembered",
        "rows",
        "today",
        "true_until",
    )

    def __init__(
        self,
        now: datetime,
        last_entries: dict[int, int],
        rows: dict[Key[Any], Row | None],
        before: Mapping[Key[Any], Row | None] | None = None,
    ) -> None:
        self.now = now
        self.micros = (now - EPOCH) // MICROSECOND  # the same since 1970
        local = now.astimezone(COUNTRY)
        self.today = local.date()
        # Decisions made at `now` would be the same until then: until midnight, or the first
        # deadline that one of them has looked at and found still ahead.
        self.true_until = datetime.combine(self.today + timedelta(days=1), time(), COUNTRY)
        self.last_entries = last_entries  # fiscal year -> last sequence number used
        self.rows = rows  # None: known to be absent
        self.before = before  # what the batch before will leave; None: not decided ahead of it
        self.fetched: list[Row] = []  # rows that came from the database
        # Accounts that the batch posts to, with their balances before it.
        self.posted: dict[Key[Account], int] = {}
        self.put_rows: set[Key[Any]] = set()  # rows that the batch opens or changes otherwise
        self.remembered: set[Key[Account]] = set()  # accounts whose activity it changes
        self._in_force: dict[int, tuple[Sequence[Dated], Dated | None]] = {}
        self._new_draft()

    # -- reading -------------------------------------------------------------------------------

    def find(self, key: Key[R]) -> R | None:
        """The row under this key, or None when there is none. Raises NotLoaded."""
        draft = self._draft_rows  # empty while a decision only reads: then one look-up is enough
        try:
            return draft[key] if draft and key in draft else self.rows[key]  # type: ignore[return-value]
        except KeyError:
            raise NotLoaded(key) from None

    def get(self, key: Key[R]) -> R:
        """The row under this key, which must exist: its absence would be a bug of ours."""
        row = self.find(key)
        assert row is not None, f"{name_of(key)} is missing"
        return row

    def account(self, account_id: UUID) -> Account:
        """The account with this id."""
        return self.get((Account, "id", account_id.int))

    def in_force(self, editions: Sequence[D]) -> D | None:
        """The one of these, which stand in the order in which they begin to count, that counts now;
        None before the first. It is looked for once in a batch."""
        found = self._in_force.get(id(editions))
        if found is None:  # an id is another's only when nobody holds its first owner any more
            newest_first = (each for each in reversed(editions) if self.passed(each.valid_from))
            found = self._in_force[id(editions)] = editions, next(newest_first, None)
        return found[1]  # type: ignore[return-value]

    def passed(self, deadline: datetime) -> bool:
        """Whether a deadline has passed. Ask this, and do not compare with `now`: a batch that was
        decided ahead of its lock is decided again when a deadline has passed in between."""
        if deadline <= self.now:
            return True
        self.true_until = min(self.true_until, deadline)
        return False

    # -- guards --------------------------------------------------------------------------------

    def require_covered(self, account: Account, amount_minor: int) -> None:
        """Raises WalletNotOpen, or InsufficientFunds unless the account can give this much and keep
        its floor."""
        self.require_open(account)
        if account.free_minor < amount_minor:
            raise InsufficientFunds

    def require_open(self, account: Account) -> None:
        """Raises WalletNotOpen unless the account may move, both ways."""
        if account.status is not OPEN:
            raise WalletNotOpen(status=account.status)

    def require_receiving(self, account: Account) -> None:
        """Raises WalletNotOpen unless money may come in: a freeze of debits does not stop it."""
        if account.status is not OPEN and account.status is not Status.DEBITS_FROZEN:
            raise WalletNotOpen(status=account.status)

    # -- changing ------------------------------------------------------------------------------

    def put(self, row: Row) -> None:
        """Write a new or changed row into the draft. It keeps the version that was loaded."""
        keys = row.keys()
        before = self._draft_rows.get(keys[0]) or self.rows.get(keys[0])
        if before is not None:
            for key in before.keys():
                self._draft_rows[key] = None
        for key in keys:
            self._draft_rows[key] = row
        self._draft_put.add(keys[0])

    def remember(self, account_id: UUID, activity: bytes) -> None:
        """Keep this as an account's activity, in the draft. It is written with the balance, so that
        a record which posts to the account needs not name it."""
        key: Key[Account] = (Account, "id", account_id.int)
        account = self.get(key)
        self._draft_rows[key] = msgspec.structs.replace(account, activity=activity)
        self._draft_remembered.append(key)

    def record(
        self, kind: str, subject: UUID, payload: Payload, entry: Entry | None = None
    ) -> int | None:
        """Write what happened, and the entry that it makes, into the draft.

        Returns the number of the entry. An account that is below its floor in the end is a bug:
        the guards above must have refused.
        """
        if entry is None:
            self._draft_events.append(Event(kind=kind, subject=subject, payload=payload))
            return None
        day = entry.booking_date or self.today
        assert day <= self.today, "nothing is booked ahead of its day"
        year = day.year
        sequence = self._draft_numbers.get(year) or self.last_entries.get(year, 0)
        self._draft_numbers[year] = sequence + 1
        number = entry_number(year, sequence + 1)
        lines = tuple([self._post(line, entry.currency) for line in entry.lines])
        self._draft_events.append(
            Event(
                kind=kind,
                subject=subject,
                payload=payload,
                lines=lines,
                entry_number=number,
                booking_date=day,
                value_date=entry.value_date or day,
                reverses=entry.reverses,
            )
        )
        return number

    def _post(self, line: Line, currency: str) -> BalanceAfter:
        key: Key[Account] = (Account, "id", line.account.int)
        account = self.get(key)
        assert account.currency == currency, "an entry has one currency"
        balance = account.balance + line.amount
        self._draft_rows[key] = after = msgspec.structs.replace(account, balance=balance)
        if after.floor is not None and after.holds_minor < after.floor:
            self._draft_low.append(key)  # another line of the entry may lift it again
        if key not in self._draft_posted:
            self._draft_posted[key] = account.balance
        return BalanceAfter(line.account, line.amount, balance)

    # -- the life of a draft -------------------------------------------------------------------

    def accept(self) -> tuple[list[Event], list[str]]:
        """Make the draft part of the books; returns its events and the names of the rows it put.

        A change that no event tells of would be invisible to other readers of the log.
        """
        events = self._draft_events
        for key in self._draft_low:
            account = self.get(key)
            assert account.floor is None or account.holds_minor >= account.floor, (
                f"account {account.id} would fall below its floor"
            )
        for key, balance in self._draft_posted.items():
            self.posted.setdefault(key, balance)
        for key in self._draft_remembered:
            self.remembered.add(key)
            if key not in self._draft_posted:
                self._draft_put.add(key)
        touched = [name_of(key) for key in self._draft_put if not key[0].INSERT_ONLY]
        assert events or not touched, f"{touched} changed without an event"
        self.rows.update(self._draft_rows)
        self.put_rows |= self._draft_put
        self.last_entries.update(self._draft_numbers)
        self._new_draft()
        return events, touched

    def discard(self) -> None:
        """Forget the draft."""
        self._new_draft()

    def _new_draft(self) -> None:
        self._draft_rows: dict[Key[Any], Row | None] = {}
        self._draft_events: list[Event] = []
        self._draft_numbers: dict[int, int] = {}
        self._draft_posted: dict[Key[Account], int] = {}
        self._draft_low: list[Key[Account]] = []
        self._draft_put: set[Key[Any]] = set()
        self._draft_remembered: list[Key[Account]] = []
