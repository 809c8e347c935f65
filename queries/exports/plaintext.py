"""Formats of plain text accounting: hledger and beancount, which check them by their own rules.

Accounts are codes of the chart. At the end of each day stands what our trial balance says of every
code that moved, as assertions: an amount, a date, an account or a side that is not as it was fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import BinaryIO

from ledger.accounts import Kind
from ledger.chart import CHART, HEADINGS
from ledger.journal import written
from queries.exports.cells import decimal, one_line
from queries.exports.source import Basis, Entry

HLEDGER_ROOTS = {
    Kind.ASSET: ("assets", "A"),
    Kind.LIABILITY: ("liabilities", "L"),
    Kind.EQUITY: ("equity", "E"),
    Kind.INCOME: ("revenues", "R"),
    Kind.EXPENSE: ("expenses", "X"),
}
BEANCOUNT_ROOTS = {
    Kind.ASSET: "Assets",
    Kind.LIABILITY: "Liabilities",
    Kind.EQUITY: "Equity",
    Kind.INCOME: "Income",
    Kind.EXPENSE: "Expenses",
}
HLEDGER_NAMES = {each.code: f"{HLEDGER_ROOTS[each.kind][0]}:{each.code}" for each in CHART}
BEANCOUNT_NAMES = {each.code: f"{BEANCOUNT_ROOTS[each.kind]}:{each.code}" for each in CHART}
OPENING = "opening balances"
CLOSING = "end of day"


class _Days:
    """What stands at the end of each day, by the trial balance."""

    def __init__(self, basis: Basis) -> None:
        self._moved = basis.days
        self.balances = dict(basis.opening)
        self._left = sorted(basis.days)

    def ended(self, before: str | None) -> Iterator[tuple[str, list[tuple[str, str, int]]]]:
        """The days that are over when one begins (or all): of each, what moved and stands now."""
        while self._left and (before is None or self._left[0] < before):
            day = self._left.pop(0)
            for key, amount in self._moved[day].items():
                self.balances[key] = self.balances.get(key, 0) + amount
            yield day, [(*key, self.balances[key]) for key in sorted(self._moved[day])]


class Hledger:
    """A journal of hledger. The value date is its secondary date."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._days: _Days

    def begin(self, basis: Basis) -> None:
        """Declarations, and what stood before the first day."""
        self._days = _Days(basis)
        text = [f"; the journal of makeba, up to position {basis.position} of its log\n"]
        text.append("decimal-mark .\ncommodity 1000.00 CVE\n")
        for each in CHART:
            kind = HLEDGER_ROOTS[each.kind][1]
            text.append(
                f"account {HLEDGER_NAMES[each.code]}  ; type:{kind}, name:{one_line(each.name)}\n"
            )
        if basis.opening:
            text.append(f"\n{basis.first} {OPENING}\n")
            text += [
                f"    {HLEDGER_NAMES[code]}  {decimal(amount)} {currency}\n"
                for (code, currency), amount in basis.opening.items()
            ]
        self._out.write("".join(text).encode())

    def write(self, entries: Sequence[Entry]) -> None:
        """The next entries."""
        text: list[str] = []
        day = ""
        for entry in entries:
            if entry.day != day:
                day = entry.day
                self._assert(text, day)
            value = "" if entry.value_day == day else f"={entry.value_day}"
            text.append(
                f"\n{day}{value} ({written(entry.number)}) {entry.kind}"
                f"  ; position:{entry.position}, transaction:{entry.transaction}"
                f"{_tags(entry)}\n"
            )
            text += [
                f"    {HLEDGER_NAMES[code]}  {decimal(amount)} {currency}  ; account:{account}\n"
                for _, account, code, amount, currency in entry.lines
            ]
        self._out.write("".join(text).encode())

    def end(self) -> None:
        """What stands at the end of the last days."""
        text: list[str] = []
        self._assert(text, None)
        self._out.write("".join(text).encode())

    def _assert(self, text: list[str], before: str | None) -> None:
        for day, standing in self._days.ended(before):
            text.append(f"\n{day} {CLOSING}\n")
            text += [
                f"    {HLEDGER_NAMES[code]}  0.00 {currency} = {decimal(balance)} {currency}\n"
                for code, currency, balance in standing
            ]


class Beancount:
    """A file of beancount. The value date is metadata."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._days: _Days

    def begin(self, basis: Basis) -> None:
        """Declarations, and what stood before the first day."""
        self._days = _Days(basis)
        first = str(basis.first)
        if basis.first == date.min:
            first = min(basis.days, default="1970-01-01")
        text = [
            f"; the journal of makeba, up to position {basis.position} of its log\n"
            'option "title" "makeba"\noption "operating_currency" "CVE"\n'
        ]
        text += [
            f"{first} open {BEANCOUNT_NAMES[each.code]} CVE  ; {each.name}\n" for each in CHART
        ]
        if basis.opening:
            text.append(f'\n{first} * "{OPENING}"\n')
            text += [
                f"  {BEANCOUNT_NAMES[code]}  {decimal(amount)} {currency}\n"
                for (code, currency), amount in basis.opening.items()
            ]
        self._out.write("".join(text).encode())

    def write(self, entries: Sequence[Entry]) -> None:
        """The next entries."""
        text: list[str] = []
        day = ""
        for entry in entries:
            if entry.day != day:
                day = entry.day
                self._assert(text, day)
            text.append(
                f'\n{day} * "{entry.kind}" "{written(entry.number)}"\n'
                f'  position: {entry.position}\n  transaction: "{entry.transaction}"\n'
                f"  value: {entry.value_day}\n{_metadata(entry)}"
            )
            for _, account, code, amount, currency in entry.lines:
                text.append(
                    f"  {BEANCOUNT_NAMES[code]}  {decimal(amount)} {currency}\n"
                    f'    account: "{account}"\n'
                )
        self._out.write("".join(text).encode())

    def end(self) -> None:
        """What stands at the end of the last days."""
        text: list[str] = []
        self._assert(text, None)
        self._out.write("".join(text).encode())

    def _assert(self, text: list[str], before: str | None) -> None:
        """What beancount asserts stands in the morning, so it is that of the day after; and to the
        centavo, where by itself it would let one pass."""
        for day, standing in self._days.ended(before):
            morning = date.fromisoformat(day) + timedelta(days=1)
            text.append("\n")
            text += [
                f"{morning} balance {BEANCOUNT_NAMES[code]}  {decimal(balance)} ~ 0.00 {currency}\n"
                for code, currency, balance in standing
            ]


def _tags(entry: Entry) -> str:
    tags = [] if entry.reverses is None else [f", reverses:{written(entry.reverses)}"]
    if entry.reference:
        tags.append(f", reference:{one_line(entry.reference)}")
    if entry.memo:
        tags.append(f", memo:{one_line(entry.memo)}")
    return "".join(tags)


def _metadata(entry: Entry) -> str:
    lines = [] if entry.reverses is None else [f'  reverses: "{written(entry.reverses)}"\n']
    if entry.reference:
        lines.append(f'  reference: "{one_line(entry.reference)}"\n')
    if entry.memo:
        lines.append(f'  memo: "{one_line(entry.memo)}"\n')
    return "".join(lines)


def heading_of(name: str) -> str:
    """The code in an account's name. Raises ValueError for a name that is none of ours."""
    code = name.rpartition(":")[2]
    if code not in HEADINGS or name not in (HLEDGER_NAMES[code], BEANCOUNT_NAMES[code]):
        raise ValueError(name)
    return code
