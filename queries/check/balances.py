"""I3: every account's balance is the sum of its lines."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from ledger.journal import written
from queries.check.reading import Chunk, Reading
from queries.check.truth import Truth, Untrue, in_words

BY_ID = """
    SELECT id::text, code, currency, balance
    FROM ledger.account
    WHERE id > %(after)s::uuid
    ORDER BY id
    LIMIT %(rows)s
"""

OF_THESE = """
    SELECT id::text, code, currency, balance
    FROM ledger.account
    WHERE id = ANY(%(ids)s::uuid[])
    ORDER BY id
"""


class BalancesAreSums(Truth):
    """Lines are added up here, one after the other: each must carry the sum so far, and the
    account's row the last. Incrementally, an account begins with what its first line that is read
    says of it."""

    CODE: ClassVar[str] = "I3"
    SENTENCE: ClassVar[str] = (
        "Every account's balance is the sum of its lines, and every line carries the sum so far."
    )

    def __init__(self) -> None:
        super().__init__()
        self._balances: dict[str, int] = {}
        self._from_zero = True

    def begin(self, reading: Reading) -> None:
        self._from_zero = reading.since == 0

    def see(self, chunk: Chunk) -> None:
        balances = self._balances
        for record in chunk.records:
            for line in chunk.lines_of(record):
                before = balances.get(line.account)
                if before is None:
                    before = 0 if self._from_zero else line.balance - line.amount
                after = balances[line.account] = before + line.amount
                if line.balance != after:
                    self._refuse_line(chunk, line.account, line.line_number, record.entry_number)
                self.looked_at["lines"] += 1

    def compare(self, reading: Reading) -> None:
        if reading.full:
            for rows in reading.pages(BY_ID, str(UUID(int=0))):
                for account_id, code, currency, balance in rows:
                    self._require_sum(account_id, code, currency, balance, 0)
            return
        for rows in reading.look_up(OF_THESE, self._balances):
            for account_id, code, currency, balance in rows:
                self._require_sum(account_id, code, currency, balance, balance)

    def _require_sum(
        self, account_id: str, code: str, currency: str, balance: int, unseen: int
    ) -> None:
        self.looked_at["accounts"] += 1
        total = self._balances.get(account_id, unseen)
        if balance != total:
            raise Untrue(
                f"Account {code} {account_id} has a balance of {in_words(balance, currency)}, but"
                f" its lines sum to {in_words(total, currency)} (debit positive)."
            )

    def _refuse_line(
        self, chunk: Chunk, account: str, line_number: int, entry_number: int | None
    ) -> None:
        heading = chunk.headings.get(account)
        code, currency = (heading.code, heading.currency) if heading else ("?", "CVE")
        raise Untrue(
            f"Line {line_number} of entry {written(entry_number or 0)} does not carry the balance"
            f" that account {code} {account} has after it:"
            f" {in_words(self._balances[account], currency)} (debit positive)."
        )
