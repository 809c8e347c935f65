"""The town's screen: panels, tabs, language, themes, help, faults, and a server that goes away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Static

from simulator.app import PANELS, TownApp
from simulator.faults import FAULTS
from simulator.ledger_watch import Watched
from simulator.screens import theme
from simulator.screens.fault_menu import FaultMenu
from simulator.screens.help import Guide, Help
from simulator.screens.inspector import Inspector
from simulator.screens.key_bar import KeyBar
from simulator.screens.panel import Pane
from simulator.screens.scenario_menu import ScenarioMenu
from simulator.screens.stage_bar import StageBar
from simulator.screens.tab_bar import TabBar
from simulator.screens.ticker import Ticker
from simulator.town import Town
from simulator.words import Language
from tests.simulator.screens import sights
from tests.simulator.screens.sights import (
    AWAY_BOOKS,
    PROVEN_BOOKS,
    WRONG_BOOKS,
    StillWatch,
    town_app,
)

WIDE, SMALL = (120, 36), (80, 24)
PANES = (*PANELS, "explain", "ticker")


@asynccontextmanager
async def shown(
    app: TownApp, size: tuple[int, int] = WIDE
) -> AsyncIterator[tuple[TownApp, Pilot[None]]]:
    """On a terminal of this size."""
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


def lean(
    town: Town,
    language: Language = Language.PT,
    books: Watched = PROVEN_BOOKS,
    watch: StillWatch | None = None,
) -> TownApp:
    """With one panel only: what the town's screen does itself."""
    return TownApp(town, language, ("switch",), watch=watch or StillWatch(books))


def text_of(app: TownApp, selector: str) -> str:
    """What stands in a widget, without its colours."""
    return str(app.screen_stack[0].query_one(selector, Static).content)


def footer(app: TownApp) -> str:
    """What the footer of the uppermost screen says."""
    return app.screen.query_one(KeyBar).render().plain


def front(app: TownApp) -> list[str | None]:
    """The panes that can be seen."""
    return [each.id for each in app.screen_stack[0].query(Pane) if each.display]


async def test_in_a_large_window_everything_is_beside_each_other(town: Town) -> None:
    async with shown(town_app(town)) as (app, _):
        assert sorted(map(str, front(app))) == sorted(PANES)
        assert not app.screen.query_one(TabBar).display


async def test_in_a_small_window_one_pane_is_in_front(town: Town) -> None:
    async with shown(town_app(town), SMALL) as (app, pilot):
        assert front(app) == ["phone"]
        assert app.screen.query_one(TabBar).display
        await pilot.press("f6")
        assert front(app) == ["switch"]


async def test_a_window_that_grows_shows_everything(town: Town) -> None:
    async with shown(lean(town), SMALL) as (app, pilot):
        assert front(app) == ["switch"]
        await pilot.resize_terminal(*WIDE)
        await pilot.pause()
        assert front(app) == ["switch", "explain", "ticker"]


async def test_f6_goes_round_all_panes_and_back(town: Town) -> None:
    async with shown(town_app(town), SMALL) as (app, pilot):
        seen = []
        for _ in PANES:
            await pilot.press("f6")
            seen += front(app)
        assert sorted(map(str, seen)) == sorted(PANES)
        await pilot.press("shift+f6")
        assert front(app) == ["atm"]


async def test_a_click_on_a_tab_brings_its_pane_to_the_front(town: Town) -> None:
    async with shown(lean(town), SMALL) as (app, pilot):
        where = app.screen.query_one(TabBar).render().plain.index("Diário")
        await pilot.click(TabBar, offset=(where + 2, 0))
        await pilot.pause()
        assert front(app) == ["ticker"]


async def test_one_machine_alone_has_explanation_and_journal(town: Town) -> None:
    async with shown(town_app(town, panels=("atm",))) as (app, _):
        assert front(app) == ["atm", "explain", "ticker"]
        assert app.focused is app.query_one("#atm")


async def test_f2_changes_every_word_at_once(town: Town) -> None:
    async with shown(lean(town)) as (app, pilot):
        sights.fill(app)
        await pilot.pause()
        assert "ajuda" in footer(app)
        assert "LIVROS PROVADOS" in text_of(app, "Ticker #proof")
        await pilot.press("f2")
        await pilot.pause()
        assert "help" in footer(app)
        assert "BOOKS PROVEN" in text_of(app, "Ticker #proof")
        assert "the town" in text_of(app, "#brand")
        assert "customer has taken" in text_of(app, "ExplainPane Static")
        titles = [str(each.border_title) for each in app.query(Pane)]
        assert "What happened" in titles
        assert "Journal" in titles
        await pilot.press("f2")
        assert "ajuda" in footer(app)


async def test_a_message_says_its_name_in_the_language_of_the_moment(town: Town) -> None:
    async with shown(lean(town, Language.EN)) as (app, pilot):
        sights.fill(app)
        await pilot.pause(0.1)
        assert "0800 Sign-on" in text_of(app, "MessageLog Static")
        await pilot.press("f2")
        await pilot.pause(0.1)
        assert "0800 Entrada em linha" in text_of(app, "MessageLog Static")


