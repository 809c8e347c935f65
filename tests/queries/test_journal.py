"""The journal: whole entries, found by day, account, transaction and kind."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from ledger import wire
from ledger.errors import InvalidRequest, NotFound
from ledger.journal import Line
from ledger.money import Money
from queries import journal
from queries.answer import Side
from queries.journal import Filters
from queries.projector import Projector
from queries.reader import Reader
from tests.conftest import Database
from tests.queries.days import book_back, today
from tests.queries.town import FEE_TRANSFER, TRUST, Town

DAY = timedelta(days=1)


async def kinds(reader: Reader, **filters: object) -> list[str]:
    page = await journal.page(reader, Filters(**filters))  # type: ignore[arg-type]
    return [entry.kind for entry in page.items]


async def test_an_entry_names_its_sides_accounts_and_authors(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, rui = await town.wallet(5_000_00), await town.wallet()
    id_, number = await town.transfer(ana, rui, 1_000_00, 10_00)
    await projector.catch_up()
    found = await journal.one(reader, number)
    assert (found.transaction_id, found.kind, found.actor, found.request_id) == (
        id_,
        "transfer.made",
        "system:test",
        "forged",
    )
    assert found.written == f"{found.booking_date.year}/2"
    assert [
        (leg.code, leg.name, leg.direction, leg.amount, leg.balance_after) for leg in found.lines
    ] == [
        ("2010", "E-money: customers", Side.DEBIT, Money(1_010_00), Money(3_990_00)),
        ("2010", "E-money: customers", Side.CREDIT, Money(1_000_00), Money(1_000_00)),
        ("4030", "Fees: transfers", Side.CREDIT, Money(10_00), Money(10_00)),
    ]


async def test_amounts_are_numbers_and_sides_are_words_in_json(
    town: Town, projector: Projector, reader: Reader
) -> None:
    await town.wallet(5_000_50)
    await projector.catch_up()
    (entry,) = (await journal.page(reader, Filters())).items
    line = msgspec.json.decode(wire.encode(entry))["lines"][0]
    assert (line["direction"], line["amount"], line["balanceAfter"]) == ("debit", 5000.5, 5000.5)
    assert line["accountId"] == str(TRUST)


async def test_a_reversal_and_its_entry_know_each_other(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, rui = await town.wallet(5_000_00), await town.wallet()
    _, number = await town.transfer(ana, rui, 1_000_00, 10_00)
    lines = [Line(ana.id, 1_010_00), Line(rui.id, -1_000_00), Line(FEE_TRANSFER, -10_00)]
    back = await town.take_back(number, lines)
    await projector.catch_up()
    (reversal,) = await journal.entries_of(reader, back)
    assert reversal.reverses == number
    assert (await journal.one(reader, number)).reversed_by == reversal.number


async def test_a_number_may_be_written_as_people_do(
    town: Town, projector: Projector, reader: Reader
) -> None:
    await town.wallet(1_00)
    await projector.catch_up()
    (entry,) = (await journal.page(reader, Filters())).items
    for written in (entry.number, str(entry.number), entry.written):
        assert await journal.one(reader, written) == entry


@pytest.mark.parametrize(
    "written", ["", "/", "2026/", "/17", "2026/0", "x", "2026/x", "-1", "1/2/3", "²026/1", "9" * 40]
)
async def test_what_is_no_number_is_refused(reader: Reader, written: str) -> None:
    with pytest.raises(InvalidRequest):
        await journal.one(reader, written)


async def test_a_number_that_nobody_used_is_not_found(reader: Reader) -> None:
    for number in ("2026/17", 999, "9" * 18):
        with pytest.raises(NotFound):
            await journal.one(reader, number)


async def test_a_withdrawal_is_told_by_its_entries_in_order(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet(5_000_00)
    cash = await town.ask(ana, 2_000_00, 25_00)
    await town.authorise(cash, "000004")
    await town.complete(cash, 2_000_00, 25_00)
    await town.dispute("000004", 500_00, cash)
    await projector.catch_up()
    told = await journal.entries_of(reader, cash.id)
    assert [entry.kind for entry in told] == [
        "withdrawal.requested",
        "withdrawal.completed",
        "dispute.opened",
    ]
    assert await journal.entries_of(reader, uuid4()) == ()


async def test_filters_narrow_the_journal(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    ana, rui, agent = await town.wallet(5_000_00), await town.wallet(), await town.agent(9_00)
    await book_back(town, projector, database, days=3)
    id_, _ = await town.transfer(ana, rui, 1_000_00, 10_00)
    await book_back(town, projector, database, days=1)
    await town.credit(rui.id, 1_00)
    await projector.catch_up()
    now = today(database)
    everything = ["bank.credited", "transfer.made", "bank.credited", "bank.credited"]
    assert await kinds(reader) == everything
    assert await kinds(reader, from_=now - 1 * DAY) == everything[:2]
    assert await kinds(reader, from_=now - 2 * DAY, to=now - 1 * DAY) == ["transfer.made"]
    assert await kinds(reader, to=now - 2 * DAY) == everything[2:]
    assert await kinds(reader, from_=now + DAY) == []
    assert await kinds(reader, to=now - 9 * DAY) == []
    assert await kinds(reader, kind="transfer.made") == ["transfer.made"]
    assert await kinds(reader, transaction_id=id_) == ["transfer.made"]
    assert await kinds(reader, account="4030") == ["transfer.made"]
    assert await kinds(reader, account="2010") == everything[:2] + everything[3:]
    assert await kinds(reader, account=str(agent.float)) == ["bank.credited"]
    assert await kinds(reader, account=str(rui.id)) == everything[:2]
    assert await kinds(reader, account=str(rui.id), kind="transfer.made") == ["transfer.made"]
    assert await kinds(reader, account=str(uuid4())) == []


@pytest.mark.parametrize("account", ["2O10", "201", "", "9999", "'; DROP TABLE line"])
async def test_an_account_is_a_code_of_the_chart_or_an_id(reader: Reader, account: str) -> None:
    with pytest.raises(InvalidRequest):
        await journal.page(reader, Filters(account=account))


@pytest.mark.parametrize("account", [None, "2010", "1010"])
async def test_pages_follow_each_other_under_the_same_filters_only(
    town: Town, projector: Projector, reader: Reader, account: str | None
) -> None:
    ana, rui = await town.wallet(5_000_00), await town.wallet()
    for _ in range(4):
        await town.transfer(ana, rui, 1_00, 0)
        await town.credit(rui.id, 1_00)
    await projector.catch_up()
    filters = Filters(account=account)
    whole = [entry.number for entry in (await journal.page(reader, filters)).items]
    seen: list[int] = []
    after = None
    while after is not None or not seen:
        page = await journal.page(reader, filters, limit=2, after=after)
        seen += [entry.number for entry in page.items]
        after = page.next_cursor
    assert seen == whole
    first = await journal.page(reader, filters, limit=2)
    with pytest.raises(InvalidRequest):
        await journal.page(reader, Filters(kind="x"), after=first.next_cursor)
