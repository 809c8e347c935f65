"""I5: the held account is the sum of open withdrawals and requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import ClassVar, NamedTuple
from uuid import UUID

from ledger.chart import DORMANT, HELD, the
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
    UNION ALL
    SELECT h.state, h.id, h.wallet_id, h.amount + h.fee
    FROM ledger.held_transfer AS h
    WHERE h.state = 'held'
"""

# The dormant account, and what wallets are said to have on it: in one snapshot.
ASLEEP = """
    SELECT
        -a.balance,
        (SELECT coalesce(sum(d.amount), 0)::bigint FROM ledger.dormancy AS d)
    FROM ledger.account AS a
    WHERE a.id = %(dormant)s
"""

# A transfer that a fraud rule holds: what its events do to the held account.
TRANSFERS = {"transfer.held": 1, "transfer.released": -1, "transfer.refused": -1}

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

    def __init__(self) -> None:
        super().__init__()
        self._transfers: dict[UUID, int] = {}  # what each still holds, by the log

    def see(self, chunk: Chunk) -> None:
        moves = {move.record.position: move for move in chunk.moves}
        for record in chunk.records:
            lines = chunk.lines_of(record)
            moved = -sum(line.amount for line in lines if line.account == HELD_ACCOUNT)
            move = moves.get(record.position)
            if record.kind in TRANSFERS:
                self._follow_transfer(record, moved)
            elif move is None:
                _require_nothing_held(record, moved)
            else:
                _require_own_hold(move, moved)
                self.looked_at["events of withdrawals and requests"] += 1

    def _follow_transfer(self, record: Record, moved: int) -> None:
        whole = record.payload["amount"] + record.payload["fee"]
        if moved != TRANSFERS[record.kind] * whole:
            raise Untrue(
                f"Record {record.position} ({record.kind}) moves {in_words(moved)} on account"
                f" {HELD}; the transfer is of {in_words(whole)}."
            )
        self._transfers[record.subject] = whole if moved > 0 else 0
        self.looked_at["events of held transfers"] += 1

    def compare(self, reading: Reading) -> None:
        rows = [Held._make(row) for row in reading.look(HELD_AND_OPEN, held=HELD_ACCOUNT)]
        waiting = {row.id: row for row in rows if row.what == "held"}
        _require_transfers(self._transfers, waiting, full=reading.full)
        open_ = {row.id: row for row in rows if row.what in HOLDING}
        self.looked_at["open withdrawals and requests"] += len(open_)
        for id_, life in reading.lives.items():
            _require_same(id_, life, open_.get(id_))
        for id_ in sorted(open_) if reading.full else ():
            if id_ not in reading.lives:
                raise Untrue(f"{id_} is {open_[id_].what}, but the log does not know it.")
        _require_sums_of_wallets(rows, (*open_.values(), *waiting.values()))
        held = sum(row.amount for row in rows if row.what == "account")
        wanted = sum(row.amount for row in (*open_.values(), *waiting.values()))
        if wanted != held:
            raise Untrue(
                f"Account {HELD} holds {in_words(held)}; the {len(open_)} open withdrawals and"
                f" requests and {len(waiting)} held transfers are {in_words(wanted)}."
            )
        for lies, told in reading.look(ASLEEP, dormant=str(the(DORMANT))):
            _require_asleep(lies, told)


def _require_asleep(lies: int, told: int) -> None:
    if lies != told:
        raise Untrue(
            f"Account {DORMANT} holds {in_words(lies)}; dormant wallets have {in_words(told)}"
            " on it."
        )


def _require_transfers(
    told: Mapping[UUID, int], waiting: Mapping[UUID, Held], *, full: bool
) -> None:
    for id_, amount in told.items():
        row = waiting.get(id_)
        found = row.amount if row else 0
        if found != amount:
            raise Untrue(
                f"Transfer {id_} holds {in_words(amount)} by the log; its row {in_words(found)}."
            )
    for id_ in sorted(waiting.keys() - told.keys()) if full else ():
        raise Untrue(f"Transfer {id_} is held, but the log does not know it.")


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
