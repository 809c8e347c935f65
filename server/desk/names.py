"""What codes of the chart, kinds, states and roles are called in Portuguese and in English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ledger.chart import HEADINGS
from queries.answer import customers_word_for
from queries.exports.words import KINDS, Language

CHART_PT: Mapping[str, str] = MappingProxyType(
    {
        "1010": "Banco fiduciário (salvaguarda)",
        "1020": "Banco operacional",
        "1030": "Fiduciário em trânsito",
        "1100": "A receber da rede",
        "1400": "Gastos diferidos",
        "1900": "Divergências de reconciliação",
        "1910": "A receber de agentes",
        "1920": "A receber de clientes",
        "2010": "Moeda eletrónica: clientes",
        "2020": "Moeda eletrónica: agentes",
        "2030": "Moeda eletrónica: cativa",
        "2040": "Moeda eletrónica: adormecida",
        "2100": "Compensação a pagar à rede",
        "2110": "Taxa de intercâmbio a pagar",
        "2200": "Comissões a pagar",
        "2300": "Impostos a pagar",
        "2400": "Acréscimos de gastos",
        "2900": "Créditos por identificar",
        "3010": "Capital",
        "3900": "Resultados transitados",
        "4010": "Comissões: levantamentos em caixa automático",
        "4020": "Comissões: levantamentos em agente",
        "4030": "Comissões: transferências",
        "4040": "Comissões: outras",
        "4090": "Sobras",
        "5010": "Comissões pagas: depósitos",
        "5020": "Comissões pagas: levantamentos",
        "5030": "Taxa de intercâmbio",
        "5090": "Perdas",
        "5900": "Gastos operacionais",
    }
)
NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        **KINDS,
        # kinds of account
        "asset": ("Ativo", "Assets"),
        "liability": ("Passivo", "Liabilities"),
        "equity": ("Capital próprio", "Equity"),
        "income": ("Rendimentos", "Income"),
        "expense": ("Gastos", "Expenses"),
        # roles
        "accountant": ("Contabilista", "Accountant"),
        "auditor": ("Auditor", "Auditor"),
        "operator": ("Operador", "Operator"),
        "admin": ("Administrador", "Administrator"),
        # states
        "open": ("em aberto", "open"),
        "booked": ("lançada", "booked"),
        "dismissed": ("arquivada", "dismissed"),
        "explained": ("esclarecida", "explained"),
        "proposed": ("a aguardar", "waiting"),
        "applied": ("aprovada", "approved"),
        "withdrawn": ("retirada", "withdrawn"),
        "lapsed": ("caducada", "lapsed"),
        "matching": ("a conferir", "matching"),
        "matched": ("conferido", "matched"),
        "disputed": ("em disputa", "disputed"),
        "mismatch": ("divergente", "differs"),
        "active": ("ativo", "active"),
        "pending": ("pendente", "pending"),
        "authorised": ("autorizado", "authorised"),
        "in_doubt": ("em dúvida", "in doubt"),
        "completed": ("concluído", "completed"),
        "reversed": ("revertido", "reversed"),
        "released": ("libertado", "released"),
        "refused": ("recusado", "refused"),
        "closed": ("fechado", "closed"),
        "expired": ("expirado", "expired"),
        "cancelled": ("cancelado", "cancelled"),
        "locked": ("bloqueado", "locked"),
        "frozen": ("congelada", "frozen"),
        # classes of breaks
        "missing_here": ("falta nos livros", "missing in the books"),
        "missing_there": ("falta no ficheiro", "missing in the file"),
        "amount": ("valor diferente", "other amount"),
        "duplicate": ("repetido", "claimed twice"),
        "reversed_here_only": ("revertido só nos livros", "reversed in the books only"),
        "reversed_there_only": ("revertido só no ficheiro", "reversed in the file only"),
        "late": ("tardio", "late"),
        "fee": ("taxa diferente", "other fee"),
        "wrong_date": ("outra data de compensação", "other settlement date"),
        # kinds of entries that customers have no word for
        "switch.settled": ("Compensação com a rede", "Settled with the switch"),
        "books.opened": ("Abertura dos livros", "Books opened"),
        "treasury.capital_paid_in": ("Entrada de capital", "Capital paid in"),
        "treasury.fees_swept": ("Transferência de comissões", "Fees swept"),
        "treasury.commission_funded": ("Comissões financiadas", "Commission funded"),
        "treasury.tax_paid": ("Imposto pago", "Tax paid"),
        "treasury.trust_charge_paid": ("Encargo bancário pago", "Bank charge paid"),
        "settlement.paid": ("Compensação paga", "Settlement paid"),
        "settlement.collected": ("Compensação recebida", "Settlement collected"),
        "settlement.redated": ("Mudança de data de compensação", "Settlement date changed"),
        "float.sent": ("Transferência entre agentes", "Float sent"),
        "redemption.paid": ("Resgate de agente", "Redemption paid"),
        "agent.debt_collected": ("Dívida de agente cobrada", "Agent's debt collected"),
        "withdrawal.completed": ("Levantamento concluído", "Withdrawal completed"),
        "withdrawal.requested": ("Levantamento pedido", "Withdrawal requested"),
        "withdrawal.reversed": ("Levantamento revertido", "Withdrawal reversed"),
        "cash_out.requested": ("Levantamento em agente pedido", "Cash-out requested"),
        "cash_out.confirmed": ("Levantamento em agente concluído", "Cash-out confirmed"),
        "resolve_mismatch": ("Resolver divergência", "Resolve a break"),
        # terms of the trust
        "trust_bank": ("Banco fiduciário", "Trust bank"),
        "trust_in_transit": ("Em trânsito", "In transit"),
        "e_money_customers": ("Moeda eletrónica de clientes", "Customers' e-money"),
        "e_money_agents": ("Moeda eletrónica de agentes", "Agents' e-money"),
        "e_money_held": ("Moeda eletrónica cativa", "E-money held"),
        "e_money_dormant": ("Moeda eletrónica adormecida", "Dormant e-money"),
        "owed_to_switch": ("Devido à rede", "Owed to the switch"),
        "unswept_fees": ("Comissões e impostos por transferir", "Fees and taxes not swept"),
        "unfunded_commission": ("Comissões por financiar", "Commission not funded"),
        "reconciliation_breaks": ("Divergências de reconciliação", "Reconciliation breaks"),
        "owed_by_switch": ("A receber da rede", "Owed by the switch"),
        "owed_by_agents": ("A receber de agentes", "Owed by agents"),
        "owed_by_customers": ("A receber de clientes", "Owed by customers"),
        # alerts
        "unidentified_credits": ("Créditos por identificar", "Unidentified credits"),
        "suspense_breaks": ("Divergências em suspenso", "Breaks in suspense"),
        "in_doubt_count": ("Levantamentos em dúvida", "Withdrawals in doubt"),
        "in_doubt_age": ("Dúvida mais antiga", "Oldest doubt"),
        "dispute_age": ("Disputa mais antiga", "Oldest dispute"),
        "held_age": ("Dinheiro cativo há mais tempo", "Oldest money held"),
        "network_step_up": ("Confirmação reforçada na rede", "Step-up on the network"),
        "failed_log_ins": ("Entradas falhadas", "Failed sign-ins"),
        "safeguarding_shortfall": ("Salvaguarda em falta", "Safeguarding shortfall"),
        "safeguarding_difference": ("Diferença na salvaguarda", "Safeguarding difference"),
    }
)


def name_in(code: str, language: Language) -> str:
    """What something is called; what has no word keeps its own name."""
    if code in HEADINGS:
        pt = CHART_PT.get(code, HEADINGS[code].name)
        return HEADINGS[code].name if language is Language.ENGLISH else pt
    found = NAMES.get(code) or NAMES.get(customers_word_for(code))
    return code if found is None else found[language is Language.ENGLISH]
