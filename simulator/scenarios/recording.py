"""What is written down of a run: nothing that the wall clock or the dice of a server decide.

The first line names scenario and seed, each further line what a step has come to, machine by
machine, and the last one what was in the journal. The same scenario under the same seed is the
same file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from simulator.machines import agent, atm, phone
from simulator.scenarios.script import Posting

FORMAT = 1


class BadRecording(Exception):
    """This is no recording that can be repeated."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """The first line."""

    format: int = FORMAT
    scenario: str
    seed: int


class StepTaken(msgspec.Struct, frozen=True, kw_only=True):
    """A step, counted from one, and what each machine said of it, in order."""

    step: int
    happened: dict[str, tuple[str, ...]]


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What was there at the end."""

    held: bool
    journal: dict[str, tuple[Posting, ...]]
    cash: dict[str, int]


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A run."""

    opening: Opening
    steps: tuple[StepTaken, ...]
    ending: Ending

    def write(self, path: Path) -> None:
        """As lines of JSON."""
        lines = (self.opening, *self.steps, self.ending)
        path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))

    def differences(self, other: Recording) -> tuple[str, ...]:
        """Where the other run went another way, a sentence each."""
        found = [
            f"step {mine.step}: was {mine.happened}, is {theirs.happened}"
            for mine, theirs in zip(self.steps, other.steps, strict=False)
            if mine != theirs
        ]
        if len(self.steps) != len(other.steps):
            found.append(f"{len(self.steps)} steps were taken, {len(other.steps)} are now")
        if self.ending != other.ending:
            found.append(f"the end was {self.ending}, is {other.ending}")
        return tuple(found)


def read(path: Path) -> Recording:
    """A recording that was written before. Raises BadRecording."""
    try:
        first, *between, last = path.read_bytes().splitlines()
        return Recording(
            opening=msgspec.json.decode(first, type=Opening),
            steps=tuple(msgspec.json.decode(line, type=StepTaken) for line in between),
            ending=msgspec.json.decode(last, type=Ending),
        )
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors too
        raise BadRecording(f"{path.name}: {error}") from error


def described(events: Iterable[Any]) -> tuple[str, ...]:
    """What of this is the same in every run. Codes, ids, balances, pushes and alarms are not."""
    return tuple(WORDS[type(event)](event) for event in events if type(event) in WORDS)


def _notes(bundle: Mapping[int, int]) -> str:
    return " ".join(f"{count}x{note}" for note, count in sorted(bundle.items(), reverse=True))


WORDS: Mapping[type[Any], Callable[[Any], str]] = {
    phone.CodeCame: lambda event: f"code for {event.live.amount}",
    phone.Sent: lambda event: f"sent {event.amount} {event.status}",
    phone.Cancelled: lambda _: "cancelled",
    phone.Approved: lambda _: "approved",
    phone.WasRefused: lambda event: f"refused {event.code}",
    atm.Replied: lambda event: f"heard {event.reply.response_code}",
    atm.Dispensed: lambda event: f"dispensed {_notes(event.notes)}".rstrip(),
    atm.NotesTaken: lambda _: "notes taken",
    agent.CashedIn: lambda event: f"cashed in {event.amount:f}",
    agent.Confirmed: lambda event: f"paid out {event.request.amount:f}",
    agent.RequestRefused: lambda _: "refused a request",
    agent.WasRefused: lambda event: f"refused {event.code}",
}
