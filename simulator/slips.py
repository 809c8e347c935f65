"""Codes that do not fit, typed at a machine: wrong, too late, twice, or with another's number."""

from __future__ import annotations

from random import Random

from simulator.machines import atm
from simulator.machines.atm import Stage
from simulator.machines.dialogue import Dialogue
from simulator.shown_codes import ShownCode
from simulator.town import AtmAtWork, Town
from simulator.words import Text, masked, money

CODES = 10**6
AMOUNT = 1_000  # of somebody who has no code at all

NO_MACHINE = Text("Nenhuma caixa está livre.", "No machine is free.")
NO_CODE = Text(
    "Nenhum telemóvel mostra um código: peça um primeiro.",
    "No phone shows a code: ask for one first.",
)
NONE_EXPIRED = Text(
    "Ainda nenhum código expirou: peça um e deixe passar o tempo.",
    "No code has expired yet: ask for one and let its time run out.",
)
NONE_USED = Text(
    "Ainda ninguém levantou dinheiro: faça primeiro um levantamento.",
    "Nobody has had cash yet: make a withdrawal first.",
)
NOBODY_ELSE = Text("Não há mais ninguém.", "There is nobody else.")
TYPED = Text(
    "Em {terminal} alguém marca {number}, um código e {amount}.",
    "At {terminal} somebody types {number}, a code and {amount}.",
)


def wrong_code(town: Town, dice: Random, _fault: str) -> Text:
    """Six digits that are not the ones."""
    shown = town.shown_codes.live(town.clock())
    off = 1 + dice.randrange(CODES - 1)
    if shown is None:
        return _type(town, town.phones[0].state.number, f"{off:06}", AMOUNT)
    wrong = f"{(int(shown.live.code) + off) % CODES:06}"
    return _type(town, shown.number, wrong, shown.live.amount)


def expired_code(town: Town, _dice: Random, _fault: str) -> Text:
    """A code whose time is over."""
    shown = town.shown_codes.expired(town.clock())
    return NONE_EXPIRED if shown is None else _type_shown(town, shown)


def used_code(town: Town, _dice: Random, _fault: str) -> Text:
    """A code that was paid already."""
    shown = town.shown_codes.used()
    return NONE_USED if shown is None else _type_shown(town, shown)


def other_phone(town: Town, dice: Random, _fault: str) -> Text:
    """A right code under a number that it does not belong to."""
    shown = town.shown_codes.live(town.clock())
    if shown is None:
        return NO_CODE
    others = [each.state.number for each in town.phones if each.state.number != shown.number]
    if not others:
        return NOBODY_ELSE
    return _type(town, dice.choice(others), shown.live.code, shown.live.amount)


def _type_shown(town: Town, shown: ShownCode) -> Text:
    return _type(town, shown.number, shown.live.code, shown.live.amount)


def _type(town: Town, number: str, code: str, amount: int) -> Text:
    """Somebody does so at the first machine that is free."""
    machine = next((each for each in town.atms if _is_free(each)), None)
    if machine is None:
        return NO_MACHINE
    machine.happen(atm.CashAsked(number, code, amount))
    return TYPED.filled(
        terminal=machine.state.terminal_id, number=masked(number), amount=money(amount)
    )


def _is_free(machine: AtmAtWork) -> bool:
    return machine.state.stage is Stage.IDLE and machine.state.dialogue is Dialogue.WELCOME
