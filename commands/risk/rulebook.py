"""The rule book: which fraud rules count, from when, with which thresholds and what they do.

Rules are dated data: an edition is never changed, a new one takes its place on its day. A rule in
dry run is judged and logged like any other, and does nothing: so a bank sees what a threshold would
have stopped before it stops anybody. All figures that an installation begins with are illustrative.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from ledger.books import Books
from ledger.rows import Key, Row

EDITIONS_MAX = 500
THE_BOOKS = UUID(int=0)


class Action(StrEnum):
    """What a hit does, from the mildest to the hardest."""

    ALLOW = "allow"  # logged only
    REVIEW = "review"  # it passes, and a case is opened
    STEP_UP = "step_up"  # only with a second factor of the last five minutes
    HOLD = "hold"  # a transfer waits until an operator has looked; cash is refused until then
    DENY = "deny"
    FREEZE = "freeze"  # denied, and the wallet is frozen


class Mode(StrEnum):
    """Whether a rule acts."""

    DRY_RUN = "dry_run"
    LIVE = "live"


class Rule(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One rule as an edition has it. Amounts are minor units, as the thresholds' names say."""

    name: str
    action: Action
    mode: Mode
    thresholds: dict[str, int]


class RuleEdition(msgspec.Struct, frozen=True, kw_only=True):
    """All rules as they count from a moment on."""

    number: int
    valid_from: datetime
    rules: tuple[Rule, ...]

    def rule(self, name: str) -> Rule | None:
        """A rule by its name, or None when this edition leaves it out."""
        return next((rule for rule in self.rules if rule.name == name), None)


class RuleBook(Row, frozen=True, kw_only=True):
    """All editions, in the order in which they begin to count."""

    id: str
    editions: tuple[RuleEdition, ...]

    TABLE: ClassVar[str] = "rule_book"
    IDS: ClassVar[tuple[str, ...]] = ()  # its one id is a name
    LOAD: ClassVar[dict[str, str]] = {
        "id": "SELECT version, id, editions FROM ledger.rule_book WHERE id = ANY(%(values)s)",
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.rule_book AS b (id, editions, version)
            SELECT r.id, r.editions, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (id text, editions jsonb, version bigint)
            ON CONFLICT (id) DO UPDATE
                SET editions = excluded.editions, version = excluded.version
                WHERE b.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('rule_book', (SELECT count(*) FROM saved), %(count)s)
    """

    def keys(self) -> tuple[Key[RuleBook], ...]:
        return ((RuleBook, "id", self.id),)


THE_RULES: Key[RuleBook] = (RuleBook, "id", "rules")


def rules_now(books: Books) -> RuleEdition | None:
    """The edition that counts now; None before the first. Touches THE_RULES."""
    book = books.find(THE_RULES)
    return None if book is None else books.in_force(book.editions)


def with_edition(before: RuleBook | None, edition: RuleEdition) -> RuleBook:
    """The book with one more edition, in the order in which they begin to count."""
    if before is None:
        return RuleBook(id="rules", editions=(edition,))
    editions = sorted((*before.editions, edition), key=lambda each: (each.valid_from, each.number))
    return msgspec.structs.replace(before, editions=tuple(editions))


def record_edition(books: Books, edition: RuleEdition, **facts: Any) -> None:
    """Record an edition as a whole: the log alone tells which rules counted when."""
    books.record(
        "rules.set",
        THE_BOOKS,
        {
            "edition": edition.number,
            "validFrom": edition.valid_from,
            "rules": msgspec.to_builtins(edition.rules),
            **facts,
        },
    )
