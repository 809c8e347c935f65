"""A cash machine that pays to many wallets in a short time is looked at, and goes on paying."""

from __future__ import annotations

from typing import Any

import pytest

from commands.risk.activity import Recent
from commands.risk.case import Case
from commands.risk.machines import from_many
from commands.risk.rulebook import Rule
from commands.risk.work_case import CloseCase
from tests.commands.risk.rules import dry, live, of_last, publish
from tests.commands.town import Customer, trace
from tests.commands.withdrawal.street import CODE, Street, asks

RULE = "terminal_velocity"


class Queue(Street):
    """People who take cash at one machine, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.people = [self.customer(f"p{number}", 10_000) for number in range(4)]
        self.number = 0

    def pays(self, who: Customer, seconds: int) -> list[Any]:
        """Somebody takes cash, so long after the one before; the rules that it hits."""
        self.later(seconds).do(asks(who, 1_000, CODE))
        self.number += 1
        of = trace(self.number)
        reply = self.authorise(escudos=1_000, phone=who.phone_index, of=of)
        assert reply.response_code == "00", "it stops no machine"
        return [payload["rule"] for payload in of_last(self, "risk.hit")]


@pytest.fixture
def queue() -> Queue:
    queue = Queue()
    live(queue, RULE, wallets=3, seconds=60)
    return queue


def test_as_many_wallets_as_the_threshold_at_one_machine_open_one_case(queue: Queue) -> None:
    first, second, third, fourth = queue.people
    assert queue.pays(first, 0) == []
    assert queue.pays(second, 30) == []
    assert queue.pays(third, 30) == [RULE]
    assert queue.pays(fourth, 1) == [RULE]
    (case,) = queue._all(Case)
    assert case.rule == RULE
    queue.do(CloseCase(case_id=case.id, operator_id=queue.operator, text="a crowd"))


def test_a_second_more_between_them_is_no_hit(queue: Queue) -> None:
    first, second, third, _ = queue.people
    hits = [queue.pays(first, 0), queue.pays(second, 30), queue.pays(third, 31)]
    assert hits == [[], [], []]


def test_in_dry_run_it_is_logged_and_opens_no_case(queue: Queue) -> None:
    rule = dry(RULE)
    publish(
        queue,
        Rule(
            name=RULE, action=rule.action, mode=rule.mode, thresholds={"wallets": 1, "seconds": 60}
        ),
    )
    assert queue.pays(queue.people[0], 0) == [RULE]
    assert list(queue._all(Case)) == []


def test_a_machine_that_has_paid_nothing_is_quiet() -> None:
    assert not from_many(Recent(b""), 1_000, {"wallets": 1, "seconds": 60})
