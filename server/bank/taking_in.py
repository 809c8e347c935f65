"""A bank statement on its way into the books: proven whole, taken in, credited, matched by rules.

Whoever is interrupted brings the same file again, and it goes on: a statement is taken in once, a
credit is booked once for its reference, and a line is matched once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import BinaryIO
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from commands.account.credit_from_bank import CreditFromBank
from commands.bank.line import line_id
from commands.bank.match_lines import MATCHES_MAX, Match, MatchLines
from commands.bank.take_in import TakeInStatement
from commands.identity.person import Role
from ledger.errors import Conflict
from ledger.money import CVE, Money
from queries import bank
from queries.answer import Answer
from queries.bank import OpenLine, StatementDetail
from queries.reader import Reader
from server.bank import rules
from server.bank.file import Read, read
from server.bank.rules import Named
from server.primary import Primary
from server.settlement.taking_in import Bearer, Way
from server.vault import Vault

OWNERS = """
    SELECT phone_index, phone_index_next, role, agent_id
    FROM ledger.person
    WHERE
        (phone_index = ANY(%(indexes)s) OR phone_index_next = ANY(%(indexes)s))
        AND status = 'active'
"""


class Finding(StrEnum):
    """What becomes of a line by the rules."""

    REFERENCE = "reference"
    AMOUNT = "amount"
    NAMED = "named"  # credited to the customer or agent whom the bank's words name
    UNNAMED = "unnamed"  # credited to nobody whom we know yet
    LEFT = "left"  # open: people have to say what it is


class Ruled(Answer, frozen=True, kw_only=True):
    """A line, and what the rules make of it: the entry that it is, or who is credited."""

    number: int
    amount: Money
    reference: str
    finding: Finding
    entry_number: int | None = None
    agent_id: UUID | None = None


class DryRun(Answer, frozen=True, kw_only=True):
    """What would become of a statement's lines. Nothing was kept or posted."""

    account: str
    number: int
    opening: Money
    closing: Money
    lines: tuple[Ruled, ...]


class Matched(Answer, frozen=True, kw_only=True):
    """How many open lines were matched now, and how many are still open."""

    matched: int
    open: int


class _Owner(msgspec.Struct, frozen=True):
    phone_index: bytes
    phone_index_next: bytes | None
    role: Role
    agent_id: UUID | None


class _Home(msgspec.Struct, frozen=True):
    """Who is credited: a customer's phone, or an agent; neither is nobody whom we know."""

    phone_index: bytes | None = None
    agent_id: UUID | None = None

    @property
    def finding(self) -> Finding:
        """As it is told."""
        nobody = self.phone_index is None and self.agent_id is None
        return Finding.UNNAMED if nobody else Finding.NAMED


