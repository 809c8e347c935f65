"""Whatever stands in the table of confirming asks for the second factor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from server.confirming import ALWAYS, CONFIRMED
from server.policy import API_POLICY, Rule
from server.settings import Settings
from tests.server.conftest import Running
from tests.server.people import Somebody
from tests.server.test_access import Asking, Cell, Whose
from tests.server.things import Town, number


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Webhooks may lead to this machine: nobody outside is told of anything."""
    return Settings(home=tmp_path, pin_threads=1, webhook_allow_loopback=True)


BODIES: dict[str, dict[str, Any]] = {
    "POST /auth/pin": {"current": "", "new": "739204"},
    "POST /devices/keys": {"jwk": ECKey.generate_key("P-256").as_dict(private=False)},
    "POST /people": {"phone": "", "name": "Zé", "role": "operator"},
    "POST /deposit/bank": {"reference": "TB", "amount": 1, "valueDate": "2026-01-02"},
    "POST /deposit/unidentified/assign": {"reference": "TB", "phone": ""},
    "POST /webhooks": {"url": "https://bank.example.com/told"},
    "POST /proposals": {"kind": "pay_in_capital", "amount": 1, "reference": "owners"},
}
WHO = ("customer", "operator", "accountant", "admin")


def caller_of(name: str) -> str:
    """Somebody whom the table of roles lets in, and who has not made the thing."""
    rule = API_POLICY[name]
    assert not isinstance(rule, Rule)
    return next(who for who in WHO if who in rule)


async def asked(town: Town, asking: Asking, name: str) -> tuple[int, str]:
    """How somebody is answered who has signed in and confirmed nothing."""
    if name in BODIES:
        who: Somebody = town.people[caller_of(name)]
        fresh = {"current": who.who.pin, "phone": number()}
        body = {key: fresh[key] if value == "" else value for key, value in BODIES[name].items()}
        answer = await who.post(name.removeprefix("POST /"), body)
    elif name == "POST /journal/{number}/reversal":
        credit = {"reference": "TB-confirming", "amount": 10, "valueDate": "2026-01-02"}
        colleague = await town.confirmed("operator 1")
        booked = await colleague.post("deposit/bank", credit)
        assert booked.status_code == 201, booked.text
        ((last,),) = town.server.ask("SELECT max(entry_number) FROM ledger.log")
        answer = await town.people["operator"].post(f"journal/{last}/reversal", {"reason": "-"})
    else:
        answer = await asking.ask(Cell(name, caller_of(name), Whose.OWN))
    return answer.status_code, answer.json().get("error", {}).get("code", answer.text)


async def test_every_route_of_the_table_asks_whoever_has_not_confirmed(server: Running) -> None:
    town = Town(server)
    await town.wakes()
    asking = Asking(town)
    always = [name for name, when in CONFIRMED.items() if when == ALWAYS]
    wrong = {name: await asked(town, asking, name) for name in always}
    wrong = {name: came for name, came in wrong.items() if came != (403, "STEP_UP_REQUIRED")}
    assert not wrong


def test_the_table_names_routes_of_the_policy() -> None:
    assert set(CONFIRMED) <= set(API_POLICY)
