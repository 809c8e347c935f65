"""The rules by which lines find their entries."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from commands.bank.line import Rule
from queries.bank import OpenLine, Ours
from server.bank.rules import matches, named
from tests.bank_statements import DAY

AGENT = UUID("019a0000-0000-7000-8000-000000000001")


def line(amount: int, reference: str = "B-1", days: int = 0) -> OpenLine:
    """On a statement."""
    return OpenLine(uuid4(), amount, reference, DAY + timedelta(days=days))


def ours(
    number: int, amount: int, reference: str | None = None, kind: str = "settlement.paid"
) -> Ours:
    """In our books."""
    return Ours(number, 1, kind, amount, reference, DAY)


def found(lines: list[OpenLine], entries: list[Ours]) -> list[tuple[int, int, Rule]]:
    """Which line, counted from 0, is which entry, and why."""
    places = {each.id: place for place, each in enumerate(lines)}
    return [
        (places[each.line_id], each.entry_number, each.rule) for each in matches(lines, entries)
    ]


def test_the_banks_reference_finds_its_entry_however_it_is_written() -> None:
    assert found([line(500, "Ab-1")], [ours(7, 500, "ab-1")]) == [(0, 7, Rule.REFERENCE)]


def test_another_amount_under_a_reference_is_not_that_entry() -> None:
    assert found([line(500)], [ours(7, 501, "b-1"), ours(8, -500, "b-1")]) == []


def test_an_entry_is_found_once() -> None:
    alike = [line(500), line(500)]
    assert found(alike, [ours(7, 500, "b-1")]) == [(0, 7, Rule.REFERENCE)]


def test_one_amount_that_nothing_else_has_is_enough_within_days() -> None:
    entries = [ours(7, -900, "typed by hand")]
    assert found([line(-900, days=3)], entries) == [(0, 7, Rule.AMOUNT)]
    assert found([line(-900, days=4)], entries) == []


def test_who_could_be_two_is_none() -> None:
    entries = [ours(7, -900), ours(8, -900)]
    assert found([line(-900)], entries) == []
    assert found([line(-900), line(-900, "B-2")], entries[:1]) == []


def test_a_credit_of_the_same_amount_is_another_credit() -> None:
    assert found([line(500, "B-2")], [ours(7, 500, "b-1", kind="bank.credited")]) == []


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("Deposito 9911001", {"+2389911001"}),
        ("tel. +238 991 10 01, obrigado", {"+2389911001"}),
        ("00238991-10-01", {"+2389911001"}),
        ("9911001 e 5922002", {"+2389911001", "+2385922002"}),
        ("NIF 299110015", set()),
        ("fatura 1234567", set()),
        ("99110019911001", set()),
    ],
)
def test_numbers_of_telephones_are_found_in_words(text: str, phones: set[str]) -> None:
    assert named(text).phones == phones


def test_an_agents_id_is_found_in_words() -> None:
    assert named(f"float {str(AGENT).upper()}").agents == {AGENT}
    assert named(f"float {AGENT}7").agents == set()
