"""Settlement files and what makeba says of them, for the tape."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from simulator.api import Refused
from simulator.contract import FileMatched
from simulator.hands.rest_tape import MAKEBA, SILENT, SWITCH
from simulator.machines.business_day import DayFile, Ended
from simulator.tape import Field, Kind, Message
from simulator.words import Text, money

TITLE = "POST /vinti4/files"
BROUGHT = Text(
    "ficheiro {number} de {day}: {count} operações", "file {number} of {day}: {count} operations"
)
MATCHED = Text("conferidas {items}, diferenças {breaks}", "matched {items}, breaks {breaks}")
REFUSED = Text("recusado: {why}", "refused: {why}")
NUMBER = Text("Número", "Number")
DAY = Text("Data de compensação", "Settlement date")
CUT_OFF = Text("Fecho", "Cut-off")
KINDS = {
    Ended.CAPTURED: Text("Pagas", "Captured"),
    Ended.REVERSED: Text("Estornadas", "Reversed"),
    Ended.TAKEN_BACK: Text("Devolvidas", "Taken back"),
}
CLAIMED = Text("Total pago", "Sum captured")


def brought(file: DayFile, content: bytes, at: datetime) -> Message:
    """A file as it goes out, byte for byte."""
    claimed = sum(item.amount for item in file.items if item.kind is Ended.CAPTURED)
    fields = (
        Field("2", NUMBER, str(file.number)),
        Field("3", DAY, file.settlement_date.isoformat()),
        Field("4", CUT_OFF, f"{file.cut_off_at:%Y-%m-%d %H:%M:%S}"),
        *(Field(kind.value, name, str(_count(file, kind))) for kind, name in KINDS.items()),
        Field("Σ", CLAIMED, str(claimed), money(claimed)),
    )
    summary = BROUGHT.filled(
        number=str(file.number), day=file.settlement_date.isoformat(), count=len(file.items)
    )
    return _message(SWITCH, TITLE, summary, file, at, raw=content, fields=fields)


def matched(file: DayFile, found: FileMatched, raw: bytes, at: datetime) -> Message:
    """makeba has it, and says what each item has come to."""
    summary = MATCHED.filled(items=sum(found.outcomes.values()), breaks=found.found)
    fields = (
        Field(name, Text(name, name), str(count)) for name, count in found.outcomes.items() if count
    )
    return _message(MAKEBA, "200", summary, file, at, raw=raw, fields=fields)


def refused(file: DayFile, why: Refused, at: datetime) -> Message:
    """makeba will not have it."""
    said = str(why.details.get("reason", why.message))
    fields = (Field(name, Text(name, name), str(each)) for name, each in why.details.items())
    summary = REFUSED.filled(why=said)
    return _message(MAKEBA, str(why.status), summary, file, at, fields=fields, good=False)


def silent(file: DayFile, why: str, at: datetime) -> Message:
    """Nothing came back."""
    return _message(MAKEBA, "✗", SILENT.filled(why=why), file, at, good=False)


def _message(
    sender: str,
    title: str,
    summary: Text,
    file: DayFile,
    at: datetime,
    *,
    raw: bytes = b"",
    fields: Iterable[Field] = (),
    good: bool = True,
) -> Message:
    return Message(
        at=at,
        sender=sender,
        receiver=MAKEBA if sender == SWITCH else SWITCH,
        kind=Kind.REST,
        title=title,
        summary=summary,
        fields=tuple(fields),
        raw=raw,
        origin=f"file {file.number}",
        good=good,
    )


def _count(file: DayFile, kind: Ended) -> int:
    return sum(item.kind is kind for item in file.items)
