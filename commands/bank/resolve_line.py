"""Two people say of a line of a bank statement that it needs no entry, or that it was matched with
the wrong one."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.approval.change import Change
from commands.bank.line import BankLine, LineState
from commands.command import Rounds
from commands.identity.person import Person, Role
from commands.treasury.own_money import TREASURERS, Said
from ledger.books import Books
from ledger.errors import Conflict, NotFound


class LineEnd(StrEnum):
    """What becomes of a line."""

    EXPLAIN = "explain"  # an open one needs no entry: the bank has put its own mistake right
    REOPEN = "reopen"  # a matched or explained one is open again


FROM = {
    LineEnd.EXPLAIN: (LineState.OPEN,),
    LineEnd.REOPEN: (LineState.MATCHED, LineState.EXPLAINED),
}


class ResolveBankLine(Change, frozen=True, kw_only=True):
    """Explain a line, or open it again. Nothing is posted: what the books lack is booked by what it
    is (a bank credit, a charge, a settlement), with the bank's reference, and then it matches."""

    MAKERS: ClassVar[tuple[Role, ...]] = TREASURERS
    CHECKERS: ClassVar[tuple[Role, ...]] = TREASURERS

    line_id: UUID
    end: LineEnd
    evidence: Said

    def touches(self, books: Books) -> Rounds:
        yield (BankLine.by_id(self.line_id),)

    def require_possible(self, books: Books, maker: Person) -> None:
        line = books.find(BankLine.by_id(self.line_id))
        if line is None:
            raise NotFound("There is no such line.")
        if line.state not in FROM[self.end]:
            raise Conflict(state=line.state)

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        line = books.get(BankLine.by_id(self.line_id))
        explained = self.end is LineEnd.EXPLAIN
        after = msgspec.structs.replace(
            line,
            state=LineState.EXPLAINED if explained else LineState.OPEN,
            rule=None,
            entry_number=None,
            entry_line=None,
        )
        books.put(after)
        books.record(
            "bank.line_explained" if explained else "bank.line_reopened",
            after.id,
            after.facts(evidence=self.evidence, checker=checker.id, proposal=proposal_id),
        )
        return {"line": after.id, "end": self.end}