async def test_f4_goes_through_the_themes(town: Town) -> None:
    async with shown(lean(town)) as (app, pilot):
        seen = [app.theme]
        for _ in theme.THEMES:
            await pilot.press("f4")
            seen.append(app.theme)
        assert seen == ["makeba-night", "makeba-day", "makeba-contrast", "makeba-night"]


async def test_f1_helps_with_the_pane_in_hand(town: Town) -> None:
    async with shown(town_app(town, Language.EN)) as (app, pilot):
        for name in PANES:
            app.action_front(name)
            await pilot.pause()
            await pilot.press("f1")
            await pilot.pause()
            assert isinstance(app.screen, Help)
            card = app.screen.query_one(".card")
            assert (
                str(card.border_title) == app.screen_stack[0].query_one(f"#{name}", Pane).title.en
            )
            keys = str(app.screen.query_one(Guide).query_one(Static).content)
            assert "everywhere in the town" in keys
            await pilot.press("escape")
            assert not isinstance(app.screen, Help)


async def test_each_key_in_the_help_is_named_in_both_languages(town: Town) -> None:
    async with shown(town_app(town)) as (app, _):
        for active in app.screen.active_bindings.values():
            if active.binding.show:
                assert active.binding.description, active
                assert active.binding.tooltip, active


async def test_the_footer_has_no_key_that_would_do_nothing(town: Town) -> None:
    async with shown(lean(town, Language.EN)) as (app, pilot):
        assert "open message" not in footer(app), "nothing has passed yet"
        assert "heal" not in footer(app), "nothing is broken yet"
        sights.fill(app)
        await pilot.pause(0.2)
        assert "open message" in footer(app)


async def test_a_click_in_the_footer_presses_the_key(town: Town) -> None:
    async with shown(lean(town, Language.EN)) as (app, pilot):
        bar = app.screen.query_one(KeyBar)
        row = bar.render().plain.split("\n")[1]
        await pilot.click(KeyBar, offset=(1 + row.index("faults"), 1))
        await pilot.pause()
        assert isinstance(app.screen, FaultMenu)


async def test_a_fault_has_one_key_in_the_menu(town: Town) -> None:
    async with shown(lean(town, Language.EN)) as (app, pilot):
        await pilot.press("f3", "n")
        await pilot.pause()
        assert town.faults == {"network-down"}
        assert not isinstance(app.screen, FaultMenu)
        assert "heal" in footer(app)
        await pilot.press("f8")
        await pilot.pause()
        assert town.faults == frozenset()
        assert "heal" not in footer(app)


async def test_the_menu_of_faults_says_what_each_does_and_what_is_on(town: Town) -> None:
    async with shown(lean(town, Language.EN)) as (app, pilot):
        await pilot.press("f3", "n", "f3")
        await pilot.pause()
        assert "● on" in str(app.screen.query_one("ChoiceList").get_option_at_index(0).prompt)  # type: ignore[attr-defined]
        assert FAULTS[0].help.en == str(app.screen.query_one("#what", Static).content)
        await pilot.press("down")
        await pilot.pause()
        assert FAULTS[1].help.en == str(app.screen.query_one("#what", Static).content)
        await pilot.press("up", "enter")
        await pilot.pause()
        assert town.faults == frozenset(), "the same again ends it"


async def test_faults_are_healed_from_their_menu(town: Town) -> None:
    async with shown(lean(town)) as (app, pilot):
        await pilot.press("f3", "n", "f3", "f8")
        await pilot.pause()
        assert town.faults == frozenset()
        assert not isinstance(app.screen, FaultMenu)


def test_no_two_faults_share_a_key() -> None:
    keys = [each.key for each in FAULTS]
    assert len(set(keys)) == len(keys)


async def test_the_palette_has_every_fault_and_every_key(town: Town) -> None:
    async with shown(town_app(town, Language.EN)) as (app, _):
        offered = [each.title for each in app.get_system_commands(app.screen)]
        for fault in FAULTS:
            assert f"Fault · {fault.title.en}" in offered
        assert "faults" in offered
        machine = app.query_one("#atm", Pane).title.en
        assert any(each.startswith(machine) for each in offered)


async def test_the_palette_does_what_it_offers(town: Town) -> None:
    async with shown(lean(town, Language.EN)) as (app, pilot):
        offered = {each.title: each.callback for each in app.get_system_commands(app.screen)}
        offered["Fault · Network down"]()
        assert town.faults == {"network-down"}
        offered["help"]()
        await pilot.pause()
        assert isinstance(app.screen, Help)


async def test_the_palette_opens(town: Town) -> None:
    async with shown(lean(town)) as (app, pilot):
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert len(app.screen_stack) == 2


async def test_a_server_that_is_away_is_said_in_words(town: Town) -> None:
    async with shown(lean(town, Language.EN, books=AWAY_BOOKS)) as (app, _):
        banner = app.query_one("#away", Static)
        assert banner.display
        assert "does not answer" in str(banner.content)
        assert town.url in str(banner.content)
        assert "✗ server is away" in text_of(app, "#lamps") or "away" in text_of(app, "#lamps")


