"""A cash machine without cards: phone, code and amount are typed, notes and a receipt come out.

    idle ──CashAsked──▶ asking ──approved──▶ paying ──Dispensed──▶ presenting ──NotesTaken──▶ idle
                          │                    │                       │
                          └─ declined, or no   └─ no notes ─▶ idle     └─ left lying: drawn in
                             word in time ─▶ idle                         again, reversed ─▶ idle

While it is idle it asks its customer step by step (simulator.machines.dialogue); the last step ends
in the same way as CashAsked, which says all at once. What it does not hold in its cassettes it
declines before it asks the switch, so that no code is burnt. Wrong, expired, used and unknown are
one text on the screen: it tells a thief nothing.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec.structs import force_setattr

from simulator.machines import atm_line, dialogue
from simulator.machines.dialogue import Dialogue
from simulator.machines.messages import (
    Origin,
    WithdrawalReply,
    WithdrawalRequest,
)
from simulator.machines.notes import Notes, total
from simulator.machines.receipt import Receipt
from simulator.machines.store import Store
from simulator.words import Language, Text

WELCOME = dialogue.PROMPTS[Dialogue.WELCOME]
WAIT = Text("Aguarde, por favor.", "Please wait.")
TAKE_NOTES = Text("Retire as suas notas.", "Take your notes.")
THANKS = Text("Obrigado. Retire o seu talão.", "Thank you. Take your receipt.")
NOT_ACCEPTED = Text(
    "Dados não aceites. Confirme telefone, código e montante.",
    "Not accepted. Check phone, code and amount.",
)
CONFIRM_FIRST = Text(
    "Confirme na app e repita.", "Confirm in the app, then enter everything again."
)
OUT_OF_SERVICE = Text(
    "Serviço indisponível. Não foi pago nada; tente mais tarde.",
    "Service unavailable. Nothing was paid; try again later.",
)
NOTHING_PAID = Text(
    "Não foi possível pagar. O seu dinheiro volta à carteira.",
    "It was not possible to pay. Your money goes back to your wallet.",
)
PAID_IN_PART = Text(
    "Foi pago só {amount}. O resto volta à sua carteira.",
    "Only {amount} was paid. The rest goes back to your wallet.",
)
DRAWN_IN = Text(
    "As notas não foram retiradas e a máquina recolheu-as. O dinheiro volta à carteira.",
    "The notes were not taken and the machine drew them in. The money goes back to the wallet.",
)


class Stage(StrEnum):
    """Where the machine is with its customer."""

    IDLE = "idle"
    ASKING = "asking"
    PAYING = "paying"
    PRESENTING = "presenting"


class Atm(msgspec.Struct, frozen=True, kw_only=True):
    """The machine. `screen` is what it says; `typed` what was typed since the last CONTINUAR.

    Notes lie in `tray` until they are taken or drawn in; `taken` is what the last customer has gone
    away with. All notes that ever went in are in the cassettes, the tray or the bin, or were taken.
    """

    terminal_id: str
    place: str
    cassettes: Notes
    sequence: int = 0
    stage: Stage = Stage.IDLE
    screen: Text = WELCOME
    language: Language = Language.PT
    dialogue: Dialogue = Dialogue.WELCOME
    typed: str = ""
    phone: str = ""
    code: str = ""
    amount: int = 0
    token: int = 0  # counts what the machine has waited for its customer to do
    request: WithdrawalRequest | None = None
    reply: WithdrawalReply | None = None
    tray: Notes = {}
    taken: Notes = {}
    receipt: Receipt | None = None
    loaded: int = 0  # escudos, ever; at first what there is
    dispensed: int = 0  # escudos, ever: what customers have really taken
    retracted: Notes = {}  # the bin of notes that were drawn in
    store: Store = ()  # advices that the switch has not said to have
    answered: tuple[Origin, ...] = ()  # the newest requests of which it was told the outcome
    online: bool = False  # signed on at the switch

    def __post_init__(self) -> None:
        accounted = self.inside + self.dispensed
        if not self.loaded:
            force_setattr(self, "loaded", accounted)
        assert self.loaded == accounted, "what was loaded is inside, or somebody has taken it"

    def __repr__(self) -> str:
        return f"Atm({self.terminal_id} {self.stage} {self.dialogue})"

    @property
    def inside(self) -> int:
        """Escudos in the cassettes, the tray and the bin."""
        return total(self.cassettes) + total(self.tray) + total(self.retracted)

    @property
    def shown(self) -> str:
        """What the screen shows of what was typed: of a code only how much."""
        return dialogue.shown(self.dialogue, self.typed)

    @property
    def side_keys(self) -> tuple[Text | None, ...]:
        """What stands beside the eight side keys: four on the left, then four on the right."""
        if self.stage is not Stage.IDLE:
            return (None,) * dialogue.SIDE_KEYS
        return dialogue.side_keys(self.dialogue, self.cassettes)


class KeyPressed(msgspec.Struct, frozen=True):
    """A digit on the keypad."""

    key: str

    def __repr__(self) -> str:
        return "KeyPressed()"


class ContinuePressed(msgspec.Struct, frozen=True):
    """CONTINUAR, the green key."""


class CorrectPressed(msgspec.Struct, frozen=True):
    """CORRIGIR, the yellow key: what was typed goes; when nothing was, one step back."""


class CancelPressed(msgspec.Struct, frozen=True):
    """ANULAR, the red key."""


class SidePressed(msgspec.Struct, frozen=True):
    """A key beside the screen, 1 to 8."""

    number: int


class LanguageChosen(msgspec.Struct, frozen=True):
    """The machine goes on in this language."""

    language: Language


class CashAsked(msgspec.Struct, frozen=True):
    """A customer has typed it all and pressed CONTINUAR."""

    phone: str
    code: str
    amount: int

    def __repr__(self) -> str:
        return f"CashAsked({self.amount})"


class CassettesLoaded(msgspec.Struct, frozen=True):
    """Somebody has changed the cassettes. While the machine serves a customer nobody can."""

    notes: Notes


class Replied(msgspec.Struct, frozen=True):
    """The switch has answered."""

    reply: WithdrawalReply


class TimedOut(msgspec.Struct, frozen=True):
    """The switch has not, and the customer will not wait for ever."""

    origin: Origin


class Dispensed(msgspec.Struct, frozen=True):
    """The dispenser is done. These notes lie in the tray: all, some or none."""

    notes: Notes


class NotesTaken(msgspec.Struct, frozen=True):
    """The customer has the notes."""


class WaitedTooLong(msgspec.Struct, frozen=True):
    """The customer did not do what this token stands for."""

    token: int


Event = (
    KeyPressed
    | ContinuePressed
    | CorrectPressed
    | CancelPressed
    | SidePressed
    | LanguageChosen
    | CashAsked
    | CassettesLoaded
    | Replied
    | TimedOut
    | Dispensed
    | NotesTaken
    | WaitedTooLong
    | atm_line.Event
)


class Ask(msgspec.Struct, frozen=True):
    """Send it to the switch; tell after a while when no answer came."""

    request: WithdrawalRequest


class Dispense(msgspec.Struct, frozen=True):
    """Count these notes into the tray."""

    notes: Notes


class AwaitKey(msgspec.Struct, frozen=True):
    """Tell when no other key was pressed for so long."""

    seconds: float
    token: int


class AwaitTaking(msgspec.Struct, frozen=True):
    """Tell when the notes are taken, or when they were not for so long."""

    seconds: float
    token: int


Order = Ask | Dispense | AwaitKey | AwaitTaking | atm_line.Order
