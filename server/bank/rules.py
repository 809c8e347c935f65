"""The rules by which lines of bank statements find their entries. Pure.

They are asked in this order, and the first that fits counts:

1. `reference`: a line of an entry has the bank's reference and the amount.
2. `amount`: exactly one has the amount, valued within AMOUNT_DAYS, and no other line could be it.
   Bank credits are left out: each was booked under the reference of its own line, so another with
   the same amount is another credit.
3. What came in and is in no book yet is credited: to the one customer or agent whose telephone
   number or id the bank's words name (`named`), else to unidentified credits (`unnamed`).

What went out and is in no book stays open: people have to say what it was.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from commands.bank.line import Rule
from commands.bank.match_lines import Match
from queries.bank import OpenLine, Ours

AMOUNT_DAYS = timedelta(days=3)
CREDITED = "bank.credited"
COUNTRY_CODE = "+238"
_PHONE = re.compile(
    r"(?<![0-9])(?:(?:\+|00)?238[ .-]?)?([259][0-9]{2}[ .-]?[0-9]{2}[ .-]?[0-9]{2})(?![0-9])"
)
_ID = re.compile(r"(?i)(?<![0-9a-f-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f-])")


class Named(NamedTuple):
    """Whom the words beside a line may mean: numbers as E.164 writes them, and ids of agents."""

    phones: frozenset[str]
    agents: frozenset[UUID]


def named(text: str) -> Named:
    """All that look like one."""
    digits = (re.sub(r"[^0-9]", "", each) for each in _PHONE.findall(text))
    return Named(
        frozenset(COUNTRY_CODE + each for each in digits),
        frozenset(UUID(each) for each in _ID.findall(text)),
    )


def matches(lines: Sequence[OpenLine], ours: Sequence[Ours]) -> list[Match]:
    """Which open lines are which lines of entries, each of either once."""
    found = list(_by_reference(lines, ours))
    taken = {(each.entry_number, each.entry_line) for each in found}
    matched = {each.line_id for each in found}
    rest = [each for each in ours if (each.entry_number, each.entry_line) not in taken]
    found += _by_amount([each for each in lines if each.id not in matched], rest)
    return found


def _by_reference(lines: Iterable[OpenLine], ours: Iterable[Ours]) -> Iterator[Match]:
    waiting: dict[tuple[str, int], list[Ours]] = defaultdict(list)
    for each in ours:
        if each.reference_key is not None:
            waiting[each.reference_key, each.amount].append(each)
    for line in lines:
        alike = waiting[line.reference.lower(), line.amount]
        if alike:
            yield _match(line, alike.pop(0), Rule.REFERENCE)


def _by_amount(lines: Sequence[OpenLine], ours: Sequence[Ours]) -> Iterator[Match]:
    entries: dict[int, list[Ours]] = defaultdict(list)
    for each in ours:
        if each.kind != CREDITED:
            entries[each.amount].append(each)
    near = {
        line.id: [
            each
            for each in entries[line.amount]
            if abs(each.value_date - line.value_on) <= AMOUNT_DAYS
        ]
        for line in lines
    }
    wanted: dict[tuple[int, int], int] = defaultdict(int)
    for alike in near.values():
        for each in alike:
            wanted[each.entry_number, each.entry_line] += 1
    for line in lines:
        alike = near[line.id]
        if len(alike) == 1 and wanted[alike[0].entry_number, alike[0].entry_line] == 1:
            yield _match(line, alike[0], Rule.AMOUNT)


def _match(line: OpenLine, ours: Ours, rule: Rule) -> Match:
    return Match(line.id, ours.entry_number, ours.entry_line, rule)
