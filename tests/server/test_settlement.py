"""Settlement files over HTTP: taken in, or refused with the line that is wrong, and shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ledger.books import COUNTRY
from server.settings import Settings
from simulator.link.settlement_file import tampered
from simulator.machines.business_day import Item
from tests.server.conftest import Running
from tests.server.people import Somebody
from tests.settlement_files import file, item

MATCH = "settlement/files"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return Settings(home=settings.home, pin_threads=1, settlement_bytes_max=20_000, doubt_seconds=1)


class Day:
    """The demo's switch and what it has paid, ready to be written into files."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.switch = server.switch
        key = load_pem_private_key(self.switch.key.private_key.encode(), None)
        self.key = cast("Ed25519PrivateKey", key)
        self.number = 0
        self.today: date = datetime.now(COUNTRY).date()

    async def pay(
        self, customer: Somebody, amount: int = 2_000, *, completed: bool = True
    ) -> tuple[dict[str, Any], str]:
        """A withdrawal at the machine: its trace, and its id."""
        issued = (await customer.ask_for_code(amount)).json()
        trace = self.switch.trace(localDate=self.today.isoformat())
        asked = {
            "phone": customer.who.phone,
            "code": issued["code"],
            "amount": amount,
            "settlementDate": self.today.isoformat(),
        }
        answer = await self.switch.send("vinti4/authorisations", trace | asked)
        assert answer.json()["responseCode"] == "00", answer.text
        if completed:
            await self.switch.send("vinti4/completions", trace | {"amount": amount})
        return trace, str(issued["transactionId"])

    def item(self, trace: dict[str, Any], paid: int = 2_000) -> Item:
        """What the file says of a trace."""
        return item(
            1, paid, acquirer_id=trace["acquirerId"], terminal_id=trace["terminalId"],
            stan=trace["stan"], rrn=trace["rrn"], local_date=self.today,
            ended_at=datetime.now(UTC),
        )  # fmt: skip

    def file(self, *of_day: Item, **changes: Any) -> bytes:
        """The next file of the demo's acquirer."""
        self.number += 1
        ordered = sorted(of_day, key=lambda each: each.trace.rrn)
        fields: dict[str, Any] = {
            "number": self.number,
            "day": self.today,
            "acquirer_id": self.switch.key.acquirer_id,
            "key": self.key,
            "key_id": self.switch.key.key_id,
            "cut_off_at": datetime.now(UTC) + timedelta(seconds=1),
        }
        return file(*ordered, **(fields | changes))

    async def bring(self, content: bytes, **signing: Any) -> httpx.Response:
        """The switch brings it."""
        request = self.server.client.build_request("POST", "vinti4/files", content=content)
        headers = self.switch.signed("POST", str(request.url), content, **signing)
        request.headers.update(headers)
        return await self.server.client.send(request)


@pytest.fixture
def day(server: Running) -> Day:
    return Day(server)


async def bring(who: Somebody, content: Any) -> httpx.Response:
    return await who.client.post(MATCH, content=content, headers=who.headers)


async def test_a_day_is_taken_in_matched_and_shown(server: Running, day: Day) -> None:
    customer = await server.somebody("customer").sign_in()
    accountant = await server.somebody("accountant").at_work()
    both, waiting = await day.pay(customer), await day.pay(customer, completed=False)
    lost = await day.pay(customer)
    answer = await day.bring(day.file(day.item(both[0]), day.item(waiting[0])))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["state"], told["outcomes"]) == ("matched", {"completed": 1, "matched": 1})
    assert told["breaks"] == [
        {"kind": "missing_there", "state": "open", "count": 1, "difference": 2000}
    ]
    assert (told["net"], told["fees"], told["interchange"], told["owed"]) == (4000, 24, 24, 6000)
    listed = (await accountant.get(MATCH)).json()["items"]
    assert [(each["number"], each["openBreaks"]) for each in listed] == [(1, 1)]
    items = (await accountant.get(f"{MATCH}/{told['fileId']}/items")).json()["items"]
    assert {each["transactionId"] for each in items} == {both[1], waiting[1]}
    [found] = (await accountant.get("settlement/breaks")).json()["items"]
    assert (found["kind"], found["transactionId"]) == ("missing_there", lost[1])
    assert found["posts"] == [
        {"debit": "2100", "credit": "2900", "amount": 2000, "valueDate": day.today.isoformat()}
    ]
    operator = await server.somebody("operator").at_work()
    seen = await _book(accountant, operator, found["mismatchId"])
    left = await accountant.get("settlement/breaks", params={"state": "open"}, headers=seen)
    assert left.json() == {"items": [], "nextCursor": None}


async def _book(accountant: Somebody, operator: Somebody, mismatch_id: str) -> dict[str, str]:
    """Two people book it. What a read sends that wants to see it."""
    change = {
        "kind": "resolve_mismatch", "mismatchId": mismatch_id, "end": "book", "evidence": "letter",
    }  # fmt: skip
    made = (await accountant.post("proposals", change)).json()
    approval = {"contentHash": made["contentHash"]}
    answer = await operator.post(f"proposals/{made['proposalId']}/approve", approval)
    assert answer.json()["state"] == "applied", answer.text
    return {"X-Log-Position": answer.headers["X-Log-Position"]}


