"""The switch in lines: what has passed it, and each message field by field."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.machines import switch
from simulator.plain.happenings import Narrator, told
from simulator.plain.lines import Choice, Lines
from simulator.plain.menu import Menu
from simulator.tape import Message
from simulator.town import Town
from simulator.words import Text

SHOWN = 10
TITLE = Text(
    "Comutador. Mensagens até agora: {count}; avisos por entregar: {stored}.",
    "Switch. Messages so far: {count}; advices still to deliver: {stored}.",
)
FOLLOW = Text("Ouvir cada mensagem quando passa", "Hear each message as it passes")
HUSH = Text("Deixar de ouvir as mensagens", "Stop hearing messages")
CUT_OFF = Text(
    "Fecho: ficheiro do dia de compensação {day} (operações: {count})",
    "Cut-off: a file of the business day {day} (operations: {count})",
)
FIELD = Text("{label}, {name}: {value}", "{label}, {name}: {value}")
MEANT = Text("{field}, isto é {meaning}", "{field}, that is {meaning}")
RAW = Text("Em bruto: {hex}", "Raw: {hex}")


class SwitchMenu(Menu):
    """The newest messages, newest first, to be opened."""

    def __init__(self, lines: Lines, town: Town, narrator: Narrator) -> None:
        super().__init__(lines, town)
        self._narrator = narrator

    @property
    def title(self) -> Text:
        """How much has passed, and what waits."""
        stored = len(self.town.switch.state.stored)
        return TITLE.filled(count=len(self.town.tape.messages), stored=stored)

    def choices(self) -> Sequence[Choice]:
        """Messages, and whether to hear of each."""
        newest = list(self.town.tape.messages)[-SHOWN:]
        follow = Choice(HUSH if self._narrator.messages else FOLLOW, self._turn)
        day = self.town.switch.state.day
        label = CUT_OFF.filled(day=day.settlement_date.isoformat(), count=len(day.items))
        cut_off = Choice(label, self._cut_off)
        return (follow, cut_off, *(self._opening(each) for each in reversed(newest)))

    async def _cut_off(self) -> None:
        self.town.switch.happen(switch.CutOffPressed())

    async def _turn(self) -> None:
        self._narrator.messages = not self._narrator.messages

    def _opening(self, message: Message) -> Choice:
        async def act() -> None:
            for field in message.fields:
                text = FIELD.filled(label=field.label, name=field.name, value=field.value)
                if field.meaning is not None:
                    text = MEANT.filled(field=text, meaning=field.meaning)
                self.lines.say(text)
            self.lines.say(RAW.filled(hex=message.raw.hex(" ")))

        return Choice(told(message), act)
