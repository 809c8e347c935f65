"""The journal as an accountant reads it, and a proof of the books in sums of our own.

Nothing is taken on trust: each entry must balance, numbers must follow each other, each account
must hold what its lines add up to, and what all entries add up to must be the trial balance. Books
that are too long to read are proven from the entry on at which one began to look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from simulator.api import Api, ApiError, Refused
from simulator.contract import CodesBalance, Posted, PostedLine, PostedPage
from simulator.words import Text, money

POLL_SECONDS = 0.5
POLL_AWAY_SECONDS = 2.0
PAGE = 200
PAGES_MAX = 50  # so many entries are read back, at the beginning and after an absence
ENTRIES_KEPT = 200
SHOWN_AT_FIRST = 50
ENDED = 401  # a session that is no more
NUMBERS_PER_YEAR = 10**12  # 2026/17 is 2026000000000017
DEBIT_NORMAL = ("1", "5")  # assets and expenses grow by debits

READING = Text("A ler o diário…", "Reading the journal…")
PROVEN = Text(
    "{entries} lançamentos {since}, sem falhas; {accounts} contas e o balancete conferem; "
    "débitos = créditos = {total}",
    "{entries} entries {since}, no gap; {accounts} accounts and the trial balance agree; "
    "debits = credits = {total}",
)
FROM_THE_FIRST = Text("desde o primeiro", "from the first on")
AFTER_NUMBER = Text("depois de {number}", "after {number}")
UNBALANCED = Text(
    "{number} não fecha: débitos {debits}, créditos {credits}",
    "{number} does not balance: debits {debits}, credits {credits}",
)
GAP = Text("Depois de {before} vem {number}", "After {before} comes {number}")
WRONG_BALANCE = Text(
    "{number}: a conta {code} diz ter {said}, as linhas somam {summed}",
    "{number}: account {code} says it holds {said}, its lines add up to {summed}",
)
WRONG_TRIAL = Text(
    "Balancete, conta {code}: diz {said}, as linhas somam {summed}",
    "Trial balance, code {code}: says {said}, the lines add up to {summed}",
)


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the books. `proven` is None until there was time to look."""

    entries: tuple[Posted, ...] = ()  # the newest, oldest first
    proven: bool | None = None
    why: Text = READING
    online: bool = False


Sums = dict[str, tuple[Decimal, Decimal]]  # debits and credits by code
NOTHING = (Decimal(0), Decimal(0))


class OwnBooks:
    """What the entries that were read add up to, and the first thing about them that is not right.

    `opening` is the trial balance after entry number `after`, when they are not read from the
    beginning; otherwise every account begins with nothing.
    """

    def __init__(self, after: int | None = None, opening: Sums | None = None) -> None:
        self.last = after
        self._after = after
        self._count = 0
        self._sums: Sums = dict(opening or {})
        self._accounts: dict[UUID, Decimal] = {}
        self._flaw: Text | None = None  # an entry stays what it is, and so does what is wrong

    def post(self, entry: Posted) -> None:
        """Add one more, right or not."""
        moved = (self._move(entry, line) for line in entry.lines)
        flaws = [self._gap(entry), _unbalanced(entry), *moved]
        self._flaw = self._flaw or next((each for each in flaws if each is not None), None)
        self.last = entry.number
        self._count += 1

    def disagreement(self, trial: Sums) -> Text | None:
        """What is wrong with the entries, or the first code whose sums the trial balance does not
        have."""
        if self._flaw is not None:
            return self._flaw
        for code in sorted(self._sums.keys() | trial.keys()):
            own, said = self._sums.get(code, NOTHING), trial.get(code, NOTHING)
            if own != said:
                return WRONG_TRIAL.filled(code=code, said=_pair(said), summed=_pair(own))
        return None

    def proof(self) -> Text:
        """What has been proven."""
        since = FROM_THE_FIRST
        if self._after is not None:
            since = AFTER_NUMBER.filled(number=written(self._after))
        return PROVEN.filled(
            entries=self._count,
            since=since,
            accounts=len(self._accounts),
            total=money(sum((debits for debits, _ in self._sums.values()), Decimal(0))),
        )

    def _gap(self, entry: Posted) -> Text | None:
        year = entry.number - entry.number % NUMBERS_PER_YEAR
        before = self.last
        if before is None or before < year:  # numbers begin anew with the year
            before = year
        if entry.number == before + 1:
            return None
        return GAP.filled(before=written(before), number=entry.written)

    def _move(self, entry: Posted, line: PostedLine) -> Text | None:
        """An account that is met in the middle of its life is believed the first time."""
        debits, credits_ = self._sums.get(line.code, NOTHING)
        is_debit = line.direction == "debit"
        self._sums[line.code] = (
            (debits + line.amount, credits_) if is_debit else (debits, credits_ + line.amount)
        )
        grows = is_debit == line.code.startswith(DEBIT_NORMAL)
        change = line.amount if grows else -line.amount
        unknown = Decimal(0) if self._after is None else line.balance_after - change
        held = self._accounts.get(line.account_id, unknown) + change
        self._accounts[line.account_id] = line.balance_after
        if held == line.balance_after:
            return None
        return WRONG_BALANCE.filled(
            number=entry.written,
            code=line.code,
            said=money(line.balance_after),
            summed=money(held),
        )


