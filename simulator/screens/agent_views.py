"""What stands on an agent's counter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from textual.content import Content

from simulator.contract import QueuedRequest
from simulator.machines.agent import Till
from simulator.screens.form import CODE_DIGITS, Form, Question, number
from simulator.screens.phone_views import HINT, Choice, pin_form
from simulator.words import Text, money

Said = Callable[[Text], str]

OPEN = Text("● aberto", "● open")
CLOSED = Text("○ fechado", "○ closed")
OFFLINE = Text("○ sem rede", "○ offline")
DRAWER = Text("gaveta {amount}", "cash {amount}")
FLOAT = Text("float {amount}", "float {amount}")
NOBODY_WAITS = Text("Ninguém à espera.", "Nobody is waiting.")
PAY = Text("Pagar contra o código", "Pay against the code")
REFUSE = Text("Recusar: sem notas", "Refuse: no cash")
PAY_IN = Text("Receber um depósito", "Take a deposit")
PICKUP_CODE = Text("Código que o cliente diz", "Code that the customer says")
WHOSE_NUMBER = Text("Número de quem deposita", "Number of who pays in")
CASH_TAKEN = Text("Notas recebidas de {name}", "Cash taken from {name}")


def pin_typing() -> Form:
    """The agent opens the counter."""
    return Form(name="pin", questions=(pin_form(),))


def confirming(transaction_id: UUID) -> Form:
    """What proves that the customer stands here."""
    question = Question(label=PICKUP_CODE, digits=CODE_DIGITS)
    return Form(name=str(transaction_id), questions=(question,))


def naming() -> Form:
    """Who pays in?"""
    return Form(name="number", questions=(number(WHOSE_NUMBER),))


def counting(name: str) -> Form:
    """How much cash has this customer put down?"""
    return Form(name="amount", questions=(Question(label=CASH_TAKEN.filled(name=name)),))


def counter(till: Till, said: Said) -> Content:
    """Whether it is open, the float, the cash in the drawer, and what was earned."""
    state, colour = (OPEN, "$success") if till.open else (CLOSED, "$text-muted")
    if not till.online:
        state, colour = OFFLINE, "$error"
    held = "–" if till.float_holds is None else money(till.float_holds)
    return Content.assemble(
        (said(state), colour), f"  {said(FLOAT.filled(amount=held))}\n",
        f"{said(DRAWER.filled(amount=money(till.drawer)))} {said(earned(till.earned))}",
    )  # fmt: skip


def waiting(request: QueuedRequest, now: datetime) -> Text:
    """One who waits: how long still, how much, what it earns."""
    seconds = max(0, round((request.expiry_time - now).total_seconds()))
    left, amount = f"{seconds // 60:02}:{seconds % 60:02}", money(request.amount)
    commission = earned(request.commission)
    return Text(f"{left} {amount.pt} {commission.pt}", f"{left} {amount.en} {commission.en}")


def earned(commission: Decimal) -> Text:
    """+30$00, beside an amount that names the currency."""
    return Text(f"+{money(commission).pt}", f"+{commission:,.2f}")


def choices(till: Till) -> tuple[Choice, ...]:
    """What the agent can do."""
    if not till.open:
        return ()
    queue = (Choice(PAY, "pay"), Choice(REFUSE, "refuse")) if till.queue else ()
    return (*queue, Choice(PAY_IN, "pay_in"))


def typing(form: Form, said: Said) -> Content:
    """What is asked, and what was typed."""
    question = form.question
    if form.name == "pin":
        typed = f"{said(question.label)}  {said(question.shown(form.typed))}"
        return Content.assemble((f"{typed}\n", "bold"), (said(HINT), "dim"))
    return Content.assemble(
        (f"{said(question.label)}\n", "bold"), (said(question.shown(form.typed)), "bold $accent")
    )
