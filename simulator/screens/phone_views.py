"""What stands on a phone's screen: from its state, and from where in the app somebody is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import msgspec
from textual.content import Content

from simulator.machines import answers
from simulator.machines.notices import Notice
from simulator.machines.phone import LiveCode, Phone, Stage
from simulator.screens.form import CODE_DIGITS, Form, Question, number, spaced
from simulator.words import COUNTRY, Text, money

Said = Callable[[Text], str]

QUICK_AMOUNTS = (1_000, 2_000, 5_000, 10_000, 15_000, 20_000)
TOTP_SECONDS = 30
PIN_DIGITS = 6

MACHINE_CODE = Text("Levantar numa caixa", "Cash from a machine")
AGENT_CODE = Text("Levantar num agente", "Cash from an agent")
SEND = Text("Enviar dinheiro", "Send money")
HISTORY = Text("Movimentos", "History")
NOTICES = Text("Avisos ({count})", "Notices ({count})")
CANCEL = Text("Anular o levantamento", "Cancel the withdrawal")
APPROVE = Text("Sim, sou eu", "Yes, it is me")
OTHER_AMOUNT = Text("Outro montante", "Other amount")
HOW_MUCH = Text("Quanto quer levantar?", "How much cash?")
WHICH_AGENT = Text("Em que agente?", "At which agent?")
TO_WHOM = Text("Enviar para o número", "Send to the number")
AMOUNT = Text("Montante", "Amount")
BALANCE = Text("Saldo", "Balance")
HELD = Text("cativo {amount}", "held {amount}")
YOUR_PIN = Text("PIN", "PIN")
FACTOR = Text("O autenticador preencheu", "The authenticator has filled in")
NEXT_CODE = Text("novo código em {seconds} s", "new code in {seconds} s")
FOR_MACHINE = Text("Código de caixa · {amount}", "Machine code · {amount}")
FOR_AGENT = Text("Código de agente · {amount}", "Agent code · {amount}")
HINT = Text("Com pressa? A tecla v marca-o.", "In a hurry? Key v types it.")
NOTHING_YET = Text("Ainda não há nada.", "There is nothing yet.")


class Page(StrEnum):
    """Where in the app somebody is."""

    HOME = "home"
    AMOUNTS = "amounts"
    AGENTS = "agents"
    HISTORY = "history"
    NOTICES = "notices"


class Choice(NamedTuple):
    """One line of a menu; its number is the key that chooses it. `action` is the panel's."""

    words: Text
    action: str


