"""The simulator's machines in simulated time: the same states and steps, other hands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, time
from functools import partial
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

from commands.deciding import Outcome
from commands.idempotency import Once
from commands.switch.trace import SwitchReply, TraceId
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.cancel import CancelWithdrawal
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.request_code import CodeCandidate, RequestCode
from commands.withdrawal.reverse import ReverseWithdrawal
from commands.withdrawal.row import Withdrawal
from ledger.errors import Overloaded, Refusal
from ledger.money import Money
from simulator.link.iso8583 import (
    AdviceSent,
    BadMessage,
    Heading,
    checked,
    packed,
    refused,
    understood,
)
from simulator.link.keys import LinkKeys
from simulator.machines import (
    atm,
    atm_line,
    atm_steps,
    phone,
    phone_steps,
    store,
    switch,
    switch_steps,
)
from simulator.machines.atm import Atm
from simulator.machines.business_day import Trace
from simulator.machines.messages import (
    AdviceReply,
    CompletionAdvice,
    NetworkReply,
    NetworkRequest,
    Origin,
    WithdrawalReply,
    WithdrawalRequest,
)
from simulator.machines.phone import LiveCode, Phone
from simulator.machines.switch import Switch
from tests.simulation.core import Core, Told
from tests.simulation.street_files import TakingIn
from tests.simulation.street_lines import Lines
from tests.simulation.world import MINUTE, SECOND, World

ACQUIRER = "SISP"
KEYS = LinkKeys(b"the link of a street")
ESCUDO = 100
CASSETTES = {5_000: 40, 2_000: 100, 1_000: 100, 500: 100, 200: 100}
ASK = 40 * SECOND
ISSUER_PATIENCE = 10 * SECOND
ACK_PATIENCE = 5 * SECOND
PHONE_PATIENCE = 10 * SECOND
CODE_SECONDS = 120
DOUBT_SECONDS = 60
CUTOFF = time(15)
CODES = 10**6

S = TypeVar("S")
E = TypeVar("E")
O = TypeVar("O")  # noqa: E741 - states, events and orders
Step = Callable[[S, E, datetime], tuple[S, tuple[O, ...]]]


class InTime(Generic[S, E, O]):
    """A machine whose orders are carried out in simulated time."""

    def __init__(self, world: World, lines: Lines, state: S, step: Step[S, E, O]) -> None:
        self.world, self.lines = world, lines
        self.state = state
        self._step = step

    def happen(self, event: E) -> None:
        """Something happens to it."""
        before = self.state
        self.state, orders = self._step(before, event, self.world.time)
        self.noted(before, event)
        for order in orders:
            self.carry_out(order)

    def noted(self, before: S, event: E) -> None:
        """Whoever keeps a book writes it down."""

    def carry_out(self, order: O) -> None:
        """Do it."""
        raise NotImplementedError

    def until(self, due: datetime) -> int:
        """Microseconds until then."""
        return max(0, int((due - self.world.time).total_seconds() * SECOND))


class AtmInTime(InTime[Atm, Any, Any]):
    """A cash machine. `paid` is what customers have taken, by what they asked."""

    def __init__(self, world: World, lines: Lines, terminal_id: str, to: SwitchInTime) -> None:
        state = Atm(terminal_id=terminal_id, place="Praia", cassettes=CASSETTES)
        super().__init__(world, lines, state, atm_steps.step)
        self.paid: Counter[Origin] = Counter()
        self.switch = to
        self.cut = True
        to.atms[terminal_id] = self

    def begin(self) -> None:
        """The line is there, mostly."""
        self.cut = False
        self.happen(atm_line.LineUp())
        self.world.at(self.world.between(10 * SECOND, 60 * SECOND), self._cut)

    def heal(self) -> None:
        """The line is back for good."""
        if self.cut:
            self._mend()

    def _cut(self) -> None:
        if self.lines.strikes("cut"):
            self.cut = True
            self.happen(atm_line.LineDown())
            self.world.at(self.world.between(5 * SECOND, 90 * SECOND), self._mend)
        else:
            self.world.at(self.world.between(10 * SECOND, 60 * SECOND), self._cut)

    def _mend(self) -> None:
        if self.cut:
            self.cut = False
            self.happen(atm_line.LineUp())
            self.world.at(self.world.between(10 * SECOND, 60 * SECOND), self._cut)

    def noted(self, before: Atm, event: Any) -> None:
        paid = self.state.dispensed - before.dispensed
        if paid:
            assert before.request is not None, "who pays was asked"
            self.paid[before.request.origin] += paid

    def carry_out(self, order: Any) -> None:
        match order:
            case atm.Ask():
                self.world.at(ASK, self.happen, atm.TimedOut(order.request.origin))
                self.send(order.request)
            case atm.Dispense():
                notes = self.lines.paid(order.notes)
                self.world.at(self.some_seconds(), self.happen, atm.Dispensed(notes))
            case atm.AwaitTaking():
                self._await_taking(order)
            case store.Advise():
                self.world.at(ACK_PATIENCE, self.happen, atm_line.AdviceUnheard(order.advice))
                self.send(order)
            case atm_line.Manage():
                self.send(order.request)
            case atm_line.WakeStore():
                self.world.at(self.until(order.due), self.happen, atm_line.StoreWoken())

    def _await_taking(self, order: atm.AwaitTaking) -> None:
        if self.lines.strikes("leaves"):
            late = int(order.seconds * SECOND)
            self.world.at(late, self.happen, atm.WaitedTooLong(order.token))
        else:
            self.world.at(self.some_seconds(), self.happen, atm.NotesTaken())

    def send(self, message: Any) -> None:
        """Something goes to the switch."""
        if self.cut:
            return
        said = message
        if isinstance(message, store.Advise):
            said = AdviceSent(message.advice, message.stan, repeated=message.repeats > 0)
        elif isinstance(message, WithdrawalRequest):
            said = msgspec.structs.replace(message, code=f"as..if.{message.code}.encrypted")
        heading = Heading(self.state.terminal_id, ACQUIRER, self.world.time, self.state.place)
        self.lines.carry(self.switch.hear, packed(said, heading, KEYS))

    def hear(self, raw: bytes) -> None:
        """A reply of the switch has arrived. What cannot be understood is as good as lost."""
        if self.cut:
            return
        raw = self.lines.garbled(raw)
        try:
            reply = understood(checked(raw, KEYS), self.world.time)
        except BadMessage:
            return
        match reply:
            case WithdrawalReply():
                self.happen(atm.Replied(reply))
            case AdviceReply():
                self.happen(atm_line.AdviceHeard(reply.advice))
            case NetworkReply():
                self.happen(atm_line.NetworkHeard(reply.request))

    def some_seconds(self) -> int:
        """As long as people and notes take."""
        return self.world.between(SECOND, 6 * SECOND)


class SwitchInTime(InTime[Switch, Any, Any]):
    """The switch. What it hears of makeba may come late, or not at all."""

    def __init__(self, world: World, lines: Lines, core: Core) -> None:
        state = switch.opened(ACQUIRER, world.dice, world.time)
        super().__init__(world, lines, state, switch_steps.step)
        self.core = core
        self.files = TakingIn(world, lines)
        self.healed = False
        self.atms: dict[str, AtmInTime] = {}

    def begin(self) -> None:
        """Business days are short here, until it heals."""
        if self.healed:
            return
        self.happen(switch.CutOffPressed())
        self.world.at(self.world.between(20 * SECOND, 120 * SECOND), self.begin)

    def heal(self) -> None:
        """Somebody looks at what was laid aside every minute, and sends it again."""
        self.healed = True
        self.happen(switch.ResendPressed())
        self.world.at(MINUTE, self.heal)

    def hear(self, raw: bytes) -> None:
        """Something of a cash machine has arrived. What is no good is answered with 30."""
        raw = self.lines.garbled(raw)
        try:
            doc = checked(raw, KEYS)
            said = understood(doc, self.world.time)
        except BadMessage as error:
            self._refuse(error)
            return
        terminal_id = doc["42"].rstrip()
        match said:
            case WithdrawalRequest():
                self.happen(switch.AtmAsked(said))
            case AdviceSent():
                self.happen(switch.AtmAdvised(said.advice))
                self._reply(terminal_id, AdviceReply(said.advice))
            case NetworkRequest():
                self._reply(terminal_id, NetworkReply(said))

    def _refuse(self, error: BadMessage) -> None:
        answer, terminal_id = refused(error.doc, KEYS), error.doc.get("42", "").rstrip()
        if answer is not None and terminal_id in self.atms:
            self.lines.carry(self.atms[terminal_id].hear, answer)

    def carry_out(self, order: Any) -> None:
        match order:
            case switch.Authorise():
                self._authorise(order)
            case switch.Forward():
                self._forward(order)
            case switch.ReplyToAtm():
                self._reply(order.reply.origin.terminal_id, order.reply)
            case switch.AskNewest() | switch.SendFile():
                self.files.carry_out(order, self.happen)
            case switch.WakeAt():
                self.world.at(self.until(order.due), self.happen, switch.Woken())

    def _reply(self, terminal_id: str, reply: Any) -> None:
        raw = packed(reply, Heading(terminal_id, ACQUIRER, self.world.time), KEYS)
        self.lines.carry(self.atms[terminal_id].hear, raw)

    def _authorise(self, order: switch.Authorise) -> None:
        request = order.request
        silent = switch.IssuerSilent(request.origin)
        command = AuthoriseWithdrawal(
            trace=trace_id(order.trace),
            nonce_hash=self.world.some_bytes(),
            phone_index=request.phone.encode(),
            code_digest=digest(request.code.split(".")[3]),  # as if it were opened
            amount=Money(request.amount * ESCUDO),
            settlement_date=order.settlement_date,
            doubt_seconds=DOUBT_SECONDS,
            cutoff=CUTOFF,
        )

        def answered(told: Outcome[Any]) -> Any:
            reply: SwitchReply = told.fresh
            code = reply.response_code.value
            return switch.IssuerAnswered(request.origin, code, reply.approval_code)

        self._ask(command, answered, silent)

    def _forward(self, order: switch.Forward) -> None:
        advice = order.advice
        trace, nonce = trace_id(order.trace), self.world.some_bytes()
        amount = Money(advice.amount * ESCUDO)
        day = order.settlement_date
        command: Any = CompleteWithdrawal(
            trace=trace, nonce_hash=nonce, amount=amount, settlement_date=day
        )
        if not isinstance(advice, CompletionAdvice):
            command = ReverseWithdrawal(
                trace=trace,
                nonce_hash=nonce,
                amount=amount,
                reason=advice.reason.value,
                settlement_date=day,
            )
        silent = switch.AdviceSilent(advice)
        self._ask(command, lambda _: switch.AdviceAnswered(advice), silent)

    def _ask(self, command: Any, answered: Callable[[Outcome[Any]], Any], silent: Any) -> None:
        """One request of HTTP: an answer, or silence after a while, and nothing after that."""
        over: list[bool] = []

        def tell(event: Any) -> None:
            if not over:
                over.append(True)
                self.happen(event)

        def back(told: Told) -> None:
            event = silent if isinstance(told, Refusal) else answered(told)
            self.lines.carry(tell, event)

        self.world.at(ISSUER_PATIENCE, tell, silent)
        if not self.lines.strikes("clock"):
            self.lines.carry(self.core.submit, command, back)


class PhoneInTime(InTime[Phone, Any, Any]):
    """The app of somebody who is signed in. It shows a code as soon as it has one."""

    def __init__(self, world: World, lines: Lines, core: Core, number: str, user_id: UUID) -> None:
        state = Phone(number=number, stage=phone.Stage.HOME, user_id=user_id)
        super().__init__(world, lines, state, phone_steps.step)
        self.core = core
        self.user_id = user_id
        self.asked: Counter[str] = Counter()

    def noted(self, before: Phone, event: Any) -> None:
        self.asked[type(event).__name__] += 1

    def carry_out(self, order: Any) -> None:
        match order:
            case phone.RequestCode():
                self._request_code(order)
            case phone.Cancel():
                self._cancel(order)
            case phone.ReadStatus():
                self._read_status(order)

    def _request_code(self, order: phone.RequestCode) -> None:
        codes = [f"{self.world.dice.randrange(CODES):06}" for _ in range(4)]
        command = RequestCode(
            transaction_id=self.world.some_id(),
            user_id=order.user_id,
            session_id=None,
            amount=Money(order.amount * ESCUDO),
            candidates=tuple(CodeCandidate(digest=digest(c), seal=digest(c)) for c in codes),
            ttl_seconds=CODE_SECONDS,
        )
        self._ask(order, command, partial(self._code_came, order))

    def _code_came(self, order: phone.RequestCode, told: Outcome[Any]) -> Any:
        """A replay shows the code as long as it lives."""
        transaction_id = UUID(msgspec.json.decode(told.body)["transactionId"])
        row: Withdrawal | None = self.core.find(Withdrawal.by_id(transaction_id))
        if row is None or row.code_seal is None:
            return phone.WasRefused("CODE_EXPIRED", {})
        live = LiveCode(
            code=row.code_seal.decode().strip(),
            amount=order.amount,
            transaction_id=row.id,
            expiry_time=row.expires_at,
        )
        return phone.CodeCame(live, told.replayed)

    def _read_status(self, order: phone.ReadStatus) -> None:
        row: Withdrawal = self.core.find(Withdrawal.by_id(order.transaction_id))
        self.happen(phone.StatusCame(row.id, row.state.value))

    def _cancel(self, order: phone.Cancel) -> None:
        command = CancelWithdrawal(transaction_id=order.transaction_id, user_id=self.user_id)
        self._ask(order, command, lambda _: phone.Cancelled())

    def _ask(self, order: Any, command: Any, answered: Callable[[Outcome[Any]], Any]) -> None:
        over: list[bool] = []

        def tell(event: Any) -> None:
            if not over:
                over.append(True)
                self.happen(event)

        def back(told: Told) -> None:
            self.lines.carry(tell, self._event(told, answered))

        once = Once(key_hash=order.key.encode(), body_hash=type(order).__name__.encode())
        self.world.at(PHONE_PATIENCE, tell, phone.ReplyLost(order))
        self.lines.carry(self.core.submit, command, back, once)

    def _event(self, told: Told, answered: Callable[[Outcome[Any]], Any]) -> Any:
        if isinstance(told, Overloaded):
            return None
        if isinstance(told, Refusal):
            return phone.WasRefused(
                told.code, {name: str(fact) for name, fact in told.facts.items()}
            )
        return answered(told)


def trace_id(trace: Trace) -> TraceId:
    """The same as makeba has it."""
    return TraceId(
        acquirer_id=trace.acquirer_id,
        terminal_id=trace.terminal_id,
        stan=trace.stan,
        rrn=trace.rrn,
        local_date=trace.local_date,
    )


def digest(code: str) -> bytes:
    """What stands for a code in the books; it is its seal too."""
    return code.encode().ljust(32)
