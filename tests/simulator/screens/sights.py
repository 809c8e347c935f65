"""What the frozen town shows: messages that passed, entries that were posted, sentences."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from simulator.app import PANELS, TownApp
from simulator.contract import Posted, PostedLine
from simulator.explain import Explained
from simulator.ledger_watch import FROM_THE_FIRST, PROVEN, LedgerWatch, Watched
from simulator.screens.explain_pane import ExplainPane
from simulator.tape import Field, Kind, Message
from simulator.town import Town
from simulator.words import Language, Text, money
from tests.simulator.screens.conftest import NOW

ACCOUNTS = {
    "1010": "Trust (safeguarding) bank",
    "2010": "E-money: customers",
    "2020": "E-money: agents' float",
    "2030": "E-money: held",
    "2100": "Switch settlement payable",
    "4010": "Fees: ATM withdrawals",
}
Leg = tuple[str, str, int]


def entry(sequence: int, kind: str, *legs: Leg, seconds: int = 0) -> Posted:
    """An entry of so many legs, posted so long before now."""
    at = NOW - timedelta(seconds=seconds)
    return Posted(
        number=2026 * 10**12 + sequence,
        written=f"2026/{sequence}",
        kind=kind,
        transaction_id=UUID(int=sequence),
        booking_date=date(2026, 3, 14),
        value_date=date(2026, 3, 14),
        recorded_at=at,
        reverses=None,
        lines=tuple(
            PostedLine(
                account_id=UUID(int=int(code)),
                code=code,
                name=ACCOUNTS[code],
                direction="debit" if side == "debit" else "credit",
                amount=Decimal(amount),
                balance_after=Decimal(amount),
            )
            for side, code, amount in legs
        ),
    )


ENTRIES = (
    entry(1, "bank.credited", ("debit", "1010", 100_000), ("credit", "2010", 100_000), seconds=99),
    entry(2, "bank.credited", ("debit", "1010", 500_000), ("credit", "2020", 500_000), seconds=98),
    entry(
        3, "withdrawal.requested", ("debit", "2010", 5_025), ("credit", "2030", 5_025), seconds=40
    ),
    entry(
        4,
        "withdrawal.completed",
        ("debit", "2030", 5_025),
        ("credit", "2100", 5_000),
        ("credit", "4010", 25),
        seconds=3,
    ),
)
PROOF = PROVEN.filled(entries=4, since=FROM_THE_FIRST, accounts=6, total=money(610_050))
PROVEN_BOOKS = Watched(entries=ENTRIES, proven=True, why=PROOF, online=True)
WRONG_BOOKS = Watched(
    entries=ENTRIES,
    proven=False,
    why=Text("Depois de 2026/4 vem 2026/6", "After 2026/4 comes 2026/6"),
    online=True,
)
AWAY_BOOKS = Watched(entries=ENTRIES, proven=True, why=PROOF, online=False)


def message(
    seconds: float, sender: str, receiver: str, title: str, summary: Text, *, good: bool = True
) -> Message:
    """A message that passed so long before now."""
    kind = Kind.ISO if "atm" in sender + receiver else Kind.REST
    return Message(
        at=NOW - timedelta(seconds=seconds),
        sender=sender,
        receiver=receiver,
        kind=kind,
        title=title,
        summary=summary,
        fields=(
            Field("MTI", Text("Tipo de mensagem", "Message type"), title),
            Field("DE 3", Text("Código de processo", "Processing code"), "010000"),
            Field("DE 4", Text("Montante", "Amount"), "000000500000", money(5_000)),
            Field("DE 11", Text("STAN", "STAN"), "000042"),
            Field(
                "DE 39",
                Text("Código de resposta", "Response code"),
                "00",
                Text("aprovado", "approved"),
            ),
            Field("DE 41", Text("Terminal", "Terminal"), "PRAIA001"),
        ),
        raw=f"{title}0123456789ABCDEF010000000000500000".encode() + bytes(range(16)),
        good=good,
    )


ATM = "atm PRAIA001"
MESSAGES = (
    message(30, ATM, "switch", "0800", Text("Entrada em linha", "Sign-on")),
    message(29.8, "switch", ATM, "0810", Text("00 em linha", "00 signed on")),
    message(5, ATM, "switch", "0200", Text("Levantar 5.000$00", "Withdraw CVE 5,000.00")),
    message(
        4.9,
        "switch",
        "makeba",
        "POST /vinti4/authorisations",
        Text("Levantar 5.000$00", "Withdraw CVE 5,000.00"),
    ),
    message(4.6, "makeba", "switch", "200", Text("00 aprovado", "00 approved")),
    message(4.5, "switch", ATM, "0210", Text("00 aprovado", "00 approved")),
    message(3, ATM, "switch", "0220", Text("Pagos 5.000$00", "Paid CVE 5,000.00")),
    message(2, "switch", ATM, "0230", Text("30 MAC errado", "30 bad MAC"), good=False),
)
EXPLAINED = (
    Explained(
        NOW - timedelta(seconds=5),
        Text(
            "A caixa PRAIA001 pede 5.000$00 ao comutador.",
            "Machine PRAIA001 asks the switch for CVE 5,000.00.",
        ),
        None,
    ),
    Explained(
        NOW - timedelta(seconds=3),
        Text("O cliente retirou 5.000$00.", "The customer has taken CVE 5,000.00."),
        ENTRIES[-1].number,
    ),
)


class StillWatch(LedgerWatch):
    """Books that are as a test says, and stay so."""

    def __init__(self, state: Watched) -> None:
        async def nobody() -> None:
            raise AssertionError("nobody signs in")

        super().__init__(nobody)  # type: ignore[arg-type]
        self.state = state

    async def run(self) -> None:
        """Nothing changes by itself."""

    def become(self, state: Watched) -> None:
        """They are so now."""
        self._tell(entries=state.entries, proven=state.proven, why=state.why, online=state.online)


def town_app(
    town: Town,
    language: Language = Language.PT,
    panels: tuple[str, ...] = PANELS,
    books: Watched = PROVEN_BOOKS,
) -> TownApp:
    """The screen of the frozen town."""
    return TownApp(town, language, panels, watch=StillWatch(books))


def fill(app: TownApp, moment: datetime = NOW) -> None:
    """Messages on the tape, and sentences about them."""
    for each in MESSAGES:
        app.town.tape.add(each)
    for told in EXPLAINED:
        app.query_one(ExplainPane).tell(told)
