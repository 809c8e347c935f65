"""Where a chapter plays: the town, the accountant who reads the journal, and what must be true."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from time import monotonic
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from simulator import bookkeeping
from simulator.api import Api
from simulator.bookkeeping import Legs
from simulator.contract import JournalPage, TrialBalance
from simulator.machines import atm, phone
from simulator.machines.phone import LiveCode
from simulator.running import Running
from simulator.telling import Teller
from simulator.town import AtmAtWork, PhoneAtWork, TillAtWork, Town
from simulator.words import escudos

E = TypeVar("E")

QUIET_SECONDS = 20.0
CONFIRMED_SECONDS = 240  # the server takes five minutes


class StoryBroken(Exception):
    """A chapter cannot go on."""


class Chapter(NamedTuple):
    """A part of the story."""

    title: str
    play: Callable[[Scene], Awaitable[None]]


class Scene:
    """What chapters share. `forgotten` is a code that somebody asks for and does not use, who had
    `before_forgetting`."""

    def __init__(self, town: Town, teller: Teller, accountant: Api) -> None:
        self.town = town
        self.teller = teller
        self.forgotten: LiveCode | None = None
        self.before_forgetting = Decimal(0)
        self._accountant = accountant
        self._staff = {"accountant": accountant}
        self._confirmed: dict[str, float] = {}  # when, by role
        self._shown: set[int] = set()
        self._owed_to_switch = 0

    @property
    def customer(self) -> PhoneAtWork:
        """Whom most of the story is about."""
        return self.town.phones[0]

    @property
    def another(self) -> PhoneAtWork:
        """Who forgets a code."""
        return self.town.phones[1]

    @property
    def third(self) -> PhoneAtWork:
        """Who wants more than there is."""
        return self.town.phones[2]

    @property
    def machine(self) -> AtmAtWork:
        """The cash machine at the corner."""
        return self.town.atms[0]

    @property
    def till(self) -> TillAtWork:
        """The agent's counter."""
        return self.town.tills[0]

    async def staff(self, role: str) -> Api:
        """Somebody of the staff, who stays signed in for the rest of the story."""
        if role not in self._staff:
            self._staff[role] = await self.town.reader(role)
        return self._staff[role]

    async def deciding(self, role: str) -> Api:
        """The same, who has shown the second factor lately: for what moves money or rules."""
        api, now = await self.staff(role), monotonic()
        if self._confirmed.get(role, -CONFIRMED_SECONDS) + CONFIRMED_SECONDS <= now:
            await self.town.confirm(api, role)
            self._confirmed[role] = now
        return api

    async def do(self, machine: Running[Any, E, Any], event: E) -> None:
        """Let something happen, and wait until all that follows from it is done."""
        machine.happen(event)
        await self.town.work.quiet(QUIET_SECONDS)

    async def say(self, text: str) -> None:
        """Tell what has happened."""
        await self.teller.say(text)

    def show(self, who: PhoneAtWork | AtmAtWork | TillAtWork) -> None:
        """What a screen says."""
        names = {"Phone": "telemóvel", "Atm": "caixa", "Till": "agente"}
        self.teller.screen(names[type(who.state).__name__], str(who.state.screen))

    async def ask_for_code(self, phone_: PhoneAtWork, amount: int) -> LiveCode:
        """A code for the machine. One that was left over from before is cancelled first."""
        await self.do(phone_, phone.CashWanted(amount, self.town.key()))
        if phone_.state.refused == "WITHDRAWAL_PENDING":
            await self.do(phone_, phone.CancelPressed(self.town.key()))
            await self.do(phone_, phone.CashWanted(amount, self.town.key()))
        return self.live(phone_)

    def live(self, phone_: PhoneAtWork) -> LiveCode:
        """The code on the screen. Raises StoryBroken when there is none."""
        live = phone_.state.live
        if live is None or phone_.state.refused is not None:
            sentence = f"there is no code: {phone_.state.refused} ({phone_.state.screen})"
            raise StoryBroken(sentence)
        return live

    async def type_code(self, phone_: PhoneAtWork, code: str, amount: int) -> None:
        """Type number, code and amount at the machine, and see what becomes of it."""
        asked = atm.CashAsked(phone_.state.number, code, amount)
        await self.do(self.machine, asked)
        self.show(self.machine)
        await self.do(phone_, phone.StatusWanted())

    async def type_for(self, number: str, code: str, amount: int) -> None:
        """Somebody types another's number at the machine, and whatever code."""
        await self.do(self.machine, atm.CashAsked(number, code, amount))
        self.show(self.machine)

    @property
    def heard(self) -> str | None:
        """What the switch was last told for the machine at the corner."""
        reply = self.machine.state.reply
        return None if reply is None else reply.response_code

    def balance(self, phone_: PhoneAtWork) -> Decimal:
        """What the app says that may be spent. Raises StoryBroken when nobody is signed in."""
        if phone_.state.balance is None:
            sentence = f"no balance is known: {phone_.state.refused}"
            raise StoryBroken(sentence)
        return phone_.state.balance

    async def expect_balance(self, phone_: PhoneAtWork, wanted: Decimal, why: str) -> None:
        """The balance, read anew, is this."""
        await self.do(phone_, phone.BalanceWanted())
        self.teller.expect(f"saldo {escudos(wanted)}: {why}", self.balance(phone_), wanted)

    def expect_status(self, phone_: PhoneAtWork, wanted: str) -> None:
        """The newest withdrawal stands so."""
        self.teller.expect(f"the withdrawal is {wanted}", phone_.state.status, wanted)

    async def expect_entries(self, transaction_id: UUID, *wanted: Legs) -> None:
        """The journal has exactly these entries for it. Those not shown yet are shown."""
        page = await self._accountant.get("journal", JournalPage, transactionId=str(transaction_id))
        entries = tuple(reversed(page.items))
        for entry in entries:
            if entry.number not in self._shown:
                self._shown.add(entry.number)
                self._owed_to_switch += bookkeeping.owed_to_switch(entry)
                self.teller.entry(entry)
        found = "; ".join(bookkeeping.written(bookkeeping.legs_of(each)) for each in entries)
        meant = "; ".join(bookkeeping.written(legs) for legs in wanted)
        noun = "one entry" if len(wanted) == 1 else f"{len(wanted)} entries"
        self.teller.expect(f"the journal has {noun} for it, line by line as meant", found, meant)

    async def expect_books(self) -> None:
        """Debits equal credits, and what the machines paid is what the switch will claim."""
        balance = await self._accountant.get("reports/trial-balance", TrialBalance)
        for totals in balance.totals:
            what = f"balancete: debits equal credits ({totals.currency})"
            self.teller.expect(what, totals.debits, totals.credits)
        paid = sum(each.state.dispensed for each in self.town.atms)
        what = "notes that left the machines = what the journal owes to the switch for them"
        self.teller.expect(what, self._owed_to_switch, paid)
