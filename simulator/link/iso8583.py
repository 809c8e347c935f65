"""Messages between cash machines and the switch as ISO 8583 of 1987, in our simulated profile.

ASCII fields, binary bitmaps and MAC. The profile is ours: no public one of Vinti4 was found. Field
by field it stands in docs/iso8583.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import iso8583
import msgspec
from iso8583.specs import default

from simulator.link.keys import MAC_BYTES, LinkKeys
from simulator.machines.messages import (
    Advice,
    AdviceReply,
    CompletionAdvice,
    Network,
    NetworkReply,
    NetworkRequest,
    Origin,
    Reason,
    Response,
    ReversalAdvice,
    WithdrawalReply,
    WithdrawalRequest,
)
from simulator.machines.notes import DENOMINATIONS
from simulator.words import COUNTRY

Doc = dict[str, str]

SPEC = {**default, "42": {**default["42"]}}
WITHDRAWAL = "010000"
ATM = "6011"
BY_HAND = "010"
CURRENCY = "132"
CENTAVOS = 100
TERMINAL_CHARS, ACCEPTOR_CHARS, PLACE_CHARS = 8, 15, 40
ORIGINAL_MTI = "0200"
JWE_DOTS = 4  # between the five parts of its compact form (RFC 7516)
NO_TIME = "000000"
YEAR_DAYS = 200  # a date without a year is the one that is closer than this


class BadMessage(Exception):
    """It is not a message of our profile. `doc` is as much of it as could be read."""

    def __init__(self, why: str, doc: Doc | None = None) -> None:
        super().__init__(why)
        self.doc = doc or {}


class BadMac(BadMessage):
    """It is not what its terminal has sent."""


class AdviceSent(msgspec.Struct, frozen=True):
    """0220 or 0420, or as a repeat 0221 or 0421, under a number of its own."""

    advice: Advice
    stan: int
    repeated: bool = False


class Heading(msgspec.Struct, frozen=True):
    """Who sends, and when: what every message carries. `acquirer` is DE 32."""

    terminal_id: str
    acquirer: str
    at: datetime
    place: str = ""


FromMachine = WithdrawalRequest | AdviceSent | NetworkRequest
FromSwitch = WithdrawalReply | AdviceReply | NetworkReply
Said = FromMachine | FromSwitch


def packed(said: Said, heading: Heading, keys: LinkKeys) -> bytes:
    """The message on the wire, with its MAC."""
    doc = _common(heading) | WRITERS[type(said)](said, heading)
    mac_field = "128" if any(int(each) > 64 for each in doc if each.isdigit()) else "64"
    doc[mac_field] = "00" * MAC_BYTES
    raw, _ = iso8583.encode(doc, SPEC)
    body = bytes(raw[:-MAC_BYTES])
    return body + keys.mac(heading.terminal_id, body)


def read(raw: bytes) -> Doc:
    """The fields of a message. Raises BadMessage when it is cut off, too long, or garbage."""
    try:
        doc, _ = iso8583.decode(raw, SPEC)
    except (iso8583.DecodeError, ValueError) as error:
        raise BadMessage(str(error)) from error
    return {name: value for name, value in doc.items() if name != "h"}


def checked(raw: bytes, keys: LinkKeys) -> Doc:
    """The fields of a message whose MAC is right. Raises BadMessage, BadMac."""
    doc = read(raw)
    terminal_id = doc.get("42", "").rstrip()
    if not terminal_id or not ("64" in doc or "128" in doc):
        raise BadMessage("no terminal, or no MAC", doc)
    if not keys.is_mac(terminal_id, raw[:-MAC_BYTES], raw[-MAC_BYTES:]):
        raise BadMac("the MAC is not the message's own", doc)
    return doc


def understood(doc: Doc, now: datetime) -> Said:
    """What is said. Raises BadMessage."""
    try:
        said: Said = READERS[doc["t"]](doc, now)
    except (KeyError, ValueError) as error:
        raise BadMessage(f"{doc.get('t')}: {error}", doc) from error
    return said


def refused(doc: Doc, keys: LinkKeys) -> bytes | None:
    """The reply 30 to a message that is no good. None when it cannot even be told to whom."""
    mti, terminal_id = doc.get("t", ""), doc.get("42", "").rstrip()
    if len(mti) != 4 or not mti.isdigit() or not terminal_id:
        return None
    reply: Doc = {
        each: doc[each] for each in ("3", "4", "7", "11", "13", "41", "42") if each in doc
    }
    reply |= {
        "t": f"{mti[:2]}{int(mti[2]) + 1}0",
        "39": Response.FORMAT_ERROR,
        "64": "00" * MAC_BYTES,
    }
    raw, _ = iso8583.encode(reply, SPEC)
    body = bytes(raw[:-MAC_BYTES])
    return body + keys.mac(terminal_id, body)


def _common(heading: Heading) -> Doc:
    return {
        "7": f"{heading.at.astimezone(UTC):%m%d%H%M%S}",
        "32": heading.acquirer,
        "41": heading.terminal_id[-TERMINAL_CHARS:].ljust(TERMINAL_CHARS),
        "42": heading.terminal_id.ljust(ACCEPTOR_CHARS),
    }


def _write_request(said: WithdrawalRequest, heading: Heading) -> Doc:
    origin = said.origin
    local = said.local_time.astimezone(COUNTRY)
    assert said.code.count(".") == JWE_DOTS, "a code leaves its machine for the issuer's eyes only"
    return {
        "t": "0200",
        "3": WITHDRAWAL,
        "4": _amount(said.amount),
        "11": f"{origin.sequence:06}",
        "12": f"{local:%H%M%S}",
        "13": f"{origin.local_date:%m%d}",
        "18": ATM,
        "22": BY_HAND,
        "43": heading.place[:PLACE_CHARS].encode("ascii", "replace").decode().ljust(PLACE_CHARS),
        "48": _tagged({"01": said.phone, "02": said.code, "03": _bitmap(said.stocked)}),
        "49": CURRENCY,
    }


def _read_request(doc: Doc, now: datetime) -> WithdrawalRequest:
    if doc["3"] != WITHDRAWAL or doc["49"] != CURRENCY:
        raise BadMessage("only withdrawals, in escudos", doc)
    origin = _origin(doc, int(doc["11"]), doc["13"], now)
    private = _untagged(doc["48"])
    local = datetime.combine(
        origin.local_date,
        time.fromisoformat(doc["12"]),
        COUNTRY,
    )
    return WithdrawalRequest(
        origin=origin,
        local_time=local,
        phone=private["01"],
        code=private["02"],
        amount=_whole(doc["4"]),
        stocked=_stocked(private["03"]),
    )


def _write_reply(said: WithdrawalReply, _heading: Heading) -> Doc:
    optional = {
        "15": "" if said.settlement_date is None else f"{said.settlement_date:%m%d}",
        "37": said.rrn,
        "38": said.approval_code or "",
    }
    return {
        "t": "0210",
        "3": WITHDRAWAL,
        "4": _amount(said.amount),
        "11": f"{said.origin.sequence:06}",
        "13": f"{said.origin.local_date:%m%d}",
        "39": said.response_code,
        "49": CURRENCY,
    } | {name: value for name, value in optional.items() if value}


def _read_reply(doc: Doc, now: datetime) -> WithdrawalReply:
    return WithdrawalReply(
        origin=_origin(doc, int(doc["11"]), doc["13"], now),
        response_code=doc["39"],
        rrn=doc.get("37", ""),
        approval_code=doc.get("38"),
        amount=_whole(doc["4"]),
        settlement_date=_date(doc["15"], now) if "15" in doc else None,
    )


def _write_advice(said: AdviceSent, heading: Heading) -> Doc:
    kind = "22" if isinstance(said.advice, CompletionAdvice) else "42"
    fields = {"t": f"0{kind}{int(said.repeated)}", "11": f"{said.stan:06}"}
    return fields | _advised(said.advice, heading.acquirer)


def _read_advice(doc: Doc, now: datetime) -> AdviceSent:
    return AdviceSent(_advice(doc, now), int(doc["11"]), doc["t"][3] == "1")


def _write_advice_reply(said: AdviceReply, heading: Heading) -> Doc:
    kind = "23" if isinstance(said.advice, CompletionAdvice) else "43"
    fields = {"t": f"0{kind}0", "39": said.response_code}
    fields |= {"37": said.rrn} if said.rrn else {}
    return fields | _advised(said.advice, heading.acquirer)


def _read_advice_reply(doc: Doc, now: datetime) -> AdviceReply:
    return AdviceReply(_advice(doc, now), doc["39"], doc.get("37"))


def _advised(advice: Advice, acquirer: str) -> Doc:
    """What was asked at first (DE 90), and what was really paid (DE 4, DE 95)."""
    origin, paid = advice.origin, _amount(advice.amount)
    asked_at = f"{origin.local_date:%m%d}{NO_TIME}"
    fields = {
        "3": WITHDRAWAL,
        "4": paid,
        "49": CURRENCY,
        "90": f"{ORIGINAL_MTI}{origin.sequence:06}{asked_at}{acquirer:0>11}{0:011}",
    }
    if isinstance(advice, ReversalAdvice):
        fields |= {"60": advice.reason, "95": paid.ljust(42, "0")}
    return fields


def _advice(doc: Doc, now: datetime) -> Advice:
    original = doc["90"]
    origin = _origin(doc, int(original[4:10]), original[10:14], now)
    if doc["t"].startswith("02"):
        return CompletionAdvice(origin=origin, amount=_whole(doc["4"]))
    paid = _whole(doc["95"][:12])
    return ReversalAdvice(origin=origin, amount=paid, reason=Reason(doc["60"]))


def _write_network(said: NetworkRequest, _heading: Heading) -> Doc:
    return {"t": "0800", "11": f"{said.sequence:06}", "70": said.function}


def _read_network(doc: Doc, _now: datetime) -> NetworkRequest:
    return NetworkRequest(doc["42"].rstrip(), int(doc["11"]), Network(doc["70"]))


def _write_network_reply(said: NetworkReply, heading: Heading) -> Doc:
    request = _write_network(said.request, heading)
    return {**request, "t": "0810", "39": said.response_code}


def _read_network_reply(doc: Doc, now: datetime) -> NetworkReply:
    return NetworkReply(_read_network(doc, now), doc["39"])


def _origin(doc: Doc, sequence: int, day: str, now: datetime) -> Origin:
    return Origin(doc["42"].rstrip(), sequence, _date(day, now))


def _date(day: str, now: datetime) -> date:
    """Month and day as a date near to now."""
    today = now.astimezone(COUNTRY).date()
    for year in (today.year, today.year - 1, today.year + 1):
        try:
            found = date(year, int(day[:2]), int(day[2:]))
        except ValueError:
            continue
        if abs(found - today) < timedelta(days=YEAR_DAYS):
            return found
    raise ValueError(f"no date: {day}")


def _amount(escudos: int) -> str:
    return f"{escudos * CENTAVOS:012}"


def _whole(amount: str) -> int:
    escudos, rest = divmod(int(amount), CENTAVOS)
    if rest:
        raise ValueError("cash is whole escudos")
    return escudos


def _bitmap(stocked: tuple[int, ...]) -> str:
    return "".join(str(int(note in stocked)) for note in DENOMINATIONS)


def _stocked(bitmap: str) -> tuple[int, ...]:
    return tuple(note for note, bit in zip(DENOMINATIONS, bitmap, strict=True) if bit == "1")


def _tagged(values: Mapping[str, str]) -> str:
    return "".join(f"{tag}{len(value):03}{value}" for tag, value in values.items())


def _untagged(text: str) -> dict[str, str]:
    values = {}
    while text:
        tag, length = text[:2], int(text[2:5])
        if len(text) < 5 + length:
            raise ValueError("a subfield is cut off")
        values[tag], text = text[5 : 5 + length], text[5 + length :]
    return values


WRITERS: Mapping[type[Any], Any] = {
    WithdrawalRequest: _write_request,
    WithdrawalReply: _write_reply,
    AdviceSent: _write_advice,
    AdviceReply: _write_advice_reply,
    NetworkRequest: _write_network,
    NetworkReply: _write_network_reply,
}
READERS: Mapping[str, Any] = {
    "0200": _read_request,
    "0210": _read_reply,
    **dict.fromkeys(("0220", "0221", "0420", "0421"), _read_advice),
    **dict.fromkeys(("0230", "0430"), _read_advice_reply),
    "0800": _read_network,
    "0810": _read_network_reply,
}
