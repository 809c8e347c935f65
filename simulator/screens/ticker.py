"""The ledger ticker: each entry of the journal as it posts, and a lamp that proves the books."""

from __future__ import annotations

from decimal import Decimal

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from simulator.bookkeeping import (
    COMMISSION_CASH_IN,
    COMMISSION_CASH_OUT,
    FEES_AGENT,
    FEES_ATM,
    FEES_TRANSFER,
    FLOATS,
    HELD,
    SWITCH_PAYABLE,
    TRUST,
    UNIDENTIFIED,
    WALLETS,
)
from simulator.contract import Posted, PostedLine
from simulator.ledger_watch import Watched
from simulator.screens.panel import Pane
from simulator.screens.steady import Steady
from simulator.words import COUNTRY, Text, escudos

TITLE = Text("Diário", "Journal")
NOTHING_YET = Text("Ainda sem lançamentos.", "No entries yet.")
AWAY = Text("Sem servidor: o que se vê é o último que se leu.", "No server: this was read last.")
LAMPS = {
    True: ("●", "bold $success", Text("LIVROS PROVADOS", "BOOKS PROVEN")),
    False: ("✗", "bold $error", Text("LIVROS ERRADOS", "BOOKS ARE WRONG")),
    None: ("○", "bold $quiet", Text("POR PROVAR", "NOT PROVEN YET")),
}
KINDS = {
    "bank.credited": Text("Depósito no banco", "Bank deposit"),
    "bank.credit_assigned": Text("Depósito atribuído", "Deposit assigned"),
    "withdrawal.requested": Text("Código pedido", "Code requested"),
    "withdrawal.completed": Text("Notas pagas", "Notes paid"),
    "withdrawal.reversed": Text("Estornado", "Reversed"),
    "withdrawal.cancelled": Text("Código anulado", "Code cancelled"),
    "withdrawal.expired": Text("Código expirado", "Code expired"),
    "withdrawal.locked": Text("Código bloqueado", "Code locked"),
    "withdrawal.released": Text("Retenção libertada", "Hold released"),
    "cash_out.requested": Text("Pedido ao agente", "Agent request"),
    "cash_out.confirmed": Text("Pago pelo agente", "Paid by agent"),
    "cash_out.refused": Text("Agente recusou", "Agent refused"),
    "cash_out.cancelled": Text("Pedido anulado", "Request cancelled"),
    "cash_out.lapsed": Text("Pedido expirado", "Request lapsed"),
    "cash_in.made": Text("Depósito no agente", "Cash-in"),
    "cash_in.reversed": Text("Depósito estornado", "Cash-in reversed"),
    "transfer.made": Text("Transferência", "Transfer"),
    "transfer.held": Text("Transf. retida", "Transfer held"),
    "transfer.released": Text("Transf. libertada", "Transfer released"),
    "transfer.refused": Text("Transf. recusada", "Transfer refused"),
    "float.sent": Text("Float enviado", "Float sent"),
    "redemption.paid": Text("Float resgatado", "Float redeemed"),
    "settlement.paid": Text("Compensação paga", "Settlement paid"),
    "dispute.opened": Text("Disputa aberta", "Dispute opened"),
    "dispute.resolved": Text("Disputa resolvida", "Dispute resolved"),
    "entry.reversed": Text("Estorno", "Reversal"),
}
ACCOUNTS = {
    TRUST: Text("banco", "bank"),
    WALLETS: Text("carteiras", "wallets"),
    FLOATS: Text("float", "float"),
    HELD: Text("retido", "held"),
    SWITCH_PAYABLE: Text("à rede", "to switch"),
    UNIDENTIFIED: Text("por identificar", "unidentified"),
    FEES_ATM: Text("taxa", "fee"),
    FEES_AGENT: Text("taxa", "fee"),
    FEES_TRANSFER: Text("taxa", "fee"),
    COMMISSION_CASH_IN: Text("comissão", "commission"),
    COMMISSION_CASH_OUT: Text("comissão", "commission"),
}
KIND_WIDTH = 18
NUMBER_WIDTH = 7
WITH_CODES_FROM = 100  # columns
FRESH = 1  # so many of the newest stand out


