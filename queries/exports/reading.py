"""Exported files read again, line by line, to compare what they hold with their control totals.

Only what we write is understood: a line that is in no form of ours is an error that names it.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import iterparse

import msgspec

from ledger.chart import HEADINGS
from ledger.journal import entry_number
from queries.exports.cells import minor_in
from queries.exports.control import Control, Posted, Totals
from queries.exports.plaintext import CLOSING, OPENING, heading_of
from queries.exports.tables import COLUMNS

DAY = r"\d{4}-\d{2}-\d{2}"
HLEDGER_HEAD = re.compile(rf"({DAY})(?:=({DAY}))? \((\d{{4}}/\d+)\) ([a-z_.]+)  ; position:\d+, .+")
HLEDGER_LINE = re.compile(r"    ([a-z]+:\d{4})  (-?\d+\.\d\d) CVE  ; account:([0-9a-f-]{36})")
HLEDGER_OTHER = re.compile(
    rf"|;.*|decimal-mark .|commodity 1000\.00 CVE|account .+|{DAY} ({OPENING}|{CLOSING})"
    r"|    [a-z]+:\d{4}  (-?\d+\.\d\d CVE|0\.00 CVE = -?\d+\.\d\d CVE)"
)
BEANCOUNT_HEAD = re.compile(rf'({DAY}) \* "([a-z_.]+)" "(\d{{4}}/\d+)"')
BEANCOUNT_VALUE = re.compile(rf"  value: ({DAY})")
BEANCOUNT_LINE = re.compile(r"  ([A-Z][a-z]+:\d{4})  (-?\d+\.\d\d) CVE")
BEANCOUNT_ACCOUNT = re.compile(r'    account: "([0-9a-f-]{36})"')
BEANCOUNT_OTHER = re.compile(
    rf'|;.*|option .+|{DAY} open .+|{DAY} balance .+|{DAY} \* "{OPENING}"'
    r"|  (position|transaction|reverses|reference|memo): .*"
)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class Unreadable(Exception):
    """A file is not one of ours, or no longer: the message names its line."""


def totals_of(path: Path, format_: str) -> Totals:
    """The control totals of what a file holds now. Raises Unreadable, OSError."""
    control = Control()
    try:
        control.add(READERS[format_](path))
    except UnicodeDecodeError:
        raise Unreadable("The file is not in UTF-8.") from None
    return control.totals()


def _number(written: str) -> int:
    year, slash, sequence = written.partition("/")
    if not slash or len(year) != 4 or not 0 < int(sequence) < 10**12:
        raise ValueError(written)
    return entry_number(int(year), int(sequence))


def _day(written: str) -> str:
    if not re.fullmatch(DAY, written):
        raise ValueError(written)
    return written


def _code(written: str) -> str:
    if written not in HEADINGS:
        raise ValueError(written)
    return written


def _sides(debit: str, credit: str) -> int:
    if bool(debit) == bool(credit):
        raise ValueError("one side of two")
    amount = minor_in(debit or credit)
    if amount <= 0:
        raise ValueError("a side is named, not signed")
    return amount if debit else -amount


def _row(cells: dict[str, str]) -> Posted:
    return Posted(
        _day(cells["booking_date"]),
        _day(cells["value_date"]),
        _number(cells["entry"]),
        cells["account"],
        _code(cells["code"]),
        _sides(cells["debit"], cells["credit"]),
    )


def _numbered(rows: Iterator[Any], read: Callable[[Any], Any], first: int) -> Iterator[Any]:
    for number, row in enumerate(rows, start=first):
        try:
            yield read(row)
        except (ValueError, KeyError, TypeError, msgspec.MsgspecError) as error:
            raise Unreadable(f"Line {number} is not as it was written: {error}") from None


def _csv(path: Path) -> Iterator[Posted]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline()
        delimiter = ";" if head.startswith("entry;") else ","
        if head.rstrip("\r\n").split(delimiter) != list(COLUMNS):
            raise Unreadable("Line 1 does not name our columns.")
        point = "," if delimiter == ";" else "."

        def read(row: list[str]) -> Posted:
            cells = dict(zip(COLUMNS, row, strict=True))
            for side in ("debit", "credit"):
                if point in cells[side] or not cells[side]:
                    cells[side] = cells[side].replace(point, ".")
                else:
                    raise ValueError(cells[side])
            return _row(cells)

        yield from _numbered(csv.reader(file, delimiter=delimiter), read, 2)


def _jsonl(path: Path) -> Iterator[Posted]:
    def read(line: bytes) -> list[Posted]:
        told = msgspec.json.decode(line)
        number, days = _number(told["entry"]), (_day(told["bookingDate"]), _day(told["valueDate"]))
        return [
            Posted(*days, number, each["account"], _code(each["code"]), minor_in(each["amount"]))
            for each in told["lines"]
        ]

    with path.open("rb") as file:
        for lines in _numbered(file, read, 1):
            yield from lines


def _hledger(path: Path) -> Iterator[Posted]:
    head: tuple[str, str, int] | None = None

    def read(line: str) -> Posted | None:
        nonlocal head
        text = line.rstrip("\n")
        posting = HLEDGER_LINE.fullmatch(text)
        if posting is not None:
            if head is None:
                raise ValueError("a posting of no entry")
            code = heading_of(posting[1])
            return Posted(*head, posting[3], code, minor_in(posting[2]))
        begun = HLEDGER_HEAD.fullmatch(text)
        if begun is not None:
            head = (begun[1], begun[2] or begun[1], _number(begun[3]))
        elif HLEDGER_OTHER.fullmatch(text) is None:
            raise ValueError(text[:80])
        return None

    with path.open(encoding="utf-8", newline="\n") as file:
        for posted in _numbered(file, read, 1):
            if posted is not None:
                yield posted


class _BeancountEntry:
    """What was read of an entry so far: its lines come in two."""

    def __init__(self) -> None:
        self.day = ""
        self.value = ""
        self.number = 0
        self.line: tuple[str, int] | None = None

    def read(self, line: str) -> Posted | None:
        """The line of an entry that is complete now."""
        text = line.rstrip("\n")
        if begun := BEANCOUNT_HEAD.fullmatch(text):
            self.day, self.value, self.number = begun[1], "", _number(begun[3])
        elif valued := BEANCOUNT_VALUE.fullmatch(text):
            self.value = valued[1]
        elif posting := BEANCOUNT_LINE.fullmatch(text):
            self.line = (heading_of(posting[1]), minor_in(posting[2]))
        elif account := BEANCOUNT_ACCOUNT.fullmatch(text):
            if self.line is None or not self.value:
                raise ValueError("an account of no posting")
            (code, amount), self.line = self.line, None
            return Posted(self.day, self.value, self.number, account[1], code, amount)
        elif BEANCOUNT_OTHER.fullmatch(text) is None:
            raise ValueError(text[:80])
        return None


def _beancount(path: Path) -> Iterator[Posted]:
    entry = _BeancountEntry()
    with path.open(encoding="utf-8", newline="\n") as file:
        for posted in _numbered(file, entry.read, 1):
            if posted is not None:
                yield posted


def _xlsx(path: Path) -> Iterator[Posted]:
    try:
        with zipfile.ZipFile(path) as book:
            names = [each for each in book.namelist() if each.startswith("xl/worksheets/sheet")]
            for name in sorted(names, key=lambda each: int(re.sub(r"\D", "", each))):
                with book.open(name) as sheet:
                    yield from _numbered(_sheet_rows(sheet), _row, 2)
    except zipfile.BadZipFile:
        raise Unreadable("The file is no workbook.") from None


def _sheet_rows(sheet: Any) -> Iterator[dict[str, str]]:
    """The rows after the first. Our texts stand in their cells, not in a table of strings."""
    for _, row in iterparse(io.BufferedReader(sheet)):  # noqa: S314 - our own sheets
        if row.tag != f"{MAIN}row":
            continue
        cells = dict.fromkeys(COLUMNS, "")
        for cell in row:
            letters = re.sub(r"\d", "", cell.attrib["r"])
            cells[COLUMNS[ord(letters) - ord("A")]] = _text_of(cell)
        if row.attrib["r"] != "1":
            yield cells
        row.clear()


def _text_of(cell: Any) -> str:
    if cell.attrib.get("t") == "inlineStr":
        return "".join(cell.itertext())
    value = cell.findtext(f"{MAIN}v")
    return "" if value is None else f"{float(value):.2f}"


READERS: dict[str, Callable[[Path], Iterator[Posted]]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "xlsx": _xlsx,
    "hledger": _hledger,
    "beancount": _beancount,
}
