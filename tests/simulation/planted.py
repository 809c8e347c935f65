"""Bugs planted on purpose, each in the product's own code, to see whether the simulation has eyes.

Every plant replaces a piece of a decision while a small town lives, and must be caught. The table
in docs/simulation.md says by which truth; `python -m tests.simulation --table` writes it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from typing import Any
from unittest.mock import patch
from uuid import UUID

import msgspec

from commands import deciding
from commands.account import transfer
from commands.account.credit_from_bank import BankCredit, CreditFromBank
from commands.agent import confirm_cash_out, lifecycle
from commands.agent.cash_in import CashIn
from commands.agent.row import AgentRequest
from commands.deciding import Decided, Submission
from commands.idempotency import KnownKey
from commands.risk.activity import Activity
from commands.switch.dispute import Dispute, dispute_once
from commands.switch.owed import SETTLEMENT
from commands.switch.trace import Response, SwitchReply, SwitchTrace, TraceId
from commands.withdrawal import (
    advice,
    authorise,
    capture,
    complete,
    doubt,
    ending,
    expire,
    request_code,
    reverse,
    take_back,
)
from commands.withdrawal.advice import accepted, approved_by
from commands.withdrawal.guessing import count_try
from commands.withdrawal.hold import HELD, end_hold
from commands.withdrawal.lifecycle import MOVES, Happening, State
from commands.withdrawal.row import Withdrawal
from ledger.books import Books
from ledger.journal import Entry, Line, entry, move
from ledger.money import Money
from tests.simulation.town import Report, play

SEEDS = (3, 4, 5, 6, 7)  # tried in turn: some faults are rare
WITHDRAWALS = 600

Patch = tuple[Any, str, Any]


class Plant(msgspec.Struct, frozen=True):
    """A bug: what it does, and what it replaces."""

    name: str
    patches: tuple[Patch, ...] = ()
    moves: dict[tuple[State | None, Happening], State] = {}

    @contextmanager
    def planted(self) -> Iterator[None]:
        """The product with this bug in it."""
        with ExitStack() as stack:
            for target, name, replacement in self.patches:
                stack.enter_context(patch.object(target, name, replacement))
            stack.enter_context(patch.dict(MOVES, self.moves))
            yield


def catch(plant: Plant) -> Report | None:
    """The history in which a bug was caught, or None."""
    with plant.planted():
        for seed in SEEDS:
            report = play(seed, WITHDRAWALS)
            if report.violations:
                return report
    return None


def catch_named(name: str) -> tuple[str, str | None]:
    """A bug by its name, and the truth that caught it."""
    [plant] = [plant for plant in PLANTS if plant.name == name]
    report = catch(plant)
    return name, None if report is None else truth(report)


def truth(report: Report) -> str:
    """Which truth was violated; the books refuse some bugs themselves."""
    violation = report.violations[0]
    return "the books' own assertions" if " failed: " in violation else violation.split(":")[0]


# -- the bugs, each a piece of a decision -------------------------------------------------------


def _anything_goes(*_: Any, **__: Any) -> None:
    """No guard, no effect."""


def _hold_nothing_down(_books: Books, wallet: UUID, money: Money, *_: Any) -> Entry:
    return move(money, debit_to=wallet, credit_to=HELD)


def _captures_again(decide: Callable[[Any, Books], SwitchReply]) -> Callable[..., SwitchReply]:
    def captures(self: complete.CompleteWithdrawal, books: Books) -> SwitchReply:
        withdrawal = approved_by(books, books.find(SwitchTrace.by_id(self.trace.id)))
        if withdrawal is None or withdrawal.state is not State.COMPLETED:
            return decide(self, books)
        again = move(self.amount, debit_to=withdrawal.wallet_id, credit_to=SETTLEMENT)
        books.record("withdrawal.completed", withdrawal.id, withdrawal.facts(), again)
        return accepted(withdrawal)

    return captures


def _not_ours(_self: complete.CompleteWithdrawal, *_: Any) -> SwitchReply:
    return accepted(None)


def _proportional(_books: Books, withdrawal: Withdrawal, part: Money, most: int) -> Money:
    return Money(most * part.minor // withdrawal.amount)


def _whole_fee(_books: Books, _withdrawal: Withdrawal, _part: Money, most: int) -> Money:
    return Money(most)


def _release_in_doubt(self: doubt.DoubtWithdrawal, books: Books) -> doubt.Doubted:
    withdrawal = books.get(Withdrawal.by_id(self.transaction_id))
    if withdrawal.state is State.AUTHORISED:
        ending.end_unpaid(books, withdrawal, Happening.REVERSED)
    return doubt.Doubted(in_doubt=True)


def _code_alone(self: Any, books: Books, withdrawal: Withdrawal) -> Response:
    if withdrawal.state is not State.ACTIVE:
        return Response.WRONG_CODE
    if withdrawal.code_digest == self.code_digest:
        return Response.APPROVED
    left = count_try(books, withdrawal)
    return Response.WRONG_CODE if left.state is State.ACTIVE else Response.TRIES_EXCEEDED


class _AnyCode:
    """Takes any code for the right one."""

    @staticmethod
    def compare_digest(_one: bytes, _other: bytes) -> bool:
        """Yes."""
        return True


def _forgetful(decide: Callable[[Any, Books], SwitchReply]) -> Callable[..., SwitchReply]:
    def forgets(self: authorise.AuthoriseWithdrawal, books: Books) -> SwitchReply:
        books.rows[SwitchTrace.by_id(self.trace.id)] = None
        return decide(self, books)

    return forgets


def _dispute_again(books: Books, trace: TraceId, *arguments: Any, **more: Any) -> None:
    books.rows[Dispute.by_id(trace.id)] = None
    dispute_once(books, trace, *arguments, **more)


def _no_memory(decide: Callable[..., Decided]) -> Callable[..., Decided]:
    def forgets(submission: Submission[Any], books: Books, position: int) -> Decided:
        if submission.once is not None and not isinstance(submission.command, CashIn):
            return decide(submission, books, position)
        if submission.once is not None:
            books.rows[KnownKey.by_hash(submission.once.key_hash)] = None
        return decide(submission, books, position)

    return forgets


def _paid_all_the_same(books: Books, request: AgentRequest, tries: int) -> None:
    """A wrong code is refused, and its money moves."""
    wrong = request.moved(lifecycle.Happening.REFUSED, tries=tries)
    books.put(wrong)
    end_hold(books, request.wallet_id, request.held)
    books.record(
        "cash_out.refused",
        wrong.id,
        wrong.facts(),
        move(request.held, debit_to=HELD, credit_to=confirm_cash_out.FEES),
    )


def _untried(_books: Books, withdrawal: Withdrawal) -> Withdrawal:
    return withdrawal


def _never_expires(_books: Books, withdrawal: Withdrawal) -> Withdrawal:
    return withdrawal


def _first_code(self: request_code.RequestCode, _books: Books) -> request_code.CodeCandidate:
    return self.candidates[0]


def _fee_to_receiver(self: Any, books: Books, movement: Any, *_: Any) -> None:
    cost = Money(movement.amount + movement.fee)
    books.record(
        "transfer.made",
        self.transaction_id,
        {"from": movement.wallet.id, "to": movement.to_wallet.id, "amount": movement.amount},
        move(cost, debit_to=movement.wallet.id, credit_to=movement.to_wallet.id),
    )


def _rest_forgotten(*lines: Line, **more: Any) -> Entry:
    """What was held and not paid stays where it was."""
    if len(lines) > 3 and lines[-1].amount:
        held, rest = lines[0], lines[-1]
        lines = (Line(held.account, held.amount + rest.amount), *lines[1:-1])
    return entry(*lines, **more)


def _uncounted(self: Activity, *_: Any, **__: Any) -> Activity:
    return self


def _unknown_reference(decide: Callable[[Any, Books], Any]) -> Callable[..., Any]:
    def forgets(self: CreditFromBank, books: Books) -> Any:
        books.rows[BankCredit.by_reference(self.reference)] = None
        return decide(self, books)

    return forgets


def _not_lessened(*_: Any) -> bool:
    """What is disputed stays disputed, whatever the switch says of it later."""
    return False


def _never_paid(_books: Books, _on: date, minor: int) -> dict[UUID, int]:
    """As if no settlement date had been paid yet."""
    return {SETTLEMENT: minor}


def _linked_twice(self: Withdrawal, happening: Happening, **changes: Any) -> Withdrawal:
    """A late reversal leaves the entry open to be reversed once more."""
    if happening is Happening.REVERSED_IN_PART:
        changes.pop("capture_entry", None)
    return MOVED(self, happening, **changes)


MOVED = Withdrawal.moved
RequestCode, AuthoriseWithdrawal = request_code.RequestCode, authorise.AuthoriseWithdrawal
Complete = complete.CompleteWithdrawal
H = Happening

PLANTS = (
    Plant(
        "A code is given without a look at the balance",
        ((Books, "require_covered", _anything_goes),),
    ),
    Plant(
        "A hold is not counted for its wallet", ((request_code, "set_aside", _hold_nothing_down),)
    ),
    Plant("A capture does not end its hold", ((capture, "end_hold", _anything_goes),)),
    Plant(
        "A repeated completion captures again",
        ((Complete, "decide", _captures_again(Complete.decide)),),
    ),
    Plant(
        "The fee of a part is rounded by proportion",
        ((capture, "fee_of_part", _proportional),),
    ),
    Plant("A late reversal keeps the fee", ((take_back, "fee_of_part", _whole_fee),)),
    Plant("The rest of a part paid is lost", ((capture, "entry", _rest_forgotten),)),
    Plant(
        "A code lives on after its approval",
        moves={(State.ACTIVE, H.AUTHORISED): State.ACTIVE},
    ),
    Plant(
        "What was approved can be cancelled",
        moves={(State.AUTHORISED, H.CANCELLED): State.CANCELLED},
    ),
    Plant(
        "What is in doubt releases itself",
        (
            (doubt.DoubtWithdrawal, "decide", _release_in_doubt),
            (doubt.DoubtWithdrawal, "touches", expire.ExpireWithdrawal.touches),
        ),
    ),
    Plant("Any amount will do at the machine", ((AuthoriseWithdrawal, "_judge", _code_alone),)),
    Plant("Any code will do at the machine", ((authorise, "hmac", _AnyCode),)),
    Plant("Wrong tries are not counted", ((authorise, "count_try", _untried),)),
    Plant(
        "A code that is overdue is approved",
        ((authorise, "expire_if_overdue", _never_expires),),
    ),
    Plant(
        "A wallet gets a second live code", ((request_code, "_require_none_live", _anything_goes),)
    ),
    Plant("A code is given that lives elsewhere", ((RequestCode, "_first_free", _first_code),)),
    Plant(
        "A repeated question is decided anew",
        ((AuthoriseWithdrawal, "decide", _forgetful(AuthoriseWithdrawal.decide)),),
    ),
    Plant(
        "A reversal that comes first is forgotten",
        ((reverse, "note_unknown", _anything_goes),),
    ),
    Plant(
        "Cash that was paid without approval is ignored",
        ((Complete, "_dispute_unapproved", _not_ours),),
    ),
    Plant("What was paid too much is dropped", ((capture, "dispute_once", _anything_goes),)),
    Plant("A trace is disputed twice", ((advice, "dispute_once", _dispute_again),)),
    Plant("An entry is reversed twice", ((Withdrawal, "moved", _linked_twice),)),
    Plant(
        "A repeated key moves money again",
        ((deciding, "_decide", _no_memory(deciding._decide)),),
    ),
    Plant(
        "A bank credit is booked twice",
        (
            (
                CreditFromBank,
                "decide",
                _unknown_reference(CreditFromBank.decide),
            ),
        ),
    ),
    Plant(
        "A refused pick-up code moves money",
        ((confirm_cash_out, "_count_try", _paid_all_the_same),),
    ),
    Plant("Any pick-up code will do", ((confirm_cash_out, "hmac", _AnyCode),)),
    Plant(
        "A transfer's fee goes to its receiver",
        ((transfer.Transfer, "_send", _fee_to_receiver),),
    ),
    Plant("Notes drawn in again lessen no dispute", ((reverse, "lessen_dispute", _not_lessened),)),
    Plant(
        "What comes back for a date that was paid lessens another date's debt",
        ((take_back, "owe_less", _never_paid),),
    ),
    Plant("What was used of a limit is not counted", ((Activity, "counted", _uncounted),)),
)
