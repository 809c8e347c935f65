"""What a cash machine asks its customer, step by step: prompts, keys, what may be typed.

welcome ▶ phone ▶ code ▶ amount ▶ confirm
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from simulator.machines.notes import BUNDLE_MAX, DENOMINATIONS, Notes, fewest, nearest
from simulator.words import Language, Text, money

if TYPE_CHECKING:
    from simulator.machines.atm import Atm

COUNTRY_CODE = "+238"
SIDE_KEYS = 8  # 1 to 4 on the left from the top, 5 to 8 on the right


class Dialogue(StrEnum):
    """What is being asked."""

    WELCOME = "welcome"
    PHONE = "phone"
    CODE = "code"
    AMOUNT = "amount"
    CONFIRM = "confirm"


DIGITS_MAX = {Dialogue.PHONE: 7, Dialogue.CODE: 6, Dialogue.AMOUNT: 6}
AMOUNT_KEYS = {1: 1_000, 2: 2_000, 3: 5_000, 4: 10_000, 5: 15_000, 6: 20_000}
LANGUAGE_KEYS = {4: Language.PT, 8: Language.EN}
START_KEY, CORRECT_KEY, CONTINUE_KEY = 1, 4, 8

PROMPTS = {
    Dialogue.WELCOME: Text(
        "Bem-vindo. Levantamento sem cartão: com telefone e código.",
        "Welcome. Cash without a card: with your phone and a code.",
    ),
    Dialogue.PHONE: Text(
        "Marque o seu número de telefone e CONTINUAR.",
        "Enter your phone number, then CONTINUAR.",
    ),
    Dialogue.CODE: Text(
        "Marque o código de levantamento e CONTINUAR.",
        "Enter the withdrawal code, then CONTINUAR.",
    ),
    Dialogue.AMOUNT: Text(
        "Escolha o montante do código, ou marque-o e CONTINUAR.",
        "Choose the amount of the code, or enter it, then CONTINUAR.",
    ),
    Dialogue.CONFIRM: Text(
        "{amount} para o telefone {phone}. Confirma?", "{amount} for phone {phone}. Confirm?"
    ),
}
NOT_WHOLE = {
    Dialogue.PHONE: Text("O número tem sete algarismos.", "The number has seven digits."),
    Dialogue.CODE: Text("O código tem seis algarismos.", "The code has six digits."),
    Dialogue.AMOUNT: Text("Marque o montante.", "Enter the amount."),
}
CANCELLED = Text("Operação anulada.", "Cancelled.")
NO_ANSWER = Text("Operação anulada por falta de resposta.", "Cancelled: no key was pressed.")
CANNOT_PAY = Text("Esta máquina não pode pagar {amount}.", "This machine cannot pay {amount}.")
ASK_FOR = Text(
    "{text} Pode pedir um código para {others}.", "{text} You can get a code for {others}."
)
OR = Text("{one} ou {other}", "{one} or {other}")
START = Text("Levantar sem cartão", "Cash without a card")
CORRECT = Text("Corrigir", "Correct")
CONFIRM = Text("Confirmar", "Confirm")
NAMES = {Language.PT: Text("Português", "Português"), Language.EN: Text("English", "English")}


def digit(atm: Atm, key: str) -> Atm:
    """After a digit. At a machine that is free it is the first of the number."""
    if atm.dialogue is Dialogue.CONFIRM:
        return atm
    if atm.dialogue is Dialogue.WELCOME:
        atm = at(atm, Dialogue.PHONE)
    room = len(atm.typed) < DIGITS_MAX[atm.dialogue]
    return replace(atm, typed=atm.typed + key if room else atm.typed, screen=_prompt(atm))


def go_on(atm: Atm) -> Atm:
    """After CONTINUAR: what was typed is kept, and the next step asked."""
    match atm.dialogue:
        case Dialogue.WELCOME:
            return at(atm, Dialogue.PHONE)
        case step if not _is_whole(step, atm.typed):
            return replace(atm, screen=NOT_WHOLE[step])
        case Dialogue.PHONE:
            return at(replace(atm, phone=COUNTRY_CODE + atm.typed), Dialogue.CODE)
        case Dialogue.CODE:
            return at(replace(atm, code=atm.typed), Dialogue.AMOUNT)
        case _:
            return _amount_given(atm, int(atm.typed))


def correct(atm: Atm) -> Atm:
    """After CORRIGIR: what was typed goes; when nothing was, one step back."""
    steps = tuple(Dialogue)
    back = steps[max(0, steps.index(atm.dialogue) - 1)]
    return at(atm, atm.dialogue if atm.typed else back)


def cancel(atm: Atm) -> Atm:
    """After ANULAR. Where nothing was begun, nothing ends."""
    return atm if atm.dialogue is Dialogue.WELCOME else replace(free(atm), screen=CANCELLED)


def side(atm: Atm, number: int) -> Atm:
    """After a key beside the screen that has a label. The one that confirms ends the dialogue: the
    machine sees to that."""
    if atm.dialogue is Dialogue.AMOUNT:
        return _amount_given(atm, AMOUNT_KEYS[number])
    if atm.dialogue is Dialogue.CONFIRM:
        return correct(atm)
    if number in LANGUAGE_KEYS:
        return replace(atm, language=LANGUAGE_KEYS[number], screen=_prompt(atm))
    return go_on(atm)


def at(atm: Atm, step: Dialogue) -> Atm:
    """Asking this, with nothing typed yet. Who begins finds nothing of the customer before."""
    if step is Dialogue.WELCOME:
        return free(atm)
    if atm.dialogue is Dialogue.WELCOME:
        atm = replace(atm, taken={}, receipt=None)
    asking = replace(atm, dialogue=step, typed="")
    return replace(asking, screen=_prompt(asking))


def free(atm: Atm) -> Atm:
    """Ready for whoever comes; nothing is left of what was typed."""
    return replace(
        atm,
        dialogue=Dialogue.WELCOME,
        typed="",
        phone="",
        code="",
        amount=0,
        token=atm.token + 1,
        screen=PROMPTS[Dialogue.WELCOME],
    )


def offer(amount: int, cassettes: Notes) -> Text:
    """That this cannot be paid, and what can."""
    text = CANNOT_PAY.filled(amount=money(amount))
    others = [money(each) for each in nearest(amount, cassettes)]
    if not others:
        return text
    both = others[0] if len(others) == 1 else OR.filled(one=others[0], other=others[1])
    return ASK_FOR.filled(text=text, others=both)


def shown(dialogue: Dialogue, typed: str) -> str:
    """What the screen shows of what was typed: of a code only how much."""
    return {
        Dialogue.PHONE: f"{COUNTRY_CODE} {typed}",
        Dialogue.CODE: "•" * len(typed),
        Dialogue.AMOUNT: typed,
    }.get(dialogue, "")


def side_keys(dialogue: Dialogue, stock: Notes) -> tuple[Text | None, ...]:
    """What stands beside each side key. Amounts only as far as the cassettes can pay them."""
    labels: dict[int, Text] = {}
    if dialogue is Dialogue.WELCOME:
        labels = {START_KEY: START, **{key: NAMES[each] for key, each in LANGUAGE_KEYS.items()}}
    elif dialogue is Dialogue.AMOUNT:
        held = tuple(min(stock.get(note, 0), BUNDLE_MAX) for note in DENOMINATIONS)
        payable = {key: each for key, each in AMOUNT_KEYS.items() if _can_pay(each, held)}
        labels = {key: money(amount) for key, amount in payable.items()}
    elif dialogue is Dialogue.CONFIRM:
        labels = {CORRECT_KEY: CORRECT, CONTINUE_KEY: CONFIRM}
    return tuple(labels.get(number) for number in range(1, SIDE_KEYS + 1))


def _amount_given(atm: Atm, amount: int) -> Atm:
    if fewest(amount, atm.cassettes) is None:
        return replace(atm, typed="", screen=offer(amount, atm.cassettes))
    return at(replace(atm, amount=amount), Dialogue.CONFIRM)


def _prompt(atm: Atm) -> Text:
    return PROMPTS[atm.dialogue].filled(phone=atm.phone, amount=money(atm.amount))


def _is_whole(step: Dialogue, typed: str) -> bool:
    """Whether enough was typed to go on. An amount may be short."""
    return len(typed) == DIGITS_MAX[step] or (step is Dialogue.AMOUNT and typed != "")


@lru_cache(maxsize=1_000)
def _can_pay(amount: int, held: tuple[int, ...]) -> bool:
    return fewest(amount, dict(zip(DENOMINATIONS, held, strict=True))) is not None
