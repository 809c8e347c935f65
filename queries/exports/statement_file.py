"""A statement as a file for its reader: CSV and PDF, in Portuguese and in English."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table, TableStyle

from ledger.journal import written
from queries.answer import Side
from queries.exports.cells import harmless
from queries.exports.words import (
    Language,
    amount_in_words,
    day_in_words,
    kind_in_words,
    word,
)
from queries.standing import Axis
from queries.statement import Statement, StatementLine

COLUMNS = ("booked", "value", "what", "entry", "debit", "credit", "balance")
WIDTHS = (21, 21, 52, 27, 23, 23, 23)  # millimetres
LINES_EACH = 40  # of a page
MARGIN = 10 * mm
INK = colors.HexColor("#1b3a4b")
SHADE = colors.HexColor("#eef3f6")


def statement_csv(statement: Statement, language: Language) -> bytes:
    """Opening, lines, closing. In Portuguese with semicolons and a decimal comma, as Excel there
    reads it."""
    out = io.StringIO(newline="")
    portuguese = language is Language.PORTUGUESE
    rows = csv.writer(out, delimiter=";" if portuguese else ",", lineterminator="\r\n")
    point = "," if portuguese else "."

    def amount(minor: int) -> str:
        sign = "-" if minor < 0 else ""
        return f"{sign}{abs(minor) // 100}{point}{abs(minor) % 100:02d}"

    rows.writerow([word(name, language) for name in COLUMNS])
    opening, closing = word("opening", language), word("closing", language)
    rows.writerow([str(statement.from_), "", opening, "", "", "", amount(statement.opening.minor)])
    for line in statement.lines:
        rows.writerow(
            [
                str(line.booking_date),
                str(line.value_date),
                harmless(kind_in_words(line.kind, language)),
                written(line.entry_number),
                amount(line.amount.minor) if line.direction is Side.DEBIT else "",
                amount(line.amount.minor) if line.direction is Side.CREDIT else "",
                amount(line.balance.minor),
            ]
        )
    rows.writerow([str(statement.to), "", closing, "", "", "", amount(statement.closing.minor)])
    return (b"\xef\xbb\xbf" if portuguese else b"") + out.getvalue().encode()


def statement_pdf(statement: Statement, language: Language, made_at: datetime) -> bytes:
    """The statement on pages of A4. Its fonts are those that every reader has."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, pageCompression=1, invariant=1, lang=language.value)
    canvas.setTitle(f"{word('title', language)} {statement.from_} – {statement.to}")
    canvas.setAuthor("makeba")
    pages = [
        statement.lines[first : first + LINES_EACH]
        for first in range(0, max(len(statement.lines), 1), LINES_EACH)
    ]
    for number, lines in enumerate(pages, start=1):
        top = _head(canvas, statement, language)
        _lines(canvas, lines, language, top, first=number == 1, last=number == len(pages),
               statement=statement)  # fmt: skip
        _foot(canvas, statement, language, made_at, f"{number}/{len(pages)}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _head(canvas: Canvas, statement: Statement, language: Language) -> float:
    width, height = A4
    canvas.setFillColor(INK)
    canvas.rect(0, height - 20 * mm, width, 20 * mm, stroke=0, fill=1)
    canvas.setFillColor(colors.white)
    canvas.setFont("Helvetica-Bold", 15)
    canvas.drawString(MARGIN, height - 13 * mm, "makeba")
    canvas.setFont("Helvetica", 12)
    canvas.drawRightString(width - MARGIN, height - 13 * mm, word("title", language))
    canvas.setFillColor(colors.black)
    canvas.setFont("Helvetica", 9)
    first, last = (day_in_words(day, language) for day in (statement.from_, statement.to))
    axis = word("by_booking" if statement.axis is Axis.BOOKING else "by_value", language)
    for place, text in enumerate(
        (
            f"{word('account', language)}: {statement.account_id} ({statement.code},"
            f" {statement.currency})",
            f"{word('period', language)}: {first} – {last}, {axis}",
        )
    ):
        canvas.drawString(MARGIN, height - (27 + 5 * place) * mm, text)
    return height - 38 * mm


def _lines(
    canvas: Canvas,
    lines: tuple[StatementLine, ...],
    language: Language,
    top: float,
    *,
    first: bool,
    last: bool,
    statement: Statement,
) -> None:
    rows: list[list[str]] = [[word(name, language) for name in COLUMNS]]
    if first:
        rows.append(_standing("opening", statement, language))
    rows += [_row(line, language) for line in lines]
    if not statement.lines:
        rows.append(["", "", word("none", language), "", "", "", ""])
    if last:
        rows.append(_standing("closing", statement, language))
    table = Table(rows, colWidths=[width * mm for width in WIDTHS], rowHeights=5.6 * mm)
    table.setStyle(_style(len(rows), first=first, last=last))
    _, height = table.wrapOn(canvas, sum(WIDTHS) * mm, top)
    table.drawOn(canvas, MARGIN, top - height)


def _style(rows: int, *, first: bool, last: bool) -> TableStyle:
    commands: list[tuple[Any, ...]] = [
        ("FONT", (0, 0), (-1, -1), "Helvetica", 8),
        ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 8),
        ("ALIGN", (4, 0), (-1, -1), "RIGHT"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.6, INK),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), (colors.white, SHADE)),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
    ]
    bold = ([1] if first else []) + ([rows - 1] if last else [])
    commands += [("FONT", (0, row), (-1, row), "Helvetica-Bold", 8) for row in bold]
    return TableStyle(commands)


def _standing(which: str, statement: Statement, language: Language) -> list[str]:
    day = statement.from_ if which == "opening" else statement.to
    amount = getattr(statement, which)
    totals = ["", ""]
    if which == "closing":
        totals = [amount_in_words(each, language) for each in (statement.debits, statement.credits)]
    return [
        day_in_words(day, language), "", word(which, language), "", *totals,
        amount_in_words(amount, language),
    ]  # fmt: skip


def _row(line: StatementLine, language: Language) -> list[str]:
    amount = amount_in_words(line.amount, language)
    return [
        day_in_words(line.booking_date, language),
        day_in_words(line.value_date, language),
        kind_in_words(line.kind, language),
        written(line.entry_number),
        amount if line.direction is Side.DEBIT else "",
        amount if line.direction is Side.CREDIT else "",
        amount_in_words(line.balance, language),
    ]


def _foot(
    canvas: Canvas, statement: Statement, language: Language, made_at: datetime, page: str
) -> None:
    width, _ = A4
    canvas.setFont("Helvetica", 7)
    canvas.setFillColor(colors.grey)
    told = (
        f"{word('made', language)} {day_in_words(made_at.date(), language)} {made_at:%H:%M}"
        f" · {word('position', language)} {statement.position}"
    )
    canvas.drawString(MARGIN, 8 * mm, told)
    canvas.drawRightString(width - MARGIN, 8 * mm, f"{word('page', language)} {page}")
