"""Pictures of the town for the documents: `python -m tests.simulator.screens.pictures FOLDER`.

The town is the frozen one of the tests, so that the same screens are the same pictures.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace
from textual.pilot import Pilot

from simulator.contract import QueuedRequest
from simulator.machines import agent, atm, phone
from simulator.machines.phone import LiveCode
from simulator.screens import theme
from simulator.town import Town
from simulator.words import Language
from tests.simulator.screens.conftest import NOBODY_LISTENS, NOW, PEOPLE
from tests.simulator.screens.sights import fill, town_app

WIDE, NARROW = (132, 40), (80, 24)
CODE = LiveCode(
    code="730164",
    amount=5_000,
    transaction_id=UUID(int=4),
    expiry_time=NOW + timedelta(minutes=11, seconds=38),
)
WAITING = QueuedRequest(
    transaction_id=UUID(int=7),
    user_id=UUID(int=2),
    amount=Decimal(3_000),
    commission=Decimal(30),
    expiry_time=NOW + timedelta(minutes=9, seconds=12),
)
Hand = Callable[[Pilot[None]], Awaitable[None]]


class Picture(NamedTuple):
    """One picture: who speaks how, how large, and what is pressed first."""

    name: str
    language: Language
    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    theme: str = theme.NIGHT.name


PICTURES = (
    Picture("town", Language.PT, WIDE),
    Picture("town-en", Language.EN, WIDE),
    Picture("faults", Language.EN, WIDE, ("f3",)),
    Picture("message", Language.EN, WIDE, ("f6", "f6", "end", "enter")),
    Picture("small", Language.PT, NARROW),
    Picture("high-contrast", Language.EN, WIDE, theme=theme.THEMES[-1].name),
)


def populated() -> Town:
    """Notes in a tray, a code on a phone, a customer at a counter."""
    town = Town(NOBODY_LISTENS, PEOPLE, clock=lambda: NOW, dice=Random(1))
    machine, phone_, till = town.atms[0], town.phones[0], town.tills[0]
    tray = {2_000: 2, 1_000: 1}
    inside = {note: count - tray.get(note, 0) for note, count in machine.state.cassettes.items()}
    machine.state = replace(
        machine.state,
        stage=atm.Stage.PRESENTING,
        screen=atm.TAKE_NOTES,
        cassettes=inside,
        tray=tray,
    )
    phone_.state = replace(
        phone_.state,
        stage=phone.Stage.HOME,
        user_id=UUID(int=1),
        balance=Decimal(94_975),
        held=Decimal(5_025),
        live=CODE,
        pending=CODE.transaction_id,
        newest=CODE.transaction_id,
        screen=phone.WARNING,
    )
    till.state = replace(
        till.state,
        open=True,
        screen=agent.OPEN,
        float_holds=Decimal(500_000),
        queue=(WAITING,),
    )
    return town


async def draw(picture: Picture) -> str:
    """As SVG."""
    town = populated()
    app = town_app(town, picture.language)
    try:
        async with app.run_test(size=picture.size) as pilot:
            app.theme = picture.theme
            fill(app)
            await pilot.pause()
            await pilot.press(*picture.keys)
            await pilot.pause()
            return app.export_screenshot(title="makeba")
    finally:
        await town.close()


def main(folder: str) -> None:
    """Draw them all."""
    for picture in PICTURES:
        file = Path(folder) / f"{picture.name}.svg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(asyncio.run(draw(picture)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
