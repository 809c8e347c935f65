"""The next items of a settlement file are matched, a few hundred at a time and in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec

from commands.command import Command, Rounds
from commands.reconciliation.file import FileStatus, SettlementFile
from commands.reconciliation.interchange import THE_INTERCHANGE
from commands.reconciliation.item import Heading, Item
from commands.reconciliation.judge import Outcome, judge
from commands.reconciliation.mention import Mention
from commands.reconciliation.mismatch import Mismatch, Place
from commands.risk.activity import Activity, terminal_subject
from commands.switch.dispute import BREAKS, Dispute
from commands.switch.owed import SETTLEMENT, Settlement
from commands.switch.trace import SwitchTrace
from commands.tariff import TAXES, Operation, Tariff
from commands.treasury.breaks import Break
from commands.withdrawal.capture import FEES
from commands.withdrawal.hold import HELD, hold_keys
from commands.withdrawal.row import Withdrawal
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import Conflict
from ledger.rows import Key

ITEMS_MAX = 500


class MatchItems(Command[FileStatus], frozen=True, kw_only=True):
    """Match these items of a file that was taken in. What was matched before is passed over: who
    was interrupted begins again anywhere before."""

    NEVER_SHED = True

    heading: Heading
    items: tuple[Item, ...]

    def touches(self, books: Books) -> Rounds:
        accounts = (SETTLEMENT, BREAKS, HELD, FEES, TAXES)
        yield (
            SettlementFile.by_id(self.heading.file_id),
            THE_INTERCHANGE,
            Tariff.of(Operation.ATM_WITHDRAWAL),
            Settlement.of(self.heading.settlement_date),
            *(Account.by_id(account) for account in accounts),
            *(key for trace_id in self._traces for key in _trace_keys(trace_id)),
        )
        yield tuple(self._about(books))
        yield tuple(self._around(books))

    def decide(self, books: Books) -> FileStatus:
        file = books.get(SettlementFile.by_id(self.heading.file_id))
        if self.items[0].number > file.matched + 1:
            raise Conflict("The items before these are not matched yet.", matched=file.matched)
        # From here on nothing is refused.
        left = [item for item in self.items if item.number > file.matched]
        if not left:
            return FileStatus.of(file)
        outcomes: Counter[Outcome] = Counter()
        written: list[list[Any]] = []
        for item in left:
            place = Place(file_id=file.id, file_date=file.settlement_date, number=item.number)
            judged = judge(books, file.acquirer_id, item, place)
            outcomes[judged.outcome] += 1
            written.append([*item.written(), judged.outcome, judged.withdrawal_id])
        after = msgspec.structs.replace(file, matched=left[-1].number)
        books.put(after)
        books.record(
            "settlement.items_matched",
            after.id,
            after.facts(matched=after.matched, outcomes=dict(outcomes), items=written),
        )
        return FileStatus.of(after)

    @property
    def _traces(self) -> Iterator[UUID]:
        return (item.trace_of(self.heading.acquirer_id).id for item in self.items)

    def _about(self, books: Books) -> Iterator[Key[Any]]:
        """The withdrawals that the traces have approved, and what was found about them before."""
        for trace_id in self._traces:
            known = books.find(SwitchTrace.by_id(trace_id))
            if known is not None and known.withdrawal_id is not None:
                yield Withdrawal.by_id(known.withdrawal_id)
            mention = books.find(Mention.of(trace_id))
            if mention is not None and mention.missing_id is not None:
                yield Mismatch.by_id(mention.missing_id)

    def _around(self, books: Books) -> Iterator[Key[Any]]:
        """What completing them touches, or what else stands for them."""
        for item, trace_id in zip(self.items, self._traces, strict=True):
            known = books.find(SwitchTrace.by_id(trace_id))
            if known is None or known.withdrawal_id is None:
                continue
            withdrawal = books.get(Withdrawal.by_id(known.withdrawal_id))
            yield Break.by_id(withdrawal.id)
            if withdrawal.awaits_word:
                yield Activity.of(terminal_subject(item.terminal_id))
                yield from hold_keys(withdrawal.wallet_id)


def _trace_keys(trace_id: UUID) -> tuple[Key[Any], ...]:
    return (SwitchTrace.by_id(trace_id), Mention.of(trace_id), Dispute.by_id(trace_id))
