"""Finding entries: which of them pass the filters, newest first, a bounded look at a time.

One filter leads: the index of the rarest that is asked for gives keys in their order, the others
are tried on each. A look goes through LOOK_MAX keys at most, so it costs the same however rare what
is sought may be and however large the journal has grown; where it ends, the next one goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger.books import COUNTRY
from ledger.chart import AGENT_FLOAT, CHART, HEADINGS, ONE_PER_OWNER, WALLET, the
from ledger.errors import InvalidRequest
from ledger.money import Money
from queries import cursor
from queries.days import day_after
from queries.reader import Reader
from queries.report_tables import entry_word
from queries.tables import account, entry, line, switch_operation

LOOK_MAX = 2_000
WORDS_MAX = 8

Key = tuple[date | cursor.Number, cursor.Number]
Keys = sa.Select[Any]


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What is sought. Days are included on both ends, on each of three axes; `account` is a code of
    the chart or an account's id; `kind` may be a beginning that ends with a full stop; words are
    whole words, all of them.

    The order is that of the first axis whose days are given: booking, value, recorded.
    """

    from_: date | None = None
    to: date | None = None
    value_from: date | None = None
    value_to: date | None = None
    recorded_from: date | None = None
    recorded_to: date | None = None
    account: str | None = None
    code_from: str | None = None
    code_to: str | None = None
    wallet: UUID | None = None
    agent: UUID | None = None
    transaction_id: UUID | None = None
    kind: str | None = None
    amount_min: Money | None = None
    amount_max: Money | None = None
    reference: str | None = None
    rrn: str | None = None
    actor: str | None = None
    text: str | None = None
    position: int | None = None  # nothing that was written after it

    @property
    def order(self) -> str:
        """The axis by which entries are listed."""
        if self.from_ or self.to:
            return "booking"
        if self.value_from or self.value_to:
            return "value"
        return "recorded" if self.recorded_from or self.recorded_to else "booking"

    def hashed(self) -> dict[str, Any]:
        """What a cursor of this list carries a hash of."""
        told = msgspec.structs.asdict(self)
        for name in ("amount_min", "amount_max"):
            told[name] = None if told[name] is None else told[name].minor
        return told


class Found(msgspec.Struct, frozen=True):
    """Entries that pass, by their numbers; where to go on, when there may be more."""

    numbers: Sequence[int]
    go_on: Key | None


async def look(reader: Reader, filters: Filters, count: int, key: Key | None) -> Found:
    """The next entries after a key. Raises InvalidRequest."""
    accounts = await _accounts(reader, filters)
    leading, tried = _leading(filters, accounts)
    span = _span(filters, key)
    keys = leading(span, LOOK_MAX).subquery("keys")
    passed = (
        sa.select(entry.c.number, keys.c.day)
        .join_from(keys, entry, entry.c.number == keys.c.number)
        .where(*tried, *_dates(filters))
        .order_by(keys.c.day.desc(), keys.c.number.desc())
        .limit(count + 1)
    )
    rows = await reader.all(passed)
    if len(rows) > count:
        last = rows[count - 1]
        return Found([row.number for row in rows[:count]], (last.day, last.number))
    end = await reader.first(
        sa.select(keys.c.day, keys.c.number)
        .order_by(keys.c.day, keys.c.number)
        .limit(1)
        .where(sa.select(sa.func.count()).select_from(keys).scalar_subquery() >= LOOK_MAX)
    )
    return Found([row.number for row in rows], None if end is None else (end.day, end.number))


# -- what is asked for ---------------------------------------------------------------------------


async def _accounts(reader: Reader, filters: Filters) -> list[UUID]:
    """The accounts whose lines an entry must have, one for each filter that names one."""
    found = []
    for owner, code, field in (
        (filters.wallet, WALLET, "wallet"),
        (filters.agent, AGENT_FLOAT, "agent"),
    ):
        if owner is not None:
            row = await reader.first(
                sa.select(account.c.id).where(
                    account.c.code == code, sa.or_(account.c.owner == owner, account.c.id == owner)
                )
            )
            if row is None:
                raise InvalidRequest(field=field, reason="is not one that we know")
            found.append(row.id)
    if filters.account is not None:
        code = filters.account
        if code not in HEADINGS:
            found.append(account_id_in(code))
        elif code not in ONE_PER_OWNER:
            found.append(the(code))
    return found


def account_id_in(written: str) -> UUID:
    """An account's id. Raises InvalidRequest."""
    try:
        return UUID(written)
    except ValueError:
        raise InvalidRequest(field="account", reason="is neither a code nor an id") from None


def words_in(text: str) -> list[str]:
    """The words of a text, as they were noted. Raises InvalidRequest for none or too many."""
    spaced = "".join(each if each.isalnum() else " " for each in text.lower())
    words = list(dict.fromkeys(word[:64] for word in spaced.split()))
    if not 1 <= len(words) <= WORDS_MAX:
        raise InvalidRequest(field="text", reason=f"has 1 to {WORDS_MAX} words")
    return words


