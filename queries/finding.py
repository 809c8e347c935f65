"""Finding entries: which of them pass the filters, newest first, a bounded look at a time.

One filter leads: the index of the rarest that is asked for gives keys in their order, the others
are tried on each. A look goes through LOOK_MAX keys at most, so it costs the same however rare what
is sought may be and however large the journal has grown; where it ends, the next one goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from ledger.chart import AGENT_FLOAT, HEADINGS, ONE_PER_OWNER, WALLET, the
from ledger.errors import InvalidRequest
from ledger.money import Money
from queries.days import day_after
from queries.entry_keys import (
    Key,
    Span,
    by_account,
    by_code,
    by_entry,
    by_position,
    by_rrn,
    by_word,
    referred,
)
from queries.filters import Filters, account_id_in, codes_of, midnight, words_in
from queries.reader import Reader
from queries.report_tables import entry_word
from queries.tables import account, entry, line, switch_operation

LOOK_MAX = 2_000


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


# -- what leads, and what is tried on each key --------------------------------------------------


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
        None if first is None else _position_of(midnight(first), last_before=False),
        None
        if last is None
        else _position_of(midnight(day_after(last, "recordedTo")), last_before=True),
    )


def _leading(filters: Filters, accounts: list[UUID]) -> tuple[Any, list[Any]]:
    """How keys are found, and what is tried on each."""
    tried = list(_tried(filters, accounts))
    if filters.order == "recorded":
        return by_position, tried
    if accounts:
        return by_account(accounts[0]), tried
    if filters.order == "value":
        return by_entry(()), tried
    for given, leading in (
        (filters.transaction_id, by_entry((entry.c.transaction_id == filters.transaction_id,))),
        (filters.rrn, by_rrn(filters.rrn)),
        (filters.reference, by_entry((referred(filters.reference),))),
        (filters.text, by_word(filters.text)),
        (codes_of(filters), by_code(codes_of(filters))),
        (filters.actor, by_entry((entry.c.actor == filters.actor,))),
        (_one_amount(filters), by_entry((entry.c.amount == _one_amount(filters),))),
        (_whole_kind(filters), by_entry((entry.c.kind == filters.kind,))),
    ):
        if given:
            return leading, tried
    return by_entry(()), tried


def _whole_kind(filters: Filters) -> bool:
    return filters.kind is not None and not filters.kind.endswith(".")


def _one_amount(filters: Filters) -> int | None:
    if filters.amount_min is None or filters.amount_min != filters.amount_max:
        return None
    return filters.amount_min.minor


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


def _tried(filters: Filters, accounts: list[UUID]) -> Iterator[sa.ColumnElement[bool]]:
    for account_id in accounts:
        yield _has_line(line.c.account_id == account_id)
    codes = codes_of(filters)
    if codes:
        yield _has_line(line.c.code.in_(codes))
    if filters.reference is not None:
        yield referred(filters.reference)
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
        yield sa.or_(entry.c.transaction_id.in_(approved), referred(filters.rrn))
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
        yield moment >= midnight(filters.recorded_from)
    if filters.recorded_to is not None:
        yield moment < midnight(day_after(filters.recorded_to, "recordedTo"))


def _minor(amount: Money | None) -> int:
    return 0 if amount is None else amount.minor


def _has_line(which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(line.c.entry_number == entry.c.number, which)
