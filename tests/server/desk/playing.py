"""A day in the house: withdrawals, a file with breaks, a case, a proposal with a hostile text."""

from __future__ import annotations

from dataclasses import dataclass

from server.things import Thing
from tests.server.conftest import Running
from tests.server.people import Somebody
from tests.server.test_settlement import Day
from tests.server.things import Town

HOSTILE = "<script>alert(1)</script> \"'&\u202e<img src=x onerror=alert(2)>"


@dataclass
class Played:
    """Who took part, by role and number, and the ids of what they made."""

    people: dict[tuple[str, int], Somebody]
    transaction_id: str
    account_id: str
    file_id: str
    mismatch_id: str
    proposal_id: str
    case_id: str

    def person(self, role: str, number: int) -> Somebody:
        """Somebody, with the authenticator codes that were used of theirs."""
        return self.people[role, number]


async def a_day(server: Running) -> Played:
    """Played over the API by the demo's people."""
    people = {
        (role, number): await server.somebody(role, number).sign_in()
        for role, number in (
            ("customer", 0), ("customer", 1), ("customer", 2), ("accountant", 0), ("operator", 0),
            ("operator", 1), ("auditor", 0), ("admin", 0),
        )
    }  # fmt: skip
    day, town = Day(server), Town(server)
    town.people = {
        f"{role} {number}" if number else role: who for (role, number), who in people.items()
    }
    case_id = await town.make(Thing.CASE, people["operator", 1])
    customer = people["customer", 1]
    both, waiting = await day.pay(customer), await day.pay(customer, completed=False)
    await day.pay(customer, 3_000)
    more = await day.pay(customer, 4_000)
    told = await day.bring(day.file(day.item(both[0]), day.item(waiting[0]), day.item(more[0])))
    assert told.status_code == 200, told.text
    for number in range(8):
        to = {"amount": 150 + 335 * number, "toPhone": people["customer", 0].who.phone}
        answer = await people["customer", 1].post("transfer", to)
        assert answer.status_code in (200, 201, 202), answer.text
    operator = await people["operator", 1].step_up()
    await server.until(CAUGHT_UP)
    found = (await operator.get("settlement/breaks")).json()["items"]
    change = {
        "kind": "resolve_mismatch",
        "mismatchId": found[0]["mismatchId"],
        "end": "dismiss",
        "evidence": HOSTILE,
    }
    proposed = await operator.post("proposals", change)
    assert proposed.status_code == 201, proposed.text
    today = str(day.today)
    account = await customer.get("statement", params={"from": today, "to": today})
    await server.until(CAUGHT_UP)
    return Played(
        people=people,
        transaction_id=both[1],
        account_id=account.json()["accountId"],
        file_id=told.json()["fileId"],
        mismatch_id=found[1]["mismatchId"],
        proposal_id=proposed.json()["proposalId"],
        case_id=case_id,
    )


CAUGHT_UP = "SELECT position = (SELECT position FROM ledger.head) FROM queries.projection"
