"""Reports over HTTP: for those who may, in the shape that is asked for, recorded day by day."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from ledger.books import COUNTRY
from tests.server.conftest import Running
from tests.server.people import Somebody

DAY = timedelta(days=1)


def today() -> str:
    return datetime.now(COUNTRY).date().isoformat()


async def test_an_accountant_works_through_the_books(server: Running) -> None:
    ana = await server.somebody("customer").sign_in()
    accountant = await server.somebody("accountant").sign_in()
    asked = await ana.ask_for_code(2_000)
    seen = {"X-Log-Position": asked.headers["X-Log-Position"]}
    id_ = asked.json()["transactionId"]

    async def get(path: str, **params: object) -> dict:  # type: ignore[type-arg]
        answer = await accountant.get(path, params=params, headers=seen)
        assert answer.status_code == 200, answer.text
        found: dict = answer.json()  # type: ignore[type-arg]
        return found

    page = await get("journal", kind="withdrawal.", amountMin="2000", amountMax="2025.00")
    (entry,) = page["items"]
    assert (entry["transactionId"], entry["amount"]) == (id_, 2025)
    whole = await get("drill-down", entry=entry["written"])
    assert whole["withdrawal"]["state"] == "active"
    ledger = await get("ledger/2030", oldestFirst=True)
    assert (ledger["opening"], ledger["closing"], ledger["items"][0]["balanceAfter"]) == (
        0, 2025, 2025,
    )  # fmt: skip
    balance = await get("reports/trial-balance", compare="2020-01-01")
    (totals,) = balance["totals"]
    assert totals["closingDebits"] == totals["closingCredits"] > 0
    again = await get("reports/trial-balance", position=balance["position"])
    assert again["totals"][0]["closingDebits"] == totals["closingDebits"]
    sheet = await get("reports/balance-sheet")
    assert sheet["totalAssets"] == (
        sheet["totalLiabilities"] + sheet["totalEquity"] + sheet["result"]
    )
    assert (await get("reports/income", **{"from": today(), "to": today()}))["result"] == 0
    assert all(each["unexplained"] == 0 for each in (await get("reports/suspense"))["codes"])
    agents = await get("reports/agents", **{"from": today(), "to": today(), "limit": 1})
    assert agents["items"][0]["floatClosing"] == 500_000
    month = await get("reports/month", month=today()[:7])
    assert {each["section"] for each in month["figures"]} >= {"operations", "safeguarding"}
    answer = await accountant.get("reports/suspicious", params={"month": today()[:7]})
    assert answer.json() == []


@pytest.mark.parametrize(
    ("shape", "begins", "media"),
    [
        ("pdf", b"%PDF-", "application/pdf"),
        ("csv", b"\xef\xbb\xbfLan", "text/csv; charset=utf-8"),
        ("camt053", b"<?xml", "application/xml"),
    ],
)
async def test_a_statement_is_a_file(
    server: Running, shape: str, begins: bytes, media: str
) -> None:
    ana = await server.somebody("customer").sign_in()
    accountant = await server.somebody("accountant").sign_in()
    await server.until("SELECT position = (SELECT position FROM ledger.head)"
                       " FROM queries.projection")  # fmt: skip
    days = {"from": today(), "to": today()}
    told = (await ana.get("statement", params=days)).json()
    assert told["closing"] == told["opening"] + told["credits"] - told["debits"]
    path = f"accounts/{told['accountId']}/statement"
    of_staff = await accountant.get(path, params=days)
    assert of_staff.json()["lines"] == told["lines"]
    file = await accountant.get(f"{path}/file", params={**days, "format": shape})
    assert (file.status_code, file.headers["Content-Type"]) == (200, media)
    assert file.content.startswith(begins)
    own = await ana.get("statement/file", params={**days, "format": shape, "language": "en"})
    assert own.status_code == (400 if shape == "camt053" else 200)
    assert (await ana.get(path, params=days)).status_code == 403


async def test_a_day_of_the_trust_goes_on_record_and_the_bank_has_the_last_word(
    server: Running,
) -> None:
    accountant: Somebody = await server.somebody("accountant").sign_in()
    yesterday = (datetime.now(COUNTRY).date() - DAY).isoformat()
    stated = {"day": yesterday, "balance": 5, "reference": "BCA 17"}
    answer = await accountant.post("reports/safeguarding/statement", stated)
    assert answer.status_code == 200, answer.text
    seen = {"X-Log-Position": answer.headers["X-Log-Position"]}
    params = {"asOf": yesterday}
    found = await accountant.get("reports/safeguarding", params=params, headers=seen)
    assert (found.json()["statement"], found.json()["shortfall"]) == (5, 0)
    now = (await accountant.get("reports/safeguarding")).json()
    assert now["totalHeld"] == now["totalStoodFor"] > 0
    assert (now["difference"], now["shortfall"]) == (0, 0)
    auditor = await server.somebody("auditor").sign_in()
    assert (await auditor.post("reports/safeguarding/statement", stated)).status_code == 403
    # Nothing was booked before today, so no day is due.
    days = {"from": yesterday, "to": today()}
    history = await accountant.get("reports/safeguarding/history", params=days)
    assert history.json() == {"items": []}


WRONG: tuple[tuple[str, dict[str, str]], ...] = (
    ("journal", {"text": "?"}), ("journal", {"amountMin": "x"}), ("journal", {"kind": "A B"}),
    ("journal", {"from": "yesterday"}), ("journal", {"cursor": "x"}),
    ("ledger/2010", {"axis": "other"}),
    ("ledger/2010", {"position": "1", "axis": "value"}),
    ("reports/trial-balance", {"position": "1", "asOf": "2026-01-01"}),
    ("reports/trial-balance", {"from": "2026-02-01", "asOf": "2026-01-01"}),
    ("reports/income", {"from": "2026-02-01", "to": "2026-01-01"}),
    ("reports/month", {"month": "2026-99"}), ("drill-down", {}), ("drill-down", {"rrn": "1"}),
)  # fmt: skip


async def test_what_is_asked_wrongly_is_refused(server: Running) -> None:
    accountant = await server.somebody("accountant").sign_in()
    for path, params in WRONG:
        answer = await accountant.get(path, params=params)
        assert answer.status_code == 400, (path, params, answer.text)
        assert answer.json()["error"]["code"] == "INVALID_REQUEST"
