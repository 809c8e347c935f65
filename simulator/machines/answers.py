"""How a customer's app words what the server answers: refusals, states, kinds of movement."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.words import Text

NOT_POSSIBLE = Text("Não foi possível.", "That was not possible.")
CANCELLED = Text(
    "Levantamento anulado. O dinheiro está de volta.", "Withdrawal cancelled. The money is back."
)
NOT_PAID = Text(
    "A máquina não pagou. O dinheiro está de volta.",
    "The machine did not pay. The money is back.",
)
REFUSALS: Mapping[str, Text] = {
    "INSUFFICIENT_FUNDS": Text("Saldo insuficiente.", "Not enough money."),
    "WITHDRAWAL_PENDING": Text(
        "Já tem um código de levantamento. Use-o ou anule-o.",
        "You have a withdrawal code already. Use it or cancel it.",
    ),
    "IDEMPOTENCY_CONFLICT": Text(
        "Este pedido já foi feito com outro montante.",
        "This was asked for before, with another amount.",
    ),
    "CODE_EXPIRED": Text("O código já não é válido.", "The code is not valid any more."),
    "LIMIT_EXCEEDED": Text("Montante fora dos limites.", "The amount is outside the limits."),
    "UNAUTHENTICATED": Text("Entre de novo com o seu PIN.", "Sign in again with your PIN."),
    "NOT_FOUND": Text("Não se encontra.", "There is no such thing."),
}
STATUSES: Mapping[str, Text] = {
    "active": Text("O código está à espera da máquina.", "The code waits for the machine."),
    "authorised": Text("A máquina está a pagar.", "The machine is paying."),
    "in_doubt": Text(
        "Estamos a confirmar com a máquina o que foi pago.",
        "We are finding out from the machine what was paid.",
    ),
    "completed": Text("Levantamento concluído.", "Withdrawal completed."),
    "reversed": NOT_PAID,
    "released": NOT_PAID,
    "expired": Text(
        "O código expirou. O dinheiro está de volta.", "The code has expired. The money is back."
    ),
    "locked": Text(
        "Código bloqueado após três tentativas. O dinheiro está de volta.",
        "The code is locked after three tries. The money is back.",
    ),
    "cancelled": CANCELLED,
    "pending": Text("O agente foi avisado.", "The agent has been told."),
    "confirmed": Text("Levantamento no agente concluído.", "The agent has paid."),
    "refused": Text(
        "O agente não pode pagar. O dinheiro está de volta.",
        "The agent cannot pay. The money is back.",
    ),
    "lapsed": Text(
        "O pedido expirou. O dinheiro está de volta.", "The request has lapsed. The money is back."
    ),
}
WAITING = ("active", "pending")
UNDER_WAY = (*WAITING, "authorised", "in_doubt")
MOVEMENTS: Mapping[str, Text] = {
    "transfer": Text("Transferência", "Transfer"),
    "bank_deposit": Text("Depósito no banco", "Bank deposit"),
    "agent_deposit": Text("Depósito no agente", "Cash in at an agent"),
    "agent_deposit_reversal": Text("Depósito anulado", "Deposit taken back"),
    "atm_withdrawal": Text("Levantamento na máquina", "Cash from a machine"),
    "atm_release": Text("Levantamento devolvido", "Withdrawal given back"),
    "agent_withdrawal": Text("Levantamento no agente", "Cash from an agent"),
    "agent_release": Text("Pedido ao agente devolvido", "Request given back"),
    "reversal": Text("Estorno", "Reversal"),
    "dispute": Text("Reclamação", "Dispute"),
    "adjustment": Text("Acerto", "Adjustment"),
    "dormancy": Text("Conta inativa", "Dormant"),
    "dormancy_ended": Text("Conta reativada", "In use again"),
}


def refusal(code: str) -> Text:
    """The customer's words for an error code."""
    return REFUSALS.get(code, NOT_POSSIBLE)


def status(state: str) -> Text:
    """The customer's words for the state of a withdrawal."""
    return STATUSES.get(state, Text(state, state))


def movement(kind: str) -> Text:
    """What a line of the history is called."""
    return MOVEMENTS.get(kind, Text(kind, kind))
