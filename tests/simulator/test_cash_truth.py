"""Cash truth: what machines have paid is compared with the journal, RRN by RRN."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from simulator.api import Api
from simulator.cash_truth import CashTruth, Operation, compare, entries_since, newest_entry
from simulator.contract import Entry, JournalPage, SwitchOperation
from tests.simulator.journal import DAY, entry

ONE, OTHER = UUID(int=1), UUID(int=2)


def operation(rrn: str, paid: int, terminal: str = "ATM1") -> Operation:
    return Operation(rrn=rrn, terminal_id=terminal, local_date=DAY, paid=paid)


def told(rrn: str, of: UUID | None, state: str = "completed") -> SwitchOperation:
    return SwitchOperation(
        terminal_id="ATM1",
        stan="000001",
        rrn=rrn,
        state=state,
        transaction_id=of,
        paid=None,
        disputed=None,
    )


def captured(of: UUID, amount: Decimal | int) -> Entry:
    return entry(of=of, debit={"2030": amount}, credit={"2100": amount})


def truth(
    operations: Mapping[str, int], subjects: Mapping[str, UUID | None], *entries: Entry
) -> CashTruth:
    return compare(
        [operation(rrn, paid) for rrn, paid in operations.items()],
        {rrn: (told(rrn, of),) for rrn, of in subjects.items()},
        entries,
    )


def test_what_is_owed_for_each_rrn_is_the_truth() -> None:
    found = truth({"1": 2000, "2": 0}, {"1": ONE, "2": None}, captured(ONE, 2000))
    assert found.exact
    assert (found.operations, found.paid, found.owed) == (2, 2000, Decimal(2000))


def test_a_wrong_try_before_the_right_one_concerns_the_same_withdrawal() -> None:
    assert truth({"1": 0, "2": 2000}, {"1": ONE, "2": ONE}, captured(ONE, 2000)).exact


@pytest.mark.parametrize(
    ("owed", "difference"),
    [(Decimal("1999.99"), Decimal("0.01")), (Decimal(4000), Decimal(2000))],
)
def test_a_centavo_more_or_less_is_a_difference(owed: Decimal, difference: Decimal) -> None:
    found = truth({"1": 2000}, {"1": ONE}, captured(ONE, owed))
    assert found.difference == difference
    assert "RRN 1" in found.wrong[0]


def test_two_mistakes_do_not_make_up_for_each_other() -> None:
    swapped = (captured(ONE, 3000), captured(OTHER, 1000))
    found = truth({"1": 1000, "2": 3000}, {"1": ONE, "2": OTHER}, *swapped)
    assert found.difference == 4000


def test_cash_of_which_the_books_know_nothing_is_a_difference() -> None:
    assert truth({"1": 2000}, {"1": None}).difference == 2000
    assert truth({"1": 2000}, {}).difference == 2000


def test_a_debt_for_which_no_machine_has_paid_is_a_difference() -> None:
    found = truth({}, {}, captured(uuid4(), 2000))
    assert found.difference == 2000
    assert "no RRN of ours" in found.wrong[0]


def test_a_capture_that_was_taken_back_is_no_debt() -> None:
    back = entry(of=ONE, debit={"2100": 2000}, credit={"2010": 2000})
    assert truth({"1": 0}, {"1": ONE}, captured(ONE, 2000), back).exact


@pytest.mark.parametrize("state", ["authorised", "in_doubt"])
def test_an_operation_without_a_word_is_open(state: str) -> None:
    found = compare([operation("1", 0)], {"1": (told("1", ONE, state),)}, [])
    assert found.difference == 0
    assert found.in_doubt == 1
    assert not found.exact


def test_the_same_rrn_at_another_machine_is_another_operation() -> None:
    known = {"1": (replace(told("1", ONE), terminal_id="ATM2"), told("1", OTHER))}
    assert compare([operation("1", 2000)], known, [captured(OTHER, 2000)]).exact


class Journal(Api):
    """A journal of some pages."""

    def __init__(self, *pages: tuple[int, ...]) -> None:
        self.pages = [
            tuple(entry(number=number, debit={"1": 1}, credit={"2": 1}) for number in page)
            for page in pages
        ]
        self.asked: list[str | None] = []

    async def get(self, path: str, wanted: type[Any], **query: Any) -> Any:
        assert wanted is JournalPage
        page = int(query.get("cursor", 0))
        self.asked.append(query.get("cursor"))
        more = str(page + 1) if page + 1 < len(self.pages) else None
        return JournalPage(items=self.pages[page], next_cursor=more)


async def test_entries_are_read_page_by_page_as_far_back_as_is_of_concern() -> None:
    journal = Journal((9, 8), (7, 6), (5, 4))
    assert [each.number for each in await entries_since(journal, 6)] == [9, 8, 7]
    assert journal.asked == [None, "1"]


async def test_a_journal_may_end_before() -> None:
    assert [each.number for each in await entries_since(Journal((2, 1)), 0)] == [2, 1]
    assert await newest_entry(Journal(())) == 0
    assert await newest_entry(Journal((9, 8))) == 9
