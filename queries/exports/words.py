"""The words of a statement, in Portuguese and in English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from ledger.money import Money


class Language(StrEnum):
    """In which a document is written."""

    PORTUGUESE = "pt"
    ENGLISH = "en"


STATEMENT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "title": ("Extrato de conta", "Account statement"),
        "account": ("Conta", "Account"),
        "period": ("Período", "Period"),
        "by_booking": ("por data de lançamento", "by booking date"),
        "by_value": ("por data-valor", "by value date"),
        "opening": ("Saldo inicial", "Opening balance"),
        "closing": ("Saldo final", "Closing balance"),
        "credits": ("Total de créditos", "Total credits"),
        "debits": ("Total de débitos", "Total debits"),
        "booked": ("Lançamento", "Booked"),
        "value": ("Valor", "Value"),
        "what": ("Descrição", "Description"),
        "entry": ("Documento", "Entry"),
        "debit": ("Débito", "Debit"),
        "credit": ("Crédito", "Credit"),
        "balance": ("Saldo", "Balance"),
        "page": ("Página", "Page"),
        "position": ("Posição do registo", "Position of the log"),
        "made": ("Emitido em", "Made on"),
        "none": ("Sem movimentos neste período.", "Nothing moved in this period."),
    }
)

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "transfer": ("Transferência", "Transfer"),
        "bank_deposit": ("Depósito bancário", "Bank deposit"),
        "agent_deposit": ("Depósito em agente", "Deposit at an agent"),
        "agent_deposit_reversal": ("Estorno de depósito", "Deposit reversed"),
        "atm_withdrawal": ("Levantamento em caixa automático", "Cash from a machine"),
        "atm_release": ("Devolução de levantamento", "Withdrawal given back"),
        "agent_withdrawal": ("Levantamento em agente", "Cash from an agent"),
        "agent_release": ("Devolução de levantamento em agente", "Request given back"),
        "reversal": ("Estorno", "Reversal"),
        "dispute": ("Reclamação", "Dispute"),
        "adjustment": ("Regularização", "Adjustment"),
        "dormancy": ("Conta adormecida", "Dormancy"),
        "dormancy_ended": ("Conta reativada", "Dormancy ended"),
    }
)


def word(name: str, language: Language) -> str:
    """A word of the statement."""
    return STATEMENT[name][language is Language.ENGLISH]


def kind_in_words(kind: str, language: Language) -> str:
    """What a line is called; one that has no word keeps its name."""
    return KINDS[kind][language is Language.ENGLISH] if kind in KINDS else kind


def amount_in_words(amount: Money, language: Language) -> str:
    """5.000$00 in Portuguese, 5,000.00 in English."""
    whole, rest = divmod(abs(amount.minor), amount.currency.minor_per_major)
    sign = "-" if amount.minor < 0 else ""
    if language is Language.ENGLISH:
        return f"{sign}{whole:,}.{rest:02d}"
    return f"{sign}{whole:,}".replace(",", ".") + f"${rest:02d}"


def day_in_words(day: date, language: Language) -> str:
    """30/11/2026 in Portuguese, 2026-11-30 in English."""
    return f"{day:%d/%m/%Y}" if language is Language.PORTUGUESE else day.isoformat()
