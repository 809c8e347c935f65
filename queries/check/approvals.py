"""I9: a code is approved once at most, and a wallet has one live code at most."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from queries.check.lives import Move
from queries.check.reading import Chunk, Reading
from queries.check.truth import Truth, Untrue

LIVE_CODES = """
    SELECT wallet_id, id
    FROM ledger.withdrawal
    WHERE state = 'active'
    ORDER BY wallet_id, requested_at, id
"""

APPROVED = """
    SELECT w.id, w.trace
    FROM ledger.withdrawal AS w
    WHERE w.id = ANY(%(ids)s) AND w.trace IS NOT NULL
"""


class OneApproval(Truth):
    """By the log's events, in their order; and by the rows as they stand."""

    CODE: ClassVar[str] = "I9"
    SENTENCE: ClassVar[str] = (
        "A code is approved once at most, a message of the switch approves one withdrawal at most,"
        " and a wallet has one live code at most."
    )

    def __init__(self) -> None:
        super().__init__()
        self._live: dict[str, UUID] = {}  # wallet -> its withdrawal that is active
        self._approved: set[UUID] = set()

    def see(self, chunk: Chunk) -> None:
        for move in chunk.moves:
            if move.after is not None and not move.after.at_agent:
                self._require_one_approval(move)
                self._require_one_live_code(move)

    def compare(self, reading: Reading) -> None:
        wallets: dict[UUID, UUID] = {}
        for wallet, id_ in reading.look(LIVE_CODES):
            if wallet in wallets:
                raise Untrue(
                    f"Wallet {wallet} has two live codes: withdrawals {wallets[wallet]} and {id_}."
                )
            wallets[wallet] = id_
        self.looked_at["live codes"] += len(wallets)
        traces: dict[UUID, UUID] = {}
        for rows in reading.look_up(APPROVED, self._approved):
            for id_, trace in rows:
                other = traces.setdefault(trace, id_)
                if other != id_:
                    raise Untrue(f"Withdrawals {other} and {id_} were approved by one message.")

    def _require_one_approval(self, move: Move) -> None:
        if move.record.kind != "withdrawal.authorised" or move.after is None:
            return
        self.looked_at["approvals"] += 1
        self._approved.add(move.record.subject)
        if move.after.approvals > 1:
            raise Untrue(f"The {move.what} was approved before.")

    def _require_one_live_code(self, move: Move) -> None:
        assert move.after is not None, "the caller looked"
        wallet, subject = move.after.wallet, move.record.subject
        if move.after.state == "active":
            other = self._live.setdefault(wallet, subject)
            if other != subject:
                raise Untrue(f"When {move.what} began, {other} of the same wallet was live.")
        elif self._live.get(wallet) == subject:
            del self._live[wallet]
