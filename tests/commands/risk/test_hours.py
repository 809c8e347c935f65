"""Changes out of working hours are logged, and looked at when the rule is live."""

from __future__ import annotations

import pytest
from uuid_utils.compat import uuid7

from commands.approval.approve import Approve
from commands.approval.propose import Propose
from commands.identity.person import Role
from commands.risk.case import Case
from commands.risk.catalogue import BY_NAME
from commands.risk.rulebook import THE_RULES, Action, Mode, Rule
from commands.risk.set_rules import SetRules
from commands.risk.work_case import CloseCase
from tests.commands.risk.rules import live, of_last
from tests.commands.town import Town

NIGHT = 13 * 3_600  # after half past nine in the morning


@pytest.fixture
def town() -> Town:
    town = Town()
    live(town, "out_of_hours")
    return town


def rules(name: str = "structuring", **thresholds: int) -> SetRules:
    """A change that makes this rule the only one, live."""
    typology = BY_NAME[name]
    rule = Rule(
        name=name,
        action=typology.action,
        mode=Mode.LIVE,
        thresholds=typology.thresholds | thresholds,
    )
    return SetRules(rules=(rule,))


def propose(town: Town, change: SetRules) -> Propose:
    """An operator proposes it."""
    maker = town.staff(Role.OPERATOR)
    return Propose(proposal_id=uuid7(), maker_id=maker, change=change, ttl_seconds=86_400)


def test_by_day_nobody_is_looked_at(town: Town) -> None:
    town.do(propose(town, rules()))
    assert of_last(town, "risk.hit") == []


def test_by_night_a_proposal_opens_a_case_that_its_maker_cannot_work(town: Town) -> None:
    order = propose(town, rules())
    town.later(NIGHT).do(order)
    (hit,) = of_last(town, "risk.hit")
    assert (hit["rule"], hit["operation"]) == ("out_of_hours", "set_rules")
    (case,) = town._all(Case)
    close = CloseCase(case_id=case.id, operator_id=order.maker_id, text="it was me")
    assert town.refused(close).code == "FORBIDDEN"
    town.do(CloseCase(case_id=case.id, operator_id=town.staff(Role.OPERATOR), text="agreed"))


def test_two_people_set_the_rules_and_the_editions_before_stay(town: Town) -> None:
    answer = town.do(propose(town, rules(count=7)))
    checker = town.staff(Role.OPERATOR)
    approve = Approve(
        proposal_id=answer.proposal_id, checker_id=checker, content_hash=answer.content_hash
    )
    town.do(approve)
    assert town.kinds == ["rules.set", "proposal.applied"]
    book = town.find(THE_RULES)
    assert [edition.number for edition in book.editions] == [1, 2, 3]
    assert book.editions[-1].rule("structuring").thresholds["count"] == 7


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            SetRules(rules=(Rule(name="x", action=Action.DENY, mode=Mode.LIVE, thresholds={}),)),
            "unknown",
        ),
        (SetRules(rules=(*rules().rules, *rules().rules)), "twice"),
        (rules(extra=1), "are:"),
        (rules(count=0), "above zero"),
    ],
)
def test_rules_that_make_no_sense_are_refused_when_proposed(
    town: Town, change: SetRules, reason: str
) -> None:
    refusal = town.refused(propose(town, change))
    assert refusal.code == "INVALID_REQUEST"
    assert reason in str(refusal.facts["reason"])
