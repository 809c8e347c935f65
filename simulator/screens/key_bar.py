"""The footer: which keys do something at this moment, those of the panel first."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import App
from textual.binding import ActiveBinding
from textual.content import Content
from textual.screen import Screen
from textual.style import Style

from simulator.screens.speaking import Speaking, said_by

GAP = "  "


class KeyBar(Speaking):
    """Two rows: what the focused panel takes, and what the town takes everywhere.

    A key that would do nothing now is not shown. A click on one presses it.
    """

    auto_links = False  # keys and their words have colours of their own
    DEFAULT_CSS = """
    KeyBar {
        dock: bottom;
        height: 2;
        padding: 0 1;
        background: $panel;
    }
    """

    _shown = Content("")

    def on_mount(self) -> None:
        """Be told when other keys count."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def on_resize(self) -> None:
        """More or less fits."""
        self._changed(self.screen)

    def respeak(self) -> None:
        """Other words."""
        self._changed(self.screen)

    def render(self) -> Content:
        """What was true when keys last changed."""
        return self._shown

    def _now(self) -> Content:
        """Each action once, under the first of its keys."""
        shown: dict[tuple[object, str], ActiveBinding] = {}
        for active in self.screen.active_bindings.values():
            if active.binding.show and active.enabled:
                shown.setdefault((active.node, active.binding.action), active)
        own = [each for each in shown.values() if not isinstance(each.node, App)]
        everywhere = [each for each in shown.values() if isinstance(each.node, App)]
        return Content("\n").join([self._row(own), self._row(sorted(everywhere, key=_place))])

    def _row(self, keys: Iterable[ActiveBinding]) -> Content:
        """Closer together where the window is small."""
        written = [self._pressable(each) for each in keys]
        row = Content(GAP).join(written)
        return row if row.cell_length <= self.size.width else Content(GAP[0]).join(written)

    def _pressable(self, active: ActiveBinding) -> Content:
        binding = active.binding
        click = Style.from_meta({"@click": f"app.press({binding.key!r})"})
        written = self.app.get_key_display(binding)
        words = self.said(said_by(binding))
        return Content.assemble((written, "bold $accent"), f" {words}").stylize(click)

    def _changed(self, _screen: Screen[object]) -> None:
        """Bindings are looked at again and again; they seldom change."""
        now = self._now()
        if not now.is_same(self._shown):
            self._shown = now
            self.refresh()


def _place(active: ActiveBinding) -> tuple[bool, int]:
    """Function keys first, as they stand on a keyboard."""
    number = (active.binding.key_display or active.binding.key)[1:]
    return not number.isdigit(), int(number) if number.isdigit() else 0
