"""One thing in an exported file is changed: an amount, a date, an account or a side."""

from __future__ import annotations

import random
import re
from datetime import date, timedelta

from ledger.chart import CHART
from queries.exports.plaintext import BEANCOUNT_NAMES, HLEDGER_NAMES

KINDS = ("amount", "date", "account", "sign")
DAY = r"\d{4}-\d\d-\d\d"
# Of each format the lines of entries: their head with the dates, and their postings.
HEADS = {
    "hledger": re.compile(rf"^({DAY})(=({DAY}))? \(", re.MULTILINE),
    "beancount": re.compile(rf'^({DAY}) \* "[a-z_.]+" "', re.MULTILINE),
}
POSTINGS = {
    "hledger": re.compile(r"^    ([a-z]+:\d{4})  (-?)(\d+\.\d\d) CVE  ;", re.MULTILINE),
    "beancount": re.compile(
        r"^  ([A-Z][a-z]+:\d{4})  (-?)(\d+\.\d\d) CVE\n    account:", re.MULTILINE
    ),
}
NAMES = {"hledger": HLEDGER_NAMES, "beancount": BEANCOUNT_NAMES}


def mutated(text: str, format_: str, kind: str, dice: random.Random) -> str:
    """The file with one thing changed."""
    if kind == "date":
        return _with_another_date(text, format_, dice)
    found = dice.choice(list(POSTINGS[format_].finditer(text)))
    account, sign, amount = found.groups()
    if kind == "account":
        others = [NAMES[format_][each.code] for each in CHART]
        others.remove(account)
        return _put(text, found, 1, dice.choice(others))
    if kind == "sign":
        return text[: found.start(2)] + ("" if sign else "-") + text[found.start(3) :]
    minor = int(amount.replace(".", ""))
    changed = max(0, minor + dice.choice((-100, -1, 1, 100)))
    changed = changed if changed != minor else minor + 1
    return _put(text, found, 3, f"{changed // 100}.{changed % 100:02d}")


def _with_another_date(text: str, format_: str, dice: random.Random) -> str:
    found = dice.choice(list(HEADS[format_].finditer(text)))
    days = timedelta(days=dice.choice((-2, -1, 1, 2)))
    if format_ == "hledger" and found.group(3) and dice.random() < 0.5:
        return _put(text, found, 3, str(date.fromisoformat(found.group(3)) + days))
    return _put(text, found, 1, str(date.fromisoformat(found.group(1)) + days))


def _put(text: str, found: re.Match[str], group: int, new: str) -> str:
    return text[: found.start(group)] + new + text[found.end(group) :]
