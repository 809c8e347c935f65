"""Cash machines and the switch between them and us: somebody else's hardware, which can fail.

A machine keeps a true journal of what it paid. The switch stores every word about a payment and
repeats it until it is answered, or gives it up: then only its file tells. What machines never do
here is to say two things of which neither is true.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from functools import lru_cache, partial

from commands.deciding import Outcome
from commands.switch.trace import Response, SwitchReply, TraceId
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.reverse import ReverseWithdrawal
from ledger.books import COUNTRY
from ledger.money import Money
from simulator.machines.notes import BUNDLE_MAX, fewest
from tests.simulation.cash import CashTruth, Operation, Word
from tests.simulation.core import Core, Told
from tests.simulation.world import DAY, HOUR, MINUTE, SECOND, World

ACQUIRER = "SISP"
CUTOFF = time(15)
DOUBT_SECONDS = 600
ESCUDO = 100
LOAD = {5_000: 900, 2_000: 900, 1_000: 900, 500: 900, 200: 900}
LOW = 100  # notes of a cassette at which it is filled again
PATIENCE = 8 * SECOND
ASKS_MAX = 3
ADVICES_MAX = 9
BACKOFF_MAX = HOUR

Done = Callable[["Operation"], None]


class Machine:
    """One cash machine: its cassettes, and all that ever went in and out."""

    def __init__(self, terminal_id: str) -> None:
        self.terminal_id = terminal_id
        self.cassettes = dict(LOAD)
        self.loaded = sum(note * count for note, count in LOAD.items())
        self.dispensed = 0  # escudos
        self.retracted = 0  # of them, drawn in again into a bin of its own
        self.busy = False
        self.serial = 0

    def bundle(self, escudos: int) -> dict[int, int] | None:
        """The notes that make an amount, None when these cassettes cannot."""
        if min(self.cassettes.values()) < LOW:
            self._fill()
        return _fewest(escudos, tuple([min(n, BUNDLE_MAX) for n in self.cassettes.values()]))

    def pay(self, notes: dict[int, int]) -> int:
        """Count notes out; how much that is."""
        paid = 0
        for note, count in notes.items():
            self.cassettes[note] -= count
            paid += note * count
        self.dispensed += paid
        return paid

    def _fill(self) -> None:
        for note, count in LOAD.items():
            self.loaded += note * (count - self.cassettes[note])
            self.cassettes[note] = count

    @property
    def true(self) -> bool:
        """What was loaded and not paid is in the cassettes."""
        inside = sum(note * count for note, count in self.cassettes.items())
        return self.loaded - self.dispensed == inside


@lru_cache(maxsize=10_000)
def _fewest(escudos: int, counts: tuple[int, ...]) -> dict[int, int] | None:
    return fewest(escudos, dict(zip(LOAD, counts, strict=True)))


class Switch:
    """Carries what machines say to the issuer and back, over lines that lose and repeat."""

    def __init__(self, world: World, core: Core, cash: CashTruth) -> None:
        self.world, self.core, self.cash = world, core, cash
        self.serial = 0
        self.left_behind: Callable[[Operation], None] = _nobody_minds
        self.paid_unasked: Callable[[Operation], None] = _nobody_minds

    # -- may I pay? ----------------------------------------------------------------------------

    def ask(
        self, machine: Machine, phone: bytes, code: bytes, escudos: int, done: Done
    ) -> Operation | None:
        """A customer has typed it all. None: the machine cannot pay that, or serves another."""
        if machine.busy or machine.bundle(escudos) is None:
            return None
        machine.busy = True
        self.serial += 1
        trace = TraceId(
            acquirer_id=ACQUIRER,
            terminal_id=machine.terminal_id,
            stan=f"{self.serial % 10**6:06}",
            rrn=f"{self.serial:012}",
            local_date=self.world.time.astimezone(COUNTRY).date(),
        )
        operation = Operation(trace, machine.terminal_id, phone, code, escudos * ESCUDO)
        self.cash.open(operation)
        self._send(machine, operation, done)
        return operation

    def _send(self, machine: Machine, operation: Operation, done: Done) -> None:
        operation.asks += 1
        self.world.send(self._at_issuer, machine, operation, done)
        self.world.at(PATIENCE, self._silent, machine, operation, operation.asks, done)

    def _at_issuer(self, machine: Machine, operation: Operation, done: Done) -> None:
        command = AuthoriseWithdrawal(
            trace=operation.trace,
            nonce_hash=self.world.some_bytes(),
            phone_index=operation.phone,
            code_digest=operation.code,
            amount=Money(operation.amount),
            settlement_date=None,
            doubt_seconds=DOUBT_SECONDS,
            cutoff=CUTOFF,
        )
        self.core.submit(command, partial(self._answered, machine, operation, done))

    def _answered(self, machine: Machine, operation: Operation, done: Done, told: Told) -> None:
        if isinstance(told, Outcome):
            reply: SwitchReply = told.fresh
            self.world.send(self._replied, machine, operation, reply, done)

    def _replied(
        self, machine: Machine, operation: Operation, reply: SwitchReply, done: Done
    ) -> None:
        if operation.stage != "asking":
            return
        if reply.response_code is Response.APPROVED:
            operation.stage = "paying"
            self.world.at(
                self.world.between(3 * SECOND, 15 * SECOND), self._pay, machine, operation, done
            )
            return
        operation.stage, operation.response = "declined", reply.response_code.value
        machine.busy = False
        done(operation)

    def _silent(self, machine: Machine, operation: Operation, asks: int, done: Done) -> None:
        if operation.stage != "asking" or operation.asks != asks:
            return
        if asks < ASKS_MAX:
            self._send(machine, operation, done)
        elif self.world.chance(0.05):
            self.world.faults["paid without approval"] += 1
            operation.unapproved = True
            self.paid_unasked(operation)
            self._pay(machine, operation, done)
        else:
            operation.stage = "given up"
            machine.busy = False
            self._advise(operation, Word(paid=0, complete=False))
            done(operation)

    # -- paying --------------------------------------------------------------------------------

    def _pay(self, machine: Machine, operation: Operation, done: Done) -> None:
        notes = machine.bundle(operation.amount // ESCUDO)
        assert notes is not None, "the cassettes were looked at before anybody was asked"
        roll = self.world.dice.random()
        if roll < 0.04:
            self.world.faults["jammed"] += 1
            notes = {}
        elif roll < 0.07:
            self.world.faults["paid in part"] += 1
            notes = _part(notes)
        elif roll < 0.075:
            self.world.faults["paid too much"] += 1
            notes = notes | {200: notes.get(200, 0) + 1}
        operation.stage, operation.paid = "paid", machine.pay(notes) * ESCUDO
        operation.silent = True
        machine.busy = False
        self.cash.moved(operation, operation.paid)
        self._report(machine, operation)
        done(operation)

    def _report(self, machine: Machine, operation: Operation) -> None:
        roll = self.world.dice.random()
        whole = operation.paid >= operation.amount
        if roll < 0.01:
            self.world.faults["machine died"] += 1
            return
        if roll < 0.02:
            self.world.faults["word held back"] += 1
            pause = self.world.between(HOUR, DAY)
            self.world.at(pause, self._advise, operation, Word(operation.paid, complete=whole))
            return
        self._advise(operation, Word(operation.paid, complete=whole))
        uncovered = operation.unapproved or operation.paid > operation.amount
        if (uncovered and self.world.chance(0.4)) or (
            operation.paid == operation.amount and self.world.chance(0.02)
        ):
            self.draw_in_later(machine, operation)

    def draw_in_later(self, machine: Machine, operation: Operation) -> None:
        """Nobody takes the notes, or not all: some time the machine draws them in again."""
        longest = 60 * HOUR if self.world.chance(0.3) else 6 * HOUR
        self.world.at(self.world.between(MINUTE, longest), self._retract, machine, operation)

    def _retract(self, machine: Machine, operation: Operation) -> None:
        """Notes that nobody took are drawn in again; the switch tells that less was paid, whatever
        our people have made of the payment meanwhile."""
        if not operation.paid:
            return
        self.world.faults["notes left behind"] += 1
        left = 0 if self.world.chance(0.5) else operation.paid // 40_000 * 20_000
        back = operation.paid - left
        machine.retracted += back // ESCUDO
        operation.paid, operation.silent = left, True
        self.cash.moved(operation, -back)
        held_back = self.world.between(HOUR, 2 * DAY) if self.world.chance(0.4) else 0
        self.world.at(held_back, self._advise_less, operation)
        self.left_behind(operation)
        if left and self.world.chance(0.3):
            self.world.at(self.world.between(MINUTE, HOUR), self._retract, machine, operation)

    def _advise_less(self, operation: Operation) -> None:
        """Tell what was paid in the end, unless that was told in the meantime."""
        told = operation.words[-1].paid if operation.words else None
        if told != operation.paid:
            self._advise(operation, Word(operation.paid, complete=False))

    # -- words ---------------------------------------------------------------------------------

    def _advise(self, operation: Operation, word: Word) -> None:
        # Held back, it may be overtaken: what was drawn in meanwhile is not told with it.
        operation.silent = word.paid != operation.paid
        operation.words.append(word)
        self.cash.recheck(operation)
        self._forward(operation, len(operation.words) - 1)

    def _forward(self, operation: Operation, index: int) -> None:
        word = operation.words[index]
        if word.acknowledged:
            return
        word.tries += 1
        if word.tries > ADVICES_MAX and self.world.stormy:
            self.world.faults["word given up"] += 1
            return
        self.world.send(self._word_arrives, operation, index)
        backoff = min(SECOND * 4**word.tries, BACKOFF_MAX)
        self.world.at(backoff, self._forward, operation, index)

    def _word_arrives(self, operation: Operation, index: int) -> None:
        word = operation.words[index]
        command = _advice(operation.trace, word, self.world.some_bytes())
        self.core.submit(command, partial(self._word_taken, operation, index))

    def _word_taken(self, operation: Operation, index: int, told: Told) -> None:
        self.world.send(operation.words[index].acknowledge)


def _advice(trace: TraceId, word: Word, nonce: bytes) -> CompleteWithdrawal | ReverseWithdrawal:
    amount = Money(word.paid)
    if word.complete:
        return CompleteWithdrawal(trace=trace, nonce_hash=nonce, amount=amount)
    return ReverseWithdrawal(trace=trace, nonce_hash=nonce, amount=amount, reason="450")


def _part(notes: dict[int, int]) -> dict[int, int]:
    """Some of the notes; none when there is only one."""
    largest = max(notes)
    rest = notes | {largest: notes[largest] - 1}
    return {note: count for note, count in rest.items() if count}


def _nobody_minds(_operation: Operation) -> None:
    """Until somebody does."""
