"""A bank statement as a sheet of comma-separated values, in a form of our own:

    account,number,from,to,opening,closing,currency
    CV64000300004547069110176,17,2026-11-30,2026-11-30,100000.00,104500.00,CVE
    booked,value,amount,reference,text
    2026-11-30,2026-11-30,5000.00,B-2026-1,Deposito 9911001
    2026-11-30,2026-11-30,-500.00,B-2026-2,Comissao

UTF-8. With semicolons between the fields, as Portuguese spreadsheets write them, amounts have a
decimal comma.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from server.bank import form
from server.bank.form import BadStatement, Found, Given

HEADING = ["account", "number", "from", "to", "opening", "closing", "currency"]
LINES = ["booked", "value", "amount", "reference", "text"]
FIELD_MAX = 10_000


def found(raw: bytes) -> Found:
    """What it says. Raises BadStatement."""
    rows = _rows(_text(raw))
    _require(next(rows, None), HEADING)
    heading = next(rows, None)
    if heading is None or len(heading[1]) != len(HEADING):
        raise BadStatement(2, f"the heading has not {len(HEADING)} fields")
    at, (account, number, first, last, opening, closing, currency) = heading
    form.currency(currency, at)
    _require(next(rows, None), LINES)
    return Found(
        account=form.account(account, at),
        number=form.number(number, at),
        first_day=form.day(first, at),
        last_day=form.day(last, at),
        opening=form.minor(opening, at),
        closing=form.minor(closing, at),
        lines=[_line(at, fields) for at, fields in rows],
    )


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadStatement(raw[: error.start].count(b"\n") + 1, "it is not UTF-8") from None


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Fields with the line at which they end; amounts with a decimal point."""
    semicolons = ";" in text.partition("\n")[0]
    csv.field_size_limit(FIELD_MAX)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if semicolons else ",", strict=True
    )
    amounts = {4, 5} if semicolons else set()
    try:
        for number, fields in enumerate(reader):
            if number == 2 and semicolons:
                amounts = {2}
            if fields:
                yield (
                    reader.line_num,
                    [
                        each.strip().replace(",", ".") if place in amounts else each.strip()
                        for place, each in enumerate(fields)
                    ],
                )
    except csv.Error as error:
        raise BadStatement(reader.line_num, f"it is no sheet: {error}") from None


def _require(row: tuple[int, list[str]] | None, names: list[str]) -> None:
    at, fields = (1, []) if row is None else row
    if [each.lower() for each in fields] != names:
        raise BadStatement(at, f"the fields are not {', '.join(names)}")


def _line(at: int, fields: list[str]) -> Given:
    if len(fields) != len(LINES):
        raise BadStatement(at, f"the line has not {len(LINES)} fields")
    booked, value, amount, reference, text = fields
    return Given(
        at=at,
        amount=form.minor(amount, at),
        reference=form.reference(reference, at),
        booked_on=form.day(booked, at),
        value_on=form.day(value or booked, at),
        text=text[: form.TEXT_MAX],
    )
