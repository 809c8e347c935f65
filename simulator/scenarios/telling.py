"""What a scenario says while it is played: what people do, what comes of it, what was checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from simulator import faults
from simulator.scenarios import script
from simulator.scenarios.cast import Cast
from simulator.scenarios.script import Step, Typed
from simulator.words import Text, money


class Kind(StrEnum):
    """What a line is."""

    TITLE = "title"
    STEP = "step"
    SCREEN = "screen"
    HELD = "held"
    BROKEN = "broken"


class Told(NamedTuple):
    """One line. `who` has a screen or does something; nobody does the checks."""

    kind: Kind
    text: Text
    who: str = ""


Tell = Callable[[Told], None]

ASKS = Text(
    "{who} pede um código para levantar {amount}.", "{who} asks for a code for {amount} in cash."
)
ASKS_AGAIN = Text("{who} envia o mesmo pedido outra vez.", "{who} sends the same wish once more.")
TYPES = Text(
    "{who} marca número, código e montante em {at}.",
    "{who} types number, code and amount at {at}.",
)
TYPES_WRONG = Text(
    "Alguém marca em {at} o número de {who} e um código errado.",
    "Somebody types {who}'s number and a wrong code at {at}.",
)
TYPES_ANOTHERS = Text(
    "{who} marca o seu número e o código de {code_of} em {at}.",
    "{who} types the own number and {code_of}'s code at {at}.",
)
ASKS_AGENT = Text("{who} pede {amount} em {at}.", "{who} asks for {amount} at {at}.")
PAYS_OUT = Text(
    "{who} marca o código que {to} diz ao balcão.",
    "{who} types the code that {to} says at the counter.",
)
PAYS_OUT_WRONG = Text(
    "Ao balcão de {who} diz-se um código errado por {to}.",
    "At {who}'s counter somebody says a wrong code for {to}.",
)
REFUSES = Text("{who} não pode pagar a {to}.", "{who} cannot pay {to}.")
PAYS_IN = Text("{who} entrega {amount} em {at}.", "{who} hands {amount} over at {at}.")
SENDS = Text("{who} envia {amount} a {to}.", "{who} sends {amount} to {to}.")
SENDS_ALL = Text("{who} quer enviar tudo a {to}.", "{who} wants to send everything to {to}.")
CANCELS = Text("{who} anula o pedido.", "{who} cancels the request.")
LOOKS = Text("{who} vê no telemóvel o que foi feito.", "{who} looks at the phone.")
WAITS = Text("Passam {seconds} segundos.", "{seconds} seconds pass.")
EXPIRES = Text("O código de {until_expired} perde a validade.", "{until_expired}'s code runs out.")
LOADS = Text("Mudam-se as notas de {at}.", "The cassettes of {at} are changed.")
GOES_WRONG = Text("Avaria: {fault}.", "A fault: {fault}.")
SETTLES = Text(
    "O comutador faz o fecho, e o seu ficheiro vai à makeba.",
    "The switch's cut-off: its file goes to makeba.",
)
HEALS = Text("Tudo volta a funcionar.", "Everything works again.")


def _asks(step: script.AsksForCode) -> Text:
    return ASKS_AGAIN if step.again else ASKS


def _types(step: script.UsesMachine) -> Text:
    if step.code is Typed.WRONG:
        return TYPES_WRONG
    return TYPES if step.code_of is None else TYPES_ANOTHERS


def _pays_out(step: script.PaysOut) -> Text:
    return PAYS_OUT_WRONG if step.code is Typed.WRONG else PAYS_OUT


def _waits(step: script.Waits) -> Text:
    return WAITS.filled(seconds=f"{step.seconds:g}") if step.until_expired is None else EXPIRES


def _goes_wrong(step: script.GoesWrong) -> Text:
    return GOES_WRONG.filled(fault=faults.named(step.fault).title)


SENTENCES: Mapping[type[Any], Callable[[Any], Text]] = {
    script.AsksForCode: _asks,
    script.UsesMachine: _types,
    script.AsksAgent: lambda _: ASKS_AGENT,
    script.PaysOut: _pays_out,
    script.Refuses: lambda _: REFUSES,
    script.PaysIn: lambda _: PAYS_IN,
    script.Sends: lambda step: SENDS if isinstance(step.amount, int) else SENDS_ALL,
    script.Cancels: lambda _: CANCELS,
    script.Looks: lambda _: LOOKS,
    script.Waits: _waits,
    script.Loads: lambda _: LOADS,
    script.GoesWrong: _goes_wrong,
    script.Settles: lambda _: SETTLES,
    script.Heals: lambda _: HEALS,
}


def told(step: Step, cast: Cast) -> Text:
    """What somebody does, in a sentence."""
    values: dict[str, Text | str | int] = {
        each: cast.called(name)
        for each in script.NAMING
        if isinstance(name := getattr(step, each, None), str)
    }
    amount = getattr(step, "amount", None)
    if isinstance(amount, int):
        values["amount"] = money(amount)
    return SENTENCES[type(step)](step).filled(**values)
