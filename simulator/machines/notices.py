"""Notices: what an app or a till tells of an event that the server has pushed.

An event that has no words here is not told; it may still be a reason to look at balance or queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from simulator.contract import Told
from simulator.words import Text, money

NOTICES_MAX = 50

TO_CUSTOMERS: Mapping[str, Text] = {
    "withdrawal.requested": Text(
        "Pediu um código para {amount}.", "You asked for a code for {amount}."
    ),
    "withdrawal.code_tried": Text(
        "Alguém marcou um código errado com o seu número.",
        "Somebody typed a wrong code with your number.",
    ),
    "withdrawal.approval_wanted": Text(
        "Está numa máquina a levantar {amount}? Confirme só se for você.",
        "Are you at a machine to take out {amount}? Confirm only if it is you.",
    ),
    "withdrawal.approved": Text(
        "Confirmado: repita na máquina dentro de dois minutos.",
        "Confirmed: enter it again at the machine within two minutes.",
    ),
    "withdrawal.authorised": Text(
        "A máquina está a pagar {amount}.", "The machine is paying {amount}."
    ),
    "withdrawal.completed": Text("Levantou {captured}.", "You took out {captured}."),
    "withdrawal.reversed": Text(
        "A máquina não pagou: {amount} de volta, e a taxa.",
        "The machine did not pay: {amount} is back, and the fee.",
    ),
    "withdrawal.expired": Text(
        "O código de {amount} expirou. O dinheiro está de volta.",
        "The code for {amount} has expired. The money is back.",
    ),
    "withdrawal.cancelled": Text(
        "Anulou o levantamento de {amount}.", "You cancelled the withdrawal of {amount}."
    ),
    "withdrawal.locked": Text(
        "Código bloqueado após três tentativas. O dinheiro está de volta.",
        "The code is locked after three tries. The money is back.",
    ),
    "withdrawal.released": Text(
        "A máquina não pagou: {amount} de volta.", "The machine did not pay: {amount} is back."
    ),
    "withdrawal.in_doubt": Text(
        "Estamos a confirmar com a máquina se pagou {amount}.",
        "We are finding out whether the machine paid {amount}.",
    ),
    "cardless.suspended": Text(
        "Demasiados códigos errados: os levantamentos com código estão suspensos.",
        "Too many wrong codes: withdrawals with a code are suspended.",
    ),
    "cardless.enabled": Text(
        "Pode voltar a levantar com código.", "You can use codes for cash again."
    ),
    "cash_out.requested": Text("Pediu {amount} a um agente.", "You asked an agent for {amount}."),
    "cash_out.taken": Text("Um agente espera por si.", "An agent is waiting for you."),
    "cash_out.code_tried": Text(
        "O agente marcou um código errado.", "The agent typed a wrong code."
    ),
    "cash_out.confirmed": Text("O agente entregou {amount}.", "The agent handed over {amount}."),
    "cash_out.refused": Text(
        "O agente não pode pagar. O dinheiro está de volta.",
        "The agent cannot pay. The money is back.",
    ),
    "cash_out.lapsed": Text(
        "O pedido ao agente expirou. O dinheiro está de volta.",
        "The request to the agent has lapsed. The money is back.",
    ),
    "cash_out.cancelled": Text("Anulou o pedido ao agente.", "You cancelled the request."),
    "cash_in.made": Text("Depositou {amount} num agente.", "You paid {amount} in at an agent."),
    "cash_in.reversed": Text(
        "Um depósito de {amount} foi anulado.", "A deposit of {amount} was taken back."
    ),
    "transfer.made": Text("Transferência de {amount} feita.", "Transfer of {amount} made."),
    "transfer.held": Text(
        "A transferência de {amount} espera por uma verificação.",
        "The transfer of {amount} waits until somebody has looked at it.",
    ),
    "transfer.released": Text(
        "A transferência de {amount} seguiu.", "The transfer of {amount} has gone on."
    ),
    "transfer.refused": Text(
        "A transferência de {amount} foi recusada. O dinheiro está de volta.",
        "The transfer of {amount} was refused. The money is back.",
    ),
    "bank.credited": Text("Recebeu {amount} do banco.", "{amount} came from the bank."),
    "bank.credit_assigned": Text("Recebeu {amount} do banco.", "{amount} came from the bank."),
    "adjustment.made": Text("Foi feito um acerto de {amount}.", "{amount} was put right."),
    "wallet.status_changed": Text("O estado da carteira mudou.", "Your wallet's state changed."),
    "session.opened": Text("Entrou na app.", "Somebody has signed in with your number."),
    "login.failed": Text("PIN errado com o seu número.", "A wrong PIN with your number."),
    "claim.paid": Text("A sua reclamação foi aceite.", "Your claim was accepted."),
    "claim.refused": Text("A sua reclamação foi recusada.", "Your claim was refused."),
}
RECEIVED = Text("Recebeu {amount}.", "You received {amount}.")

TO_AGENTS: Mapping[str, Text] = {
    "cash_out.requested": Text("Um cliente pede {amount}.", "A customer asks for {amount}."),
    "cash_out.taken": Text("Um pedido de {amount} foi aceite.", "A request for {amount} is taken."),
    "cash_out.passed_on": Text("Um pedido volta aos outros.", "A request goes back to the others."),
    "cash_out.code_tried": Text("Código de entrega errado.", "The pick-up code was wrong."),
    "cash_out.confirmed": Text("Pagou {amount}.", "You paid {amount}."),
    "cash_out.refused": Text("Pedido de {amount} recusado.", "Request for {amount} refused."),
    "cash_out.lapsed": Text("Um pedido de {amount} expirou.", "A request for {amount} lapsed."),
    "cash_out.cancelled": Text(
        "O cliente anulou o pedido de {amount}.", "The customer cancelled {amount}."
    ),
    "cash_in.made": Text("Recebeu um depósito de {amount}.", "You took a deposit of {amount}."),
    "cash_in.reversed": Text(
        "Um depósito de {amount} foi anulado.", "A deposit of {amount} was taken back."
    ),
    "bank.credited": Text("Float: mais {amount}, do banco.", "Float: {amount} from the bank."),
    "float.sent": Text("Float: {amount} transferido.", "Float: {amount} was moved."),
    "float.low": Text("O float está baixo.", "The float is low."),
    "float.ok": Text("O float voltou ao normal.", "The float is high enough again."),
    "redemption.requested": Text("Pediu o resgate de {amount}.", "You asked to redeem {amount}."),
    "redemption.paid": Text("Resgate de {amount} pago.", "Redemption of {amount} paid."),
    "redemption.refused": Text("Resgate recusado.", "The redemption was refused."),
    "agent.status_changed": Text("O estado do balcão mudou.", "The counter's state changed."),
}


class Notice(msgspec.Struct, frozen=True):
    """What was told, when it happened, and of which kind and thing."""

    at: datetime
    text: Text
    kind: str
    subject: UUID


Notices = tuple[Notice, ...]


def told_to_customer(notices: Notices, told: Told) -> Notices:
    """With what a customer is told of an event: newest first."""
    came_in = told.event.startswith("transfer.") and told.data.get("direction") == "in"
    return _told(notices, told, RECEIVED if came_in else TO_CUSTOMERS.get(told.event))


def told_to_agent(notices: Notices, told: Told) -> Notices:
    """The same at a counter."""
    return _told(notices, told, TO_AGENTS.get(told.event))


def _told(notices: Notices, told: Told, text: Text | None) -> Notices:
    if text is None:
        return notices
    amount, captured = told.data.get("amount"), told.data.get("captured")
    filled = text.filled(amount=money(amount or 0), captured=money(captured or amount or 0))
    notice = Notice(told.timestamp, filled, told.event, told.subject)
    return (notice, *notices[: NOTICES_MAX - 1])
