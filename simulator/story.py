"""The story: a few people on an ordinary day on which much goes wrong, told and checked."""

from __future__ import annotations

from typing import Any, TextIO

import msgspec
from rich.console import Console

from simulator import people, town
from simulator.api import ApiError
from simulator.chapters import (
    breakdowns,
    care,
    counters,
    fraud,
    news,
    ordinary,
    prices,
    refusals,
    settlement,
)
from simulator.scene import Chapter, Scene
from simulator.telling import Teller

CHAPTERS = (
    *ordinary.CHAPTERS,
    *counters.CHAPTERS,
    *refusals.FIRST,
    *breakdowns.CHAPTERS,
    *prices.CHAPTERS,
    *care.CHAPTERS,
    *fraud.CHAPTERS,
    *news.CHAPTERS,
    *refusals.CHAPTERS,
    *refusals.LAST,
    *settlement.CHAPTERS,
)


async def tell(
    url: str,
    demo: dict[str, Any],
    pace_seconds: float = 0.0,
    out: TextIO | Console | None = None,
) -> bool:
    """Play the story on the server at `url` with the people of demo.json (`demo`, its content).

    Waits `pace_seconds` after each thing that happens. Whether everything was as it must be: what
    was not is told with an ✗, and the rest is played all the same.
    """
    teller = Teller(out, pace_seconds)
    try:
        everybody = people.read(demo)
        async with town.opened(url, everybody) as place:
            scene = Scene(place, teller, await place.reader("accountant"))
            for chapter in CHAPTERS:
                await _play(chapter, scene)
            teller.title("The books")
            await scene.expect_books()
    except (ApiError, msgspec.ValidationError, ValueError) as error:
        teller.fail(f"the story breaks off: {error}")
    teller.end()
    return teller.held


async def _play(chapter: Chapter, scene: Scene) -> None:
    """Play a chapter. One that cannot go on does not stop the others."""
    scene.teller.title(chapter.title)
    try:
        await chapter.play(scene)
    except Exception as error:  # noqa: BLE001 - whatever it was, it is told, and the rest goes on
        scene.teller.fail(f"this chapter breaks off: {type(error).__name__}: {error}")
    finally:
        scene.town.heal()
