"""Notices: words for what the server may push, in both languages, and not too many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from string import Formatter
from uuid import UUID

import pytest

from queries.projection.feed import AGENT, CUSTOMER, TOLD
from simulator.contract import Told
from simulator.machines import answers, notices
from simulator.words import Text

NOW = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
SUBJECT = UUID(int=1)
FILLED = {"amount", "captured"}
TABLES = (notices.TO_CUSTOMERS, notices.TO_AGENTS, answers.REFUSALS, answers.STATUSES)


def told(event: str, **data: object) -> Told:
    """An event as it is pushed."""
    return Told(event=event, subject=SUBJECT, timestamp=NOW, data=data)


@pytest.mark.parametrize("table", TABLES)
def test_both_languages_say_it_with_the_same_values(table: Mapping[str, Text]) -> None:
    for text in table.values():
        names = [{name for _, name, _, _ in Formatter().parse(each)} for each in (text.pt, text.en)]
        assert names[0] == names[1]
        assert names[0] - {None} <= FILLED
        assert text.pt != text.en


@pytest.mark.parametrize(
    ("audience", "table"), [(CUSTOMER, notices.TO_CUSTOMERS), (AGENT, notices.TO_AGENTS)]
)
def test_there_are_words_only_for_what_is_really_told(
    audience: str, table: Mapping[str, Text]
) -> None:
    assert set(table) <= {kind for kind, audiences in TOLD.items() if audience in audiences}


@pytest.mark.parametrize("state", ["active", "authorised", "completed", "pending", "confirmed"])
def test_a_state_has_the_customers_words(state: str) -> None:
    assert answers.status(state) is answers.STATUSES[state]


def test_what_has_no_words_keeps_its_name_or_stays_untold() -> None:
    assert answers.status("new") == Text("new", "new")
    assert answers.movement("new") == Text("new", "new")
    assert answers.refusal("NEW") is answers.NOT_POSSIBLE
    assert notices.told_to_customer((), told("new.event")) == ()


def test_money_that_came_is_not_told_as_money_that_went() -> None:
    (came,) = notices.told_to_customer((), told("transfer.made", amount=500, direction="in"))
    assert came.text == Text("Recebeu 500$00.", "You received CVE 500.00.")
    (went,) = notices.told_to_customer((), told("transfer.made", amount=500, direction="out"))
    assert went.text.en == "Transfer of CVE 500.00 made."


def test_of_a_part_payment_only_the_part_is_told() -> None:
    part = told("withdrawal.completed", amount=10_000, captured=5_000)
    assert notices.told_to_customer((), part)[0].text.pt == "Levantou 5.000$00."


def test_only_the_newest_are_kept() -> None:
    kept: notices.Notices = ()
    for amount in range(notices.NOTICES_MAX + 5):
        kept = notices.told_to_agent(kept, told("cash_in.made", amount=amount))
    assert len(kept) == notices.NOTICES_MAX
    assert kept[0].text.en.endswith(f"CVE {notices.NOTICES_MAX + 4}.00.")
