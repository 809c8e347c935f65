"""A settlement file is proven whole before anything of it counts: every line, order, sums, digest.

It is read as a stream, line by line, and nothing of it is kept but sums: a file of any length costs
the same memory.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import BinaryIO, NamedTuple

from msgspec.structs import replace

from commands.reconciliation.item import Heading, Item, ItemKind, Totals
from ledger.errors import FileRefused
from ledger.money import Money
from server.settlement.lines import (
    LINE_BYTES_MAX,
    SIGNED_AS,
    BadLine,
    Trailer,
    bad_byte,
    before_signature,
    read_heading,
    read_item,
    read_trailer,
)

RECORDS_MAX = 1_000_000
DAYS_BACK_MAX = 62  # an operation that is older than this has been cleared up in another way
TRL = b"TRL\t"

Reference = tuple[str, str, str, str]


class Checked(NamedTuple):
    """A file that is as it must be; whether it was signed by whom it says, the key tells."""

    heading: Heading
    totals: Totals
    digest: str  # of the lines before the trailer, in hexadecimal
    signed: bytes  # what the signature is over
    signature: bytes
    last_line: int


def check(file: BinaryIO) -> Checked:
    """Read a file from its beginning. Raises FileRefused, naming the first line that is wrong."""
    checking = _Checking()
    try:
        for raw in _lines(file):
            checking.take(raw)
        return checking.ended()
    except BadLine as bad:
        raise FileRefused.at(checking.line, str(bad)) from bad


def items(file: BinaryIO, after: int) -> Iterator[Item]:
    """The items of a checked file, but for the first so many."""
    file.seek(0)
    for raw in islice(file, 1 + after, None):
        if raw.startswith(TRL):
            return
        yield read_item(raw)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while raw := file.readline(LINE_BYTES_MAX + 1):
        yield raw


class _Checking:
    """What is known of the file so far. `line` is the one that is being read."""

    def __init__(self) -> None:
        self.line = 0
        self._hash = hashlib.sha256()
        self._heading: Heading | None = None
        self._totals = Totals()
        self._before: Reference = ("", "", "", "")
        self._trailer: Trailer | None = None
        self._signed = b""

    def take(self, raw: bytes) -> None:
        """The next line. Raises BadLine."""
        self.line += 1
        if not raw.endswith(b"\n"):
            raise BadLine(_unended(raw))
        if self._trailer is not None:
            raise BadLine("nothing may follow the trailer")
        if self._heading is None:
            self._heading = read_heading(raw)
        elif raw.startswith(TRL):
            self._end(raw)
            return
        else:
            self._add(self._heading, read_item(raw))
        self._hash.update(raw)

    def ended(self) -> Checked:
        """All of it was read. Raises BadLine when something is missing."""
        if self._heading is None or self._trailer is None:
            self.line += 1
            raise BadLine("the file ends without its trailer: it was cut off")
        return Checked(
            self._heading,
            self._totals,
            self._trailer.digest,
            SIGNED_AS + self._signed,
            base64.b64decode(self._trailer.signature),
            self.line,
        )

    def _add(self, heading: Heading, item: Item) -> None:
        _require_kind(item)
        _require_dates(heading, item)
        if item.number != self._totals.records + 1:
            raise BadLine(f"record {self._totals.records + 1} should follow, not {item.number}")
        if item.number > RECORDS_MAX:
            raise BadLine(f"there are more than {RECORDS_MAX} records")
        reference = (item.local_date.isoformat(), item.rrn, item.terminal_id, item.stan)
        if reference == self._before:
            raise BadLine("the reference is the same as on the line before")
        if reference < self._before:
            raise BadLine("the reference comes before that of the line before")
        self._before = reference
        self._totals = _counted(self._totals, item)

    def _end(self, raw: bytes) -> None:
        trailer = read_trailer(raw)
        for name, found, said in _differences(self._totals, trailer):
            raise BadLine(f"the {name} is {found}; the trailer says {said}")
        if self._hash.hexdigest() != trailer.digest:
            raise BadLine("the digest is not that of the lines before it")
        self._trailer = trailer
        self._hash.update(before_signature(raw))
        self._signed = self._hash.digest()


def _unended(raw: bytes) -> str:
    if bad := bad_byte(raw):
        return bad
    if len(raw) > LINE_BYTES_MAX:
        return f"the line is longer than {LINE_BYTES_MAX} bytes"
    return "the file ends within this line: it was cut off"


def _require_kind(item: Item) -> None:
    if item.kind is ItemKind.REVERSED:
        if item.amount or item.fee:
            raise BadLine("nothing is claimed for what was reversed")
    elif not item.amount:
        raise BadLine("the amount is nothing")


def _require_dates(heading: Heading, item: Item) -> None:
    """Raises BadLine for an operation that cannot be of the file's day."""
    days = (heading.settlement_date - item.local_date).days
    if not -1 <= days <= DAYS_BACK_MAX:  # a machine's clock may be ahead of the switch's
        raise BadLine(f"the local date is not of a file for {heading.settlement_date}")
    if not item.authorised_at <= item.ended_at <= heading.cut_off_at:
        raise BadLine("it did not end between its authorisation and the file's cut-off")
    if heading.cut_off_at - item.ended_at > timedelta(days=DAYS_BACK_MAX):
        raise BadLine(f"the time of the end is not of a file for {heading.settlement_date}")


def _counted(totals: Totals, item: Item) -> Totals:
    records = totals.records + 1
    match item.kind:
        case ItemKind.CAPTURED:
            return replace(
                totals,
                records=records,
                captured=totals.captured + 1,
                captured_amount=totals.captured_amount + item.amount,
                fees=totals.fees + item.fee,
            )
        case ItemKind.REVERSED:
            return replace(totals, records=records, reversed=totals.reversed + 1)
        case ItemKind.TAKEN_BACK:
            return replace(
                totals,
                records=records,
                taken_back=totals.taken_back + 1,
                taken_back_amount=totals.taken_back_amount + item.amount,
                fees=totals.fees - item.fee,
            )


def _differences(found: Totals, trailer: Trailer) -> Iterator[tuple[str, str, str]]:
    said = trailer.totals
    for name, count, told in (
        ("count of records", found.records, said.records),
        ("count of captured", found.captured, said.captured),
        ("count of reversed", found.reversed, said.reversed),
        ("count of taken back", found.taken_back, said.taken_back),
    ):
        if count != told:
            yield name, str(count), str(told)
    for name, amount, told in (
        ("sum of captured", found.captured_amount, said.captured_amount),
        ("sum of taken back", found.taken_back_amount, said.taken_back_amount),
        ("sum of fees", found.fees, said.fees),
        ("net amount", found.net, trailer.net),
    ):
        if amount != told:
            yield name, str(Money(amount)), str(Money(told))
