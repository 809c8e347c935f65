"""Every screen of every machine as a picture: as in the town, and alone in a small window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple
from uuid import UUID

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion
from textual.app import ComposeResult

from simulator import screens
from simulator.contract import Movement, QueuedRequest
from simulator.machines import agent, answers, atm, business_day, phone
from simulator.machines.agent import Till
from simulator.machines.atm import Atm
from simulator.machines.business_day import Item, Trace
from simulator.machines.dialogue import PROMPTS, Dialogue
from simulator.machines.messages import CompletionAdvice, Origin
from simulator.machines.notices import Notice
from simulator.machines.phone import LiveCode, Phone
from simulator.machines.receipt import Receipt
from simulator.machines.switch import Outgoing, Stored, Switch
from simulator.running import Running
from simulator.screens import agent_views, phone_views, theme
from simulator.screens.agent_panel import AgentPanel
from simulator.screens.atm_panel import AtmPanel
from simulator.screens.form import Form
from simulator.screens.phone_panel import PhonePanel
from simulator.screens.phone_views import Page, Place
from simulator.screens.speaking import SpeakingApp
from simulator.screens.switch_panel import SwitchPanel
from simulator.town import Town
from simulator.words import Language, Text, money
from tests.simulator.screens.conftest import NOBODY_LISTENS, NOW, PEOPLE

STYLE = Path(screens.__file__).with_name("style.tcss")
ID = UUID(int=9)
LEFT = {2_000: 97, 5_000: 38, 1_000: 5, 500: 0, 200: 100}
RECEIPT = Receipt(
    terminal_id="PRAIA001",
    place="Praia, Plateau",
    printed_at=NOW,
    phone="+2389910001",
    asked=2_000,
    paid=2_000,
    rrn="632723000001",
    approval_code="123456",
)
TOLD = tuple(
    Notice(NOW - timedelta(minutes=index), text, "…", UUID(int=index))
    for index, text in enumerate(
        (
            Text("Pediu um código para 2.000$00.", "You asked for a code for CVE 2,000.00."),
            Text("Entrou na app.", "Somebody has signed in with your number."),
        )
    )
)
KINDS: tuple[tuple[str, Literal["in", "out"], int], ...] = (
    ("atm_withdrawal", "out", 2_000),
    ("agent_deposit", "in", 5_000),
)
MOVED = tuple(
    Movement(
        transaction_id=UUID(int=index),
        kind=kind,
        direction=direction,
        amount=Decimal(amount),
        fee=Decimal(0),
        counterparty=None,
        status="completed",
        timestamp=NOW - timedelta(hours=index),
        balance_after=Decimal(0),
    )
    for index, (kind, direction, amount) in enumerate(KINDS)
)
WAITING = tuple(
    QueuedRequest(
        transaction_id=UUID(int=index),
        user_id=UUID(int=1),
        amount=Decimal(3_000 * index),
        commission=Decimal(30),
        expiry_time=NOW + timedelta(minutes=10 - index),
    )
    for index in (1, 2, 3)
)


class Sight(NamedTuple):
    """A machine's state, and where in its panel somebody is."""

    state: Any
    arrange: Callable[[Any], None]


def as_it_is(_panel: Any) -> None:
    """Nobody is anywhere in particular."""


def atm_sights(now: Atm) -> tuple[Sight, ...]:
    """From the welcome to the receipt, and what goes wrong."""

    def at(**changes: Any) -> Sight:
        return Sight(replace(now, loaded=0, **changes), as_it_is)

    def asked(step: Dialogue, typed: str = "") -> Sight:
        said = PROMPTS[step].filled(phone="+2389910001", amount=money(2_000))
        return at(dialogue=step, typed=typed, screen=said)

    return (
        at(),
        asked(Dialogue.PHONE, "99100"),
        asked(Dialogue.CODE, "420"),
        asked(Dialogue.AMOUNT),
        asked(Dialogue.CONFIRM),
        at(stage=atm.Stage.ASKING, screen=atm.WAIT),
        at(
            stage=atm.Stage.PRESENTING,
            screen=atm.TAKE_NOTES,
            cassettes=LEFT,
            tray={5_000: 2, 2_000: 1, 500: 1},
        ),
        at(screen=atm.THANKS, taken={2_000: 1}, receipt=RECEIPT),
        at(screen=atm.NOT_ACCEPTED),
        at(screen=atm.DRAWN_IN, retracted={2_000: 1}),
    )


def phone_sights(now: Phone) -> tuple[Sight, ...]:
    """From the lock to the code, and all pages."""
    home: dict[str, Any] = {
        "stage": phone.Stage.HOME,
        "user_id": UUID(int=1),
        "balance": Decimal(25_475),
        "held": Decimal(2_025),
        "screen": phone.SIGNED_IN,
        "notices": TOLD,
        "history": MOVED,
    }

    def at(place: Place | None = None, **changes: Any) -> Sight:
        def arrange(panel: PhonePanel) -> None:
            panel._place = place or Place()

        return Sight(replace(now, **changes), arrange)

    def coded(left: timedelta, **changes: Any) -> Sight:
        live = LiveCode(code="042137", amount=2_000, transaction_id=ID, expiry_time=NOW + left)
        return at(**{**home, "live": live, "pending": ID, "screen": phone.WARNING, **changes})

    sending = phone_views.transfer_form().press("9").press("9")
    return (
        at(),
        at(stage=phone.Stage.PIN, typed="407"),
        at(stage=phone.Stage.TOTP, totp="391204", screen=phone.WAIT),
        at(**home),
        coded(timedelta(minutes=14, seconds=32)),
        coded(timedelta(seconds=42), approval=ID, screen=phone.APPROVE),
        coded(timedelta(seconds=-2)),
        at(Place(page=Page.AMOUNTS), **home),
        at(Place(page=Page.AGENTS), **home),
        at(Place(page=Page.HISTORY), **home),
        at(Place(page=Page.NOTICES), **home),
        at(Place(form=sending), **home),
        at(
            **{
                **home,
                "online": False,
                "refused": "INSUFFICIENT_FUNDS",
                "screen": answers.refusal("INSUFFICIENT_FUNDS"),
            }
        ),
    )


