"""A decided batch, ready to be written: its records chained, its parameters packed. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Raw
from psycopg.types.json import Jsonb

from ledger.accounts import Account
from ledger.arrays import BigInts, Booleans, Bytes, Dates, Jsonbs, SmallInts, Texts, Uuids
from ledger.books import Books, Event
from ledger.chain import Record, canonical, next_hash
from ledger.rows import Key, Row

DONE: Final = "done"


class Head(msgspec.Struct, frozen=True):
    """An end of the log: the position and the hash of its newest record."""

    position: int
    hash: bytes


class Happened(msgspec.Struct, frozen=True, gc=False):
    """An event with those who caused it, and the names of the rows it changed.

    `outcome` is DONE, or the code of the refusal that left it behind.
    """

    event: Event
    actor: str
    session: UUID | None
    request_id: str
    outcome: str
    touched: Sequence[str]


class StoredReply(msgspec.Struct, frozen=True, gc=False):
    """The reply that a key stands for from now on."""

    key_hash: bytes
    body_hash: bytes
    refused: bool
    reply: bytes
    position: int


class Batch(msgspec.Struct, frozen=True):
    """What a batch writes, on which head it was decided, and what is true once it is written."""

    basis: Head
    head: Head
    decided_at: datetime
    true_until: datetime
    saves: dict[type[Row], list[Row]]
    parameters: dict[str, Any]
    rows_after: dict[Key[Any], Row | None]
    changed: Sequence[Row]
    fetched: Sequence[Row]
    last_entries: dict[int, int]
    empty: bool


def seal(
    basis: Head, books: Books, happened: Sequence[Happened], replies: Sequence[StoredReply]
) -> Batch:
    """Make a batch of everything that was decided on these books."""
    chained = _chain(basis, books, happened)
    saves, changed = _versioned(books)
    head = Head(basis.position + len(chained), chained[-1][1]) if chained else basis
    return Batch(
        basis=basis,
        head=head,
        decided_at=books.now,
        true_until=books.true_until,
        saves=saves,
        parameters=_parameters(basis, books, happened, chained, replies),
        rows_after=books.rows | {key: row for row in changed for key in row.keys()},
        changed=changed,
        fetched=books.fetched,
        last_entries=books.last_entries,
        empty=not happened and not replies and not books.put_rows,
    )


def _chain(basis: Head, books: Books, happened: Sequence[Happened]) -> list[tuple[bytes, bytes]]:
    """For each event its canonical payload and its hash."""
    chained = []
    hash_, recorded_at = basis.hash, books.micros
    for position, each in enumerate(happened, start=basis.position + 1):
        event = each.event
        payload = canonical(event.payload)
        record = Record(
            position,
            event.kind,
            event.subject,
            each.actor,
            each.session,
            each.request_id,
            each.outcome,
            recorded_at,
            Raw(payload),
            each.touched,
            event.entry_number,
            event.booking_date,
            event.value_date,
            event.reverses,
            event.lines,
        )
        hash_ = next_hash(hash_, record)
        chained.append((payload, hash_))
    return chained


def _versioned(books: Books) -> tuple[dict[type[Row], list[Row]], list[Row]]:
    """The rows to save, and all that changed, with the versions that they have after the batch."""
    rows, posted = books.rows, books.posted
    saves: dict[type[Row], list[Row]] = defaultdict(list)
    changed = [_next(rows[key]) for key in posted]
    for key in books.put_rows:
        before = books.get(key)
        after = _next(before)
        saves[key[0]].append(after)
        if key in posted:
            continue
        # Opening an account or changing its status leaves its version, posting to it does not.
        changed.append(before if key[0] is Account else after)
    return saves, changed


def _next(row: Any) -> Row:
    after: Row = msgspec.structs.replace(row, version=row.version + 1)
    return after


def _parameters(
    basis: Head,
    books: Books,
    happened: Sequence[Happened],
    chained: Sequence[tuple[bytes, bytes]],
    replies: Sequence[StoredReply],
) -> dict[str, Any]:
    events = [each.event for each in happened]
    entries = [event for event in events if event.lines]
    lines = [line for event in entries for line in event.lines]
    return {
        "after_position": basis.position,
        "after_hash": basis.hash,
        "at": books.now,
        "entries": Jsonb({str(year): last for year, last in books.last_entries.items()}),
        "kinds": Texts.of([event.kind for event in events]),
        "subjects": Uuids.of([event.subject for event in events]),
        "actors": Texts.of([each.actor for each in happened]),
        "sessions": Uuids.of([each.session for each in happened]),
        "request_ids": Texts.of([each.request_id for each in happened]),
        "outcomes": Texts.of([each.outcome for each in happened]),
        "payloads": Jsonbs.of([payload for payload, _ in chained]),
        "touched_rows": Texts.of([" ".join(each.touched) for each in happened]),
        "entry_numbers": BigInts.of([event.entry_number for event in events]),
        "booking_dates": Dates.of([event.booking_date for event in events]),
        "value_dates": Dates.of([event.value_date for event in events]),
        "reversed_entries": BigInts.of([event.reverses for event in events]),
        "hashes": Bytes.of([hash_ for _, hash_ in chained]),
        "line_entries": BigInts.of([event.entry_number for event in entries for _ in event.lines]),
        "line_numbers": SmallInts.of(
            [number for event in entries for number in range(1, len(event.lines) + 1)]
        ),
        "line_accounts": Uuids.of([line.account for line in lines]),
        "line_amounts": BigInts.of([line.amount for line in lines]),
        "line_balances": BigInts.of([line.balance for line in lines]),
        **_account_parameters(books),
        "key_hashes": Bytes.of([reply.key_hash for reply in replies]),
        "body_hashes": Bytes.of([reply.body_hash for reply in replies]),
        "refusals": Booleans.of([reply.refused for reply in replies]),
        "replies": Bytes.of([reply.reply for reply in replies]),
        "key_positions": BigInts.of([reply.position for reply in replies]),
    }


def _account_parameters(books: Books) -> dict[str, Any]:
    accounts: list[Any] = [books.rows[key] for key in books.posted]
    moved = zip(accounts, books.posted.values(), strict=True)
    return {
        "account_ids": Uuids.of([account.id for account in accounts]),
        "account_deltas": BigInts.of([account.balance - before for account, before in moved]),
        "account_balances": BigInts.of([account.balance for account in accounts]),
        "account_versions": BigInts.of([account.version for account in accounts]),
        "account_activities": Bytes.of(
            [
                account.activity if key in books.remembered else None
                for key, account in zip(books.posted, accounts, strict=True)
            ]
        ),
    }
