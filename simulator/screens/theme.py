"""How the town looks: by night, by day, and in the strongest contrast that a terminal can give."""

from __future__ import annotations

from textual.theme import Theme

from simulator.words import Text

NIGHT = Theme(
    name="makeba-night",
    dark=True,
    background="#0b1220",
    surface="#111a2c",
    panel="#1a2640",
    foreground="#dfe7f5",
    primary="#5aa9ff",
    secondary="#8f9fc4",
    accent="#f7d04a",
    success="#4fd89b",
    warning="#ffb454",
    error="#ff6b6b",
    variables={"frame": "#33456b", "quiet": "#8796b8", "button-foreground": "#0b1220"},
)
DAY = Theme(
    name="makeba-day",
    dark=False,
    background="#f3f5fa",
    surface="#ffffff",
    panel="#e2e8f4",
    foreground="#16203a",
    primary="#0b57b8",
    secondary="#4d5b7c",
    accent="#8a5a00",
    success="#0b6e45",
    warning="#8a4b00",
    error="#b3201f",
    variables={"frame": "#a9b6d3", "quiet": "#55617f", "button-foreground": "#ffffff"},
)
CONTRAST = Theme(
    name="makeba-contrast",
    dark=True,
    background="#000000",
    surface="#000000",
    panel="#1f1f1f",
    foreground="#ffffff",
    primary="#7ddcff",
    secondary="#ffffff",
    accent="#ffff00",
    success="#5dff8f",
    warning="#ffc04d",
    error="#ff9191",
    variables={"frame": "#ffffff", "quiet": "#ffffff", "button-foreground": "#000000"},
)
THEMES = (NIGHT, DAY, CONTRAST)
NAMES = {
    NIGHT.name: Text("noite", "night"),
    DAY.name: Text("dia", "day"),
    CONTRAST.name: Text("alto contraste", "high contrast"),
}


def after(name: str) -> str:
    """The theme that comes next; after the last the first again."""
    names = [each.name for each in THEMES]
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
