"""I10: one capture at most per approval, not above it; capture or release, never both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import ClassVar, NamedTuple
from uuid import UUID

from ledger.chart import (
    DUE_FROM_SWITCH,
    FEE_AGENT,
    FEE_ATM,
    HELD,
    SUSPENSE_BREAKS,
    SWITCH_PAYABLE,
    TAXES_PAYABLE,
    UNIDENTIFIED_CREDITS,
    the,
)
from ledger.journal import written
from queries.check.lives import AGENT, Life, Move
from queries.check.reading import Chunk, Reading
from queries.check.truth import Truth, Untrue, in_words

WITHDRAWALS = """
    SELECT id, state, wallet_id::text, amount, fee, captured, captured_fee
    FROM ledger.withdrawal
    WHERE id = ANY(%(ids)s)
"""

REQUESTS = """
    SELECT id, state, wallet_id::text, amount, fee, 0, 0
    FROM ledger.agent_request
    WHERE id = ANY(%(ids)s)
"""

WITHDRAWALS_BY_ID = """
    SELECT id FROM ledger.withdrawal WHERE id > %(after)s ORDER BY id LIMIT %(rows)s
"""

REQUESTS_BY_ID = """
    SELECT id FROM ledger.agent_request WHERE id > %(after)s ORDER BY id LIMIT %(rows)s