def agent_sights(now: Till) -> tuple[Sight, ...]:
    """Closed, open, busy, and both kinds of typing."""
    opened: dict[str, Any] = {
        "open": True,
        "float_holds": Decimal(140_000),
        "screen": agent.OPEN,
        "notices": TOLD,
    }
    somebody = agent.Customer(UUID(int=1), "Maria S. T.", "+2389910001")

    def at(form: Form | None = None, **changes: Any) -> Sight:
        def arrange(panel: AgentPanel) -> None:
            panel._form = form

        return Sight(replace(now, **changes), arrange)

    said = agent_views.confirming(UUID(int=1)).press("0").press("4")
    asking = agent.IS_IT.filled(name=somebody.name)
    wrong = {"refused": "INVALID_CODE", "screen": agent.WRONG_CODE, "online": False}
    return (
        at(),
        at(**opened),
        at(**opened, queue=WAITING),
        at(said, **opened, queue=WAITING),
        at(**{**opened, "screen": asking, "customer": somebody}),
        at(**{**opened, "queue": WAITING, **wrong}),
        at(**{**opened, "screen": agent.HAND_OVER.filled(amount=money(3_000))}),
    )


def switch_sights(now: Switch) -> tuple[Sight, ...]:
    """A quiet line, advices that wait, and the files of days that are over."""
    day = now.day
    trace = Trace(
        acquirer_id="400001",
        terminal_id="PRAIA001",
        stan="000042",
        rrn="632710000007",
        local_date=day.settlement_date,
    )
    paid = CompletionAdvice(origin=Origin("PRAIA001", 1, day.settlement_date), amount=2_000)
    stored = Stored(trace=trace, advice=paid, settlement_date=day.settlement_date)
    item = Item(
        trace=trace, approval_code="1", requested=2_000, paid=2_000, authorised_at=NOW, ended_at=NOW
    )
    open_day = business_day.noted(day, item)
    _, file = business_day.filed(open_day, NOW)

    def at(**changes: Any) -> Sight:
        return Sight(replace(now, **changes), as_it_is)

    return (
        at(),
        at(stored=(stored,), laid_aside=(stored,), forwarded=12, day=open_day),
        at(outgoing=Outgoing(files=(file,))),
        at(outgoing=Outgoing(files=(file,), refusals=2, stuck=True)),
        at(outgoing=Outgoing(taken_in=3)),
    )


class Room(NamedTuple):
    """Which panel, and its size."""

    name: str
    size: tuple[int, int]


ROOMS = (
    Room("atm", (44, 26)),
    Room("atm", (80, 20)),
    Room("phone", (35, 15)),
    Room("phone", (80, 20)),
    Room("agent", (35, 11)),
    Room("agent", (80, 20)),
    Room("switch", (50, 12)),
    Room("switch", (80, 20)),
)
PANELS: dict[str, Any] = {
    "atm": AtmPanel, "phone": PhonePanel, "agent": AgentPanel, "switch": SwitchPanel,
}  # fmt: skip


class Gallery(SpeakingApp):
    """One panel, which shows one state after the other."""

    CSS_PATH = STYLE

    def __init__(self, room: Room, language: Language) -> None:
        super().__init__()
        self.set_reactive(SpeakingApp.language, language)
        for each in theme.THEMES:
            self.register_theme(each)
        self.theme = theme.NIGHT.name
        self.town = Town(NOBODY_LISTENS, PEOPLE, clock=lambda: NOW, dice=Random(1))
        self.machine, self.sights = self._shown(room.name)
        self.panel = PANELS[room.name](self.town, (self.machine,))

    def compose(self) -> ComposeResult:
        """The panel alone."""
        yield self.panel

    def show(self, sight: Sight) -> None:
        """This one."""
        self.machine.state = sight.state
        sight.arrange(self.panel)
        self.panel.repaint()

    @property
    def text(self) -> str:
        """What stands on the screen, without its colours: nothing may be told by colour alone."""
        strips = self.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    def _shown(self, name: str) -> tuple[Running[Any, Any, Any], tuple[Sight, ...]]:
        machine: Running[Any, Any, Any]
        if name == "atm":
            machine = self.town.atms[0]
            state = replace(self.town.atms[0].state, language=self.language)
            return machine, atm_sights(state)
        if name == "phone":
            machine = self.town.phones[0]
            return machine, phone_sights(self.town.phones[0].state)
        if name == "switch":
            return self.town.switch, switch_sights(self.town.switch.state)
        machine = self.town.tills[0]
        return machine, agent_sights(self.town.tills[0].state)


@pytest.mark.parametrize("language", Language, ids=str)
@pytest.mark.parametrize("room", ROOMS, ids=lambda room: f"{room.name}-{room.size[0]}")
async def test_every_screen_is_as_it_was(
    room: Room, language: Language, snapshot: SnapshotAssertion
) -> None:
    gallery = Gallery(room, language)
    pages: list[str] = []
    async with gallery.run_test(size=room.size) as pilot:
        for sight in gallery.sights:
            gallery.show(sight)
            await pilot.pause()
            pages.append(gallery.text)
    assert "\n\n".join(pages) == snapshot
