"""A bank's file is proven whole before anything of it counts: its lines come to its balances."""

from __future__ import annotations

import hashlib
from typing import BinaryIO, NamedTuple

from commands.bank.line import StatedLine
from commands.bank.statement import Heading
from commands.bank.take_in import FIRST_LINE, LINES_MAX
from ledger.errors import FileRefused
from ledger.money import Money
from server.bank import camt, sheet
from server.bank.form import BadStatement, Found, Given

BYTES_MAX = 4 * 2**20


class Read(NamedTuple):
    """A statement that is whole; and the words beside each of its lines, which nobody keeps. None
    are with a line by which the bank takes back one of its own."""

    heading: Heading
    lines: tuple[StatedLine, ...]
    texts: tuple[str | None, ...]


def read(file: BinaryIO) -> Read:
    """Read a CAMT.053 or CSV file from its beginning. Raises FileRefused, naming the line."""
    raw = file.read(BYTES_MAX + 1)
    if len(raw) > BYTES_MAX:
        raise FileRefused.at(FIRST_LINE, f"the file is longer than {BYTES_MAX} bytes")
    is_xml = raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    try:
        found = (camt if is_xml else sheet).found(raw)
        _prove(found)
    except BadStatement as bad:
        raise FileRefused.at(bad.line, str(bad)) from bad
    heading = Heading(
        account=found.account,
        number=found.number,
        first_day=found.first_day,
        last_day=found.last_day,
        opening=found.opening,
        closing=found.closing,
        digest=hashlib.sha256(raw).hexdigest(),
    )
    lines = tuple(_stated(found, n, each) for n, each in enumerate(found.lines, start=1))
    return Read(heading, lines, tuple(each.text for each in found.lines))


def _prove(found: Found) -> None:
    """Raises BadStatement."""
    if found.last_day < found.first_day:
        raise BadStatement(FIRST_LINE, "it ends before it begins")
    if len(found.lines) > LINES_MAX:
        at = found.lines[LINES_MAX].at
        raise BadStatement(at, f"there are more than {LINES_MAX} lines: ask for shorter statements")
    credited: dict[str, int] = {}
    for line in found.lines:
        _prove_line(found, line)
        if line.amount > 0 and line.reference:
            before = credited.setdefault(line.reference, line.at)
            if before != line.at:
                raise BadStatement(line.at, f"line {before} has the same reference")
    total = sum(each.amount for each in found.lines)
    if found.opening + total != found.closing:
        come_to = Money(found.opening + total)
        raise BadStatement(
            FIRST_LINE, f"its lines come to {come_to}, and it closes with {Money(found.closing)}"
        )


def _prove_line(found: Found, line: Given) -> None:
    if not line.amount:
        raise BadStatement(line.at, "the amount is nothing")
    if not found.first_day <= line.booked_on <= found.last_day:
        raise BadStatement(line.at, f"{line.booked_on} is not a day of this statement")


def _stated(found: Found, number: int, line: Given) -> StatedLine:
    """A line without a reference of the bank's has one of its place."""
    return StatedLine(
        number=number,
        amount=line.amount,
        reference=line.reference or f"{found.account}/{found.number}/{number}",
        booked_on=line.booked_on,
        value_on=line.value_on,
    )
