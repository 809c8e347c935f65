"""What a scenario says: people, steps, and what must be true when all is done.

Names in a script are parts, like in a play: who plays them is drawn by the seed. `called` names
a movement of money, so that later steps and the journal can speak of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

import msgspec

from simulator.words import Text

IT = "it"


class Part(StrEnum):
    """Who or what somebody in a scenario is."""

    CUSTOMER = "customer"
    AGENT = "agent"
    ATM = "atm"


class Typed(StrEnum):
    """Which code is typed or said."""

    RIGHT = "right"
    WRONG = "wrong"


class _Said(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="does",
    rename="kebab",
):
    """One thing that somebody does."""


class AsksForCode(_Said, frozen=True, kw_only=True, tag="asks-for-code"):
    """A customer wants cash from a machine; `again` sends the newest wish once more."""

    who: str
    amount: int
    called: str = IT
    again: bool = False
    refused: str | None = None  # the error code that is meant to come


class UsesMachine(_Said, frozen=True, kw_only=True, tag="uses-machine"):
    """Somebody types number, code and amount. `code_of` types somebody else's code."""

    who: str
    at: str
    code: Typed = Typed.RIGHT
    code_of: str | None = None
    amount: int | None = None
    hears: str | None = None  # the response code that the switch is meant to be told


class AsksAgent(_Said, frozen=True, kw_only=True, tag="asks-agent"):
    """A customer wants cash at a counter."""

    who: str
    at: str
    amount: int
    called: str = IT
    refused: str | None = None


class PaysOut(_Said, frozen=True, kw_only=True, tag="pays-out"):
    """An agent types the code that the customer says, and hands cash over."""

    who: str
    to: str
    code: Typed = Typed.RIGHT
    refused: str | None = None


class Refuses(_Said, frozen=True, kw_only=True, tag="refuses"):
    """An agent cannot pay."""

    who: str
    to: str


class PaysIn(_Said, frozen=True, kw_only=True, tag="pays-in"):
    """A customer puts cash on the counter."""

    who: str
    at: str
    amount: int
    called: str = IT


class Sends(_Said, frozen=True, kw_only=True, tag="sends"):
    """A customer sends money to another one; everything leaves nothing for the fee."""

    who: str
    to: str
    amount: int | Literal["everything"]
    called: str = IT
    refused: str | None = None


class Cancels(_Said, frozen=True, kw_only=True, tag="cancels"):
    """A customer thinks better of it."""

    who: str


class Looks(_Said, frozen=True, kw_only=True, tag="looks"):
    """A customer looks what has become of the newest withdrawal."""

    who: str
    sees: str


class Waits(_Said, frozen=True, kw_only=True, tag="waits"):
    """Time passes: some seconds, or until somebody's code has expired."""

    seconds: float = 0.0
    until_expired: str | None = None


class Loads(_Said, frozen=True, kw_only=True, tag="loads"):
    """The cassettes of a machine are changed."""

    at: str
    notes: dict[int, int]


class GoesWrong(_Said, frozen=True, kw_only=True, tag="goes-wrong"):
    """A fault begins."""

    fault: str


class Settles(_Said, frozen=True, kw_only=True, tag="settles"):
    """The switch writes its file, unless one has just gone out, and makeba takes it in."""

    refused: int = 0  # how often makeba is meant to refuse a file before
    breaks: int | None = None  # how many it is meant to find; None: whatever was left from before


class Heals(_Said, frozen=True, kw_only=True, tag="heals"):
    """Nothing goes wrong on purpose any more, and everything comes to rest."""


Step = (
    AsksForCode
    | UsesMachine
    | AsksAgent
    | PaysOut
    | Refuses
    | PaysIn
    | Sends
    | Cancels
    | Looks
    | Waits
    | Loads
    | GoesWrong
    | Settles
    | Heals
)
Side = Mapping[int, int]  # account code -> escudos


class Posting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry that must be in the journal, leg by leg."""

    debit: dict[int, int]
    credit: dict[int, int]


class Scenario(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"
):
    """A script. `journal` has all entries of each movement, oldest first; `cash` what customers
    have taken from machines, and `wallets` by how much what may be spent has changed: whoever is
    not named has taken nothing, and whose wallet is not named is not looked at."""

    name: str
    title: Text
    about: Text
    people: dict[str, Part]
    steps: tuple[Step, ...]
    journal: dict[str, tuple[Posting, ...]]
    cash: dict[str, int] = {}
    wallets: dict[str, int] = {}

    def playing(self, part: Part) -> tuple[str, ...]:
        """The names of all who play this part."""
        return tuple(name for name, each in self.people.items() if each is part)

    def names_in(self, step: Step) -> tuple[str, ...]:
        """Everybody whom a step speaks of."""
        said: tuple[Any, ...] = tuple(getattr(step, each, None) for each in NAMING)
        return tuple(each for each in said if each is not None)


NAMING = ("who", "at", "to", "code_of", "until_expired")
