"""A cash machine in lines: every key that it has, under a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.machines import atm
from simulator.machines.atm import Stage
from simulator.machines.dialogue import COUNTRY_CODE, Dialogue
from simulator.plain.lines import Choice, Lines, said
from simulator.plain.menu import Menu
from simulator.shown_codes import ShownCode
from simulator.town import AtmAtWork, Town
from simulator.words import Text, notes

TITLE = Text(
    "Caixa automático {terminal}, {place}. No ecrã: {screen} Marcado: {typed}.",
    "Cash machine {terminal}, {place}. On its screen: {screen} Typed: {typed}.",
)
NOTHING = Text("nada", "nothing")
TYPE = Text("Marcar algarismos", "Type digits")
WHICH_DIGITS = Text("Que algarismos?", "Which digits?")
NO_DIGITS = Text("O teclado só tem algarismos.", "The keypad has digits only.")
CONTINUE = Text("Tecla verde, CONTINUAR", "Green key, CONTINUAR")
CORRECT = Text("Tecla amarela, CORRIGIR", "Yellow key, CORRIGIR")
CANCEL = Text("Tecla vermelha, ANULAR", "Red key, ANULAR")
SIDE = Text("Tecla ao lado do ecrã: {label}", "Key beside the screen: {label}")
COPY = Text(
    "Marcar telefone, código e montante que o telemóvel mostra",
    "Type phone, code and amount as the phone shows them",
)
TAKE = Text("Retirar as notas: {notes}", "Take the notes: {notes}")
READ = Text("Ler o talão", "Read the receipt")
COUNT = Text("Notas nas gavetas", "Notes in the cassettes")
IN_CASSETTES = Text("{count} notas de {note}", "{count} notes of {note}")


class AtmMenu(Menu):
    """Where a customer stands before the machine."""

    def __init__(self, lines: Lines, town: Town, machine: AtmAtWork) -> None:
        super().__init__(lines, town)
        self.machine = machine

    @property
    def title(self) -> Text:
        """What the machine says."""
        state = self.machine.state
        shown = said(state.shown) if state.typed else NOTHING
        return TITLE.filled(
            terminal=state.terminal_id, place=state.place, screen=state.screen, typed=shown
        )

    def choices(self) -> Sequence[Choice]:
        """The keys that do something now."""
        return tuple(self._choices())

    def _choices(self) -> Iterator[Choice]:
        state = self.machine.state
        if state.stage is Stage.PRESENTING:
            yield self._press(TAKE.filled(notes=notes(state.tray)), atm.NotesTaken())
        if state.stage is Stage.IDLE:
            yield from self._keys()
        if state.receipt is not None:
            yield Choice(READ, self._read)
        yield Choice(COUNT, self._count)

    def _keys(self) -> Iterator[Choice]:
        state = self.machine.state
        if state.dialogue is not Dialogue.CONFIRM:
            yield Choice(TYPE, self._type)
        if state.dialogue is Dialogue.WELCOME and self._shown_code() is not None:
            yield Choice(COPY, self._copy)
        yield self._press(CONTINUE, atm.ContinuePressed())
        if state.dialogue is not Dialogue.WELCOME:
            yield self._press(CORRECT, atm.CorrectPressed())
            yield self._press(CANCEL, atm.CancelPressed())
        for number, label in enumerate(state.side_keys, 1):
            if label is not None:
                yield self._press(SIDE.filled(label=label), atm.SidePressed(number))

    def _press(self, text: Text, event: atm.Event) -> Choice:
        async def act() -> None:
            self.machine.happen(event)

        return Choice(text, act)

    async def _type(self) -> None:
        typed = await self.lines.ask(WHICH_DIGITS)
        if typed and not typed.isdecimal():
            self.lines.say(NO_DIGITS)
            return
        self._key_in(typed)

    def _key_in(self, digits: str) -> None:
        for digit in digits:
            self.machine.happen(atm.KeyPressed(digit))

    def _shown_code(self) -> ShownCode | None:
        """The newest code that a phone shows and that may still be used."""
        return self.town.shown_codes.live(self.town.clock())

    async def _copy(self) -> None:
        """Key by key, as a person does."""
        shown = self._shown_code()
        if shown is None:
            return
        number = shown.number.removeprefix(COUNTRY_CODE)
        for digits in (number, shown.live.code, str(shown.live.amount)):
            self._key_in(digits)
            self.machine.happen(atm.ContinuePressed())

    async def _read(self) -> None:
        receipt = self.machine.state.receipt
        for line in receipt.lines() if receipt is not None else ():
            self.lines.say(line)

    async def _count(self) -> None:
        for note, count in sorted(self.machine.state.cassettes.items(), reverse=True):
            self.lines.say(IN_CASSETTES.filled(count=count, note=note))