def _codes(filters: Filters) -> list[str]:
    """The codes of the range that is asked for; none, when none is. Raises InvalidRequest."""
    chosen = filters.account if filters.account in ONE_PER_OWNER else None
    if chosen is not None and filters.code_from is None and filters.code_to is None:
        return [chosen]
    if filters.code_from is None and filters.code_to is None:
        return []
    first, last = filters.code_from or "0", filters.code_to or "9999"
    codes = [heading.code for heading in CHART if first <= heading.code[: len(last)] <= last]
    codes = [code for code in codes if code >= first]
    if not codes:
        raise InvalidRequest(field="codeTo", reason="leaves no code of the chart")
    return codes


# -- keys: (day, number) of entries, newest first ------------------------------------------------


class Span(msgspec.Struct, frozen=True):
    """The part of the order that is looked at."""

    order: str
    first: Any  # a day, or a position
    last: Any
    below: Key | None

    def of(self, day: sa.ColumnElement[Any], number: sa.ColumnElement[int]) -> Iterator[Any]:
        """Conditions on a day and a number."""
        if self.first is not None:
            yield day >= self.first
        if self.last is not None:
            yield day <= self.last
        if self.below is not None:
            yield sa.tuple_(day, number) < sa.tuple_(*map(sa.literal, self.below))

    def keys(
        self, day: sa.ColumnElement[Any], number: sa.ColumnElement[int], *which: Any, count: int
    ) -> Keys:
        """Entries or lines as keys, each once."""
        return (
            sa.select(day.label("day"), number.label("number"))
            .distinct()
            .where(*which, *self.of(day, number))
            .order_by(day.desc(), number.desc())
            .limit(count)
        )


def _span(filters: Filters, key: Key | None) -> Span:
    spans = {
        "booking": (filters.from_, filters.to),
        "value": (filters.value_from, filters.value_to),
        "recorded": _positions(filters),
    }
    return Span(filters.order, *spans[filters.order], key)


def _positions(filters: Filters) -> tuple[Any, Any]:
    first, last = filters.recorded_from, filters.recorded_to
    return (
        None if first is None else _position_of(_midnight(first), last_before=False),
        None
        if last is None
        else _position_of(_midnight(day_after(last, "recordedTo")), last_before=True),
    )


def _leading(filters: Filters, accounts: list[UUID]) -> tuple[Any, list[Any]]:
    """How keys are found, and what is tried on each."""
    tried = list(_tried(filters, accounts))
    if filters.order == "recorded":
        return _by_position, tried
    if accounts:
        return _by_account(accounts[0]), tried
    if filters.order == "value":
        return _by_entry(()), tried
    for given, leading in (
        (filters.transaction_id, _by_entry((entry.c.transaction_id == filters.transaction_id,))),
        (filters.rrn, _by_rrn(filters.rrn)),
        (filters.reference, _by_entry((_referred(filters.reference),))),
        (filters.text, _by_word(filters.text)),
        (_codes(filters), _by_code(_codes(filters))),
        (filters.actor, _by_entry((entry.c.actor == filters.actor,))),
        (_one_amount(filters), _by_entry((entry.c.amount == _one_amount(filters),))),
        (_whole_kind(filters), _by_entry((entry.c.kind == filters.kind,))),
    ):
        if given:
            return leading, tried
    return _by_entry(()), tried


def _whole_kind(filters: Filters) -> bool:
    return filters.kind is not None and not filters.kind.endswith(".")


def _one_amount(filters: Filters) -> int | None:
    if filters.amount_min is None or filters.amount_min != filters.amount_max:
        return None
    return filters.amount_min.minor


def _by_entry(which: tuple[Any, ...]) -> Any:
    def keys(span: Span, count: int) -> Keys:
        if span.order == "booking":
            return span.keys(entry.c.booking_date, entry.c.number, *which, count=count)
        # Where both dates are one, the index by booking date is in the order of value dates.
        same = span.keys(
            entry.c.booking_date, entry.c.number, *which,
            entry.c.value_date == entry.c.booking_date, count=count,
        )  # fmt: skip
        other = span.keys(
            entry.c.value_date, entry.c.number, *which,
            entry.c.value_date != entry.c.booking_date, count=count,
        )  # fmt: skip
        return _merged(same, other, count=count)

    return keys


def _by_account(account_id: UUID) -> Any:
    mine = line.c.account_id == account_id

    def keys(span: Span, count: int) -> Keys:
        if span.order == "booking":
            return span.keys(line.c.booking_date, line.c.entry_number, mine, count=count)
        same = span.keys(
            line.c.booking_date, line.c.entry_number, mine,
            line.c.value_date == line.c.booking_date, count=count,
        )  # fmt: skip
        other = span.keys(
            line.c.value_date, line.c.entry_number, mine,
            line.c.value_date != line.c.booking_date, count=count,
        )  # fmt: skip
        return _merged(same, other, count=count)

    return keys


