"""The statement: opening, every line with its balance, closing."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest

from ledger.errors import InvalidRequest, NotFound
from ledger.money import Money
from queries import statement
from queries.answer import Side
from queries.projector import Projector
from queries.reader import Reader
from tests.conftest import Database
from tests.queries.days import book_back, today
from tests.queries.town import Town

DAY = timedelta(days=1)


async def test_lines_run_from_the_opening_to_the_closing_balance(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    ana, rui = await town.wallet(5_000_00), await town.wallet()
    await book_back(town, projector, database, days=2)
    await town.transfer(ana, rui, 1_000_00, 10_00)
    await town.credit(ana.id, 500_00)
    await book_back(town, projector, database, days=1)
    await town.credit(ana.id, 70_00)
    await projector.catch_up()
    yesterday = today(database) - DAY
    found = await statement.of(reader, ana.user, yesterday, yesterday)
    assert (found.opening, found.debits, found.credits, found.closing) == (
        Money(5_000_00),
        Money(1_010_00),
        Money(500_00),
        Money(4_490_00),
    )
    assert [(line.kind, line.direction, line.amount, line.balance) for line in found.lines] == [
        ("transfer", Side.DEBIT, Money(1_010_00), Money(3_990_00)),
        ("bank_deposit", Side.CREDIT, Money(500_00), Money(4_490_00)),
    ]


async def test_every_leg_of_a_withdrawal_is_a_line(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    ana = await town.wallet(5_000_00)
    cash = await town.ask(ana, 2_000_00, 25_00)
    await town.give_back(cash, "expired")
    await projector.catch_up()
    found = await statement.of(reader, ana.user, today(database), today(database))
    assert [line.kind for line in found.lines] == ["bank_deposit", "atm_withdrawal", "atm_release"]
    assert found.opening == Money(0)
    assert found.closing == Money(5_000_00)


@pytest.mark.parametrize("days", [-30, 30])
async def test_days_on_which_nothing_was_booked_have_no_lines(
    town: Town, projector: Projector, reader: Reader, database: Database, days: int
) -> None:
    ana = await town.wallet(5_00)
    await projector.catch_up()
    day = today(database) + days * DAY
    found = await statement.of(reader, ana.user, day, day)
    assert found.lines == ()
    assert found.opening == found.closing == Money(5_00 if days > 0 else 0)


async def test_days_must_be_in_order_and_not_too_many(reader: Reader) -> None:
    first = date(2030, 1, 1)
    for last in (first - DAY, first + 366 * DAY):
        with pytest.raises(InvalidRequest):
            await statement.of(reader, uuid4(), first, last)


async def test_too_many_lines_are_refused_rather_than_left_out(
    town: Town,
    projector: Projector,
    reader: Reader,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(statement, "LINES_MAX", 1)
    ana = await town.wallet(5_00)
    await town.credit(ana.id, 5_00)
    await projector.catch_up()
    with pytest.raises(InvalidRequest):
        await statement.of(reader, ana.user, today(database), today(database))


async def test_who_has_no_wallet_has_no_statement(reader: Reader) -> None:
    with pytest.raises(NotFound):
        await statement.of(reader, uuid4(), date(2030, 1, 1), date(2030, 1, 1))
