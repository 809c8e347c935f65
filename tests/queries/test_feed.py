"""The feed: what is told to whom, and nothing else; alerts as they stand."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from commands.alerts.alert import alert_id
from commands.alerts.levels import AlertName
from ledger import chart
from ledger.journal import Line, entry
from ledger.money import Money
from queries import alerts, feed
from queries.feed import EVERY_OPERATOR, Listener, Passed, Told
from queries.projection.feed import AGENT, CUSTOMER, OPERATORS
from queries.projector import Projector
from queries.reader import Reader
from tests.queries.forge import Happened
from tests.queries.town import Town


async def told(reader: Reader, audience: str, owner: UUID) -> list[Told]:
    return list(await feed.own(reader, Listener(audience, owner), 0, 2**62))


async def kinds(reader: Reader, audience: str, owner: UUID) -> list[str]:
    return [each.event for each in await told(reader, audience, owner)]


async def test_both_sides_of_a_transfer_are_told_and_nobody_else(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, rui, eva = await town.wallet(5_000_00), await town.wallet(), await town.wallet()
    id_, _ = await town.transfer(ana, rui, 1_000_00, 10_00)
    await projector.catch_up()
    for each, direction in ((ana, "out"), (rui, "in")):
        last = (await told(reader, CUSTOMER, each.user))[-1]
        assert (last.event, last.subject) == ("transfer.made", id_)
        assert last.data == {"amount": Money(1_000_00), "direction": direction}
    assert await kinds(reader, CUSTOMER, eva.user) == ["wallet.opened"]


async def test_who_may_never_get_a_transfer_is_not_told_of_it(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, rui = await town.wallet(5_000_00), await town.wallet()
    facts = {"user": ana.user, "wallet": ana.id, "from": ana.id, "to": rui.id, "state": "held"}
    for happened in ("held", "refused"):
        said = {**facts, "state": happened, "amount": 1_00, "fee": 0}
        await town.forge(Happened(f"transfer.{happened}", uuid4(), said))
        await projector.catch_up()
        assert (await told(reader, CUSTOMER, ana.user))[-1].data["direction"] == "out"
        assert await kinds(reader, CUSTOMER, rui.user) == ["wallet.opened"]
    said = {**facts, "state": "released", "amount": 1_00, "fee": 0}
    await town.forge(Happened("transfer.released", uuid4(), said))
    await projector.catch_up()
    last = (await told(reader, CUSTOMER, rui.user))[-1]
    assert (last.event, last.data["direction"]) == ("transfer.released", "in")


async def test_customer_and_agent_are_told_of_a_request_each_in_their_way(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, agent, other = await town.wallet(9_000_00), await town.agent(), await town.agent()
    cash = await town.ask_agent(ana, agent, 3_000_00, 60_00, 30_00)
    await projector.catch_up()
    mine = (await told(reader, CUSTOMER, ana.user))[-1].data
    theirs = (await told(reader, AGENT, agent.id))[-1].data
    assert mine["fee"] == Money(60_00)
    assert "commission" not in mine
    assert theirs["commission"] == Money(30_00)
    assert "fee" not in theirs
    assert mine["state"] == theirs["state"] == cash.state
    assert await kinds(reader, AGENT, other.id) == []


async def test_a_request_that_is_offered_is_told_to_all_to_whom_it_is(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, near = await town.wallet(9_000_00), [await town.agent() for _ in range(2)]
    payload = {
        "user": ana.user,
        "wallet": ana.id,
        "agent": None,
        "offeredTo": [each.id for each in near],
        "state": "pending",
        "amount": 3_000_00,
        "fee": 60_00,
        "commission": 30_00,
        "tariffEdition": 1,
        "expiresAt": None,
    }
    await town.forge(Happened("cash_out.passed_on", uuid4(), payload))
    await projector.catch_up()
    for each in near:
        assert await kinds(reader, AGENT, each.id) == ["cash_out.passed_on"]


async def test_a_bank_credit_is_told_to_whoever_has_the_account(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, agent = await town.wallet(100_00), await town.agent(200_00)
    await projector.catch_up()
    assert "bank.credited" in await kinds(reader, CUSTOMER, ana.user)
    assert await kinds(reader, AGENT, agent.id) == ["bank.credited"]
    assert (await kinds(reader, OPERATORS, EVERY_OPERATOR)).count("bank.credited") == 2


async def test_nothing_is_told_that_is_not_on_the_list(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet()
    secret: dict[str, Any] = {"user": ana.user, "amount": 1, "code": "123456", "fee": None}
    await town.forge(
        Happened("some.secret", uuid4(), secret), Happened("transfer.made", uuid4(), secret)
    )
    await projector.catch_up()
    last = (await told(reader, CUSTOMER, ana.user))[-1]
    assert (last.event, last.data) == ("transfer.made", {"amount": Money(1)})


async def test_names_that_are_no_ids_do_not_stop_the_projector(
    town: Town, projector: Projector, reader: Reader
) -> None:
    odd: dict[str, Any] = {"user": "somebody", "wallet": 7, "agent": [], "offeredTo": "all"}
    await town.forge(Happened("alert.levels_set", uuid4(), odd))
    await projector.catch_up()
    assert (await kinds(reader, OPERATORS, EVERY_OPERATOR))[-1] == "alert.levels_set"


async def test_pages_follow_each_other_without_gap_or_repeat(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana, rui = await town.wallet(5_000_00), await town.wallet()
    for _ in range(4):
        await town.transfer(ana, rui, 1_00, 10)
    await projector.catch_up()
    whole = await feed.after(reader, (0, "", EVERY_OPERATOR))
    place = (0, "", EVERY_OPERATOR)
    found: list[Passed] = []
    while page := await feed.after(reader, place, 3):
        found += page
        last = page[-1]
        place = (last.told.position, last.listener.audience, last.listener.owner)
    assert [(each.listener, each.told.position) for each in found] == [
        (each.listener, each.told.position) for each in whole
    ]


# -- alerts --------------------------------------------------------------------------------------


def alert(name: AlertName, kind: str, value: int, about: UUID | None = None) -> Happened:
    facts = {"name": name, "about": about, "value": value, "level": 20, "unit": "count"}
    return Happened(f"alert.{kind}", alert_id(name, about), facts)


async def test_alerts_stand_until_they_are_cleared(
    town: Town, projector: Projector, reader: Reader
) -> None:
    name = AlertName.IN_DOUBT_COUNT
    await town.forge(alert(name, "raised", 21))
    await projector.catch_up()
    assert await alerts.standing(reader) == {name: 1}
    await town.forge(alert(name, "cleared", 2), alert(name, "raised", 30))
    await town.forge(alert(name, "cleared", 1))
    await projector.catch_up()
    (found,) = (await alerts.page(reader, None, 10, None)).items
    assert (found.raised, found.value, found.times) == (False, 1, 2)
    assert found.cleared_at is not None
    assert found.raised_at < found.cleared_at
    assert await alerts.standing(reader) == {}


async def test_a_low_float_is_an_alert_about_its_agent(
    town: Town, projector: Projector, reader: Reader
) -> None:
    agent = await town.agent()
    facts = {"agent": agent.id, "float": 5_00, "low": 10_00, "ok": 20_00}
    await town.forge(Happened("float.low", agent.id, facts))
    await projector.catch_up()
    (found,) = (await alerts.page(reader, True, 10, None)).items
    assert (found.name, found.about, found.value) == ("float_low", agent.id, 5_00)
    await town.forge(Happened("float.ok", agent.id, {**facts, "float": 25_00}))
    await projector.catch_up()
    assert (await alerts.page(reader, True, 10, None)).items == ()


async def test_pages_of_alerts_begin_with_the_newest_change(
    town: Town, projector: Projector, reader: Reader
) -> None:
    names = [AlertName.HELD_AGE, AlertName.DISPUTE_AGE, AlertName.IN_DOUBT_AGE]
    for name in names:
        await town.forge(alert(name, "raised", 1))
    await projector.catch_up()
    first = await alerts.page(reader, True, 2, None)
    second = await alerts.page(reader, True, 2, first.next_cursor)
    assert [each.name for each in (*first.items, *second.items)] == names[::-1]
    assert second.next_cursor is None


async def test_everything_is_measured_from_the_models(
    town: Town, projector: Projector, reader: Reader
) -> None:
    ana = await town.wallet(9_000_00)
    cash = await town.ask(ana, 2_000_00, 25_00)
    await town.authorise(cash)
    await town.doubt(cash)
    unidentified = chart.the(chart.UNIDENTIFIED_CREDITS)
    await town.credit(unidentified, 700_00, "unidentified")
    breaks, payable = chart.the(chart.SUSPENSE_BREAKS), chart.the(chart.SWITCH_PAYABLE)
    await town.forge(
        Happened("x.broke", uuid4(), {}, entry(Line(breaks, 500_00), Line(payable, -500_00)))
    )
    await town.forge(Happened("login.failed", ana.user, {"user": ana.user, "reason": "pin"}))
    step_up = {"scope": "network", "dryRun": False, "until": "2999-01-01T00:00:00Z"}
    await town.forge(Happened("step_up.began", uuid4(), step_up))
    await projector.catch_up()
    found = await alerts.measures(reader)
    assert found.position == projector.position
    assert found.unidentified_credits == 700_00
    assert found.suspense_breaks == 500_00
    assert found.in_doubt_count == 1
    assert (found.in_doubt_age, found.held_age) <= (60, 60)
    assert found.dispute_age == 0
    assert (found.network_step_up, found.failed_log_ins) == (1, 1)
