"""What the command palette offers: keys of the town and of every panel, and every fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.app import SystemCommand
from textual.screen import Screen

from simulator.faults import FAULTS, Fault
from simulator.screens.panel import Panel
from simulator.screens.speaking import SpeakingApp, said_by
from simulator.words import Text

IN_PANEL = Text("{panel} · {what}", "{panel} · {what}")
KEY = Text("tecla {key}", "key {key}")
FAULT = Text("Falha · {what}", "Fault · {what}")


def commands(
    app: SpeakingApp, screen: Screen[object], break_it: Callable[[Fault], None]
) -> Iterator[SystemCommand]:
    """Only what would do something now."""
    for active in screen.active_bindings.values():
        if active.node is app and active.enabled and active.binding.show:
            written = KEY.filled(key=app.get_key_display(active.binding))
            run = partial(app.press, active.binding.key)
            yield SystemCommand(app.said(said_by(active.binding)), app.said(written), run)
    for panel in screen.query(Panel):
        for binding in panel.offers():
            name = IN_PANEL.filled(panel=panel.title, what=said_by(binding))
            written = KEY.filled(key=app.get_key_display(binding))
            yield SystemCommand(app.said(name), app.said(written), partial(panel.do, binding))
    for fault in FAULTS:
        name = FAULT.filled(what=fault.title)
        yield SystemCommand(app.said(name), app.said(fault.help), partial(break_it, fault))
