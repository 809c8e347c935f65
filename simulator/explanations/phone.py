"""What happens on a customer's phone, in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulator.machines import answers, phone
from simulator.machines.phone import Phone, Stage
from simulator.running import Happened
from simulator.words import Text, masked, money

SIGNED_IN = Text(
    "Telemóvel {number}: PIN e segundo fator certos; a sessão está aberta.",
    "Phone {number}: PIN and second factor are right; the session is open.",
)
CODE_WANTED = Text(
    "Telemóvel {number}: pede um código para {amount}.",
    "Phone {number}: asks for a code for {amount}.",
)
CODE_CAME = Text(
    "Telemóvel {number}: mostra um código para {amount}. O dinheiro fica reservado até o código "
    "ser usado, anulado ou expirar.",
    "Phone {number}: shows a code for {amount}. The money is set aside until the code is used, "
    "cancelled or expired.",
)
SAME_CODE = Text(
    "Telemóvel {number}: a resposta repete a anterior, com o mesmo código. Reservou-se uma só vez.",
    "Phone {number}: the answer repeats the one before, with the same code. It was set aside once.",
)
REPLY_LOST = Text(
    "Telemóvel {number}: nenhuma resposta. A app repete o mesmo pedido com a mesma chave, para "
    "não acontecer duas vezes.",
    "Phone {number}: no answer. The app sends the same again under the same key, so that it does "
    "not happen twice.",
)
NO_NETWORK = Text(
    "Telemóvel {number}: nenhuma resposta. A app não sabe se aconteceu, e diz isso.",
    "Phone {number}: no answer. The app does not know whether it happened, and says so.",
)
AT_AGENT = Text(
    "Telemóvel {number}: pede {amount} a um agente.",
    "Phone {number}: asks an agent for {amount}.",
)
AGENT_TOLD = Text(
    "Telemóvel {number}: o agente foi avisado; só quem mostra o código de entrega recebe.",
    "Phone {number}: the agent has been told; only who shows the pick-up code is paid.",
)
TRANSFER_WANTED = Text(
    "Telemóvel {number}: envia {amount} a {to}.", "Phone {number}: sends {amount} to {to}."
)
SENT = Text(
    "Telemóvel {number}: a transferência está feita.", "Phone {number}: the transfer is made."
)
SENT_HELD = Text(
    "Telemóvel {number}: a transferência fica reservada; alguém da makeba vê-a primeiro.",
    "Phone {number}: the transfer is set aside; somebody at makeba looks at it first.",
)
CANCELLED = Text(
    "Telemóvel {number}: o cliente desistiu do levantamento, e o dinheiro está de volta.",
    "Phone {number}: the customer has given the withdrawal up, and the money is back.",
)
APPROVED = Text(
    "Telemóvel {number}: o dono aprovou; durante dois minutos o código certo paga.",
    "Phone {number}: the owner has approved; for two minutes the right code is paid.",
)
REFUSED = Text(
    "Telemóvel {number}: a makeba disse que não ({code}): {why} Nada se moveu.",
    "Phone {number}: makeba said no ({code}): {why} Nothing has moved.",
)
STATUS = Text("Telemóvel {number}: {status}", "Phone {number}: {status}")
OFFLINE = Text(
    "Telemóvel {number}: a ligação caiu; a app volta a ligar-se sozinha.",
    "Phone {number}: the connection broke; the app reconnects by itself.",
)
ONLINE = Text(
    "Telemóvel {number}: a ligação voltou, e o que se passou entretanto chega agora.",
    "Phone {number}: the connection is back, and what happened meanwhile arrives now.",
)


def explained(happened: Happened) -> Text | None:
    """What this means; None when it goes without saying."""
    explain = TABLE.get(type(happened.event))
    return None if explain is None else explain(happened)


def _signed_in(happened: Happened) -> Text:
    return _of(happened, SIGNED_IN)


def _code_wanted(happened: Happened) -> Text | None:
    return _if_ordered(happened, CODE_WANTED, amount=money(happened.event.amount))


def _agent_cash_wanted(happened: Happened) -> Text | None:
    return _if_ordered(happened, AT_AGENT, amount=money(happened.event.amount))


def _transfer_wanted(happened: Happened) -> Text | None:
    to = masked(happened.event.to_phone)
    return _if_ordered(happened, TRANSFER_WANTED, amount=money(happened.event.amount), to=to)


def _code_came(happened: Happened) -> Text:
    if happened.event.replayed:
        return _of(happened, SAME_CODE)
    return _of(happened, CODE_CAME, amount=money(happened.event.live.amount))


def _request_made(happened: Happened) -> Text:
    return _of(happened, AGENT_TOLD)


def _sent(happened: Happened) -> Text:
    return _of(happened, SENT_HELD if happened.event.status == "held" else SENT)


def _cancelled(happened: Happened) -> Text:
    return _of(happened, CANCELLED)


def _approved(happened: Happened) -> Text:
    return _of(happened, APPROVED)


def _refused(happened: Happened) -> Text:
    after: Phone = happened.after
    why = after.screen if after.stage is not Stage.HOME else answers.refusal(happened.event.code)
    return _of(happened, REFUSED, code=happened.event.code, why=why)


def _reply_lost(happened: Happened) -> Text | None:
    """Only of what moves money: whoever just looks may look again."""
    if isinstance(happened.event.order, phone.Reading):
        return None
    return _of(happened, REPLY_LOST if happened.orders else NO_NETWORK)


def _status_came(happened: Happened) -> Text | None:
    """Only what is new: what waits and what was cancelled has been said already."""
    status = happened.event.status
    if status in (happened.before.status, "cancelled", *answers.WAITING):
        return None
    return _of(happened, STATUS, status=answers.status(status))


def _line_lost(happened: Happened) -> Text | None:
    return _of(happened, OFFLINE) if happened.before.online else None


def _line_back(happened: Happened) -> Text | None:
    return None if happened.before.online else _of(happened, ONLINE)


def _if_ordered(happened: Happened, text: Text, **values: Text | str | int) -> Text | None:
    """Nobody can want anything before signing in."""
    return _of(happened, text, **values) if happened.orders else None


def _of(happened: Happened, text: Text, **values: Text | str | int) -> Text:
    return text.filled(number=masked(happened.after.number), **values)


TABLE: Mapping[type[Any], Callable[[Happened], Text | None]] = {
    phone.SignedIn: _signed_in,
    phone.CashWanted: _code_wanted,
    phone.AgentCashWanted: _agent_cash_wanted,
    phone.TransferWanted: _transfer_wanted,
    phone.CodeCame: _code_came,
    phone.RequestMade: _request_made,
    phone.Sent: _sent,
    phone.Cancelled: _cancelled,
    phone.Approved: _approved,
    phone.WasRefused: _refused,
    phone.ReplyLost: _reply_lost,
    phone.StatusCame: _status_came,
    phone.LineLost: _line_lost,
    phone.LineBack: _line_back,
}
