"""Every route, asked by everybody, about one's own things, another's and nobody's: all as the one
table says. A route that does not stand there, or names something that the table does not know, or
that this does not know how to ask, fails here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from commands.identity.person import Role
from server.policy import API_POLICY, Rule, as_page
from server.settings import Settings
from server.things import OWNERS, THINGS, Thing
from tests.server.conftest import Running
from tests.server.people import Somebody
from tests.server.things import MAKERS, Town, about_people, number, some

PAGE = Path(__file__).parents[2] / "docs" / "security" / "access.md"
QUERY = {
    "from": "2026-01-01", "to": "2026-01-02", "day": "2026-01-01", "localDate": "2026-01-01",
    "follow": "false",
}  # fmt: skip
ENDS_ALL = ("POST /auth/logout", "DELETE /auth/sessions")  # asked last


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Webhooks may lead to this machine: nobody outside is told of anything."""
    return Settings(home=tmp_path, pin_threads=1, webhook_allow_loopback=True)


class Whose(Enum):
    """Whose thing is named."""

    OWN = auto()
    ANOTHERS = auto()
    NOBODYS = auto()


class Verdict(Enum):
    """How far a caller came."""

    LET_IN = auto()  # whatever the world says then: done, not enough money, not in this state
    UNKNOWN = auto()  # 401
    FORBIDDEN = auto()
    NOT_THERE = auto()
    BROKEN = auto()


def verdict(answer: httpx.Response) -> Verdict:
    if answer.status_code >= 500:
        return Verdict.BROKEN
    if answer.status_code == 401:
        return Verdict.UNKNOWN
    if answer.status_code == 404:
        return Verdict.NOT_THERE
    if answer.status_code == 403 and answer.json()["error"]["code"] == "FORBIDDEN":
        return Verdict.FORBIDDEN
    return Verdict.LET_IN


class Cell:
    """One route, one caller, and whose thing it is that is asked about."""

    def __init__(self, name: str, caller: str, whose: Whose) -> None:
        self.name, self.caller, self.whose = name, caller, whose
        self.rule, self.thing = API_POLICY[name], THINGS.get(name)

    @property
    def is_owners(self) -> bool:
        """Whether the caller's role has things of this kind as its own."""
        return self.thing is not None and self.caller in OWNERS.get(self.thing, ())

    def expected(self) -> Verdict:
        """As the table says."""
        if isinstance(self.rule, Rule):
            return self._by_rule(self.rule)
        if self.caller in ("anonymous", "switch", "other switch"):
            return Verdict.UNKNOWN
        if self.caller not in self.rule:
            return Verdict.FORBIDDEN
        return self._by_thing(seen_by_all=not self.is_owners)

    def _by_rule(self, rule: Rule) -> Verdict:
        if rule is Rule.NOBODY:
            return Verdict.NOT_THERE
        if rule in (Rule.ANYBODY, Rule.THIS_MACHINE):
            return Verdict.LET_IN
        if "switch" not in self.caller:
            return Verdict.UNKNOWN
        return self._by_thing(seen_by_all=False)

    def _by_thing(self, *, seen_by_all: bool) -> Verdict:
        if self.thing is None or self.whose is Whose.OWN:
            return Verdict.LET_IN
        if self.thing is Thing.ONESELF:
            return Verdict.FORBIDDEN
        if self.whose is Whose.ANOTHERS and seen_by_all:
            return Verdict.LET_IN
        return Verdict.NOT_THERE

    def __repr__(self) -> str:
        return f"{self.caller}: {self.name} ({self.whose.name.lower()})"


CALLERS = (*(role.value for role in Role), "switch", "anonymous")


def cells() -> Iterator[Cell]:
    for caller in CALLERS:
        for name in API_POLICY:
            for whose in Whose if name in THINGS else (Whose.NOBODYS,):
                yield Cell(name, caller, whose)


