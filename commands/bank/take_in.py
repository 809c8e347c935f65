"""A statement of the trust's bank is taken in, once and in its turn. Nothing is matched yet.

Whoever brings it has read it whole: what it opens with and all of its lines come to what it closes
with. Its closing balance is then what the bank says it held on its last day.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from commands.bank.line import BankLine, StatedLine, line_id
from commands.bank.statement import BankSeries, BankStatement, Heading, StatementTakenIn
from commands.command import Command, Rounds
from commands.identity.person import Person, Role
from commands.identity.staff import require_staff
from commands.treasury.safeguarding import TrustDay, state_balance
from ledger.books import Books
from ledger.errors import FileRefused

MAY_TAKE_IN = (Role.ACCOUNTANT, Role.OPERATOR)
LINES_MAX = 1_000
FIRST_LINE = 1


class TakeInStatement(Command[StatementTakenIn], frozen=True, kw_only=True):
    """Keep a statement and its lines. The same once more is no refusal: whoever was interrupted
    goes on with it. `user_id` is None when a console brings it."""

    heading: Heading
    lines: tuple[StatedLine, ...]
    user_id: UUID | None = None

    def touches(self, books: Books) -> Rounds:
        yield (
            *((Person.by_id(self.user_id),) if self.user_id is not None else ()),
            BankStatement.by_id(self.heading.statement_id),
            BankSeries.of(self.heading.account),
            TrustDay.of(self.heading.last_day),
        )

    def decide(self, books: Books) -> StatementTakenIn:
        if self.user_id is not None:
            require_staff(books, self.user_id, *MAY_TAKE_IN)
        known = books.find(BankStatement.by_id(self.heading.statement_id))
        if known is not None:
            if known.digest != self.heading.digest:
                raise FileRefused.at(
                    FIRST_LINE, f"another statement {known.number} was taken in before"
                )
            return self._taken_in(before=True)
        series = books.find(BankSeries.of(self.heading.account))
        self._require_its_turn(books, series)
        # From here on nothing is refused.
        self._keep(books)
        books.put(self._going_on(series))
        books.record(
            "bank.statement_taken_in",
            self.heading.statement_id,
            {
                **msgspec.structs.asdict(self.heading),
                "lines": [self._written(each) for each in self.lines],
            },
        )
        if self.heading.closing >= 0:
            reference = f"statement {self.heading.number}"
            state_balance(books, self.heading.last_day, self.heading.closing, reference)
        return self._taken_in(before=False)

    def _require_its_turn(self, books: Books, series: BankSeries | None) -> None:
        heading = self.heading
        if heading.last_day > books.today:
            raise FileRefused.at(FIRST_LINE, f"its last day {heading.last_day} is still to come")
        if series is None:
            return
        following = series.facts()
        if heading.number != following["number"]:
            reason = f"statement {following['number']} is the next one, not {heading.number}"
            raise FileRefused.at(FIRST_LINE, reason, expected=following["number"])
        if heading.opening != series.closing:
            raise FileRefused.at(
                FIRST_LINE, "it does not begin with the balance with which the last one has ended"
            )
        if heading.first_day < series.last_day:
            raise FileRefused.at(FIRST_LINE, "it begins before the last one has ended")

    def _keep(self, books: Books) -> None:
        heading = self.heading
        books.put(
            BankStatement(
                id=heading.statement_id,
                account=heading.account,
                number=heading.number,
                digest=heading.digest,
                lines=len(self.lines),
            )
        )
        for line in self.lines:
            books.put(
                BankLine(
                    id=line_id(heading.statement_id, line.number),
                    statement_id=heading.statement_id,
                    number=line.number,
                    amount=line.amount,
                )
            )

    def _written(self, line: StatedLine) -> list[Any]:
        """A line as the log has it."""
        id_ = line_id(self.heading.statement_id, line.number)
        return [id_, line.number, line.amount, line.reference, line.booked_on, line.value_on]

    def _going_on(self, series: BankSeries | None) -> BankSeries:
        heading = self.heading
        if series is None:
            return BankSeries(
                account=heading.account,
                last_number=heading.number,
                last_day=heading.last_day,
                closing=heading.closing,
            )
        return msgspec.structs.replace(
            series,
            last_number=heading.number,
            last_day=heading.last_day,
            closing=heading.closing,
        )

    def _taken_in(self, *, before: bool) -> StatementTakenIn:
        return StatementTakenIn(
            statement_id=self.heading.statement_id,
            number=self.heading.number,
            lines=len(self.lines),
            before=before,
        )
