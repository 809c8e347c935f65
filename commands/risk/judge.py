"""Judging a movement by the rules that count now: what was hit, and what follows from it.

Money out fails closed: when a live rule cannot be evaluated, it is denied and somebody looks. Money
in passes, with a case.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
import structlog

from commands.agent.row import Agent
from commands.identity.session import Session
from commands.identity.step_up import stepped_up
from commands.risk.activity import Activity, Used
from commands.risk.case import Case, CaseState, case_id_of, open_case, record_hit
from commands.risk.catalogue import BY_NAME, Judging, plan_of
from commands.risk.features import Features
from commands.risk.movement import Movement
from commands.risk.profile import RiskProfile, note_island, profile_of
from commands.risk.rulebook import THE_RULES, Action, Mode, Rule, rules_now
from commands.risk.watch import Watch, counter_of
from commands.tariff import Operation
from ledger.accounts import Status
from ledger.books import Books, NotLoaded
from ledger.errors import Refusal, RiskDenied, RiskReview, StepUpRequired
from ledger.rows import Key

logger = structlog.get_logger(__name__)

LIVE = Mode.LIVE  # an enum looks its members up each time
CASH_IN = Operation.AGENT_CASH_IN
NOT_CHECKED = "We could not check this, so we stopped it: please contact support."


class Hit(msgspec.Struct, frozen=True, gc=False):
    """A rule that was hit, or failed. It acts unless it is in dry run or the wallet cleared."""

    rule: Rule
    acts: bool
    failed: bool = False


class Judged(msgspec.Struct, frozen=True, gc=False):
    """What the rules made of a movement that may go on."""

    edition: int
    hits: tuple[Hit, ...] = ()
    holds: bool = False  # a transfer's money is set aside until somebody has looked
    profile: bool = True  # the wallet has one
    acts: bool = False  # one of the hits does

    def note(self, books: Books, movement: Movement, transaction_id: UUID) -> dict[str, Any]:
        """Log the hits and open the case that they need; what the movement's record shall tell.

        Hits that do nothing stand in the movement's own record. A wallet's profile begins with its
        first movement: one that is there is kept in memory, and one that is not is looked for again
        each time.
        """
        if not self.profile:
            books.put(RiskProfile(wallet_id=movement.wallet.id))
        if movement.operation is CASH_IN and movement.agent_id is not None:
            agent = books.get(Agent.by_id(movement.agent_id))
            note_island(books, movement.wallet.id, agent.island)
        if not self.hits:
            return {}
        silent = [hit.rule.name for hit in self.hits if not hit.acts]
        facts: dict[str, Any] = {"dryRun": silent, "ruleEdition": self.edition} if silent else {}
        if self.acts:
            acting = [hit for hit in self.hits if hit.acts]
            _log(books, movement, acting, self.edition, transaction_id, holds=self.holds)
        return facts


NOTHING = Judged(0)
NOTHING_YET = Judged(0, profile=False)


def judge_keys(
    wallet_id: UUID, agent_id: UUID | None, session_id: UUID | None
) -> tuple[Key[Any], ...]:
    """The rows that judging reads and changes, beside those that limits count in."""
    keys: tuple[Key[Any], ...] = (THE_RULES, RiskProfile.of(wallet_id))
    if session_id is not None:
        keys += (Session.by_id(session_id),)
    if agent_id is not None:
        keys += (Watch.by_id(counter_of(agent_id)),)
    return keys


def may_hold(books: Books, operation: Operation) -> bool:
    """Whether a rule that counts now may set the money of such a movement aside."""
    edition = rules_now(books)
    return edition is not None and plan_of(edition, operation).may_hold


def judge(
    books: Books, movement: Movement, wallet: Activity, used: Used, receiver: Activity | None
) -> Judged:
    """Judge a movement. Raises RiskDenied, RiskReview or StepUpRequired, which leave their hits
    and cases behind."""
    profile = books.find(RiskProfile.of(movement.wallet.id))
    nothing = NOTHING_YET if profile is None else NOTHING
    edition = rules_now(books)
    if edition is None:
        return nothing
    features = Features(books, movement, wallet, used, receiver, profile)
    hits = _hits(books, features, plan_of(edition, movement.operation).rules)
    if not hits:
        return nothing
    acts = True in [hit.acts for hit in hits]
    judged = Judged(edition.number, tuple(hits), profile=profile is not None, acts=acts)
    return _decided(books, movement, judged) if acts else judged


def _hits(books: Books, features: Features, rules: Iterable[Judging]) -> list[Hit]:
    hits: list[Hit] = []
    amount, profile = features.amount, features.profile
    for least, most, rule, test in rules:
        if not least <= amount <= most:
            continue
        failed = False
        try:
            if not test(features, rule.thresholds):
                continue
        except NotLoaded:
            raise
        except Exception as error:
            logger.error("a rule failed", rule=rule.name, exc_info=error)
            failed = True
        acts = rule.mode is LIVE and not (profile and profile.is_cleared(books, rule.name))
        hits.append(Hit(rule, acts, failed))
    return hits


def _decided(books: Books, movement: Movement, judged: Judged) -> Judged:
    """Raise what the hardest of the hits demands, or say how the movement goes on."""
    edition = judged.edition
    acting = [hit for hit in judged.hits if hit.acts]
    if movement.operation is CASH_IN:
        denied = [hit for hit in acting if hit.rule.action is Action.DENY and not hit.failed]
        if denied:
            raise _refusal(RiskDenied(), movement, acting, edition)
        return judged
    actions = {hit.rule.action for hit in acting}
    if any(hit.failed for hit in acting):
        raise _refusal(RiskDenied(NOT_CHECKED), movement, acting, edition)
    if Action.FREEZE in actions:
        raise _refusal(RiskDenied(), movement, acting, edition, freezes=True)
    if Action.DENY in actions:
        raise _refusal(RiskDenied(), movement, acting, edition)
    if Action.STEP_UP in actions and not stepped_up(books, movement.session_id):
        raise _refusal(StepUpRequired(), movement, acting, edition, opens=False)
    holds = Action.HOLD in actions
    if holds and movement.to_wallet is None:
        raise _refusal(RiskReview(), movement, acting, edition)
    return msgspec.structs.replace(judged, holds=holds)


def _refusal(
    refusal: Refusal,
    movement: Movement,
    acting: list[Hit],
    edition: int,
    *,
    opens: bool = True,
    freezes: bool = False,
) -> Refusal:
    """The refusal, which leaves its hits, its case and a frozen wallet behind."""

    def leave(books: Books) -> None:
        _log(books, movement, acting, edition, None, opens=opens)
        wallet = books.account(movement.wallet.id)
        if freezes and wallet.status is Status.OPEN:
            books.put(msgspec.structs.replace(wallet, status=Status.FROZEN))
            books.record(
                "wallet.status_changed",
                wallet.id,
                {
                    "user": movement.person.id,
                    "status": Status.FROZEN,
                    "reason": acting[0].rule.name,
                },
            )

    return refusal.leaving(leave)


def _log(
    books: Books,
    movement: Movement,
    acting: list[Hit],
    edition: int,
    transaction_id: UUID | None,
    *,
    opens: bool = True,
    holds: bool = False,
) -> None:
    """Record every hit that acts, on the wallet's open case or on a new one."""
    hardest = max(acting, key=lambda hit: (hit.failed, SEVERITY[hit.rule.action]))
    quiet = all(hit.rule.action in (Action.ALLOW, Action.STEP_UP) for hit in acting)
    case_id = None
    if opens and (not quiet or hardest.failed):
        case_id = _case(books, movement, hardest, transaction_id, holds=holds)
    for hit in acting:
        record_hit(
            books,
            case_id,
            movement.wallet.id,
            rule=hit.rule.name,
            edition=edition,
            action=hit.rule.action,
            failed=hit.failed,
            wallet=movement.wallet.id,
            user=movement.person.id,
            agent=movement.agent_id,
            operation=movement.operation,
            amount=movement.amount,
            transaction=transaction_id,
        )


def _case(
    books: Books, movement: Movement, hit: Hit, transaction_id: UUID | None, *, holds: bool
) -> UUID:
    """The wallet's open case, or a new one. A transfer that is held has a case of its own."""
    profile = profile_of(books, movement.wallet.id)
    if profile.case_id is not None and not holds:
        return profile.case_id
    subject = transaction_id if holds else movement.wallet.id
    case = Case(
        id=case_id_of(books, subject),
        rule=hit.rule.name,
        action=hit.rule.action,
        state=CaseState.OPEN,
        wallet_id=movement.wallet.id,
        user_id=movement.person.id,
        agent_id=movement.agent_id,
        transaction_id=transaction_id,
        amount=movement.amount,
        holds=holds,
        opened_at=books.now,
    )
    open_case(books, case, "The rule failed." if hit.failed else BY_NAME[hit.rule.name].sentence)
    if not holds:
        books.put(msgspec.structs.replace(profile, case_id=case.id))
    return case.id


SEVERITY = {action: number for number, action in enumerate(Action)}
