"""Cash truth (I11): what the machines really paid against what the books say, trace by trace.

At every moment the notes that are out are owed to the switch (2100), or are held for (awaited), or
a word about them is still on its way. When all words have come, nothing is left of the last kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from commands.deciding import Decided, Outcome
from commands.switch.dispute import Dispute
from commands.switch.trace import Response, SwitchReply, SwitchTrace, TraceId
from commands.treasury.breaks import Break, Side
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.reverse import ReverseWithdrawal
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.rows import Key, Row
from tests.simulation.core import Rows
from tests.simulation.watch import Watch, require


class Word:
    """What the switch has to tell about a payment: so much was paid in all."""

    __slots__ = ("acknowledged", "complete", "paid", "tries")

    def __init__(self, paid: int, *, complete: bool) -> None:
        self.paid, self.complete = paid, complete
        self.tries = 0
        self.acknowledged = False

    def acknowledge(self) -> None:
        """The issuer has it."""
        self.acknowledged = True


class Operation:
    """One try at one machine, as the machine's own journal has it. Amounts are centavos."""

    __slots__ = (
        "amount", "asks", "awaited", "code", "decided", "heard", "id", "lag", "paid", "phone",
        "response", "settled", "silent", "stage", "terminal", "trace", "unapproved", "words",
    )  # fmt: skip

    def __init__(
        self, trace: TraceId, terminal: str, phone: bytes, code: bytes, amount: int
    ) -> None:
        self.trace, self.id = trace, trace.id
        self.terminal, self.phone, self.code, self.amount = terminal, phone, code, amount
        self.stage = "asking"
        self.asks = 0
        self.response = ""
        self.paid = 0  # notes that are out, in the end
        self.words: list[Word] = []
        self.heard = -1  # the newest word that the books have heard
        self.silent = False  # it has paid, and told nobody so far
        self.decided = False  # the issuer has seen the question
        self.unapproved = False  # it has paid without an answer
        self.settled = self.awaited = self.lag = 0

    @property
    def explained(self) -> bool:
        """Whether the books may still believe something else."""
        return self.silent or self.heard < len(self.words) - 1


class CashTruth:
    """All operations, and the sums of what they say."""

    def __init__(self, rows: dict[Key[Any], Row], watch: Watch) -> None:
        self.rows, self.watch = rows, watch
        self.operations: dict[UUID, Operation] = {}
        self.by_rrn: dict[str, Operation] = {}
        self.out = 0  # notes that are out of all machines, in centavos
        self.settled = self.awaited = self.lag = 0

    def open(self, operation: Operation) -> None:
        """A machine begins to ask."""
        self.operations[operation.id] = self.by_rrn[operation.trace.rrn] = operation

    def moved(self, operation: Operation, amount: int) -> None:
        """Notes went out, or came back."""
        self.out += amount
        self.recheck(operation)

    # -- the books have moved ------------------------------------------------------------------

    def committed(self, before: Rows, books: Books, decided: Iterable[Decided]) -> None:
        """Compare what a batch has changed with what the machines know."""
        touched: dict[UUID, Operation] = {}
        for each in decided:
            command = each.submission.command
            if isinstance(command, CompleteWithdrawal | ReverseWithdrawal):
                operation = self.by_rrn[command.trace.rrn]
                _hear(operation, command)
                touched[operation.id] = operation
            elif isinstance(command, AuthoriseWithdrawal):
                self._decided(self.by_rrn[command.trace.rrn], each)
        for key in before:
            trace_id = _trace_of(books.get(key))
            if trace_id is not None:
                touched[trace_id] = self.operations[trace_id]
        for operation in touched.values():
            self.recheck(operation)
        self._check_sums()

    def _decided(self, operation: Operation, decided: Decided) -> None:
        if operation.decided or not isinstance(decided.result, Outcome):
            return
        operation.decided = True
        reply: SwitchReply = decided.result.fresh
        late = operation.heard < 0 or reply.response_code is not Response.APPROVED
        require(late, "I9", "approved what the switch had taken back before")

    def recheck(self, operation: Operation) -> None:
        """Compare one operation with the books, and carry the difference into the sums."""
        settled, awaits, disputed = self._books_of(operation)
        awaited = min(operation.paid, operation.amount) if awaits else 0
        lag = operation.paid - settled - awaited
        # What is owed too much is disputed still: the file will tell.
        require(
            lag == 0 or operation.explained or lag == -disputed,
            "I11",
            f"{operation.paid} paid, {settled} owed to the switch, {awaited} awaited:"
            f" {operation.trace.rrn}",
        )
        self.settled += settled - operation.settled
        self.awaited += awaited - operation.awaited
        self.lag += lag - operation.lag
        operation.settled, operation.awaited, operation.lag = settled, awaited, lag

    def _books_of(self, operation: Operation) -> tuple[int, bool, int]:
        """What the books owe the switch for it, whether they still hold money for it, and how much
        of what they owe is disputed still."""
        trace: Any = self.rows.get(SwitchTrace.by_id(operation.id))
        dispute: Any = self.rows.get(Dispute.by_id(operation.id))
        settled, awaits, disputed = 0, False, 0
        if trace is not None and trace.withdrawal_id is not None:
            withdrawal: Any = self.rows[Withdrawal.by_id(trace.withdrawal_id)]
            settled, awaits = withdrawal.captured, withdrawal.awaits_word
            claimed: Any = self.rows.get(Break.by_id(withdrawal.id))
            if claimed is not None and claimed.side is Side.CLAIMED:
                settled += claimed.remaining  # paid back ahead of the switch's word
        if dispute is not None:
            settled += dispute.claimed
            disputed = dispute.claimed if dispute.state == "open" else 0
        return settled, awaits, disputed

    def _check_sums(self) -> None:
        owed = self.watch.owed_to_switch
        require(owed == self.settled, "I11", f"{owed} owed to the switch, {self.settled} by trace")
        explained = self.out == owed + self.awaited + self.lag
        require(explained, "I11", f"{self.out} out, {owed} owed, {self.awaited} awaited")


def _trace_of(row: Row) -> UUID | None:
    if isinstance(row, Withdrawal):
        return row.trace
    return row.id if isinstance(row, SwitchTrace | Dispute) else None


def _hear(operation: Operation, command: CompleteWithdrawal | ReverseWithdrawal) -> None:
    paid = command.amount.minor
    if command.nonce_hash is None:  # the file: the machine's journal itself
        operation.heard, operation.silent = len(operation.words) - 1, False
        return
    complete = isinstance(command, CompleteWithdrawal)
    for index, word in enumerate(operation.words):
        if word.paid == paid and word.complete == complete:
            operation.heard = max(operation.heard, index)
