"""Themes that can be read: contrast as WCAG 2.2 §1.4.3 and §1.4.6 want it."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from simulator.screens import theme

NORMAL = 4.5
ENHANCED = 7.0
INKS = ("foreground", "primary", "accent", "success", "warning", "error")


def luminance(colour: Color) -> float:
    """Relative luminance (WCAG 2.2)."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(ink: str, paper: str) -> float:
    """Between 1 and 21."""
    lighter, darker = sorted(map(luminance, map(Color.parse, (ink, paper))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def inks(of: Theme) -> dict[str, str]:
    """What is written with."""
    named = {name: str(getattr(of, name)) for name in INKS}
    return named | {"quiet": of.variables["quiet"]}


@pytest.mark.parametrize("each", theme.THEMES, ids=lambda each: each.name)
def test_everything_that_is_written_can_be_read(each: Theme) -> None:
    for paper in (each.surface, each.background, each.panel):
        for name, ink in inks(each).items():
            assert contrast(ink, str(paper)) >= NORMAL, f"{name} on {paper}"


def test_in_the_high_contrast_theme_everything_stands_out() -> None:
    for name, ink in inks(theme.CONTRAST).items():
        assert contrast(ink, str(theme.CONTRAST.surface)) >= ENHANCED, name


def test_the_themes_go_round() -> None:
    seen = [theme.NIGHT.name]
    while (following := theme.after(seen[-1])) not in seen:
        seen.append(following)
    assert seen == [each.name for each in theme.THEMES]
    assert theme.after("some other theme") == theme.NIGHT.name


def test_each_theme_has_a_name_in_both_languages() -> None:
    assert set(theme.NAMES) == {each.name for each in theme.THEMES}