class LedgerWatch:
    """Reads the journal again and again. `sign_in` gives the API as an accountant has it."""

    def __init__(
        self,
        sign_in: Callable[[], Awaitable[Api]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.state = Watched()
        self._sign_in = sign_in
        self._sleep = sleep
        self._api: Api | None = None
        self._books = OwnBooks()
        self._watchers: list[Callable[[Watched], None]] = []

    def watch(self, watcher: Callable[[Watched], None]) -> None:
        """Tell of every change from now on."""
        self._watchers.append(watcher)

    async def run(self) -> None:
        """Look until nobody wants to know any more."""
        while True:
            await self.look()
            await self._sleep(POLL_SECONDS if self.state.online else POLL_AWAY_SECONDS)

    async def look(self) -> None:
        """Read what is new, and prove it."""
        try:
            if self._api is None:
                self._api = await self._sign_in()
            await self._prove(self._api)
        except Refused as refused:
            if refused.status == ENDED:
                self._api = None
            self._tell(online=False)
        except (ApiError, msgspec.MsgspecError):
            self._tell(online=False)

    async def _prove(self, api: Api) -> None:
        new = await _newer(api, self._books.last)
        if new is None:
            new = await self._begin_here(api)
        elif not new and self.state.proven is not None:
            self._tell(online=True)
            return
        for entry in new:
            self._books.post(entry)
        trial = await _trial(api)
        why = self._books.disagreement(trial)
        # Entries may have come since: the trial balance stands after one of them.
        since = await _newer(api, self._books.last) or ()
        for entry in since:
            self._books.post(entry)
            why = why and self._books.disagreement(trial)
        kept = (*self.state.entries, *new, *since)[-ENTRIES_KEPT:]
        self._tell(entries=kept, proven=why is None, why=why or self._books.proof(), online=True)

    async def _begin_here(self, api: Api) -> tuple[Posted, ...]:
        """There are too many entries to read them all: believe the trial balance as it is now."""
        while True:
            page = await api.get("journal", PostedPage, limit=SHOWN_AT_FIRST)
            trial = await _trial(api)
            again = await api.get("journal", PostedPage, limit=1)
            if page.items[0].number == again.items[0].number:
                self._books = OwnBooks(page.items[0].number, trial)
                self.state = replace(self.state, entries=page.items[::-1])
                return ()

    def _tell(self, **changed: Any) -> None:
        before, self.state = self.state, replace(self.state, **changed)
        if self.state != before:
            for watcher in self._watchers:
                watcher(self.state)


def written(number: int) -> str:
    """An entry's number as people write it: 2026/17."""
    return f"{number // NUMBERS_PER_YEAR}/{number % NUMBERS_PER_YEAR}"


async def _newer(api: Api, last: int | None) -> tuple[Posted, ...] | None:
    """Entries after this one, oldest first; None when they are too many to read."""
    found: list[Posted] = []
    query: dict[str, Any] = {"limit": PAGE}
    for _ in range(PAGES_MAX):
        page = await api.get("journal", PostedPage, **query)
        new = [each for each in page.items if last is None or each.number > last]
        found += new
        if len(new) < len(page.items) or page.next_cursor is None:
            return tuple(reversed(found))
        query["cursor"] = page.next_cursor
    return None


async def _trial(api: Api) -> Sums:
    sums: Sums = {}
    for line in (await api.get("reports/trial-balance", CodesBalance)).lines:
        debits, credits_ = sums.get(line.code, NOTHING)  # a code has a line for each currency
        sums[line.code] = (debits + line.debits, credits_ + line.credits)
    return sums


def _unbalanced(entry: Posted) -> Text | None:
    sides = {"debit": Decimal(0), "credit": Decimal(0)}
    for line in entry.lines:
        sides[line.direction] += line.amount
    if sides["debit"] == sides["credit"] and len(entry.lines) > 1:
        return None
    debits, credits_ = money(sides["debit"]), money(sides["credit"])
    return UNBALANCED.filled(number=entry.written, debits=debits, credits=credits_)


def _pair(sums: tuple[Decimal, Decimal]) -> Text:
    debits, credits_ = (money(each) for each in sums)
    return Text(f"D {debits.pt} C {credits_.pt}", f"D {debits.en} C {credits_.en}")