# A body that is right for each order about a thing: else it would be refused before anybody looked.
CASH = {"amount": 500}
BODIES: Mapping[str, Mapping[str, Any]] = {
    "POST /withdrawal/atm": CASH,
    "POST /withdrawal/agent": CASH,
    "POST /withdrawal/agent/offer": CASH | {"latitudeE6": 14_917_100, "longitudeE6": -23_509_100},
    "POST /deposit/agent": CASH,
    "POST /withdrawal/{transaction_id}/claim": {"text": "-"},
    "POST /withdrawal/{transaction_id}/evidence": {
        "source": "cassette_count", "dispensed": 0, "note": "-",
    },
    "POST /withdrawal/{transaction_id}/release": {"evidence": "-"},
    "POST /agent/requests/{transaction_id}/confirm": {"pickupCode": "000000"},
    "POST /agent/requests/{transaction_id}/refuse": {"reason": "-"},
    "POST /deposit/agent/{transaction_id}/reversal": {"reason": "-"},
    "POST /agent/tills/{till_id}/open": {"cash": 0},
    "POST /agent/tills/{till_id}/close": {"cash": 0},
    "POST /agent/tills/{till_id}/cash": {"amount": 5, "way": "brought", "reason": "-"},
    "POST /principals/{principal_id}/managers": {"phone": "", "name": "Zé", "pin": "482915"},
    "POST /agents/{agent_id}/operators": {"phone": "", "name": "Zé", "pin": "482915"},
    "POST /agents/{agent_id}/tills": {"name": "Caixa"},
    "POST /agents/{agent_id}/float-levels": {"floor": 0, "low": 0, "ok": 1},
    "POST /agents/{agent_id}/status": {"status": "open", "reason": "-"},
    "POST /redemptions/{redemption_id}/pay": {"reference": ""},
    "POST /redemptions/{redemption_id}/refuse": {"reason": "-"},
    "POST /proposals/{proposal_id}/approve": {"contentHash": "0" * 64},
    "POST /proposals/{proposal_id}/withdraw": {"reason": "-"},
    "POST /wallets/{user_id}/status": {"status": "open"},
    "POST /wallets/{user_id}/blacklist": {"listed": False, "reason": "-"},
    "POST /disputes/{dispute_id}/resolution": {"resolution": "not_in_file", "evidence": "-"},
    "POST /disputes/{dispute_id}/resolution/approve": {"resolution": "not_in_file"},
    "POST /journal/{number}/reversal": {"reason": "-"},
    "POST /cases/{case_id}/assign": {"userId": ""},
    "POST /cases/{case_id}/note": {"text": "-"},
    "POST /cases/{case_id}/release": {"text": "-"},
    "POST /cases/{case_id}/refuse": {"text": "-"},
    "POST /cases/{case_id}/close": {"text": "-"},
    "POST /webhooks/{webhook_id}/replay": {"deliveredToo": False},
    "POST /people/{user_id}/disable": {"reason": "-"},
    "POST /books/periods/{month}/close": {"reason": "-"},
    "POST /books/manual/recurring/{recurring_id}/end": {"reason": "-"},
}  # fmt: skip
WITHOUT_BODY = frozenset(
    {
        "POST /withdrawal/{transaction_id}/cancel",
        "POST /withdrawal/{transaction_id}/approve",
        "POST /withdrawal/{transaction_id}/release/approve",
        "POST /agent/offers/{transaction_id}/take",
        "POST /agent/offers/{transaction_id}/decline",
        "POST /webhooks/{webhook_id}/rotate",
        "POST /people/{user_id}/reset-code",
        "POST /books/periods/{month}/soft-close",
        "POST /books/manual/templates/{template_id}/retire",
    }
)


