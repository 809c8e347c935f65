"""The catalogue: every rule that can be named in a rule book, and what an installation begins with.

Thresholds are illustrative: no bank's and no regulator's. A new installation has all rules of
movements in dry run, and the watches over guessed codes live.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from commands.risk.features import Features
from commands.risk.rulebook import Action, Mode, Rule, RuleBook, RuleEdition
from commands.risk.typologies import customers, flows, velocity
from commands.risk.watch import IN_ROW, USUAL
from commands.tariff import Operation
from ledger.money import CVE

ATM, CASH_OUT = Operation.ATM_WITHDRAWAL, Operation.AGENT_CASH_OUT
CASH_IN, TRANSFER = Operation.AGENT_CASH_IN, Operation.TRANSFER
CASH = (ATM, CASH_OUT)
OUT = (ATM, CASH_OUT, TRANSFER)
COUNTER = (CASH_IN, CASH_OUT)
MINOR = CVE.minor_per_major

Thresholds = Mapping[str, int]
Test = Callable[[Features, Thresholds], bool]
Amounts = Callable[[Thresholds], tuple[int, int]]
Judging = tuple[int, int, Rule, Test]
ANY_AMOUNT = (0, customers.AMOUNT_MAX)


class Typology(msgspec.Struct, frozen=True, kw_only=True):
    """One way of fraud. `test` is None where a watch or another use case finds it.

    `amounts` are the least and the most that it looks at; None is any amount.
    """

    name: str
    test: Test | None
    amounts: Amounts | None = None
    operations: tuple[Operation, ...]
    action: Action
    thresholds: dict[str, int]

    @property
    def sentence(self) -> str:
        """What it finds, for the operator."""
        written = None if self.test is None else self.test.__doc__
        return (written or WATCHED[self.name]).strip().splitlines()[0]


# What watches and other use cases find.
WATCHED = {
    "wrong_codes_terminal": "Codes are guessed at one terminal.",
    "wrong_codes_link": "Codes are guessed over one switch link.",
    "wrong_codes_network": "Codes are guessed on the whole network.",
    "terminal_velocity": "A machine pays to more wallets than people can stand at it.",
    "out_of_hours": "Somebody of ours proposes or approves a change outside of working hours.",
}


def _of(
    test: Test,
    operations: tuple[Operation, ...],
    action: Action,
    amounts: Amounts | None = None,
    **thresholds: int,
) -> Typology:
    return Typology(
        name=test.__name__,
        test=test,
        amounts=amounts,
        operations=operations,
        action=action,
        thresholds=thresholds,
    )


def _watched(name: str, action: Action, **thresholds: int) -> Typology:
    return Typology(name=name, test=None, operations=(), action=action, thresholds=thresholds)


TYPOLOGIES = (
    _of(customers.blacklisted, (*OUT, CASH_IN), Action.DENY),
    _of(
        velocity.wallet_velocity,
        OUT,
        Action.STEP_UP,
        hour_count=15,
        hour_minor=100_000 * MINOR,
        day_count=100,
        month_count=1_500,
    ),
    _of(velocity.many_counterparties, (TRANSFER,), Action.REVIEW, counterparties=12),
    _of(
        velocity.agent_velocity,
        COUNTER,
        Action.REVIEW,
        day_count=500,
        burst_count=15,
        burst_seconds=300,
    ),
    _of(
        velocity.split_around_band,
        OUT,
        Action.REVIEW,
        velocity.just_within_band,
        band_minor=5_000 * MINOR,
        least_percent=80,
        count=4,
    ),
    _of(
        velocity.structuring,
        (*OUT, CASH_IN),
        Action.REVIEW,
        velocity.just_under_limit,
        limit_minor=20_000 * MINOR,
        percent=5,
        count=3,
        seconds=86_400,
    ),
    _of(velocity.counter_of_wrong_codes, (CASH_OUT,), Action.HOLD, wrong_count=6),
    _of(flows.in_and_out, CASH, Action.REVIEW, seconds=900, percent=10),
    _of(flows.circular, (TRANSFER,), Action.REVIEW, percent=10),
    _of(flows.pass_through, OUT, Action.HOLD, senders=4, percent=80),
    _of(flows.float_drain, (CASH_IN,), Action.REVIEW, percent=80, least_minor=50_000 * MINOR),
    _of(flows.self_dealing, COUNTER, Action.REVIEW, least_count=10, percent=50),
    _of(customers.new_device, OUT, Action.STEP_UP, customers.large, hours=72,
        least_minor=2_000 * MINOR),
    _of(customers.shared_device, OUT, Action.REVIEW, people=6),
    _of(customers.first_atm_near_limit, (ATM,), Action.STEP_UP, customers.near_limit,
        limit_minor=20_000 * MINOR, percent=80),
    _of(customers.dormant_wakes, OUT, Action.STEP_UP, customers.large, days=180,
        least_minor=5_000 * MINOR),
    _of(customers.impossible_travel, COUNTER, Action.HOLD, minutes=40),
    _of(customers.repeated_claims, (ATM,), Action.REVIEW, claims=3, days=30),
    _watched("wrong_codes_terminal", Action.STEP_UP, **IN_ROW),
    _watched("wrong_codes_link", Action.STEP_UP, **USUAL),
    _watched("wrong_codes_network", Action.STEP_UP, **USUAL),
    _watched("terminal_velocity", Action.REVIEW, wallets=8, seconds=300),
    _watched("out_of_hours", Action.REVIEW, first_hour=7, last_hour=20),
)  # fmt: skip
BY_NAME = {typology.name: typology for typology in TYPOLOGIES}
LIVE_FROM_THE_START = ("wrong_codes_terminal", "wrong_codes_link", "wrong_codes_network")


class Plan(msgspec.Struct, frozen=True):
    """What an edition judges for one operation: the least and the most that a rule looks at, the
    rule and its test; and whether one that is live may set the money aside."""

    rules: tuple[Judging, ...]
    may_hold: bool


def first_book(now: datetime) -> RuleBook:
    """What a new installation begins with."""
    rules = tuple(
        Rule(
            name=typology.name,
            action=typology.action,
            mode=Mode.LIVE if typology.name in LIVE_FROM_THE_START else Mode.DRY_RUN,
            thresholds=typology.thresholds,
        )
        for typology in TYPOLOGIES
    )
    edition = RuleEdition(number=1, valid_from=now, rules=rules)
    return RuleBook(id="rules", editions=(edition,))


def plan_of(edition: RuleEdition, operation: Operation) -> Plan:
    """What an edition judges for an operation; made once for each edition and kept."""
    if not _kept or _kept[0][0] is not edition:
        _kept[:] = [(edition, {each: _plan(edition, each) for each in Operation})]
    return _kept[0][1][operation]


def _plan(edition: RuleEdition, operation: Operation) -> Plan:
    named = [(rule, BY_NAME[rule.name]) for rule in edition.rules if rule.name in BY_NAME]
    rules = tuple(
        (*_amounts(rule, typology), rule, typology.test)
        for rule, typology in named
        if typology.test is not None and operation in typology.operations
    )
    holding = any(rule.action is Action.HOLD and rule.mode is Mode.LIVE for *_, rule, _ in rules)
    return Plan(rules, holding)


def _amounts(rule: Rule, typology: Typology) -> tuple[int, int]:
    """What a rule looks at. Where its thresholds do not tell, that is any amount."""
    try:
        return ANY_AMOUNT if typology.amounts is None else typology.amounts(rule.thresholds)
    except KeyError:
        return ANY_AMOUNT


_kept: list[tuple[RuleEdition, dict[Operation, Plan]]] = []