async def test_what_is_wrong_posts_nothing_and_names_its_line(server: Running, day: Day) -> None:
    accountant = await server.somebody("accountant").at_work()
    good = day.file(*(day.item(day.switch.trace()) for _ in range(2)))
    before = server.position
    for content, line in (
        (b"", 1),
        (good[:-20], 4),
        (good.decode().encode("utf-16"), 1),
        (tampered(good), 4),
        (good.replace(b"\tCVE\t", b"\tEUR\t"), 1),
        (good + b"x", 5),
        (b"x" * 30_000, 1),
        (good + b"CAP\n" * 10_000, 5),
    ):
        answer = await bring(accountant, content)
        assert answer.status_code == 422, answer.text
        error = answer.json()["error"]
        assert error["code"] == "FILE_REFUSED"
        assert error["message"].startswith(f"Line {error['details']['line']}: ")
        if len(content) < 20_000:
            assert error["details"]["line"] == line, error
    assert server.position == before


async def test_a_file_without_end_is_cut_off_at_its_limit(server: Running, day: Day) -> None:
    accountant = await server.somebody("accountant").at_work()
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1_000
            yield b"x" * 999 + b"\n"

    answer = await bring(accountant, endless())
    assert answer.json()["error"]["details"]["reason"] == "the file is longer than 20000 bytes"
    assert sent < 100_000


async def test_once_only_by_whomever_it_comes(server: Running, day: Day) -> None:
    accountant = await server.somebody("accountant").at_work()
    content = day.file(day.item(day.switch.trace()))
    assert (await day.bring(content)).status_code == 200
    before = server.position
    for answer in (await bring(accountant, content), await day.bring(content)):
        assert answer.json()["error"]["details"]["sameContent"] is True
    assert server.position == before


async def test_the_switch_brings_its_own_and_what_it_has_signed(server: Running, day: Day) -> None:
    before = server.position
    foreign = day.file(acquirer_id="OTHER")
    assert (await day.bring(foreign)).status_code == 403
    good = day.file(number=1)
    request = server.client.build_request("POST", "vinti4/files", content=good)
    request.headers.update(day.switch.signed("POST", str(request.url), b"another body"))
    assert (await server.client.send(request)).status_code == 401
    assert (await day.bring(good, age_seconds=200)).status_code == 401
    assert server.position == before


async def test_a_nonce_brings_one_file(server: Running, day: Day) -> None:
    assert (await day.bring(day.file(), nonce="same")).status_code == 200
    assert (await day.bring(day.file(), nonce="same")).status_code == 401


async def test_the_switch_learns_which_number_is_next(server: Running, day: Day) -> None:
    none = await day.switch.send("vinti4/files/newest", None, method="GET")
    assert none.json() == {"number": 0, "settlementDate": None, "state": None}
    await day.bring(day.file())
    answer = await day.switch.send("vinti4/files/newest", None, method="GET")
    assert (answer.json()["number"], answer.json()["state"]) == (1, "matched")


async def test_pages_carry_their_filters(server: Running, day: Day) -> None:
    auditor = await server.somebody("auditor").sign_in()
    for _ in range(3):
        await day.bring(day.file())
    day.number = 3
    await day.bring(day.file(*(day.item(day.switch.trace()) for _ in range(3))))
    for path, options in (
        (MATCH, {"acquirerId": day.switch.key.acquirer_id}),
        ("settlement/breaks", {"kind": "missing_here"}),
    ):
        first = (await auditor.get(path, params={"limit": 2, **options})).json()
        cursor = first["nextCursor"]
        second = await auditor.get(path, params={"limit": 2, "cursor": cursor, **options})
        assert len(first["items"]) == 2
        assert second.json()["items"]
        other = await auditor.get(path, params={"limit": 2, "cursor": cursor})
        assert other.status_code == 400


async def test_what_is_in_doubt_is_released_when_two_dates_do_not_name_it(
    server: Running, day: Day
) -> None:
    customer = await server.somebody("customer").sign_in()
    operator = await server.somebody("operator").at_work()
    other = await server.somebody("operator", 1).at_work()
    _, transaction_id = await day.pay(customer, completed=False)
    await server.until(
        "SELECT state = 'in_doubt' FROM queries.withdrawal WHERE id = %s", transaction_id
    )
    path = f"withdrawal/{transaction_id}/release"
    for offset, absences in ((0, 0), (1, 1)):
        answer = await operator.post(path, {"evidence": "-"})
        assert answer.json()["error"]["details"] == {"absences": absences, "needed": 2}
        await day.bring(day.file(day=day.today + timedelta(days=offset)))
    [doubt] = (await operator.get("settlement/doubts")).json()["items"]
    assert (doubt["transactionId"], doubt["absences"]) == (transaction_id, 2)
    assert (await operator.post(path, {"evidence": "two dates"})).status_code == 200
    assert (await other.post(f"{path}/approve")).json()["status"] == "released"
