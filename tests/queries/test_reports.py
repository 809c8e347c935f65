"""Reports: results, ageing, floats, the trust, drilling down, samples, the month."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from ledger import chart
from ledger.errors import InvalidRequest, NotFound
from ledger.journal import Line
from ledger.money import Money
from queries import (
    ageing,
    alerts,
    drill_down,
    financial,
    floats,
    regulator,
    safeguarding,
    sample,
)
from queries.drill_down import By
from queries.projector import Projector
from queries.reader import Reader
from queries.sample import Asked
from queries.trial_balance import Asked as Until
from tests.conftest import Database
from tests.queries.backdating import write_late
from tests.queries.days import book_back, today
from tests.queries.forge import Happened
from tests.queries.people import Cash
from tests.queries.town import BREAKS, TRUST, Town

DAY = timedelta(days=1)
UNIDENTIFIED = chart.the(chart.UNIDENTIFIED_CREDITS)
OPERATING = chart.the(chart.OPERATING_BANK)


async def some_life(town: Town) -> Cash:
    ana, rui, agent = await town.wallet(9_000_00), await town.wallet(), await town.agent(5_000_00)
    await town.transfer(ana, rui, 1_000_00, 10_00)
    cash = await town.ask(ana, 2_000_00, 25_00)
    await town.authorise(cash)
    await town.complete(cash, 2_000_00, 25_00)
    await town.confirm(await town.ask_agent(ana, agent, 3_000_00, 60_00, 30_00))
    await town.cash_in(agent, rui, 1_500_00, 5_00)
    return cash


async def test_results_are_what_was_earned_less_what_was_spent(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    await some_life(town)
    await book_back(town, projector, database, days=1)
    ana, rui = await town.wallet(100_00), await town.wallet()
    await town.transfer(ana, rui, 10_00, 3_00)
    await projector.catch_up()
    now = today(database)
    both = await financial.income_statement(reader, now - DAY, now)
    one = await financial.income_statement(reader, now, now)
    assert [(line.code, line.amount) for line in both.income] == [
        ("4010", Money(25_00)), ("4020", Money(60_00)), ("4030", Money(13_00)),
    ]  # fmt: skip
    assert (both.total_expenses, both.result) == (Money(35_00), Money(63_00))
    assert (one.total_income, one.expenses, one.result) == (Money(3_00), (), Money(3_00))
    sheet = await financial.balance_sheet(reader, Until(to=now))
    assert sheet.total_assets == sheet.total_liabilities + sheet.total_equity + sheet.result
    assert sheet.result == both.result
    position = await reader.position()
    at_position = await financial.balance_sheet(reader, Until(position=position))
    assert (at_position.assets, at_position.result) == (sheet.assets, sheet.result)
    with pytest.raises(InvalidRequest):
        await financial.income_statement(reader, now, now - DAY)


async def test_a_years_closing_entry_changes_neither_its_result_nor_the_trust(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    await some_life(town)
    await projector.catch_up()
    now = today(database)
    before = await financial.income_statement(reader, now, now)
    trust = await safeguarding.on(reader, now)
    carried = {line.code: -line.amount.minor for line in before.income}
    carried |= {line.code: line.amount.minor for line in before.expenses}
    lines = [Line(chart.the(code), -balance) for code, balance in carried.items()]
    result = Line(chart.the(chart.RETAINED_EARNINGS), sum(carried.values()))
    write_late(database, now, (*lines, result), kind="year.closed")
    await projector.catch_up()
    after = await financial.income_statement(reader, now, now)
    assert (after.income, after.expenses, after.result) == (
        before.income, before.expenses, before.result,
    )  # fmt: skip
    sheet = await financial.balance_sheet(reader, Until(to=now))
    assert (sheet.result, sheet.equity[0].code) == (Money(0), "3900")
    assert sheet.equity[0].amount == before.result
    closed = await safeguarding.on(reader, now)
    assert (closed.stands_for, closed.difference) == (trust.stands_for, trust.difference)
    measured = await reader.first(sa.select(safeguarding.DIFFERENCE.label("now")))
    assert measured is not None
    assert measured.now == abs(trust.difference.minor)


async def test_open_items_age_and_explain_what_stands(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    cash = await some_life(town)
    await town.dispute("000001", 700_00, cash)
    lost = await town.dispute("000002", 50_00, cash)
    await town.charge(lost, "000002", 50_00, cash)
    now = today(database)
    for days, amount in ((40, 90_00), (200, 10_00)):
        lines = (Line(TRUST, amount), Line(UNIDENTIFIED, -amount))
        write_late(database, now - days * DAY, lines, kind="bank.credited", payload={
            "reference": f"B{days}", "beneficiary": "unidentified", "amount": amount})  # fmt: skip
    await projector.catch_up()
    found = {each.code: each for each in (await ageing.as_of(reader, now)).codes}
    breaks, unknown = found["1900"], found["2900"]
    assert (breaks.balance, breaks.bands[0], breaks.items_count) == (
        Money(700_00), Money(700_00), 1,
    )  # fmt: skip
    assert breaks.items[0].kind == "dispute.opened"
    assert unknown.bands == (Money(0), Money(0), Money(90_00), Money(10_00))
    assert [item.days for item in unknown.items] == [200, 40]
    assert all(each.unexplained == Money(0) for each in found.values())
    assert found["2100"].balance == sum(found["2100"].bands, Money(0))
    earlier = {each.code: each for each in (await ageing.as_of(reader, now - 100 * DAY)).codes}
    assert (earlier["2900"].balance, earlier["1900"].items) == (Money(10_00), ())


async def test_floats_move_by_what_is_told_of_them(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    await some_life(town)
    await town.agent(7_00)
    await projector.catch_up()
    now = today(database)
    first = await floats.page(reader, now, now, limit=1)
    rest = await floats.page(reader, now, now, limit=1, after=first.next_cursor)
    assert rest.next_cursor is None
    busy = next(each for each in first.items + rest.items if each.cash_in.count)
    assert (busy.cash_in.amount, busy.cash_out.amount, busy.commission) == (
        Money(1_500_00), Money(3_000_00), Money(35_00),
    )  # fmt: skip
    for each in first.items + rest.items:
        assert each.float_closing == (
            each.float_opening - each.cash_in.amount + each.cash_out.amount + each.top_ups.amount
            - each.redemptions.amount + each.other.amount + each.commission
        )  # fmt: skip
    before = await floats.page(reader, now - DAY, now - DAY)
    assert {each.float_closing for each in before.items} == {Money(0)}
    with pytest.raises(InvalidRequest):
        await floats.page(reader, now, now - DAY)


async def test_the_trust_is_told_term_by_term_and_its_shortfall_is_measured(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    await some_life(town)
    await projector.catch_up()
    now = today(database)
    found = await safeguarding.on(reader, now)
    terms = {term.name: term.sign * term.amount.minor for term in found.stands_for}
    assert terms["unswept_fees"] == 95_00
    assert terms["unfunded_commission"] == -35_00
    assert (found.difference, found.shortfall) == (Money(0), Money(0))
    assert found.total_held == found.total_stood_for == Money(14_000_00)
    measured = await alerts.measures(reader)
    assert (measured.safeguarding_shortfall, measured.safeguarding_difference) == (0, 0)
    told = {"day": now, "balance": found.owed.minor - 7, "reference": "BCA"}
    await town.forge(Happened("safeguarding.stated", uuid4(), told))
    await projector.catch_up()
    short = await safeguarding.on(reader, now)
    assert (short.statement, short.shortfall) == (Money(found.owed.minor - 7), Money(7))
    assert (await alerts.measures(reader)).safeguarding_shortfall == 7
    write_late(database, now, (Line(TRUST, -5), Line(OPERATING, 5)))
    await projector.catch_up()
    assert (await alerts.measures(reader)).safeguarding_difference == 5
    assert (await safeguarding.on(reader, now)).difference == Money(-5)


async def test_days_on_record_are_listed_and_those_that_are_due_are_known(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    assert safeguarding.days_due(await safeguarding.due(reader), date(2026, 1, 5), 31) == []
    await some_life(town)
    await book_back(town, projector, database, days=3)
    now = today(database)
    due = safeguarding.days_due(await safeguarding.due(reader), now, 31)
    assert due == [now - 3 * DAY, now - 2 * DAY, now - DAY]
    found = await safeguarding.on(reader, now - 2 * DAY)
    told = {
        "day": now - 2 * DAY, "readAt": found.position, "statement": None, "shortfall": 0,
        **safeguarding.facts(found),
    }  # fmt: skip
    await town.forge(Happened("safeguarding.recorded", uuid4(), told))
    await projector.catch_up()
    assert safeguarding.days_due(await safeguarding.due(reader), now, 31) == [now - DAY]
    (item,) = (await safeguarding.history(reader, now - 5 * DAY, now)).items
    assert (item.day, item.difference, item.read_to) == (now - 2 * DAY, Money(0), found.position)
    assert item.terms["trust_bank"] == found.total_held


async def test_from_any_part_of_a_withdrawal_one_finds_the_whole(
    town: Town, projector: Projector, reader: Reader
) -> None:
    cash = await some_life(town)
    await projector.catch_up()
    whole = await drill_down.of(reader, By(transaction_id=cash.id))
    assert whole.withdrawal is not None
    assert (whole.withdrawal.state, whole.withdrawal.rrn) == ("completed", "000000000001")
    assert [entry.kind for entry in whole.entries] == [
        "withdrawal.requested", "withdrawal.completed",
    ]  # fmt: skip
    assert [record.kind for record in whole.records] == [
        "withdrawal.requested", "withdrawal.authorised", "withdrawal.completed",
    ]  # fmt: skip
    (message,) = whole.messages
    assert (message.response_code, message.transaction_id) == ("00", cash.id)
    assert all(len(record.hash) == 64 for record in whole.records)
    for by in (
        By(entry=whole.entries[1].written),
        By(rrn="000000000001"),
        By(position=whole.records[1].position),
    ):
        assert await drill_down.of(reader, by) == whole


@pytest.mark.parametrize(
    ("by", "refused"),
    [
        (By(), InvalidRequest),
        (By(rrn="000000000001", position=1), InvalidRequest),
        (By(entry="2026/x"), InvalidRequest),
        (By(entry="2026/999999"), NotFound),
        (By(rrn="999999999999"), NotFound),
        (By(position=10**9), NotFound),
        (By(transaction_id=uuid4()), NotFound),
    ],
)
async def test_what_is_not_there_is_not_found(
    reader: Reader, by: By, refused: type[Exception]
) -> None:
    with pytest.raises(refused):
        await drill_down.of(reader, by)


@pytest.mark.parametrize("by_amount", [False, True])
async def test_a_sample_is_drawn_again_by_its_seed_although_the_books_go_on(
    town: Town, projector: Projector, reader: Reader, database: Database, by_amount: bool
) -> None:
    await some_life(town)
    position = await projector.catch_up()
    now = today(database)
    write_late(database, now - DAY, (Line(BREAKS, 5), Line(TRUST, -5)))
    await projector.catch_up()
    asked = Asked(
        seed="audit 2026", size=4, first=now, last=now, position=position, by_amount=by_amount
    )
    first = await sample.draw(reader, asked)
    await town.wallet(1_00)
    await projector.catch_up()
    assert await sample.draw(reader, asked) == first
    assert len({item.number for item in first.items}) == len(first.items) == 4
    assert all(item.evidence.entries for item in first.items)
    assert first.population == 8
    whole = await sample.draw(reader, Asked(
        seed="x", size=100, first=now, last=now, position=position))  # fmt: skip
    assert len(whole.items) == whole.population


async def test_a_sample_needs_a_size_and_a_position_of_the_log(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    await town.wallet(1_00)
    position = await projector.catch_up()
    now = today(database)
    for size, at in ((0, position), (1_001, position), (5, position + 1)):
        with pytest.raises(InvalidRequest):
            await sample.draw(reader, Asked(seed="s", size=size, first=now, last=now, position=at))
    none = await sample.draw(
        reader, Asked(seed="s", size=5, first=now - DAY, last=now - DAY, position=position)
    )
    assert (none.population, none.items) == (0, ())


def test_lots_are_the_same_everywhere() -> None:
    """By SHA-256: whoever has another language can draw them again."""
    drawn = sample.lots("audit 2026", 1_000)
    assert [next(drawn) for _ in range(4)] == [175, 590, 973, 727]


async def test_a_month_is_told_in_figures(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    await some_life(town)
    await projector.catch_up()
    now = today(database)
    found = await regulator.month(reader, f"{now:%Y-%m}")
    figures = {(each.section, each.figure): each.count or each.amount for each in found.figures}
    assert figures["people", "Wallets that moved"] == 2
    assert figures["balances", "1010 Trust (safeguarding) bank"] == Money(14_000_00)
    assert figures["safeguarding", "Held in trust"] == Money(14_000_00)
    told = {each.figure: each.amount for each in found.figures if each.section == "operations"}
    assert told == {
        "Cash-in at agents": Money(1_500_00),
        "Cash-out at agents": Money(3_000_00),
        "Cardless withdrawals at machines": Money(2_000_00),
        "Transfers between customers": Money(1_000_00),
        "Bank credits": Money(14_000_00),
        "All entries in the books": Money(26_715_00),
    }
    assert await regulator.suspicious(reader, f"{now:%Y-%m}") == ()
    for wrong in ("2026", "2026-13", "x"):
        with pytest.raises(InvalidRequest):
            await regulator.month(reader, wrong)
