"""Says in plain sentences what has just happened, and which entry of the journal followed.

A pure fold: `explain` gets what is known and the next thing that was seen, and returns what is
known then, with a sentence when there is something to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from simulator.contract import Posted
from simulator.explanations import agent, atm, entries, switch
from simulator.explanations import phone as phones
from simulator.machines import phone
from simulator.machines.agent import Till
from simulator.machines.atm import Atm
from simulator.machines.phone import Phone
from simulator.machines.switch import Switch
from simulator.running import Happened
from simulator.tape import Message
from simulator.words import Text, masked

OWNERS_MAX = 2_000

BAD_MESSAGE = Text(
    "Uma mensagem de {sender} para {receiver} não serve: {summary}",
    "A message from {sender} to {receiver} is no good: {summary}",
)

Seen = Happened | Message | Posted


class Explained(msgspec.Struct, frozen=True):
    """A sentence; of an entry also its number."""

    at: datetime
    text: Text
    entry_number: int | None = None


class Known(msgspec.Struct, frozen=True):
    """Whose phone has set which movement of money going, by transaction; the oldest go first."""

    owners: Mapping[UUID, str] = {}


NOTHING = Known()


def explain(known: Known, seen: Seen) -> tuple[Known, Explained | None]:
    """What is known after this, and what is to be said about it."""
    if isinstance(seen, Posted):
        text = _with_owner(entries.explained(seen), known.owners.get(seen.transaction_id))
        return known, Explained(seen.recorded_at, text, seen.number)
    if isinstance(seen, Message):
        return known, None if seen.good else Explained(seen.at, _bad(seen))
    said = MACHINES[type(seen.after)](seen)
    return _learnt(known, seen), None if said is None else Explained(seen.at, said)


def _with_owner(text: Text, owner: str | None) -> Text:
    return text if owner is None else entries.WHOSE.filled(said=text, number=masked(owner))


def _bad(message: Message) -> Text:
    return BAD_MESSAGE.filled(
        sender=message.sender, receiver=message.receiver, summary=message.summary
    )


def _learnt(known: Known, happened: Happened) -> Known:
    match happened.event:
        case phone.CodeCame(live=live):
            transaction_id = live.transaction_id
        case phone.RequestMade(transaction_id=made) | phone.Sent(transaction_id=made):
            transaction_id = made
        case _:
            return known
    owners = dict(known.owners)
    owners[transaction_id] = happened.after.number
    while len(owners) > OWNERS_MAX:
        del owners[next(iter(owners))]
    return replace(known, owners=owners)


MACHINES: Mapping[type[Any], Callable[[Happened], Text | None]] = {
    Atm: atm.explained,
    Phone: phones.explained,
    Switch: switch.explained,
    Till: agent.explained,
}
