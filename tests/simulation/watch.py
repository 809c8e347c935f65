"""What must hold after every commit, by sums of its own: it believes lines and rows, not guards.

The numbers are those of docs/invariants.md. All checks look at what a batch has changed only, so
that a million withdrawals can be watched step by step.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from commands.agent.confirm_cash_out import ConfirmCashOut
from commands.agent.row import AgentRequest
from commands.approval.approve import Approve
from commands.deciding import Decided, Outcome
from commands.identity.person import Person
from commands.switch.trace import SwitchReply
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.cardless import Cardless
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.reverse import ReverseWithdrawal
from commands.withdrawal.row import Withdrawal
from ledger import chart
from ledger.accounts import Account
from ledger.books import Books, Event
from ledger.errors import Refusal
from tests.simulation import prices
from tests.simulation.core import Broke, Rows

HELD = chart.the(chart.HELD)
PAYABLE, RECEIVABLE = chart.the(chart.SWITCH_PAYABLE), chart.the(chart.DUE_FROM_SWITCH)
# Who may settle what a machine has paid: the switch by a word or its file, two people by a claim.
WORDS = (CompleteWithdrawal, ReverseWithdrawal, Approve)
SUSPENSE = (chart.DUE_FROM_SWITCH, chart.SUSPENSE_BREAKS)
HOLDING = frozenset({"active", "authorised", "in_doubt", "pending", "held"})
LIVING = ("withdrawal.", "cash_out.", "transfer.")
WRONG = frozenset({"13", "55"})  # answers that count a try
PAID = ("confirmed", "released")  # a request that was paid, a held transfer that went on
TRIES_MAX = 3
LAST_SHOWN = 40

# Where a withdrawal or a request may go from where it is; written down apart from the product.
LIVES: dict[str | None, frozenset[str]] = {
    None: frozenset({"active", "pending", "held"}),
    "active": frozenset({"active", "expired", "cancelled", "locked", "authorised"}),
    "authorised": frozenset({"completed", "reversed", "in_doubt"}),
    "in_doubt": frozenset({"in_doubt", "completed", "reversed", "released"}),
    "completed": frozenset({"completed", "reversed"}),
    "pending": frozenset({"pending", "confirmed", "refused", "lapsed", "cancelled"}),
    "held": frozenset({"released", "refused"}),
}


class Life:
    """One withdrawal, request or held transfer, as its records tell it and its lines sum up."""

    __slots__ = (
        "amount", "captures", "counted", "earned", "fee", "held", "place", "secret", "settled",
        "state", "wrong",
    )  # fmt: skip

    def __init__(self) -> None:
        self.state: str | None = None
        self.amount = self.fee = 0
        self.held = 0  # of it in 2030
        self.settled = 0  # owed to the switch for it
        self.earned = 0  # fees of it, with their taxes
        self.captures = self.wrong = 0
        self.place: Place = ("", "", "")
        self.counted = 0  # of its amount towards its wallet's day
        self.secret: bytes | None = None  # the keyed hash of what proves its owner


Place = tuple[Any, str, Any]  # a wallet's day for one kind of operation


class Watch:
    """Sums beside the books, kept from the records alone."""

    def __init__(self) -> None:
        self.last: deque[tuple[datetime, Decided]] = deque(maxlen=LAST_SHOWN)
        self.balances: Counter[UUID] = Counter()
        self.codes: dict[UUID, str] = {}
        self.lives: dict[UUID, Life] = {}
        self.held_by: Counter[UUID] = Counter()  # wallet -> what is open of it
        self.live_codes: dict[bytes, UUID] = {}
        self.live_of: dict[UUID, UUID] = {}  # wallet -> the withdrawal whose code lives
        self.told: dict[bytes, bytes | str] = {}
        self.answers: dict[UUID, tuple[int, SwitchReply]] = {}
        self.entries: dict[int, Event] = {}
        self.reversed: set[int] = set()
        self.held = 0
        self.tiers: dict[UUID, str] = {}
        self.used: Counter[Place] = Counter()
        self.due: Counter[date] = Counter()  # to the switch, by settlement date
        self.settled: set[date] = set()
        self.paid_to_switch = 0
        self._last_number = 0

    @property
    def owed_to_switch(self) -> int:
        """All that was ever owed to the switch, whether it was paid since or not."""
        open_ = -self.balances[PAYABLE] - self.balances[RECEIVABLE]
        return open_ + self.paid_to_switch

    @property
    def story(self) -> tuple[str, ...]:
        """What happened last, a line each."""
        return tuple([_told(at, decided) for at, decided in self.last])

    # -- a commit ------------------------------------------------------------------------------

    def committed(self, before: Rows, books: Books, decided: Iterable[Decided]) -> None:
        """Check a batch: first what it says, record by record, then the rows that it leaves."""
        self._learn(books)
        for each in decided:
            self.last.append((books.now, each))
            self._check_outcome(each)
            for happened in each.happened:
                self._check_event(books, each, happened.event)
        self._check_rows(before, books)

    def _learn(self, books: Books) -> None:
        for key in books.put_rows:
            if key[0] is Account:
                account = books.get(key)
                self.codes[account.id] = account.code
            elif key[0] is Person and (person := books.get(key)).wallet_id is not None:
                self.tiers[person.wallet_id] = person.tier

    # -- answers -------------------------------------------------------------------------------

    def _check_outcome(self, decided: Decided) -> None:
        result, command = decided.result, decided.submission.command
        if isinstance(result, Refusal):
            for happened in decided.happened:
                self._check_left(happened.event)
        elif isinstance(command, AuthoriseWithdrawal):
            self._check_answer(command, result)
        once = decided.submission.once
        if once is not None:
            self._check_key(once.key_hash, decided)

    def _check_key(self, key: bytes, decided: Decided) -> None:
        result = decided.result
        if isinstance(result, Refusal) and not result.stored:
            return
        told = result.body if isinstance(result, Outcome) else result.code
        first = self.told.setdefault(key, told)
        if first is told:
            return
        require(result.replayed, "I13", "one key had two effects")
        require(first == told, "I16", f"one key was told {first!r} and then {told!r}")

    def _check_answer(self, command: AuthoriseWithdrawal, outcome: Outcome[Any]) -> None:
        reply, amount = outcome.fresh, command.amount.minor
        first = self.answers.setdefault(command.trace.id, (amount, reply))
        same = first[0] != amount or first[1] == reply
        require(same, "I16", f"one trace was answered {first[1]} and then {reply}")

    def _check_left(self, event: Event) -> None:
        """What a refusal leaves moves no money but what was held, back to whose it is."""
        for line in event.lines:
            back = self.codes[line.account] == chart.WALLET and line.amount < 0
            require(line.account == HELD or back, "I15", f"a refusal left {event.kind}")

    # -- records -------------------------------------------------------------------------------

    def _check_event(self, books: Books, decided: Decided, event: Event) -> None:
        if event.entry_number is not None:
            self._check_entry(event)
        if event.kind.startswith(LIVING) and "state" in event.payload:
            self._check_life(books, decided, event)
        elif event.kind == "transfer.made":
            place = (event.payload["from"], "transfer", books.today)
            self._count(place, event.payload["amount"])
        elif event.kind == "switch.declined":
            self._check_wrong(event)

    def _check_entry(self, event: Event) -> None:
        number = event.entry_number
        assert number is not None
        require(number == self._last_number + 1 or not self._last_number, "I6", "a gap")
        self._last_number = number
        require(len(event.lines) > 1, "I2", "an entry of one line")
        require(sum([line.amount for line in event.lines]) == 0, "I2", f"{event.kind} is lopsided")
        for line in event.lines:
            self.balances[line.account] += line.amount
            same = self.balances[line.account] == line.balance
            require(same, "I3", f"{event.kind} leaves a balance that is not the sum of its lines")
            if line.account == PAYABLE and event.value_date is not None:
                self._check_due(event, event.value_date, line.amount)
        if event.reverses is not None:
            self._check_reversal(event, event.reverses)
        self.entries[number] = event

    def _check_due(self, event: Event, on: date, amount: int) -> None:
        self.due[on] -= amount
        due = self.due[on]
        require(due >= 0, "I26", f"{event.kind}: {-due} more paid for {on} than was owed")
        if event.kind == "settlement.paid":
            self.settled.add(on)
            self.paid_to_switch += amount

    def _check_reversal(self, event: Event, of: int) -> None:
        require(of in self.entries, "I19", f"entry {of} was reversed, and does not exist")
        require(of not in self.reversed, "I19", f"entry {of} was reversed twice")
        self.reversed.add(of)
        given: Counter[UUID] = Counter()
        for line in self.entries[of].lines:
            given[line.account] += line.amount
        for line in event.lines:
            back = line.amount < 0 or self.codes[line.account] in SUSPENSE
            within = back or line.amount <= -given[line.account]
            require(within, "I19", f"{event.kind} takes back more than entry {of} gave")

    def _check_life(self, books: Books, decided: Decided, event: Event) -> None:
        life = self.lives.setdefault(event.subject, Life())
        was, state = life.state, str(event.payload["state"])
        require(state in LIVES.get(was, ()), "I10", f"{event.kind}: from {was} to {state}")
        life.state = state
        if was is None:
            life.amount, life.fee = event.payload["amount"], event.payload["fee"]
            self._check_request(books, decided, event, life)
        elif was in HOLDING and state not in HOLDING:
            self._hold(event.payload["wallet"], -life.amount - life.fee)
        self._sum_up(life, event)
        self._count_back(life, event)
        if event.kind.startswith("withdrawal."):
            self._check_withdrawal(books, decided, event, life)
        elif state == "confirmed" and was != state:
            self._check_paid_over_counter(decided, life)

    def _check_request(self, books: Books, decided: Decided, event: Event, life: Life) -> None:
        self._hold(event.payload["wallet"], life.amount + life.fee)
        command = decided.submission.command
        if event.kind.startswith("cash_out."):
            life.secret, price = getattr(command, "pickup_digest", None), prices.CASH_OUT
        elif event.kind.startswith("transfer."):
            price = prices.TRANSFER
        else:
            assert isinstance(decided.result, Outcome)
            life.secret, price = decided.result.fresh.seal, prices.ATM
        life.place = (event.payload["wallet"], event.kind.partition(".")[0], books.today)
        life.counted = life.amount
        self._count(life.place, life.amount)
        require(life.fee == prices.fee(price, life.amount), "tariff", f"{event.kind}: {life.fee}")

    def _count(self, place: Place, amount: int) -> None:
        self.used[place] += amount
        used, most = self.used[place], prices.DAY_MAX[self.tiers[place[0]]]
        require(used <= most, "limits", f"{used} of {most} a day")

    def _count_back(self, life: Life, event: Event) -> None:
        """What is not paid in the end does not count towards the day on which it was asked for."""
        if life.state in HOLDING:
            return
        paid = event.payload.get("captured", life.amount if life.state in PAID else 0)
        self.used[life.place] -= life.counted - paid
        life.counted = paid

    def _check_wrong(self, event: Event) -> None:
        life = self.lives.get(event.payload["withdrawal"])
        if life is not None and life.state == "active" and event.payload["responseCode"] in WRONG:
            life.wrong += 1
            require(life.wrong < TRIES_MAX, "I12", "a code outlived its last try")

    def _hold(self, wallet: UUID, amount: int) -> None:
        self.held_by[wallet] += amount
        self.held += amount

    def _sum_up(self, life: Life, event: Event) -> None:
        for line in event.lines:
            code = self.codes[line.account]
            if line.account == HELD:
                life.held -= line.amount
            elif code == chart.SWITCH_PAYABLE or code in SUSPENSE:
                life.settled -= line.amount
            elif code.startswith("40") or code == "2300":
                life.earned -= line.amount
        open_ = life.amount + life.fee if life.state in HOLDING else 0
        require(life.held == open_, "I5", f"{event.kind}: {life.held} held instead of {open_}")

    def _check_withdrawal(self, books: Books, decided: Decided, event: Event, life: Life) -> None:
        captured, kind = event.payload["captured"], event.kind
        require(0 <= captured <= life.amount, "I10", f"{captured} captured of {life.amount}")
        require(life.settled == captured, "I10", f"{life.settled} owed for {captured} captured")
        due = min(life.fee, prices.fee(prices.ATM, captured))
        require(life.earned == due, "tariff", f"{kind}: fee {life.earned} instead of {due}")
        life.captures += kind == "withdrawal.completed"
        require(life.captures < 2, "I10", "captured twice")
        if kind == "withdrawal.authorised":
            self._check_approval(books, decided, event, life)
        if kind == "withdrawal.reversed":
            word = isinstance(decided.submission.command, WORDS)
            require(word, "I16", "what was in doubt was settled without a word")
        if kind == "withdrawal.released":
            two = event.payload["maker"] != event.payload["checker"]
            require(two, "I20", "one person released what takes two")

    def _check_approval(self, books: Books, decided: Decided, event: Event, life: Life) -> None:
        command = decided.submission.command
        assert isinstance(command, AuthoriseWithdrawal)
        right = command.code_digest == life.secret
        require(right, "I9", "approved for a code that was not its own")
        require(command.amount.minor == life.amount, "I9", "approved for another amount")
        person = books.get(Person.by_phone(command.phone_index))
        require(person.wallet_id == event.payload["wallet"], "I9", "approved for another phone")
        row = books.get(Withdrawal.by_id(event.subject))
        require(row.expires_at > books.now, "I12", "approved after its time")

    def _check_paid_over_counter(self, decided: Decided, life: Life) -> None:
        command = decided.submission.command
        right = isinstance(command, ConfirmCashOut) and command.pickup_digest == life.secret
        require(right, "I12", "paid over the counter without the pick-up code")
        require(life.earned == life.fee, "tariff", f"fee {life.earned} instead of {life.fee}")

    # -- rows ----------------------------------------------------------------------------------

    def _check_rows(self, before: Rows, books: Books) -> None:
        for old in before.values():
            if isinstance(old, Withdrawal) and old.code_digest is not None:
                self.live_codes.pop(old.code_digest, None)
                self.live_of.pop(old.wallet_id, None)
        for key in before:
            row = books.get(key)
            if isinstance(row, Account):
                self._check_account(row)
            elif isinstance(row, Withdrawal | AgentRequest):
                self._check_open(row)
            elif isinstance(row, Cardless):
                same = row.held == self.held_by[row.wallet_id]
                require(same, "I5", f"a wallet's holds are {self.held_by[row.wallet_id]}")
        held = -self.balances[HELD]
        require(held == self.held, "I5", f"{held} held where {self.held} is open")

    def _check_account(self, account: Account) -> None:
        same = account.balance == self.balances[account.id]
        require(same, "I3", f"account {account.code} is not the sum of its lines")
        low = account.floor is not None and account.holds_minor < account.floor
        require(not low, "I4", f"account {account.code} holds {account.holds_minor}")

    def _check_open(self, row: Withdrawal | AgentRequest) -> None:
        life = self.lives.get(row.id)
        require(life is not None and life.state == row.state, "I18", "a row without its record")
        require(row.tries <= TRIES_MAX, "I12", f"{row.tries} tries")
        if isinstance(row, AgentRequest):
            return
        require((row.code_digest is not None) == (row.state == "active"), "I9", "a dead code lives")
        if row.code_digest is not None:
            require(row.tries < TRIES_MAX, "I12", "a code outlived its last try")
            require(row.code_digest not in self.live_codes, "I9", "one code lives twice")
            require(row.wallet_id not in self.live_of, "I9", "a wallet has two live codes")
            self.live_codes[row.code_digest] = row.id
            self.live_of[row.wallet_id] = row.id


def _told(at: datetime, decided: Decided) -> str:
    command, result = decided.submission.command, decided.result
    kinds = " ".join([happened.event.kind for happened in decided.happened])
    came = result.code if isinstance(result, Refusal) else "done"
    about = getattr(command, "trace", None) or getattr(command, "transaction_id", "")
    about = getattr(about, "rrn", about)
    return f"{at:%d %H:%M:%S.%f} {type(command).__name__} {about}: {came} [{kinds}]"


def require(held: bool, truth: str, what: str) -> None:
    """Raises Broke unless it held."""
    if not held:
        raise Broke(f"{truth}: {what}")