class View(NamedTuple):
    """What is shown over the menu: words, perhaps something big under them."""

    head: Content
    big: str = ""
    code: LiveCode | None = None
    rows: Content | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody is in the app, and what is being typed."""

    page: Page = Page.HOME
    form: Form | None = None


def view(phone: Phone, place: Place, now: datetime, said: Said) -> View:
    """All of the screen but the line on top, the menu and the notices below."""
    if phone.stage is Stage.TOTP:
        return _factor(phone, now, said)
    if phone.stage is not Stage.HOME:
        return _locked(phone, said)
    if place.form is not None:
        return _typing(place.form, said)
    return _page(phone, place.page, said)


def choices(phone: Phone, place: Place, agents: tuple[Text, ...]) -> tuple[Choice, ...]:
    """What can be chosen with a digit."""
    if phone.stage is not Stage.HOME or place.form is not None:
        return ()
    if place.page is Page.AMOUNTS:
        quick = (Choice(money(each), f"amount({each})") for each in QUICK_AMOUNTS)
        return (*quick, Choice(OTHER_AMOUNT, "other_amount"))
    if place.page is Page.AGENTS:
        return tuple(Choice(each, f"agent({index})") for index, each in enumerate(agents))
    if place.page is not Page.HOME:
        return ()
    return _at_home(phone) if phone.live is None else _beside_code(phone)


def _page(phone: Phone, page: Page, said: Said) -> View:
    match page:
        case Page.AMOUNTS:
            return View(_strong(said(HOW_MUCH)))
        case Page.AGENTS:
            return View(_strong(said(WHICH_AGENT)))
        case Page.HISTORY:
            return View(_strong(said(HISTORY)), rows=_history(phone, said))
        case Page.NOTICES:
            head = said(NOTICES.filled(count=len(phone.notices)))
            return View(_strong(head), rows=notices(phone.notices, said))
    return _home(phone, said) if phone.live is None else _code(phone.live, said)


def pin_form() -> Question:
    """How a PIN is typed."""
    return Question(label=YOUR_PIN, digits=PIN_DIGITS, hidden=True)


def amount_form(name: str) -> Form:
    """Any amount of cash."""
    return Form(name=name, questions=(Question(label=HOW_MUCH),))


def transfer_form() -> Form:
    """To whom, and how much."""
    return Form(name="send", questions=(number(TO_WHOM), Question(label=AMOUNT)))


def notices(told: tuple[Notice, ...], said: Said) -> Content:
    """Pushes, newest first, one line each."""
    lines = (
        Content.assemble((f"{each.at.astimezone(COUNTRY):%H:%M} ", "$accent"), said(each.text))
        for each in told
    )
    return Content("\n").join(lines) if told else Content.styled(said(NOTHING_YET), "dim")


def _locked(phone: Phone, said: Said) -> View:
    question = pin_form()
    typed = said(question.shown(phone.typed[:PIN_DIGITS]))
    head = Content.assemble(("makeba\n\n", "bold $accent"), (f"{said(YOUR_PIN)}  {typed}", "bold"))
    return View(head, rows=Content.styled(f"\n{said(HINT)}", "dim"))


def _factor(phone: Phone, now: datetime, said: Said) -> View:
    left = TOTP_SECONDS - int(now.timestamp()) % TOTP_SECONDS
    totp = phone.totp or ""
    assert len(totp) in (0, CODE_DIGITS), "authenticators make six digits"
    return View(
        _strong(said(FACTOR)),
        big=spaced(totp),
        rows=Content.assemble(
            ("━" * left, "$accent"), ("─" * (TOTP_SECONDS - left), "dim"), "\n",
            (said(NEXT_CODE.filled(seconds=left)), "dim"),
        ),
    )  # fmt: skip


def _typing(form: Form, said: Said) -> View:
    answered = "".join(
        f"{said(question.label)}: {said(question.shown(answer))}\n"
        for question, answer in zip(form.questions, form.answers, strict=False)
    )
    question = form.question
    head = Content.assemble((answered, "dim"), (said(question.label), "bold"))
    if question.digits is None:
        return View(head, big=question.shown(form.typed).pt)
    return View(head, rows=Content.styled(said(question.shown(form.typed)), "bold $accent"))


def _home(phone: Phone, said: Said) -> View:
    held = f"  {said(HELD.filled(amount=money(phone.held)))}" if phone.held else ""
    head = Content.assemble((said(BALANCE), "bold"), (held, "$warning"))
    return View(head, big="" if phone.balance is None else money(phone.balance).pt)


def _at_home(phone: Phone) -> tuple[Choice, ...]:
    cancel = (Choice(CANCEL, "withdraw"),) if phone.pending is not None else ()
    return (
        Choice(MACHINE_CODE, "amounts"),
        Choice(AGENT_CODE, "agents"),
        Choice(SEND, "send"),
        *_looking_back(phone),
        *cancel,
    )


def _code(live: LiveCode, said: Said) -> View:
    words = FOR_AGENT if live.at_counter else FOR_MACHINE
    return View(_strong(said(words.filled(amount=money(live.amount)))), code=live)


def _beside_code(phone: Phone) -> tuple[Choice, ...]:
    approve = (Choice(APPROVE, "approve"),) if phone.approval is not None else ()
    return (*approve, Choice(CANCEL, "withdraw"), *_looking_back(phone))


def _looking_back(phone: Phone) -> tuple[Choice, ...]:
    told = NOTICES.filled(count=len(phone.notices))
    return (Choice(HISTORY, "history"), Choice(told, "notices"))


def _history(phone: Phone, said: Said) -> Content:
    if not phone.history:
        return Content.styled(said(NOTHING_YET), "dim")
    lines = (
        Content.assemble(
            (f"{each.timestamp.astimezone(COUNTRY):%d-%m %H:%M} ", "dim"),
            ("+" if each.direction == "in" else "−", "bold"),
            (f"{said(money(each.amount))} ", "bold"),
            said(answers.movement(each.kind)),
        )
        for each in phone.history
    )
    return Content("\n").join(lines)


def left_of(live: LiveCode, now: datetime) -> timedelta:
    """How long a code still opens anything."""
    return live.expiry_time - now


def _strong(words: str) -> Content:
    return Content.styled(words, "bold")
