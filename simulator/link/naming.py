"""Messages of the link as people read them: fields by name, what their values say, one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from simulator.link.iso8583 import AdviceSent, Doc, Said
from simulator.machines.messages import (
    AdviceReply,
    CompletionAdvice,
    Network,
    NetworkReply,
    NetworkRequest,
    Reason,
    WithdrawalReply,
    WithdrawalRequest,
)
from simulator.tape import Field, Kind, Message
from simulator.words import Text, money

CENTAVOS = 100
NO_GOOD = Text("não serve: {why}", "no good: {why}")
NAMES: Mapping[str, Text] = {
    "t": Text("Tipo de mensagem", "Message type"),
    "p": Text("Mapa de bits", "Bitmap"),
    "1": Text("Segundo mapa de bits", "Secondary bitmap"),
    "3": Text("Código de processo", "Processing code"),
    "4": Text("Montante", "Amount"),
    "7": Text("Data e hora de envio (UTC)", "Transmission time (UTC)"),
    "11": Text("STAN", "STAN"),
    "12": Text("Hora local", "Local time"),
    "13": Text("Data local", "Local date"),
    "15": Text("Data de compensação", "Settlement date"),
    "18": Text("Tipo de comerciante", "Merchant type"),
    "22": Text("Modo de entrada", "Entry mode"),
    "32": Text("Adquirente", "Acquirer"),
    "37": Text("RRN", "RRN"),
    "38": Text("Código de autorização", "Approval code"),
    "39": Text("Código de resposta", "Response code"),
    "41": Text("Terminal", "Terminal"),
    "42": Text("Terminal por extenso", "Terminal in full"),
    "43": Text("Lugar", "Place"),
    "48": Text("Telefone, código cifrado, gavetas", "Phone, encrypted code, cassettes"),
    "49": Text("Moeda", "Currency"),
    "60": Text("Motivo do aviso", "Advice reason"),
    "64": Text("MAC", "MAC"),
    "70": Text("Gestão da rede", "Network management"),
    "90": Text("Dados do original", "Original data"),
    "95": Text("Montante realmente pago", "Amount really paid"),
    "128": Text("MAC", "MAC"),
}
RESPONSES: Mapping[str, Text] = {
    "00": Text("aprovado", "approved"),
    "12": Text("operação inválida", "invalid transaction"),
    "13": Text("montante errado", "wrong amount"),
    "14": Text("conta desconhecida", "unknown account"),
    "25": Text("original não encontrado", "original not found"),
    "30": Text("erro de formato ou de MAC", "format or MAC error"),
    "51": Text("saldo insuficiente", "insufficient funds"),
    "54": Text("código expirado", "code expired"),
    "55": Text("código errado", "wrong code"),
    "57": Text("não permitido", "not permitted"),
    "61": Text("acima do limite", "over the limit"),
    "62": Text("carteira congelada", "wallet frozen"),
    "68": Text("resposta tardia", "late response"),
    "75": Text("demasiadas tentativas", "too many tries"),
    "91": Text("emissor indisponível", "issuer unavailable"),
    "94": Text("em duplicado", "duplicate"),
    "96": Text("erro do sistema", "system error"),
}
REASONS: Mapping[str, Text] = {
    Reason.NOTHING_PAID: Text("não saiu nada", "nothing came out"),
    Reason.PAID_IN_PART: Text("saiu uma parte", "a part came out"),
    Reason.TIMED_OUT: Text("fora de tempo", "timed out"),
    Reason.UNDELIVERABLE: Text("ninguém à espera", "nobody waits any more"),
}
NETWORK: Mapping[str, Text] = {
    Network.SIGN_ON: Text("Entrada em linha", "Sign-on"),
    Network.SIGN_OFF: Text("Saída de linha", "Sign-off"),
    Network.ECHO: Text("Eco", "Echo"),
}
WITHDRAW = Text("Levantar {amount}", "Withdraw {amount}")
PAID = Text("Pagos {amount}", "Paid {amount}")
REVERSED = Text("Estorno: pagos {amount}, {reason}", "Reversal: paid {amount}, {reason}")
ANSWER = Text("{code} {meaning}", "{code} {meaning}")
RECEIVED = Text("{code} recebido", "{code} received")


def told(raw: bytes, doc: Doc, said: Said, at: datetime, sender: str, receiver: str) -> Message:
    """A message that has passed, for the tape."""
    return Message(
        at=at,
        sender=sender,
        receiver=receiver,
        kind=Kind.ISO,
        title=doc["t"],
        summary=summary(said),
        fields=tuple(fields(doc)),
        raw=raw,
        origin=origin_of(said),
        good=doc.get("39", "00") != "30",
    )


def bad(raw: bytes, doc: Doc, why: str, at: datetime, sender: str, receiver: str) -> Message:
    """A message that is none of ours, or not what its terminal has sent."""
    return Message(
        at=at,
        sender=sender,
        receiver=receiver,
        kind=Kind.ISO,
        title=doc.get("t", "????"),
        summary=NO_GOOD.filled(why=why),
        fields=tuple(fields(doc)),
        raw=raw,
        good=False,
    )


def fields(doc: Doc) -> Iterator[Field]:
    """Type and bitmap first, then by number."""
    for label in sorted(doc, key=lambda each: (each.isdigit(), int(each) if each.isdigit() else 0)):
        name = NAMES.get(label, Text(label, label))
        written = {"t": "MTI", "p": "bitmap"}.get(label, f"DE {label}")
        yield Field(written, name, doc[label].rstrip(), _meaning(label, doc[label]))


def summary(said: Said) -> Text:
    """One message in a few words."""
    match said:
        case WithdrawalRequest():
            return WITHDRAW.filled(amount=money(said.amount))
        case WithdrawalReply():
            return _answer(said.response_code)
        case AdviceSent(advice=CompletionAdvice() as advice):
            return PAID.filled(amount=money(advice.amount))
        case AdviceSent(advice=advice):
            reason = REASONS[getattr(advice, "reason", "")]
            return REVERSED.filled(amount=money(advice.amount), reason=reason)
        case AdviceReply(response_code=code):
            return RECEIVED.filled(code=code) if code == "00" else _answer(code)
        case NetworkRequest(function=function):
            return NETWORK[function]
        case NetworkReply(request=request, response_code=code):
            return ANSWER.filled(code=code, meaning=NETWORK[request.function])


def origin_of(said: Said) -> str | None:
    """What ties a request to its reply and its advices."""
    match said:
        case WithdrawalRequest(origin=origin) | WithdrawalReply(origin=origin):
            return f"{origin.terminal_id} {origin.sequence}"
        case AdviceSent(advice=advice) | AdviceReply(advice=advice):
            return f"{advice.origin.terminal_id} {advice.origin.sequence}"
        case _:
            return None


def _answer(code: str) -> Text:
    return ANSWER.filled(code=code, meaning=RESPONSES.get(code, Text("", "")))


def _meaning(label: str, value: str) -> Text | None:
    if label in {"4", "95"} and value[:12].isdecimal():
        return money(int(value[:12]) // CENTAVOS)
    table = {"39": RESPONSES, "60": REASONS, "70": NETWORK}.get(label)
    return None if table is None else table.get(value)
