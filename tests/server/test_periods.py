"""A month over HTTP: soft-closed, looked at, closed by two, reopened; and the books proven."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from commands.books.periods import Month
from ledger.books import COUNTRY
from queries.check.run import prove
from server.settings import Settings
from tests.server.conftest import Running
from tests.server.people import Somebody


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return Settings(home=settings.home, pin_threads=1, posting_seconds=0.2)


@pytest.fixture
async def colleague(server: Running) -> Somebody:
    """The second accountant."""
    return await server.somebody("accountant", 1).at_work()


def approved(answer: Any) -> dict[str, str]:
    """How a proposal is approved as it was read."""
    assert answer.status_code == 201, answer.text
    return {"contentHash": answer.json()["contentHash"]}


async def test_a_month_is_closed_and_reopened(server: Running, colleague: Somebody) -> None:
    accountant = await server.somebody("accountant").at_work()
    month = str(Month.of(datetime.now(COUNTRY).date()).before)
    path = f"books/periods/{month}"

    listed = (await accountant.get(f"{path}/checklist")).json()
    blocking = [line["name"] for line in listed["lines"] if line["blocks"] and not line["ok"]]
    assert (listed["state"], listed["ready"], blocking) == ("open", False, ["month_soft_closed"])
    early = await accountant.post(f"{path}/close", {})
    assert (early.status_code, early.json()["error"]["code"]) == (409, "PERIOD_NOT_READY")

    closed = await accountant.post(f"{path}/soft-close")
    assert closed.json() == {"month": month, "state": "soft_closed"}, closed.text
    assert (await accountant.get(f"{path}/checklist")).json()["ready"]

    proposal = await accountant.post(f"{path}/close", {"reason": "done"})
    hash_, way = approved(proposal), f"proposals/{proposal.json()['proposalId']}/approve"
    assert (await accountant.post(way, hash_)).status_code == 403
    answer = await colleague.post(way, hash_)
    assert answer.json()["state"] == "applied", answer.text
    found = (await colleague.get(path)).json()
    assert (found["state"], [step["what"] for step in found["steps"]]) == (
        "closed", ["soft_closed", "closed"],
    )  # fmt: skip
    assert found["steps"][1]["by"] == colleague.id
    assert {line["name"] for line in found["steps"][1]["lines"]} > {"trial_balance_equal"}

    reopening = {"kind": "reopen_period", "month": month, "reason": "an invoice came late"}
    proposal = await colleague.post("proposals", reopening)
    way = f"proposals/{proposal.json()['proposalId']}/approve"
    answer = await accountant.post(way, approved(proposal))
    months = (await accountant.get("books/periods")).json()
    assert [(each["month"], each["state"]) for each in months["items"]][1] == (
        month, "soft_closed",
    )  # fmt: skip
    assert months["closedTo"] < months["softClosedTo"]

    auditor = await server.somebody("auditor").sign_in()
    assert (await auditor.get("books/periods")).status_code == 200
    assert (await auditor.post(f"{path}/soft-close")).status_code == 403
    proof = prove(server.installation.url("makeba_auditor"), full=True)
    assert [each.first_bad for each in proof.findings if each.code in ("I21", "I20")] == [None] * 2


async def test_entries_are_booked_by_hand_into_a_month_that_takes_them(
    server: Running, colleague: Somebody
) -> None:
    accountant = await server.somebody("accountant").at_work()
    today = datetime.now(COUNTRY).date()
    month = Month.of(today).before
    await accountant.post(f"books/periods/{month}/soft-close")
    accrual = {
        "lines": [{"code": "5900", "debit": 12.5}, {"code": "2400", "credit": 12.5}],
        "document": "invoice 17",
        "reason": "comes every month",
        "bookingDate": month.last.isoformat(),
        "reverseOn": today.isoformat(),
    }
    unbalanced = accrual | {"lines": [{"code": "5090", "debit": 1}, {"code": "2110", "credit": 2}]}
    refused = await accountant.post("journal", unbalanced)
    assert refused.json()["error"]["details"]["reason"] == "have other debits than credits"
    proposal = await accountant.post("journal", accrual)
    way = f"proposals/{proposal.json()['proposalId']}/approve"
    assert (await accountant.post(way, approved(proposal))).status_code == 403
    assert (await colleague.post(way, approved(proposal))).json()["state"] == "applied"
    params = {"kind": "manual.posted", "text": "invoice 17"}
    (entry,) = (await colleague.get("journal", params=params)).json()["items"]
    assert (entry["bookingDate"], entry["valueDate"]) == (month.last.isoformat(),) * 2
    await server.until("SELECT count(*) = 1 FROM ledger.planned_reversal WHERE done")
    seen = {"X-Log-Position": str(server.position)}
    (planned,) = (await colleague.get("books/manual/reversals", headers=seen)).json()["items"]
    assert (planned["entryNumber"], planned["state"]) == (entry["number"], "reversed")

    template = {"name": "Encargos", "lines": [{"code": "5090"}, {"code": "1020", "credit": 0.5}]}
    kept = (await accountant.post("books/manual/templates", template)).json()["templateId"]
    (found,) = (await accountant.get("books/manual/templates")).json()["items"]
    assert [line["credit"] for line in found["lines"]] == [0, 0.5]
    assert (await accountant.post(f"books/manual/templates/{kept}/retire")).status_code == 200
    assert (await accountant.get("books/manual/templates")).json()["items"] == []

    rent = {key: accrual[key] for key in ("lines", "document", "reason")} | {
        "name": "renda",
        "schedule": {
            "everyMonths": 1, "dayOfMonth": today.day, "firstOn": today.isoformat(),
        },
    }  # fmt: skip
    proposal = await accountant.post("books/manual/recurring", rent)
    way = f"proposals/{proposal.json()['proposalId']}/approve"
    assert (await colleague.post(way, approved(proposal))).json()["state"] == "applied"
    await server.until("SELECT count(*) = 1 FROM ledger.recurring_posting")
    seen = {"X-Log-Position": str(server.position)}
    (recurs,) = (await colleague.get("books/manual/recurring", headers=seen)).json()["items"]
    assert (recurs["times"], recurs["state"], recurs["name"]) == (1, "active", "renda")
    end = f"books/manual/recurring/{recurs['recurringId']}/end"
    assert (await accountant.post(end, {"reason": "moved"})).json()["state"] == "ended"
    proof = prove(server.installation.url("makeba_auditor"), full=True)
    assert [each.first_bad for each in proof.findings if not each.held] == []


async def test_a_year_is_carried_over_and_then_its_december_closed(
    server: Running, colleague: Somebody
) -> None:
    accountant = await server.somebody("accountant").at_work()
    year = datetime.now(COUNTRY).year - 1
    december = f"books/periods/{year}-12"

    async def both(path: str, body: Any) -> None:
        proposal = await accountant.post(path, body)
        way = f"proposals/{proposal.json()['proposalId']}/approve"
        answer = await colleague.post(way, approved(proposal))
        assert answer.json()["state"] == "applied", answer.text

    rent = {
        "lines": [{"code": "5900", "debit": 40_000}, {"code": "2400", "credit": 40_000}],
        "document": "lease",
        "reason": "December's rent",
        "bookingDate": f"{year}-12-30",
    }
    await both("journal", rent)
    await accountant.post(f"{december}/soft-close")
    early = await accountant.post(f"{december}/close", {})
    assert early.json()["error"]["details"]["missing"] == "year_closed"
    await both("books/year-close", {"year": year})
    (entry,) = (await colleague.get("journal", params={"kind": "year.closed"})).json()["items"]
    assert (entry["written"], entry["bookingDate"]) == (f"{year}/2", f"{year}-12-31")
    await both(f"{december}/close", {})
    assert (await accountant.post("journal", rent)).json()["error"]["code"] == "PERIOD_CLOSED"
    days = {"from": f"{year}-01-01", "to": f"{year}-12-31"}
    income = (await colleague.get("reports/income", params=days)).json()
    sheet = (await colleague.get("reports/balance-sheet", params={"asOf": days["to"]})).json()
    assert (income["result"], sheet["result"]) == (-40_000, 0)
    proof = prove(server.installation.url("makeba_auditor"), full=True)
    assert [each.first_bad for each in proof.findings if not each.held] == []


async def test_nobody_brings_figures_of_their_own_to_a_close(server: Running) -> None:
    accountant = await server.somebody("accountant").at_work()
    forged = {"kind": "close_period", "month": "2020-01", "late": 0, "readTo": 1, "lines": []}
    assert (await accountant.post("proposals", forged)).status_code == 400
    for month, status in (("2020-1", 400), ("9998-12", 404)):
        answer = await accountant.get(f"books/periods/{month}/checklist")
        assert answer.status_code == status, answer.text
    assert (await accountant.post("books/year-close", {"year": 1999})).status_code == 400
    this_year = datetime.now(COUNTRY).year
    answer = await accountant.post("books/year-close", {"year": this_year}, key=str(uuid7()))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")
