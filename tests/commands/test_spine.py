"""The spine: one order, one effect, one answer for each caller, whatever goes wrong."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import psycopg
import pytest

from commands.deciding import Outcome
from commands.spine import Limits, Spine
from ledger.database import connect
from ledger.errors import (
    Broken,
    IdempotencyConflict,
    InsufficientFunds,
    NetworkError,
    Overloaded,
    Refusal,
)
from ledger.log import Log
from tests.commands.moves import (
    ACTOR,
    Customer,
    Done,
    LeaveTrace,
    Overstate,
    Pay,
    Stumble,
    customer,
    key,
    pay,
)
from tests.conftest import Database


def rows(database: Database, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.owner) as connection:
        return connection.execute(statement).fetchall()


def count(database: Database, kind: str) -> int:
    found = rows(database, f"SELECT count(*) FROM ledger.log WHERE kind = '{kind}'")  # noqa: S608
    return int(str(found[0][0]))


def pays(to: Customer, amount: int) -> Pay:
    return Pay(wallet_id=to.wallet_id, amount=amount)


async def outcomes(*submissions: object) -> list[object]:
    return list(await asyncio.gather(*submissions, return_exceptions=True))  # type: ignore[call-overload]


async def test_an_answer_comes_with_the_position_of_its_record(
    spine: Spine, database: Database
) -> None:
    ana = await customer(spine, 0)
    outcome = await spine.submit(pays(ana, 500), actor=ACTOR, request_id="r-1")
    assert outcome.body == b'{"balance":5}'
    assert rows(
        database, "SELECT position, kind, actor, request_id FROM ledger.log ORDER BY 1 DESC LIMIT 1"
    ) == [(outcome.position, "test.paid", ACTOR, "r-1")]


async def test_a_record_tells_who_in_which_session_and_how_it_ended(
    spine: Spine, database: Database
) -> None:
    ana, session = await customer(spine, 100), uuid4()
    await spine.submit(pays(ana, 1), actor="ana", request_id="r-1", session=session)
    tries = LeaveTrace(wallet_id=ana.wallet_id, amount=50)
    with pytest.raises(InsufficientFunds):
        await spine.submit(tries, actor="ana", request_id="r-2", session=session)
    assert rows(
        database,
        "SELECT actor, session, request_id, outcome FROM ledger.log WHERE actor = 'ana' ORDER BY 3",
    ) == [("ana", session, "r-1", "done"), ("ana", session, "r-2", "INSUFFICIENT_FUNDS")]


async def test_a_thousand_callers_share_few_commits_and_lose_nothing(
    spine: Spine, database: Database
) -> None:
    ana = await customer(spine, 0)
    before = spine.batches
    await asyncio.gather(*(pay(spine, ana, 1) for _ in range(1_000)))
    assert (await pay(spine, ana, 1)).balance.minor == 1_001
    assert spine.batches - before < 20
    assert count(database, "test.paid") == 1_001


async def test_a_refusal_leaves_nothing(spine: Spine, database: Database) -> None:
    ana = await customer(spine, 100)
    with pytest.raises(InsufficientFunds):
        await pay(spine, ana, -101)
    assert count(database, "test.paid") == 1


async def test_a_refusal_leaves_only_what_it_carries_on_purpose(
    spine: Spine, database: Database
) -> None:
    ana = await customer(spine, 100)
    with pytest.raises(InsufficientFunds):
        await spine.submit(
            LeaveTrace(wallet_id=ana.wallet_id, amount=50), actor=ACTOR, request_id="r"
        )
    assert count(database, "test.tried") == 1
    assert (await pay(spine, ana, 1)).balance.minor == 101


async def test_a_bug_in_one_decision_fails_that_command_alone(
    spine: Spine, database: Database
) -> None:
    ana = await customer(spine, 0)
    bad = Stumble(wallet_id=ana.wallet_id, amount=7)
    done = await outcomes(
        pay(spine, ana, 1), spine.submit(bad, actor=ACTOR, request_id="r"), pay(spine, ana, 2)
    )
    assert [type(each) for each in done] == [Done, Broken, Done]
    assert (await pay(spine, ana, 1)).balance.minor == 4
    assert count(database, "test.paid") == 3


async def test_a_command_that_the_database_rejects_fails_alone(
    spine: Spine, database: Database
) -> None:
    ana = await customer(spine, 0)
    bad = Overstate(wallet_id=ana.wallet_id, amount=7)
    done = await outcomes(
        pay(spine, ana, 1), spine.submit(bad, actor=ACTOR, request_id="r"), pay(spine, ana, 2)
    )
    assert [type(each) for each in done] == [Done, Broken, Done]
    assert count(database, "test.overstated") == 0
    assert (await pay(spine, ana, 1)).balance.minor == 4


async def test_a_key_replays_its_reply_to_the_byte(spine: Spine, database: Database) -> None:
    ana = await customer(spine, 0)
    first = await spine.submit(pays(ana, 5), actor=ACTOR, request_id="r", once=key("k"))
    await pay(spine, ana, 100)
    again = await spine.submit(pays(ana, 5), actor=ACTOR, request_id="s", once=key("k"))
    assert (again.body, again.position, again.replayed) == (first.body, first.position, True)
    assert count(database, "test.paid") == 2


async def test_a_key_replays_its_refusal(spine: Spine) -> None:
    ana = await customer(spine, 0)
    for money in (0, 1_000):
        if money:
            await pay(spine, ana, money)
        with pytest.raises(InsufficientFunds):
            await spine.submit(pays(ana, -5), actor=ACTOR, request_id="r", once=key("k"))


async def test_a_key_with_another_body_is_refused_and_keeps_its_reply(spine: Spine) -> None:
    ana = await customer(spine, 0)
    first = await spine.submit(pays(ana, 5), actor=ACTOR, request_id="r", once=key("k"))
    with pytest.raises(IdempotencyConflict):
        await spine.submit(pays(ana, 6), actor=ACTOR, request_id="r", once=key("k", "other"))
    again = await spine.submit(pays(ana, 5), actor=ACTOR, request_id="r", once=key("k"))
    assert again.body == first.body


async def test_one_key_sent_a_hundred_times_at_once_has_one_effect(
    spine: Spine, database: Database
) -> None:
    ana = await customer(spine, 0)
    done = await asyncio.gather(
        *(
            spine.submit(pays(ana, 5), actor=ACTOR, request_id=f"r-{number}", once=key("k"))
            for number in range(100)
        )
    )
    assert len({each.body for each in done}) == 1
    assert sum(not each.replayed for each in done) == 1
    assert count(database, "test.paid") == 1


async def test_a_dry_run_answers_the_same_and_keeps_nothing(
    spine: Spine, database: Database
) -> None:
    ana = await customer(spine, 100)
    dry = await spine.submit(pays(ana, -40), actor=ACTOR, request_id="r", dry_run=True)
    assert dry.fresh.balance.minor == 60
    with pytest.raises(InsufficientFunds):
        await spine.submit(pays(ana, -101), actor=ACTOR, request_id="r", dry_run=True)
    assert (await pay(spine, ana, 1)).balance.minor == 101
    assert count(database, "test.paid") == 2


async def test_of_a_thousand_payments_from_a_wallet_with_money_for_ten_ten_are_made(
    database: Database, spine: Spine
) -> None:
    ana = await customer(spine, 1_000)
    rival = Spine(Log(lambda: connect(database.commands, "rival")), Limits(deadline_seconds=30))
    rival.start()
    done = await outcomes(*(pay(each, ana, -100) for _ in range(500) for each in (spine, rival)))
    await rival.close()
    assert sum(isinstance(each, Done) for each in done) == 10
    assert sum(isinstance(each, InsufficientFunds) for each in done) == 990
    assert count(database, "test.paid") == 11


async def test_processes_that_write_at_once_see_each_others_rows(
    database: Database, spine: Spine
) -> None:
    ana = await customer(spine, 0)
    rival = Spine(Log(lambda: connect(database.commands, "rival")), Limits(deadline_seconds=30))
    rival.start()
    for _ in range(20):
        await asyncio.gather(*(pay(each, ana, 1) for _ in range(50) for each in (spine, rival)))
    await rival.close()
    assert (await pay(spine, ana, 1)).balance.minor == 2_001
    assert rows(database, "SELECT -sum(amount) FROM ledger.line WHERE amount < 0 ") != []


async def test_a_full_queue_refuses_at_once(database: Database, spine: Spine) -> None:
    ana = await customer(spine, 0)
    log = Log(lambda: connect(database.commands, "small"))
    small = Spine(log, Limits(queue_max=10, deadline_seconds=30))
    with psycopg.connect(database.owner) as holder:
        holder.execute("SELECT FROM ledger.lock_head()")
        small.start()
        waiting = [asyncio.create_task(pay(small, ana, 1)) for _ in range(1)]
        await asyncio.sleep(0.1)  # the first is at the database now
        waiting += [asyncio.create_task(pay(small, ana, 1)) for _ in range(10)]
        await asyncio.sleep(0)
        begin = asyncio.get_running_loop().time()
        with pytest.raises(Overloaded):
            await pay(small, ana, 1)
        assert asyncio.get_running_loop().time() - begin < 0.05
    await asyncio.gather(*waiting)
    await small.close()
    assert (await pay(spine, ana, 1)).balance.minor == 12


async def test_who_waits_longer_than_the_deadline_is_told_whether_it_had_begun(
    database: Database, spine: Spine
) -> None:
    ana = await customer(spine, 0)
    slow = Spine(
        Log(lambda: connect(database.commands, "slow")),
        Limits(batch_max=1, deadline_seconds=0.2),
    )
    slow.start()
    with psycopg.connect(database.owner) as holder:
        holder.execute("SELECT FROM ledger.lock_head()")
        done = await outcomes(pay(slow, ana, 1), pay(slow, ana, 10))
    assert [(type(each).__name__, each.facts) for each in done if isinstance(each, Refusal)] == [
        ("OutcomeUnknown", {"outcome": "unknown"}),
        ("Overloaded", {"outcome": "none"}),
    ]
    await slow.close()
    assert (await pay(spine, ana, 1)).balance.minor == 2


async def test_closing_finishes_what_is_queued_and_refuses_what_comes(spine: Spine) -> None:
    ana = await customer(spine, 0)
    queued = [asyncio.create_task(pay(spine, ana, 1)) for _ in range(600)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(spine.close())
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await pay(spine, ana, 1)
    await closing
    assert max(each.balance.minor for each in await asyncio.gather(*queued)) == 600


async def test_a_caller_that_goes_away_cancels_nothing_that_has_begun(
    spine: Spine, database: Database
) -> None:
    ana = await customer(spine, 0)
    caller = asyncio.create_task(pay(spine, ana, 1))
    while spine.waiting or not caller.done():
        await asyncio.sleep(0)
        if not spine.waiting:
            caller.cancel()
            break
    assert (await pay(spine, ana, 1)).balance.minor == 2
    assert count(database, "test.paid") == 2


async def test_a_database_that_cannot_be_reached_is_a_network_error() -> None:
    log = Log(lambda: connect("postgresql://nobody@/nothing?host=/nowhere", "lost"))
    lost = Spine(log, Limits(retry_seconds=0.001))
    lost.start()
    with pytest.raises(NetworkError):
        await lost.submit(Pay(wallet_id=uuid4(), amount=1), actor="a", request_id="r")
    await lost.close()


async def test_a_lost_connection_is_opened_again_and_nothing_is_done_twice(
    spine: Spine, database: Database
) -> None:
    ana = await customer(spine, 0)
    for number in range(20):
        waiting = [
            asyncio.create_task(
                spine.submit(
                    pays(ana, 1), actor=ACTOR, request_id="r", once=key(f"{number}-{each}")
                )
            )
            for each in range(50)
        ]
        await asyncio.sleep(0.001 * (number % 5))
        rows(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = 'makeba_commands' AND datname = current_database()",
        )
        done: list[Outcome[Done]] = await asyncio.gather(*waiting)
        assert len(done) == 50
    assert (await pay(spine, ana, 1)).balance.minor == 1_001
