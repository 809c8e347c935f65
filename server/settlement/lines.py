"""The lines of a settlement file, byte by byte, as docs/settlement.md describes them.

A file is ASCII. Its fields are parted by one TAB and its lines end with one LF, so that one content
has one form: what was signed can be written again from what was kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NamedTuple

from commands.reconciliation.item import Heading, Item, ItemKind, Totals

LINE_BYTES_MAX = 512
SIGNED_AS = b"makeba-settlement-1\n"  # nothing else that a switch signs begins so

NAME = r"[!-~]{1,64}"
NUMBER = r"[1-9][0-9]{0,8}"
COUNT = r"0|[1-9][0-9]{0,8}"
POSITIVE = r"[1-9][0-9]{0,14}"
AMOUNT = r"0|[1-9][0-9]{0,14}"
SIGNED = r"0|-?[1-9][0-9]{0,16}"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"


class BadLine(Exception):
    """A line is not as the format has it. The message says what is wrong, and quotes nothing."""


class Field(NamedTuple):
    """A field's name in messages, and what it may be."""

    name: str
    pattern: str


HEADING = (
    Field("record type", "HDR"),
    Field("version", "1"),
    Field("acquirer", NAME),
    Field("settlement date", DAY),
    Field("number", NUMBER),
    Field("currency", "CVE"),
    Field("cut-off", MOMENT),
    Field("key id", NAME),
)
ITEM = (
    Field("record type", "CAP|REV|TBK"),
    Field("number", NUMBER),
    Field("local date", DAY),
    Field("terminal", NAME),
    Field("RRN", "[0-9]{12}"),
    Field("STAN", "[0-9]{6}"),
    Field("approval code", "|[0-9]{6}"),
    Field("requested amount", POSITIVE),
    Field("amount", AMOUNT),
    Field("fee", AMOUNT),
    Field("time of authorisation", MOMENT),
    Field("time of the end", MOMENT),
)
TRAILER = (
    Field("record type", "TRL"),
    Field("count of records", COUNT),
    Field("count of captured", COUNT),
    Field("sum of captured", AMOUNT),
    Field("count of reversed", COUNT),
    Field("count of taken back", COUNT),
    Field("sum of taken back", AMOUNT),
    Field("sum of fees", SIGNED),
    Field("net amount", SIGNED),
    Field("digest", "[0-9a-f]{64}"),
    Field("signature", "[A-Za-z0-9+/]{86}=="),
)


def _whole(fields: Sequence[Field]) -> re.Pattern[bytes]:
    return re.compile("\t".join(f"({field.pattern})" for field in fields).encode() + b"\n")


HEADING_LINE, ITEM_LINE, TRAILER_LINE = _whole(HEADING), _whole(ITEM), _whole(TRAILER)


class Trailer(NamedTuple):
    """What the last line says of the others."""

    totals: Totals
    net: int
    digest: str
    signature: str


def read_heading(line: bytes) -> Heading:
    """The first line. Raises BadLine."""
    _, _, acquirer, day, number, _, cut_off, key = _fields(line, HEADING, HEADING_LINE)
    return Heading(
        acquirer_id=acquirer,
        settlement_date=_day(day, "settlement date"),
        number=int(number),
        cut_off_at=_moment(cut_off, "cut-off"),
        key_id=key,
    )


def read_item(line: bytes) -> Item:
    """A line between the first and the last. Raises BadLine."""
    kind, number, day, terminal, rrn, stan, approval, requested, amount, fee, at, end = _fields(
        line, ITEM, ITEM_LINE
    )
    return Item(
        number=int(number),
        kind=ItemKind(kind),
        local_date=_day(day, "local date"),
        terminal_id=terminal,
        rrn=rrn,
        stan=stan,
        approval_code=approval or None,
        requested=int(requested),
        amount=int(amount),
        fee=int(fee),
        authorised_at=_moment(at, "time of authorisation"),
        ended_at=_moment(end, "time of the end"),
    )


def read_trailer(line: bytes) -> Trailer:
    """The last line. Raises BadLine."""
    _, *counted, net, digest, signature = _fields(line, TRAILER, TRAILER_LINE)
    records, captured, captured_sum, reversed_, taken, taken_sum, fees = map(int, counted)
    totals = Totals(
        records=records,
        captured=captured,
        captured_amount=captured_sum,
        reversed=reversed_,
        taken_back=taken,
        taken_back_amount=taken_sum,
        fees=fees,
    )
    return Trailer(totals, int(net), digest, signature)


def before_signature(line: bytes) -> bytes:
    """The part of a trailer that is signed with everything before it."""
    return line[: line.rindex(b"\t") + 1]


def _fields(line: bytes, fields: Sequence[Field], whole: re.Pattern[bytes]) -> tuple[str, ...]:
    """The fields of a line. Raises BadLine, naming the first that is wrong."""
    found = whole.fullmatch(line)
    if found is None:
        raise BadLine(_wrong(line, fields))
    return tuple([part.decode("ascii") for part in found.groups()])


def _wrong(line: bytes, fields: Sequence[Field]) -> str:
    if bad := bad_byte(line):
        return bad
    parts = line.removesuffix(b"\n").split(b"\t")
    for part, field in zip(parts, fields, strict=False):
        if re.fullmatch(field.pattern, part.decode("ascii")) is None:
            return f"the {field.name} is not as the format has it"
    return f"there are {len(parts)} fields; {len(fields)} belong there"


def bad_byte(line: bytes) -> str | None:
    """What is wrong with the first byte that is none of the format's."""
    for place, byte in enumerate(line.removesuffix(b"\n"), start=1):
        if byte > 0x7E:
            return f"byte {place} is not ASCII"
        if byte < 0x20 and byte != 0x09:
            return f"byte {place} is a control character"
    return None


@lru_cache(1_024)  # a file has few days in it
def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadLine(f"the {name} is no day of the calendar") from None


def _moment(text: str, name: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise BadLine(f"the {name} is no moment of the calendar") from None