def _by_code(codes: list[str]) -> Any:
    """The newest of each code are the newest of all."""

    def keys(span: Span, count: int) -> Keys:
        parts = [
            span.keys(
                line.c.booking_date,
                line.c.entry_number,
                line.c.code == code if code in ONE_PER_OWNER else line.c.account_id == the(code),
                count=count,
            )
            for code in codes
        ]
        return parts[0] if len(parts) == 1 else _merged(*parts, count=count)

    return keys


def _by_word(text: str | None) -> Any:
    """By the longest word, which mostly is the rarest."""
    word = "" if text is None else max(words_in(text), key=len)

    def keys(span: Span, count: int) -> Keys:
        return span.keys(
            entry_word.c.booking_date,
            entry_word.c.entry_number,
            entry_word.c.word == word,
            count=count,
        )

    return keys


def _by_rrn(rrn: str | None) -> Any:
    """The switch's own entries, and those of the withdrawal that it has approved."""
    approved = sa.select(switch_operation.c.withdrawal_id).where(switch_operation.c.rrn == rrn)

    def keys(span: Span, count: int) -> Keys:
        return _merged(
            span.keys(entry.c.booking_date, entry.c.number, _referred(rrn), count=count),
            span.keys(
                entry.c.booking_date,
                entry.c.number,
                entry.c.transaction_id.in_(approved),
                count=count,
            ),
            count=count,
        )

    return keys


def _by_position(span: Span, count: int) -> Keys:
    """Positions rise with the time at which they were written."""
    return span.keys(entry.c.position, entry.c.number, count=count)


def _position_of(moment: datetime, *, last_before: bool) -> sa.ScalarSelect[int]:
    """The first position that was written at a moment or later, or the last before it."""
    query = sa.select(entry.c.position)
    if last_before:
        query = query.where(entry.c.recorded_at < moment).order_by(
            entry.c.recorded_at.desc(), entry.c.position.desc()
        )
    else:
        query = query.where(entry.c.recorded_at >= moment).order_by(
            entry.c.recorded_at, entry.c.position
        )
    return query.limit(1).scalar_subquery()


# -- what is tried on each key -------------------------------------------------------------------


def _tried(filters: Filters, accounts: list[UUID]) -> Iterator[sa.ColumnElement[bool]]:
    for account_id in accounts:
        yield _has_line(line.c.account_id == account_id)
    codes = _codes(filters)
    if codes:
        yield _has_line(line.c.code.in_(codes))
    if filters.reference is not None:
        yield _referred(filters.reference)
    for word in words_in(filters.text) if filters.text is not None else ():
        yield sa.exists().where(
            entry_word.c.word == word,
            entry_word.c.booking_date == entry.c.booking_date,
            entry_word.c.entry_number == entry.c.number,
        )
    if filters.rrn is not None:
        approved = sa.select(switch_operation.c.withdrawal_id).where(
            switch_operation.c.rrn == filters.rrn, switch_operation.c.withdrawal_id.is_not(None)
        )
        yield sa.or_(entry.c.transaction_id.in_(approved), _referred(filters.rrn))
    yield from _plain(filters)


def _plain(filters: Filters) -> Iterator[sa.ColumnElement[bool]]:
    """What an entry's own row says."""
    if filters.kind is not None:
        exact = _whole_kind(filters)
        yield (
            entry.c.kind == filters.kind
            if exact
            else entry.c.kind.startswith(filters.kind, autoescape=True)
        )
    for given, condition in (
        (filters.transaction_id, entry.c.transaction_id == filters.transaction_id),
        (filters.actor, entry.c.actor == filters.actor),
        (filters.position, entry.c.position <= (filters.position or 0)),
        (filters.amount_min, entry.c.amount >= _minor(filters.amount_min)),
        (filters.amount_max, entry.c.amount <= _minor(filters.amount_max)),
    ):
        if given is not None:
            yield condition


def _dates(filters: Filters) -> Iterator[sa.ColumnElement[bool]]:
    for column, first, last in (
        (entry.c.booking_date, filters.from_, filters.to),
        (entry.c.value_date, filters.value_from, filters.value_to),
    ):
        if first is not None:
            yield column >= first
        if last is not None:
            yield column <= last
    yield from _recorded(filters, entry.c.recorded_at)


def _recorded(filters: Filters, moment: Any) -> Iterator[sa.ColumnElement[bool]]:
    if filters.recorded_from is not None:
        yield moment >= _midnight(filters.recorded_from)
    if filters.recorded_to is not None:
        yield moment < _midnight(day_after(filters.recorded_to, "recordedTo"))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), COUNTRY)


def _minor(amount: Money | None) -> int:
    return 0 if amount is None else amount.minor


def _has_line(which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(line.c.entry_number == entry.c.number, which)


def _referred(reference: str | None) -> sa.ColumnElement[bool]:
    """Whatever the case in which it is written."""
    return entry.c.reference_key == (reference or "").strip().lower()


def _merged(*parts: Keys, count: int) -> Keys:
    whole = sa.union_all(*(part.subquery().select() for part in parts)).subquery()
    return (
        sa.select(whole.c.day, whole.c.number)
        .distinct()
        .order_by(whole.c.day.desc(), whole.c.number.desc())
        .limit(count)
    )
