"""The journal: whole entries, found by whatever an accountant knows of them."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import msgspec
import pytest

from ledger import wire
from ledger.errors import InvalidRequest, NotFound
from ledger.journal import Line
from ledger.money import Money
from queries import finding, journal
from queries.answer import Side
from queries.filters import Filters
from queries.projector import Projector
from queries.reader import Reader
from tests.conftest import Database
from tests.queries.backdating import write_late
from tests.queries.days import book_back, today
from tests.queries.town import BREAKS, FEE_TRANSFER, TODAY, TRUST, Town

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


async def test_every_filter_finds_what_it_names_and_nothing_else(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    ana, rui, agent = await town.wallet(5_000_00), await town.wallet(), await town.agent(9_000_00)
    cash = await town.ask(ana, 2_000_00, 25_00)
    await town.authorise(cash, "000004")
    await town.complete(cash, 2_000_00, 25_00)
    await town.cash_in(agent, rui, 1_500_00, 5_00)
    await town.dispute("000009", 77_00)
    now = today(database)
    before = now - 40 * DAY
    told = {"reference": "Carta 12/26", "reason": "Erro de Caixa, balcão"}
    lines = (Line(BREAKS, 33_00), Line(TRUST, -33_00))
    late, _ = write_late(database, before, lines, value=before - DAY, payload=told)
    await projector.catch_up()
    of_cash = ["withdrawal.completed", "withdrawal.requested"]
    adjusted = ["adjustment.made"]
    for filters, found in (
        ({"text": "BALCÃO erro"}, adjusted),
        ({"text": "erro nobody"}, []),
        ({"reference": " carta 12/26"}, adjusted),
        ({"reference": "carta"}, []),
        ({"rrn": "000000000004"}, of_cash),
        ({"rrn": "000000000009"}, ["dispute.opened"]),
        ({"rrn": "000000000005"}, []),
        ({"wallet": rui.user}, ["cash_in.made"]),
        ({"wallet": rui.id}, ["cash_in.made"]),
        ({"agent": agent.id}, ["cash_in.made", "bank.credited"]),
        ({"agent": agent.id, "wallet": rui.user}, ["cash_in.made"]),
        ({"kind": "withdrawal."}, of_cash),
        ({"kind": "withdrawal"}, []),
        ({"kind": "withdrawal_"}, []),
        ({"code_from": "1900", "code_to": "1999"}, ["dispute.opened", *adjusted]),
        ({"code_from": "5"}, ["cash_in.made"]),
        ({"code_from": "1900", "code_to": "1900", "text": "caixa"}, adjusted),
        ({"amount_min": Money(33_00), "amount_max": Money(33_00)}, adjusted),
        ({"amount_max": Money(80_00)}, ["dispute.opened", *adjusted]),
        ({"amount_min": Money(1_000_00), "kind": "cash_in.made"}, ["cash_in.made"]),
        ({"actor": "system:test", "kind": "adjustment.made"}, adjusted),
        ({"actor": "nobody"}, []),
        ({"to": before}, adjusted),
        ({"to": before - DAY}, []),
        ({"value_to": before - DAY}, adjusted),
        ({"value_from": TODAY}, ["withdrawal.completed"]),
        ({"value_from": TODAY, "wallet": ana.user}, []),
        ({"value_to": before, "account": "1900"}, adjusted),
        ({"value_to": before, "account": "1900", "kind": "cash_in.made"}, []),
        ({"to": before, "recorded_from": now}, adjusted),
        ({"recorded_to": now - DAY}, []),
        ({"recorded_from": now, "account": "1900"}, [*adjusted, "dispute.opened"]),
        ({"to": before, "position": late}, adjusted),
        ({"to": before, "position": late - 1}, []),
    ):
        assert await kinds(reader, **filters) == found, filters


@pytest.mark.parametrize(
    "filters",
    [
        {"text": ""}, {"text": "?!"}, {"text": "a b c d e f g h i"}, {"wallet": uuid4()},
        {"agent": uuid4()}, {"code_from": "9", "code_to": "10"},
    ],
)  # fmt: skip
async def test_filters_that_name_nothing_are_refused(
    reader: Reader, filters: dict[str, object]
) -> None:
    with pytest.raises(InvalidRequest):
        await journal.page(reader, Filters(**filters))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "filters",
    [
        {"kind": "transfer.made"}, {"text": "nothing"}, {"value_from": date(2020, 1, 1)},
        {"recorded_from": date(2020, 1, 1), "kind": "transfer.made"},
        {"account": "2010", "amount_min": Money(2_00)},
        {"code_from": "1", "amount_max": Money(1_00)},
    ],
)  # fmt: skip
async def test_a_look_that_ends_early_goes_on_where_it_ended(
    town: Town, projector: Projector, reader: Reader, filters: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ana, rui = await town.wallet(5_000_00), await town.wallet()
    for turn in range(4):
        await town.transfer(ana, rui, 1_00 + turn % 2 * 100, 0)
        await town.credit(rui.id, 1_00)
    await projector.catch_up()
    chosen = Filters(**filters)  # type: ignore[arg-type]
    whole = [entry.number for entry in (await journal.page(reader, chosen)).items]
    monkeypatch.setattr(finding, "LOOK_MAX", 3)
    seen: list[int] = []
    after = None
    for _ in range(20):
        page = await journal.page(reader, chosen, limit=1, after=after)
        seen += [entry.number for entry in page.items]
        after = page.next_cursor
        if after is None:
            break
    assert (seen, after) == (whole, None)
