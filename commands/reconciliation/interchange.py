"""Interchange: what the switch may ask for each captured item, as dated editions.

The edition that counts is the newest whose first settlement date has come. All figures are data;
the one that a new installation begins with is illustrative.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
from msgspec import Meta

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.person import Person, Role
from ledger.books import Books
from ledger.errors import InvalidRequest
from ledger.money import Money
from ledger.rows import Key, Row

EDITIONS_MAX = 200
ILLUSTRATIVE = 12_00  # centavos for each item
WHOLE = 10_000
RATE_MAX = 1_000  # ten-thousandths: a tenth of the amount


class InterchangeEdition(msgspec.Struct, frozen=True, kw_only=True):
    """`flat` minor units for each item, and of its amount `rate` ten-thousandths, rounded down."""

    first_date: date
    flat: int
    rate: int = 0

    def fee(self, amount: int) -> int:
        """What an item of this amount may cost."""
        return self.flat + amount * self.rate // WHOLE


class Interchange(Row, frozen=True, kw_only=True):
    """All editions, in the order of their dates. There is one row."""

    kind: str = "interchange"
    editions: tuple[InterchangeEdition, ...]

    TABLE: ClassVar[str] = "interchange"
    LOAD: ClassVar[dict[str, str]] = {
        "kind": """
            SELECT version, kind, editions FROM ledger.interchange WHERE kind = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.interchange AS i (kind, editions, version)
            SELECT r.kind, r.editions, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (kind text, editions jsonb, version bigint)
            ON CONFLICT (kind) DO UPDATE
                SET editions = excluded.editions, version = excluded.version
                WHERE i.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('interchange', (SELECT count(*) FROM saved), %(count)s)
    """

    def keys(self) -> tuple[Key[Interchange], ...]:
        return ((Interchange, "kind", self.kind),)

    def on(self, settlement_date: date) -> InterchangeEdition:
        """The edition for a settlement date; before the first one, the first."""
        for edition in reversed(self.editions):
            if edition.first_date <= settlement_date:
                return edition
        return self.editions[0]


THE_INTERCHANGE: Key[Interchange] = (Interchange, "kind", "interchange")
FIRST = InterchangeEdition(first_date=date(2000, 1, 1), flat=ILLUSTRATIVE)


def interchange_on(books: Books, settlement_date: date) -> InterchangeEdition:
    """What was agreed for a settlement date; touches THE_INTERCHANGE."""
    book = books.find(THE_INTERCHANGE)
    return FIRST if book is None else book.on(settlement_date)


class SetInterchange(Change, frozen=True, kw_only=True):
    """Note what was agreed with the switch, from a settlement date on that is still to come."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT, Role.OPERATOR)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.ACCOUNTANT, Role.OPERATOR)

    first_date: date
    flat: Money
    rate: Annotated[int, Meta(ge=0, le=RATE_MAX)] = 0

    def touches(self, books: Books) -> Rounds:
        yield (THE_INTERCHANGE,)

    def require_possible(self, books: Books, maker: Person) -> None:
        if self.first_date <= books.today:
            raise InvalidRequest(field="firstDate", reason="is still to come")
        book = books.find(THE_INTERCHANGE)
        if book is not None and len(book.editions) >= EDITIONS_MAX:
            raise InvalidRequest(field="firstDate", reason=f"{EDITIONS_MAX} editions are enough")

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        book = books.find(THE_INTERCHANGE) or Interchange(editions=(FIRST,))
        edition = InterchangeEdition(
            first_date=self.first_date, flat=self.flat.minor, rate=self.rate
        )
        others = [each for each in book.editions if each.first_date != self.first_date]
        editions = sorted((*others, edition), key=lambda each: each.first_date)
        books.put(msgspec.structs.replace(book, editions=tuple(editions)))
        books.record(
            "interchange.set",
            proposal_id,
            {
                "firstDate": edition.first_date,
                "flat": edition.flat,
                "rate": edition.rate,
                "checker": checker.id,
            },
        )
        return {"firstDate": edition.first_date}
