"""Rules for tests: an edition in which only what a test is about is live."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from commands.command import Answer, Command, Rounds
from commands.identity.confirm_factor import OpenSession
from commands.identity.confirm_step_up import StepUp
from commands.identity.person import Person
from commands.identity.shown import TotpShown
from commands.risk.catalogue import BY_NAME
from commands.risk.rulebook import (
    THE_RULES,
    Action,
    Mode,
    Rule,
    RuleEdition,
    record_edition,
    with_edition,
)
from ledger.books import Books
from tests.commands.town import Customer, Town


class Told(Answer, frozen=True, kw_only=True):
    """Done."""


class Tell(Command[Told], frozen=True, kw_only=True):
    """Change the rule book in a way of the test's own."""

    how: Callable[[Books], None]

    def touches(self, books: Books) -> Rounds:
        yield (THE_RULES,)

    def decide(self, books: Books) -> Told:
        self.how(books)
        return Told()


def told(town: Town, how: Callable[[Books], None]) -> None:
    """Do something with the rule book."""
    town.do(Tell(how=how))


def live(town: Town, name: str, action: Action | None = None, **thresholds: int) -> None:
    """Make this rule the only one, live, with its thresholds but for those that are named."""
    typology = BY_NAME[name]
    rule = Rule(
        name=name,
        action=action or typology.action,
        mode=Mode.LIVE,
        thresholds=typology.thresholds | thresholds,
    )
    publish(town, rule)


def publish(town: Town, *rules: Rule) -> None:
    """Make these the rules from now on."""

    def write(books: Books) -> None:
        before = books.get(THE_RULES)
        edition = RuleEdition(
            number=len(before.editions) + 1, valid_from=books.now, rules=tuple(rules)
        )
        books.put(with_edition(before, edition))
        record_edition(books, edition)

    told(town, write)


def dry(name: str) -> Rule:
    """A rule in dry run, as it stands in the catalogue."""
    typology = BY_NAME[name]
    return Rule(
        name=name, action=typology.action, mode=Mode.DRY_RUN, thresholds=typology.thresholds
    )


def signed_in(town: Town, who: Customer, step: int, device: str = "") -> UUID:
    """A new session of somebody, on a device."""
    session_id = uuid7()
    town.do(
        OpenSession(
            user_id=who.user_id,
            session_id=session_id,
            token_hash=session_id.bytes,
            shown=TotpShown(step),
            epoch=town.find(Person.by_id(who.user_id)).session_epoch,
            idle_seconds=600,
            absolute_seconds=10_000_000,
            device=device,
        )
    )
    return session_id


def step_up(town: Town, who: Customer, session_id: UUID, step: int | None) -> None:
    """Somebody shows the second factor again."""
    town.do(StepUp(user_id=who.user_id, session_id=session_id, shown=TotpShown(step)))


def of_last(town: Town, kind: str) -> list[dict[str, object]]:
    """The payloads of this kind that the last command recorded."""
    return [msgspec.to_builtins(event.payload) for event in town.just if event.kind == kind]
