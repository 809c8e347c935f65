"""The trial balance: totals equal at the end of any day."""

from __future__ import annotations

from datetime import timedelta

from ledger.money import Money
from queries import trial_balance
from queries.answer import Side
from queries.projector import Projector
from queries.reader import Reader
from tests.conftest import Database
from tests.queries.days import book_back, today
from tests.queries.town import Town


async def test_each_code_shows_what_moved_and_where_the_rest_stands(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    ana, rui = await town.wallet(5_000_00), await town.wallet()
    await town.transfer(ana, rui, 1_000_00, 10_00)
    await projector.catch_up()
    found = await trial_balance.as_of(reader, today(database))
    assert [
        (x.code, x.debits.minor, x.credits.minor, x.closing.minor, x.closing_side)
        for x in found.lines
    ] == [
        ("1010", 5_000_00, 0, 5_000_00, Side.DEBIT),
        ("2010", 1_010_00, 6_000_00, 4_990_00, Side.CREDIT),
        ("4030", 0, 10_00, 10_00, Side.CREDIT),
    ]
    (totals,) = found.totals
    assert totals.debits == totals.credits == Money(6_010_00)
    assert totals.closing_debits == totals.closing_credits == Money(5_000_00)


async def test_a_day_knows_nothing_of_the_days_after_it(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    ana = await town.wallet(5_00)
    await book_back(town, projector, database, days=2)
    await town.credit(ana.id, 7_00)
    await projector.catch_up()
    now = today(database)
    closing = [
        [line.closing for line in (await trial_balance.as_of(reader, now - timedelta(n))).lines]
        for n in (0, 1, 2, 3)
    ]
    assert closing == [[Money(12_00)] * 2, [Money(5_00)] * 2, [Money(5_00)] * 2, []]


async def test_books_in_which_nothing_moved_have_an_empty_trial_balance(
    reader: Reader, database: Database
) -> None:
    found = await trial_balance.as_of(reader, today(database))
    assert (found.lines, found.totals) == ((), ())
