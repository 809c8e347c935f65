"""What an entry of the journal does, in a plain sentence and its legs."""

from __future__ import annotations

from simulator.contract import Entry, Line
from simulator.words import Text, money

ACCOUNTS = {
    "1010": Text("banco de salvaguarda", "trust bank"),
    "1020": Text("banco próprio", "operating bank"),
    "1030": Text("em trânsito", "in transit"),
    "1100": Text("a receber do comutador", "due from the switch"),
    "1400": Text("gastos a reconhecer", "prepaid expenses"),
    "1900": Text("diferenças por explicar", "breaks"),
    "1910": Text("a receber de agentes", "due from agents"),
    "2010": Text("carteiras dos clientes", "customers' wallets"),
    "2020": Text("float dos agentes", "agents' float"),
    "2030": Text("reservado", "held"),
    "2040": Text("carteiras inativas", "dormant wallets"),
    "2100": Text("a pagar ao comutador", "owed to the switch"),
    "2300": Text("impostos a pagar", "taxes payable"),
    "2400": Text("gastos a pagar", "accrued expenses"),
    "2900": Text("créditos por identificar", "unidentified credits"),
    "3010": Text("capital", "capital"),
    "4010": Text("taxas de caixas automáticos", "fees for cash machines"),
    "4020": Text("taxas de agentes", "fees for agents"),
    "4030": Text("taxas de transferências", "fees for transfers"),
    "5010": Text("comissão de depósitos", "commission for cash-in"),
    "5020": Text("comissão de levantamentos", "commission for cash-out"),
    "5030": Text("interchange", "interchange"),
    "5090": Text("perdas", "write-offs"),
    "5900": Text("gastos operacionais", "operating expenses"),
}
BACK = Text(
    "não se pagou nada: volta tudo à carteira, a taxa também",
    "nothing was paid: all of it goes back to the wallet, the fee too",
)
KINDS = {
    "withdrawal.requested": Text(
        "montante e taxa ficam reservados; ainda são do cliente",
        "amount and fee are set aside; they are still the customer's",
    ),
    "withdrawal.completed": Text(
        "a caixa pagou: o que saiu deve-se ao comutador, e a taxa está ganha",
        "the machine has paid: what came out is owed to the switch, and the fee is earned",
    ),
    "withdrawal.reversed": BACK,
    "withdrawal.released": BACK,
    "withdrawal.cancelled": Text(
        "o cliente desistiu: volta tudo à carteira", "given up: all of it goes back to the wallet"
    ),
    "withdrawal.expired": Text(
        "o tempo do código passou: volta tudo à carteira",
        "the code's time is over: all of it goes back to the wallet",
    ),
    "withdrawal.locked": Text(
        "três códigos errados: bloqueado, e volta tudo à carteira",
        "three wrong codes: locked, and all of it goes back to the wallet",
    ),
    "cash_out.requested": Text(
        "montante e taxa ficam reservados até o agente pagar",
        "amount and fee are set aside until the agent pays",
    ),
    "cash_out.confirmed": Text(
        "o agente entregou o dinheiro e recebe-o em float, com a comissão",
        "the agent has handed over the cash and gets it as float, with the commission",
    ),
    "cash_out.refused": Text(
        "o agente não paga: volta tudo à carteira",
        "the agent does not pay: all of it goes back to the wallet",
    ),
    "cash_out.cancelled": Text(
        "o cliente desistiu: volta tudo à carteira", "given up: all of it goes back to the wallet"
    ),
    "cash_out.lapsed": Text(
        "ninguém pagou a tempo: volta tudo à carteira",
        "nobody paid in time: all of it goes back to the wallet",
    ),
    "cash_in.made": Text(
        "o float do agente passa a dinheiro do cliente, e o agente ganha a comissão",
        "the agent's float becomes the customer's money, and the agent earns the commission",
    ),
    "cash_in.reversed": Text("um depósito é desfeito", "a cash-in is taken back"),
    "transfer.made": Text("de uma carteira para outra", "from one wallet to another"),
    "transfer.held": Text(
        "a transferência fica reservada até alguém a ver",
        "the transfer is set aside until somebody has looked at it",
    ),
    "transfer.released": Text("a transferência segue", "the transfer goes on"),
    "transfer.refused": Text("a transferência volta atrás", "the transfer goes back"),
    "bank.credited": Text("dinheiro do banco", "money from the bank"),
    "bank.credit_assigned": Text("um crédito encontrou o dono", "a credit has found its owner"),
    "float.sent": Text("float de um agente para outro", "float from one agent to another"),
    "dispute.opened": Text(
        "pagou-se dinheiro que nada cobre: fica em diferenças até se esclarecer",
        "cash was paid that nothing covers: it stays a break until that is cleared up",
    ),
    "settlement.paid": Text("o comutador é pago", "the switch is paid"),
    "settlement.collected": Text("o comutador paga", "the switch pays"),
    "entry.reversed": Text("um lançamento é estornado", "an entry is reversed"),
    "adjustment.made": Text("um acerto, por quatro olhos", "an adjustment, by four eyes"),
}
OTHER = Text("dinheiro muda de conta ({kind})", "money changes accounts ({kind})")
SAID = Text(
    "No diário: {what}. Débito {debits}; crédito {credits}.",
    "In the journal: {what}. Debit {debits}; credit {credits}.",
)
LEG = Text("{code} {name} {amount}", "{code} {name} {amount}")
WHOSE = Text("{said} (telemóvel {number})", "{said} (phone {number})")


def explained(entry: Entry) -> Text:
    """What it does."""
    what = KINDS.get(entry.kind) or OTHER.filled(kind=entry.kind)
    return SAID.filled(
        what=what,
        debits=_legs(entry, "debit"),
        credits=_legs(entry, "credit"),
    )


def _legs(entry: Entry, direction: str) -> Text:
    legs = [_leg(line) for line in entry.lines if line.direction == direction]
    return Text(", ".join(leg.pt for leg in legs), ", ".join(leg.en for leg in legs))


def _leg(line: Line) -> Text:
    name = ACCOUNTS.get(line.code) or Text(line.name, line.name)
    return LEG.filled(code=line.code, name=name, amount=money(line.amount))