class BankDesk:
    """Where bank statements of this process go in."""

    def __init__(self, way: Way, reader: Reader, primary: Primary, vault: Vault) -> None:
        self._way = way
        self._reader = reader
        self._primary = primary
        self._vault = vault

    async def dry_run(self, file: BinaryIO) -> DryRun:
        """What the rules would make of a file. Raises FileRefused."""
        statement = await asyncio.to_thread(read, file)
        heading = statement.heading
        return DryRun(
            account=heading.account,
            number=heading.number,
            opening=Money(heading.opening, CVE),
            closing=Money(heading.closing, CVE),
            lines=tuple(await self._ruled(statement)),
        )

    async def take_in(self, file: BinaryIO, bearer: Bearer) -> StatementDetail:
        """Take a file in: credit what came in, and match all that can be. Raises FileRefused, with
        nothing kept."""
        statement = await asyncio.to_thread(read, file)
        taking_in = TakeInStatement(
            heading=statement.heading, lines=statement.lines, user_id=bearer.user_id
        )
        taken_in = await self._way.submit(taking_in, bearer)
        await self._way.caught_up()
        await self.match(bearer)
        await self._credit(statement, bearer)
        await self.match(bearer)
        return await bank.statement(self._reader, taken_in.statement_id)

    async def match(self, bearer: Bearer) -> Matched:
        """Match every open line that the rules find in our books now."""
        matched = 0
        found = tuple(await self._matches())
        for first in range(0, len(found), MATCHES_MAX):
            some = found[first : first + MATCHES_MAX]
            matching = MatchLines(matches=some, user_id=bearer.user_id)
            matched += (await self._way.submit(matching, bearer)).matched
        await self._way.caught_up()
        return Matched(matched=matched, open=len(await bank.open_lines(self._reader)))

    async def _matches(self) -> Sequence[Match]:
        since = await bank.first_day(self._reader)
        if since is None:
            return ()
        lines = await bank.open_lines(self._reader)
        return rules.matches(lines, await bank.ours(self._reader, since))

    async def _credit(self, statement: Read, bearer: Bearer) -> None:
        """Credit what came in and is still open. Another amount under a reference that was booked
        before leaves its line open, for people to look at."""
        ours = {line_id(statement.heading.statement_id, line.number) for line in statement.lines}
        waiting = {each.id for each in await bank.open_lines(self._reader)} & ours
        homes = await self._homes(statement)
        for line, home in zip(statement.lines, homes, strict=True):
            id_ = line_id(statement.heading.statement_id, line.number)
            if line.amount < 0 or home is None or id_ not in waiting:
                continue
            crediting = CreditFromBank(
                transaction_id=uuid7(),
                reference=line.reference,
                amount=Money(line.amount),
                value_date=line.value_on,
                phone_index=home.phone_index,
                agent_id=home.agent_id,
            )
            try:
                await self._way.submit(crediting, bearer)
            except Conflict:
                continue
        await self._way.caught_up()

    async def _ruled(self, statement: Read) -> list[Ruled]:
        heading = statement.heading
        lines = [
            OpenLine(
                line_id(heading.statement_id, line.number),
                line.amount,
                line.reference,
                line.value_on,
            )
            for line in statement.lines
        ]
        since = await bank.first_day(self._reader) or heading.first_day
        ours = await bank.ours(self._reader, since)
        matched = {each.line_id: each for each in rules.matches(lines, ours)}
        ruled = []
        for line, open_, home in zip(
            statement.lines, lines, await self._homes(statement), strict=True
        ):
            match = matched.get(open_.id)
            credited = home if match is None and line.amount > 0 else None
            finding = Finding.LEFT if credited is None else credited.finding
            ruled.append(
                Ruled(
                    number=line.number,
                    amount=Money(line.amount, CVE),
                    reference=line.reference,
                    finding=finding if match is None else Finding(match.rule.value),
                    entry_number=None if match is None else match.entry_number,
                    agent_id=None if credited is None else credited.agent_id,
                )
            )
        return ruled

    async def _homes(self, statement: Read) -> list[_Home | None]:
        """For each line, whom its words name: nobody, when they name none or more than one. None
        for what the bank takes back."""
        named = [None if text is None else rules.named(text) for text in statement.texts]
        phones = {phone for each in named if each is not None for phone in each.phones}
        indexes = {phone: self._vault.phone_index(phone) for phone in phones}
        owners = await self._primary.rows(_Owner, OWNERS, indexes=list(indexes.values()))
        known = {each.phone_index: each for each in owners}
        known |= {each.phone_index_next: each for each in owners if each.phone_index_next}
        by_phone = {phone: known[index] for phone, index in indexes.items() if index in known}
        return [None if each is None else _home(each, by_phone, indexes) for each in named]


def _home(named: Named, owners: Mapping[str, _Owner], indexes: Mapping[str, bytes]) -> _Home:
    homes = {_Home(agent_id=each) for each in named.agents}
    for phone in named.phones & owners.keys():
        owner = owners[phone]
        if owner.role is Role.CUSTOMER:
            homes.add(_Home(phone_index=indexes[phone]))
        elif owner.role is Role.AGENT and owner.agent_id is not None:
            homes.add(_Home(agent_id=owner.agent_id))
    return homes.pop() if len(homes) == 1 else _Home()
