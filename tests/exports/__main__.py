"""A thousand random histories and a thousand changed files, before hledger and beancount.

    python -m tests.exports [--histories 1000] [--mutations 1000] [--seed 1]

Prints one JSON line; exits 1 when an export is not accepted as it is, or is when it was changed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from benchmarks.town import where_and_when
from queries.exports.control import differences
from queries.exports.reading import Unreadable, totals_of
from queries.exports.writing import Asked, export, manifest_of
from tests.exports.histories import History
from tests.exports.mutations import KINDS, mutated
from tests.exports.outsiders import (
    HLEDGER,
    beancount_accepts,
    hledger_accepts,
    hledger_balances,
)

FORMATS = ("hledger", "beancount")


class Verdict(NamedTuple):
    """Who refused a file."""

    outsider: bool
    totals: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--histories", type=int, default=1_000)
    parser.add_argument("--mutations", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if HLEDGER is None:
        print("hledger is not installed: apt-get install hledger", file=sys.stderr)
        return 3
    with tempfile.TemporaryDirectory(prefix="makeba-exports-") as folder:
        accepted = accept(Path(folder), options.seed, options.histories)
        refused = refuse(Path(folder), options.seed, options.mutations)
    result = {"histories": options.histories, **accepted, "mutations": options.mutations, **refused}
    print(msgspec.json.encode({**result, **where_and_when()}).decode())
    good = accepted["hledger_accepted"] == accepted["beancount_accepted"] == options.histories
    good = good and accepted["balances_equal"] == options.histories
    return 0 if good and refused["refused"] == options.mutations else 1


def accept(folder: Path, seed: int, histories: int) -> dict[str, int]:
    """Every history in both formats."""
    counts: Counter[str] = Counter()
    books: list[Path] = []
    for number in range(histories):
        history = History(seed * 1_000_003 + number)
        journal = written(history, folder / f"{number}.journal", "hledger")
        counts["hledger_accepted"] += hledger_accepts(journal)
        closing = {code: amount for code, amount in history.closing().items() if amount}
        counts["balances_equal"] += hledger_balances(journal) == closing
        books.append(written(history, folder / f"{number}.beancount", "beancount"))
    counts["beancount_accepted"] = sum(beancount_accepts(books))
    names = ("hledger_accepted", "beancount_accepted", "balances_equal")
    return {name: counts[name] for name in names}


def refuse(folder: Path, seed: int, mutations: int) -> dict[str, Any]:
    """Every change by turns, in both formats by turns."""
    dice = random.Random(seed)
    found: list[tuple[str, str, Path]] = []
    for number in range(mutations):
        kind, format_ = KINDS[number % 4], FORMATS[number // 4 % 2]
        history = History(seed * 2_000_003 + number)
        file = written(history, folder / f"m{number}.{format_}", format_)
        text = file.read_text(encoding="utf-8")
        changed = mutated(text, format_, kind, dice)
        assert changed != text, "something has changed"
        file.write_text(changed, encoding="utf-8")
        found.append((kind, format_, file))
    verdicts = judged(found)
    by_kind = {
        kind: sum(
            verdict.outsider or verdict.totals
            for (each, _, _), verdict in zip(found, verdicts, strict=True)
            if each == kind
        )
        for kind in KINDS
    }
    return {
        "refused": sum(verdict.outsider or verdict.totals for verdict in verdicts),
        "refused_by_outsiders": sum(verdict.outsider for verdict in verdicts),
        "refused_by_control_totals": sum(verdict.totals for verdict in verdicts),
        "refused_by_kind": by_kind,
    }


def judged(found: Sequence[tuple[str, str, Path]]) -> list[Verdict]:
    """What outsiders, and our control totals, say of changed files."""
    books = [file for _, format_, file in found if format_ == "beancount"]
    of_books = dict(zip(books, beancount_accepts(books) if books else [], strict=True))
    verdicts = []
    for _, format_, file in found:
        accepted = of_books[file] if format_ == "beancount" else hledger_accepts(file)
        verdicts.append(Verdict(not accepted, not totals_hold(file, format_)))
    return verdicts


def totals_hold(file: Path, format_: str) -> bool:
    """Whether a file still says in sum what its manifest says."""
    try:
        return not differences(manifest_of(file).totals, totals_of(file, format_))
    except Unreadable:
        return False


def written(history: History, file: Path, format_: str) -> Path:
    """The history as a file, with its manifest beside it."""
    export(history, Asked(format=format_), file, "test")
    return file


if __name__ == "__main__":
    sys.exit(main())
