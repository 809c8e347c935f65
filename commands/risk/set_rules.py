"""The fraud rules change: a new edition of all of them, by four eyes."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar
from uuid import UUID

from msgspec import Meta

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.risk.catalogue import BY_NAME
from commands.risk.publish_tariff import Moment, require_to_come
from commands.risk.rulebook import (
    EDITIONS_MAX,
    THE_RULES,
    Rule,
    RuleEdition,
    record_edition,
    with_edition,
)
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest

THRESHOLD_MAX = 10**15


class SetRules(Change, frozen=True, kw_only=True):
    """All rules as they shall be. A rule that is not named is not judged any more."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR,)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR, Role.ACCOUNTANT)

    valid_from: Moment | None = None
    rules: Annotated[tuple[Rule, ...], Meta(max_length=100)]

    def touches(self, books: Books) -> Rounds:
        yield (THE_RULES,)

    def require_possible(self, books: Books, maker: Person) -> None:
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            raise InvalidRequest(field="rules", reason="has the same twice")
        for rule in self.rules:
            _require_known(rule)
        require_to_come(books, self.valid_from)
        book = books.find(THE_RULES)
        if book is not None and len(book.editions) >= EDITIONS_MAX:
            raise Conflict("There are too many editions.", most=EDITIONS_MAX)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        book = books.find(THE_RULES)
        edition = RuleEdition(
            number=1 if book is None else max(each.number for each in book.editions) + 1,
            valid_from=self.valid_from or books.now,
            rules=self.rules,
        )
        books.put(with_edition(book, edition))
        record_edition(books, edition, proposal=proposal_id, checker=checker.id)
        return {"ruleEdition": edition.number}


def _require_known(rule: Rule) -> None:
    """Raises InvalidRequest for a rule that nobody wrote, or thresholds that it does not have."""
    typology = BY_NAME.get(rule.name)
    if typology is None:
        raise InvalidRequest(field="rules", reason=f"has an unknown rule: {rule.name[:64]}")
    if rule.thresholds.keys() != typology.thresholds.keys():
        wanted = ", ".join(sorted(typology.thresholds)) or "none"
        raise InvalidRequest(field="thresholds", reason=f"of {rule.name} are: {wanted}")
    if not all(0 < value <= THRESHOLD_MAX for value in rule.thresholds.values()):
        raise InvalidRequest(field="thresholds", reason=f"of {rule.name} are above zero")
    if typology.test is None and rule.action is not typology.action:
        raise InvalidRequest(field="action", reason=f"of {rule.name} is {typology.action}")
