"""Formats of rows: CSV in both conventions, XLSX, JSON Lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import msgspec
import xlsxwriter

from ledger.chart import HEADINGS
from ledger.journal import written
from queries.exports.cells import decimal, harmless
from queries.exports.source import Basis, Entry

COLUMNS = (
    "entry", "line", "booking_date", "value_date", "recorded_at", "kind", "code", "account_name",
    "account", "debit", "credit", "currency", "transaction", "reverses", "reference", "memo",
    "actor",
)  # fmt: skip
NAMES = {code: heading.name for code, heading in HEADINGS.items()}
SHEET_ROWS_MAX = 1_000_000  # Excel has room for 1,048,576


class Csv:
    """A row for each line. International: commas and a decimal point. Portuguese: semicolons, a
    decimal comma, and the mark by which Excel knows UTF-8."""

    def __init__(self, out: BinaryIO, *, portuguese: bool = False) -> None:
        self._out = out
        self._portuguese = portuguese
        self._buffer = io.StringIO(newline="")
        delimiter = ";" if portuguese else ","
        self._rows = csv.writer(self._buffer, delimiter=delimiter, lineterminator="\r\n")

    def begin(self, basis: Basis) -> None:
        """The heads of the columns."""
        if self._portuguese:
            self._out.write(b"\xef\xbb\xbf")
        self._rows.writerow(COLUMNS)

    def write(self, entries: Sequence[Entry]) -> None:
        """The next entries."""
        self._rows.writerows(_cells(entries, "," if self._portuguese else "."))
        self._flush()

    def end(self) -> None:
        """Nothing more comes."""
        self._flush()

    def _flush(self) -> None:
        self._out.write(self._buffer.getvalue().encode())
        self._buffer.seek(0)
        self._buffer.truncate()


class JsonLines:
    """An object for each entry, with its lines; amounts are decimal texts, debit positive."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def begin(self, basis: Basis) -> None:
        """There is no head."""

    def write(self, entries: Sequence[Entry]) -> None:
        """The next entries."""
        encode = msgspec.json.encode
        self._out.write(b"".join(encode(_object(entry)) + b"\n" for entry in entries))

    def end(self) -> None:
        """Nothing more comes."""


class Xlsx:
    """The rows of CSV as sheets of a workbook: amounts are numbers, all else is text."""

    def __init__(self, out: BinaryIO) -> None:
        self._book = xlsxwriter.Workbook(
            out,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
                "use_zip64": True,
            },
        )
        self._amounts = self._book.add_format({"num_format": "#,##0.00"})
        self._sheet: Any = None
        self._row = SHEET_ROWS_MAX

    def begin(self, basis: Basis) -> None:
        """A first sheet, be it empty."""
        self._next_sheet()

    def write(self, entries: Sequence[Entry]) -> None:
        """The next entries."""
        amounts = self._amounts
        for cells in _cells(entries, "."):
            if self._row >= SHEET_ROWS_MAX:
                self._next_sheet()
            row, write_string = self._row, self._sheet.write_string
            for place, cell in enumerate(cells):
                if place in (9, 10):
                    if cell:
                        self._sheet.write_number(row, place, float(cell), amounts)
                elif cell != "":
                    write_string(row, place, str(cell))
            self._row += 1

    def end(self) -> None:
        """Write the workbook."""
        self._book.close()

    def _next_sheet(self) -> None:
        number = len(self._book.worksheets()) + 1
        self._sheet = self._book.add_worksheet(f"Journal {number}")
        for place, name in enumerate(COLUMNS):
            self._sheet.write_string(0, place, name)
        self._row = 1


def _cells(entries: Sequence[Entry], point: str) -> Iterator[tuple[Any, ...]]:
    for entry in entries:
        head = (written(entry.number),)
        dates = (entry.day, entry.value_day, entry.recorded_at, entry.kind)
        tail = (
            entry.transaction,
            "" if entry.reverses is None else written(entry.reverses),
            harmless(entry.reference),
            harmless(entry.memo),
            harmless(entry.actor),
        )
        for number, account, code, amount, currency in entry.lines:
            moved = decimal(abs(amount))
            if point != ".":
                moved = moved.replace(".", point)
            sides = (moved, "") if amount > 0 else ("", moved)
            yield (*head, number, *dates, code, NAMES[code], account, *sides, currency, *tail)


def _object(entry: Entry) -> dict[str, Any]:
    return {
        "entry": written(entry.number),
        "position": entry.position,
        "bookingDate": entry.day,
        "valueDate": entry.value_day,
        "recordedAt": entry.recorded_at,
        "kind": entry.kind,
        "transaction": entry.transaction,
        "reverses": None if entry.reverses is None else written(entry.reverses),
        "reference": entry.reference,
        "memo": entry.memo,
        "actor": entry.actor,
        "lines": [
            {"account": account, "code": code, "amount": decimal(amount), "currency": currency}
            for _, account, code, amount, currency in entry.lines
        ],
    }
