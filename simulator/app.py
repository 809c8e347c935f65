"""The town on a terminal: the app that puts the panels side by side and keeps them true."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import Worker

from simulator.api import ApiError
from simulator.contract import Posted
from simulator.explain import NOTHING, Explained, Seen, explain
from simulator.faults import FAULTS, Fault
from simulator.ledger_watch import LedgerWatch, Watched
from simulator.running import Running
from simulator.scenarios.cast import CannotPlay
from simulator.scenarios.pace import SPEEDS, Pace
from simulator.scenarios.player import Player
from simulator.scenarios.reader import scenarios
from simulator.scenarios.script import Scenario
from simulator.scenarios.telling import Kind, Told
from simulator.screens import theme, welcome
from simulator.screens.agent_panel import AgentPanel
from simulator.screens.atm_panel import AtmPanel
from simulator.screens.commands import commands
from simulator.screens.explain_pane import ExplainPane
from simulator.screens.fault_menu import FaultMenu
from simulator.screens.header import Header
from simulator.screens.help import Help
from simulator.screens.key_bar import KeyBar
from simulator.screens.panel import Pane
from simulator.screens.phone_panel import PhonePanel
from simulator.screens.scenario_menu import ScenarioMenu
from simulator.screens.speaking import SpeakingApp, key
from simulator.screens.stage_bar import StageBar
from simulator.screens.switch_panel import SwitchPanel
from simulator.screens.tab_bar import TabBar
from simulator.screens.ticker import Ticker
from simulator.town import Town
from simulator.words import Language, Text

PANELS = ("atm", "phone", "switch", "agent")
FIRST = "phone"
FIRST = "phone"  # where somebody begins who has not been here before
WIDE_FROM = (120, 36)  # columns and rows; below that one panel at a time
ACCOUNTANT = "accountant"
AUDITOR = "auditor"
SEEDS = 1_000_000

AWAY = Text(
    "✗ O servidor em {url} não responde. Nada se perde: o simulador volta a ligar-se sozinho.",
    "✗ The server at {url} does not answer. Nothing is lost: the simulator reconnects by itself.",
)
BACK = Text("● O servidor voltou a responder.", "● The server answers again.")
HEALED = Text("Tudo sarado: nada corre mal de propósito.", "All healed: nothing is broken.")
AS_WRITTEN = Text(
    "«{title}» correu como escrito: {count} verificações.",
    "“{title}” went as it is written: {count} checks.",
)
OTHERWISE = Text(
    "«{title}» não correu como escrito: veja ✗ à direita.",
    "“{title}” did not go as it is written: see ✗ on the right.",
)
CHECKED = {Kind.HELD: Text("✓ {what}", "✓ {what}"), Kind.BROKEN: Text("✗ {what}", "✗ {what}")}
THEME = Text("Tema: {name}", "Theme: {name}")

Maker = Callable[[Town], Widget]
MAKERS: Mapping[str, Maker] = {
    "atm": lambda town: AtmPanel(town, town.atms, id="atm"),
    "phone": lambda town: PhonePanel(town, town.phones, id="phone"),
    "switch": lambda town: SwitchPanel(town, (town.switch,), id="switch"),
    "agent": lambda town: AgentPanel(town, town.tills, id="agent"),
}


class TownApp(SpeakingApp):
    """The screen of a town that somebody else has opened and will close.

    `watch` reads the journal; without one there is one as soon as the town has an accountant. On a
    `first_run` it begins with how to get from here to notes in a tray.
    """

    CSS_PATH = "screens/style.tcss"
    TITLE = "makeba"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("f1", "help", Text("ajuda", "help"), priority=True),
        key("f2", "language", Text("EN", "PT"), priority=True),
        key("f3", "faults", Text("falhas", "faults"), priority=True),
        key("f4", "theme", Text("tema", "theme"), priority=True),
        key("f5", "scenarios", Text("guião", "script"), priority=True),
        key("f5", "pace", Text("ritmo", "pace"), priority=True),
        key("f6", "other_pane(1)", Text("painel", "panel"), priority=True),
        key("shift+f6", "other_pane(-1)", Text("anterior", "back"), shown=False, priority=True),
        key("f7", "stop", Text("parar", "stop"), priority=True),
        key("f8", "heal", Text("sarar", "heal"), priority=True),
        key("ctrl+p", "command_palette", Text("tudo", "all"), priority=True, display="^P"),
        key("f10,ctrl+q", "quit", Text("sair", "leave"), priority=True, display="F10"),
    ]

    def __init__(
        self,
        town: Town,
        language: Language = Language.PT,
        panels: tuple[str, ...] = PANELS,
        *,
        watch: LedgerWatch | None = None,
        first_run: bool = False,
        scenario: Scenario | None = None,
        seed: int | None = None,
        pace: Pace | None = None,
    ) -> None:
        super().__init__()
        self.town = town
        self.set_reactive(TownApp.language, language)
        self._panels = panels
        self._panes = (*panels, "explain", "ticker")
        if watch is None and town.people.of(ACCOUNTANT):
            watch = LedgerWatch(lambda: town.reader(ACCOUNTANT))
        self._watch = watch
        self._first_run = first_run
        self._scenario = scenario
        self._seed = seed
        self._pace = pace or Pace(SPEEDS[0])
        self._play: Worker[None] | None = None
        self._online: bool | None = None
        self._known = NOTHING
        self._told: int | None = None  # the newest entry that was explained, or was there before
        for each in theme.THEMES:
            self.register_theme(each)
        self.theme = theme.NIGHT.name

    def compose(self) -> ComposeResult:
        """Header, panels, journal, footer."""
        yield Header(self.town.url, self.town.clock)
        yield Static(id="away")
        yield StageBar()
        yield TabBar(self._panes)
        with Container(id="town", classes="-lone" if len(self._panels) == 1 else ""):
            for name in self._panels:
                yield MAKERS[name](self.town)
            yield ExplainPane(id="explain")
        yield Ticker(id="ticker")
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin to watch, with the phone in hand: everything begins there."""
        first = FIRST if FIRST in self._panels else self._panels[0]
        self._bring_to_front(first)
        self.call_after_refresh(self._open, first)
        town = self.town
        machines: tuple[Running[Any, Any, Any], ...] = (*town.phones, *town.atms, *town.tills)
        for machine in (*machines, town.switch):
            machine.watch(self._explain)
        self.town.tape.watch(self._explain)
        if self._watch is not None:
            self._watch.watch(self._watched)
            self._watched(self._watch.state)
            if self._watch.state == Watched():  # who has not looked yet does not know
                self._online = None
                self._say_away()
            self.run_worker(self._watch.run(), name="journal", exclusive=True)

    def _open(self, first: str) -> None:
        """Where only one panel is to be seen, it cannot have the focus before now."""
        self.action_front(first)
        if self._first_run:
            self.push_screen(Help(welcome.TITLE, welcome.GUIDE, [], []))
        if self._scenario is not None:
            self._begin(self._scenario)

    def on_resize(self, event: events.Resize) -> None:
        """All panels beside each other, or one at a time."""
        columns, rows = WIDE_FROM
        narrow = event.size.width < columns or event.size.height < rows
        self.screen_stack[0].set_class(narrow, "-narrow")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The pane that has the focus is in front, where only one is to be seen."""
        pane = next((each for each in event.widget.ancestors_with_self if _is_pane(each)), None)
        if pane is not None and pane.id is not None:
            self._bring_to_front(pane.id)

    def action_front(self, name: str) -> None:
        """To the front with it, and into the hand."""
        self._bring_to_front(name)
        self.screen_stack[0].query_one(f"#{name}", Pane).focus()

    def action_other_pane(self, step: int) -> None:
        """The pane after this one; after the last the first again."""
        here = self._panes.index(self._front)
        self.action_front(self._panes[(here + step) % len(self._panes)])

    def action_help(self) -> None:
        """How the pane in hand is used."""
        pane = self.screen.query_one(f"#{self._front}", Pane)
        active = self.screen.active_bindings.values()
        own = [each.binding for each in active if each.enabled and each.node is not self]
        everywhere = [each.binding for each in active if each.enabled and each.node is self]
        self.push_screen(Help(pane.title, pane.GUIDE, _once(own), _once(everywhere)))

    def action_language(self) -> None:
        """The other language, at once and everywhere."""
        self.language = Language.EN if self.language is Language.PT else Language.PT

    def action_theme(self) -> None:
        """The next theme."""
        self.theme = theme.after(self.theme)
        name = theme.NAMES[self.theme]
        self.notify(self.said(THEME.filled(name=name)), timeout=2)

    def action_faults(self) -> None:
        """The menu of what can go wrong."""

        def chosen(number: int | None) -> None:
            if number is not None:
                self._break(FAULTS[number])

        self.push_screen(FaultMenu(self.town.faults, self.action_heal), chosen)

    def action_scenarios(self) -> None:
        """The menu of what can be played."""
        found = scenarios()

        def chosen(number: int | None) -> None:
            if number is not None:
                self._begin(found[number])

        self.push_screen(ScenarioMenu(found), chosen)

    def action_pace(self) -> None:
        """At the speed of people, ten times that, or not at all for a while."""
        self._pace.change()
        self.screen_stack[0].query_one(StageBar).refresh()

    def action_stop(self) -> None:
        """The play is over; whatever was under way goes on by itself."""
        if self._play is not None:
            self._play.cancel()

    def action_heal(self) -> None:
        """Nothing goes wrong on purpose any more."""
        self.town.heal()
        self.notify(self.said(HEALED))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Over a card only what the card needs; and what is well needs no healing."""
        alone = len(self.screen_stack) == 1
        if action in {"help", "faults", "other_pane", "command_palette"}:
            return alone
        playing = self._play is not None
        if action == "scenarios":
            return alone and not playing and bool(self.town.people.of(AUDITOR))
        if action in {"pace", "stop"}:
            return alone and playing
        if action == "heal":
            return alone and bool(self.town.faults)
        return True

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers."""
        return commands(self, screen, self._break)

    def watch_language(self) -> None:
        """The banner is no widget with words of its own."""
        super().watch_language()
        self._say_away()

    def _bring_to_front(self, name: str) -> None:
        self._front = name
        screen = self.screen_stack[0]
        for each in self._panes:
            screen.query_one(f"#{each}").set_class(each == name, "-front")
        screen.set_class(name == "ticker", "-journal")
        screen.query_one(TabBar).show(name)

    def _break(self, fault: Fault) -> None:
        said = fault.apply(self.town, self.town.dice)
        self.notify(self.said(said), title=self.said(fault.title), severity="warning")
        self.refresh_bindings()

    def _begin(self, scenario: Scenario) -> None:
        self._play = self.run_worker(self._perform(scenario), name="scenario", exclusive=False)
        self.refresh_bindings()

    async def _perform(self, scenario: Scenario) -> None:
        """Play it in this town, line by line, and say how it ended."""
        seed = self.town.dice.randrange(SEEDS) if self._seed is None else self._seed
        bar = self.screen_stack[0].query_one(StageBar)
        bar.begin(scenario.title, self._pace)
        player = None
        try:
            player = Player(self.town, await self.town.reader(AUDITOR))
            played = await player.play(scenario, seed, self._tell, self._pace)
            ended = AS_WRITTEN if played.held else OTHERWISE
            said = ended.filled(title=scenario.title, count=played.checked)
            severity: SeverityLevel = "information" if played.held else "error"
            self.notify(self.said(said), severity=severity, timeout=12)
        except (ApiError, CannotPlay) as error:
            self.notify(str(error), severity="error", timeout=12)
        finally:
            self._play = None
            bar.end()
            if player is not None:
                await player.close()
            self.refresh_bindings()

    def _tell(self, told: Told) -> None:
        screen = self.screen_stack[0]
        screen.query_one(StageBar).tell(told)
        if told.kind in CHECKED:
            text = CHECKED[told.kind].filled(what=told.text)
            screen.query_one(ExplainPane).tell(Explained(self.town.clock(), text))

    def _explain(self, seen: Seen) -> None:
        self._known, explained = explain(self._known, seen)
        if explained is not None:
            self.screen_stack[0].query_one(ExplainPane).tell(explained)

    def _explain_entries(self, entries: tuple[Posted, ...]) -> None:
        """Those that have come since somebody looked."""
        for entry in entries:
            if self._told is not None and entry.number > self._told:
                self._explain(entry)
        if entries:
            self._told = entries[-1].number

    def _watched(self, watched: Watched) -> None:
        self._explain_entries(watched.entries)
        screen = self.screen_stack[0]
        screen.query_one(Header).show(watched)
        screen.query_one(Ticker).show(watched)
        if self._online is False and watched.online:
            self.notify(self.said(BACK), timeout=4)
        self._online = watched.online
        self._say_away()

    def _say_away(self) -> None:
        banner = self.screen_stack[0].query_one("#away", Static)
        banner.update(self.said(AWAY.filled(url=self.town.url)))
        banner.set_class(self._online is False, "-shown")


def _is_pane(node: object) -> bool:
    return isinstance(node, Pane)


def _once(bindings: Iterable[Binding]) -> list[Binding]:
    """Each action under the first of its keys."""
    first: dict[str, Binding] = {}
    for binding in bindings:
        ours = binding.tooltip and not binding.system
        if ours and len(binding.description) > 1:  # a digit explains itself
            first.setdefault(binding.action, binding)
    return list(first.values())
