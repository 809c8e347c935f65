"""I5: the held account is the sum of open withdrawals and requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import ClassVar, NamedTuple
from uuid import UUID

from ledger.chart import HELD, the
from ledger.journal import written
from queries.check.lives import HOLDING, Life, Move
from queries.check.reading import Chunk, Reading, Record
from queries.check.truth import Truth, Untrue, in_words

# What is held, for whom, and what each wallet's own sum of it says: in one snapshot. Each state by
# its own index.
HELD_AND_OPEN = """
    SELECT 'account' AS what, a.id, a.id AS wallet, -a.balance AS amount
    FROM ledger.account AS a
    WHERE a.id = %(held)s
    UNION ALL
    SELECT 'wallet', c.wallet_id, c.wallet_id, c.held FROM ledger.cardless AS c WHERE c.held <> 0
    UNION ALL
    SELECT w.state, w.id, w.wallet_id, w.amount + w.fee
    FROM ledger.withdrawal AS w
    WHERE w.state = 'active'
    UNION ALL
    SELECT w.state, w.id, w.wallet_id, w.amount + w.fee
    FROM ledger.withdrawal AS w
    WHERE w.state = 'authorised'
    UNION ALL
    SELECT w.state, w.id, w.wallet_id, w.amount + w.fee
    FROM ledger.withdrawal AS w
    WHERE w.state = 'in_doubt'
    UNION ALL
    SELECT r.state, r.id, r.wallet_id, r.amount + r.fee
    FROM ledger.agent_request AS r
    WHERE r.state = 'pending'
"""

HELD_ACCOUNT = str(the(HELD))


class Held(NamedTuple):
    """The held account, a wallet's own sum of it, or one that holds: then `what` is its state."""

    what: str
    id: UUID
    wallet: UUID
    amount: int


class HoldsAreOpen(Truth):
    """Each event moves its own hold and no other; and what is held is held for somebody."""

    CODE: ClassVar[str] = "I5"
    SENTENCE: ClassVar[str] = (
        "The held account is the sum of open withdrawals and requests, each with its fee; money is"
        " set aside when one begins and leaves whole when it ends."
    )

    def see(self, chunk: Chunk) -> None:
        moves = {move.record.position: move for move in chunk.moves}
        for record in chunk.records:
            lines = chunk.lines_of(record)
            moved = -sum(line.amount for line in lines if line.account == HELD_ACCOUNT)
            move = moves.get(record.position)
            if move is None:
                _require_nothing_held(record, moved)
            else:
                _require_own_hold(move, moved)
                self.looked_at["events of withdrawals and requests"] += 1

    def compare(self, reading: Reading) -> None:
        rows = [Held._make(row) for row in reading.look(HELD_AND_OPEN, held=HELD_ACCOUNT)]
        open_ = {row.id: row for row in rows if row.what in HOLDING}
        self.looked_at["open withdrawals and requests"] += len(open_)
        for id_, life in reading.lives.items():
            _require_same(id_, life, open_.get(id_))
        for id_ in sorted(open_) if reading.full else ():
            if id_ not in reading.lives:
                raise Untrue(f"{id_} is {open_[id_].what}, but the log does not know it.")
        _require_sums_of_wallets(rows, open_.values())
        held = sum(row.amount for row in rows if row.what == "account")
        wanted = sum(row.amount for row in open_.values())
        if wanted != held:
            raise Untrue(
                f"Account {HELD} holds {in_words(held)}; the {len(open_)} open withdrawals and"
                f" requests are {in_words(wanted)}."
            )


def _require_sums_of_wallets(rows: Iterable[Held], open_: Iterable[Held]) -> None:
    wanted: Counter[UUID] = Counter()
    for row in open_:
        wanted[row.wallet] += row.amount
    told = Counter({row.wallet: row.amount for row in rows if row.what == "wallet"})
    for wallet in sorted(wanted.keys() | told.keys()):
        if wanted[wallet] != told[wallet]:
            raise Untrue(
                f"Of wallet {wallet}, {in_words(told[wallet])} are said to be held; its open"
                f" withdrawals and requests are {in_words(wanted[wallet])}."
            )


def _require_nothing_held(record: Record, moved: int) -> None:
    if moved:
        raise Untrue(
            f"Entry {written(record.entry_number or 0)} ({record.kind}) moves {in_words(moved)} on"
            f" account {HELD}, but is no event of a withdrawal or request."
        )


def _require_own_hold(move: Move, moved: int) -> None:
    if move.told is None or move.after is None:
        raise Untrue(f"The event of {move.what} cannot be read.")
    whole = move.after.amount + move.after.fee
    if moved not in _hold_moved(move.before, move.after, whole):
        raise Untrue(
            f"The event of {move.what} moves {in_words(moved)} on account {HELD}; its hold is of"
            f" {in_words(whole)}."
        )


def _hold_moved(before: Life | None, after: Life, whole: int) -> tuple[int, ...]:
    """What an event may put on the held account. Where the life began before the first record
    that was read, its end may or may not have come earlier."""
    is_open = after.state in HOLDING
    if before is None:
        began = whole if after.whole else 0
        return (began,) if is_open else (-whole, 0)
    was_open = before.state in HOLDING
    return (whole * (is_open - was_open),)


def _require_same(id_: UUID, life: Life, row: Held | None) -> None:
    holds, state = (row.amount, row.what) if row else (0, "not open")
    if life.holds != holds:
        what = "Request" if life.at_agent else "Withdrawal"
        raise Untrue(
            f"{what} {id_} is {life.state} by the log and holds {in_words(life.holds)}; its row is"
            f" {state} and holds {in_words(holds)}."
        )