class Asking:
    """Asks for one cell after the other."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._shared: dict[Thing, str] = {}

    async def ask(self, cell: Cell) -> httpx.Response:
        method, path = cell.name.split(" ", 1)
        named = "" if cell.thing is None else await self._named(cell)
        path = re.sub(r"\{\w+\}", named or str(uuid4()), path).removeprefix("/")
        body = self._body(cell, named)
        if "switch" in cell.caller:
            query = "?localDate=" + self._town.switch.trace()["localDate"]
            return await self._town.switch.send(path + query, body, method=method)
        headers = {
            "Idempotency-Key": some("key"),
            "X-Log-Position": str(self._town.server.position),
        }
        if cell.caller != "anonymous":
            headers |= self._town.people[cell.caller].headers
        client = self._town.server.client
        return await client.request(method, path, json=body, headers=headers, params=QUERY)

    async def _named(self, cell: Cell) -> str:
        """The id that stands in the path, or the user or agent in the body."""
        assert cell.thing is not None
        if cell.whose is Whose.NOBODYS:
            return NOBODYS.get(cell.thing) or str(uuid4())
        if cell.thing is Thing.OPERATION:
            return await self._operation(cell.whose)
        if cell.expected() in (Verdict.UNKNOWN, Verdict.FORBIDDEN) and not cell.is_owners:
            return await self._some(cell.thing)
        return await self._made(cell)

    async def _made(self, cell: Cell) -> str:
        assert cell.thing is not None
        owner = self._town.people[cell.caller]
        if cell.thing is Thing.PROPOSAL and cell.caller == "admin":
            return await about_people(self._town)
        if cell.whose is Whose.ANOTHERS and cell.is_owners:
            if cell.thing is Thing.OUTLET:
                return await self._town.make(Thing.COUNTER, owner)
            owner = self._town.people[OTHER.get(cell.caller, "operator")]
        elif not cell.is_owners:
            owner = self._town.people[OWNER_OF.get(cell.thing, "operator 1")]
        if cell.thing is Thing.ONESELF and cell.caller == "agent":
            return str(owner.who.agent_id)
        return await self._town.make(cell.thing, owner)

    async def _some(self, thing: Thing) -> str:
        """One that is there, for whoever may not even ask."""
        if thing not in self._shared:
            owner = self._town.people[OWNER_OF.get(thing, "operator 1")]
            self._shared[thing] = await self._town.make(thing, owner)
        return self._shared[thing]

    async def _operation(self, whose: Whose) -> str:
        mine, others = self._town.switch, self._town.other_switch
        self._town.switch = mine if whose is Whose.OWN else others
        try:
            return await self._town.make(Thing.OPERATION, self._town.people["operator"])
        finally:
            self._town.switch = mine

    def _body(self, cell: Cell, named: str) -> dict[str, Any] | None:
        if cell.thing is None or cell.name in WITHOUT_BODY or not cell.name.startswith("POST"):
            return None
        people = self._town.people
        body = dict(BODIES[cell.name])
        if cell.thing is Thing.ONESELF:
            customer, agent = people["customer 2"], people["agent"]
            of_agent = cell.name == "POST /deposit/agent"
            body |= {"userId": customer.id if of_agent else named}
            if of_agent or cell.name == "POST /withdrawal/agent":
                body |= {"agentId": named if of_agent else str(agent.who.agent_id)}
        fresh = {"phone": number(), "reference": some("TB"), "userId": people["operator"].id}
        return body | {name: fresh[name] for name in body if body[name] == ""}


NOBODYS = {
    Thing.ENTRY: "999999999999", Thing.OPERATION: "999999999999", Thing.HEADING: "9999",
    Thing.DEVICE_KEY: "A" * 43, Thing.MONTH: "9998-12",
}  # fmt: skip
OTHER = {
    "customer": "customer 1", "agent": "agent 1", "operator": "operator 1",
}  # fmt: skip
OWNER_OF = {
    **dict.fromkeys(
        (
            Thing.WITHDRAWAL, Thing.CODE, Thing.REQUEST, Thing.PAID, Thing.CLAIM, Thing.MOVEMENT,
            Thing.ONESELF, Thing.DEVICE_KEY,
        ),
        "customer 1",
    ),
    **dict.fromkeys(
        (Thing.AT_COUNTER, Thing.OFFER, Thing.RECEIPT, Thing.CASH_IN, Thing.TILL), "agent 1"
    ),
}  # fmt: skip


def test_every_route_that_names_something_says_what() -> None:
    naming = {name for name in API_POLICY if "{" in name and API_POLICY[name] is not Rule.NOBODY}
    assert naming <= THINGS.keys()
    assert set(THINGS) <= set(API_POLICY)
    orders = {name for name in THINGS if name.startswith("POST")}
    assert orders == BODIES.keys() | WITHOUT_BODY
    assert set(THINGS.values()) == set(Thing) == MAKERS.keys()


def test_the_page_is_the_table() -> None:
    said = PAGE.read_text(encoding="utf-8")
    for line in as_page():
        assert line in said, f"python -m server.policy prints another line: {line}"


class Ledger:
    """What came of each cell, and what should not have."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self._nobodys: dict[tuple[str, str], bytes] = {}

    def note(self, cell: Cell, answer: httpx.Response) -> None:
        came = verdict(answer)
        if came is not cell.expected():
            said = f"{came.name}, not {cell.expected().name}"
            self.wrong.append(f"{cell}: {said}: {answer.text[:200]}")
        elif cell.whose is Whose.OWN and answer.status_code in (400, 415):
            self.wrong.append(f"{cell}: was not understood: {answer.text[:200]}")
        if came is Verdict.NOT_THERE and cell.thing is not None:
            self._require_as_nobodys(cell, answer.content)

    def _require_as_nobodys(self, cell: Cell, content: bytes) -> None:
        """What is another's looks exactly as if it were nobody's."""
        seen = self._nobodys.setdefault((cell.caller, cell.name), content)
        if seen != content:
            self.wrong.append(f"{cell}: {seen!r} is not {content!r}")


async def signed_in_again(people: dict[str, Somebody]) -> dict[str, Somebody]:
    """Another session of each."""
    again = {who: Somebody(**vars(person)) for who, person in people.items()}
    for person in again.values():
        await person.sign_in()
    return again


async def test_everybody_comes_as_far_as_the_table_says_and_no_further(server: Running) -> None:
    town, ledger = Town(server), Ledger()
    await town.wakes()
    here = town.people
    leaving = await signed_in_again(await signed_in_again(here))
    asking = Asking(town)
    matrix = sorted(cells(), key=lambda cell: cell.name in ENDS_ALL)
    for cell in matrix:
        town.people = leaving if cell.name == "POST /auth/logout" else here
        ledger.note(cell, await asking.ask(cell))
    assert not ledger.wrong, "\n".join(ledger.wrong)
    asked = sum(len(Whose) if name in THINGS else 1 for name in API_POLICY)
    assert len(matrix) == asked * len(CALLERS)
