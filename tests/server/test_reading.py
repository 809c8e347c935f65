"""What is read over HTTP: history, statements, the books; and reading one's own writes."""

from __future__ import annotations

from datetime import datetime

import pytest

from ledger.books import COUNTRY
from tests.server.conftest import Running
from tests.server.people import Somebody


@pytest.fixture
async def customer(server: Running) -> Somebody:
    return await server.somebody("customer").sign_in()


async def pay(customer: Somebody, server: Running, times: int) -> list[str]:
    order = {"amount": 100, "toPhone": server.somebody("customer", 1).who.phone}
    answers = [await customer.post("transfer", order) for _ in range(times)]
    return [answer.json()["transactionId"] for answer in answers]


async def test_a_write_is_seen_by_the_next_read(server: Running, customer: Somebody) -> None:
    for number in range(1, 6):
        await pay(customer, server, 1)
        assert (await customer.get("balance")).json()["balance"] == 100_000 - 110 * number


async def test_somebody_else_sees_it_who_names_the_position(
    server: Running, customer: Somebody
) -> None:
    other = await server.somebody("customer", 1).sign_in()
    order = {"amount": 100, "toPhone": other.who.phone}
    for number in range(1, 6):
        made = await customer.post("transfer", order)
        headers = {"X-Log-Position": made.headers["x-log-position"]}
        balance = await other.get("balance", headers=headers)
        assert balance.json()["balance"] == 100_000 + 100 * number


async def test_history_comes_in_pages(server: Running, customer: Somebody) -> None:
    made = await pay(customer, server, 5)
    seen: list[str] = []
    query: dict[str, str | int] = {"limit": 2}
    while True:
        page = (await customer.get("transactions", params=query)).json()
        seen += [item["transactionId"] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        query["cursor"] = page["nextCursor"]
    assert seen[:5] == made[::-1]
    assert len(seen) == 6  # and the deposit that it all began with
    other = await server.somebody("customer", 1).sign_in()
    first = (await customer.get("transactions", params={"limit": 2})).json()["nextCursor"]
    answer = await other.get("transactions", params={"limit": 2, "cursor": first})
    assert answer.status_code == 400


async def test_a_statement_adds_up(server: Running, customer: Somebody) -> None:
    await pay(customer, server, 2)
    today = datetime.now(COUNTRY).date().isoformat()
    found = (await customer.get("statement", params={"from": today, "to": today})).json()
    assert (found["opening"], found["closing"]) == (0, 99_780)
    assert found["opening"] + found["credits"] - found["debits"] == found["closing"]
    assert len(found["lines"]) == 3


async def test_the_books_are_read_by_accountants(server: Running, customer: Somebody) -> None:
    made = (await pay(customer, server, 1))[0]
    accountant = await server.somebody("accountant").sign_in()
    at = {"X-Log-Position": str(server.position)}
    page = (await accountant.get("journal", params={"transactionId": made}, headers=at)).json()
    (entry,) = page["items"]
    assert [leg["direction"] for leg in entry["lines"]] == ["debit", "credit", "credit"]
    one = (await accountant.get(f"journal/{entry['number']}")).json()
    assert one == entry
    assert (await accountant.get("journal/1")).status_code == 404
    line = entry["lines"][0]
    lines = (await accountant.get(f"accounts/{line['accountId']}/lines")).json()
    assert lines["items"][0]["amount"] == 110
    accounts = (await accountant.get("accounts", params={"code": "1010"})).json()["items"]
    assert [(each["name"], each["balance"]) for each in accounts] == [
        ("Trust (safeguarding) bank", 1_300_000)
    ]
    for query in ({"code": "9999"}, {"code": "x"}, {"limit": "-1"}):
        assert (await accountant.get("accounts", params=query)).status_code == 400
    trial = (await accountant.get("reports/trial-balance")).json()
    assert trial["totals"][0]["debits"] == trial["totals"][0]["credits"]
    past = (await accountant.get("reports/trial-balance", params={"asOf": "2020-01-01"})).json()
    assert past["lines"] == []


async def test_live_and_ready(server: Running) -> None:
    for base in ("http://makeba", "http://makeba/api/v1"):
        assert (await server.client.get(f"{base}/health/live")).json() == {"status": "live"}
        ready = await server.client.get(f"{base}/health/ready")
        assert ready.json() == {"status": "ready", "position": server.position}
