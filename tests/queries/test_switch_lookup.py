"""What the switch is told about its own operations."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.errors import NotFound
from ledger.money import Money
from queries import switch_lookup
from queries.projector import Projector
from queries.reader import Reader
from queries.switch_lookup import SwitchOperation
from tests.queries.town import TODAY, Town

RRN = "000000000007"
STAN = "000007"


async def found(reader: Reader) -> SwitchOperation:
    (operation,) = (await switch_lookup.by_rrn(reader, "600001", RRN, TODAY)).items
    return operation


async def test_an_approval_is_found_with_what_became_of_it(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet(9_000_00)
    cash = await town.ask(ana, 6_000_00, 50_00)
    await town.authorise(cash, STAN)
    await projector.catch_up()
    approved = await found(reader)
    assert (approved.state, approved.response_code, approved.approval_code) == (
        "authorised",
        "00",
        "123456",
    )
    assert (approved.amount, approved.paid) == (Money(6_000_00), None)
    assert (approved.transaction_id, approved.settlement_date) == (cash.id, TODAY)
    await town.complete(cash, 4_000_00, 25_00)
    await projector.catch_up()
    completed = await found(reader)
    assert (completed.state, completed.amount, completed.paid) == (
        "completed",
        Money(6_000_00),
        Money(4_000_00),
    )
    assert completed.timestamp > approved.timestamp


async def test_a_decline_is_found_with_its_code_and_names_no_withdrawal(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet(9_000_00)
    await town.decline(STAN, "55", await town.ask(ana, 6_000_00, 50_00))
    await projector.catch_up()
    operation = await found(reader)
    assert (operation.state, operation.response_code) == ("declined", "55")
    assert operation.transaction_id is None


async def test_a_reversal_of_what_never_came_is_found(
    town: Town, projector: Projector, reader: Reader
) -> None:
    await town.note_reversal(STAN)
    await projector.catch_up()
    operation = await found(reader)
    assert (operation.state, operation.response_code) == ("reversed", None)


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_dispute_is_found_with_its_state(
    town: Town, projector: Projector, reader: Reader, at_once: bool
) -> None:
    ana = await town.wallet(9_000_00)
    cash = await town.ask(ana, 6_000_00, 50_00)
    await town.authorise(cash, STAN)
    await town.give_back(cash, "reversed")
    trace = await town.dispute(STAN, 700_00, cash)
    if not at_once:
        await projector.catch_up()
        assert (await found(reader)).dispute == "open"
    await town.charge(trace, STAN, 700_00, cash)
    await projector.catch_up()
    operation = await found(reader)
    assert (operation.state, operation.disputed, operation.dispute) == (
        "reversed",
        Money(700_00),
        "closed",
    )


async def test_cash_without_an_authorisation_is_a_dispute_and_nothing_else(
    town: Town, projector: Projector, reader: Reader
) -> None:
    await town.dispute(STAN, 700_00)
    await projector.catch_up()
    assert (await found(reader)).state == "disputed"


async def test_another_acquirer_another_day_and_another_number_find_nothing(
    town: Town, projector: Projector, reader: Reader
) -> None:
    await town.decline(STAN, "55")
    await projector.catch_up()
    for question in (
        ("600002", RRN, TODAY),
        ("600001", "000000000008", TODAY),
        ("600001", RRN, TODAY + timedelta(days=1)),
    ):
        with pytest.raises(NotFound):
            await switch_lookup.by_rrn(reader, *question)
