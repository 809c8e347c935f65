"""Accounts, as an accountant goes through them."""

from __future__ import annotations

from uuid import uuid4

import pytest

from ledger import chart
from ledger.accounts import Kind
from ledger.errors import InvalidRequest, NotFound
from ledger.money import Money
from queries import accounts, general_ledger
from queries.projector import Projector
from queries.reader import Reader
from tests.queries.town import TRUST, Town


async def test_all_accounts_come_in_the_order_of_their_codes(
    town: Town, projector: Projector, reader: Reader
) -> None:
    await town.wallet()
    await town.agent()
    await projector.catch_up()
    seen: list[str] = []
    after = None
    while after is not None or not seen:
        page = await accounts.page(reader, limit=10, after=after)
        seen += [account.code for account in page.items]
        after = page.next_cursor
    debts = (chart.AGENT_RECEIVABLE, chart.CUSTOMER_RECEIVABLE)  # nobody owes us yet
    assert seen == sorted(h.code for h in chart.CHART if h.code not in debts)


async def test_one_code_may_have_many_accounts(
    town: Town, projector: Projector, reader: Reader
) -> None:
    wallets = [await town.wallet(n * 1_00) for n in range(5)]
    await projector.catch_up()
    first = await accounts.page(reader, code="2010", limit=3)
    rest = await accounts.page(reader, code="2010", limit=3, after=first.next_cursor)
    found = {account.id: account for account in first.items + rest.items}
    assert found.keys() == {wallet.id for wallet in wallets}
    assert all(found[w.id].balance == Money(town.holds(w.id)) for w in wallets)
    assert all(found[w.id].owner == w.user for w in wallets)


async def test_an_account_holds_money_on_its_normal_side(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet(5_00)
    await town.set_status(ana, "frozen")
    await projector.catch_up()
    trust, wallet = await accounts.one(reader, TRUST), await accounts.one(reader, ana.id)
    assert (trust.kind, trust.balance, trust.status) == (Kind.ASSET, Money(5_00), "open")
    assert (wallet.kind, wallet.balance, wallet.status) == (Kind.LIABILITY, Money(5_00), "frozen")


async def test_codes_outside_the_chart_and_unknown_accounts_are_refused(reader: Reader) -> None:
    with pytest.raises(InvalidRequest):
        await accounts.page(reader, code="9999")
    with pytest.raises(NotFound):
        await accounts.one(reader, uuid4())
    with pytest.raises(NotFound):
        await general_ledger.of_account(reader, uuid4())
    with pytest.raises(NotFound):
        await general_ledger.of_code(reader, "9999")
