"""The general ledger: each line with the balance that it left, by booking, by value, as known."""

from __future__ import annotations

import itertools
import random
from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest
from psycopg.types.numeric import Int8

from ledger.errors import InvalidRequest
from ledger.journal import Line
from ledger.money import Money
from queries import general_ledger, rebuild, standing, statement, trial_balance
from queries.answer import Side
from queries.general_ledger import LedgerPage, LineFilters
from queries.projection import journal as projection
from queries.projector import Pace, Projector, connector
from queries.reader import Reader
from queries.standing import Axis, Scope
from tests.conftest import Database
from tests.queries.backdating import write_late
from tests.queries.days import book_back, today
from tests.queries.town import BREAKS, FEE_TRANSFER, SWITCH, TRUST, Town


async def test_the_lines_of_an_account_run_back_from_its_balance(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, agent = await town.wallet(), await town.agent(9_000_00)
    await town.cash_in(agent, ana, 5_000_00, 25_00)
    await projector.catch_up()
    first = await general_ledger.of_account(reader, agent.float, limit=2)
    rest = await general_ledger.of_account(reader, agent.float, limit=2, after=first.next_cursor)
    assert [(x.direction, x.amount, x.balance_after) for x in first.items + rest.items] == [
        (Side.CREDIT, Money(25_00), Money(4_025_00)),
        (Side.DEBIT, Money(5_000_00), Money(4_000_00)),
        (Side.CREDIT, Money(9_000_00), Money(9_000_00)),
    ]
    assert first.account is not None
    assert first.account.balance == Money(4_025_00)
    assert rest.next_cursor is None


async def test_lines_are_limited_to_days(
    town: Town, projector: Projector, reader: Reader, database: Database
) -> None:
    ana = await town.wallet(1_00)
    await book_back(town, projector, database, days=2)
    await town.credit(ana.id, 2_00)
    await projector.catch_up()
    now = today(database)
    late = await general_ledger.of_account(reader, ana.id, LineFilters(from_=now))
    early = await general_ledger.of_account(reader, ana.id, LineFilters(to=now - timedelta(days=1)))
    assert [line.amount for line in late.items] == [Money(2_00)]
    assert [line.amount for line in early.items] == [Money(1_00)]


class Written(msgspec.Struct, frozen=True):
    """One line of the model: what is really in the books."""

    position: int
    number: int
    place: int
    account: UUID
    code: str
    amount: int
    booked: date
    valued: date


CODES = {TRUST: "1010", SWITCH: "2100", BREAKS: "1900", FEE_TRANSFER: "4030"}


async def a_mess(town: Town, database: Database, dice: random.Random) -> list[Written]:
    """Entries of today, and late ones for days and years that are over, in no order of dates."""
    wallets = [await town.wallet() for _ in range(3)]
    codes = {**CODES, **{wallet.id: "2010" for wallet in wallets}}
    accounts = list(codes)
    now = today(database)
    written: list[Written] = []
    for _ in range(40):
        debited, credited = dice.sample(accounts, 2)
        if codes[debited] == "2010":
            debited, credited = (credited, debited)
        if codes[debited] == "2010":
            debited = TRUST
        amount = dice.randrange(1, 90) * 100
        booked = now - timedelta(days=dice.choice((0, 0, 0, 1, 2, 3, 40, 400)))
        valued = booked + timedelta(days=dice.choice((0, 0, 0, -1, -5, 2)))
        lines = (Line(debited, amount), Line(credited, -amount))
        position, number = write_late(database, booked, lines, value=valued)
        written += [
            Written(position, number, place, line.account, codes[line.account], line.amount,
                    booked, valued)
            for place, line in enumerate(lines, start=1)
        ]  # fmt: skip
    return written


def model(
    written: list[Written],
    scope: Scope,
    axis: Axis,
    known: int | None = None,
) -> list[tuple[date, Written, int]]:
    """Every line of a scope in the order of an axis, with the balance after it, debit positive."""
    mine = [
        (line.booked if axis is Axis.BOOKING else line.valued, line)
        for line in written
        if (line.account == scope.account_id if scope.account_id else line.code == scope.code)
        and (known is None or line.position <= known)
    ]
    mine.sort(key=lambda each: (each[0], each[1].number, each[1].place))
    sums = itertools.accumulate(line.amount for _, line in mine)
    return [(day, line, sum_) for (day, line), sum_ in zip(mine, sums, strict=True)]


async def whole(
    reader: Reader, scope: Scope, filters: LineFilters, limit: int
) -> tuple[LedgerPage, list[tuple[int, int, int]]]:
    """All pages of a ledger: the first, and (number, place, balance) of every line."""
    pages: list[LedgerPage] = []
    after = None
    while not pages or after is not None:
        if scope.account_id is not None:
            page = await general_ledger.of_account(reader, scope.account_id, filters, limit, after)
        else:
            page = await general_ledger.of_code(reader, scope.code, filters, limit, after)
        pages.append(page)
        after = page.next_cursor
    normal = 1 if scope.code in ("1010", "1900") else -1
    return pages[0], [
        (line.entry_number, line.line_number, normal * line.balance_after.minor)
        for page in pages
        for line in page.items
    ]


async def test_with_late_entries_every_balance_is_right_on_any_axis_day_and_position(
    town: Town, database: Database, reader: Reader
) -> None:
    dice = random.Random(1)
    written = await a_mess(town, database, dice)
    projector = Projector(connector(database.projector), Pace(records_max=7))
    await projector.catch_up()
    projector.disconnect()
    wallet = next(line.account for line in written if line.code == "2010")
    now, last = today(database), written[-1].position
    scopes = (
        Scope("1010", TRUST), Scope("2100", SWITCH), Scope("2010", wallet), Scope("2010"),
    )  # fmt: skip
    for scope, axis, oldest_first in itertools.product(scopes, Axis, (False, True)):
        for known in (None, last - 10, last - 30) if axis is Axis.BOOKING else (None,):
            days = sorted(now - timedelta(days=dice.choice((0, 1, 2, 5, 41, 401))) for _ in "ab")
            filters = LineFilters(
                from_=days[0], to=days[1], axis=axis, position=known, oldest_first=oldest_first
            )
            expected = model(written, scope, axis, known)
            first, lines = await whole(reader, scope, filters, limit=7)
            within = [each for each in expected if days[0] <= each[0] <= days[1]]
            told = [(line.number, line.place, balance) for _, line, balance in within]
            assert lines == (told if oldest_first else told[::-1])
            before = [balance for day, _, balance in expected if day < days[0]]
            until = [balance for day, _, balance in expected if day <= days[1]]
            normal = 1 if scope.code == "1010" else -1
            assert first.opening.minor == normal * (before[-1] if before else 0)
            assert first.closing.minor == normal * (until[-1] if until else 0)
            if scope.account_id is not None and oldest_first:
                asked = statement.Asked(from_=days[0], to=days[1], axis=axis, position=known)
                if (days[1] - days[0]).days < 366:
                    found = await statement.of_account(reader, scope.account_id, asked)
                    assert (found.opening, found.closing) == (first.opening, first.closing)
                    assert [normal * x.balance.minor for x in found.lines] == [x[2] for x in told]
    assert (await rebuild.rebuild(database.owner, check=True)).differences == ()


async def test_a_trial_balance_is_right_on_any_day_of_either_axis_and_at_any_position(
    town: Town, database: Database, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(projection.MILESTONES, "stretch", Int8(8))
    monkeypatch.setattr(trial_balance, "STRETCH", 8)
    written = await a_mess(town, database, random.Random(3))
    projector = Projector(connector(database.projector), Pace(records_max=5))
    await projector.catch_up()
    projector.disconnect()
    now, last = today(database), written[-1].position
    for axis, days in itertools.product(Axis, (0, 1, 3, 40, 399, 500)):
        day, first = now - timedelta(days=days), now - timedelta(days=days + 2)
        asked = trial_balance.Asked(to=day, from_=first, axis=axis, compare=now)
        found = await trial_balance.of(reader, asked)
        for code in ("1010", "2010", "2100"):
            lines = model(written, Scope(code), axis)
            line = next((each for each in found.lines if each.code == code), None)
            closing = sum(each.amount for on, each, _ in lines if on <= day)
            opening = sum(each.amount for on, each, _ in lines if on < first)
            assert (
                0 if line is None else trial_balance.signed(line.closing, line.closing_side)
            ) == (closing)
            if line is not None:
                assert trial_balance.signed(line.opening, line.opening_side) == opening
                whole = sum(each.amount for on, each, _ in lines if on <= now)
                assert line.compared is not None and line.compared_side is not None
                assert trial_balance.signed(line.compared, line.compared_side) == whole
        equal(found)
    for position in (last, last - 1, last - 9, last - 30, 1, 0):
        found = await trial_balance.of(reader, trial_balance.Asked(position=position))
        for line in found.lines:
            known = [
                each for each in written if each.code == line.code and each.position <= position
            ]
            assert trial_balance.signed(line.closing, line.closing_side) == sum(
                each.amount for each in known
            )
        equal(found)


def equal(found: trial_balance.TrialBalance) -> None:
    for total in found.totals:
        assert total.debits == total.credits
        assert total.opening_debits == total.opening_credits
        assert total.closing_debits == total.closing_credits


async def test_a_position_goes_with_booking_dates_and_must_have_been_reached(
    town: Town, projector: Projector, reader: Reader
) -> None:
    await town.wallet(1_00)
    position = await projector.catch_up()
    for filters in (
        LineFilters(axis=Axis.VALUE, position=position),
        LineFilters(position=position + 1),
        LineFilters(position=-1),
    ):
        with pytest.raises(InvalidRequest):
            await general_ledger.of_code(reader, "1010", filters)
    for asked in (
        trial_balance.Asked(position=position + 1),
        trial_balance.Asked(position=position, axis=Axis.VALUE),
        trial_balance.Asked(),
        trial_balance.Asked(to=date(2026, 1, 1), from_=date(2026, 1, 2)),
    ):
        with pytest.raises(InvalidRequest):
            await trial_balance.of(reader, asked)


async def test_a_cursor_of_one_order_is_refused_by_another(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet(1_00)
    await town.credit(ana.id, 2_00)
    await projector.catch_up()
    page = await general_ledger.of_code(reader, "2010", limit=1)
    assert page.next_cursor is not None
    with pytest.raises(InvalidRequest):
        await general_ledger.of_code(
            reader, "2010", LineFilters(oldest_first=True), after=page.next_cursor
        )


def test_the_first_day_of_all_has_nothing_before_it() -> None:
    assert standing.Sums().balance == 0
