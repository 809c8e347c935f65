"""The books of small scope: two wallets with a live code each, and what can be done to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from commands.account.credit_from_bank import CreditFromBank
from commands.account.open_wallet import OpenWallet
from commands.books.open_books import OpenBooks
from commands.command import Command
from commands.deciding import Decided, Outcome
from commands.identity.enrol_staff import EnrolStaff
from commands.identity.person import Role
from commands.switch.dispute import Dispute
from commands.switch.enrol import EnrolTerminal
from commands.switch.trace import Response, SwitchTrace, TraceId
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.cancel import CancelWithdrawal
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.doubt import DoubtWithdrawal
from commands.withdrawal.expire import ExpireWithdrawal
from commands.withdrawal.lifecycle import State as Stands
from commands.withdrawal.release import ApproveRelease, ProposeRelease
from commands.withdrawal.request_code import CodeCandidate, RequestCode
from commands.withdrawal.reverse import ReverseWithdrawal
from commands.withdrawal.row import Withdrawal
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books
from ledger.money import Money
from ledger.rows import Key, Row
from tests.simulation import prices
from tests.simulation.core import Core, Rows
from tests.simulation.machines import ACQUIRER, CUTOFF, DOUBT_SECONDS
from tests.simulation.people import TTL_SECONDS
from tests.simulation.situation import (
    AMOUNT,
    CODES,
    MACHINES,
    Machine,
    Mail,
    Page,
    State,
    Step,
    first_steps,
    paying_steps,
    put,
    resent,
    say,
    waiting_steps,
    with_mail,
    without,
)
from tests.simulation.watch import require
from tests.simulation.world import SECOND, World

FEE = 25_00
BEGINS_WITH = 10_000_00
LATER = 20 * 60 * SECOND  # when codes and words are overdue
WRONG = b"wrong".ljust(32)
PAYABLE = Account.by_id(chart.the(chart.SWITCH_PAYABLE))
Name = tuple[Any, ...]
AWAITING = (Stands.AUTHORISED, Stands.IN_DOUBT)


class Nobody:
    """The states are checked as a whole instead."""

    def committed(self, before: Rows, books: Books, decided: Iterable[Decided]) -> None:
        """Look away."""


class Scope:
    """The books at the beginning, and what can be done to them."""

    def __init__(self) -> None:
        self.world = World(0)
        self.world.stormy = False
        self.core = Core(self.world, Nobody())
        self.core.do(OpenBooks())
        self.ids = [UUID(int=100 + code) for code in CODES]
        self.users = [UUID(int=200 + code) for code in CODES]
        self.wallets = [UUID(int=300 + code) for code in CODES]
        self.staff = [UUID(int=400), UUID(int=401)]
        self.digests = [f"code {code}".encode().ljust(32) for code in CODES]
        self.traces = [_trace(machine) for machine in MACHINES]
        for person in self.staff:
            self.core.do(_enrols(person))
        for machine in MACHINES:
            terminal = self.traces[machine].terminal_id
            self.core.do(EnrolTerminal(terminal_id=terminal, acquirer_id=ACQUIRER, place="Praia"))
        for code in CODES:
            for command in self._begins(code):
                self.core.do(command)
        self._questions = {
            (number, code, wrong): self._authorises(number, code, wrong)
            for number in MACHINES
            for code in CODES
            for wrong in (False, True)
        }
        self._keys = [
            (SwitchTrace.by_id(trace.id), Dispute.by_id(trace.id)) for trace in self.traces
        ]
        self._numbers: dict[str, int] = {}
        self._known: dict[int, tuple[Row, int]] = {}
        self._pages: dict[frozenset[int], Page] = {}
        self._decided: dict[tuple[Any, ...], tuple[Page, Any]] = {}

    def _begins(self, code: int) -> Iterator[Command[Any]]:
        phone = self._phone(code)
        yield OpenWallet(
            user_id=self.users[code],
            wallet_id=self.wallets[code],
            phone_index=phone,
            profile_seal=b"-",
            pin_hash="-",
            totp_seal=b"-",
        )
        yield CreditFromBank(
            transaction_id=UUID(int=500 + code),
            reference=f"salary {code}",
            amount=Money(BEGINS_WITH),
            value_date=self.world.time.date(),
            phone_index=phone,
        )
        yield RequestCode(
            transaction_id=self.ids[code],
            user_id=self.users[code],
            session_id=None,
            amount=Money(AMOUNT),
            candidates=(CodeCandidate(digest=self.digests[code], seal=b"seal"),),
            ttl_seconds=TTL_SECONDS,
        )

    def _phone(self, code: int) -> bytes:
        return f"phone {code}".encode()

    @property
    def beginning(self) -> State:
        """Two codes live, and nobody has gone to a machine."""
        return State(self._page(self.core.rows), (Machine(), Machine()), (), False, frozenset())

    # -- one step ------------------------------------------------------------------------------

    def decide(
        self, state: State, what: tuple[Any, ...], command: Command[Any]
    ) -> tuple[State, Any]:
        """Have a command decided on the books of a state; once for each page of the books.

        `what` names the command; a refusal is no answer (None).
        """
        name = (what, state.late, state.books.number)
        known = self._decided.get(name)
        if known is None:
            self.world.now = LATER if state.late else 0
            self.core.rows = dict(state.books.rows)
            told = self.core.attempt(command)
            answer = told.answer if isinstance(told, Outcome) else None
            known = self._decided[name] = (self._page(self.core.rows), answer)
        return state._replace(books=known[0]), known[1]

    def _page(self, rows: dict[Key[Any], Row]) -> Page:
        content = frozenset([self._number(row) for row in rows.values()])
        page = self._pages.get(content)
        if page is None:
            page = self._pages[content] = Page(rows, len(self._pages))
            self._check_books(page)
        return page

    def row(self, state: State, code: int) -> Withdrawal:
        """A code's withdrawal."""
        row = state.books.rows[Withdrawal.by_id(self.ids[code])]
        assert isinstance(row, Withdrawal)
        return row

    def steps(self, state: State) -> Iterator[Step]:
        """Everything that can happen next."""
        for machine in MACHINES:
            yield from _machine_steps(state, machine)
        for mail in dict.fromkeys(state.mail):
            yield 0, ("comes", *mail), partial(self._deliver, state, mail)
            yield 1, ("lost", *mail), partial(without, state, mail)
            if state.mail.count(mail) < 2:
                yield 1, ("comes twice", *mail), partial(with_mail, state, mail)
        if not state.late:
            yield 0, ("time passes",), partial(state._replace, late=True)
        for code in CODES:
            yield from self._code_steps(state, code, self.row(state, code))

    def _code_steps(self, state: State, code: int, row: Withdrawal) -> Iterator[Step]:
        if not state.late and row.state in (Stands.ACTIVE, Stands.AUTHORISED):
            yield 0, ("cancel", code), partial(self._cancel, state, code)
        elif row.state is Stands.ACTIVE:
            expires = ExpireWithdrawal(transaction_id=row.id)
            yield 0, ("expire", code), partial(self._job, state, "expire", code, expires)
        elif row.state is Stands.AUTHORISED and _overdue(row, self.world):
            doubts = DoubtWithdrawal(transaction_id=row.id)
            yield 0, ("doubt", code), partial(self._job, state, "doubt", code, doubts)
        elif row.state is Stands.IN_DOUBT:
            yield 1, ("release", code), partial(self._release, state, row, code)

    def _job(self, state: State, name: str, code: int, command: Command[Any]) -> State:
        return self.decide(state, (name, code), command)[0]

    def _cancel(self, state: State, code: int) -> State:
        """What cannot be cancelled any more is refused, and nothing changes."""
        cancels = CancelWithdrawal(transaction_id=self.ids[code], user_id=self.users[code])
        return self.decide(state, ("cancel", code), cancels)[0]

    def _release(self, state: State, row: Withdrawal, code: int) -> State:
        proposes = ProposeRelease(transaction_id=row.id, maker_id=self.staff[0], evidence="-")
        approves = ApproveRelease(transaction_id=row.id, checker_id=self.staff[1])
        proposed, _ = self.decide(state, ("propose", code), proposes)
        after, _ = self.decide(proposed, ("approve", code), approves)
        return after._replace(released=after.released | {code})

    # -- mail ----------------------------------------------------------------------------------

    def _deliver(self, state: State, mail: Mail) -> State:
        state, number = without(state, mail), mail.machine
        machine = state.machines[number]
        if mail.what == "ask":
            return self._asked(state, number, machine)
        if mail.what in ("yes", "no"):
            stage = "paying" if mail.what == "yes" else "declined"
            return put(state, number, machine._replace(stage=stage))
        return self._hear(state, number, int(mail.what))

    def _asked(self, state: State, number: int, machine: Machine) -> State:
        assert machine.code is not None, "who asks was given a code"
        name = ("ask", number, machine.code, machine.wrong)
        state, reply = self.decide(
            state, name, self._questions[number, machine.code, machine.wrong]
        )
        if machine.stage != "asking":
            return state
        approved = reply.response_code is Response.APPROVED
        return with_mail(state, Mail(number, "yes" if approved else "no"))

    def _authorises(self, number: int, code: int, wrong: bool) -> AuthoriseWithdrawal:
        return AuthoriseWithdrawal(
            trace=self.traces[number],
            nonce_hash=None,
            phone_index=self._phone(code),
            code_digest=WRONG if wrong else self.digests[code],
            amount=Money(AMOUNT),
            settlement_date=None,
            doubt_seconds=DOUBT_SECONDS,
            cutoff=CUTOFF,
        )

    def _hear(self, state: State, number: int, index: int) -> State:
        machine = state.machines[number]
        word = machine.words[index]
        trace, amount = self.traces[number], Money(word.paid)
        if word.complete:
            command: Command[Any] = CompleteWithdrawal(trace=trace, nonce_hash=None, amount=amount)
        else:
            command = ReverseWithdrawal(trace=trace, nonce_hash=None, amount=amount, reason="450")
        state, _ = self.decide(state, ("word", number, word.paid, word.complete), command)
        words = list(machine.words)
        words[index] = word._replace(heard=True)
        return put(state, number, machine._replace(words=tuple(words)))

    # -- what must hold ------------------------------------------------------------------------

    def _check_books(self, page: Page) -> None:
        """Sums and lives on one page of the books. Raises Broke."""
        accounts = {row.id: row for row in page.rows.values() if isinstance(row, Account)}
        require(sum(each.balance for each in accounts.values()) == 0, "I1", "lopsided")
        low = [a.code for a in accounts.values() if a.floor is not None and a.holds_minor < a.floor]
        require(not low, "I4", f"{low} below the floor")
        rows = {row.id: row for row in page.rows.values() if isinstance(row, Withdrawal)}
        open_ = [row for row in rows.values() if row.state in (*AWAITING, Stands.ACTIVE)]
        held = accounts[chart.the(chart.HELD)].holds_minor
        require(held == sum(row.held.minor for row in open_), "I5", f"{held} held")
        over = [row for row in rows.values() if row.captured > row.amount]
        require(not over, "I10", "more captured than approved")

    def check(self, state: State) -> None:
        """Cash truth in one state. Raises Broke."""
        payable = state.books.rows[PAYABLE]
        assert isinstance(payable, Account)
        owed = payable.holds_minor
        settled = sum(self._check_machine(state, machine) for machine in MACHINES)
        require(owed == settled, "I11", f"{owed} owed to the switch, {settled} by trace")

    def _check_machine(self, state: State, number: int) -> int:
        """Compare what a machine has paid with what the books say of its trace."""
        machine = state.machines[number]
        trace, dispute = (state.books.rows.get(key) for key in self._keys[number])
        settled = awaited = 0
        if isinstance(trace, SwitchTrace) and trace.withdrawal_id is not None:
            row = state.books.rows[Withdrawal.by_id(trace.withdrawal_id)]
            assert isinstance(row, Withdrawal)
            require(not machine.wrong, "I9", "approved for a wrong code")
            settled = row.captured
            awaited = machine.paid if row.awaits_word else 0
        disputed = dispute.claimed if isinstance(dispute, Dispute) else 0
        settled += disputed
        lag = machine.paid - settled - awaited
        told = bool(machine.words) and machine.words[-1].heard
        # What is owed too much is disputed still: the file will tell.
        excused = not told or lag == -disputed
        require(lag == 0 or excused, "I11", f"{machine} paid, {settled} owed, {awaited} awaited")
        return settled

    def check_end(self, state: State) -> None:
        """Nothing more can happen without a fault: nothing is stuck, and everybody has theirs."""
        for code in CODES:
            row = self.row(state, code)
            stuck = row.state in (*AWAITING, Stands.ACTIVE)
            require(not stuck, "I25", f"code {code} is stuck: {row.state}")
            served = [m for m in state.machines if m.code == code and not m.wrong]
            paid = 0 if code in state.released else sum(machine.paid for machine in served)
            wallet = state.books.rows[Account.by_id(self.wallets[code])]
            assert isinstance(wallet, Account)
            due = BEGINS_WITH - paid - min(FEE, prices.fee(prices.ATM, paid))
            require(wallet.holds_minor == due, "purse", f"{wallet.holds_minor} instead of {due}")

    # -- all of them ---------------------------------------------------------------------------

    def name(self, state: State) -> Name:
        """What tells a state from others."""
        return (state.books.number, *state[1:])

    def _number(self, row: Row) -> int:
        """The number of a row's content, but for numbers of entries: they tell the way it came."""
        known = self._known.get(id(row))
        if known is not None:
            return known[1]
        plain: Row = row
        if isinstance(row, Withdrawal) and row.capture_entry is not None:
            plain = msgspec.structs.replace(row, capture_entry=1)
        elif isinstance(row, Dispute) and row.entry is not None:
            plain = msgspec.structs.replace(row, entry=1)
        number = self._numbers.setdefault(repr(plain), len(self._numbers))
        self._known[id(row)] = (row, number)
        return number


def _machine_steps(state: State, number: int) -> Iterator[Step]:
    machine = state.machines[number]
    if machine.stage == "idle":
        yield from first_steps(state, number)
    elif machine.stage == "asking":
        yield from waiting_steps(state, number, machine)
    elif machine.stage == "paying":
        yield from paying_steps(state, number)
    elif machine.paid == AMOUNT:
        yield 1, (number, "draws notes in"), partial(say, state, number, 0, "paid")
    yield from resent(state, number)


def _overdue(row: Withdrawal, world: World) -> bool:
    world.now = LATER
    return row.doubt_at is not None and row.doubt_at <= world.time


def _trace(machine: int) -> TraceId:
    return TraceId(
        acquirer_id=ACQUIRER,
        terminal_id=f"ATM{machine}",
        stan=f"{machine:06}",
        rrn=f"{machine:012}",
        local_date=World(0).time.date(),
    )


def _enrols(person: UUID) -> EnrolStaff:
    return EnrolStaff(
        user_id=person,
        role=Role.OPERATOR,
        phone_index=person.bytes,
        profile_seal=b"-",
        pin_hash="-",
        totp_seal=b"-",
    )
