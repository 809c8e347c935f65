"""A demo rehearses its fraud rules: all of them are judged and logged, and none stops anybody."""

from __future__ import annotations

import msgspec

from commands.risk.catalogue import first_book
from commands.risk.rulebook import THE_RULES, Mode, RuleEdition, record_edition, with_edition
from ledger.books import Books


def rehearse(books: Books) -> None:
    """Publish an edition with every rule in dry run; below the line. Touches THE_RULES."""
    before = books.find(THE_RULES) or first_book(books.now)
    newest = max(before.editions, key=lambda edition: edition.number)
    edition = RuleEdition(
        number=newest.number + 1,
        valid_from=books.now,
        rules=tuple(msgspec.structs.replace(rule, mode=Mode.DRY_RUN) for rule in newest.rules),
    )
    books.put(with_edition(before, edition))
    record_edition(books, edition)
