"""The switch's day ends: its file is numbered, brought to makeba, and kept until that has it.

One file at a time, in the order of their numbers. What makeba has last it is asked before each try:
a file whose answer got lost is brought again as it was, and makeba says that it has it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from simulator.machines import business_day
from simulator.machines.backoff import pause_seconds
from simulator.machines.switch import (
    AskNewest,
    CutOffPressed,
    FileRefused,
    FileSilent,
    FileTaken,
    NewestCame,
    NewestSilent,
    Outcome,
    Outgoing,
    SendFile,
    Switch,
    WakeAt,
)
from simulator.machines.table import Table

REFUSALS_MAX = 2  # of one file: written anew, it may be good


def cut_off(switch: Switch, now: datetime) -> Outcome:
    """What was captured until now goes out."""
    day, file = business_day.filed(switch.day, now)
    idle = not switch.outgoing.files
    files = (*switch.outgoing.files, file)
    after = replace(switch, day=day, outgoing=replace(switch.outgoing, files=files))
    return (after, (AskNewest(),)) if idle else (after, ())


def send_due(switch: Switch, now: datetime) -> Outcome:
    """Whatever was put off until now."""
    if switch.outgoing.due is None or switch.outgoing.due > now:
        return switch, ()
    return replace(switch, outgoing=replace(switch.outgoing, due=None)), (AskNewest(),)


def look_again(switch: Switch, now: datetime) -> Switch:
    """Somebody has looked at what was stuck: it is due again."""
    if not switch.outgoing.stuck:
        return switch
    due = replace(switch.outgoing, stuck=False, tries=0, refusals=0, due=now)
    return replace(switch, outgoing=due)


def _cut_off_pressed(switch: Switch, _event: CutOffPressed, now: datetime) -> Outcome:
    return cut_off(switch, now)


def _newest_came(switch: Switch, event: NewestCame, _now: datetime) -> Outcome:
    """A file keeps the number that it got."""
    if not switch.outgoing.files:
        return switch, ()
    first, *others = switch.outgoing.files
    if first.number is None:
        first = replace(first, number=event.number + 1)
    outgoing = replace(switch.outgoing, files=(first, *others))
    return replace(switch, outgoing=outgoing), (SendFile(first),)


def _newest_silent(switch: Switch, _event: NewestSilent, now: datetime) -> Outcome:
    return _put_off(switch, now) if switch.outgoing.files else (switch, ())


def _file_silent(switch: Switch, event: FileSilent, now: datetime) -> Outcome:
    return _put_off(switch, now) if _awaited(switch, event.number) else (switch, ())


def _file_taken(switch: Switch, event: FileTaken, _now: datetime) -> Outcome:
    """Gone, and the next one with it."""
    if not _awaited(switch, event.number):
        return switch, ()
    before = switch.outgoing
    files = before.files[1:]
    outgoing = Outgoing(
        files=files, taken_in=before.taken_in + 1, breaks=before.breaks + event.breaks
    )
    after = replace(switch, outgoing=outgoing)
    return (after, (AskNewest(),)) if files else (after, ())


def _file_refused(switch: Switch, event: FileRefused, _now: datetime) -> Outcome:
    """Nothing of it was taken in: once more, written anew under whatever number is next by then;
    after that somebody has to look."""
    if not _awaited(switch, event.number):
        return switch, ()
    refusals = switch.outgoing.refusals + 1
    stuck = refusals >= REFUSALS_MAX
    first, *others = switch.outgoing.files
    files = (replace(first, number=None), *others)
    outgoing = replace(switch.outgoing, files=files, refusals=refusals, stuck=stuck)
    return replace(switch, outgoing=outgoing), () if stuck else (AskNewest(),)


def _put_off(switch: Switch, now: datetime) -> Outcome:
    tries = switch.outgoing.tries + 1
    due = now + timedelta(seconds=pause_seconds(tries))
    return replace(switch, outgoing=replace(switch.outgoing, tries=tries, due=due)), (WakeAt(due),)


def _awaited(switch: Switch, number: int) -> bool:
    """Whether the file is the one that is on its way."""
    files = switch.outgoing.files
    return bool(files) and files[0].number == number


FILING: Table = {
    CutOffPressed: _cut_off_pressed,
    NewestCame: _newest_came,
    NewestSilent: _newest_silent,
    FileTaken: _file_taken,
    FileSilent: _file_silent,
    FileRefused: _file_refused,
}