"""

TAXES = str(the(TAXES_PAYABLE))
BEARERS = frozenset({SWITCH_PAYABLE, DUE_FROM_SWITCH, SUSPENSE_BREAKS, UNIDENTIFIED_CREDITS})


class Step(NamedTuple):
    """From which states an event leads to which. None: it begins a life."""

    before: tuple[str | None, ...]
    after: tuple[str, ...]


class Row(NamedTuple):
    """A withdrawal or request, as its row has it."""

    id: UUID
    state: str
    wallet: str
    amount: int
    fee: int
    captured: int
    captured_fee: int


# After these the customer has the whole hold back.
RELEASED = frozenset(
    {"expired", "cancelled", "locked", "reversed", "released", "refused", "lapsed"}
)

# The table of a withdrawal's life, written down a second time so that neither is believed.
STEPS = {
    "withdrawal.requested": Step((None,), ("active",)),
    "withdrawal.code_tried": Step(("active",), ("active",)),
    "withdrawal.approval_wanted": Step(("active",), ("active",)),
    "withdrawal.approved": Step(("active",), ("active",)),
    "withdrawal.expired": Step(("active",), ("expired",)),
    "withdrawal.cancelled": Step(("active",), ("cancelled",)),
    "withdrawal.locked": Step(("active",), ("locked",)),
    "withdrawal.authorised": Step(("active",), ("authorised",)),
    "withdrawal.in_doubt": Step(("authorised",), ("in_doubt",)),
    "withdrawal.release_proposed": Step(("in_doubt",), ("in_doubt",)),
    "withdrawal.release_lapsed": Step(("in_doubt",), ("in_doubt",)),
    "withdrawal.released": Step(("in_doubt",), ("released",)),
    "withdrawal.completed": Step(("authorised", "in_doubt"), ("completed",)),
    "withdrawal.reversed": Step(("authorised", "in_doubt", "completed"), ("reversed", "completed")),
    "cash_out.requested": Step((None,), ("pending",)),
    "cash_out.taken": Step(("pending",), ("pending",)),
    "cash_out.passed_on": Step(("pending",), ("pending",)),
    "cash_out.code_tried": Step(("pending",), ("pending",)),
    "cash_out.confirmed": Step(("pending",), ("confirmed",)),
    "cash_out.refused": Step(("pending",), ("refused",)),
    "cash_out.lapsed": Step(("pending",), ("lapsed",)),
    "cash_out.cancelled": Step(("pending",), ("cancelled",)),
}


class CaptureOrRelease(Truth):
    """Every event against the table of lives, every capture and release against its entry, every
    row against its life."""

    CODE: ClassVar[str] = "I10"
    SENTENCE: ClassVar[str] = (
        "An approval is captured once at most and never above what was approved; what is held is"
        " captured or released, never both."
    )

    def __init__(self) -> None:
        super().__init__()
        self._from_the_beginning = True

    def begin(self, reading: Reading) -> None:
        self._from_the_beginning = reading.since == 0

    def see(self, chunk: Chunk) -> None:
        for move in chunk.moves:
            after = _require_step(move, unseen=not self._from_the_beginning)
            if move.record.kind == "withdrawal.completed":
                _require_capture(move, after, chunk)
                self.looked_at["captures"] += 1
            elif _takes_back(move, chunk):
                _require_refund(move, after, chunk)
                self.looked_at["refunds"] += 1
            elif move.record.kind == "cash_out.confirmed":
                _require_paid_out(move, after, chunk)
                self.looked_at["requests paid out"] += 1
            elif after.state in RELEASED:
                _require_release(move, after, chunk)
                self.looked_at["releases"] += 1

    def compare(self, reading: Reading) -> None:
        for of_lives, by_id, at_agent in (
            (WITHDRAWALS, WITHDRAWALS_BY_ID, False),
            (REQUESTS, REQUESTS_BY_ID, True),
        ):
            what = "request" if at_agent else "withdrawal"
            lives = [id_ for id_, life in reading.lives.items() if life.at_agent is at_agent]
            self.looked_at[f"{what}s"] += len(lives)
            rows = 0
            for page in reading.look_up(of_lives, lives):
                rows += len(page)
                for row in page:
                    _require_same(what, reading.lives[row[0]], Row._make(row))
            if rows < len(lives):
                raise Untrue(f"{len(lives) - rows} {what}s of the log have no row.")
            for page in reading.pages(by_id, UUID(int=0)) if reading.full else ():
                _require_known(what, (id_ for (id_,) in page), reading)


def _require_step(move: Move, *, unseen: bool) -> Life:
    """What became of it. With `unseen`, a life may have begun before the first record."""
    step = STEPS.get(move.record.kind)
    if step is None or move.told is None or move.after is None:
        raise Untrue(f"The event of {move.what} cannot be read.")
    was = move.before.state if move.before else None
    may_be = was in step.before or (unseen and was is None)
    if not may_be or move.after.state not in step.after:
        raise Untrue(
            f"The {move.what} went from {was or 'nothing'} to {move.after.state}, which no"
            " withdrawal or request may."
        )
    before = move.before or move.after
    same = (before.wallet, before.amount, before.fee)
    if same != (move.after.wallet, move.after.amount, move.after.fee):
        raise Untrue(f"The {move.what} changed its amount, its fee or its wallet.")
    return move.after


def _require_capture(move: Move, life: Life, chunk: Chunk) -> None:
    if life.captures > 1:
        raise Untrue(f"The {move.what} was captured before.")
    if not (0 < life.captured <= life.amount and 0 <= life.captured_fee <= life.fee):
        raise Untrue(
            f"The {move.what} captures {in_words(life.captured)} and a fee of"
            f" {in_words(life.captured_fee)}; approved were {in_words(life.amount)} and"
            f" {in_words(life.fee)}."
        )
    rest = life.amount + life.fee - life.captured - life.captured_fee
    _require_lines(move, chunk, {
        str(the(HELD)): life.amount + life.fee,
        str(the(SWITCH_PAYABLE)): -life.captured,
        str(the(FEE_ATM)): -life.captured_fee,
        life.wallet: -rest,
    })  # fmt: skip


def _require_release(move: Move, life: Life, chunk: Chunk) -> None:
    whole = life.amount + life.fee
    _require_lines(move, chunk, {str(the(HELD)): whole, life.wallet: -whole})


def _require_paid_out(move: Move, life: Life, chunk: Chunk) -> None:
    """The hold went to the agent, the fee was earned, and nothing came back to the wallet."""
    moved = _moved(move, chunk)
    wanted = {
        str(the(HELD)): life.amount + life.fee,
        str(the(FEE_AGENT)): -life.fee,
        life.wallet: 0,
    }
    if any(moved[account] != amount for account, amount in wanted.items()):
        raise Untrue(_other_lines(move))


def _takes_back(move: Move, chunk: Chunk) -> bool:
    """Whether it takes a capture back, and does not only let a hold go."""
    if move.record.kind != "withdrawal.reversed":
        return False
    if move.before is not None:
        return move.before.state == "completed"
    return str(the(HELD)) not in _moved(move, chunk)


def _require_refund(move: Move, life: Life, chunk: Chunk) -> None:
    """A capture is taken back, whole or in part; nothing is held for it any more."""
    if move.before is None:
        return  # how much had been captured was not seen
    part, fee = move.before.captured - life.captured, move.before.captured_fee - life.captured_fee
    if part <= 0 or fee < 0:
        raise Untrue(f"The {move.what} takes back {in_words(part)} and {in_words(fee)} of its fee.")
    against = _bearers(move, part)
    if sum(against.values()) != part:
        raise Untrue(f"The {move.what} takes back {in_words(part)}, and not all of it is borne.")
    _require_lines(move, chunk, {**against, str(the(FEE_ATM)): fee, life.wallet: -part - fee})


def _bearers(move: Move, part: int) -> dict[str, int]:
    """Who bears what comes back: our debt to the switch is less, unless the record tells."""
    told = move.record.payload.get("against") or {SWITCH_PAYABLE: part}
    if not isinstance(told, dict) or told.keys() - BEARERS:
        raise Untrue(f"The {move.what} is borne by an account that bears no withdrawal.")
    return {str(the(code)): int(amount) for code, amount in told.items()}


def _require_lines(move: Move, chunk: Chunk, expected: dict[str, int]) -> None:
    moved = _moved(move, chunk)
    if any(moved[account] != expected.get(account, 0) for account in moved.keys() | expected):
        raise Untrue(_other_lines(move))


def _moved(move: Move, chunk: Chunk) -> Counter[str]:
    """What its entry moved on each account; the tax on a fee counts as the fee."""
    fees = str(the(FEE_AGENT if move.record.kind.startswith(AGENT) else FEE_ATM))
    moved: Counter[str] = Counter()
    for line in chunk.lines_of(move.record):
        moved[fees if line.account == TAXES else line.account] += line.amount
    return moved


def _other_lines(move: Move) -> str:
    number = written(move.record.entry_number or 0)
    return f"Entry {number} of {move.what} does not move what the event says."


def _require_same(what: str, life: Life, row: Row) -> None:
    told = Row(
        row.id, life.state, life.wallet, life.amount, life.fee, life.captured, life.captured_fee
    )
    for name, in_row, in_log in zip(Row._fields, row, told, strict=True):
        if in_row != in_log:
            raise Untrue(
                f"The {name.replace('_', ' ')} of {what} {row.id} is {in_row} in its row and"
                f" {in_log} by the log."
            )


def _require_known(what: str, ids: Iterable[UUID], reading: Reading) -> None:
    for id_ in ids:
        if id_ not in reading.lives:
            raise Untrue(f"The log does not know {what} {id_}, which has a row.")