class Ticker(Pane):
    """A line for each entry: what is debited, an arrow, what is credited. Newest at the bottom."""

    GUIDE = Text(
        "Cada linha é um lançamento do diário: número, hora, o que foi, contas **debitadas → "
        "creditadas**.\n\nA lâmpada não acredita em ninguém: o simulador lê o diário pela API, "
        "soma ele próprio cada lançamento e cada conta, e compara com o balancete. **●** provado, "
        "**✗** errado (e diz onde), **○** ainda por provar.",
        "Each line is an entry of the journal: number, time, what it was, accounts **debited → "
        "credited**.\n\nThe lamp believes nobody: the simulator reads the journal over the API, "
        "adds up each entry and each account itself, and compares with the trial balance. **●** "
        "proven, **✗** wrong (and it says where), **○** not proven yet.",
    )

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._watched = Watched()

    @property
    def title(self) -> Text:
        """O Diário."""
        return TITLE

    def compose(self) -> ComposeResult:
        """Entries, and the proof beside them."""
        with Horizontal():
            yield Steady(id="entries")
            yield Steady(id="proof")

    def on_mount(self) -> None:
        """Say how it stands from the beginning."""
        self.call_after_refresh(self.repaint)

    def on_resize(self) -> None:
        """More or fewer entries fit."""
        self.stir()

    def show(self, watched: Watched) -> None:
        """This is known of the books now."""
        self._watched = watched
        self.stir()

    def repaint(self) -> None:
        """As many of the newest as fit, and the lamp."""
        super().repaint()
        rows = self.query_one("#entries", Static)
        newest = self._watched.entries[-max(1, rows.size.height) :]
        lines = [self._line(entry) for entry in newest]
        if lines:
            lines[-FRESH:] = [line.stylize_before("bold $foreground") for line in lines[-FRESH:]]
        empty = Content.styled(self.said(NOTHING_YET), "$quiet")
        rows.update(Content("\n").join(lines) if lines else empty, layout=False)
        self.query_one("#proof", Static).update(self._proof(), layout=False)

    def _line(self, entry: Posted) -> Content:
        at = entry.recorded_at.astimezone(COUNTRY)
        kind = self.said(KINDS.get(entry.kind, Text(entry.kind, entry.kind)))[:KIND_WIDTH]
        debits = [self._leg(line) for line in entry.lines if line.direction == "debit"]
        credits_ = [self._leg(line) for line in entry.lines if line.direction == "credit"]
        return Content.assemble(
            (f"{entry.written:<{NUMBER_WIDTH}} ", "$accent"),
            (f"{at:%H:%M:%S} ", "$quiet"),
            (f"{kind:<{KIND_WIDTH}} ", "$primary"),
            Content(" + ").join(debits),
            (" → ", "$accent"),
            Content(" + ").join(credits_),
        )

    def _leg(self, line: PostedLine) -> Content:
        name = self.said(ACCOUNTS.get(line.code, Text(line.name, line.name)))
        wide = self.query_one("#entries").size.width >= WITH_CODES_FROM
        code = f"{line.code} " if wide else ""
        return Content.assemble(
            (code, "$quiet"), name, (f" {self.said(_amount(line.amount))}", "$success")
        )

    def _proof(self) -> Content:
        sign, style, words = LAMPS[self._watched.proven]
        rows = [
            Content.styled(f"{sign} {self.said(words)}", style),
            Content.styled(self.said(self._watched.why), "$quiet"),
        ]
        if not self._watched.online:
            rows.append(Content.styled(self.said(AWAY), "$warning"))
        return Content("\n").join(rows)


def _amount(amount: Decimal) -> Text:
    """All of the journal is in escudos: the currency need not be said each time."""
    return Text(escudos(amount), f"{amount:,.2f}")
