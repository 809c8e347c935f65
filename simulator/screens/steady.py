"""A text that disturbs nobody: what is the same is not painted again, and the screen is laid out
anew only when the text has become larger or smaller.

A layout of the whole town costs more than everything else that a key press sets going.
"""

from __future__ import annotations

from textual.content import Content
from textual.visual import VisualType
from textual.widgets import Static


class Steady(Static):
    """A Static that is told again and again how things are."""

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Show it, with as little to do as possible."""
        new = Content.from_markup(content) if isinstance(content, str) else content
        before, size = self.visual, self._wanted()
        if isinstance(before, Content) and isinstance(new, Content) and before.is_same(new):
            return
        super().update(new, layout=False)
        if layout and (size is None or self._wanted() != size):
            self.clear_cached_dimensions()
            self.refresh(layout=True)

    def _wanted(self) -> tuple[int, int] | None:
        """Columns and rows that the text would like to have, where it may choose. None when it has
        no place yet."""
        width, styles = self.content_size.width, self.styles
        if not width:
            return None
        rules = styles.get_rules()
        if styles.is_auto_width:
            width = self.visual.get_optimal_width(rules, self.app.size.width)
        return width, self.visual.get_height(rules, width) if styles.is_auto_height else 0
