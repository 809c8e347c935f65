"""The whole town in lines, from the first menu until somebody leaves."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TextIO

from simulator import faults
from simulator.ledger_watch import LedgerWatch
from simulator.people import Somebody
from simulator.plain.agent import AgentMenu
from simulator.plain.atm import AtmMenu
from simulator.plain.happenings import Narrator, written
from simulator.plain.lines import Choice, InputEnded, Lines
from simulator.plain.menu import Menu
from simulator.plain.phone import PhoneMenu
from simulator.plain.switchboard import SwitchMenu
from simulator.running import Running
from simulator.town import Town
from simulator.words import Language, Text

ENTRIES_SHOWN = 10
WELCOME = Text(
    "A cidade em linhas de texto. Comece pelo telemóvel: peça um código, depois vá ao caixa.",
    "The town in lines of text. Begin at the phone: ask for a code, then go to the cash machine.",
)
TITLE = Text("Cidade. Aonde vai?", "Town. Where to?")
PHONE = Text("Telemóvel {number}", "Phone {number}")
ATM = Text("Caixa automático {terminal}, {place}", "Cash machine {terminal}, {place}")
AGENT = Text("Agente {number}", "Agent {number}")
SWITCH = Text("Comutador Vinti4", "Vinti4 switch")
BOOKS = Text("Diário e prova dos livros", "Journal and proof of the books")
FAULTS = Text("Falhas", "Faults")
WHAT_HAPPENED = Text("O que aconteceu, e porquê", "What has happened, and why")
NOTHING_YET = Text("Ainda nada.", "Nothing yet.")
OTHER_LANGUAGE = Text("English", "Português")
LEAVE = Text("Sair", "Leave")
FAULTS_TITLE = Text("Falhas. As que estão ligadas: {on}.", "Faults. Those that are on: {on}.")
NONE = Text("nenhuma", "none")
HEAL = Text("Acabar com todas", "End all of them")
HEALED = Text("Já nada corre mal de propósito.", "Nothing goes wrong on purpose any more.")
FAULT = Text("{title}: {help}", "{title}: {help}")
KINDS = ("atm", "phone", "switch", "agent")


async def play(
    town: Town,
    typed: TextIO,
    written_to: TextIO,
    language: Language,
    kinds: Sequence[str] = KINDS,
) -> None:
    """Let a person at a keyboard play the town, or some kinds of its machines, until they leave."""
    lines = Lines(typed, written_to, language)
    narrator = Narrator(lines)
    books = LedgerWatch(lambda: town.reader("accountant"))
    books.watch(narrator.posted)
    machines: tuple[Running[Any, Any, Any], ...] = (*town.phones, *town.atms, *town.tills)
    for machine in machines:
        machine.watch(narrator.notice)
    town.tape.watch(narrator.passed)
    town.work.keep(books.run())
    lines.say(WELCOME)
    with contextlib.suppress(InputEnded):
        await TownMenu(lines, town, narrator, books, kinds).open()


class TownMenu(Menu):
    """Where to go."""

    LEAVE = LEAVE

    def __init__(
        self,
        lines: Lines,
        town: Town,
        narrator: Narrator,
        books: LedgerWatch,
        kinds: Sequence[str],
    ) -> None:
        super().__init__(lines, town)
        self._narrator = narrator
        self._books = books
        self._kinds = kinds

    @property
    def title(self) -> Text:
        """The question."""
        return TITLE

    def choices(self) -> Sequence[Choice]:
        """Everything that can be visited."""
        places = {
            "phone": self._phones,
            "atm": self._atms,
            "agent": self._agents,
            "switch": self._switch,
        }
        return (
            *(
                choice
                for kind, found in places.items()
                if kind in self._kinds
                for choice in found()
            ),
            Choice(WHAT_HAPPENED, self._explain),
            Choice(BOOKS, self._read_books),
            Choice(FAULTS, FaultsMenu(self.lines, self.town).open),
            Choice(OTHER_LANGUAGE, self._speak_otherwise),
        )

    def _phones(self) -> Sequence[Choice]:
        owners = self._owners("customer")
        return [
            Choice(
                PHONE.filled(number=each.state.number),
                PhoneMenu(self.lines, self.town, each, owners[each.state.number]).open,
            )
            for each in self.town.phones
        ]

    def _atms(self) -> Sequence[Choice]:
        return [
            Choice(
                ATM.filled(terminal=each.state.terminal_id, place=each.state.place),
                AtmMenu(self.lines, self.town, each).open,
            )
            for each in self.town.atms
        ]

    def _agents(self) -> Sequence[Choice]:
        owners = self._owners("agent")
        return [
            Choice(
                AGENT.filled(number=each.state.phone),
                AgentMenu(self.lines, self.town, each, owners[each.state.phone]).open,
            )
            for each in self.town.tills
        ]

    def _switch(self) -> Sequence[Choice]:
        return [Choice(SWITCH, SwitchMenu(self.lines, self.town, self._narrator).open)]

    def _owners(self, role: str) -> dict[str, Somebody]:
        return {each.phone: each for each in self.town.people.of(role)}

    async def _explain(self) -> None:
        for sentence in self._narrator.explained or (NOTHING_YET,):
            self.lines.say(sentence)

    async def _read_books(self) -> None:
        state = self._books.state
        for entry in state.entries[-ENTRIES_SHOWN:]:
            self.lines.say(written(entry))
        self.lines.say(state.why)

    async def _speak_otherwise(self) -> None:
        pt, en = Language
        self.lines.language = en if self.lines.language is pt else pt


class FaultsMenu(Menu):
    """What can go wrong."""

    @property
    def title(self) -> Text:
        """What does go wrong."""
        on = [faults.named(name).title for name in sorted(self.town.faults)]
        joined = Text(", ".join(each.pt for each in on), ", ".join(each.en for each in on))
        return FAULTS_TITLE.filled(on=joined if on else NONE)

    def choices(self) -> Sequence[Choice]:
        """Each fault, and their end."""
        found = [
            Choice(FAULT.filled(title=each.title, help=each.help), self._beginning(each))
            for each in faults.FAULTS
        ]
        return (Choice(HEAL, self._heal), *found)

    def _beginning(self, fault: faults.Fault) -> Callable[[], Awaitable[None]]:
        async def act() -> None:
            self.lines.say(fault.apply(self.town, self.town.dice))

        return act

    async def _heal(self) -> None:
        self.town.heal()
        self.lines.say(HEALED)
