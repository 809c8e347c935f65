"""Cash as one sees it: notes that lie in a tray, and how full the cassettes are."""

from __future__ import annotations

from textual.content import Content

from simulator.machines.notes import DENOMINATIONS, Notes
from simulator.screens.steady import Steady

COLOURS = {5_000: "#b48ead", 2_000: "#d08770", 1_000: "#5e9fd0", 500: "#7fb069", 200: "#d9b44a"}
EDGES_MAX = 4  # notes that one sees below the first of a pile; the number says how many there are
FULL = 100  # notes: what a bar shows as full
LOW = 10  # notes: somebody should come and fill it up
NUMBER_WIDTH = 4
EIGHTHS = " ▏▎▍▌▋▊▉█"


def pile(note: int, count: int) -> tuple[Content, Content, Content]:
    """Notes of one denomination on top of each other, three lines high."""
    edges = min(count - 1, EDGES_MAX)
    colour = COLOURS.get(note, "$text")
    return (
        Content.assemble(
            ("╭─", colour), (f"×{count}", "bold $foreground"),
            ("─" * (4 - len(str(count))) + "╮" * (edges + 1), colour),
        ),
        Content.assemble(
            ("│", colour),
            (f" {note:>4} ", f"bold #101010 on {colour}"),
            ("│" * (edges + 1), colour),
        ),
        Content.styled("╰──────" + "╯" * (edges + 1), colour),
    )  # fmt: skip


def piles(notes: Notes, width: int) -> Content:
    """All piles side by side, largest note first; one line for each when there is no room."""
    counted = [(note, count) for note, count in sorted(notes.items(), reverse=True) if count]
    drawn = [pile(note, count) for note, count in counted]
    breadths = [max(line.cell_length for line in lines) + 1 for lines in drawn]
    if sum(breadths) > width:
        return Content("  ").join(_chip(note, count) for note, count in counted)
    rows = (
        Content("").join(
            row.pad_right(breadth - row.cell_length)
            for row, breadth in zip(rows, breadths, strict=True)
        )
        for rows in zip(*drawn, strict=True)
    )
    return Content("\n").join(rows)


def gauge(note: int, count: int, width: int) -> Content:
    """How much of one denomination is left: a bar, the number, and a sign when it is little."""
    colour, sign = COLOURS.get(note, "$text"), ""
    if count < LOW:
        colour, sign = ("$warning", "!") if count else ("$error", "✕")
    number = f"{sign}{count}".rjust(NUMBER_WIDTH)
    bar = _bar(count, max(1, width - 5 - NUMBER_WIDTH))
    return Content.assemble(
        (f"{note:>4} ", "bold"),
        (bar, f"{colour} on $surface-lighten-2"),
        (number, "bold" if count >= LOW else f"bold {colour}"),
    )


class Gauges(Steady):
    """How full the cassettes of a cash machine are."""

    DEFAULT_CSS = "Gauges { width: 1fr; height: 5; }"

    def show(self, cassettes: Notes) -> None:
        """One line for each denomination."""
        width = self.size.width
        rows = (gauge(note, cassettes.get(note, 0), width) for note in DENOMINATIONS)
        self.update(Content("\n").join(rows))


def _chip(note: int, count: int) -> Content:
    colour = COLOURS.get(note, "$text")
    return Content.assemble((f" {note} ", f"bold #101010 on {colour}"), (f"×{count}", "bold"))


def _bar(count: int, width: int) -> str:
    eighths = round(width * 8 * min(count, FULL) / FULL)
    eighths = max(eighths, 1) if count else 0
    whole, part = divmod(eighths, 8)
    return ("█" * whole + (EIGHTHS[part] if part else "")).ljust(width)
