"""The switch's requests to makeba and the replies, for the tape: codes are left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from simulator.tape import Field, Kind, Message
from simulator.words import Text, money

SWITCH, MAKEBA = "switch", "makeba"
HIDDEN = "…"
SECRETS = ("code",)
NAMES: Mapping[str, Text] = {
    "acquirerId": Text("Adquirente", "Acquirer"),
    "terminalId": Text("Terminal", "Terminal"),
    "stan": Text("STAN", "STAN"),
    "rrn": Text("RRN", "RRN"),
    "localDate": Text("Data local", "Local date"),
    "settlementDate": Text("Data de compensação", "Settlement date"),
    "phone": Text("Telefone", "Phone"),
    "code": Text("Código (não se guarda)", "Code (not kept)"),
    "encryptedCode": Text("Código, cifrado para o emissor", "Code, encrypted to the issuer"),
    "amount": Text("Montante", "Amount"),
    "reason": Text("Motivo", "Reason"),
    "responseCode": Text("Código de resposta", "Response code"),
    "approvalCode": Text("Código de autorização", "Approval code"),
    "transactionId": Text("Movimento", "Transaction"),
}
ASKS = Text("{amount}, RRN {rrn}", "{amount}, RRN {rrn}")
DECIDED = Text("{code}", "{code}")
SILENT = Text("nada voltou: {why}", "nothing came back: {why}")


def asked(path: str, body: Mapping[str, Any], at: datetime) -> Message:
    """A request as it goes out."""
    shown = {name: HIDDEN if name in SECRETS else value for name, value in body.items()}
    return Message(
        at=at,
        sender=SWITCH,
        receiver=MAKEBA,
        kind=Kind.REST,
        title=f"POST /{path}",
        summary=ASKS.filled(amount=money(body["amount"]), rrn=body["rrn"]),
        fields=tuple(_fields(shown)),
        raw=_written(shown),
        origin=body["rrn"],
    )


def answered(status: int, body: bytes, rrn: str, at: datetime) -> Message:
    """A reply that came back, good or not."""
    try:
        found = json.loads(body)
    except ValueError:
        found = {}
    members = found if isinstance(found, dict) else {}
    error = members.get("error", {})
    code = members.get("responseCode") or (error.get("code") if isinstance(error, dict) else "")
    return Message(
        at=at,
        sender=MAKEBA,
        receiver=SWITCH,
        kind=Kind.REST,
        title=str(status),
        summary=DECIDED.filled(code=code or ""),
        fields=tuple(_fields(members)),
        raw=body,
        origin=rrn,
        good=200 <= status < 300,
    )


def silent(why: str, rrn: str, at: datetime) -> Message:
    """Nothing came back that could be believed."""
    return Message(
        at=at,
        sender=MAKEBA,
        receiver=SWITCH,
        kind=Kind.REST,
        title="✗",
        summary=SILENT.filled(why=why),
        fields=(),
        raw=b"",
        origin=rrn,
        good=False,
    )


def _fields(members: Mapping[str, Any]) -> Iterator[Field]:
    for name, value in members.items():
        meaning = money(value) if name == "amount" else None
        yield Field(name, NAMES.get(name, Text(name, name)), str(value), meaning)


def _written(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, default=str, ensure_ascii=False).encode()
