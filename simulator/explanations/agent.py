"""What happens at an agent's counter, in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulator.machines import agent
from simulator.running import Happened
from simulator.words import Text, masked, money

OPENED = Text("Agente {number}: a caixa está aberta.", "Agent {number}: the till is open.")
NAME_CAME = Text(
    "Agente {number}: vê de quem é o número antes de receber dinheiro.",
    "Agent {number}: sees whose number it is before taking cash.",
)
CASH_TAKEN = Text(
    "Agente {number}: há {amount} no balcão; pede à makeba que passem a dinheiro do cliente.",
    "Agent {number}: {amount} lie on the counter; makeba is asked to make them the customer's.",
)
CASHED_IN = Text(
    "Agente {number}: depositado. As notas vão para a gaveta e o float desce outro tanto, menos a "
    "comissão.",
    "Agent {number}: paid in. The notes go into the drawer, and the float falls by as much, less "
    "the commission.",
)
CODE_SAID = Text(
    "Agente {number}: marca o código de entrega que o cliente disse.",
    "Agent {number}: types the pick-up code that the customer has said.",
)
CONFIRMED = Text(
    "Agente {number}: confirmado. Só agora se entregam {amount}: o dinheiro eletrónico já é do "
    "agente.",
    "Agent {number}: confirmed. Only now {amount} are handed over: the e-money is the agent's.",
)
REQUEST_REFUSED = Text(
    "Agente {number}: não paga este pedido; o dinheiro volta ao cliente.",
    "Agent {number}: does not pay this request; the money goes back to the customer.",
)
WRONG_CODE = Text(
    "Agente {number}: código de entrega errado. Não se entrega nada; à terceira o pedido cai.",
    "Agent {number}: wrong pick-up code. Nothing is handed over; the third one ends the request.",
)
REFUSED = Text(
    "Agente {number}: a makeba disse que não ({code}). Nada se moveu.",
    "Agent {number}: makeba said no ({code}). Nothing has moved.",
)
REPLY_LOST = Text(
    "Agente {number}: nenhuma resposta. A caixa repete o mesmo pedido com a mesma chave.",
    "Agent {number}: no answer. The till sends the same again under the same key.",
)
NO_NETWORK = Text(
    "Agente {number}: nenhuma resposta. Não se paga nem se recebe.",
    "Agent {number}: no answer. Nothing is paid out and nothing taken.",
)
OFFLINE = Text("Agente {number}: a ligação caiu.", "Agent {number}: the connection broke.")
ONLINE = Text("Agente {number}: a ligação voltou.", "Agent {number}: the connection is back.")


def explained(happened: Happened) -> Text | None:
    """What this means; None when it goes without saying."""
    explain = TABLE.get(type(happened.event))
    return None if explain is None else explain(happened)


def _signed_in(happened: Happened) -> Text:
    return _of(happened, OPENED)


def _name_came(happened: Happened) -> Text:
    return _of(happened, NAME_CAME)


def _cash_taken(happened: Happened) -> Text | None:
    said = _of(happened, CASH_TAKEN, amount=money(happened.event.amount))
    return said if happened.orders else None


def _cashed_in(happened: Happened) -> Text:
    return _of(happened, CASHED_IN)


def _code_said(happened: Happened) -> Text | None:
    return _of(happened, CODE_SAID) if happened.orders else None


def _confirmed(happened: Happened) -> Text:
    return _of(happened, CONFIRMED, amount=money(happened.event.request.amount))


def _request_refused(happened: Happened) -> Text:
    return _of(happened, REQUEST_REFUSED)


def _was_refused(happened: Happened) -> Text:
    if happened.event.code == "INVALID_CODE":
        return _of(happened, WRONG_CODE)
    return _of(happened, REFUSED, code=happened.event.code)


def _reply_lost(happened: Happened) -> Text | None:
    """Only of what moves money: whoever just looks may look again."""
    if isinstance(happened.event.order, agent.Reading):
        return None
    return _of(happened, REPLY_LOST if happened.orders else NO_NETWORK)


def _line_lost(happened: Happened) -> Text | None:
    return _of(happened, OFFLINE) if happened.before.online else None


def _line_back(happened: Happened) -> Text | None:
    return None if happened.before.online else _of(happened, ONLINE)


def _of(happened: Happened, text: Text, **values: Text | str | int) -> Text:
    return text.filled(number=masked(happened.after.phone), **values)


TABLE: Mapping[type[Any], Callable[[Happened], Text | None]] = {
    agent.SignedIn: _signed_in,
    agent.NameCame: _name_came,
    agent.CashTaken: _cash_taken,
    agent.CashedIn: _cashed_in,
    agent.CodeSaid: _code_said,
    agent.Confirmed: _confirmed,
    agent.RequestRefused: _request_refused,
    agent.WasRefused: _was_refused,
    agent.ReplyLost: _reply_lost,
    agent.LineLost: _line_lost,
    agent.LineBack: _line_back,
}
