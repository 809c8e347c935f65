"""Lists and reports on standard output: a table for people, CSV or JSON for programs."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ledger.money import Money
from ledger.wire import encode


def show(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], shape: str | None) -> None:
    """Print rows under these columns, in the shape that was chosen or fits where it goes."""
    if shape is None:
        shape = "table" if sys.stdout.isatty() else "csv"
    if shape == "json":
        show_json(rows)
    elif shape == "csv":
        _csv(rows, columns)
    else:
        _table(rows, columns)


def show_json(value: Any) -> None:
    """Print anything that has amounts and times in it as JSON."""
    sys.stdout.write(encode(value).decode() + "\n")


@contextmanager
def progress(what: str) -> Iterator[Any]:
    """A bar on a terminal, nothing in a pipe; takes (done, of)."""
    if not sys.stderr.isatty():
        yield None
        return
    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, of: bars.update(task, completed=done, total=of)


def _csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_plain(row.get(name)) for name in columns] for row in rows)


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    table = Table(header_style="bold", box=None, pad_edge=False)
    for name in columns:
        amounts = any(isinstance(row.get(name), Money) for row in rows)
        table.add_column(name, justify="right" if amounts else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_for_people(row.get(name)) for name in columns))
    Console().print(table)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return f"{value.decimal:.2f}" if isinstance(value, Money) else str(value)


def _for_people(value: Any) -> str:
    if isinstance(value, Money):
        return str(value).removeprefix(f"{value.currency.code} ")
    return "" if value is None else str(value)
