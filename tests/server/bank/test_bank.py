"""A statement on its way through the server: credited, matched, explained; books and bank agree."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest

from ledger.books import COUNTRY
from queries.check.run import prove
from tests.bank_statements import Line, camt, sheet
from tests.server.conftest import Running
from tests.server.people import Somebody
from tests.server.test_care import prove_all


class Bank:
    """The bank, and the accountant who brings its statements."""

    def __init__(self, server: Running, accountant: Somebody, operator: Somebody) -> None:
        self.server, self.accountant, self.operator = server, accountant, operator
        self.today: date = datetime.now(COUNTRY).date()

    async def bring(self, content: bytes, **query: Any) -> httpx.Response:
        """A file."""
        return await self.accountant.client.post(
            "bank/statements", content=content, params=query, headers=self.accountant.headers
        )

    async def brought(self, content: bytes) -> list[tuple[str, str | None]]:
        """A file that is taken in: how each of its lines stands, and by which rule."""
        answer = await self.bring(content)
        assert answer.status_code == 200, answer.text
        return [(each["state"], each["rule"]) for each in answer.json()["items"]]

    async def refused(self, content: bytes) -> str:
        """Why a file is not taken in; nothing of it is kept."""
        before = self.server.position
        error = (await self.bring(content)).json()["error"]
        assert (error["code"], self.server.position) == ("FILE_REFUSED", before)
        return str(error["details"]["reason"])

    async def sides(self) -> dict[str, Any]:
        """Books and bank, with all that was written."""
        seen = {"X-Log-Position": str(self.server.position)}
        found: dict[str, Any] = (
            await self.accountant.get("bank/reconciliation", headers=seen)
        ).json()
        assert found["difference"] == 0
        return found

    async def two(self, **change: Any) -> None:
        """The accountant proposes it, the operator approves."""
        made = (await self.accountant.post("proposals", change)).json()
        approval = {"contentHash": made["contentHash"]}
        answer = await self.operator.post(f"proposals/{made['proposalId']}/approve", approval)
        assert answer.json()["state"] == "applied", answer.text

    async def match(self) -> tuple[int, int]:
        """How many are matched now, and how many are left."""
        found = (await self.accountant.post("bank/matching")).json()
        return found["matched"], found["open"]


@pytest.fixture
async def bank(server: Running) -> AsyncIterator[Bank]:
    """At work; the books are proven afterwards, and the read models are what a rebuild makes."""
    accountant = await server.somebody("accountant").at_work()
    operator = await server.somebody("operator").at_work()
    yield Bank(server, accountant, operator)
    await prove_all(server)


async def test_what_comes_in_is_credited_and_what_goes_out_is_left_to_people(bank: Bank) -> None:
    ana = await bank.server.somebody("customer").sign_in()
    had = (await ana.get("balance")).json()["balance"]
    lines: tuple[Line, ...] = (
        ("5000.00", "B-1", f"Deposito {ana.who.phone}"),
        ("700.00", "B-2", "quem sera"),
        ("-120.50", "B-3", "Comissao"),
    )
    content = sheet(1, 0, *lines, on=bank.today)
    before = bank.server.position
    tried = (await bank.bring(content, dryRun=True)).json()
    assert [each["finding"] for each in tried["lines"]] == ["named", "unnamed", "left"]
    assert bank.server.position == before
    taken_in = await bank.brought(content)
    assert taken_in == [("matched", "reference"), ("matched", "reference"), ("open", None)]
    seen = {"X-Log-Position": str(bank.server.position)}
    assert (await ana.get("balance", headers=seen)).json()["balance"] == had + 5000
    waiting = (await bank.operator.get("deposit/unidentified", headers=seen)).json()
    assert [each["reference"] for each in waiting["items"]] == ["B-2"]
    found = await bank.sides()
    assert (found["open"], found["openCount"], found["statement"]["number"]) == (-120.5, 1, 1)
    # Once more it changes nothing: not a second credit, not a second match.
    assert await bank.brought(content) == taken_in
    assert (await ana.get("balance")).json()["balance"] == had + 5000


async def test_what_is_booked_with_the_banks_reference_matches_then(bank: Bank) -> None:
    await bank.two(kind="pay_in_capital", amount=1000, reference="C-1")
    charged = sheet(1, 0, ("-120.50", "B-3", ""), on=bank.today)
    assert await bank.brought(charged) == [("open", None)]
    assert await bank.match() == (0, 1)
    await bank.two(kind="pay_trust_charge", amount=120.5, reference="B-3")
    assert await bank.match() == (1, 0)
    found = await bank.sides()
    assert [each["amount"] for each in found["inTransitItems"] if each["reference"] == "B-3"] == [
        120.5
    ]
    # The other leg of the same entry, by which our own money makes it whole, comes a day later.
    following = camt(2, "-120.50", ("120.50", "B-9", "reposicao"), on=bank.today)
    assert await bank.brought(following) == [("matched", "amount")]
    assert (await bank.sides())["open"] == 0


async def test_a_mistake_that_the_bank_takes_back_is_explained_by_two(bank: Bank) -> None:
    lines: tuple[Line, ...] = (("-50", "E-1", "engano"), ("50", "E-1", "estorno"))
    content = camt(1, "0", *lines, on=bank.today)
    credit = content.rindex(b"<Ntry>")
    content = content[:credit] + content[credit:].replace(
        b"</Sts>", b"</Sts><RvslInd>true</RvslInd>", 1
    )
    assert await bank.brought(content) == [("open", None), ("open", None)]
    for item in (await bank.sides())["openItems"]:
        resolving = {"kind": "resolve_bank_line", "lineId": item["lineId"], "evidence": "letter 7"}
        await bank.two(**resolving, end="explain")
        again = await bank.accountant.post("proposals", resolving | {"end": "explain"})
        assert again.json()["error"]["code"] == "CONFLICT"
    found = await bank.sides()
    assert (found["openCount"], found["explained"]) == (0, 0)
    await bank.two(**resolving, end="reopen")
    assert (await bank.sides())["openCount"] == 1


async def test_statements_come_in_their_order_and_once(bank: Bank) -> None:
    one = sheet(7, 0, ("1", "B-1", ""), on=bank.today)
    assert "still to come" in await bank.refused(sheet(7, 0, on=bank.today + timedelta(days=1)))
    await bank.brought(one)
    assert "another statement 7" in await bank.refused(sheet(7, 0, on=bank.today))
    assert await bank.refused(sheet(9, 1, on=bank.today)) == "statement 8 is the next one, not 9"
    assert "does not begin with the balance" in await bank.refused(sheet(8, 2, on=bank.today))
    yesterday = bank.today - timedelta(days=1)
    assert "begins before" in await bank.refused(sheet(8, 1, on=yesterday))
    await bank.brought(sheet(8, 1, on=bank.today))
    listed = (await bank.accountant.get("bank/statements", params={"limit": 1})).json()
    assert [each["number"] for each in listed["items"]] == [8]
    more = {"limit": 1, "cursor": listed["nextCursor"]}
    listed = (await bank.accountant.get("bank/statements", params=more)).json()
    assert ([each["number"] for each in listed["items"]], listed["nextCursor"]) == ([7], None)


async def test_the_bank_says_what_the_trust_held(bank: Bank) -> None:
    await bank.brought(sheet(1, 0, ("10", "B-1", ""), on=bank.today))
    seen = {"X-Log-Position": str(bank.server.position)}
    found = (await bank.accountant.get("reports/safeguarding", headers=seen)).json()
    assert found["statement"] == 10
    assert found["shortfall"] == found["owed"] - 10


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("UPDATE ledger.bank_line SET amount = amount + 1", "by the log it is"),
        (
            "UPDATE ledger.bank_line SET state = 'open', rule = NULL, entry_number = NULL,"
            " entry_line = NULL",
            "by the log it is matched",
        ),
        ("UPDATE ledger.bank_line SET id = gen_random_uuid()", "does not know bank line"),
    ],
)
async def test_a_line_that_was_tampered_with_is_found(
    server: Running, fault: str, words: str
) -> None:
    accountant = await server.somebody("accountant").at_work()
    desk = Bank(server, accountant, accountant)
    await desk.brought(sheet(1, 0, ("10", "B-1", ""), on=desk.today))
    server.ask(fault)
    proof = await asyncio.to_thread(prove, server.installation.owner_url, full=True)
    (found,) = [each for each in proof.findings if not each.held]
    assert found.code == "I29"
    assert words in (found.first_bad or "")