async def test_when_the_server_is_back_the_banner_goes(town: Town) -> None:
    watch = StillWatch(AWAY_BOOKS)
    async with shown(lean(town, watch=watch)) as (app, pilot):
        watch.become(PROVEN_BOOKS)
        await pilot.pause()
        assert not app.query_one("#away", Static).display
        watch.become(AWAY_BOOKS)
        await pilot.pause()
        assert app.query_one("#away", Static).display


async def test_wrong_books_are_said_with_a_sign_and_words(town: Town) -> None:
    async with shown(lean(town, Language.EN, books=WRONG_BOOKS)) as (app, pilot):
        await pilot.pause(0.1)
        assert "✗ BOOKS ARE WRONG" in text_of(app, "Ticker #proof")
        assert "After 2026/4 comes 2026/6" in text_of(app, "Ticker #proof")
        assert "✗ books are wrong" in text_of(app, "Header #lamps")


async def test_entries_that_were_there_before_are_not_explained(town: Town) -> None:
    watch = StillWatch(PROVEN_BOOKS)
    async with shown(lean(town, Language.EN, watch=watch)) as (app, pilot):
        assert "four steps" in text_of(app, "ExplainPane Static")
        new = sights.entry(5, "cash_in.made", ("debit", "2020", 100), ("credit", "2010", 100))
        watch.become(replace(PROVEN_BOOKS, entries=(*PROVEN_BOOKS.entries, new)))
        await pilot.pause(0.1)
        said = text_of(app, "ExplainPane Static")
        assert "2026/5" in said
        assert "2026/4" not in said


async def test_the_ticker_has_a_row_for_each_entry(town: Town) -> None:
    async with shown(lean(town)) as (app, pilot):
        await pilot.pause(0.1)
        rows = text_of(app, "Ticker #entries").splitlines()
        assert len(rows) == 4
        assert "2026/4" in rows[-1]
        assert "Notas pagas" in rows[-1]
        assert "retido 5.025$00 → à rede 5.000$00 + taxa 25$00" in rows[-1]


async def test_scenarios_are_chosen_from_a_menu(town: Town) -> None:
    async with shown(lean(town, Language.EN)) as (app, pilot):
        assert "script" in footer(app)
        assert "pace" not in footer(app)
        await pilot.press("f5")
        await pilot.pause()
        assert isinstance(app.screen, ScenarioMenu)
        await pilot.press("f5")
        await pilot.pause()
        assert not isinstance(app.screen, ScenarioMenu)


async def test_a_scenario_that_cannot_begin_is_said(town: Town) -> None:
    """There is no server here."""
    async with shown(lean(town, Language.EN)) as (app, pilot):
        await pilot.press("f5", "enter")
        await pilot.pause(0.5)
        assert [each.severity for each in app._notifications] == ["error"]
        assert not app.screen_stack[0].query_one(StageBar).has_class("-playing")
        assert "script" in footer(app)


async def test_a_first_run_begins_with_a_welcome(town: Town) -> None:
    app = TownApp(town, Language.EN, watch=StillWatch(PROVEN_BOOKS), first_run=True)
    async with shown(app) as (_, pilot):
        assert isinstance(app.screen, Help)
        await pilot.press("escape")
        await pilot.pause()
        assert app.focused is app.query_one("#phone")


async def test_f10_leaves(town: Town) -> None:
    async with shown(lean(town)) as (app, pilot):
        await pilot.press("f10")
        await pilot.pause()
        assert app._exit


async def test_a_thousand_events_are_a_few_repaints(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shown(lean(town)) as (app, pilot):
        await pilot.pause(0.2)
        painted = 0
        pane = app.query_one(Ticker)
        before = pane.repaint

        def repaint() -> None:
            nonlocal painted
            painted += 1
            before()

        monkeypatch.setattr(pane, "repaint", repaint)
        for _ in range(1_000):
            pane.stir()
        await pilot.pause(0.2)
        assert 1 <= painted <= 3


async def test_what_stirs_while_nobody_looks_is_shown_afterwards(town: Town) -> None:
    async with shown(lean(town, Language.EN)) as (app, pilot):
        await pilot.press("f3")
        sights.fill(app)
        await pilot.pause(0.2)
        await pilot.press("escape")
        await pilot.pause(0.2)
        assert "0230" in text_of(app, "MessageLog Static")


async def test_a_message_opens_from_the_log(town: Town) -> None:
    async with shown(lean(town, Language.EN)) as (app, pilot):
        sights.fill(app)
        await pilot.press("up", "up", "enter")
        await pilot.pause()
        assert isinstance(app.screen, Inspector)
        opened = str(app.screen.query_one("OpenedMessage Static", Static).content)
        assert "Response code" in opened
        assert "00 · approved" in opened
        assert "30 32 31 30" in opened, "0210 as bytes"
