"""I27: a till's cash book says what its records say: cash taken, paid, brought and counted."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from queries.check.reading import Chunk, Reading, Record
from queries.check.truth import Truth, Untrue, in_words

BOOKS = """
    SELECT id, agent_id, state, operator_id, cash, taken, paid, brought, differences
    FROM ledger.till
    WHERE id = ANY(%(ids)s)
"""

BY_ID = "SELECT id FROM ledger.till WHERE id > %(after)s ORDER BY id LIMIT %(rows)s"

MODELS = """
    SELECT m.id, m.state, m.operator_id, m.cash, m.differences, m.position
    FROM queries.till AS m
    WHERE m.id = ANY(%(ids)s)
"""

ENROLLED = "till.enrolled"
CASH_IN, CASH_IN_REVERSED, CASH_OUT = "cash_in.made", "cash_in.reversed", "cash_out.confirmed"
COUNTED = ("till.opened", "till.closed", "till.cash_moved")  # these tell what must lie in it then


class Row(NamedTuple):
    """A till, as its row has it."""

    id: UUID
    agent: UUID
    state: str | None
    operator: UUID | None
    cash: int
    taken: int
    paid: int
    brought: int
    differences: int


class Model(NamedTuple):
    """A till, as the read models have it."""

    id: UUID
    state: str
    operator: UUID | None
    cash: int
    differences: int
    position: int


class Book(NamedTuple):
    """A till after a record. `whole`: we saw it from its enrolment, so that its sums are known;
    otherwise only what changed since, and its cash from the first record that tells it."""

    agent: UUID
    whole: bool
    position: int
    state: str | None = None
    operator: UUID | None = None
    cash: int | None = None
    taken: int = 0
    paid: int = 0
    brought: int = 0
    differences: int = 0


class TillsAddUp(Truth):
    """Every record that puts cash into a drawer or takes some out, one after the other; the rows
    of the tills, and what the read models say of them, against the last."""

    CODE: ClassVar[str] = "I27"
    SENTENCE: ClassVar[str] = (
        "A till's cash is what it took, less what it paid, with what was brought and with the"
        " differences that counting has shown; and all of these are what its records say."
    )

    def __init__(self) -> None:
        super().__init__()
        self._books: dict[UUID, Book] = {}

    def see(self, chunk: Chunk) -> None:
        for record in chunk.records:
            till = _till_of(record)
            if till is not None:
                self._books[till] = self._after(till, record)
                self.looked_at["events of tills"] += 1

    def compare(self, reading: Reading) -> None:
        found: set[UUID] = set()
        for rows in reading.look_up(BOOKS, self._books):
            for row in map(Row._make, rows):
                found.add(row.id)
                _require_same(row, self._books[row.id])
        for id_ in sorted(self._books.keys() - found):
            raise Untrue(f"Till {id_} of the log has no row.")
        self.looked_at["tills"] += len(found)
        self._require_known(reading)
        for rows in reading.look_up(MODELS, self._books):
            for model in map(Model._make, rows):
                _require_same_model(model, self._books[model.id])

    def _require_known(self, reading: Reading) -> None:
        for rows in reading.pages(BY_ID, UUID(int=0)) if reading.full else ():
            for (id_,) in rows:
                if id_ not in self._books:
                    raise Untrue(f"The log does not know till {id_}, which has a row.")

    def _after(self, till: UUID, record: Record) -> Book:
        told = record.payload
        before = self._books.get(till)
        if record.kind == ENROLLED:
            return Book(UUID(told["agent"]), True, record.position, "closed", None, 0)
        before = before or Book(UUID(told["agent"]), False, record.position)
        after = _moved(before, record.kind, told)._replace(position=record.position)
        if record.kind not in COUNTED:
            return after
        if after.cash is not None and after.cash != told["cash"]:
            raise Untrue(
                f"Till {till} holds {in_words(told['cash'])} by record {record.position}"
                f" ({record.kind}); its records before come to {in_words(after.cash)}."
            )
        operator = told["operator"]
        return after._replace(
            cash=told["cash"],
            state=told["state"],
            operator=None if operator is None else UUID(operator),
        )


def _till_of(record: Record) -> UUID | None:
    """The till of whose cash a record tells, if it does."""
    if record.kind == ENROLLED or record.kind in COUNTED:
        return record.subject
    if record.kind in (CASH_IN, CASH_IN_REVERSED, CASH_OUT):
        till = record.payload.get("till")
        return None if till is None else UUID(till)
    return None


def _moved(book: Book, kind: str, told: dict[str, Any]) -> Book:
    taken = paid = brought = difference = 0
    if kind == CASH_IN:
        taken = told["amount"]
    elif kind == CASH_IN_REVERSED:
        taken = -told["amount"]
    elif kind == CASH_OUT:
        paid = told["amount"]
    else:
        brought, difference = told.get("brought", 0), told["difference"]
    moved = taken - paid + brought + difference
    return book._replace(
        cash=None if book.cash is None else book.cash + moved,
        taken=book.taken + taken,
        paid=book.paid + paid,
        brought=book.brought + brought,
        differences=book.differences + difference,
    )


def _require_same(row: Row, book: Book) -> None:
    if row.cash != row.taken - row.paid + row.brought + row.differences:
        raise Untrue(f"The cash book of till {row.id} does not add up to {in_words(row.cash)}.")
    sums = ("taken", "paid", "brought", "differences") if book.whole else ()
    state = ("state", "operator", "cash") if book.cash is not None else ()
    for name in ("agent", *state, *sums):
        in_row, in_log = getattr(row, name), getattr(book, name)
        if in_row != in_log:
            raise Untrue(
                f"Of till {row.id}, {name} is {in_row} in its row and {in_log} by the log."
            )


def _require_same_model(model: Model, book: Book) -> None:
    if model.position != book.position or book.cash is None:
        return  # the models are behind, or have passed by what was read
    if (model.state, model.operator, model.cash) != (book.state, book.operator, book.cash):
        raise Untrue(
            f"In the read models till {model.id} is {model.state} with {in_words(model.cash)}; by"
            f" the log it is {book.state} with {in_words(book.cash)}."
        )
    if book.whole and model.differences != book.differences:
        raise Untrue(
            f"In the read models the differences of till {model.id} come to"
            f" {in_words(model.differences)}; by the log to {in_words(book.differences)}."
        )
