"""F5: a scenario to play in this town, while one looks on."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from simulator.scenarios.script import Scenario
from simulator.screens.choices import Choice, Choices
from simulator.screens.speaking import key
from simulator.words import Text

TITLE = Text("Guiões: o que há de acontecer?", "Scripts: what shall happen?")
CHOOSE = Text("↵ representa-o aqui", "↵ plays it here")
STEPS = Text("{count} passos", "{count} steps")


class ScenarioMenu(Choices):
    """All that can be played."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("f5", "dismiss", Text("fechar", "close"), shown=False)
    ]

    def __init__(self, scenarios: tuple[Scenario, ...]) -> None:
        super().__init__(TITLE, [_choice(each) for each in scenarios], CHOOSE)


def _choice(scenario: Scenario) -> Choice:
    return Choice(
        title=scenario.title,
        help=scenario.about,
        note=STEPS.filled(count=len(scenario.steps)),
    )
